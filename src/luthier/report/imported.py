"""What ``luthier import`` tells: what was carried over, and every key that was not, grouped by the reason."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_WIDTH = 118


def import_lines(told: Mapping[str, Any]) -> list[str]:
    """Lines for a terminal, from what :meth:`luthier.recipe.elsewhere.Imported.to_dict` gives."""
    lines = [f"  read      {told['tool']}: {told['reason']}"]
    lines.append(f"  carried   {len(told['carried'])} values, each with its origin behind it in the recipe")
    lines += _groups("CHANGES THE RESULT, and has no counterpart", told["changes"], values=True)
    if told["notes"]:
        lines += ["", "  differs besides"]
        lines += [line for note in told["notes"] for line in _wrapped(f"· {note}")]
    lines += _groups("does not matter here", told["harmless"], values=False)
    if told["empty"]:
        lines += ["", "  without a value", *_wrapped(", ".join(told["empty"]))]
    return lines


def _groups(title: str, found: Sequence[Mapping[str, Any]], *, values: bool) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for one in found:
        value = " ".join(str(one["value"]).split())
        shown = f"{one['key']}: {value[:60]}{'…' if len(value) > 60 else ''}" if values else one["key"]
        groups.setdefault(one["why"], []).append(shown)
    if groups:
        yield from ("", f"  {title}")
    for why, keys in groups.items():
        yield from _wrapped(f"{', '.join(keys)}  ({why})")


def _wrapped(text: str) -> list[str]:
    return textwrap.wrap(text, _WIDTH, initial_indent=" " * 4, subsequent_indent=" " * 6)
