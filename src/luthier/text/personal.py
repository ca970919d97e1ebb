"""Find what identifies a person or opens a door, by its structure, and put something else in its place.

E-mail addresses, phone numbers, payment cards, IBANs, public IP addresses, national numbers and secrets. Each kind is
checked beyond its look: cards by issuer and Luhn digit, IBANs by country length and mod 97, phones by numbering plan or
the words before them, national numbers by the rules of their country, addresses by whether they are public.

It is careful rather than broad: names, postal addresses and dates of birth are not looked for. Masking is not
anonymising. How often it is right and how often it misses is measured: docs/benchmarks/personal.md.
"""

from __future__ import annotations

import ipaddress
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

from stdnum import iban as iban_numbers
from stdnum import luhn

from luthier.text import national, phones, secrets
from luthier.text.classes import classes, classes_of, clusters, has_number, longest_word, within

Kind = Literal["email", "phone", "card", "iban", "ip", "id", "secret"]
KINDS: tuple[Kind, ...] = get_args(Kind)
TOLD: dict[Kind, str] = {
    "email": "e-mail addresses",
    "phone": "phone numbers",
    "card": "payment card numbers",
    "iban": "bank accounts (IBAN)",
    "ip": "public IP addresses",
    "id": "national numbers of persons",
    "secret": "keys and passwords",
}
"""Kind -> what it is, in words."""


@dataclass(frozen=True, slots=True)
class Span:
    """One finding: ``text[start:end] == value``."""

    kind: Kind
    start: int
    end: int
    value: str


_LETTER = "a-z\u00c0-\u024f\u0370-\u03ff\u0400-\u04ff"  # Latin, Greek, Cyrillic: scripts with spaces around addresses
_EMAIL = re.compile(
    rf"(?<![{_LETTER}0-9.+%_-])[{_LETTER}0-9_][{_LETTER}0-9_.+%'-]{{0,63}}@"
    rf"(?:[{_LETTER}0-9](?:[{_LETTER}0-9-]{{0,61}}[{_LETTER}0-9])?\.)+[{_LETTER}]{{2,24}}(?![a-z0-9_-]|\.[a-z0-9])",
    re.IGNORECASE,
)
# a comma before it is no part of a number ("1,234"): twelve more digits follow
_CARD = re.compile(r"(?<![\d.-])(?<!\d )(?<!\d,)(?<!\w)\d(?:[ -]?\d){12,18}(?![\d]|[.-]\d)(?!,\d{3}\b(?!\.))")
_CARD_ISSUERS = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})|(?:5[1-5]|222[1-9]|22[3-9]\d|2[3-6]\d\d|27[01]\d|2720)\d+|3[47]\d{13}"
    r"|(?:6011|65\d\d|64[4-9]\d)\d{12}|35\d{14}|3(?:0[0-5]|[68]\d)\d{11}|62\d{14,17}"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ ]?[A-Z0-9]{1,4}){3,8}(?![a-z])")
_IPV4 = re.compile(r"(?<![\w.])(?<!\d[/-])(?:\d{1,3}\.){3}\d{1,3}(?![\w]|\.\d)")
_IPV6 = re.compile(r"(?<![\w:.])[23][0-9a-f]{3}:[0-9a-f:]{2,34}(?![\w:])", re.IGNORECASE)
_FOUR = re.compile(rb"0\.0{1,3}\.0{1,3}\.0")
_VERSION_WORD = re.compile(
    r"\b(?:v|ver|versions?|releases?|firmware|drivers?|build|chapters?|sections?|updates?|figures?|tables?|clause)"
    r"\b[^.;\n]{0,24}$",
    re.IGNORECASE,
)


def find(text: str, kinds: Collection[Kind] = KINDS) -> list[Span]:
    """Every finding of these kinds, in order, without overlaps.

    All kinds are always looked for, so that asking for fewer never turns a card into a phone.
    """
    spans: list[Span] = []
    for kind, looked in _finders(text):
        if spans:
            taken = [(span.start, span.end) for span in spans]
            looked = (found for found in looked if all(found[1] <= a or b <= found[0] for a, b in taken))
        for start, end in looked:
            if not spans or spans[-1].kind != kind or start >= spans[-1].end:
                spans.append(Span(kind, start, end, text[start:end]))
    if len(kinds) < len(KINDS):
        spans = [span for span in spans if span.kind in kinds]
    return sorted(spans, key=lambda span: span.start)


