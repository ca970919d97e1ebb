"""The trainer: the mask, a loss that falls, exact resumption, and scores that mean what they say."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
import torch
from tokenizers import Tokenizer
from tools.nano.optimiser import Muon
from tools.nano.train import Plan, Shape, Training, make_model, run
from tools.nano.world import Item
from transformers import AutoModelForCausalLM, AutoTokenizer

from tools.nano import batches, guards, mixture, score, tokenizer

TINY = Shape(width=64, layers=2, heads=2, kv_heads=1, ffn=128)
SAY = {"role": "user", "content": "Say hi."}
CHAT = Item(
    "copy",
    [SAY, {"role": "assistant", "content": "hi"}, {"role": "user", "content": "Again."}],
    "hi hi",
)


@pytest.fixture(scope="module")
def learned() -> Tokenizer:
    return tokenizer.learn(seed=1, samples=3000, vocabulary=1000)


@pytest.fixture(scope="module")
def folder(learned: Tokenizer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run folder with a short finished run."""
    out = tmp_path_factory.mktemp("nano")
    tokenizer.write(learned, out, 1024)
    run(out, plan(12), minutes=None)
    return out


def plan(steps: int) -> Plan:
    return Plan(
        TINY, seed=5, steps=steps, tokens_per_step=512, chunk_samples=200, warmup_steps=10, turn=steps // 2, bf16=False
    )


def test_assistant_turns_and_their_end_are_trained_and_nothing_else(learned: Tokenizer):
    row = batches.rows(learned, [CHAT])[0]
    trained = [token for token, on in zip(row.ids, row.trained, strict=True) if on]
    assert learned.decode(trained, skip_special_tokens=False) == "hi<|im_end|>hi hi<|im_end|>"


def test_every_token_of_a_document_is_trained(learned: Tokenizer):
    row = batches.rows(learned, ["A short text."])[0]
    assert all(row.trained) and row.ids[-1] == 0


def test_a_batch_points_at_the_position_before_each_trained_token(learned: Tokenizer):
    row = batches.rows(learned, [CHAT])[0]
    made = batches.batch([row, row], 96, pad=3)
    flat = made.ids_BT.flatten()
    assert torch.equal(flat[made.positions_N + 1], made.targets_N)
    assert len(made.targets_N) == 2 * sum(row.trained)


def test_right_padding_does_not_change_the_loss_of_a_row(learned: Tokenizer):
    training = Training(plan(1), learned)
    row = batches.rows(learned, [CHAT])[0]
    tight = training.losses(batches.batch([row], len(row.ids), pad=3))[0].detach()
    loose = training.losses(batches.batch([row], 128, pad=3))[0].detach()
    assert float(tight) == pytest.approx(float(loose), rel=1e-5)


def test_prompts_are_read_from_the_turn_on_and_padding_never(learned: Tokenizer):
    training = Training(dataclasses.replace(plan(4), reading=0.5), learned)
    row = batches.rows(learned, [CHAT])[0]
    batch = batches.batch([row] * 40, 96, pad=3)
    assert training._reading(batch) is None  # before the turn
    training.at_step = 2
    read = training._reading(batch)
    flat = batch.ids_BT.flatten()
    assert not set(read.tolist()) & set(batch.positions_N.tolist())
    assert bool((flat[read + 1] != 3).all()) and bool((flat[read] != 3).all())
    prompts = 40 * (len(row.ids) - 1 - sum(row.trained))
    assert 0.15 * prompts < len(read) < 0.35 * prompts
    answers, prompt_loss = training.losses(batch, read)
    alone, nothing = training.losses(batch)
    assert float(answers.detach()) == pytest.approx(float(alone.detach()), rel=1e-5)
    assert float(prompt_loss.detach()) > 0 == float(nothing.detach())


def test_a_muon_step_moves_a_matrix_by_its_rate_in_every_direction():
    torch.manual_seed(0)
    weight = torch.nn.Parameter(torch.zeros(48, 96))
    weight.grad = torch.randn(48, 96) * torch.logspace(-1, 1, 96)  # of uneven sizes
    Muon([weight], weight_decay=0.0).step(0.01)
    moved = torch.linalg.svdvals(weight.detach()) / 0.01
    assert float(moved.min()) > 0.5 and float(moved.max()) < 1.4
    assert float((weight.detach() * weight.grad).sum()) < 0  # downhill


def test_two_hundred_steps_lower_the_loss(learned: Tokenizer):
    torch.set_num_threads(1)
    training = Training(plan(200), learned)
    losses = [training.step()[0] for _ in range(200)]
    assert sum(losses[-20:]) / 20 < 0.85 * sum(losses[:5]) / 5  # from log(1000) = 6.9 to about 5.3


