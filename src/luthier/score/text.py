"""Text against text: exact match and ROUGE-L."""

from __future__ import annotations

from rapidfuzz.distance import LCSseq

from luthier.recipe.evaluate import ExactMetric, RougeLMetric
from luthier.records import Score
from luthier.score.json import as_text, field_of, parse
from luthier.score.measure import Measure
from luthier.text.normal import words

_SHOWN = 40


def exact(spec: ExactMetric) -> Measure:
    """The whole answer equals the reference, outer white space ignored."""

    def one(reference: str, answer: str) -> Score:
        want, got = reference.strip(), answer.strip()
        if want == got:
            return Score(1.0, "equal")
        return Score(0.0, _difference(want, got))

    return Measure("exact", "exact match", one, binary=True)


def rouge_l(spec: RougeLMetric) -> Measure:
    """ROUGE-L F1 (Lin 2004) over Unicode words (``luthier.text.words``, no stemming), of the answer or of one field.

    On plain ASCII text it equals ``rouge_score``'s rougeL without a stemmer. Two empty texts score 1.
    """
    name = spec.field

    def one(reference: str, answer: str) -> Score:
        if name is not None:
            want = field_of(parse(reference), name)
            if want is None:
                return Score(None, f"the reference has no field {name}")
            parsed = parse(answer)
            got = field_of(parsed, name)
            if got is None:
                return Score(0.0, parsed.problem or f"{name}: missing")
            reference, answer = as_text(want.value), as_text(got.value)
        value, common = rouge_l_f1(reference, answer)
        return Score(value, f"{common} words in common, in order")

    key = f"rouge_l({name})" if name else "rouge_l"
    return Measure(key, f"ROUGE-L of {name}" if name else "ROUGE-L", one, binary=False)


def rouge_l_f1(reference: str, answer: str) -> tuple[float, int]:
    """(F1 of the longest common subsequence of words, its length)."""
    want, got = words(reference), words(answer)
    if not want or not got:
        return float(not want and not got and reference.strip() == answer.strip()), 0
    common = int(LCSseq.similarity(want, got))
    return 2 * common / (len(want) + len(got)), common


def _difference(want: str, got: str) -> str:
    if not got:
        return "empty answer"
    at = next((i for i, (a, b) in enumerate(zip(want, got, strict=False)) if a != b), min(len(want), len(got)))
    start = max(0, at - 8)
    asked, said = want[start : start + _SHOWN], got[start : start + _SHOWN]
    return f"differs at character {at + 1}: {asked!r} was asked, {said!r} said"