def replace(text: str, put: Callable[[Span], str], kinds: Collection[Kind] = KINDS) -> tuple[str, dict[str, int]]:
    """The text with ``put(finding)`` in place of each finding, and how many of each kind."""
    spans = find(text, kinds)
    if not spans:
        return text, {}
    pieces, position = [], 0
    for span in spans:
        pieces += [text[position : span.start], put(span)]
        position = span.end
    return "".join([*pieces, text[position:]]), dict(sorted(Counter(span.kind for span in spans).items()))


def redact(text: str, kinds: Collection[Kind] = KINDS) -> tuple[str, dict[str, int]]:
    """The text with ``[EMAIL]``, ``[PHONE]`` and so on for each finding, and how many of each kind."""
    return replace(text, tag, kinds)


def tag(span: Span) -> str:
    """What stands in for a finding when it is masked: ``[EMAIL]``."""
    return f"[{span.kind.upper()}]"



def may_hold(raw: bytes) -> bool:
    """Whether UTF-8 text (or a line of JSON without escaped signs) can hold a number or an address of any kind here.

    E-mail addresses have an "@", secrets are long words: neither is looked for.
    """
    signs = classes_of(raw)
    return (
        has_number(signs) or b"AA00" in signs or b"::" in signs or (b"0.0" in signs and _FOUR.search(signs) is not None)
        or signs.count(b":") >= 7 or national.may_hold(signs)
    )  # fmt: skip


def _finders(text: str) -> Iterator[tuple[Kind, Iterable[tuple[int, int]]]]:
    """The kinds in the order in which they take their spans; what a text cannot hold is not looked for."""
    signs = classes(text)
    if longest_word(signs) >= secrets.SHORTEST:
        yield "secret", secrets.find(text)
    if "@" in text:
        yield "email", _emails(text)
    if b"AA00" in signs:
        yield "iban", _ibans(text)
    numbers = clusters(text, signs)
    if numbers or b"000" in signs:
        yield "id", national.find(text, signs, numbers)
    if numbers:
        yield "card", _cards(text, numbers)
    if (b"0.0" in signs and _FOUR.search(signs)) or signs.count(b":") >= 7 or b"::" in signs:
        yield "ip", _addresses(text)
    if numbers:
        yield "phone", phones.find(text, numbers)


def _emails(text: str) -> Iterator[tuple[int, int]]:
    at, end = text.find("@"), 0
    while at >= 0:
        # only around the sign: an expression that may begin anywhere would try every letter of a long text
        match = _EMAIL.search(text, max(end, at - 65), at + 256)
        if match and match.start() < at < match.end():
            yield match.span()
            end = match.end()
        at = text.find("@", max(at + 1, end))


def _ibans(text: str) -> Iterator[tuple[int, int]]:
    for match in _IBAN.finditer(text):
        value = match.group()
        # The look may run into the next word ("... 819 THANKS"); the country fixes the length, so shorten until valid.
        while value:
            if iban_numbers.is_valid(value, check_country=False):
                yield match.start(), match.start() + len(value)
                break
            value = value.rpartition(" ")[0]


def _cards(text: str, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    for match in within(_CARD, text, places):
        number = re.sub(r"\D", "", match.group())
        if _CARD_ISSUERS.fullmatch(number) and luhn.is_valid(number) and _card_length(number):
            yield match.span()


def _card_length(number: str) -> bool:
    return len(number) == 16 if number[0] in "25" else True


def _addresses(text: str) -> Iterator[tuple[int, int]]:
    for match in _IPV4.finditer(text):
        if _is_public(match.group()) and not _VERSION_WORD.search(text[max(0, match.start() - 48) : match.start()]):
            yield match.span()
    if ":" in text:
        for match in _IPV6.finditer(text):
            value = match.group()
            shorter = value.rstrip(":") if not value.endswith("::") else value
            if shorter.count(":") >= 2 and _is_public(shorter):
                yield match.start(), match.start() + len(shorter)


def _is_public(value: str) -> bool:
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return False
    # a last part of 0 names a network and not a machine
    return address.is_global and not address.is_multicast and not value.endswith(".0")
