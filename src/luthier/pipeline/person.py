"""What a person is known by (``luthier forget``), and whether a row speaks of them. Rows are only looked at."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from luthier.errors import UsageError
from luthier.text.personal import Span
from luthier.text.pseudonyms import Pseudonyms

_ACCOUNT = frozenset({
    "id", "item", "origin", "rule", "why", "severity", "fix", "partner", "step", "place", "part", "set", "side", "file",
    "line", "path", "message", "suite", "system", "decoding", "engine", "finish",
})  # fmt: skip
"""What Luthier writes beside a row to account for it: its words are nobody's."""
_TURNS = (("role", "content"), ("from", "value"))
"""Keys of a turn: that somebody is a user says nothing of who they are."""
_ORIGIN = {"file", "line"}


@dataclass(frozen=True)
class Person:
    """How the rows of a person are told: any of these is enough.

    ``rows`` are ids of rows, their first six or more letters, or places (``file:line``); ``fields`` are
    ``NAME=VALUE``: a column of the row, as it was read or as it was kept.
    """

    rows: tuple[str, ...] = ()
    texts: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    fields: tuple[str, ...] = ()

    def told(self) -> str:
        """The same as options of the command line."""
        named = (
            ("--row", self.rows), ("--text", self.texts), ("--regex", self.patterns), ("--email", self.emails),
            ("--field", self.fields),
        )  # fmt: skip
        return " ".join(f"{option} {shlex.quote(value)}" for option, values in named for value in values)


class Matcher:
    """Says why a row is one of the person's; None if it is not. ``secret`` makes the pseudonyms of their addresses.

    Raises:
        UsageError: nothing is asked for, or it cannot be looked for.
    """

    def __init__(self, person: Person, secret: Callable[[], bytes]) -> None:
        self._person = person
        self._texts: list[tuple[str, re.Pattern[str]]] = []
        for text in person.texts:
            if len(text.strip()) < 3:
                raise UsageError(f"{text!r} is too short", where="--text", fix="at least three signs")
            self._texts.append((f"text {text!r}", _words_of(text)))
        for pattern in person.patterns:
            self._texts.append((f"regex {pattern!r}", _compiled(pattern)))
        for email in person.emails:
            if not re.fullmatch(r"[^\s@]+@[^\s@]+", email):
                raise UsageError(f"{email!r} is no e-mail address", where="--email", fix="--text looks for any words")
            made = Pseudonyms(secret())
            names = {email, *(made(Span("email", 0, len(email), one)) for one in (email, email.lower()))}
            inside = "|".join(map(re.escape, sorted(names)))
            found = re.compile(rf"(?<![\w.+-])(?:{inside})(?![\w-]|\.\w)", re.IGNORECASE)
            self._texts.append((f"e-mail {email}", found))
        self._fields: list[tuple[str, str]] = []
        for field in person.fields:
            name, sign, value = field.partition("=")
            if not sign or not name.strip() or not value.strip():
                raise UsageError(f"{field!r} is no field", where="--field", fix="--field NAME=VALUE")
            self._fields.append((name.strip(), value.strip().casefold()))
        if short := next((row for row in person.rows if len(row) < 6), None):
            raise UsageError(f"{short!r} is too short", where="--row", fix="an id, six letters of it, or file:line")
        if not (person.rows or self._texts or self._fields):
            raise UsageError(
                "whose rows?", where="luthier forget", fix="--email, --text, --regex, --field NAME=VALUE or --row ID"
            )

    def row(self, row_id: str, origin: str, value: Any) -> str | None:
        """Why this row, as Luthier writes rows, is one of theirs: by its id, its place or what is in it."""
        if any(row_id.startswith(wanted) or origin == wanted for wanted in self._person.rows):
            return "row"
        if isinstance(value, Mapping):
            value = {name: inner for name, inner in value.items() if name not in _ACCOUNT}
        return self.content(value)

    def content(self, value: Any) -> str | None:
        """The same by what is in it."""
        for name, text in _strings(value, ""):
            for reason, pattern in self._texts:
                if pattern.search(text):
                    return reason
            for wanted, content in self._fields:
                if name == wanted and text.strip().casefold() == content:
                    return f"field {wanted}"
        return None


def _words_of(text: str) -> re.Pattern[str]:
    """The text with any white space between its words, not inside a longer word."""
    body = r"\s+".join(map(re.escape, text.split()))
    start = r"(?<!\w)" if re.match(r"\w", text.strip()) else ""
    end = r"(?!\w)" if re.search(r"\w$", text.strip()) else ""
    return re.compile(f"{start}{body}{end}", re.IGNORECASE)


def _compiled(pattern: str) -> re.Pattern[str]:
    try:
        found = re.compile(pattern)
    except re.error as error:
        raise UsageError(f"the expression cannot be read: {error}", where=f"--regex {pattern}") from None
    if found.search(""):
        raise UsageError("the expression fits every row", where=f"--regex {pattern}", fix="it must ask for something")
    return found


def _strings(value: Any, name: str) -> Iterator[tuple[str, str]]:
    """(name of the field, text) of everything in a row; numbers as they are written."""
    if isinstance(value, str):
        yield name, value
    elif isinstance(value, Mapping) and set(value) != _ORIGIN:
        speaker = next((who for who, said in _TURNS if who in value and said in value), None)
        for key, inner in value.items():
            if key != speaker:
                yield from _strings(inner, str(key))
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _strings(inner, name)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        yield name, str(value)
