"""Find and mask what identifies a person by structure: e-mail addresses, phone numbers, payment cards, IBANs.

Each kind is checked beyond its look: cards by issuer and Luhn digit, IBANs by country length and mod 97, phone
numbers by numbering plan or by the words before them. Order numbers, prices, dates, times and versions are not phones.

It is careful rather than broad: names, addresses and national ids are not looked for, and a bare run of digits is a
phone only where the text says so ("call me on ..."). Masking is not anonymising.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import phonenumbers
from stdnum import iban as iban_numbers
from stdnum import luhn

Kind = Literal["email", "phone", "card", "iban"]


@dataclass(frozen=True, slots=True)
class Span:
    """One finding: ``text[start:end] == value``."""

    kind: Kind
    start: int
    end: int
    value: str


_EMAIL = re.compile(
    r"(?<![\w.+%-])[a-z0-9][\w.+%'-]{0,63}@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,24}(?![\w-]|\.[a-z0-9])",
    re.IGNORECASE,
)
_CARD = re.compile(r"(?<![\d.,-])(?<!\d )\d(?:[ -]?\d){12,18}(?![\d]|[.,-]\d)")
_CARD_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d+|3[47]\d{13}"
    r"|(?:6011|65\d\d|64[4-9]\d)\d{12}|35\d{14}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{1,4}){3,8}(?![a-z])")
_PHONE = re.compile(
    r"(?<![\w.,:/#$€£¥%=@\\-])(?:\+ ?)?\(?\d{1,5}\)?(?:[ .\-/\u00a0]{1,2}\(?\d{1,9}\)?|\(\d{1,5}\)|\d{1,9}){0,6}"
    r"(?![\w%€£¥$°]|[.,:/-]\d)"
)
# dates, and two four-digit numbers with a dash: years or times of day
_DATE = re.compile(
    r"(?:19|20)\d\d[-/. ]\d{1,2}[-/. ]\d{1,2}\b|\d{1,2}[-/. ]\d{1,2}[-/. ](?:19|20)?\d{2}$|\d{4} ?- ?\d{4}$"
)
_PHONE_WORD = re.compile(
    r"\b(?:(?:tele|i)?phones?|tel|mobile|cell(?:phone)?|call(?:ed|ing)?|ring|rang|dial|text me|sms|whats ?app|fax"
    r"|hotline|(?:reach(?:ed)?|contact) (?:me|us|him|her|them)|my number|telefon|handy|mobil|t[ée]l[ée]phone)\b",
    re.IGNORECASE,
)
_OTHER_WORD = re.compile(
    r"\b(?:orders?|invoices?|tickets?|tracking|parcels?|ref(?:erence)?|accounts?|customers?|serial|model|case|booking"
    r"|reservation|id|sku|policy|contract|isbn|version|article|item|product|transaction|batch|zip|postcode|code|pin"
    r"|total|amount|price|population|score|no)\b",
    re.IGNORECASE,
)
_STRICT_REGIONS = ("GB", "FR", "AU", "NL", "JP")
"""Plans with a fixed length: a spaced number with a leading 0 that is valid in one of them is taken for a phone."""
_CONTEXT = 48
"""Characters before a number in which words may say what it is."""


def find(text: str) -> list[Span]:
    """Every finding, in order, without overlaps (e-mail before IBAN before card before phone)."""
    spans: list[Span] = []
    digits = sum(map(str.isdigit, text)) if len(text) < 64 else len(re.findall(r"\d", text))
    if "@" in text:
        spans += (Span("email", m.start(), m.end(), m.group()) for m in _EMAIL.finditer(text))
    if digits >= 12:
        spans += _free(spans, _ibans(text))
        spans += _free(spans, _cards(text))
    if digits >= 7:
        spans += _free(spans, _phones(text))
    return sorted(spans, key=lambda span: span.start)


def redact(text: str) -> tuple[str, dict[str, int]]:
    """The text with ``[EMAIL]``, ``[PHONE]``, ``[CARD]`` or ``[IBAN]`` for each finding, and how many of each kind."""
    spans = find(text)
    if not spans:
        return text, {}
    pieces, position = [], 0
    for span in spans:
        pieces += [text[position : span.start], f"[{span.kind.upper()}]"]
        position = span.end
    return "".join([*pieces, text[position:]]), dict(sorted(Counter(span.kind for span in spans).items()))


def _free(taken: list[Span], found: Iterator[Span]) -> list[Span]:
    return [s for s in found if all(s.end <= t.start or t.end <= s.start for t in taken)]


def _ibans(text: str) -> Iterator[Span]:
    for match in _IBAN.finditer(text):
        value = match.group()
        # The look may run into the next word ("... 819 THANKS"); the country fixes the length, so shorten until valid.
        while value:
            if iban_numbers.is_valid(value, check_country=False):
                yield Span("iban", match.start(), match.start() + len(value), value)
                break
            value = value.rpartition(" ")[0]


def _cards(text: str) -> Iterator[Span]:
    for match in _CARD.finditer(text):
        number = re.sub(r"\D", "", match.group())
        if _CARD_ISSUERS.fullmatch(number) and luhn.is_valid(number) and _card_length(number):
            yield Span("card", match.start(), match.end(), match.group())


def _card_length(number: str) -> bool:
    return len(number) == 16 if number[0] in "25" else True


def _phones(text: str) -> Iterator[Span]:
    for match in _PHONE.finditer(text):
        if match.end() - match.start() < 7:
            continue
        value = match.group().rstrip(" (.-/")
        if value.startswith("(") and value.find(")") in (-1, len(value) - 1):  # brackets around it, not around the code
            value = value.strip("()")
        start = match.start() + match.group().index(value)
        if _is_phone(value, text[max(0, start - _CONTEXT) : start]):
            yield Span("phone", start, start + len(value), value)


def _is_phone(value: str, before: str) -> bool:
    digits = re.sub(r"\D", "", value)
    if not 7 <= len(digits) <= 15 or len(set(digits)) == 1 or _DATE.match(value.strip("()")):
        return False
    groups = re.findall(r"\d+", value)
    if value.startswith("+") or (value.startswith("00") and groups[0] != "0"):
        return _in_plan("+" + digits.removeprefix("00"), None, valid=not value.startswith("+"))
    said = _what_it_is(before)
    if said == "other" or sum(len(g) == 1 for g in groups) > 2:
        return False
    american = len(digits) in (10, 11) and _in_plan(digits, "US", valid=said != "phone")
    if said == "phone":
        national = digits[0] == "0" and 9 <= len(digits) <= 12
        local = len(digits) == 7 and [len(g) for g in groups] == [3, 4]
        return american or national or local or any(_in_plan(digits, r, valid=True) for r in _STRICT_REGIONS)
    if len(groups) == 1:
        return False
    if [len(g) for g in groups[-3:]] == [3, 3, 4] and len(digits) in (10, 11):
        bracketed = value.startswith("(") and groups[0][0] in "23456789"  # (555) 123-4567: invented, still a phone
        return american or bracketed
    return digits[0] == "0" and any(_in_plan(digits, region, valid=True) for region in _STRICT_REGIONS)


def _what_it_is(before: str) -> str:
    """What the nearest telling word before a number calls it: "phone", "other" or ""."""
    phone = max((m.end() for m in _PHONE_WORD.finditer(before)), default=-1)
    other = max((m.end() for m in _OTHER_WORD.finditer(before)), default=-1)
    if phone < 0 and other < 0:
        return ""
    return "phone" if phone > other else "other"


def _in_plan(number: str, region: str | None, *, valid: bool) -> bool:
    """Whether the numbering plan has such a number: assigned ranges (``valid``) or only the right length."""
    try:
        parsed = phonenumbers.parse(number, region)
    except phonenumbers.NumberParseException:
        return False
    return phonenumbers.is_valid_number(parsed) if valid else phonenumbers.is_possible_number(parsed)
