"""Where the rows are and how they look, from what the tools say of each data set."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from luthier.recipe.elsewhere.sheet import Sheet, unique

CHAT_COLUMNS = ("messages", "conversations", "conversation", "chat", "dialog", "dialogue", "turns")
"""Columns in which chats are found without being told (rows/fields.py)."""
TEXT_COLUMNS = ("text", "content", "document", "body")
FILES = (".json", ".jsonl", ".csv", ".tsv", ".parquet", ".arrow", ".txt", ".gz", ".zst")


@dataclass(frozen=True)
class Found:
    """One data set: what the recipe calls it, its layout and, where columns have names of their own, their mapping."""

    name: str
    source: str
    shape: str = "auto"
    map: Mapping[str, Any] = field(default_factory=dict)


def put_sources(sheet: Sheet, found: Sequence[Found], key: str) -> None:
    """Write ``data.source``, ``data.shape`` and ``data.map``; a data set whose columns are mapped differently from the
    first one's is named and left out, as a recipe has one mapping."""
    first = found[0]
    kept = [one for one in found if one.map == first.map]
    for one in found:
        if one not in kept:
            sheet.notes.append(
                f"the rows of {one.name} are left out: their columns are mapped otherwise than those of {first.name}, "
                f"and a recipe has one mapping; write both in one layout (luthier convert), then name the file"
            )
    names = unique(one.source for one in kept)
    sheet.put("data.source", names if len(names) > 1 else names[0], key)
    shapes = unique(one.shape for one in kept)
    if first.map:
        sheet.put("data.map", dict(first.map), key)
    elif shapes != ["auto"]:
        sheet.put("data.shape", shapes[0] if len(shapes) == 1 else "auto", key)


def tell_unread(sheet: Sheet, name: str, entry: Mapping[str, Any], read: Collection[str]) -> None:
    """Name the keys of a data set's entry that say nothing here."""
    for key, value in entry.items():
        if key not in read and value not in (None, "", [], {}, False):
            sheet.notes.append(f"{name}: {key}: {value} has no counterpart and is not read")


def hub(name: str, *, revision: str = "", files: str = "") -> str:
    """A data set of the hub as a recipe names it."""
    return f"hub:{name}{f'@{revision}' if revision else ''}{f':{files}' if files else ''}"


def split_files(subset: str, split: str) -> str:
    """The files of a subset and split by the hub's usual naming; empty where neither is named."""
    named = split.partition("[")[0]
    if subset and subset != "default":
        return f"{subset}/{named}*"
    return f"*{named}*" if named and named != "train" else ""


def place(sheet: Sheet, name: str, *, revision: str = "", files: str = "") -> str:
    """A data set that may be a file, a folder or a name on the hub."""
    found = sheet.find(name)
    if found is not None:
        return sheet.relative(found)
    local = Path(name).suffix.lower() in FILES or name.startswith((".", "/", "~"))
    if local or "/" not in name:
        sheet.notes.append(f"{name} was not found on this machine: luthier plan will say so, too")
        return name
    return hub(name, revision=revision, files=files)


def chat(column: str, role: str, content: str, speakers: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    """Shape and mapping of chats in one column. ``speakers``: what the tool says that the roles are called."""
    known = {"role": "messages", "from": "sharegpt"}
    ours = {"human": "user", "user": "user", "gpt": "assistant", "assistant": "assistant", "system": "system",
            "observation": "tool", "function_call": "function_call", "tool": "tool"}  # fmt: skip
    usual = all(ours.get(name) == meaning or name == meaning for name, meaning in speakers.items())
    if column in CHAT_COLUMNS and (role, content) in (("role", "content"), ("from", "value")) and usual:
        return known[role], {}
    roles = {name: meaning for name, meaning in speakers.items() if meaning in ("user", "assistant", "system")}
    mapping: dict[str, Any] = {"turns_in": {"column": column, "role": role, "content": content}}
    if own := {name: meaning for name, meaning in roles.items() if name != meaning}:
        mapping["roles"] = own
    return "auto", mapping


def question(*columns: str) -> str:
    """A question from columns one below the other, as these tools join them."""
    return "\n".join(f"{{{{{column}}}}}" for column in columns if column)
