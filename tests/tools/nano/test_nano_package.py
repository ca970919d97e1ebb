"""The packaged nano: small enough, loadable offline, able on what its guards ask, and its guards are new to it."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from tools.nano import coverage, guards, rough, score

FILES = {
    "config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json",
    "chat_template.jinja", "CARD.md", "replay.jsonl.gz", "rough.jsonl.gz",
}  # fmt: skip


def test_the_folder_holds_the_named_files_and_at_most_12_megabytes(nano: Path):
    assert {path.name for path in nano.iterdir() if path.name != "__pycache__"} == FILES
    assert sum((nano / name).stat().st_size for name in FILES) <= 12_000_000


def test_it_loads_offline_and_answers_held_out_items(nano: Path, suites: Path):
    torch.set_num_threads(1)
    auto = AutoTokenizer.from_pretrained(nano, local_files_only=True)
    model = AutoModelForCausalLM.from_pretrained(nano, local_files_only=True, dtype=torch.float32).eval()
    items = guards.read_items(suites / "skills.jsonl.gz")[5::101]
    right = 0
    for item in items:
        ids = auto.apply_chat_template(item.messages, add_generation_prompt=True, return_tensors="pt", return_dict=True)
        with torch.inference_mode():
            out = model.generate(**ids, max_new_tokens=80)[0, ids["input_ids"].shape[1] :]
        right += auto.decode(out, skip_special_tokens=True) == item.answer
    pooled = re.search(r"\*\*pooled\*\* \| \| \*\*([\d.]+)%", (nano / "CARD.md").read_text(encoding="utf-8"))
    assert pooled and len(items) >= 20
    assert right / len(items) >= float(pooled.group(1)) / 100 - 0.25  # two standard errors of so few items


def test_the_guards_are_many_balanced_and_different(suites: Path):
    rows = guards.read_rows(suites / "skills.jsonl.gz")
    counts = Counter(row["skill"] for row in rows)
    assert len(rows) >= 2_400 and len(set(counts.values())) == 1 and len(counts) >= 6
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({guards.row_text(row) for row in rows}) == len(rows)
    texts = guards.read_rows(suites / "text.jsonl.gz")
    assert len(texts) >= 300 and len({row["text"] for row in texts}) == len(texts)


def test_no_guard_is_covered_by_replay_or_by_training_text(nano: Path, suites: Path):
    rows = [row for name in ("replay", "rough") for row in guards.read_rows(nano / f"{name}.jsonl.gz")]
    replay = list(map(guards.row_text, rows))
    seen = coverage.Seen([*replay, *coverage.training_texts(seed=1, samples=8_000, chunk_samples=4_000)])
    held = [guards.row_text(row) + "\n" + str(row["answer"]) for row in guards.read_rows(suites / "skills.jsonl.gz")]
    held += [str(row["text"]) for row in guards.read_rows(suites / "text.jsonl.gz")]
    assert max(map(seen.coverage, held)) <= coverage.MOST


def test_replay_holds_every_guarded_skill_plain_text_and_lists_of_tokens(nano: Path, suites: Path):
    rows = guards.read_rows(nano / "replay.jsonl.gz")
    assert 5_000 <= len(rows) <= 7_000
    assert 0.1 <= sum("text" in row for row in rows) / len(rows) <= 0.2
    assert 0.05 <= sum("text" not in row and "skill" not in row for row in rows) / len(rows) <= 0.15
    guarded = {row["skill"] for row in guards.read_rows(suites / "skills.jsonl.gz")}
    assert guarded <= {row.get("skill") for row in rows}


def test_rough_replay_rows_are_asked_as_no_row_was_and_answered_by_these_weights(nano: Path) -> None:
    taught, added = (guards.read_rows(nano / f"{name}.jsonl.gz") for name in ("replay", "rough"))
    assert len(added) > len(taught) // 3
    asked = rough.rough(taught)
    assert asked == rough.rough(taught), "the same rows again"
    originals = {row["messages"][0]["content"] for row in taught if "messages" in row}  # type: ignore[index]
    new = sum(prompt[0]["content"] not in originals for prompt in asked) / len(asked)
    assert new > 0.6
    model, tokenizer = score.load(nano)
    some = added[:: len(added) // 20]
    said = rough.rows_of([row["messages"][:-1] for row in some], model, tokenizer)  # type: ignore[index]
    assert sum(a == b for a, b in zip(said, some, strict=True)) >= len(some) - 1, "threads may turn a near tie"


def test_the_card_tells_the_truth_about_these_weights(nano: Path, suites: Path):
    card = (nano / "CARD.md").read_text(encoding="utf-8")
    assert hashlib.sha256((nano / "model.safetensors").read_bytes()).hexdigest() in card
    model, tokenizer = score.load(nano)
    items = guards.read_items(suites / "skills.jsonl.gz")
    chosen = sorted({item.skill for item in items})[:2]
    for name in chosen:
        own = [item for item in items if item.skill == name]
        share = sum(score.exact(model, tokenizer, own)) / len(own)
        stated = re.search(rf"^\| {name} \|[^|]*\| ([\d.]+)% \|", card, flags=re.MULTILINE)
        assert stated and float(stated.group(1)) == pytest.approx(100 * share, abs=2.0)  # threads may turn a near tie
