"""Where rows arrive while an evaluation runs: the journal, the rows in order, the progress."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from luthier.evaluate.ledger import TEST, Journal, Row, digest
from luthier.evaluate.regression import Item
from luthier.evaluate.systems import asked_hash
from luthier.records import Score

Progress = Callable[[int, int, str], None]
"""Called with (rows done, rows in all, what is being asked). May be called from an engine's thread."""


@dataclass
class Desk:
    """Takes every row of one evaluation; new ones go to the journal. Safe to use from several threads."""

    journal: Journal
    total: int
    progress: Progress | None
    rows: list[Row] = field(default_factory=list)
    resumed: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _done: int = 0

    def take(self, row: Row, *, new: bool, doing: str) -> None:
        """File one row; a new one is in the journal before it counts."""
        if new:
            self.journal.add(row)
        with self._lock:
            self.rows.append(row)
            self.resumed += not new
            self._done += 1
            if self.progress is not None:
                self.progress(self._done, self.total, doing)


def row_for(
    item: Item, suite: str, system: str, prompt: str, decoding: str, engine: str, scores: Mapping[str, Score], *,
    reference: str | None = None, answer: str | None = None,
) -> Row:  # fmt: skip
    """The row of an item under a system, with what is known of it so far."""
    example = item.example
    asked = digest(example.text) if example.text is not None else asked_hash(example)
    return Row(
        id=example.id if suite == TEST else item.name, item=item.name, suite=suite, system=system, asked=asked,
        prompt=prompt, decoding=decoding, engine=engine, scores=scores, reference=reference, answer=answer,
        slice=item.slice, cluster=example.group,
    )  # fmt: skip
