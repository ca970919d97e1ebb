"""What an English instruction asks for: its form, its root verb and the verb's object.

A heuristic over words, no parser: politeness and introductory clauses are passed over, the first word that may be a
verb is the root, and the object is the last word of the noun phrase behind it. Questions take the verb behind their
auxiliary ("How do I reset my password?" -> reset, password), or "be". Measured on 172 labelled instructions in
docs/benchmarks/data_report.md; good for counting what a data set asks for, not for single rows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from luthier.text.root_words import (
    AUXILIARIES,
    BE,
    BOUNDARIES,
    DETERMINERS,
    IRREGULAR,
    OPENERS,
    PARTICLES,
    PASSED,
    PRONOUNS,
    VERBS,
    WH,
)  # fmt: skip

Form = Literal["imperative", "question", "statement"]
LONGEST = 600
_TOKEN = re.compile(r"[A-Za-z][A-Za-z'’-]*|\d[\d.,]*|[.?!:;,()\"“”\n]")
_QUOTED = re.compile(r"“[^”\n]*”|\"[^\"\n]*\"|(?<!\w)'[^'\n]+'(?!\w)|`[^`\n]*`")
_POLITE = re.compile(
    r"""^(?:\W*(?:hi|hello|hey|ok|okay|please|kindly|now|then|first|next|finally|also|so|and|let(?:'|’)s|let\ us
        |(?:could|can|would|will)\ (?:you|u)(?:\ (?:please|kindly))?(?:\ mind)?|help\ me(?:\ to)?|try\ to
        |i(?:\ would|'d|’d)\ like(?:\ you)?\ to|i\ want(?:\ you)?\ to|i\ need\ (?:you\ )?to
        |(?:your|the)\ (?:task|job|goal)\ is\ to
        |you\ (?:need|have|are|will\ need)\ to|you\ (?:should|must))\b[\s,]*)+""",
    re.IGNORECASE | re.VERBOSE,
)
_SETTING = re.compile(r"^\W*you (?:are|will be|have been) (?:given|shown|provided)\b", re.IGNORECASE)
_NO_NOUNS = BOUNDARIES | {"many", "much", "old", "long", "far", "often", ")"}
_NEGATION = re.compile(r"^\W*(?:do not|don['’]t|never)\s+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Root:
    """``verb`` and ``obj`` are empty where there is none."""

    form: Form
    verb: str = ""
    obj: str = ""


def root(instruction: str) -> Root:
    """The root of an instruction. O(characters), of at most 600."""
    text = _QUOTED.sub(" \N{BULLET} ", instruction[:LONGEST])
    statement = Root("statement")
    for sentence in _sentences(text):
        if _SETTING.match(sentence):
            continue
        found = _of_sentence(sentence)
        if found.form != "statement":
            return found
    return statement


def _sentences(text: str) -> list[str]:
    return [part for part in re.split(r"(?<=[.?!])\s+|\n+", text) if part.strip()]


def _of_sentence(sentence: str) -> Root:
    asks = sentence.rstrip().endswith("?")
    rest = _POLITE.sub("", sentence)
    polite = rest != sentence
    rest = _NEGATION.sub("", rest)
    words = _words(rest)
    if not words:
        return Root("statement")
    first = words[0].lower()
    if not polite and (
        first in WH or (first in AUXILIARIES and (asks or (words[1:2] and words[1].lower() in PRONOUNS)))
    ):
        return _question(words)
    if first in OPENERS and "," in words:
        behind = " ".join(words[words.index(",") + 1 :])
        inner = _of_sentence(f"{behind}?" if asks else behind)
        if inner.form != "statement":
            return inner
    verb = _verb(first) if first not in PRONOUNS else ""
    if verb and (polite or not _is_noun_here(words)):
        return Root("imperative", verb, _object(words[1:], verb))
    if asks:
        at = next((n for n, word in enumerate(words) if word.lower() in WH), None)
        return _question(words[at:]) if at is not None else Root("question", "be", "")
    return Root("statement")


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in _TOKEN.findall(text.replace("\N{BULLET}", "_QUOTED_".strip("_")))]


def _is_noun_here(words: list[str]) -> bool:
    """Whether a first word that may be a verb is none: "Play store was down", "card payment fee charged"."""
    second = words[1].lower() if len(words) > 1 else ""
    return second in BE or second in AUXILIARIES


def _question(words: list[str]) -> Root:
    lower = [word.lower() for word in words]
    at = next((n for n, word in enumerate(lower[:6]) if word in AUXILIARIES or word in BE), None)
    if lower[1:2] == ["to"] and len(lower) > 2:
        return Root("question", _verb(lower[2]) or lower[2], _object(words[3:], lower[2]))
    if at is None:  # the subject is the question word: "Who wrote Hamlet?"
        verb = next((_base(word) for word in lower[1:4] if _base(word) in VERBS), "")
        return Root("question", verb, _object(words[2:], verb) if verb and verb == _base(lower[1]) else "")
    if lower[at] in BE:
        verb_at = next((n for n in range(at + 1, len(lower)) if _participle(lower[n])), None)
        if verb_at is not None and lower[0] in ("why", "how", "when", "where") and verb_at - at <= 4:
            return Root("question", _base(lower[verb_at]), "")
        return Root("question", "be", _subject(words, at))
    # behind an auxiliary: the subject, then the verb
    start = at + 1
    for n in range(start, min(len(lower), start + 9)):
        word = lower[n]
        if word in PRONOUNS and n == start:
            continue
        if word == "be":
            rest = next((m for m in range(n + 1, len(lower)) if _participle(lower[m])), None)
            return Root("question", _base(lower[rest]) if rest is not None else "be", "")
        known = _verb(word) or (_base(word) if _participle(word) and lower[at] in ("have", "has", "had") else "")
        behind_subject = n > start and (n > start + 1 or lower[start] not in DETERMINERS)
        if known and behind_subject:
            obj = _object(words[n + 1 :], known)
            if not obj and lower[0] in ("how", "what", "which") and at > 1 and lower[at - 1] not in _NO_NOUNS:
                obj = _singular(lower[at - 1])
            return Root("question", known, obj)
    last = next((word for word in reversed(lower) if word.isalpha() and word not in PASSED), "")
    return Root("question", _verb(last) or "do", "")


def _subject(words: list[str], at: int) -> str:
    """The noun behind "be"; where that is the question word's own noun ("Which planet is the largest?"), this one."""
    lower = [word.lower() for word in words]
    if at > 1 and lower[0] in ("which", "what", "how") and lower[at - 1] not in _NO_NOUNS:
        return _singular(lower[at - 1])
    behind = words[at + 1 :]
    if behind and behind[0] == "(":  # "What is (are) Glaucoma ?"
        behind = behind[behind.index(")") + 1 :] if ")" in behind else behind[1:]
    return _noun(behind)


def _object(words: list[str], verb: str) -> str:
    lower = [word.lower() for word in words]
    at = 0
    while at < len(words) and (lower[at] in PARTICLES.get(verb, ()) or (at == 0 and lower[at] in PRONOUNS)):
        at += 1
    if at < len(words) and lower[at] in PARTICLES.get(verb, ()):
        at += 1
    return _noun(words[at:])


def _noun(words: list[str]) -> str:
    """The head of the noun phrase that begins here, in the singular; nothing if a clause or something else begins."""
    head = ""
    for n, word in enumerate(words):
        low = word.lower()
        if low in PASSED:
            continue
        if low in DETERMINERS or word[0].isdigit():
            if head:
                break
            continue
        if low in BOUNDARIES or not word[0].isalpha() or low == "quoted" or low in PRONOUNS:
            break
        if head and n > 0 and (_finite(low) or low.endswith("ly") or low in AUXILIARIES or low in BE):
            break
        if head and _participle(low) and n == len(words) - 1:
            break
        head = low
    return _singular(head)


def _finite(word: str) -> bool:
    """Words that end a noun phrase since they are nearly always verbs or participles behind it."""
    return word in ("using", "based", "given", "called", "named", "described", "used") or word in IRREGULAR


def _participle(word: str) -> bool:
    return word in IRREGULAR or (len(word) > 4 and word.endswith("ed") and bool(_verb(_base(word))))


def _verb(word: str) -> str:
    """The base form if the word may be an instruction's verb, else nothing."""
    if word in VERBS:
        return word
    if word.endswith("ing") and (base := _base(word)) in VERBS:
        return base
    return word if re.fullmatch(r"[a-z]{2,}(?:ise|ize|ify)", word) else ""


@lru_cache(maxsize=4096)
def _base(word: str) -> str:
    """The base form of an inflected verb, where a rule or the list of verbs tells."""
    if word in IRREGULAR:
        return IRREGULAR[word]
    if word in VERBS:
        return word
    for ending in ("ing", "ed", "es", "s", "d"):
        if word.endswith(ending) and len(word) - len(ending) >= 2:
            stem = word[: -len(ending)]
            doubled = stem[:-1] if len(stem) > 2 and stem[-1] == stem[-2] else stem
            for found in (stem, f"{stem}e", doubled, f"{stem[:-1]}y" if stem.endswith("i") else stem):
                if found in VERBS:
                    return found
    for ending in ("s",):
        if word.endswith(ending) and not word.endswith("ss"):
            return word[:-1]
    return word


def _singular(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return f"{word[:-3]}y"
    if len(word) > 4 and word.endswith(("sses", "shes", "ches", "xes")):
        return word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "sis")):
        return word[:-1]
    return word
