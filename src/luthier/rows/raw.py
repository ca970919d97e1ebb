"""A row as it stands in a file."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from luthier.records import Origin
from luthier.rows.finding import Finding


@dataclass(frozen=True, slots=True)
class Raw:
    """A row as it stands in the file: a mapping, or the problem that kept it from being one."""

    origin: Origin
    value: dict[str, Any] | None
    problem: Finding | None = None
