"""BLEU and chrF, by sacrebleu (extra ``metrics``): its counts, its formulas, its signature.

The number is that of all answers together. What is kept of each item are sacrebleu's own counts, so a bootstrap adds
them up by weight and puts the sums into the same formula; an item's score, for reading, is its sentence's.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from luthier.errors import MissingExtra
from luthier.recipe.evaluate import BleuMetric, ChrfMetric
from luthier.records import Score
from luthier.score.measure import Measure, Scored, Statistic


def bleu(spec: BleuMetric) -> Measure:
    """Corpus BLEU (Papineni et al. 2002), 0..100; single items with effective order."""
    metrics = _metrics()
    corpus = metrics.BLEU(tokenize=spec.tokenize)
    sentence = metrics.BLEU(tokenize=spec.tokenize, effective_order=True)
    key = "bleu" if spec.tokenize == "13a" else f"bleu({spec.tokenize})"
    return _measure(key, "BLEU", corpus, sentence)


def chrf(spec: ChrfMetric) -> Measure:
    """Corpus chrF (Popović 2015, 2017), 0..100; with words it is chrF++."""
    metric = _metrics().CHRF(word_order=spec.word_order)
    key = "chrf" if spec.word_order == 2 else f"chrf({spec.word_order})"
    return _measure(key, "chrF" + "+" * min(2, spec.word_order), metric, metric)


def _measure(key: str, title: str, corpus: Any, sentence: Any) -> Measure:
    def one(reference: str, answer: str) -> Score:
        found = sentence.sentence_score(answer, [reference])
        return Score(float(found.score) / 100, f"{found.score:.1f} as a sentence")

    def whole(rows: Sequence[Scored]) -> Statistic:
        counts = _counts(corpus, rows)
        return lambda w: np.array([_score(corpus, total) for total in w @ counts])

    _counts(corpus, [Scored("a", "a", Score(1.0))])  # the number of references belongs to the signature
    return Measure(key, title, one, binary=False, whole=whole, note=str(corpus.get_signature()))


def _counts(metric: Any, rows: Sequence[Scored]) -> np.ndarray:
    """sacrebleu's counts of each item: (n, k)."""
    found = metric._extract_corpus_statistics([r.answer for r in rows], [[r.reference for r in rows]])
    return np.array(found, dtype=float)


def _score(metric: Any, total: np.ndarray) -> float:
    """sacrebleu's formula on sums of counts, as a share."""
    return float(metric._compute_score_from_stats([int(x) for x in total]).score) / 100


@cache
def _metrics() -> Any:
    try:
        from sacrebleu import metrics
    except ImportError:
        raise MissingExtra("sacrebleu", extra="metrics", task="BLEU or chrF") from None
    return metrics
