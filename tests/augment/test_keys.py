"""Every key changes something that a user would notice: what is asked, what is kept, or what is told."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from luthier.augment import Asker, Journal, Seed, generate, label, unlabelled
from luthier.augment.figures import Collapse, Ledger
from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.recipe.augment import AlarmSpec, AugmentSpec, EvolveSpec, LabelSpec, SelfInstructSpec, Spec
from luthier.records import Message

TASKS = [
    "Describe the old harbour at noon.",
    "Tell a good story about three brave sailors and their dog",
    "Écris une phrase sur la mer calme.",
    "Write a program that counts the stars of a clear night",
    "Repair the sail of a boat in strong wind",
    "Draw the coast as seen from a tower",
    "Repair the mast of a boat before the long rain",
]
SELF_INSTRUCT: dict[str, Any] = {
    "demonstrations": 5, "machine_made": 1, "batch": 2, "classification_only": True, "temperature": 0.2, "top_p": 0.9,
    "max_tokens": 9, "last_item": 12, "min_words": 7, "max_words": 7, "unfit_words": ["boat"],
    "unfit_starts": ["Describe"], "ascii_start": False, "similar": 0.5, "nearest": 2, "classify_tokens": 1,
    "yes_examples": 1, "no_examples": 1, "instance_demonstrations": 1, "instances": 1, "label_tokens": 8,
    "output_tokens": 8, "patience": 1,
}  # fmt: skip
EVOLVE: dict[str, Any] = {
    "operators": ["broaden"], "rounds": 1, "batch": 2, "judge": False, "temperature": 0.1, "max_tokens": 8,
    "sorry_words": 3,
}  # fmt: skip
LABEL: dict[str, Any] = {
    "samples": 3, "temperature": 0.1, "max_tokens": 2, "agreement": "exact", "system": "Be brief.", "batch": 1,
}  # fmt: skip


class Model:
    """The same list of tasks again and again; keeps what it was asked."""

    def __init__(self) -> None:
        self.requests: list[Request] = []

    def __call__(self, request: Request) -> str:
        self.requests.append(request)
        text = request.messages[-1].content
        if text.startswith("Come up with a series"):
            return "\n".join(f"{9 + n}. {task}" for n, task in enumerate(TASKS))
        if "Is it classification?" in text:
            return "Yes" if "harbour" in text.rpartition("Task:")[2] else "No"
        if "Class label:" in text:
            return "Class label: good\nThe sun shines.\nClass label: bad\nIt rains."
        if text.startswith("Come up with examples"):
            return "Example 1\nInput: a\nOutput: b\nExample 2\nInput: c\nOutput: d"
        if text.startswith("Below is a request"):
            return f"Say it again, in {len(text)} ways, with {request.seed} reasons and one more thought."
        if "Equal or Different" in text:
            return "Equal" if len(text) % 2 else "Different"
        return f"Sorry, that is {(request.seed or 0) % 3} of them."


def made(folder: Path, seeds: Sequence[Seed], **ways: Any) -> tuple[Any, ...]:
    folder.mkdir()
    model = Model()
    generate(AugmentSpec(rows=10_000, **ways), seeds, Asker(ScriptedEngine(model)), folder, seed=0)
    return model.requests, Journal.read(folder).lines


def covers(table: dict[str, Any], spec: type[Spec]) -> bool:
    return set(table) == set(spec.model_fields)


def test_the_tables_name_every_key() -> None:
    assert covers(SELF_INSTRUCT, SelfInstructSpec) and covers(EVOLVE, EvolveSpec) and covers(LABEL, LabelSpec)


@pytest.mark.parametrize("key", SELF_INSTRUCT)
def test_keys_of_self_instruct(key: str, seeds: Sequence[Seed], tmp_path: Path) -> None:
    plain = {"patience": 2}
    before = made(tmp_path / "a", seeds, self_instruct=plain)
    assert made(tmp_path / "b", seeds, self_instruct=plain | {key: SELF_INSTRUCT[key]}) != before


@pytest.mark.parametrize("key", EVOLVE)
def test_keys_of_evolve(key: str, seeds: Sequence[Seed], tmp_path: Path) -> None:
    plain: dict[str, Any] = {"rounds": 2}
    before = made(tmp_path / "a", seeds[:6], self_instruct=None, evolve=plain)
    assert made(tmp_path / "b", seeds[:6], self_instruct=None, evolve=plain | {key: EVOLVE[key]}) != before


@pytest.mark.parametrize("key", LABEL)
def test_keys_of_label(key: str, tmp_path: Path) -> None:
    rows = unlabelled([(f"r:{n}", (Message("user", f"Question {n}?"),)) for n in range(5)])
    told = []
    for name, changes in (("a", {}), ("b", {key: LABEL[key]})):
        (tmp_path / name).mkdir()
        model = Model()
        spec = AugmentSpec(label=LabelSpec.model_validate({"samples": 2} | changes))
        label(spec, rows, Asker(ScriptedEngine(model)), tmp_path / name, seed=0)
        told.append((model.requests, Journal.read(tmp_path / name).lines))
    assert told[0] != told[1]


def collapse_of(alarm: AlarmSpec) -> Collapse | None:
    """Eight tasks that begin apart and end alike."""
    ledger = Ledger(alarm)
    for n in range(8):
        text = f"tell {n} of {n}a and {n}b" if n < 4 else f"tell all of the same things {n}"
        kept = {"instruction": text, "nearest": [["seed", 0.2 if n < 4 else 0.25]]}
        ledger.add({"kind": "tasks", "kept": [kept], "gone": []})
    return ledger.collapse()


def test_keys_of_the_alarm() -> None:
    plain = collapse_of(AlarmSpec(window=4, distinct=0.3))
    assert plain is not None and not plain.alarm
    assert collapse_of(AlarmSpec(window=5, distinct=0.3)) is None
    for changed in ({"distinct": 0.9}, {"distinct": 0.3, "similarity": 0.04}):
        found = collapse_of(AlarmSpec.model_validate({"window": 4, **changed}))
        assert found is not None and found.alarm
