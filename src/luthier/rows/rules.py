"""Every rule that a row can break: its id, how bad it is, what is wrong, why that matters, and the next act.

The reference page of rules is written from this table, and a test holds that every finding names a rule of it with the
severity that stands here. "error": the row is set aside. "warning": the row is used and the fact is told. ``mends``:
``luthier check --fix`` can mend it without guessing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule; see the module."""

    severity: Severity
    what: str
    why: str
    fix: str
    mends: bool = False


def _error(what: str, why: str, fix: str) -> Rule:
    return Rule("error", what, why, fix)


def _warning(what: str, why: str, fix: str, *, mends: bool = False) -> Rule:
    return Rule("warning", what, why, fix, mends)


_LOST = "What cannot be read cannot be learned from, and guessing would change it."
_NOTHING = "The loss covers the assistant's tokens only, so the row would teach nothing."
_PRIVATE = "A model may repeat what it was trained on, word for word."
_MASK = "Set data.personal to redact (the default), pseudonymise or reject."

RULES: dict[str, Rule] = {
    "row.json": _error("The line is not JSON.", _LOST, "Write one whole JSON object on each line."),
    "row.object": _error("The row is not an object with named fields.", _LOST, "Give its values names."),
    "row.huge": _error("The row is larger than 16 MiB.", "No model reads that much at once.", "Cut it up."),
    "row.encoding": _error("The row is not UTF-8 text.", _LOST, "Save the file as UTF-8."),
    "row.columns": _error(
        "The row has more or fewer columns than the header.", _LOST, "Quote fields that hold the separator."
    ),
    "row.shape": _error(
        "The row lacks the fields of the layout that the other rows have.", _LOST,
        "Add them, or keep rows of different layouts in different files.",
    ),
    "row.duplicate": _warning(
        "The same question and answer stand in an earlier row (letter case and punctuation aside).",
        "What is repeated weighs more, and may stand in training and test at once.",
        "None needed: data.dedupe.exact removes all but the best.",
    ),
    "chat.empty": _error("The list of messages is empty or not a list.", _NOTHING, "Add the messages."),
    "chat.message": _error("A message is not an object with a role and content.", _LOST, "Give it both."),
    "chat.role": _error(
        "A role is not system, user, assistant or tool (or a known alias).", "Templates know these four.",
        "Name the roles, or say in data.thread.roles what they mean.",
    ),
    "chat.order": _error(
        "Messages stand in an order that chat templates cannot render.",
        "At serving such a chat does not occur.", "Put the turns in order; join two of one speaker.",
    ),
    "chat.unasked": _error(
        "There is no user message before the answer.", "At serving a model is always asked something.",
        "Begin with a user message.",
    ),
    "content.type": _error("A text field holds something that is not text.", _LOST, "Write it as text."),
    "content.empty": _error(
        "A user message or prompt is empty.", "The answer would be learned as an answer to nothing.", "Fill it in."
    ),
    "content.surrogate": _error(
        "The text holds half a character (a lone surrogate).", "No tokenizer can encode it.",
        "Export the rows again as UTF-8.",
    ),
    "content.control": _warning(
        "The text holds control characters or a byte-order mark.", "They are the trace of a broken export.",
        "Remove them.", mends=True,
    ),
    "content.replacement": _warning(
        "The text holds U+FFFD, the mark of a character lost in a wrong decoding.",
        "The model would learn to write it.", "Export the rows again from their source.",
    ),
    "content.mojibake": _warning(
        "UTF-8 text was read as Windows-1252 (\u201cCaf\u00c3\u00a9\u201d).", "The model would learn to write it so.",
        "Undo the wrong decoding.", mends=True,
    ),
    "content.special": _warning(
        "The text holds a control token of some chat format, typed out.",
        "Luthier encodes it as plain text; in most other tools it would end or forge a turn.",
        "Remove it, unless the job is about such tokens.",
    ),
    "content.bos": _warning(
        "The text begins with a beginning-of-text token, typed out.",
        "The chat template writes its own: the model would see two.", "Remove it.", mends=True,
    ),
    "content.end": _warning(
        "The answer ends with an end-of-turn token, typed out.",
        "The chat template writes its own: the model would learn to write another as text.", "Remove it.", mends=True,
    ),
    "text.turn_end": _warning(
        "A plain text is a chat in some model's markup, and its last turn is not closed.",
        "The model would not learn where to stop.", "Give the rows as messages, or close the turn.",
    ),
    "answer.missing": _error("The last message is not an assistant's answer.", _NOTHING, "Add the answer."),
    "answer.empty": _error("The answer is empty.", "The model would learn to say nothing.", "Fill it in."),
    "answer.weight": _error("Every answer has weight 0.", _NOTHING, "Give the answer weight 1."),
    "answer.truncated": _warning(
        "The answer seems to break off: in a code block, in JSON, at a comma, or at a word that leads on.",
        "The model would learn to stop there.", "Complete it, or leave the row out.",
    ),
    "answer.space": _warning(
        "The answer begins or ends with blanks.", "The model would learn to write them.", "Cut them off.", mends=True
    ),
    "answer.varies": _warning(
        "The same question has another answer elsewhere.",
        "Good where answers are free; otherwise nobody can say which is right.", "Look at both rows.",
    ),
    "label.missing": _error("A classification row has no label.", _NOTHING, "Label the row."),
    "label.conflict": _error(
        "The same question has another label (or another value in a closed JSON field) elsewhere.",
        "Nobody can say which is right, so all of them are set aside.", "Decide which one holds.",
    ),
    "tool.call": _error(
        "A tool call has no name, or its arguments are not a JSON object.", "Templates render name and arguments.",
        "Write name and arguments.",
    ),
    "tool.definition": _error("The list of tools is not a list of objects.", _LOST, "Write it as a list of objects."),
    "map.column": _error(
        "A column that the mapping names is not in this row.", _LOST, "Fill it in, or change data.map."
    ),
    "thread.id": _error("A message of a thread has no thread id.", "Nobody knows its chat.", "Fill it in."),
    "thread.order": _error("A message of a thread has no place in the order.", "Nobody knows its turn.", "Fill it in."),
    "pair.prompt": _error(
        "Chosen and rejected do not answer one and the same prompt, or there is no prompt.",
        "Answers to different questions cannot be compared.", "Give both answers one prompt.",
    ),
    "pair.same": _error(
        "Chosen and rejected are the same.", "Nothing says what is better.", "Leave the row out, or mend one of them.",
    ),
    "pair.empty": _error(
        "An answer that is compared is empty.", "The model would learn to say nothing, or never to.", "Fill it in.",
    ),
    "pair.turns": _warning(
        "Chosen and rejected part before the last question.", "Whole stretches of a chat are compared.",
        "Compare one answer.",
    ),
    "pair.rating": _error(
        "A margin, rating or weight is no number, or there is not one for each answer.", _LOST, "Write numbers.",
    ),
    "pair.swapped": _warning(
        "Chosen is rated below rejected.", "The model would learn to prefer what people rated lower.",
        "Swap them, or mend the ratings.",
    ),
    "rank.answers": _error(
        "A ranked list has fewer than two answers, or an answer that is not text.", "One answer cannot be ranked.",
        "Give two or more answers.",
    ),
    "rank.rating": _error(
        "The ranks or ratings of a list are missing, no numbers, or not one for each answer.", _LOST,
        "Give each answer a number.",
    ),
    "rank.tied": _error(
        "All answers of a ranked list are tied.", "Nothing says what is better.", "Leave the row out.",
    ),
    "kto.label": _error("The thumb of an answer is neither up nor down.", _LOST, "Write true or false."),
    "kto.single": _error(
        "All thumbs are up, or all are down.", "There is nothing to tell apart.",
        "Add answers that were judged the other way.",
    ),
    "kto.balance": _warning(
        "There are many more thumbs up than down, or the other way.", "The commoner kind would outweigh the other.",
        "Weigh the rarer kind more, or add some.",
    ),
    "split.time": _warning(
        "The row's date cannot be read.", "It counts as old, so it never is in the test set.",
        "Write it like 2026-11-23 or 2026-11-23T14:05:00.",
    ),
    "render.refused": _error(
        "The base's chat template refuses the row.", "The model was never taught such a chat.",
        "Change the order of the roles, or name another template.",
    ),
    "render.untrained": _error("No token of the row would be trained.", _NOTHING, "Give it an answer with text."),
    "render.turn_end": _error(
        "The row's last trained token is not one that ends a turn.", "The model would not learn where to stop.",
        "Name a chat template that closes the assistant's turn.",
    ),
    "render.overlong": _warning(
        "The row is longer than train.max_length tokens.", "It is set aside, cut or split, as data.on_overlong says.",
        "Shorten it, raise train.max_length, or set data.on_overlong.",
    ),
    "personal.email": _warning("The text holds an e-mail address.", _PRIVATE, _MASK),
    "personal.phone": _warning("The text holds a phone number.", _PRIVATE, _MASK),
    "personal.card": _warning("The text holds a payment card number.", _PRIVATE, _MASK),
    "personal.iban": _warning("The text holds a bank account (IBAN).", _PRIVATE, _MASK),
    "personal.ip": _warning("The text holds a public IP address.", _PRIVATE, _MASK),
    "personal.id": _warning("The text holds a national number of a person.", _PRIVATE, _MASK),
    "personal.secret": _warning("The text holds a key or a password.", _PRIVATE, f"Revoke it. {_MASK}"),
}  # fmt: skip
"""Rule id -> the rule. A finding says more: the place, the value and what to do about this one."""

OF_SETS = frozenset({"kto.balance", "kto.single"})
"""Rules about all rows together: no single row is set aside for them."""

UNANSWERED = frozenset({"answer.missing", "answer.empty", "answer.weight", "label.missing"})
"""Rules that mean: there is no answer to learn from (``data.on_unanswered``)."""
