"""What is wrong with a row, with its place. The table of rules is in ``rules``.

A finding of severity "error" means that the row is set aside; with "warning" the row is used and the fact is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from luthier.records import Origin
from luthier.rows.rules import Severity


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with one row.

    ``path`` points into the row ("messages[2].content"), ``value`` is what stands there (shortened), ``message`` says
    what is wrong and ``fix`` the next act. ``row`` is the row as read, for the quarantine file; it is not compared.
    """

    origin: Origin
    rule: str
    message: str
    path: str = ""
    severity: Severity = "error"
    value: str = ""
    fix: str = ""
    row: Any = field(default=None, compare=False, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """JSON form, without the row itself."""
        return {
            "file": self.origin.file,
            "line": self.origin.line,
            "path": self.path,
            "rule": self.rule,
            "severity": self.severity,
            "value": self.value,
            "message": self.message,
            "fix": self.fix,
        }

    def render(self) -> str:
        """One or two lines for the terminal."""
        place = f"{self.origin}  {self.path}".rstrip()
        shown = f": {self.value}" if self.value else ""
        tail = f"\n    fix: {self.fix}" if self.fix else ""
        return f"{place}  [{self.rule}] {self.message}{shown}{tail}"


@dataclass
class RowProblem(Exception):
    """Why a row cannot be used (or, as a warning, what is odd about it); becomes a finding with the row's place."""

    rule: str
    message: str
    path: str = ""
    value: Any = None
    fix: str = ""
    severity: Severity = "error"

    def finding(self, origin: Origin, row: Any) -> Finding:
        """The same with its place."""
        shown = "" if self.value is None else shorten(self.value)
        return Finding(origin, self.rule, self.message, self.path, self.severity, shown, self.fix, row)


def shorten(value: Any, limit: int = 80) -> str:
    """A value as one short line."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
