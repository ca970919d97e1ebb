"""Edge classes: rows that ask for something out of the ordinary, each told by a detector of words and signs.

A detector looks at what a person would notice: that nothing was given, that an instruction hides in the text, that the
answer refuses. They are made to count how many such rows a data set has, and whether it has any; a single row may be
told wrongly. Phrases are known in English, a few in German, French and Spanish; signs in any language.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

from luthier.data.phrases import (
    ASKS_BACK,
    CODE,
    CONTRADICTS,
    DANGLING,
    EMOJI,
    GIVES,
    HIDDEN,
    INJECTS,
    LAZY,
    PLACEHOLDER,
    REFUSES,
    RTL,
    SMALL_TALK,
    STRETCHED,
    UNANSWERED,
)  # fmt: skip
from luthier.records import Example
from luthier.rows.signs import SPECIAL
from luthier.text import normalise, personal
from luthier.text.language import UNKNOWN

LONG_WORDS = 300
"""Words from which an input is long."""


@dataclass(frozen=True)
class Look:
    """A row as the detectors see it: the last request, everything that was asked, the answer, and their languages.

    ``free`` says that the answer is put in words; a label or JSON cannot refuse or ask back.
    """

    example: Example
    request: str
    asked: str
    answer: str
    language: str
    answer_language: str
    free: bool


@dataclass(frozen=True)
class Edge:
    """``title`` names a column, ``absent`` the hole ("no row …"), ``kind`` the rows ("no … row in German").

    ``by_answer`` edges cannot be in data whose answers are labels or JSON.
    """

    title: str
    what: str
    absent: str
    kind: str
    detect: Callable[[Look], bool]
    by_answer: bool = False


def _empty_input(look: Look) -> bool:
    text = look.request.strip()
    if not normalise(text) or PLACEHOLDER.fullmatch(text):
        return True
    if re.search(r"\n\s*(?:input|text|context|eingabe)\s*:\s*(?:<?no ?input>?|n/?a|none)?\s*\Z", text, re.IGNORECASE):
        return True
    one = len(text) < 200 and "\n" not in text and not re.search(r":\s*\S|[\"“`'‘]\w|```", text)
    return one and len(re.findall(r"[.?!](?:\s|$)", text)) <= 1 and bool(GIVES.search(text)) and look.free


def _ambiguous(look: Look) -> bool:
    words = look.asked.split()
    if len(words) <= 7 and DANGLING.search(look.asked) and len(_users(look)) == 1:
        return True
    return look.free and bool(ASKS_BACK.search(look.answer[:400])) and "?" in look.answer[:600]


def _noisy(look: Look) -> bool:
    letters = [sign for sign in look.asked if sign.isalpha()]
    upper = sum(sign.isupper() for sign in letters)
    lower = sum(sign.islower() for sign in letters)
    if len(letters) >= 12 and upper > 0.7 * (upper + lower) and upper + lower > 0:
        return True
    return bool(STRETCHED.search(look.asked)) or len(LAZY.findall(look.asked)) >= 2


def _mixed(text: str) -> bool:
    """A word of letters of two alphabets: Cyrillic "а" in a Latin word, as forged addresses have."""
    if text.isascii():
        return False
    for word in re.findall(r"[^\W\d_]{3,}", text):
        if not word.isascii():
            scripts = {unicodedata.name(sign, "").partition(" ")[0] for sign in word}
            if len(scripts & {"LATIN", "CYRILLIC", "GREEK"}) > 1:
                return True
    return False


def _users(look: Look) -> list[str]:
    return [message.content for message in look.example.messages if message.role == "user"]


def _other_language(look: Look) -> bool:
    return look.free and UNKNOWN not in (look.language, look.answer_language) and look.language != look.answer_language


EDGES: dict[str, Edge] = {
    "empty_input": Edge(
        "empty input", "nothing is given, or the text that is spoken of is missing", "no row has an empty input",
        "empty-input", _empty_input,
    ),
    "injection": Edge(
        "injection", "text that tries to change the instructions, or control tokens typed out",
        "no row has an injected instruction", "injection",
        lambda look: bool(INJECTS.search(look.asked) or SPECIAL.search(look.asked)),
    ),
    "ambiguity": Edge(
        "ambiguity", "it is not clear what is meant, or the answer asks back", "no row is ambiguous or asks back",
        "ambiguous", _ambiguous,
    ),
    "refusal": Edge(
        "refusal", "the answer refuses", "no answer refuses anything", "refused",
        lambda look: look.free and bool(REFUSES.search(look.answer[:300])), by_answer=True,
    ),
    "unanswerable": Edge(
        "unanswerable", "the answer says that it does not know", "no answer admits that it does not know",
        "unanswerable", lambda look: look.free and bool(UNANSWERED.search(look.answer[:400])), by_answer=True,
    ),
    "contradiction": Edge(
        "contradiction", "demands that exclude each other, or a speaker who corrects himself",
        "no request contradicts itself", "contradictory", lambda look: bool(CONTRADICTS.search(look.asked[:1500])),
    ),
    "multi_turn": Edge(
        "multi-turn", "the user speaks at least twice", "no row has more than one turn", "multi-turn",
        lambda look: len(_users(look)) > 1,
    ),
    "long_input": Edge(
        "long input", f"more than {LONG_WORDS} words are asked", f"no input has more than {LONG_WORDS} words",
        "long-input",
        lambda look: len(look.asked) > 4 * LONG_WORDS and len(look.asked.split()) > LONG_WORDS,
    ),
    "noisy": Edge(
        "noisy typing", "capitals throughout, stretched words, chat spelling", "no row is typed carelessly",
        "carelessly typed", _noisy,
    ),
    "unicode": Edge(
        "unusual Unicode", "emoji, invisible signs, full-width or mixed alphabets",
        "no row has emoji or unusual Unicode", "unusual-Unicode",
        lambda look: not look.asked.isascii()
        and bool(EMOJI.search(look.asked) or HIDDEN.search(look.asked) or _mixed(look.asked)),
    ),
    "rtl": Edge(
        "right-to-left", "Arabic, Hebrew or another script written from right to left",
        "no row has text written from right to left", "right-to-left",
        lambda look: not look.asked.isascii() and bool(RTL.search(look.asked)),
    ),
    "code": Edge(
        "code in the input", "source code or markup in what is asked", "no input holds code", "code-input",
        lambda look: bool(CODE.search(look.asked)),
    ),
    "personal": Edge(
        "personal data", "an address, number or key of a person in what is asked", "no input holds personal data",
        "personal-data", lambda look: next(iter(personal.find(look.asked[:2000])), None) is not None,
    ),
    "small_talk": Edge(
        "small talk", "a greeting, thanks, or a question about the assistant itself", "no row is small talk",
        "small-talk",
        lambda look: len(look.request.split()) <= 6 and bool(SMALL_TALK.search(look.request)),
    ),
    "cross_language": Edge(
        "another language", "the answer is in another language than the request",
        "no answer is in another language than its request", "cross-language", _other_language, by_answer=True,
    ),
}  # fmt: skip
"""In the order of what a missing class costs in use: the first holes are named first."""


def edges_of(look: Look) -> tuple[str, ...]:
    """The edge classes of a row, in the order of :data:`EDGES`."""
    return tuple(name for name, edge in EDGES.items() if edge.detect(look))


def refuses(answer: str) -> bool:
    """Whether an answer refuses."""
    return bool(REFUSES.search(answer[:300]))


def holds_code(text: str) -> bool:
    """Whether a text holds source code or markup."""
    return bool(CODE.search(text))
