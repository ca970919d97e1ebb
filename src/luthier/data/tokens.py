"""How long the rows are in tokens of the base, and which do not fit.

Counts come from the chat format that training and serving use; a row that it refuses, or that is longer than allowed,
is told with the reason.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, Protocol

import numpy as np

from luthier.data.funnel import Loss
from luthier.errors import LuthierError
from luthier.records import Example

Overlong = Literal["drop", "keep_end", "pieces"]


class Sample(Protocol):
    """A row as token ids with its mask."""

    @property
    def ids(self) -> Sequence[int]: ...
    @property
    def trained(self) -> Sequence[bool]: ...


class ChatFormat(Protocol):
    """What this stage asks of ``models.chat.ChatFormat``."""

    def samples(
        self, example: Example, *, max_length: int | None = None, on_overlong: Overlong = "drop"
    ) -> Sequence[Sample]:
        """Token ids and mask of a row; raises LuthierError when it cannot be trained on, empty when too long."""
        ...

    def samples_of(
        self, examples: Sequence[Example], *, max_length: int | None = None, on_overlong: Overlong = "drop"
    ) -> Iterable[Sequence[Sample] | LuthierError]:
        """The same of many rows, with the error of a row in its place."""
        ...


def measure(
    examples: Sequence[Example], chat: ChatFormat, *, max_length: int | None, on_overlong: Overlong
) -> tuple[dict[int, Loss], dict[str, Any]]:
    """Rows that cannot be used, by index, and the statistics of the others (percentiles in tokens)."""
    losses: dict[int, Loss] = {}
    total: list[int] = []
    trained: list[int] = []
    cut = 0
    found = chat.samples_of(examples, max_length=max_length, on_overlong=on_overlong)
    for index, (example, samples) in enumerate(zip(examples, found, strict=True)):
        if isinstance(samples, LuthierError):
            rule = "tokens.overlong" if "long" in type(samples).__name__.lower() else "tokens.refused"
            losses[index] = Loss(example, rule, samples.what + (f": {samples.why}" if samples.why else ""))
            continue
        if not samples:
            losses[index] = Loss(
                example, "tokens.overlong", f"longer than {max_length:,} tokens" if max_length else "empty"
            )
            continue
        if len(samples) == 1:
            total.append(len(samples[0].ids))
            trained.append(samples[0].trained.count(True))
        else:
            total.append(sum([len(sample.ids) for sample in samples]))
            trained.append(sum([sample.trained.count(True) for sample in samples]))
        cut += max_length is not None and any(len(sample.ids) == max_length for sample in samples)
    stats: dict[str, Any] = {"rows": len(total), "total": _percentiles(total), "trained": _percentiles(trained)}
    if on_overlong == "keep_end":
        stats["cut_at_the_front"] = cut
    return losses, stats


def _percentiles(values: Sequence[int]) -> dict[str, int]:
    if not values:
        return {}
    points = {f"p{p}": int(np.percentile(values, p, method="higher")) for p in (5, 50, 95, 99)}
    return {"sum": sum(values), "min": min(values), **points, "max": max(values)}
