"""What is wrong with a row: one frozen noun, and the table of rules.

A finding of severity "error" means that the row is set aside; with "warning" the row is used and the fact is told.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from luthier.records import Origin

Severity = Literal["error", "warning"]

RULES: dict[str, str] = {
    "row.json": "The line is not JSON.",
    "row.object": "The row is not an object with named fields.",
    "row.huge": "The row is larger than 16 MiB.",
    "row.encoding": "The row is not UTF-8 text.",
    "row.columns": "The row has more or fewer columns than the header.",
    "row.shape": "The row lacks the fields of the layout that the other rows have.",
    "chat.empty": "The list of messages is empty or not a list.",
    "chat.message": "A message is not an object with a role and content.",
    "chat.role": "A role is not system, user, assistant or tool (or a known alias).",
    "chat.order": "Messages stand in an order that chat templates cannot render.",
    "chat.unasked": "There is no user message before the answer.",
    "content.type": "A text field holds something that is not text.",
    "content.empty": "A user message or prompt is empty.",
    "content.surrogate": "The text holds half a character (a lone surrogate), which no tokenizer can encode.",
    "content.control": "The text holds control characters, often the trace of a broken export.",
    "content.replacement": "The text holds U+FFFD, the mark of a character lost in a wrong decoding.",
    "answer.missing": "The last message is not an assistant's answer, so no token would be trained.",
    "answer.empty": "The answer is empty, so nothing is learned but to say nothing.",
    "answer.weight": "Every answer has weight 0, so no token would be trained.",
    "tool.call": "A tool call has no name, or its arguments are not a JSON object.",
    "tool.definition": "The list of tools is not a list of objects.",
    "label.missing": "A classification row has no label.",
    "map.column": "A column that the mapping names is not in this row.",
    "thread.id": "A message of a thread has no thread id.",
    "thread.order": "A message of a thread has no place in the order.",
    "pair.prompt": "Chosen and rejected do not answer one and the same prompt, or there is no prompt.",
    "pair.same": "Chosen and rejected are the same, so nothing says what is better.",
    "pair.empty": "An answer that is compared is empty.",
    "pair.turns": "Chosen and rejected part before the last question, so whole stretches of a chat are compared.",
    "pair.rating": "A margin, rating or weight is no number, or chosen is rated below rejected.",
    "rank.answers": "A ranked list has fewer than two answers, or an answer that is not text.",
    "rank.rating": "The ranks or ratings of a list are missing, no numbers, or not one for each answer.",
    "rank.tied": "All answers of a ranked list are tied, so nothing says what is better.",
    "kto.label": "The thumb of an answer is neither up nor down.",
    "kto.balance": "There are many more thumbs up than down or the other way, or only one kind.",
    "split.time": "The row's date cannot be read, so it counts as old.",
}
"""Rule id -> what it means; the reference docs are generated from this table."""

UNANSWERED = frozenset({"answer.missing", "answer.empty", "answer.weight", "label.missing"})
"""Rules that mean: there is no answer to learn from (``data.on_unanswered``)."""


OF_SETS = frozenset({"kto.balance"})
"""Rules about all rows together: no single row is set aside for them."""


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


def shorten(value: Any, limit: int = 80) -> str:
    """A value as one short line."""
    text = value if isinstance(value, str) else repr(value)
    text = " ".join(text.encode("utf-8", "replace").decode().split())
    return text if len(text) <= limit else text[: limit - 1] + "…"
