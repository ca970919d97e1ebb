"""Phone numbers: by numbering plan, or by the words before them.

With a leading + the plan decides. Without one a number counts when a word before it says phone, when it is written as
North American numbers are, or when it begins with 0 and is an assigned number of a country whose numbers have a fixed
length. Order numbers, prices, dates, times and versions are not phones; a bare run of digits is one only where the text
says so ("call me on ...").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache

import phonenumbers

from luthier.text.classes import AnyCase, within

_CONTEXT = 48
"""Characters before a number in which words may say what it is."""
_PHONE = re.compile(
    r"(?<![\w.,/#$€£¥%@\\-])(?<!\d[:=])(?:\+ ?)?\(?\d{1,5}\)?"
    r"(?:[ .\-/\u00a0]{1,2}\(?\d{1,9}\)?|\(\d{1,5}\)|\d{1,9}){0,6}(?![\w%€£¥$°]|[.,:/-]\d)"
)
# dates, and two four-digit numbers with a dash: years or times of day
_DATE = re.compile(
    r"(?:1[5-9]|2[01])\d\d[-/. ]\d{1,2}[-/. ]\d{1,2}\b"
    r"|\d{1,2}[-/. ]\d{1,2}[-/. ](?:1[5-9]|2[01])?\d{2}$|\d{4} ?- ?\d{4}$"
)
_PHONE_WORD = AnyCase(
    r"\b(?:(?:tele|i)?phones?|tel|ph|mobile|cell(?:phone)?|call(?:ed|ing)?|ring|rang|dial|text me|sms|whats ?app|fax"
    r"|hotline|(?:reach(?:ed)?|contact) (?:me|us|him|her|them)|my number|telef\w+|handy\w*|mobil\w*|r[uü]ck?ruf\w*"
    r"|(?:an)?rufe?n?|t[ée]l(?:[ée]phone)?|portable|appel\w+|m[óo]vil|celular|cellulare|ll[áa]m\w+|ligue|zadzwo\w+"
    r"|телефон\w*|звон\w+)\b|\btext:?\s*$|电话|電話|手机|전화"
)
_OTHER_WORD = AnyCase(
    r"\b(?:orders?|invoices?|tickets?|tracking|parcels?|ref(?:erence)?|accounts?|customers?|serial|model|case|booking"
    r"|reservation|id|sku|policy|contract|isbn|version|article|item|product|transaction|batch|zip|postcode|code|pin"
    r"|total|amount|price|population|score)\b"
)
_FIXED = ("GB", "FR", "AU", "NL", "JP")
"""Plans with a fixed length: a spaced number with a leading 0 that is valid in one of them is taken for a phone."""
_SAID = (*_FIXED, "DE", "AT", "CH", "BE", "ES", "PT", "IT", "PL", "CZ", "BR", "MX", "IN", "ZA", "RU", "CN")
"""Plans that are tried where a word says phone."""


def find(text: str, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Start and end of each number. ``places``: where digits stand together (see ``classes.clusters``)."""
    for match in within(_PHONE, text, places):
        if match.end() - match.start() < 7:
            continue
        value = match.group().rstrip(" (.-/")
        if value.count(")") > value.count("("):  # the bracket around it was opened earlier
            value = value.rstrip(")")
        elif value.startswith("(") and value.endswith(")") and value.count("(") == 1:
            value = value[1:-1]
        elif value.count("(") > value.count(")"):
            value = value.replace("(", "", 1) if value.startswith("(") else value[: value.rindex("(")].rstrip(" .-/")
        start = match.start() + match.group().index(value)
        if is_phone(value, text[max(0, start - _CONTEXT) : start]):
            yield start, start + len(value)


def is_phone(value: str, before: str) -> bool:
    """Whether digits, with their signs, are a phone number behind the text ``before``."""
    digits = re.sub(r"\D", "", value)
    if not 7 <= len(digits) <= 15 or len(set(digits)) == 1 or _DATE.match(value.strip("()")):
        return False
    groups = re.findall(r"\d+", value)
    if value.startswith("+") or (value.startswith("00") and groups[0] != "0"):
        return _in_plan("+" + digits.removeprefix("00"), None, valid=not value.startswith("+"))
    said = _what_it_is(before)
    if said == "other" or sum(len(g) == 1 for g in groups) > 2:
        return False
    american = len(digits) in (10, 11)
    if said == "phone":  # looking into a plan takes a hundred times longer than the rest: it comes last
        national = digits[0] == "0" and 9 <= len(digits) <= 12
        local = len(digits) == 7 and [len(g) for g in groups] == [3, 4]
        if national or local or (american and _in_plan(digits, "US", valid=False)):
            return True
        return len(digits) >= 8 and any(_in_plan(digits, region, valid=True) for region in _SAID)
    if len(groups) == 1:
        return False
    if [len(g) for g in groups[-3:]] == [3, 3, 4] and american:
        bracketed = value.startswith("(") and groups[0][0] in "23456789"  # (555) 123-4567: invented, still a phone
        return bracketed or _in_plan(digits, "US", valid=True)
    return digits[0] == "0" and any(_in_plan(digits, region, valid=True) for region in _FIXED)


def _what_it_is(before: str) -> str:
    """What the nearest telling word before a number calls it: "phone", "other" or ""."""
    phone = max((m.end() for m in _PHONE_WORD.finditer(before)), default=-1)
    other = max((m.end() for m in _OTHER_WORD.finditer(before)), default=-1)
    if phone < 0 and other < 0:
        return ""
    return "phone" if phone > other else "other"


@lru_cache(maxsize=4096)
def _in_plan(number: str, region: str | None, *, valid: bool) -> bool:
    """Whether the numbering plan has such a number: assigned ranges (``valid``) or only the right length."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return bool(phonenumbers.is_valid_number(parsed) if valid else phonenumbers.is_possible_number(parsed))