def test_a_run_stopped_and_resumed_gives_the_same_bits(learned: Tokenizer, tmp_path: Path):
    torch.set_num_threads(1)
    straight, broken = Training(plan(30), learned), Training(plan(30), learned)
    for _ in range(30):
        straight.step()
    for _ in range(13):
        broken.step()
    broken.save(tmp_path / "checkpoint.safetensors")
    resumed = Training(plan(30), learned)
    resumed.load(tmp_path / "checkpoint.safetensors")
    for _ in range(17):
        resumed.step()
    ours, theirs = resumed.model.state_dict(), straight.model.state_dict()
    assert all(torch.equal(ours[name], theirs[name]) for name in theirs)


def test_a_finished_run_loads_with_the_auto_classes(folder: Path):
    model = AutoModelForCausalLM.from_pretrained(folder / "model", local_files_only=True)
    auto = AutoTokenizer.from_pretrained(folder / "model", local_files_only=True)
    assert model.dtype == torch.bfloat16 and model.config.tie_word_embeddings
    assert (auto.eos_token, auto.pad_token, auto.bos_token) == ("<|im_end|>", "<|pad|>", None)
    assert model.generation_config.eos_token_id[0] == auto.eos_token_id == 2


def test_the_template_writes_what_training_rendered(folder: Path, learned: Tokenizer):
    auto = AutoTokenizer.from_pretrained(folder / "model", local_files_only=True)
    assert auto.apply_chat_template(CHAT.chat(), tokenize=False) == tokenizer.render(CHAT.chat())
    asked = auto.apply_chat_template(CHAT.messages, tokenize=False, add_generation_prompt=True)
    assert auto(asked)["input_ids"] == score.prompt_ids(learned, CHAT)
    assert auto("x 12")["input_ids"] == learned.encode("x 12").ids  # nothing is put in front
    assert [len(auto(number)["input_ids"]) for number in ("7", "407")] == [1, 3]


def test_exact_match_is_what_greedy_decoding_gives(learned: Tokenizer):
    torch.manual_seed(0)
    model = make_model(TINY, learned.get_vocab_size()).eval()
    item = mixture.item("held", "arithmetic", 1)
    answer = score.greedy(model, learned, item, most=3)  # an untrained model says something, and never the end token
    assert score.exact(model, learned, [item, CHAT]) == [answer == item.answer, False]
    # force the model to say the answer: bias the head so that greedy walks it
    start = score.prompt_ids(learned, item)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-2)
    row = batches.rows(learned, [item])[0]
    wanted = batches.batch([row], len(row.ids), pad=3)
    for _ in range(40):
        hidden = model.model(input_ids=wanted.ids_BT).last_hidden_state.flatten(0, 1)[wanted.positions_N]
        torch.nn.functional.cross_entropy(model.lm_head(hidden), wanted.targets_N).backward()
        optimizer.step()
        optimizer.zero_grad()
    assert score.greedy(model, learned, item) == item.answer and len(start) > 0
    assert score.exact(model, learned, [item]) == [True]


def test_bits_per_byte_of_a_uniform_model_is_log2_of_the_vocabulary(learned: Tokenizer):
    model = make_model(TINY, learned.get_vocab_size()).eval()
    with torch.no_grad():
        model.model.embed_tokens.weight.zero_()  # tied head: every token equally likely, 1000 of them
    text = "A short text."
    bits, size = score.bits_per_byte(model, learned, [text])[0]
    tokens = len(learned.encode(text).ids)  # the first is free, the end token counts
    assert size == 13
    assert bits == pytest.approx(tokens * torch.log2(torch.tensor(1000.0)).item(), rel=1e-5)


def test_gzipped_rows_are_the_same_bytes_again(tmp_path: Path, learned: Tokenizer):
    rows = guards.replay(20, ["copy", "qa"], learned)
    guards.write_rows(tmp_path / "a.gz", rows)
    guards.write_rows(tmp_path / "b.gz", guards.replay(20, ["copy", "qa"], learned))
    assert (tmp_path / "a.gz").read_bytes() == (tmp_path / "b.gz").read_bytes()
    assert guards.read_rows(tmp_path / "a.gz") == rows


def test_replayed_lists_hold_the_tokens_they_were_drawn_from(learned: Tokenizer):
    for r in guards.echo_rows(50, learned, "seed"):
        asked, answer = (m["content"] for m in r["messages"])
        assert asked.endswith(": " + answer)
        assert 3 <= len(learned.encode(answer[1:]).ids) <= 10, "a word is one token"
