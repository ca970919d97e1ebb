"""``luthier check``: look at every row, change nothing, say everything.

Rows are read with the layout of their file and checked by the same code that prepares them; duplicates, leaks and
splits are the business of preparing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from luthier.data.load import convert, convert_judged, labels_of, layout_of, read_tables
from luthier.recipe.data import DataSpec
from luthier.rows import RULES, Finding, SourceFile, compares


@dataclass(frozen=True)
class CheckReport:
    """All findings of all rows. ``errors`` counts rows that would be set aside, ``warnings`` what is only odd."""

    rows: int
    usable: int
    files: tuple[dict[str, Any], ...]
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """Rows that would be set aside."""
        return sum(finding.severity == "error" for finding in self.findings)

    @property
    def warnings(self) -> int:
        """Oddities in rows that would be used."""
        return len(self.findings) - self.errors

    @property
    def counts(self) -> dict[str, int]:
        """Findings per rule, the commonest first."""
        return dict(Counter(finding.rule for finding in self.findings).most_common())

    def to_dict(self) -> dict[str, Any]:
        """JSON form for ``--json``."""
        return {
            "rows": self.rows, "usable": self.usable, "errors": self.errors, "warnings": self.warnings,
            "files": list(self.files), "counts": self.counts, "findings": [f.to_dict() for f in self.findings],
        }  # fmt: skip

    def render(self, limit: int = 20) -> list[str]:
        """Lines for the terminal: files, the first findings, then how many of each rule."""
        lines = [f"{f['file']}: {f['rows']:,} rows · {f['reason']}" for f in self.files]
        ordered = sorted(self.findings, key=lambda finding: finding.severity != "error")
        lines += [line for finding in ordered[:limit] for line in finding.render().splitlines()]
        if len(ordered) > limit:
            lines.append(f"… and {len(ordered) - limit:,} more (--limit {len(ordered)} shows all)")
        lines += [f"  {number:>6,}  {rule:<20} {RULES[rule]}" for rule, number in self.counts.items()]
        lines.append(f"{self.usable:,} of {self.rows:,} rows can be used")
        return lines


def check(
    sources: Sequence[str],
    spec: DataSpec | None = None,
    *,
    folder: Path | None = None,
    known: Mapping[str, SourceFile] | None = None,
) -> CheckReport:
    """Check every row of the sources (and of the spec's test set, if it has one). ``known`` names files of the store.

    Files may hold preference rows, unless a spec is given: then they are checked as what is to be learned.

    Raises:
        LuthierError: a file is missing, no data, or of unknown layout.
    """
    supervised = spec is not None
    spec = spec or DataSpec(source=tuple(sources))
    where = folder or Path.cwd()
    tables = read_tables(sources, spec, folder=where, known=known, supervised=supervised)
    if spec.test:
        tables += read_tables(spec.test, spec.unfiltered(), folder=where, supervised=supervised)
    chats = [table for table in tables if not compares(layout_of(table, spec))]
    judged = convert_judged([table for table in tables if compares(layout_of(table, spec))], spec)
    loaded = convert(chats, spec, labels=labels_of(chats))
    files = tuple(
        {"file": t.file.name, "rows": t.rows, "shape": t.shape.name, "reason": t.shape.reason} for t in tables
    )
    usable = len(loaded.examples) + len(judged.examples)
    return CheckReport(loaded.rows + judged.rows, usable, files, (*loaded.findings, *judged.findings))
