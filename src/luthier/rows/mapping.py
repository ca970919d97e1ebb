"""Plain tables: templates over columns, and message logs joined into chats."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from luthier.errors import LuthierError, did_you_mean
from luthier.recipe.data import MapSpec, ThreadSpec
from luthier.records import Origin
from luthier.rows.finding import Finding
from luthier.rows.raw import Raw

_SLOT = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")


class MissingColumn(KeyError):
    """A column that a template names is not in this row."""


def columns_of(template: str, fields: Iterable[str]) -> list[str]:
    """The columns a template reads; a template without braces is a column's name."""
    found = _SLOT.findall(template)
    return found or ([template] if template in set(fields) else [])


def check_columns(spec: MapSpec | ThreadSpec, fields: Sequence[str], *, where: str) -> None:
    """Refuse a mapping that names columns which no row has.

    Raises:
        LuthierError: names the column, the key of the recipe, and the nearest column that is there.
    """
    for key, name in _wanted(spec, fields):
        if name.partition(".")[0] not in fields and name not in fields:
            raise LuthierError(
                f"no column is called {name!r}", where=where, why=f"{key} names it", fix=did_you_mean(name, fields)
            )


def _wanted(spec: MapSpec | ThreadSpec, fields: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Every (key of the recipe, column) that a mapping names."""
    templates: Sequence[str] = ("system",)
    columns: Sequence[str] = ("id", "order", "role", "content")
    section = "data.thread"
    if isinstance(spec, MapSpec):
        templates, columns = ("system", "prompt", "completion", "chosen", "rejected"), ("label", "thumb")
        section = "data.map"
        for name in spec.answers:
            yield from (("data.map.answers", column) for column in columns_of(name, fields) or [name])
        yield from (("data.map.ratings", name) for name in spec.ratings)
        yield from (("data.map.votes", name) for name in spec.votes)
        for index, turn in enumerate(spec.turns):
            key = f"data.map.turns.{index}"
            yield from ((f"{key}.role", name) for name in columns_of(turn.role, ()))
            yield from ((f"{key}.content", name) for name in columns_of(turn.content, fields) or [turn.content])
        if spec.turns_in is not None:
            yield "data.map.turns_in.column", spec.turns_in.column
    for key in columns:
        if (column := getattr(spec, key)) is not None:
            yield f"{section}.{key}", column
    for key in templates:
        if (template := getattr(spec, key)) is not None:
            named = columns_of(template, fields)
            # only a system message may be a fixed text; elsewhere a text without braces is a column's name
            yield from ((f"{section}.{key}", name) for name in (named or ([] if key == "system" else [template])))


def used_columns(spec: MapSpec, fields: Sequence[str]) -> frozenset[str]:
    """The columns that a mapping reads."""
    return frozenset(name for _, name in _wanted(spec, fields))


def fill(template: str, row: Mapping[str, Any], *, fixed: bool = False) -> str:
    """The template with ``{{column}}`` replaced; empty columns leave nothing, and outer white space goes.

    A template without braces is a column's name, or with ``fixed`` a text as it stands.

    Raises:
        MissingColumn: the row lacks a column.
    """
    if template in row:
        return as_text(row[template])
    if not fixed and not _SLOT.search(template):
        raise MissingColumn(template)
    return _SLOT.sub(lambda match: as_text(look_up(row, match.group(1))), template).strip()


def look_up(row: Mapping[str, Any], name: str) -> Any:
    """A cell by its column's name, or by dots into nested objects and lists (``instances.0.output``).

    Raises:
        MissingColumn: the row lacks it.
    """
    if name in row:
        return row[name]
    value: Any = row
    for part in name.split("."):
        if isinstance(value, list) and part.isdecimal() and int(part) < len(value):
            value = value[int(part)]
        elif isinstance(value, Mapping) and part in value:
            value = value[part]
        else:
            raise MissingColumn(name)
    return value


def as_text(value: Any) -> str:
    """A cell as text: null is empty, whole floats lose their ``.0``, lists and objects become JSON."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else str(value)


def join_threads(raws: Iterable[Raw], spec: ThreadSpec) -> Iterator[Raw]:
    """Rows of one message each become one row a thread, in the order of the threads' first rows.

    Neighbouring messages of one speaker are joined by a blank line, and what follows the last answer is left out: it
    has no answer yet. A thread keeps its first row's place and columns. Rows without id or order are told.
    """
    threads: dict[str, list[Raw]] = {}
    for raw in raws:
        if raw.value is None:
            yield raw
            continue
        problem = _unplaced(raw.origin, raw.value, spec)
        if problem is not None:
            yield Raw(raw.origin, None, problem)
            continue
        threads.setdefault(as_text(raw.value[spec.id]), []).append(raw)
    for rows in threads.values():
        if spec.order is not None:
            rows.sort(key=_order_key(rows, spec.order))
        first = min(rows, key=lambda raw: (raw.origin.file, raw.origin.line))
        assert first.value is not None
        rest = {k: v for k, v in first.value.items() if k not in (spec.order, spec.role, spec.content)}
        turns = _turns(rows, spec)
        if spec.system is not None:
            try:
                said = fill(spec.system, first.value, fixed=True)
            except MissingColumn as error:
                yield Raw(first.origin, None, _no_column(first, str(error.args[0]), "data.thread.system"))
                continue
            turns = [{"role": "system", "content": said}, *turns] if said.strip() else turns
        yield Raw(first.origin, {**rest, "messages": turns})


def _no_column(raw: Raw, column: str, key: str) -> Finding:
    fix = f"fill it in, or change {key}"
    return Finding(raw.origin, "map.column", f"no column {column} in this row", path=column, fix=fix, row=raw.value)


def _unplaced(origin: Origin, row: Mapping[str, Any], spec: ThreadSpec) -> Finding | None:
    for rule, column in (("thread.id", spec.id), ("thread.order", spec.order)):
        if column is not None and row.get(column) in (None, ""):
            message = f"this message has no {column}, so it belongs nowhere"
            return Finding(origin, rule, message, path=column, fix="fill it in", row=dict(row))
    return None


def _order_key(rows: Sequence[Raw], column: str) -> Any:
    cells = [raw.value[column] for raw in rows if raw.value is not None]
    try:
        numbers = {id(raw): float(cell) for raw, cell in zip(rows, cells, strict=True)}
        return lambda raw: (numbers[id(raw)], raw.origin.line)
    except (TypeError, ValueError):
        return lambda raw: (as_text(raw.value[column]), raw.origin.line)


def meaning(said: Any, roles: Mapping[str, str]) -> str:
    """What a speaker's name means: by the recipe's table, in whatever case, or the name itself."""
    name = as_text(said).strip()
    return next((role for known, role in roles.items() if known.lower() == name.lower()), name)


def _turns(rows: Sequence[Raw], spec: ThreadSpec) -> list[dict[str, Any]]:
    turns: list[dict[str, Any]] = []
    for raw in rows:
        assert raw.value is not None
        role = meaning(raw.value.get(spec.role), spec.roles)
        if role == "skip":
            continue
        content = as_text(raw.value.get(spec.content))
        if turns and turns[-1]["role"] == role:
            turns[-1]["content"] = f"{turns[-1]['content']}\n\n{content}"
        else:
            turns.append({"role": role, "content": content})
    last = max((i for i, turn in enumerate(turns) if turn["role"].lower() in ASSISTANTS), default=None)
    return turns if last is None else turns[: last + 1]


ASSISTANTS = frozenset({"assistant", "gpt", "bot", "model", "ai", "chatgpt", "bing", "bard"})
"""Speaker names that mean the assistant."""
