"""Chats written as one text: ``\\n\\nHuman: …\\n\\nAssistant: …``.

The text says with its first word which names its speakers have; only those names, after a blank line, begin a turn.
"Human:" in the middle of a line is part of what somebody said.
"""

from __future__ import annotations

import re
from typing import Any

from luthier.records import Message

_START = re.compile(r"\s*(### )?(Human|User):")
_MARKS = {
    prefix + human: re.compile(rf"(?:\A\s*|\n\s*\n){re.escape(prefix)}({human}|Assistant):[ \t]*")
    for prefix in ("", "### ")
    for human in ("Human", "User")
}


def is_transcript(value: Any) -> bool:
    """Whether a value is a text that begins like a transcript."""
    return isinstance(value, str) and _START.match(value) is not None


def parse(text: str) -> list[Message]:
    """The turns of a transcript, without the white space around them.

    Raises:
        ValueError: the text does not begin like a transcript.
    """
    start = _START.match(text)
    if start is None:
        raise ValueError("not a transcript")
    found = list(_MARKS[(start[1] or "") + start[2]].finditer(text))
    ends = [mark.start() for mark in found[1:]] + [len(text)]
    return [
        Message("assistant" if mark[1] == "Assistant" else "user", text[mark.end() : end].strip())
        for mark, end in zip(found, ends, strict=True)
    ]
