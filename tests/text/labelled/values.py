"""Draws the values of the labelled set, with arithmetic of its own, and reads the set.

Check digits are computed here and not by the libraries that the detectors use, so that a wrong rule on either side
shows. Secrets are drawn and never stand in a file, so that no scanner takes the set for a leak.
"""

from __future__ import annotations

import random
import re
import string
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
DRAWS = 4
"""Snippets made of each line that has a value to draw."""
_MARK = re.compile(r"\[\[(\w+)([:?])(.*?)\]\]")
_DIGITS, _UPPER, _LOWER = string.digits, string.ascii_uppercase, string.ascii_lowercase
_ALNUM = string.ascii_letters + _DIGITS


@dataclass(frozen=True)
class Snippet:
    """A text with what a careful person would mark in it: (kind, start, end)."""

    section: str
    line: str
    text: str
    spans: tuple[tuple[str, int, int], ...]


def snippets(name: str) -> list[Snippet]:
    """The snippets of ``frozen`` or ``open``, always the same."""
    section, out = "", []
    for number, line in enumerate((HERE / f"{name}.txt").read_text(encoding="utf-8").splitlines()):
        if line.startswith("## "):
            section = line[3:]
        elif line and not line.startswith("# "):
            drawn = "?" in [match[2] for match in _MARK.finditer(line)]
            for turn in range(DRAWS if drawn else 1):
                out.append(_snippet(section, line, random.Random(f"{name}/{number}/{turn}")))
    return out


def _snippet(section: str, line: str, rng: random.Random) -> Snippet:
    text, spans, position = "", [], 0
    for match in _MARK.finditer(line):
        kind, how, what = match.groups()
        text += line[position : match.start()]
        value = what if how == ":" else DRAW[kind](what, rng)
        spans.append((kind, len(text), len(text) + len(value)))
        text += value
        position = match.end()
    return Snippet(section, line, text + line[position:], tuple(spans))


def _digits(rng: random.Random, count: int) -> str:
    return "".join(rng.choices(_DIGITS, k=count))


def _grouped(value: str, sign: str, *sizes: int) -> str:
    parts, at = [], 0
    for size in sizes:
        parts.append(value[at : at + size])
        at += size
    return sign.join([*parts, *([value[at:]] if value[at:] else [])])


# ---- cards: ISO/IEC 7812, check digit by Luhn


