"""Numeric answers: is the number that an answer ends with the right one?

What counts is, in this order: the number behind ``####`` (GSM8K), in the last ``\\boxed{…}``, else the last number of
the text. Thousands separators, currency and percent signs are passed over, ``3/4`` is a number, ``-`` is a sign only
where no number or word stands before it. Numbers are compared as exact fractions: 0.1 equals 1/10 and 1,000 equals
1000.00.
"""

from __future__ import annotations

import re
from fractions import Fraction

from luthier.recipe.evaluate import NumberMetric
from luthier.records import Score
from luthier.score.measure import Measure

_NUMBER = re.compile(
    r"(?<![\w.])[-−]?(?:[$€£]\s?)?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:/\d+)?|(?<![\w.])[-−]?\.\d+|"
    r"(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?"
)
_BOXED = re.compile(r"\\boxed\s*\{([^{}]*(?:\{[^{}]*\}[^{}]*)*)\}")
_FRACTION = re.compile(r"\\[dt]?frac\s*\{\s*(-?\d+)\s*\}\s*\{\s*(\d+)\s*\}")
_LONGEST = 64
"""Digits of a number; a longer run of digits is none."""


def number(spec: NumberMetric) -> Measure:
    """1 where the numbers agree within the tolerance."""

    def one(reference: str, answer: str) -> Score:
        want = final_number(reference)
        if want is None:
            return Score(None, "the reference holds no number")
        got = final_number(answer)
        if got is None:
            return Score(0.0, "the answer holds no number")
        right = abs(got - want) <= Fraction(spec.tolerance) * abs(want)
        return Score(float(right), "right" if right else f"{_spell(want)} was asked, {_spell(got)} said")

    key = f"number({spec.tolerance:g})" if spec.tolerance else "number"
    return Measure(key, "number right", one, binary=True)


def final_number(text: str) -> Fraction | None:
    """The number that a text ends with, None if it holds none."""
    if "####" in text:
        first = _numbers(text.rsplit("####", 1)[1])
        return first[0] if first else None
    boxed = _BOXED.findall(text)
    found = _numbers(boxed[-1]) if boxed else _numbers(text)
    return found[-1] if found else None


def _numbers(text: str) -> list[Fraction]:
    text = _FRACTION.sub(r" \1/\2 ", text)
    found = (_fraction(piece[0]) for piece in _NUMBER.finditer(text))
    return [number for number in found if number is not None]


def _fraction(piece: str) -> Fraction | None:
    plain = re.sub(r"[,$€£\s]", "", piece).replace("−", "-")
    above, _, below = plain.partition("/")
    if len(plain) > _LONGEST or (below and not int(below)):
        return None
    return Fraction(above) / (int(below) if below else 1)


def _spell(found: Fraction) -> str:
    return str(found) if found.denominator == 1 else f"{float(found):.6g}"
