"""Rows in, rows out, and why: the account that the data stage keeps.

Each step says how many rows it took and shows up to three of them; the numbers add up, and a test checks it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from luthier.records import Example
from luthier.rows import Finding

LOSSES: dict[str, str] = {
    "answer.odd": "The answer is not a JSON object where nearly all others are.",
    "conflict": "The same question has another label (or another value in a closed JSON field) elsewhere.",
    "duplicate.exact": "Question and answer equal those of a better row after normalising.",
    "duplicate.near": "The question is near that of a better row, and the answers say the same.",
    "duplicate.semantic": "The question says what that of a better row says in other words, and so does the answer.",
    "leak.exact": "The question stands in the test set.",
    "leak.near": "The question is near one of the test set.",
    "leak.semantic": "The question says what one of the test set says in other words.",
    "leak.family": "The row was generated from a row of the test set, or is alike to one.",
    "leak.time": "The row is alike or of one group with a newer row of the test set.",
    "split.bridge": "The row is new and joins rows that stand on two sides of the previous dataset.",
    "personal.found": "The row holds personal data or a secret, and the recipe says reject.",
    "personal.family": "The row was generated from one that holds personal data, and the recipe says reject.",
    "select.perplexity": "The model finds the answer less likely than data.select.likelihood.max_perplexity allows.",
    "select.ifd": "The question does not make the answer likelier (IFD above data.select.likelihood.max_ifd).",
    "select.ifd_share": "The row is not among the share with the highest IFD.",
    "select.reward": "The reward model's score is below data.select.reward.min.",
    "select.reward_share": "The row is not among the share with the highest reward.",
    "select.quality": "The judge's mark for quality is below data.select.judge.min_quality.",
    "select.similar": "The row is too like one that is worth more and was selected.",
    "select.budget": "The budget of data.select went to rows worth more.",
    "tokens.overlong": "The row is longer than train.max_length tokens.",
    "tokens.refused": "The chat format cannot render the row, or nothing in it would be trained.",
}
"""Rule id -> what it means, for rows that were readable and still left; beside ``rows.RULES`` for the others."""
KEYS: dict[str, tuple[str, ...]] = {
    "answer.odd": ("data.map", "data.shape"),
    "conflict": ("data.map", "data.shape"),
    "duplicate.exact": ("data.dedupe.exact",),
    "duplicate.near": ("data.dedupe.near",),
    "duplicate.semantic": ("data.dedupe.semantic", "data.vectors"),
    "leak.exact": ("data.test",),
    "leak.near": ("data.test", "data.leak_similarity"),
    "leak.semantic": ("data.test", "data.dedupe.semantic", "data.vectors"),
    "leak.family": ("data.test", "data.split"),
    "leak.time": ("data.split", "data.leak_similarity"),
    "split.bridge": ("data.split", "data.leak_similarity"),
    "personal.found": ("data.personal",),
    "personal.family": ("data.personal",),
    "select.perplexity": ("data.select.likelihood",),
    "select.ifd": ("data.select.likelihood",),
    "select.ifd_share": ("data.select.likelihood",),
    "select.reward": ("data.select.reward",),
    "select.reward_share": ("data.select.reward",),
    "select.quality": ("data.select.judge",),
    "select.similar": ("data.select", "data.vectors"),
    "select.budget": ("data.select",),
    "tokens.overlong": ("train.max_length", "data.on_overlong", "model"),
    "tokens.refused": ("model",),
}
"""Rule id -> the recipe keys (and all below them) that decide what it takes."""
_SHOWN = 3
_TEXT = 300


@dataclass(frozen=True)
class Loss:
    """A row that leaves: the rule, the reason in words, and the row it collided with (if any)."""

    example: Example
    rule: str
    why: str
    partner: Example | None = None

    def __post_init__(self) -> None:
        assert self.rule in LOSSES, self.rule

    def to_dict(self) -> dict[str, Any]:
        """As written to ``removed.jsonl`` and ``quarantine.jsonl``."""
        out: dict[str, Any] = {"id": self.example.id, "rule": self.rule, "why": self.why}
        if self.example.origin is not None:
            out["origin"] = str(self.example.origin)
        if self.partner is not None:
            out["partner"] = {"id": self.partner.id, "origin": str(self.partner.origin or "")}
        return {**out, "row": self.example.to_dict()}


@dataclass
class Funnel:
    """The running account. ``left`` is the number of the job's rows still in play."""

    left: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)

    def start(self, rows: int, text: str) -> None:
        """Open the account with all rows read."""
        self.left = rows
        self.steps.append({"name": "read", "rule": text, "removed": 0, "left": rows, "examples": []})

    def set_aside(self, name: str, rule: str, findings: Iterable[Finding]) -> None:
        """Rows that could not become examples."""
        found = list(findings)
        self.left -= len(found)
        shown = [
            Shown(quarantined(f)["id"], str(f.origin), cut(f.value or f.path), f"{f.message} [{f.rule}]").to_dict()
            for f in found[:_SHOWN]
        ]
        self._add(name, rule, len(found), shown)

    def lose(self, name: str, rule: str, losses: Iterable[Loss], **facts: Any) -> None:
        """Rows that a step took out."""
        found = list(losses)
        self.left -= len(found)
        self._add(name, rule, len(found), [show(loss) for loss in found[:_SHOWN]], **facts)

    def leave_out(self, name: str, rule: str, rows: int) -> None:
        """Rows that the recipe does not want; they stay where they are, in the source."""
        self.left -= rows
        self._add(name, rule, rows, [])

    def change(self, name: str, rule: str, changed: int, shown: Iterable[Example] = (), **facts: Any) -> None:
        """A step that changed or added rows but took none."""
        examples = [Shown(e.id, str(e.origin or ""), cut(e.asked), "").to_dict() for e in shown][:_SHOWN]
        self._add(name, rule, 0, examples, changed=changed, **facts)

    def _add(self, name: str, rule: str, removed: int, shown: list[dict[str, str]], **facts: Any) -> None:
        step = {"name": name, "rule": rule, "removed": removed, "left": self.left, **facts, "examples": shown}
        self.steps.append(step)


