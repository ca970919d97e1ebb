"""Instructions that a program can check: IFEval's twenty-five kinds (Zhou et al. 2023, arXiv:2311.07911).

A row names them in the column ``instruction_id_list`` and their arguments in ``kwargs``, one mapping each. ``strict``
looks at the answer as it is; ``loose`` also at the answer without its first line, its last line, both, and without
asterisks, and is content if any of these follows. An empty answer follows nothing.

Where this differs from the published checker: keywords are taken by the letter, not as regular expressions; sentences
are cut by end marks with a list of abbreviations (the original downloads a model for that); the language is told by
``luthier.text``, which knows 31 languages and the scripts of five more; what it cannot tell is not scored rather than
guessed.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from luthier.recipe.evaluate import InstructionsMetric
from luthier.records import Example, Score
from luthier.score.measure import Measure
from luthier.text.language import NAMES, UNKNOWN, language

Check = Callable[[str, Mapping[str, Any]], bool]
_OPTIONS = ("My answer is yes.", "My answer is no.", "My answer is maybe.")
_ABBREVIATION = re.compile(
    r"\b(?:Mr|Mrs|Ms|Dr|Prof|St|Jr|Sr|Inc|Ltd|Co|vs|etc|e\.g|i\.e|No|Fig|approx|Ph\.D|U\.S|[A-Z])\.$"
)
_SCRIPTS = {
    "kn": "\u0c80-\u0cff", "pa": "\u0a00-\u0a7f", "gu": "\u0a80-\u0aff", "te": "\u0c00-\u0c7f", "ta": "\u0b80-\u0bff",
    "ml": "\u0d00-\u0d7f",
}  # fmt: skip
"""Languages that are known by a script of their own."""


class Unknowable(Exception):
    """An instruction that cannot be checked here."""


@dataclass(frozen=True, slots=True)
class Followed:
    """Which instructions an answer follows, in the order of the row."""

    strict: tuple[bool, ...]
    loose: tuple[bool, ...]


def instructions(spec: InstructionsMetric) -> Measure:
    """1 where every instruction of the row is followed. Parts: ``followed`` (their share), ``loose`` and
    ``loose_followed`` (the same, read loosely), and 0 or 1 for each kind as ``field.KIND``."""

    def of(example: Example, answer: str) -> Score:
        return checked(answer, example.meta, loose=spec.loose)

    def bare(reference: str, answer: str) -> Score:
        return Score(None, "instructions are checked by the columns of a row, not by a reference")

    key = "instructions(loose)" if spec.loose else "instructions"
    return Measure(key, "instructions followed" + (", read loosely" if spec.loose else ""), bare, binary=True, of=of)


def checked(answer: str, columns: Mapping[str, Any], *, loose: bool = False) -> Score:
    """The score of one answer by a row's columns; not scored where an instruction cannot be checked."""
    names = columns.get("instruction_id_list")
    if not isinstance(names, list | tuple) or not names:
        return Score(None, "the row has no instructions (columns instruction_id_list and kwargs)")
    given = columns.get("kwargs") or [{}] * len(names)
    try:
        found = follow(answer, [str(n) for n in names], given)
    except Unknowable as error:
        return Score(None, str(error))
    parts = {
        "followed": sum(found.strict) / len(names), "loose": float(all(found.loose)),
        "loose_followed": sum(found.loose) / len(names),
    }  # fmt: skip
    seen = found.loose if loose else found.strict
    for name in dict.fromkeys(map(str, names)):
        parts[f"field.{name}"] = float(all(ok for n, ok in zip(names, seen, strict=True) if n == name))
    broken = [str(n) for n, ok in zip(names, seen, strict=True) if not ok]
    return Score(float(not broken), "followed" if not broken else f"not followed: {', '.join(broken)}", parts)


