"""Rows through a base's own chat template: refused, too long, without a trained token, without an end of turn.

Only where a base is named: this is the one check that reads every row as tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from luthier.data.tokens import ChatFormat
from luthier.errors import LuthierError
from luthier.records import Example
from luthier.rows import Finding, Raw
from luthier.rows.rules import RULES


class EndingFormat(ChatFormat, Protocol):
    """A chat format that knows which tokens end an answer."""

    @property
    def stop_ids(self) -> frozenset[int]: ...


@dataclass(frozen=True)
class Renderer:
    """Renders rows as training will. ``max_length`` None means that no row is too long."""

    chat: EndingFormat
    max_length: int | None = None

    def findings(self, example: Example, raw: Raw) -> Iterator[Finding]:
        """What is wrong with a row as tokens."""
        try:
            samples = self.chat.samples(example)
        except LuthierError as error:
            rule = "render.untrained" if type(error).__name__ == "NothingTrained" else "render.refused"
            yield _finding(rule, error.what, raw, value=error.why or "")
            return
        if not any(any(sample.trained) for sample in samples):
            yield _finding("render.untrained", "no token would be trained", raw)
            return
        longest = max(len(sample.ids) for sample in samples)
        if self.max_length is not None and longest > self.max_length:
            message = f"{longest:,} tokens, at most {self.max_length:,} are trained"
            yield _finding("render.overlong", message, raw, value=f"{longest} tokens")
        for sample in samples:
            last = max((place for place, trained in enumerate(sample.trained) if trained), default=-1)
            if last >= 0 and sample.ids[last] not in self.chat.stop_ids:
                yield _finding("render.turn_end", "the last trained token does not end the turn", raw)
                return


def _finding(rule: str, message: str, raw: Raw, *, value: str = "") -> Finding:
    known = RULES[rule]
    return Finding(raw.origin, rule, message, "", known.severity, value, known.fix, raw.value)
