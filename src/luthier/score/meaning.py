"""Text against text by meaning, as an encoder of yours sees it: cosine of whole texts, BERTScore of their tokens.

The encoder runs here, on this machine; it is loaded when the first answer is scored. What such a figure is worth is
what the encoder is worth: unrelated sentences score far above 0 with most of them, so compare systems, not levels.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path

from luthier.models.vectors import TokenVectors, VectorModel, cosine, greedy_f1
from luthier.recipe.evaluate import BertScoreMetric, EmbeddingMetric
from luthier.records import Score
from luthier.score.measure import Measure


def embedding(spec: EmbeddingMetric) -> Measure:
    """Cosine of the mean vectors; a negative one counts as 0."""
    name = Path(spec.encoder).name
    compare = _by(spec.encoder, None, lambda a, b: cosine(a.mean, b.mean) if len(a.vectors) and len(b.vectors) else 0.0)
    note = f"{name}, mean of tokens"
    return Measure(f"embedding({name})", "similarity of meaning", compare, binary=False, slow=True, note=note)


def bert_score(spec: BertScoreMetric) -> Measure:
    """F1 of greedy matches, as ``bert-score`` computes it without idf."""
    name = Path(spec.encoder).name
    layer = "last layer" if spec.layer is None else f"layer {spec.layer}"
    compare = _by(spec.encoder, spec.layer, greedy_f1)
    key = f"bert_score({name})" if spec.layer is None else f"bert_score({name}, {spec.layer})"
    return Measure(key, "BERTScore", compare, binary=False, slow=True, note=f"{name}, {layer}, no idf, not rescaled")


def _by(
    encoder: str, layer: int | None, compare: Callable[[TokenVectors, TokenVectors], float]
) -> Callable[[str, str], Score]:  # fmt: skip
    def one(reference: str, answer: str) -> Score:
        model = _loaded(encoder, layer)
        value = compare(model.of(reference), model.of(answer))
        return Score(min(1.0, max(0.0, value)), f"similarity {value:.3f}")

    return one


@cache
def _loaded(encoder: str, layer: int | None) -> VectorModel:
    from luthier.models.source import resolve

    return VectorModel(resolve(encoder), layer)
