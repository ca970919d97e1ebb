"""One shape for every refusal: what is wrong, where, why it matters, and what to do next.

The command line prints it as four lines, the server renders it as JSON, the Python API raises it.
It does not log, retry or translate errors of other libraries: the place that calls a library does that.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from enum import IntEnum


class ExitCode(IntEnum):
    """Exit codes of every verb. Verdict codes come from a computed verdict only."""

    OK = 0
    ERROR = 1
    USAGE = 2
    REJECT = 10
    INCONCLUSIVE = 11
    INTERRUPTED = 130


class LuthierError(Exception):
    """A refusal written for the person who must act on it.

    Args:
        what: the fact, in the user's words ("12 of 1,482 rows have no answer to learn from").
        where: file:line, key, port or path; empty when there is no place to point at.
        why: what would go wrong otherwise.
        fix: the next act, best a command or a key to change.
        details: machine-readable facts for ``--json`` (never rows of private data).
    """

    exit_code: ExitCode = ExitCode.ERROR

    def __init__(
        self,
        what: str,
        *,
        where: object = "",
        why: str = "",
        fix: str = "",
        details: dict[str, object] | None = None,
    ) -> None:
        self.what = what
        self.where = str(where)
        self.why = why
        self.fix = fix
        self.details = details or {}
        super().__init__(self.render())

    def render(self) -> str:
        """The four lines, without those that have nothing to say."""
        lines = [f"error: {self.what}"]
        for label, value in (("at:", self.where), ("why:", self.why), ("fix:", self.fix)):
            if value:
                lines.append(f"  {label:<5}{value}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """The same as JSON for ``--json`` and the web."""
        return {"error": {"what": self.what, "where": self.where, "why": self.why, "fix": self.fix, **self.details}}

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild, (type(self), self.what, self.where, self.why, self.fix, self.details))


def _rebuild(
    cls: type[LuthierError], what: str, where: str, why: str, fix: str, details: dict[str, object]
) -> LuthierError:
    return cls(what, where=where, why=why, fix=fix, details=details)


class UsageError(LuthierError):
    """The command itself was wrong: unknown verb, option, key or value (exit code 2)."""

    exit_code = ExitCode.USAGE


class MissingExtra(LuthierError):
    """An optional library is not installed.

    Args:
        library: the name that failed to import.
        extra: the extra of this package that brings it.
        task: what the user wanted to do, to finish "... needs it".
    """

    def __init__(self, library: str, *, extra: str, task: str) -> None:
        self._args = (library, extra, task)
        super().__init__(
            f"{library} is not installed",
            why=f"{task} needs it",
            fix=f"pip install 'luthier[{extra}]'",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_missing, self._args)


def _rebuild_missing(library: str, extra: str, task: str) -> MissingExtra:
    return MissingExtra(library, extra=extra, task=task)


class EgressDenied(LuthierError):
    """Something would have sent data to a host that the recipe does not name."""

    def __init__(self, host: str, *, purpose: str) -> None:
        self._args = (host, purpose)
        super().__init__(
            f"not sent: {purpose} would contact {host}",
            why="nothing about your rows leaves this machine unless the recipe names the host",
            fix=f"add '{host}' to privacy.egress in the recipe, or keep the work local",
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (_rebuild_egress, self._args)


def _rebuild_egress(host: str, purpose: str) -> EgressDenied:
    return EgressDenied(host, purpose=purpose)


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """The nearest known word as a sentence, or a short list when nothing is near."""
    choices = sorted(set(known))
    near = difflib.get_close_matches(word.lower(), choices, n=1, cutoff=0.51)  # "rank" is not "dora"
    if not near:  # "train.lr" and "learning_rate" share initials, not letters
        near = [c for c in choices if "".join(p[0] for p in c.split("_") if p) == word.lower()][:1]
    if near:
        return f"did you mean {near[0]}?"
    return f"known: {', '.join(choices[:12])}{', …' if len(choices) > 12 else ''}"