def follow(answer: str, names: Sequence[str], arguments: Sequence[Mapping[str, Any]]) -> Followed:
    """Check each instruction.

    Raises:
        Unknowable: an unknown kind, an argument that is missing, a language that is not known.
    """
    strict, loose = [], []
    ways = readings(answer)
    for name, given in zip(names, arguments, strict=True):
        check = CHECKS.get(name)
        if check is None:
            raise Unknowable(f"no instruction is called {name}")
        try:
            strict.append(bool(answer.strip()) and check(answer, given))
            loose.append(strict[-1] or any(way.strip() and check(way, given) for way in ways))
        except KeyError as error:
            raise Unknowable(f"{name} lacks its argument {error.args[0]}") from None
    return Followed(tuple(strict), tuple(loose))


def readings(answer: str) -> list[str]:
    """An answer as a lenient reader takes it: less its first line, last line or both, and less its asterisks."""
    lines = answer.split("\n")
    cut = [answer, *("\n".join(part).strip() for part in (lines[1:], lines[:-1], lines[1:-1]))]
    return [*cut, *(text.replace("*", "") for text in cut)]


def sentences(text: str) -> list[str]:
    """A text cut at its sentence ends: at ``.``, ``!``, ``?`` (and their full-width forms) before white space, unless
    the mark ends a known abbreviation or an initial, and at blank lines."""
    out: list[str] = []
    for block in re.split(r"\n\s*\n", text):
        held = ""
        for piece in re.split(r"(?<=[.!?])[\"'”’)\]]*\s+|(?<=[。！？])", block.strip()):
            held = f"{held} {piece}".strip()
            if held and not _ABBREVIATION.search(held):
                out.append(held)
                held = ""
        if held:
            out.append(held)
    return out


def _compared(count: int, relation: str, most: int) -> bool:
    """IFEval's two relations."""
    return count < most if relation == "less than" else count >= most


def _language(text: str, wanted: str) -> bool:
    if wanted in _SCRIPTS:
        letters = [c for c in text if c.isalpha()]
        return sum(bool(re.match(f"[{_SCRIPTS[wanted]}]", c)) for c in letters) > len(letters) / 2
    if wanted not in NAMES:
        raise Unknowable(f"whether a text is in the language {wanted!r} is not known here")
    return language(text) == wanted


def _english(text: str) -> bool:
    """English, or too short to tell and in no other language."""
    return language(text.lower()) in ("en", UNKNOWN) and all(c < "\u0250" for c in text if c.isalpha())


def _paragraphs(text: str, given: Mapping[str, Any]) -> bool:
    parts = re.split(r"\s?\*\*\*\s?", text)
    inner = parts[1:-1]
    if any(not part.strip() for part in inner):
        return False
    return sum(bool(part.strip()) for part in parts) == int(given["num_paragraphs"])


def _first_word(text: str, given: Mapping[str, Any]) -> bool:
    parts = text.split("\n\n")
    count, at = sum(bool(part.strip()) for part in parts), int(given["nth_paragraph"])
    if at > count or not (part := parts[at - 1].strip()):
        return False
    word = re.split(r"[.,?!'\"]", part.split()[0].lstrip("'").lstrip('"'), maxsplit=1)[0].lower()
    return count == int(given["num_paragraphs"]) and word == str(given["first_word"]).lower()


def _postscript(text: str, given: Mapping[str, Any]) -> bool:
    marker = str(given["postscript_marker"]).strip()
    pattern = {"P.P.S": r"p\.\s?p\.\s?s", "P.S.": r"p\.\s?s\."}.get(marker, re.escape(marker.lower()))
    return re.search(pattern, text.lower()) is not None


def _bullets(text: str) -> int:
    return len(re.findall(r"^\s*\*[^*].*$", text, re.MULTILINE)) + len(re.findall(r"^\s*-.*$", text, re.MULTILINE))


def _highlights(text: str) -> int:
    single = sum(bool(found.strip("*").strip()) for found in re.findall(r"\*[^\n*]*\*", text))
    return single + sum(bool(found[2:-2].strip()) for found in re.findall(r"\*\*[^\n*]*\*\*", text))


