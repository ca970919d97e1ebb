"""Made-up values in place of real ones: the same value always gives the same, and nobody can tell which it was.

A pseudonym is drawn from a keyed hash (BLAKE2b) of the value's letters and digits, so "+44 20 7946 0958" and
"+442079460958" are one number; without the key nothing leads back. It keeps the look: kind of signs, groups, country,
issuer. Where it can be known, it belongs to nobody: addresses are under example.org, IP addresses from
ranges for documentation, North American phones from 555-01xx, and the check digits of cards, accounts and national
numbers are wrong on purpose. Phone numbers of other countries may exist.
"""

from __future__ import annotations

import hashlib
import ipaddress
import re
import string
from collections.abc import Iterator

from stdnum import iban as iban_numbers
from stdnum import luhn

from luthier.text import national
from luthier.text.personal import Span

_FIRST_NAMES = (
    "ada alba amin anna anton aziz bela bo carla chen cleo dana deniz dora eli ella emil eva finn frida gita hana "
    "hugo ida ines ivan ivo jana jin jon juno kai karim kira lars lea leo lin lola luca maja malik mara mei mila mina "
    "nadia nico nils nora olga omar otis paul petra pia rafa rana remi rosa sami sara sofi tara tim uma vera yara zoe"
)
_FIRST = _FIRST_NAMES.split()
_LAST_NAMES = (
    "adler bauer berg bianchi blanc boros brook cruz dahl diaz dunn eker fall ferro frost gatti gomez grant haas hale "
    "hill holm horn ito jansen kaya klein kovac lang lee levi lund marsh meyer mori moss nair novak okoro olsen ortiz "
    "park perez pope rao reed rios roth sato shaw silva sosa stone tan toth vance vega voss wang weber wolf yilmaz"
)
_LAST = _LAST_NAMES.split()
_PREFIX = re.compile(
    r"AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[a-z]-|[rs]k_(?:live|test)_|sk-(?:proj-|ant-[a-z0-9]+-)?|AIza|hf_|npm_"
    r"|pypi-|SG\.|dop_v1_|eyJ"
)
_KEY_BLOCK = re.compile(r"-----(?:BEGIN|END) (?:[A-Z]+ )*PRIVATE KEY-----")


class Pseudonyms:
    """Pseudonyms under one key of at least 16 bytes."""

    def __init__(self, key: bytes) -> None:
        if len(key) < 16:
            raise ValueError("a key of less than 16 bytes can be guessed")
        self._key = hashlib.blake2b(key, digest_size=32).digest()
        self._known: dict[tuple[str, str], str] = {}

    def __call__(self, span: Span) -> str:
        """The value that stands in for a finding."""
        known = self._known.get((span.kind, span.value))
        if known is None:
            known = self._known[span.kind, span.value] = self._make(span.kind, span.value)
        return known

    def _make(self, kind: str, value: str) -> str:
        if kind == "email":
            return self._email(value)
        if kind == "ip":
            return self._ip(value)
        if kind == "phone":
            return self._phone(value)
        if kind == "secret":
            return self._secret(value)
        # a card, an account or a national number: turn until its check fails, so that it is nobody's
        keep = {"card": _issuer_digits(value), "iban": 2, "id": 0}[kind]
        for turn in range(64):
            made = _like(value, self._stream(kind, value, turn), keep)
            if made != value and not _passes(kind, made):
                return made
        raise AssertionError("every pseudonym of 64 passes its check")  # one in 10 to one in 97 passes by chance

    def _email(self, value: str) -> str:
        numbers = self._stream("email", value)
        first, last = _FIRST[next(numbers) % len(_FIRST)], _LAST[next(numbers) % len(_LAST)]
        tail = "".join(string.digits[next(numbers) % 10] for _ in range(6))  # keeps two people of one name apart
        return f"{first}.{last}{tail}@example.{'org' if next(numbers) % 2 else 'com'}"

    def _ip(self, value: str) -> str:
        numbers = self._stream("ip", value)
        if ":" in value:
            groups = [f"{next(numbers) << 8 | next(numbers):x}" for _ in range(4)]
            return str(ipaddress.ip_address(f"2001:db8:{':'.join(groups)}::1"))
        return f"198.{18 + next(numbers) % 2}.{next(numbers)}.{1 + next(numbers) % 254}"  # RFC 2544: nobody's

    def _phone(self, value: str) -> str:
        digits = re.sub(r"\D", "", value)
        numbers = self._stream("phone", value)
        american = re.fullmatch(r"1?[2-9]\d{2}[2-9]\d{6}", digits) and (not value.startswith("+") or digits[0] == "1")
        if american:
            area = f"{2 + next(numbers) % 8}{next(numbers) % 10}{next(numbers) % 10}"
            return _fill(value, digits[:-10] + area + "55501" + f"{next(numbers) % 100:02d}")
        if len(digits) == 7 and "+" not in value:
            return _fill(value, f"55501{next(numbers) % 100:02d}")
        # the country and the first digit of the area stay: they make the look of the number
        kept = 4 if digits.startswith("00") else 3 if value.startswith("+") else 2
        return _like(value, numbers, kept)

    def _secret(self, value: str) -> str:
        numbers = self._stream("secret", value)
        if "PRIVATE KEY-----" in value:
            ends = [match.span() for match in _KEY_BLOCK.finditer(value)]
            start, stop = ends[0][1], ends[-1][0] if len(ends) > 1 else len(value)
            return value[:start] + _like(value[start:stop], numbers, 0) + value[stop:]
        prefix = _PREFIX.match(value)
        kept = prefix.end() if prefix else 0
        return value[:kept] + _like(value[kept:], numbers, 0)

    def _stream(self, kind: str, value: str, turn: int = 0) -> Iterator[int]:
        """Bytes that depend on the key, the kind and the letters and digits of the value."""
        plain = value.casefold() if kind == "email" else value if kind in ("secret", "ip") else _plain(value)
        block = 0
        while True:
            body = f"{kind}\0{turn}\0{block}\0{plain}".encode("utf-8", "surrogatepass")
            yield from hashlib.blake2b(body, key=self._key).digest()
            block += 1


def _plain(value: str) -> str:
    return "".join(filter(str.isalnum, value)).upper()


def _like(value: str, numbers: Iterator[int], keep: int) -> str:
    """Signs of the same class in the same places; the first ``keep`` letters and digits stay."""
    out = []
    for sign in value:
        if sign.isalnum() and keep > 0:
            keep -= 1
            out.append(sign)
        elif sign.isdigit():
            out.append(string.digits[next(numbers) % 10])
        elif "a" <= sign <= "z":
            out.append(string.ascii_lowercase[next(numbers) % 26])
        elif "A" <= sign <= "Z":
            out.append(string.ascii_uppercase[next(numbers) % 26])
        else:
            out.append(sign)
    return "".join(out)


def _fill(value: str, digits: str) -> str:
    """The digits in the places of the value's own."""
    left = iter(digits)
    return "".join(next(left) if sign.isdigit() else sign for sign in value)


def _issuer_digits(value: str) -> int:
    return 1 if value.startswith("4") else 2


def _passes(kind: str, value: str) -> bool:
    if kind == "card":
        return bool(luhn.is_valid(re.sub(r"\D", "", value)))
    if kind == "iban":
        return bool(iban_numbers.is_valid(value, check_country=False))
    return national.passes(value)
