"""Looking through a review queue in a terminal: one row at a time, one key a decision. Rows are shown, never run."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import typer

from luthier.augment import Decision, Queue, why
from luthier.cli.terminal import plain
from luthier.errors import LuthierError, UsageError

_CHOICES = "[a]pprove  [r]eject  [e]dit  [s]kip  [u]ndo  [q]uit"
_CUT = "--------8<-------- the answer is below this line; what is above is asked --------8<--------"


def look_through(queue: Queue, limit: int | None) -> None:
    """Show row after row and record what is decided; returns at the end of the queue or at q.

    Raises:
        UsageError: this is no terminal.
    """
    if not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise UsageError(
            "a review needs a terminal", where="luthier augment review",
            fix="--json lists the rows, --decisions FILE decides about them",
        )  # fmt: skip
    skipped: set[str] = set()
    looked = 0
    keys = _keys()
    while limit is None or looked < limit:
        row = next((made for made in queue.waiting() if made["id"] not in skipped), None)
        if row is None:
            typer.echo("\nno more rows wait" + (f" but {len(skipped)} skipped" if skipped else ""))
            return
        with _key_by_key():
            _show(row, queue)
            typer.echo(f"{_CHOICES}: ", nl=False)
            key = next(keys)
            typer.echo(key)
        if key == "q":
            return
        if key == "u":
            undone = queue.undo()
            typer.echo(f"  took back: {undone.do} {undone.row}" if undone else "  nothing to take back")
            if undone:
                skipped.discard(undone.row)
            continue
        looked += 1
        if key == "s":
            skipped.add(row["id"])
        elif not _decided(queue, row, key):
            looked -= 1


def _decided(queue: Queue, row: Mapping[str, Any], key: str) -> bool:
    """Carry one key out; False where it came to nothing and the row is to be shown again."""
    try:
        if key == "a":
            queue.decide(Decision(row["id"], "approve"))
        elif key == "r":
            reason = typer.prompt("  why?", default="", show_default=False, prompt_suffix=" ")
            queue.decide(Decision(row["id"], "reject", reason=reason))
        else:
            queue.decide(_edited(row))
    except LuthierError as error:
        typer.echo(f"  {error.what}" + (f" ({error.fix})" if error.fix else ""))
        return False
    return True


def _show(row: Mapping[str, Any], queue: Queue) -> None:
    counts, facts = queue.counts(), row["augmented"]
    *before, asked, answer = row["messages"]
    typer.echo(f"\n── {row['id']} ── {counts['waiting']:,} wait ──────────────────────────")
    for message in before:
        typer.echo(f"{message['role']:<10}{_safe(message['content'])}")
    typer.echo(f"asked     {_safe(asked['content'])}\nanswer    {_safe(answer['content'])}\nwhy       {why(row)}")
    if facts.get("nearest"):
        _, similarity = facts["nearest"][0]
        typer.echo(f"nearest   {similarity:.2f}  {_safe(facts.get('nearest_text') or '')}")
    elif facts.get("nearest_text"):
        typer.echo(f"parent    {_safe(facts['nearest_text'])}")
    for other in facts.get("others", ()):
        typer.echo(f"other     {_safe(other)}")


def _keys() -> Iterator[str]:
    """The keys that mean something, one by one; what is typed ahead waits for its turn."""
    while True:
        typed = os.read(sys.stdin.fileno(), 64).decode(errors="replace").lower()
        if typed in ("", "\x04", "\x1b"):
            yield "q"
        elif not typed.startswith("\x1b"):  # an arrow key is no letter
            yield from (key for key in typed if key in "aresuq")


@contextmanager
def _key_by_key() -> Iterator[None]:
    """The terminal hands over each key at once and does not echo it; what was typed before is kept."""
    import termios
    import tty

    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    try:
        tty.setcbreak(terminal, termios.TCSADRAIN)
        yield
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _safe(text: str) -> str:
    return plain(text).replace("\n", "\n          ")


def _edited(row: Mapping[str, Any]) -> Decision:
    """The row's prompt and answer through the user's editor."""
    prompt, answer = row["messages"][-2]["content"], row["messages"][-1]["content"]
    editor = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
    with tempfile.TemporaryDirectory(prefix="luthier-") as folder:
        path = Path(folder) / "row.md"
        path.write_text(f"{prompt}\n{_CUT}\n{answer}\n", encoding="utf-8")
        try:
            code = subprocess.call([*editor, str(path)])
        except OSError as error:
            raise UsageError(f"the editor {editor[0]} does not start: {error.strerror}", fix="set EDITOR") from None
        text = path.read_text(encoding="utf-8", errors="replace")
    before, cut, after = text.partition(_CUT)
    if code != 0 or not cut:
        raise UsageError("the edit was given up", fix="keep the line with the scissors and save")
    new = before.strip(), after.strip()
    return Decision(
        row["id"], "edit", prompt=None if new[0] == prompt.strip() else new[0],
        answer=None if new[1] == answer.strip() else new[1],
    )  # fmt: skip
