"""Text against text: exact match and ROUGE (Lin 2004).

Words are Unicode words (``luthier.text.words``, no stemming), so that no script scores 0 for not being Latin; on plain
ASCII text every figure equals ``rouge_score``'s without a stemmer. Two texts without words score 1 if they are equal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

from rapidfuzz.distance import LCSseq

from luthier.recipe.evaluate import ExactMetric, Rouge1Metric, Rouge2Metric, RougeLMetric, RougeLsumMetric
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
    """F1 of the longest common subsequence of words of the whole text, of the answer or of one field."""
    said = "words in common, in order"
    return of_field("rouge_l", "ROUGE-L", spec.field, lambda a, b: _told(*rouge_l_f1(a, b), said))


def rouge_1(spec: Rouge1Metric) -> Measure:
    """F1 of the words in common, however they are ordered."""
    return of_field("rouge_1", "ROUGE-1", spec.field, lambda a, b: _told(*rouge_n_f1(a, b, 1), "words in common"))


def rouge_2(spec: Rouge2Metric) -> Measure:
    """F1 of the pairs of neighbouring words in common."""
    return of_field("rouge_2", "ROUGE-2", spec.field, lambda a, b: _told(*rouge_n_f1(a, b, 2), "word pairs in common"))


def rouge_lsum(spec: RougeLsumMetric) -> Measure:
    """ROUGE-L line by line: of each line of the reference, the words that are in order in some line of the answer."""
    return of_field("rouge_lsum", "ROUGE-Lsum", spec.field, lambda a, b: _told(*rouge_lsum_f1(a, b), "words in common"))


def of_field(key: str, title: str, name: str | None, compare: Callable[[str, str], Score]) -> Measure:
    """A measure of two texts, each the whole answer or one field of a JSON answer."""

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
        return compare(reference, answer)

    return Measure(f"{key}({name})" if name else key, f"{title} of {name}" if name else title, one, binary=False)


def _told(value: float, common: int, what: str) -> Score:
    return Score(value, f"{common} {what}")


def rouge_n_f1(reference: str, answer: str, n: int) -> tuple[float, int]:
    """(F1 of runs of n words, how many are in common)."""
    want, got = _runs(words(reference), n), _runs(words(answer), n)
    if not want or not got:
        return float(not words(reference) and not words(answer) and reference.strip() == answer.strip()), 0
    common = sum((want & got).values())
    return _f1(common, want.total(), got.total()), common


def rouge_lsum_f1(reference: str, answer: str) -> tuple[float, int]:
    """(F1 of the union of longest common subsequences over lines, its size); a word counts once for each time that it
    stands in both texts."""
    want = [found for line in reference.split("\n") if (found := words(line))]
    got = [found for line in answer.split("\n") if (found := words(line))]
    if not want or not got:
        return float(not want and not got and reference.strip() == answer.strip()), 0
    left = {word: min(count, other) for word, count in _all(want).items() if (other := _all(got)[word])}
    common = 0
    for line in want:
        for at in sorted({at for other in got for at in _places(line, other)}):
            if left.get(line[at], 0) > 0:
                left[line[at]] -= 1
                common += 1
    return _f1(common, sum(map(len, want)), sum(map(len, got))), common


def _f1(common: int, want: int, got: int) -> float:
    """As ``rouge_score`` computes it, to the last bit."""
    precision, recall = common / got, common / want
    return 2 * precision * recall / (precision + recall) if common else 0.0


def _all(lines: Sequence[Sequence[str]]) -> Counter[str]:
    return Counter(word for line in lines for word in line)


def _runs(found: Sequence[str], n: int) -> Counter[tuple[str, ...]]:
    return Counter(tuple(found[at : at + n]) for at in range(len(found) - n + 1))


def _places(want: Sequence[str], got: Sequence[str]) -> list[int]:
    """Where the words of one longest common subsequence stand in ``want``: the one that ``rouge_score`` reads off its
    table from the end, stepping back in ``want`` where both ways are as good."""
    table = [[0] * (len(got) + 1) for _ in range(len(want) + 1)]
    for i, a in enumerate(want, start=1):
        row, above = table[i], table[i - 1]
        for j, b in enumerate(got, start=1):
            row[j] = above[j - 1] + 1 if a == b else max(above[j], row[j - 1])
    i, j, found = len(want), len(got), []
    while i and j:
        if want[i - 1] == got[j - 1]:
            found.append(i - 1)
            i, j = i - 1, j - 1
        elif table[i][j - 1] > table[i - 1][j]:
            j -= 1
        else:
            i -= 1
    return found[::-1]


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


