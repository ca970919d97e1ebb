"""Which generated tasks and instances stay: the published rules of Self-Instruct, each with an id.

Decisions are those of the published code. Three things differ and none of them changes a decision on its data: a task
keeps its capitals (the code lower-cased all but the first letter), "Example 1" splits instances only at the start of a
line, and similarity ties are decided in whole numbers (``similar``).
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass

from luthier.augment.seeds import Instance
from luthier.recipe.augment import SelfInstructSpec

RULES: dict[str, str] = {
    "response.cut": "The list of tasks was cut at its length limit, so none of it is used.",
    "response.refused": "The model could not take the request (too long).",
    "instruction.short": "The task has too few words (published: three or fewer).",
    "instruction.long": "The task has too many words (published: more than 150).",
    "instruction.words": "The task needs pictures, files, maps or the like.",
    "instruction.start": "The task begins like one that models write too often (\"Write a program\").",
    "instruction.punctuation": "The task begins with punctuation.",
    "instruction.script": "The task begins with a character that is not ASCII.",
    "instruction.preamble": "It is the sentence before a chat model's list, not a task.",
    "instruction.similar": "ROUGE-L to a seed or a kept task is above the limit (published: 0.7).",
    "instances.none": "No instance could be read from the answer.",
    "instances.refused": "The model could not take the request (too long).",
    "instance.cut": "The last instance was cut at the length limit.",
    "instance.echo": "Input and output are equal.",
    "instance.empty": "The output is empty.",
    "instance.colon": "Input or output ends with a colon: something is missing behind it.",
    "instance.conflict": "The same input has different outputs, so the whole task is dropped.",
    "instance.duplicate": "The instance stands twice.",
    "instance.surplus": "More instances than wanted (published: 5); a random choice stays.",
    "answer.label": "The answer is not one of the labels that the seeds have.",
    "row.duplicate": "The same row was made before.",
    "hole.full": "The hole that it was written for has all its rows.",
    "evolve.refused": "The model could not take the request (too long).",
    "evolve.cut": "The rewriting was cut at its length limit.",
    "evolve.empty": "The rewriting is empty.",
    "evolve.leak": "Words of the prompt leaked into the rewriting (\"given prompt\", \"rewritten prompt\").",
    "evolve.copy": "The rewriting says the same words.",
    "evolve.no_gain": "The model judged the rewriting equal to what it was made from.",
    "evolve.changed": "The model judged that the paraphrase means something else.",
    "answer.refused": "The model could not take the request (too long).",
    "answer.cut": "The answer was cut at its length limit.",
    "answer.empty": "The answer is empty.",
    "answer.sorry": "The answer is short and says \"sorry\": a refusal (published: under 80 words).",
    "answer.hollow": "The answer is only punctuation and stop words.",
}  # fmt: skip
"""Rule id -> what it means."""

_OUTPUT = re.compile(r"Output\s*\d*\s*:")
_INPUT = re.compile(r"Input\s*\d*\s*:")
_EXAMPLE = re.compile(r"^[ \t]*Example\s?\d*\.?:?", re.MULTILINE)
_NUMBERED = re.compile(r"(?:^|\n)\s*\d+\s?\. ")
_NUMBERED_IN_CHAT = re.compile(r"(?:^|\n)\s*\d+\s?[.)]\s")


@dataclass(frozen=True, slots=True)
class Judged:
    """A text and the rule it broke; no rule means that it stays."""

    text: str
    rule: str | None = None


@dataclass(frozen=True, slots=True)
class JudgedInstance:
    """An instance and the rule it broke; no rule means that it stays."""

    instance: Instance
    rule: str | None = None


def tasks_in(response: str, spec: SelfInstructSpec, *, cut: bool = False, chat: bool = False) -> list[Judged]:
    """The numbered tasks of a response, judged one by one but for similarity. A cut response loses all of them.

    A raw completion goes on behind the prompt's last number, so what stands before the first number is a task; in a
    ``chat`` it may be a sentence about the list.
    """
    pieces = (_NUMBERED_IN_CHAT if chat else _NUMBERED).split(response.strip("\n"))
    found = []
    for place, piece in enumerate(pieces):
        text = " ".join(piece.split())
        if not text:
            continue
        text = text[0].upper() + text[1:]
        if cut:
            found.append(Judged(text, "response.cut"))
        elif chat and place == 0 and len(pieces) > 1 and text.endswith(":"):
            found.append(Judged(text, "instruction.preamble"))
        else:
            found.append(Judged(text, broken_rule(text, spec)))
    return found


def broken_rule(text: str, spec: SelfInstructSpec) -> str | None:
    """The first published rule that a task breaks, in the published order."""
    count = len(text.split())
    if count < spec.min_words:
        return "instruction.short"
    if count > spec.max_words:
        return "instruction.long"
    if any(re.search(rf"\b({re.escape(word)})\b", text, re.IGNORECASE) for word in spec.unfit_words):
        return "instruction.words"
    if any(text.lower().startswith(start.lower()) for start in spec.unfit_starts):
        return "instruction.start"
    if text[0] in string.punctuation:
        return "instruction.punctuation"
    if spec.ascii_start and not text[0].isascii():
        return "instruction.script"
    return None


def is_yes(response: str) -> bool:
    """Whether "is it classification?" was answered with yes (a chat model may add a full stop)."""
    return re.match(r"\s*yes\b", response, re.IGNORECASE) is not None


def input_first(response: str) -> list[Instance]:
    """Instances of a task that is not classification: "Example n", "Input:", "Output:"."""
    text = response.strip()
    if _EXAMPLE.search(text):
        return [_pair(piece.strip()) for piece in _EXAMPLE.split(text) if piece.strip()]
    return [_pair(text)] if _OUTPUT.search(text) else []


def output_first(response: str) -> list[Instance]:
    """Instances of a classification task: "Class label:" and, on the lines below, its input."""
    found = []
    for piece in response.split("Class label:")[1:]:
        label, _, rest = piece.strip().partition("\n")
        found.append(Instance(rest.strip(), label.strip()))
    return found


def _pair(text: str) -> Instance:
    head, *outputs = _OUTPUT.split(text)
    asked, answer = (head, outputs[0]) if outputs else ("", text)
    answer = _INPUT.split(answer)[0]  # a second input behind the output belongs to another instance
    return Instance(re.sub(r"^Input\s*\d*\s*:", "", asked.strip()).strip(), answer.strip())


def judge_instances(instances: Sequence[Instance], *, cut: bool) -> list[JudgedInstance]:
    """The published instance filters in their order; a conflict drops every instance that was left."""
    judged: list[JudgedInstance] = []
    for place, instance in enumerate(instances):
        rule = "instance.cut" if cut and place == len(instances) - 1 else _broken(instance)
        judged.append(JudgedInstance(instance, rule))
    outputs: dict[str, set[str]] = {}
    for item in judged:
        if item.rule is None and item.instance.input:
            outputs.setdefault(item.instance.input, set()).add(item.instance.output)
    if any(len(found) > 1 for found in outputs.values()):
        return [JudgedInstance(i.instance, i.rule or "instance.conflict") for i in judged]
    seen: set[Instance] = set()
    for place, item in enumerate(judged):
        if item.rule is None and item.instance in seen:
            judged[place] = JudgedInstance(item.instance, "instance.duplicate")
        seen.add(item.instance)
    return judged


def _broken(instance: Instance) -> str | None:
    if instance.input == instance.output:
        return "instance.echo"
    if not instance.output:
        return "instance.empty"
    if instance.input.endswith(":") or instance.output.endswith(":"):
        return "instance.colon"
    return None
