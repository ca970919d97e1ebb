"""Killed with signal 9 in the middle of an evaluation: no item is lost, doubled or mixed; other weights are asked
anew."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.evaluate import Contender, Ledger, gate, measure
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Example, Message

ROWS = [Example(messages=(Message("user", f"What is {n}?"), Message("assistant", str(n % 5)))) for n in range(25)]
COMMAS = [
    f'{{"id": {n}, "prompt": "Name {n} things.", "instruction_id_list": ["punctuation:no_comma"], "kwargs": [{{}}]}}'
    for n in range(20)
]
SPEC = {"target": "exact", "also": ["label", "length"], "regression": "commas.jsonl", "max_tokens": 8}


def evaluated(folder: Path, before: Callable[[], None] = lambda: None) -> Ledger:
    """One evaluation of two models that answer alike nowhere; ``before`` is called before each answer."""

    def answering(name: str, shift: int) -> Contender:
        def answer(request: Request) -> str:
            before()
            text = request.messages[-1].content
            number = int("".join(c for c in text if c.isdigit()))
            return str((number + shift) % 5) if text.startswith("What") else f"{name} {number}" + ", more" * shift

        return Contender(ScriptedEngine(answer, name=name))

    (folder / "commas.jsonl").write_text("\n".join(COMMAS))
    return measure(
        EvaluateSpec.model_validate(SPEC), base=answering("base", 1), tuned=answering("tuned", 0), train=ROWS[:5],
        test=ROWS[5:], workdir=folder / "work", folder=folder,
    )  # fmt: skip


def rows(ledger: Ledger) -> list[dict[str, Any]]:
    return sorted(({**row.to_dict(), "seconds": 0} for row in ledger.rows), key=repr)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_kill_9_loses_doubles_and_mixes_nothing(seed: int, tmp_path: Path) -> None:
    asked: Counter[str] = Counter()
    (tmp_path / "whole").mkdir()
    whole = evaluated(tmp_path / "whole", lambda: asked.update(["answers"]))
    draw = random.Random(seed)
    (tmp_path / "killed").mkdir()
    kills = 0
    for _ in range(6):
        left = draw.randint(1, asked["answers"] // 2)
        child = os.fork()
        if child == 0:
            seen = 0

            def count(last: int = left) -> None:
                nonlocal seen
                seen += 1
                if seen == last:
                    os.kill(os.getpid(), signal.SIGKILL)

            try:
                evaluated(tmp_path / "killed", count)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        kills += os.WIFSIGNALED(status)
        with (tmp_path / "killed" / "work" / "journal.jsonl").open("ab") as torn:
            torn.write(b'{"id": "torn", "item"')
    again: Counter[str] = Counter()
    resumed = evaluated(tmp_path / "killed", lambda: again.update(["answers"]))
    assert kills >= 2 and again["answers"] < asked["answers"]
    assert rows(resumed) == rows(whole)
    places = Counter(row.place for row in resumed.rows)
    assert set(places.values()) == {1}
    assert gate(resumed).to_dict() == gate(whole).to_dict()


def test_other_weights_at_the_same_path_are_asked_anew(
    tmp_path: Path, make_contender: Callable[..., Contender]
) -> None:
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.models.load import load
    from luthier.models.source import resolve

    folder = tmp_path / "model"

    def judged(seed: int, work: str) -> Ledger:
        made = make_contender(seed)
        loaded = made.engine._loaded  # type: ignore[attr-defined]
        loaded.model.save_pretrained(folder)
        loaded.tokenizer.save_pretrained(folder)
        made.engine.close()
        there = load(resolve(folder), device="cpu")
        spec = EvaluateSpec.model_validate({"target": "exact", "baselines": ["base"], "max_tokens": 6})
        with EmbeddedEngine(there) as engine:
            one = Contender(engine, there.chat)
            return measure(spec, base=one, tuned=one, train=[], test=ROWS[:6], workdir=tmp_path / work)

    first, second, fresh = judged(0, "work"), judged(1, "work"), judged(1, "fresh")
    assert rows(second) == rows(fresh) and rows(second) != rows(first)
    assert {r.engine for r in second.rows}.isdisjoint({r.engine for r in first.rows})
    assert rows(judged(0, "work")) == rows(first)


@pytest.mark.parametrize("seed", [0, 1])
def test_kill_9_with_copies_at_work(
    seed: int, tmp_path: Path, make_contender: Callable[..., Contender], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Log-likelihoods and answers by forked copies: rows of one process, kills or not, to the last bit."""
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.engines.workers import can_fork

    if not can_fork():
        pytest.skip("processes are forked on Linux without a GPU only")
    monkeypatch.setattr("luthier.engines.embedded.processes_for", lambda *_: 2)
    texts = [f'{{"text": "The {n}th of many little texts, each {n} of its kind."}}' for n in range(70)]
    (tmp_path / "texts.jsonl").write_text("\n".join(texts))
    spec = EvaluateSpec.model_validate(
        {"target": "exact", "baselines": ["base"], "regression": "texts.jsonl", "max_tokens": 6}
    )

    def measured(work: str, kill_at: int | None = None, *, aside: bool = True) -> Ledger:
        def look(done: int, total: int, doing: str = "") -> None:
            if done == kill_at:
                os.kill(os.getpid(), signal.SIGKILL)

        made = [make_contender(n).engine._loaded for n in (0, 1)]  # type: ignore[attr-defined]
        engines = [EmbeddedEngine(loaded, aside=aside, score_tokens=256) for loaded in made]
        try:
            base, tuned = (Contender(e, m.chat) for e, m in zip(engines, made, strict=True))
            return measure(
                spec, base=base, tuned=tuned, train=[], test=ROWS, workdir=tmp_path / work, folder=tmp_path,
                progress=look,
            )  # fmt: skip
        finally:
            for engine in engines:
                engine.close()

    whole = measured("whole", aside=False)
    draw = random.Random(seed)
    kills = 0
    for _ in range(3):
        last = draw.randint(10, len(whole.rows) - 80)
        child = os.fork()
        if child == 0:
            try:
                measured("killed", last)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        kills += os.WIFSIGNALED(status)
    assert kills
    assert rows(measured("killed")) == rows(whole)
