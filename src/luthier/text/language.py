"""Which language a text is in: by its script, and within one script by small words and letters.

Thirty-one languages are known (``NAMES``). Anything else, and whatever is too short to tell, is "unknown": code,
numbers, names, other languages. Nothing is guessed from a single ambiguous word. Measured in
docs/benchmarks/data_report.md.

It does not tell dialects apart, nor several languages in one text (the most frequent one is told).
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from functools import lru_cache

from luthier.text.function_words import ARABIC, CYRILLIC, ENDINGS, FOREIGN, LATIN, LETTERS

UNKNOWN = "unknown"
NAMES = {
    "en": "English", "de": "German", "fr": "French", "es": "Spanish", "it": "Italian", "pt": "Portuguese",
    "nl": "Dutch", "sv": "Swedish", "da": "Danish", "no": "Norwegian", "pl": "Polish", "cs": "Czech", "ro": "Romanian",
    "hu": "Hungarian", "fi": "Finnish", "tr": "Turkish", "id": "Indonesian", "vi": "Vietnamese", "ru": "Russian",
    "uk": "Ukrainian", "ar": "Arabic", "fa": "Persian", "ur": "Urdu", "he": "Hebrew", "el": "Greek", "hi": "Hindi",
    "bn": "Bengali", "th": "Thai", "zh": "Chinese", "ja": "Japanese", "ko": "Korean", UNKNOWN: "unknown",
}  # fmt: skip
LONGEST = 1000
"""Characters that are looked at: more do not change the answer."""
_ENOUGH = 0.12
"""Least score a word: below it, the small words of a text are those of some other language."""
_LEAD = 1.25
"""How many times the score of the next language the best one must have."""

_SCRIPTS = (
    ("ja", "\u3040-\u30ff\u31f0-\u31ff"), ("ko", "\u1100-\u11ff\u3130-\u318f\uac00-\ud7af"),
    ("zh", "\u3400-\u4dbf\u4e00-\u9fff"), ("th", "\u0e00-\u0e7f"), ("he", "\u0590-\u05ff"),
    ("el", "\u0370-\u03ff\u1f00-\u1fff"), ("hi", "\u0900-\u097f"), ("bn", "\u0980-\u09ff"),
    ("arabic", "\u0600-\u06ff\u0750-\u077f"), ("cyrillic", "\u0400-\u04ff"),
    ("latin", "A-Za-z\u00c0-\u024f\u1e00-\u1eff"),
)  # fmt: skip
_SCRIPT = {name: re.compile(f"[{signs}]") for name, signs in _SCRIPTS}
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ADDRESS = re.compile(r"\S+://\S+|www\.\S+|\S+@\S+")
_RUSSIAN = re.compile(r"[ыэёъ]|(?:ое|ая|ого|ие|ть|ться)\b")
_UKRAINIAN = re.compile(r"[іїєґ]|(?:ння|ннях|ти|тися|ьох)\b")
_CODE = re.compile(r"[{};=<>]|\w\(|\w_\w")


def language(text: str) -> str:
    """The code of the text's language (a key of ``NAMES``), or "unknown". O(characters), of at most 1,000."""
    text = _ADDRESS.sub(" ", text[:LONGEST])
    script = _script_of(text)
    if script == "latin":
        return _latin(text)
    if script == "cyrillic":
        return _cyrillic(text)
    if script == "arabic":
        return _arabic(text)
    return script


def _script_of(text: str) -> str:
    if text.isascii():
        return "latin"
    found = {name: len(pattern.findall(text)) for name, pattern in _SCRIPT.items()}
    if found["ja"] and found["ja"] * 20 >= found["zh"]:  # kana stand among Chinese characters in Japanese only
        found["ja"], found["zh"] = found["ja"] + found["zh"], 0
    for dense in ("zh", "ja", "ko"):
        found[dense] *= 3  # one sign is worth several letters
    best = max(found, key=lambda name: found[name])
    return best if found[best] else UNKNOWN