def _luhn(body: str) -> str:
    total = 0
    for place, digit in enumerate(reversed(body)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


_BRANDS = {
    "visa": ("4", 16), "mastercard": ("5{}", 16), "mastercard-2": ("2500", 16), "amex": ("37", 15),
    "discover": ("6011", 16), "jcb": ("3530", 16), "diners": ("36", 14), "unionpay": ("6214", 16),
}  # fmt: skip


def card(which: str, rng: random.Random) -> str:
    brand = which if which in _BRANDS else which.rpartition("-")[0]
    prefix, length = _BRANDS[brand]
    body = prefix.format(rng.randint(1, 5))
    body += _digits(rng, length - 1 - len(body))
    number = body + _luhn(body)
    if which.endswith("-bare"):
        return number
    sign = "-" if which.endswith("-dashes") else " "
    return _grouped(number, sign, 4, 6) if length in (14, 15) else _grouped(number, sign, 4, 4, 4)


# ---- IBAN: ISO 13616, check digits by mod 97

_BBAN = {
    "DE": "18n", "GB": "4a14n", "FR": "10n11n2n", "NL": "4a10n", "ES": "20n", "AT": "16n", "CH": "17n", "BE": "12n",
    "IT": "1a22n", "PL": "24n", "SE": "20n", "IE": "4a14n", "PT": "21n", "DK": "14n", "NO": "11n", "FI": "14n",
    "LU": "16n", "CZ": "20n", "GR": "23n", "HU": "24n", "TR": "22n", "RO": "4a16n", "SK": "20n", "HR": "17n",
}  # fmt: skip


def iban(which: str, rng: random.Random) -> str:
    country, _, bare = which.partition("-")
    body = ""
    for count, kind in re.findall(r"(\d+)([an])", _BBAN[country]):
        body += "".join(rng.choices(_DIGITS if kind == "n" else _UPPER, k=int(count)))
    if country == "TR":
        body = body[:5] + "0" + body[6:]
    number = int("".join(str(int(sign, 36)) for sign in f"{body}{country}00"))
    value = f"{country}{98 - number % 97:02d}{body}"
    return value if bare else _grouped(value, " ", *[4] * ((len(value) - 1) // 4))


# ---- national numbers


def _date(rng: random.Random, first: int = 1950, last: int = 1999) -> tuple[int, int, int]:
    return rng.randint(first, last), rng.randint(1, 12), rng.randint(1, 28)


def _us(rng: random.Random) -> str:
    area = rng.choice([n for n in range(1, 900) if n != 666])
    return f"{area:03d}-{rng.randint(1, 99):02d}-{rng.randint(1, 9999):04d}"


def _gb(rng: random.Random) -> str:
    while True:
        body = "4" + _digits(rng, 8)
        check = -sum(w * int(d) for w, d in zip(range(10, 1, -1), body, strict=True)) % 11
        if check < 10:
            return rng.choice([body + str(check), _grouped(body + str(check), " ", 3, 3)])


def _dni(number: int) -> str:
    return "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23]


def _es(which: str, rng: random.Random) -> str:
    if which == "ES-nie":
        first, rest = rng.randrange(3), _digits(rng, 7)
        return f"{'XYZ'[first]}{rng.choice(['', '-'])}{rest}{rng.choice(['', '-'])}{_dni(int(str(first) + rest))}"
    number = rng.randint(1_000_000, 99_999_999)
    return f"{number:08d}{rng.choice(['', '-'])}{_dni(number)}"


def _fr(rng: random.Random) -> str:
    year, month, _ = _date(rng)
    body = f"{rng.choice('12')}{year % 100:02d}{month:02d}{rng.randint(1, 19):02d}{rng.randint(1, 899):03d}"
    body += f"{rng.randint(1, 999):03d}"
    value = f"{body}{97 - int(body) % 97:02d}"
    return rng.choice([value, _grouped(value, " ", 1, 2, 2, 2, 3, 3)])


_ODD = dict(zip(_DIGITS + _UPPER, [
    1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 1, 0, 5, 7, 9, 13, 15, 17, 19, 21, 2, 4, 18, 20, 11, 3, 6, 8, 12, 14, 16, 10,
    22, 25, 24, 23,
], strict=True))  # fmt: skip


def _it(rng: random.Random) -> str:
    year, month, day = _date(rng)
    name = "".join(rng.choices("BCDFGLMNPRST", k=6))
    day += rng.choice([0, 40])
    body = f"{name}{year % 100:02d}{'ABCDEHLMPRST'[month - 1]}{day:02d}{rng.choice('ABCDEFGHL')}{rng.randint(101, 899)}"
    even = {sign: place for signs in (_DIGITS, _UPPER) for place, sign in enumerate(signs)}
    total = sum((_ODD if place % 2 == 0 else even)[sign] for place, sign in enumerate(body))
    return body + _UPPER[total % 26]


def _pl(rng: random.Random) -> str:
    year, month, day = _date(rng, 1950, 2009)
    body = f"{year % 100:02d}{month + (20 if year >= 2000 else 0):02d}{day:02d}{_digits(rng, 4)}"
    return body + str(-sum(w * int(d) for w, d in zip((1, 3, 7, 9, 1, 3, 7, 9, 1, 3), body, strict=True)) % 10)


def _se(rng: random.Random) -> str:
    year, month, day = _date(rng)
    body = f"{year % 100:02d}{month:02d}{day:02d}{rng.randint(1, 999):03d}"
    return f"{rng.choice(['', '19'])}{body[:6]}-{body[6:]}{_luhn(body)}"


def _fi(rng: random.Random) -> str:
    year, month, day = _date(rng, 1950, 2009)
    number = f"{rng.randint(2, 899):03d}"
    date = f"{day:02d}{month:02d}{year % 100:02d}"
    return f"{date}{'-' if year < 2000 else 'A'}{number}{'0123456789ABCDEFHJKLMNPRSTUVWXY'[int(date + number) % 31]}"


def _no(rng: random.Random) -> str:
    while True:
        year, month, day = _date(rng)
        body = f"{day:02d}{month:02d}{year % 100:02d}{rng.randint(0, 499):03d}"
        one = -sum(w * int(d) for w, d in zip((3, 7, 6, 1, 8, 9, 4, 5, 2), body, strict=True)) % 11
        two = -sum(w * int(d) for w, d in zip((5, 4, 3, 2, 7, 6, 5, 4, 3, 2), f"{body}{one}"[:10], strict=True)) % 11
        if one < 10 and two < 10:
            value = f"{body}{one}{two}"
            return rng.choice([value, _grouped(value, " ", 6)])


def _nl(rng: random.Random) -> str:
    while True:
        body = str(rng.randint(1, 3)) + _digits(rng, 7)
        check = sum(w * int(d) for w, d in zip(range(9, 1, -1), body, strict=True)) % 11
        if check < 10:
            return body + str(check)


def _be(rng: random.Random) -> str:
    year, month, day = _date(rng)
    body = f"{year % 100:02d}{month:02d}{day:02d}{rng.randint(1, 997):03d}"
    value = f"{body}{97 - int(body) % 97:02d}"
    return f"{value[:2]}.{value[2:4]}.{value[4:6]}-{value[6:9]}.{value[9:]}"


def _de(rng: random.Random) -> str:
    """Ten digits of which exactly one stands twice; check digit by ISO 7064 mod 11,10."""
    digits = rng.sample(_DIGITS, 9)
    digits.insert(rng.randrange(2, 9), digits[rng.randrange(9)])
    while digits[0] == "0":
        rng.shuffle(digits)
    product = 10
    for digit in digits:
        product = ((int(digit) + product) % 10 or 10) * 2 % 11
    value = "".join(digits) + str((11 - product) % 10)
    return rng.choice([value, _grouped(value, " ", 2, 3, 3)])


def _br(rng: random.Random) -> str:
    body = _digits(rng, 9)
    for _ in range(2):
        rest = -sum(w * int(d) for w, d in zip(range(len(body) + 1, 1, -1), body, strict=True)) % 11
        body += str(rest if rest < 10 else 0)
    return f"{body[:3]}.{body[3:6]}.{body[6:9]}-{body[9:]}"


def _mx(rng: random.Random) -> str:
    year, month, day = _date(rng)
    body = f"{rng.choice('GHLMPRS')}{rng.choice('AEIO')}{rng.choice('BCDFGT')}{rng.choice('LMNRS')}"
    body += f"{year % 100:02d}{month:02d}{day:02d}{rng.choice('HM')}{rng.choice(['DF', 'JC', 'NL', 'VZ'])}"
    body += "".join(rng.choices("BCDFGLMNRST", k=3)) + "0"
    signs = "0123456789ABCDEFGHIJKLMN&OPQRSTUVWXYZ"
    return body + str(-sum((18 - place) * signs.index(sign) for place, sign in enumerate(body)) % 10)


def _cl(rng: random.Random) -> str:
    body = str(rng.randint(5_000_000, 25_000_000))
    rest = -sum(int(d) * (2 + place % 6) for place, d in enumerate(reversed(body))) % 11
    return f"{int(body):,}".replace(",", ".") + "-" + "0123456789K"[rest]


_TURN = [[int(d) for d in row] for row in (
    "0123456789", "1234067895", "2340178956", "3401289567", "4012395678",
    "5987604321", "6598710432", "7659821043", "8765932104", "9876543210",
)]  # fmt: skip


def _in(rng: random.Random) -> str:
    """Twelve digits, the last by Verhoeff: the dihedral group D5, places turned by (1 5 8 9 4 2 7 0)(3 6)."""
    turns = [list(range(10)), [1, 5, 7, 6, 2, 8, 3, 0, 9, 4]]
    while len(turns) < 8:
        turns.append([turns[1][d] for d in turns[-1]])
    body = rng.choice("23456789") + _digits(rng, 10)
    state = 0
    for place, digit in enumerate(reversed(body), 1):
        state = _TURN[state][turns[place % 8][int(digit)]]
    value = body + str(_TURN[state].index(0))
    return rng.choice([value, _grouped(value, " ", 4, 4)])


def _cn(rng: random.Random) -> str:
    year, month, day = _date(rng)
    body = f"{rng.choice(['110101', '310104'])}{year}{month:02d}{day:02d}{rng.randint(1, 999):03d}"
    total = sum(int(d) * pow(2, 17 - place, 11) for place, d in enumerate(body))
    return body + "10X98765432"[total % 11]


def _kr(rng: random.Random) -> str:
    year, month, day = _date(rng)
    body = f"{year % 100:02d}{month:02d}{day:02d}{rng.choice('12')}{rng.randint(0, 90):02d}{_digits(rng, 3)}"
    total = sum(w * int(d) for w, d in zip((2, 3, 4, 5, 6, 7, 8, 9, 2, 3, 4, 5), body, strict=True))
    return f"{body[:6]}-{body[6:]}{(11 - total % 11) % 10}"


def _tr(rng: random.Random) -> str:
    d = [rng.randint(1, 9), *(rng.randrange(10) for _ in range(8))]
    d.append((7 * sum(d[0:9:2]) - sum(d[1:8:2])) % 10)
    return "".join(map(str, [*d, sum(d) % 10]))


def _za(rng: random.Random) -> str:
    year, month, day = _date(rng)
    body = f"{year % 100:02d}{month:02d}{day:02d}{_digits(rng, 4)}08"
    return body + _luhn(body)


def _ca(rng: random.Random) -> str:
    body = rng.choice("1234567") + _digits(rng, 7)
    return _grouped(body + _luhn(body), rng.choice(" -"), 3, 3)


_COUNTRIES: dict[str, Callable[[random.Random], str]] = {
    "US": _us, "GB": _gb, "FR": _fr, "IT": _it, "PL": _pl, "SE": _se, "FI": _fi, "NO": _no, "NL": _nl, "BE": _be,
    "DE": _de, "BR": _br, "MX": _mx, "CL": _cl, "IN": _in, "CN": _cn, "KR": _kr, "TR": _tr, "ZA": _za, "CA": _ca,
}  # fmt: skip


def national(which: str, rng: random.Random) -> str:
    return _es(which, rng) if which.startswith("ES") else _COUNTRIES[which](rng)


# ---- secrets: the shapes that their issuers document

_SECRETS: dict[str, tuple[str, str, int]] = {
    "aws": ("AKIA", _UPPER + "234567", 16), "github": ("ghp_", _ALNUM, 36), "github-fine": ("github_pat_", _ALNUM, 82),
    "gitlab": ("glpat-", _ALNUM + "_", 20), "stripe": ("sk_live_", _ALNUM, 24), "openai": ("sk-proj-", _ALNUM, 48),
    "google": ("AIza", _ALNUM + "-_", 35), "huggingface": ("hf_", string.ascii_letters, 34),
    "npm": ("npm_", _ALNUM, 36), "generic": ("", _LOWER + _DIGITS, 32),
    "digitalocean": ("dop_v1_", "0123456789abcdef", 64),
    "anthropic": ("sk-ant-api03-", _ALNUM + "-_", 93), "pypi": ("pypi-AgEIcHlwaS5vcmc", _ALNUM + "-_", 120),
    "aws-secret": ("", _ALNUM + "/+", 40), "password": ("", _ALNUM, 14),
}  # fmt: skip


def secret(which: str, rng: random.Random) -> str:
    def text(signs: str, count: int) -> str:
        return "".join(rng.choices(signs, k=count))

    if which in _SECRETS:
        prefix, signs, count = _SECRETS[which]
        ends = text(_ALNUM, 1) if which in ("google", "anthropic", "pypi", "gitlab") else ""
        return prefix + text(signs, count - len(ends)) + ends
    if which == "slack":
        return f"xoxb-{_digits(rng, 11)}-{_digits(rng, 12)}-{text(_ALNUM, 24)}"
    if which == "jwt":
        return f"eyJhbGciOiJIUzI1NiJ9.eyJ{text(_ALNUM, 40)}.{text(_ALNUM + '-_', 42)}A"
    if which == "sendgrid":
        return f"SG.{text(_ALNUM, 22)}.{text(_ALNUM, 43)}"
    if which == "telegram":
        return f"{_digits(rng, 9) if rng.random() < 0.5 else '7' + _digits(rng, 9)}:AA{text(_ALNUM + '-_', 32)}z"
    assert which == "pem", which
    kind = rng.choice(["RSA ", "EC ", ""])
    body = f"{text(_ALNUM + '+/', 64)}\n{text(_ALNUM, 40)}=="
    return f"-----BEGIN {kind}PRIVATE KEY-----\n{body}\n-----END {kind}PRIVATE KEY-----"


DRAW: dict[str, Callable[[str, random.Random], str]] = {
    "card": card, "iban": iban, "id": national, "secret": secret,
}  # fmt: skip
