"""National numbers of persons, checked by the rules of their countries.

Known: Belgium, Brazil, Canada, Chile, China, Finland, France, Germany (tax), India, Italy, Mexico, the Netherlands,
Norway, Poland, South Africa, South Korea, Spain (DNI, NIE), Sweden, Turkey, the United Kingdom (NHS) and the United
States. A number whose look is its own counts wherever it passes its check; one that is a mere run of digits counts only
where the words before it name it, since one in ten such runs passes a check by chance.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from stdnum.be import nn
from stdnum.br import cpf
from stdnum.ca import sin
from stdnum.cl import rut
from stdnum.cn import ric
from stdnum.de import idnr
from stdnum.es import dni, nie
from stdnum.fi import hetu
from stdnum.fr import nir
from stdnum.gb import nhs
from stdnum.in_ import aadhaar
from stdnum.it import codicefiscale
from stdnum.kr import rrn
from stdnum.mx import curp
from stdnum.nl import bsn
from stdnum.no import fodselsnummer
from stdnum.pl import pesel
from stdnum.se import personnummer
from stdnum.tr import tckimlik
from stdnum.us import ssn
from stdnum.za import idnr as za_idnr

from luthier.text.classes import AnyCase, within

CONTEXT = 48
"""Characters before a number in which words may name it."""
Valid = Callable[[str], bool]


@dataclass(frozen=True)
class _Look:
    """A number with a look of its own: ``gates`` are the classes of signs (see ``classes``) of which one must stand."""

    gates: tuple[bytes, ...]
    expression: re.Pattern[str]
    valid: Valid


def _look(gates: str, expression: str, valid: Valid) -> _Look:
    bounded = re.compile(rf"(?<![\w./-])(?<!\d,)(?:{expression})(?![\w]|[.,-]\d)")
    return _Look(tuple(gate.encode() for gate in gates.split(",")), bounded, valid)


_LOOKS = (
    _look("000-00-0000", r"\d{3}-\d{2}-\d{4}", ssn.is_valid),
    _look("A0000000,A-0000000", r"[XYZ]-?\d{7}-?[A-Z]", nie.is_valid),
    _look("00000000A,00000000-A", r"\d{8}-?[A-Z]", dni.is_valid),
    _look("AAAAAA00A00A000A", r"[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]", codicefiscale.is_valid),
    _look("AAAA000000AAAAAA", r"[A-Z]{4}\d{6}[HM][A-Z]{5}[A-Z0-9]\d", curp.is_valid),
    _look("000000-000,000000+000,000000A000", r"\d{6}[-+A-FU-Y]\d{3}[0-9A-Y]", hetu.is_valid),
    _look("000.000.000-00", r"\d{3}\.\d{3}\.\d{3}-\d{2}", cpf.is_valid),
    _look(".000.000-", r"\d{1,2}\.\d{3}\.\d{3}-[\dKk]", rut.is_valid),
    _look("000000-0000000", r"\d{6}-\d{7}", rrn.is_valid),
    _look("000000-0000,000000+0000", r"(?:19|20)?\d{6}[-+]\d{4}", personnummer.is_valid),
    _look("00.00.00-000.00", r"\d{2}\.\d{2}\.\d{2}-\d{3}\.\d{2}", nn.is_valid),
    _look("00000000000000000", r"[1-8]\d{16}[\dXx]", ric.is_valid),
    _look("000000000000000", r"[12]\d{14}", nir.is_valid),
    _look("0 00 00 ", r"[12] \d{2} \d{2} (?:\d{2}|2[AB]) \d{3} \d{3} \d{2}", nir.is_valid),
)
_LONGEST = max(len(gate) for look in _LOOKS for gate in look.gates)
_FEW = tuple(look for look in _LOOKS if look.valid in (codicefiscale.is_valid, curp.is_valid, hetu.is_valid))
"""Those that need no seven digits together."""


@dataclass(frozen=True)
class _Named:
    """A run of ``digits`` digits that counts behind one of its ``words``."""

    digits: int
    words: str
    valid: Valid

    @cached_property
    def expression(self) -> AnyCase:
        """The expression of its words."""
        return AnyCase(self.words)


_NAMED = (
    _Named(9, r"bsn|burger ?service ?num|sofinum", bsn.is_valid),
    _Named(9, r"\bsin\b|social insurance|assurance sociale|\bnas\b", sin.is_valid),
    _Named(9, r"\bssn\b|social security", ssn.is_valid),
    _Named(10, r"\bnhs\b", nhs.is_valid),
    _Named(10, r"personn?nummer|personnr", personnummer.is_valid),
    _Named(11, r"pesel", pesel.is_valid),
    _Named(11, r"steuer|\bid-?nr\b|tax id|\btin\b", idnr.is_valid),
    _Named(11, r"f[øo]dselsn|personnummer|\bfnr\b|norwegian id", fodselsnummer.is_valid),
    _Named(11, r"kimlik|\btckn\b|turkish id", tckimlik.is_valid),
    _Named(11, r"rijksregister|\bniss\b|num[ée]ro national|registre national|belgian national", nn.is_valid),
    _Named(11, r"\bcpf\b", cpf.is_valid),
    _Named(12, r"aadh?aa?r", aadhaar.is_valid),
    _Named(13, r"\b(?:sa|rsa) id|south african id|identity (?:number|no)|\bid (?:number|no)", za_idnr.is_valid),
)
_RUN = re.compile(r"(?<![\w./-])(?<!\d,)\d(?:[ .-]?\d){8,12}(?![\w]|[.,-]\d)")


def find(text: str, signs: bytes, places: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Start and end of each number. ``signs`` are the text's classes, ``places`` their clusters of digits."""
    signs = signs[max(0, signs.find(b"0") - _LONGEST) : signs.rfind(b"0") + _LONGEST]  # every gate has a digit
    for look in _LOOKS if places else _FEW:
        for gate in look.gates:
            if gate in signs:
                yield from (match.span() for match in look.expression.finditer(text) if look.valid(match.group()))
                break
    for match in within(_RUN, text, places):
        if _is_named(match.group(), text[max(0, match.start() - CONTEXT) : match.start()]):
            yield match.span()


def may_hold(signs: bytes) -> bool:
    """Whether a text of these classes, without seven digits together, can hold a number."""
    return b"000" in signs and any(gate in signs for look in _FEW for gate in look.gates)


def passes(value: str) -> bool:
    """Whether a text passes the check of any country here: what a made-up number must not do."""
    return any(known.valid(value) for known in (*_LOOKS, *_NAMED))


def _is_named(value: str, before: str) -> bool:
    digits = re.sub(r"\D", "", value)
    return any(
        len(digits) == named.digits and named.expression.found_in(before) and named.valid(digits)
        for named in _NAMED
    )
