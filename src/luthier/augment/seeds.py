"""The rows that new rows are made from: one noun, from task files (Self-Instruct's own layout) and from examples.

A seed's ``family`` is the name of its question. Children carry it as a plain field, and the data stage keeps rows of
one family on one side of a split (``data.family``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.errors import LuthierError
from luthier.records import Example, Message
from luthier.text import family_name


@dataclass(frozen=True, slots=True)
class Instance:
    """One filled-in case of a task; ``input`` may be empty."""

    input: str
    output: str


@dataclass(frozen=True, slots=True)
class Seed:
    """A task that a person wrote.

    ``classification`` is None where nobody said; ``labelled`` means that the answer is the row's class label;
    ``origin`` is file:line.
    """

    id: str
    family: str
    instruction: str
    instances: tuple[Instance, ...]
    classification: bool | None = None
    system: str | None = None
    labelled: bool = False
    origin: str = ""


def chat(
    instruction: str, text: str, answer: str, *, system: str | None = None, labelled: bool = False
) -> Example:
    """A task with one instance as the row that is trained on."""
    asked = f"{instruction.strip()}\n\n{text.strip()}".strip()
    head = (Message("system", system),) if system else ()
    said = answer.strip()
    messages = (*head, Message("user", asked), Message("assistant", said))
    return Example(messages=messages, label=said if labelled else None)


def is_task(row: Mapping[str, Any]) -> bool:
    """Whether a raw row has the layout of Self-Instruct's own seed file."""
    return isinstance(row.get("instruction"), str) and isinstance(row.get("instances"), list)


def from_task(row: Mapping[str, Any], origin: str) -> Seed:
    """A row of Self-Instruct's layout: ``{instruction, instances: [{input, output}], is_classification}``.

    Raises:
        LuthierError: an instance is not an object with an output.
    """
    instruction = str(row["instruction"]).strip()
    found = row["instances"]
    if not instruction or any(not isinstance(i, Mapping) or not isinstance(i.get("output"), str) for i in found):
        raise LuthierError(
            "this seed task cannot be read", where=origin, why="a task is an instruction with instances",
            fix='write it as {"instruction": "…", "instances": [{"input": "…", "output": "…"}]}',
        )  # fmt: skip
    instances = tuple(Instance(str(i.get("input") or "").strip(), i["output"].strip()) for i in found)
    flag = row.get("is_classification")
    first = chat(instruction, instances[0].input if instances else "", instances[0].output if instances else "")
    return Seed(
        id=first.id,
        family=family_name(first.asked),
        instruction=instruction,
        instances=instances,
        classification=flag if isinstance(flag, bool) else None,
        origin=origin,
    )


def from_examples(examples: Iterable[Example]) -> list[Seed]:
    """Single-turn rows with an answer. Rows that augmentation made are passed over: a model must not feed on itself."""
    seeds: list[Seed] = []
    for example in examples:
        turns = [m for m in example.messages if m.role != "system"]
        plain = len(turns) == 2 and turns[0].role == "user" and example.answer.strip() and not example.tools
        if not plain or "augmented" in example.meta:
            continue
        system = next((m.content for m in example.messages if m.role == "system"), None)
        seeds.append(
            Seed(
                id=example.id,
                family=family_name(example.asked),
                instruction=turns[0].content.strip(),
                instances=(Instance("", example.answer.strip()),),
                system=system,
                labelled=example.label is not None,
                origin=str(example.origin or ""),
            )
        )
    return seeds


def usable(seeds: Sequence[Seed], where: str) -> list[Seed]:
    """The seeds, each once.

    Raises:
        LuthierError: there are none.
    """
    kept = list({seed.id: seed for seed in seeds}.values())
    if not kept:
        raise LuthierError(
            "there are no rows to start from", where=where,
            why="seeds are rows with one question and one answer, or tasks with instances",
            fix="luthier check shows what the rows are",
        )  # fmt: skip
    return kept


def shared_system(seeds: Sequence[Seed]) -> str | None:
    """The system message of the seeds, if all have the same."""
    found = {seed.system for seed in seeds}
    return found.pop() if len(found) == 1 else None


def labels_of(seeds: Sequence[Seed]) -> frozenset[str]:
    """The labels of seeds that all have one: an answer outside them is wrong. Empty for other seeds."""
    if not all(seed.labelled for seed in seeds):
        return frozenset()
    return frozenset(instance.output for seed in seeds for instance in seed.instances)


def digest_of(seeds: Sequence[Seed]) -> str:
    """Names these seeds in this order."""
    text = json.dumps([[s.id, s.instruction, len(s.instances)] for s in seeds], ensure_ascii=False)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]