@dataclass(frozen=True)
class Shown:
    """A row to look at: at most 300 characters of it, why it left, and the row it collided with."""

    id: str
    origin: str
    text: str
    why: str
    partner_id: str = ""
    partner: str = ""

    def to_dict(self) -> dict[str, str]:
        """JSON form."""
        return asdict(self)


def show(loss: Loss) -> dict[str, str]:
    """A loss as a few short strings to look at."""
    row, other = loss.example, loss.partner
    shown = Shown(row.id, str(row.origin or ""), cut(row.asked or row.answer), loss.why)
    if other is not None:
        shown = replace(shown, partner_id=other.id, partner=f"{other.origin}: {cut(other.asked)}")
    return shown.to_dict()


def quarantined(finding: Finding) -> dict[str, Any]:
    """A finding with its whole row, as written to ``quarantine.jsonl``. The id is the hash of place and row."""
    body = f"{finding.origin}\0{finding.row!r}".encode("utf-8", "backslashreplace")
    head = {
        "id": hashlib.blake2b(body, digest_size=8).hexdigest(),
        "why": finding.message,
        "origin": str(finding.origin),
    }
    return {**head, **finding.to_dict(), "row": finding.row}


def take_rows_out(steps: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], list[dict[str, str | int]]]:
    """The steps without the text of rows, and that text as rows of their own.

    Text of rows is kept in files of rows only, each line under the id of its row, so that erasing a row erases it here.
    """
    bare: list[dict[str, Any]] = []
    lines: list[dict[str, str | int]] = []
    for number, step in enumerate(steps):
        bare.append({key: value for key, value in step.items() if key != "examples"})
        for place, shown in enumerate(step["examples"]):
            texts = {"row": (shown["id"], shown["text"]), "partner": (shown["partner_id"], shown["partner"])}
            for part, (row_id, text) in texts.items():
                if row_id:
                    head = {"id": row_id, "step": number, "place": place, "part": part, "text": text}
                    lines.append({**head, "origin": shown["origin"], "why": shown["why"]})
    return bare, lines


def put_rows_back(steps: list[dict[str, Any]], lines: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The inverse of :func:`take_rows_out`; what was erased since is missing."""
    whole = [{**step, "examples": []} for step in steps]
    found: dict[tuple[int, int], dict[str, str]] = {}
    for line in lines:
        if "step" not in line:
            continue
        shown = found.setdefault((line["step"], line["place"]), Shown("", line["origin"], "", line["why"]).to_dict())
        named = {"row": ("id", "text"), "partner": ("partner_id", "partner")}[line["part"]]
        shown.update(zip(named, (line["id"], line["text"]), strict=True))
    for (step, _), shown in sorted(found.items()):
        whole[step]["examples"].append(shown)
    return whole


def cut(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= _TEXT else flat[: _TEXT - 1] + "…"