def _sections(text: str, given: Mapping[str, Any]) -> bool:
    marker = re.escape(str(given["section_spliter"]).strip())
    return len(re.findall(rf"\s?{marker}\s?\d+\s?", text)) >= int(given["num_sections"])


def _json(text: str, given: Mapping[str, Any]) -> bool:
    body = re.sub(r"\A```(?:json)?|```\Z", "", text.strip(), flags=re.IGNORECASE).strip()
    try:
        json.loads(body)
    except (ValueError, RecursionError):
        return False
    return True


def _two(text: str, given: Mapping[str, Any]) -> bool:
    parts = text.split("******")
    if any(not part.strip() for part in parts[1:-1]):
        return False
    told = [part.strip() for part in parts if part.strip()]
    return len(told) == 2 and told[0] != told[1]


def _has(word: Any, text: str) -> int:
    return len(re.findall(re.escape(str(word).strip()), text, re.IGNORECASE))


def _capitals(text: str) -> int:
    return sum(word.isupper() for word in re.findall(r"[^\W_]+(?:[-./'’][^\W_]+)*", text))


def _quoted(text: str) -> bool:
    body = text.strip()
    return len(body) > 1 and body[0] == body[-1] == '"'


CHECKS: dict[str, Check] = {
    "keywords:existence": lambda t, a: all(_has(word, t) for word in a["keywords"]),
    "keywords:frequency": lambda t, a: _compared(_has(a["keyword"], t), a["relation"], a["frequency"]),
    "keywords:forbidden_words": lambda t, a: not any(
        re.search(rf"\b{re.escape(word)}\b", t, re.IGNORECASE) for word in a["forbidden_words"]
    ),
    "keywords:letter_frequency": lambda t, a: _compared(
        Counter(t.lower())[str(a["letter"]).strip().lower()], a["let_relation"], a["let_frequency"]
    ),
    "language:response_language": lambda t, a: _language(t, str(a["language"])),
    "length_constraints:number_sentences": lambda t, a: _compared(
        len(sentences(t)), a["relation"], a["num_sentences"]
    ),
    "length_constraints:number_paragraphs": _paragraphs,
    "length_constraints:number_words": lambda t, a: _compared(
        len(re.findall(r"\w+", t)), a["relation"], a["num_words"]
    ),
    "length_constraints:nth_paragraph_first_word": _first_word,
    "detectable_content:number_placeholders": lambda t, a: len(re.findall(r"\[.*?\]", t)) >= a["num_placeholders"],
    "detectable_content:postscript": _postscript,
    "detectable_format:number_bullet_lists": lambda t, a: _bullets(t) == a["num_bullets"],
    "detectable_format:constrained_response": lambda t, a: any(option in t for option in _OPTIONS),
    "detectable_format:number_highlighted_sections": lambda t, a: _highlights(t) >= a["num_highlights"],
    "detectable_format:multiple_sections": _sections,
    "detectable_format:json_format": _json,
    "detectable_format:title": lambda t, a: any(
        found.strip("<>").strip() for found in re.findall(r"<<[^\n]+>>", t)
    ),
    "combination:two_responses": _two,
    "combination:repeat_prompt": lambda t, a: t.strip().lower().startswith(str(a["prompt_to_repeat"]).strip().lower()),
    "startend:end_checker": lambda t, a: t.strip().strip('"').lower().endswith(str(a["end_phrase"]).strip().lower()),
    "startend:quotation": lambda t, a: _quoted(t),
    "change_case:capital_word_frequency": lambda t, a: _compared(
        _capitals(t), a["capital_relation"], a["capital_frequency"]
    ),
    "change_case:english_capital": lambda t, a: t.isupper() and _english(t),
    "change_case:english_lowercase": lambda t, a: t.islower() and _english(t),
    "punctuation:no_comma": lambda t, a: "," not in t,
}
"""Kind to its check."""