def _latin(text: str) -> str:
    written = _WORD.findall(text.replace("’", "'"))
    if not written or len(_CODE.findall(text)) * 2 > len(written):
        return UNKNOWN
    small, endings = _weights()
    scores: defaultdict[str, float] = defaultdict(float)
    signs: Counter[str] = Counter()
    for word in written:
        if len(word) == 1 and word not in "aeoyizvksuIA":
            continue  # a letter that stands for something
        low = word.lower()
        found = small.get(low, ())
        if not found and len(low) > 4:
            found = next((endings[low[-n:]] for n in (5, 4, 3, 2) if low[-n:] in endings), ())
        for code, weight in found:
            scores[code] += weight
            signs[code] += 1
    for sign, count in Counter(sign for sign in text.lower() if sign > "\x7f").items():
        users = [code for code, letters in LETTERS.items() if sign in letters]
        if not users and any(sign in letters for letters in FOREIGN.values()):
            return UNKNOWN
        signs.update(users)
        for code in users:
            scores[code] += 0.6 * min(count, 3) / len(users)
        for code in scores if users else ():
            if code not in users and code != "en":  # borrowed words keep their accents in English
                scores[code] *= 0.8
    (best, score), (_, second) = _two_best(scores)
    enough = signs[best] >= 2 and score >= max(0.45, _ENOUGH * len(written))
    return best if enough and score >= _LEAD * second else UNKNOWN


def _two_best(scores: Mapping[str, float]) -> tuple[tuple[str, float], tuple[str, float]]:
    ranked = sorted(scores.items(), key=lambda item: -item[1])[:2]
    first, second, *_ = (*ranked, (UNKNOWN, 0.0), (UNKNOWN, 0.0))
    return first, second


Weights = dict[str, tuple[tuple[str, float], ...]]


@lru_cache(maxsize=1)
def _weights() -> tuple[Weights, Weights]:
    """Small words and endings -> (language, weight): what several languages share counts for less in each."""
    return _shared(LATIN, 1.0), _shared(ENDINGS, 0.3)


def _shared(texts: Mapping[str, str], most: float) -> Weights:
    found: dict[str, list[str]] = {}
    for code, text in texts.items():
        for word in dict.fromkeys(text.split()):
            found.setdefault(word, []).append(code)
    return {word: tuple((code, most / len(codes) ** 1.5) for code in codes) for word, codes in found.items()}


def _cyrillic(text: str) -> str:
    low = text.lower()
    ukrainian = len(_UKRAINIAN.findall(low)) + 2 * _hits(low, CYRILLIC["uk"], CYRILLIC["ru"])
    russian = len(_RUSSIAN.findall(low)) + 2 * _hits(low, CYRILLIC["ru"], CYRILLIC["uk"])
    if any(sign in low for sign in "ўјљњћђќѓүөһқңғ"):
        return UNKNOWN
    if ukrainian > russian:
        return "uk"
    return "ru" if russian or _hits(low, CYRILLIC["ru"], "") else UNKNOWN


def _arabic(text: str) -> str:
    urdu = sum(text.count(sign) for sign in "ٹڈڑےںھ")
    persian = sum(text.count(sign) for sign in "پچژگک‌ی")
    arabic = sum(text.count(sign) for sign in "ةىيكأإؤئ")
    scores = {
        "ur": 2 * urdu + _hits(text, ARABIC["ur"], ARABIC["fa"]),
        "fa": persian - 2 * urdu + _hits(text, ARABIC["fa"], ARABIC["ar"]),
        "ar": arabic + text.count("ال") + _hits(text, ARABIC["ar"], ARABIC["fa"]),
    }
    best = max(scores, key=lambda code: scores[code])
    return best if scores[best] > 0 else UNKNOWN


def _hits(text: str, words: str, others: str) -> int:
    own = set(words.split()) - set(others.split())
    return sum(word in own for word in _WORD.findall(text))
