"""The figures of an augmentation, worked out from its journal: what was kept, why the rest went, what it cost.

Also the collapse alarm: a model that repeats itself shows in the share of distinct word pairs and in the similarity to
the nearest task. The last window of kept tasks is compared with the first one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from luthier.augment.similar import distinct_pairs
from luthier.augment.topics import Topics
from luthier.augment.toward import Filled, Fills
from luthier.augment.way import Tally
from luthier.recipe.augment import AlarmSpec


@dataclass(frozen=True)
class Collapse:
    """First window against last: share of distinct word pairs, mean similarity to the nearest task."""

    distinct: tuple[float, float]
    similarity: tuple[float, float]
    alarm: bool

    def to_dict(self) -> dict[str, Any]:
        return {"distinct": list(self.distinct), "similarity": list(self.similarity), "alarm": self.alarm}

    def render(self) -> str:
        """One line."""
        text = (
            f"distinct word pairs {self.distinct[0]:.2f} → {self.distinct[1]:.2f}, "
            f"similarity to the nearest {self.similarity[0]:.2f} → {self.similarity[1]:.2f}"
        )
        return f"COLLAPSE: new tasks are getting alike ({text})" if self.alarm else text


@dataclass(frozen=True)
class Figures:
    """What the journal adds up to. ``judged`` counts what was proposed (tasks, rewritings, rows to label)."""

    judged: int
    kept: int
    rows: int
    reasons: Mapping[str, int]
    topics: Mapping[str, int]
    cost: Tally
    collapse: Collapse | None
    holes: tuple[Filled, ...] = ()

    @property
    def acceptance(self) -> float | None:
        """Share of proposals that were kept; None before the first."""
        return self.kept / self.judged if self.judged else None

    def to_dict(self) -> dict[str, Any]:
        reached = sum(1 for count in self.topics.values() if count)
        return {
            "judged": self.judged,
            "kept": self.kept,
            "rows": self.rows,
            "acceptance": None if self.acceptance is None else round(self.acceptance, 4),
            "reasons": dict(self.reasons),
            "topics": {"reached": reached, "of": len(self.topics), "counts": dict(self.topics)},
            "cost": {
                "requests": self.cost.requests,
                "prompt_tokens": self.cost.prompt_tokens,
                "completion_tokens": self.cost.completion_tokens,
            },
            "collapse": None if self.collapse is None else self.collapse.to_dict(),
            **({"holes": [filled.to_dict() for filled in self.holes]} if self.holes else {}),
        }


class Ledger:
    """Adds journal lines up as they come; ``figures()`` at any time."""

    def __init__(self, alarm: AlarmSpec, topics: Topics | None = None, fills: Fills | None = None) -> None:
        self._alarm, self._topics, self._fills = alarm, topics, fills
        self._judged = self._kept = self._rows = 0
        self._reasons: Counter[str] = Counter()
        self._cost = Tally()
        self._topic_counts = Counter(dict.fromkeys(topics.names, 0) if topics is not None else {})
        self._texts: list[str] = []
        self._near: list[float] = []

    def add(self, line: Mapping[str, Any]) -> None:
        """Take one journal line in."""
        self._cost.add(line)
        if self._fills is not None:
            self._fills.take(line)
        gone, rows = line.get("gone", ()), line.get("rows", ())
        self._reasons.update(item["rule"] for item in gone)
        self._rows += len(rows)
        before = len(self._texts)
        if line["kind"] == "tasks":
            self._judged += len(line["kept"]) + len(gone)
            self._kept += len(line["kept"])
            self._texts += [item["instruction"] for item in line["kept"]]
            self._near += [item["nearest"][0][1] for item in line["kept"] if item["nearest"]]
        elif line["kind"] == "rewrite":
            self._judged += len(line["places"])
        elif line["kind"] == "label":
            self._judged += line["labelled"]
        if line["kind"] in ("rewrite", "judge", "answer", "label"):
            self._kept += len(rows)
            self._texts += [_asked(made) for made in rows] if line["kind"] != "label" else []
        if self._topics is not None:
            self._topic_counts.update(self._topics.count(self._texts[before:]))

    def figures(self) -> Figures:
        """The figures so far."""
        reasons = dict(sorted(self._reasons.items(), key=lambda item: (-item[1], item[0])))
        topics = dict(self._topic_counts)
        holes = self._fills.filled() if self._fills is not None else ()
        return Figures(self._judged, self._kept, self._rows, reasons, topics, self._cost, self.collapse(), holes)

    def collapse(self) -> Collapse | None:
        """First window against last; None until there are two windows."""
        size = self._alarm.window
        if len(self._texts) < 2 * size:
            return None
        distinct = distinct_pairs(self._texts[:size]), distinct_pairs(self._texts[-size:])
        near = (0.0, 0.0)
        if len(self._near) >= 2 * size:
            near = sum(self._near[:size]) / size, sum(self._near[-size:]) / size
        fewer = distinct[1] < self._alarm.distinct * distinct[0]
        nearer = near[1] - near[0] > self._alarm.similarity
        rounded = tuple(round(v, 4) for v in (*distinct, *near))
        return Collapse((rounded[0], rounded[1]), (rounded[2], rounded[3]), fewer or nearer)


def _asked(made: Mapping[str, Any]) -> str:
    return str(made["messages"][-2]["content"])
