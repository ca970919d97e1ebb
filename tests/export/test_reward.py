"""A reward model that is delivered gives, in the standard layout and read by others, the score that was trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.export.conftest import corrupt_merged, train_a_little, write_base
from tests.export.test_deliver import PROBES, send

from luthier.errors import LuthierError
from luthier.export import ParityError
from luthier.models import adapters, head, reward
from luthier.models.load import load
from luthier.models.source import resolve
from luthier.recipe.recipe import ExportSpec
from luthier.recipe.train import FullTuning, LoraTuning, QloraTuning
from luthier.store import Store

EXACT = ExportSpec(dtype="fp32")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "home")


@pytest.fixture
def scorer(base: Path) -> Callable[..., Any]:
    def make(tuning: Any, folder: Path = base) -> Any:
        quantised = tuning if isinstance(tuning, QloraTuning) else None
        loaded = load(resolve(folder), device="cpu", quantised=quantised, makes="reward")
        prepared = adapters.prepare(loaded, tuning, seed=0)
        train_a_little(prepared.model, 0.01 if isinstance(tuning, FullTuning) else 0.1)
        return prepared.loaded

    return make


def texts(loaded: Any) -> list[list[int]]:
    """Chats of several lengths, to the token that ends the answer."""
    return [list(reward.said(loaded.chat.answer_sample(e.prompt, e.messages[1:]))) for e in PROBES[8:14]]


def read_by_others(model: Any, tokenizer: Any, rows: list[list[int]]) -> list[float]:
    """As any user of transformers would: rows padded by the tokenizer, its mask, the pooled logits."""
    batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt")
    with torch.no_grad():
        logits = model.eval()(**batch).logits
    assert logits.shape == (len(rows), 1)
    return [float(x) for x in logits[:, 0]]


@pytest.mark.parametrize("tuning", [LoraTuning(r=4), LoraTuning(r=4, dora=True), FullTuning()],
                         ids=["lora", "dora", "full"])  # fmt: skip
def test_others_read_the_score_that_was_trained(tuning: Any, scorer: Any, base: Path, store: Store) -> None:
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    loaded = scorer(tuning)
    rows = texts(loaded)
    rows += [rows[0] + [5, 6, 7] + rows[0][-3:]]
    ours = reward.scores(loaded, rows)
    assert max(ours) - min(ours) > 1e-3
    made = send(store, loaded, tuning, EXACT)
    folder = made.model.path
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["LlamaForSequenceClassification"] and made.model.meta["makes"] == "reward"
    assert not (folder / "generation_config.json").exists()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    whole = AutoModelForSequenceClassification.from_pretrained(folder)
    assert whole.num_labels == 1
    assert read_by_others(whole, tokenizer, rows) == pytest.approx(ours, abs=2e-5)
    if made.adapter is not None:
        bare = AutoModelForSequenceClassification.from_pretrained(
            base, num_labels=1, dtype=torch.float32, pad_token_id=tokenizer.pad_token_id
        )
        adapted = PeftModel.from_pretrained(bare, made.adapter.path)
        assert read_by_others(adapted, tokenizer, rows) == pytest.approx(ours, abs=2e-5)
    again = load(resolve(folder), device="cpu", makes="reward")
    assert reward.scores(again, rows) == pytest.approx(ours, abs=2e-5)


def test_four_bits_are_trained_beside_and_the_head_stays_whole(scorer: Any, store: Store) -> None:
    pytest.importorskip("bitsandbytes")
    tuning = QloraTuning(r=4)
    loaded = scorer(tuning)
    kept = head.head_of(loaded.model.get_base_model())
    assert kept.original_module.weight.is_floating_point()
    made = send(store, loaded, tuning)
    assert made.certificates["model"].holds


@pytest.mark.parametrize("what", ["head", "layer"])
def test_a_reward_model_that_scores_otherwise_is_not_delivered(
    what: str, scorer: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = "score.weight" if what == "head" else "model.layers.1.self_attn.q_proj.weight"
    corrupt_merged(monkeypatch, at)
    with pytest.raises(ParityError):
        send(store, scorer(LoraTuning(r=4)), LoraTuning(r=4))
    assert not list(store.artifacts("adapter"))


def test_padding_that_the_base_does_not_name_is_named_in_what_ships(
    scorer: Any, store: Store, tmp_path: Path
) -> None:
    """Where a tokenizer has none, its end token fills up, and the score is read before it: for everybody alike."""
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    folder = write_base(tmp_path / "unpadded")
    for name in ("tokenizer_config.json", "config.json"):
        body = json.loads((folder / name).read_text())
        body.pop("pad_token", None), body.pop("pad_token_id", None)
        (folder / name).write_text(json.dumps(body))
    loaded = scorer(LoraTuning(r=4), folder)
    end = loaded.tokenizer.eos_token_id
    rows = texts(loaded)
    assert all(row[-1] == end for row in rows) and head.pad_of(loaded.tokenizer) == end
    ours = reward.scores(loaded, rows)
    assert ours == pytest.approx(reward.scores(loaded, [row[:-1] for row in rows]), abs=1e-6)
    made = send(store, loaded, LoraTuning(r=4), EXACT)
    tokenizer = AutoTokenizer.from_pretrained(made.model.path)
    assert tokenizer.pad_token_id == end
    whole = AutoModelForSequenceClassification.from_pretrained(made.model.path)
    assert read_by_others(whole, tokenizer, rows) == pytest.approx(ours, abs=2e-5)


def test_a_reward_model_does_not_write(scorer: Any, base: Path, store: Store) -> None:
    made = send(store, scorer(LoraTuning(r=4)), LoraTuning(r=4))
    with pytest.raises(LuthierError, match="is a reward model") as told:
        load(resolve(made.model.path), device="cpu")
    assert "writes none" in (told.value.why or "")
    with pytest.raises(LuthierError, match="makes a reward model"):
        adapters.load_adapter(load(resolve(base), device="cpu"), made.adapter.path, "job")


def test_the_head_is_drawn_by_the_seed_and_by_nothing_else(base: Path) -> None:
    heads = []
    for seed, noise in ((0, 1), (0, 2), (1, 1)):
        torch.manual_seed(noise)
        before = torch.random.get_rng_state()
        loaded = load(resolve(base), device="cpu", makes="reward")
        prepared = adapters.prepare(loaded, LoraTuning(r=4), seed)
        assert torch.equal(torch.random.get_rng_state(), before)
        heads.append(head.head_of(prepared.model.get_base_model()).modules_to_save["default"].weight.detach())
    assert torch.equal(heads[0], heads[1]) and not torch.equal(heads[0], heads[2])
    assert heads[0].std().item() == pytest.approx(1 / 65, rel=0.3)  # width 64


def test_a_reward_model_begins_from_the_adapter_of_one_that_writes_and_not_the_other_way(
    scorer: Any, base: Path, tmp_path: Path
) -> None:
    tuning, source = LoraTuning(r=4), resolve(base)
    writes = adapters.prepare(load(source, device="cpu"), tuning, 0).model
    train_a_little(writes, 0.1)
    (tmp_path / "writes").mkdir(), (tmp_path / "scores").mkdir()
    adapters.save_adapter(writes, tmp_path / "writes", source)
    fresh = adapters.prepare(load(source, device="cpu", makes="reward"), tuning, 0).model
    drawn = head.head_of(fresh.get_base_model()).modules_to_save["default"].weight.detach().clone()
    adapters.continue_adapter(fresh, tmp_path / "writes", source.digest)
    theirs = {n.split("layers", 1)[1]: p for n, p in writes.named_parameters() if "lora_" in n}
    ours = {n.split("layers", 1)[1]: p for n, p in fresh.named_parameters() if "lora_" in n}
    assert ours.keys() == theirs.keys() and all(torch.equal(ours[n], theirs[n]) for n in ours)
    assert torch.equal(head.head_of(fresh.get_base_model()).modules_to_save["default"].weight, drawn)
    adapters.save_adapter(scorer(tuning).model, tmp_path / "scores", source)
    with pytest.raises(LuthierError, match="makes a reward model"):
        adapters.continue_adapter(writes, tmp_path / "scores", source.digest)
