"""How the command line speaks: colour only on a terminal, JSON when asked, progress with rate and time left.

It prints; it decides nothing.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import typer

from luthier.errors import LuthierError

if TYPE_CHECKING:
    from rich.console import Console


@dataclass
class _Options:
    json: bool = False
    home: str | None = None

    def reset(self) -> None:
        self.home = None


OPTIONS = _Options()

JSON_OPTION = typer.Option(False, "--json", help="Print the result as JSON on standard output.")
SET_OPTION = typer.Option([], "--set", metavar="KEY=VALUE", help="Override a key of the recipe; may be repeated.")


def emit_error(error: LuthierError) -> int:
    """Print a refusal (as JSON too when that was asked) and give its exit code."""
    if OPTIONS.json:
        typer.echo(json.dumps(error.to_dict(), ensure_ascii=False))
    text = error.render()
    if colour(sys.stderr):
        head, _, rest = text.partition("\n")
        text = typer.style(head[:6], fg="red", bold=True) + head[6:] + ("\n" + rest if rest else "")
    typer.echo(text, err=True)
    return int(error.exit_code)


def colour(stream: Any) -> bool:
    """Whether this stream should get colour: a terminal, and NO_COLOR is not set."""
    return bool(getattr(stream, "isatty", lambda: False)()) and not os.environ.get("NO_COLOR")


def emit_json(value: Mapping[str, Any] | list[Any]) -> None:
    """One JSON document on standard output."""
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


def plain(text: str) -> str:
    """Text of rows for a terminal: control characters (escape sequences above all) are shown, not obeyed."""
    return "".join(c if c.isprintable() or c in "\n\t" else f"\\x{ord(c):02x}" for c in text)


def console() -> Console:
    """A rich console on standard output (imported when first wanted)."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=True, no_color=not colour(sys.stdout))


def columns(rows: Sequence[Sequence[str]], heads: Sequence[str]) -> None:
    """A table whose lines are never broken: a terminal may scroll, a pipe gets one line a row."""
    cells = [[plain(cell) for cell in row] for row in (heads, *rows)]
    widths = [max(len(row[n]) for row in cells) for n in range(len(heads))]
    screen = console()
    for row in cells:
        text = "   ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        screen.print(text, markup=False, style="bold" if row is cells[0] else None, no_wrap=True, crop=False)


class Progress:
    """Lines and one live bar on standard error; quiet when piped or when JSON is asked."""

    def __init__(self) -> None:
        from rich.console import Console

        self.live = sys.stderr.isatty() and not OPTIONS.json
        self.quiet = OPTIONS.json
        self._console = Console(stderr=True, highlight=False, soft_wrap=True, no_color=not colour(sys.stderr))

    def line(self, label: str, text: str) -> None:
        """One finished fact: ``data      1,482 rows …``; lines after the first are indented under it."""
        if self.quiet:
            return
        head, *rest = text.split("\n")
        self._console.print(f"  {label:<9} {head}", markup=False)
        for more in rest:
            self._console.print(f"  {'':<9} {more}", markup=False)

    @contextmanager
    def bar(self, label: str, total: int | None = None) -> Iterator[Bar]:
        """A live bar; ``bar.update(done, total, text)``. Without a terminal, a line every 20 seconds."""
        if not self.live:
            yield Bar(label, None, None, None if self.quiet else self)
            return
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        with RichProgress(
            TextColumn(f"  {label:<9}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[text]}"),
            TimeRemainingColumn(compact=True),
            console=self._console,
            transient=True,
        ) as rich:
            yield Bar(label, rich, rich.add_task(label, total=total, text=""), None)


class Bar:
    """One bar of a :class:`Progress`."""

    EVERY = 20.0

    def __init__(self, label: str, rich: Any, task: Any, lines: Progress | None) -> None:
        self._label, self._rich, self._task, self._lines = label, rich, task, lines
        self._last = time.monotonic()

    def update(self, done: int, total: int, text: str = "") -> None:
        """``done`` of ``total``, with a short text such as the loss."""
        if self._rich is not None:
            self._rich.update(self._task, completed=done, total=total, text=text)
        elif self._lines is not None and time.monotonic() - self._last > self.EVERY:
            self._last = time.monotonic()
            self._lines.line(self._label, f"{done}/{total}  {text}")
