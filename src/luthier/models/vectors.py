"""Texts as vectors by a local encoder: one for each token, and their mean.

Any architecture that transformers' ``AutoModel`` loads: a BERT made for similarity, or the body of a causal model. The
vector of a token is the hidden state behind a layer; a text longer than the encoder's context is cut at its end.
Nothing is trained, and nothing is fetched that ``source.resolve`` does not fetch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from luthier.errors import LuthierError
from luthier.models.load import from_files, load_tokenizer, pick_device
from luthier.models.source import ModelSource

_REMEMBERED = 4096
"""Texts whose vectors are kept: references come again with every system."""


@dataclass(frozen=True)
class TokenVectors:
    """One text: ``vectors`` (tokens, width) and which of them are ordinary tokens, not marks of begin and end."""

    vectors: np.ndarray
    ordinary: np.ndarray

    @property
    def mean(self) -> np.ndarray:
        """The mean over all tokens, marks included, as encoders for similarity are trained: (width,)."""
        return np.asarray(self.vectors.mean(axis=0))


class VectorModel:
    """A loaded encoder.

    Args:
        source: from ``source.resolve``.
        layer: the layer whose output is taken, counted from 1; None is the last.

    Raises:
        LuthierError: an architecture this version does not know, damaged files, not enough memory, no such layer.
    """

    def __init__(self, source: ModelSource, layer: int | None = None, device: str | None = None) -> None:
        from transformers import AutoModel

        self._device = pick_device(device)
        self._tokenizer = load_tokenizer(source)
        options = {"use_safetensors": True, "local_files_only": True, "trust_remote_code": source.remote_code}
        self._model: Any = from_files(AutoModel, source, {**options, "attn_implementation": "sdpa"})
        self._model.to(self._device).eval().requires_grad_(False)
        layers = int(self._model.config.num_hidden_layers)
        self.layer = layers if layer is None else layer
        if not 1 <= self.layer <= layers:
            raise LuthierError(
                f"{source.name} has no layer {self.layer}", where="evaluate", why=f"it has {layers}",
                fix=f"layer: 1 to {layers}",
            )  # fmt: skip
        self._longest = min(
            int(getattr(self._model.config, "max_position_embeddings", 0) or 1 << 20),
            int(self._tokenizer.model_max_length),
        )
        self.of = lru_cache(maxsize=_REMEMBERED)(self._of)

    def _of(self, text: str) -> TokenVectors:
        """The vectors of one text."""
        import torch

        found = self._tokenizer(
            text, truncation=True, max_length=self._longest, return_tensors="pt", return_special_tokens_mask=True
        )
        marks = found.pop("special_tokens_mask")[0].numpy().astype(bool)
        if not len(marks):
            return TokenVectors(np.zeros((0, int(self._model.config.hidden_size))), np.zeros(0, dtype=bool))
        inputs = {name: value.to(self._device) for name, value in found.items()}
        with torch.inference_mode():
            states = self._model(**inputs, output_hidden_states=True).hidden_states
        return TokenVectors(states[self.layer][0].float().cpu().numpy().astype(float), ~marks)


def cosine(a: np.ndarray, b: np.ndarray) -> float:
    """Of two vectors; 0 where one has no length."""
    size = float(np.linalg.norm(a) * np.linalg.norm(b))
    return float(a @ b) / size if size else 0.0


def greedy_f1(reference: TokenVectors, answer: TokenVectors) -> float:
    """BERTScore's F1 (Zhang et al. 2020), without idf and without rescaling: each token is matched with the most
    similar one of the other text; marks of begin and end may be matched, but are no tokens to match."""
    if not reference.ordinary.any() or not answer.ordinary.any():
        return 0.0
    a, b = _unit(reference.vectors), _unit(answer.vectors)
    near = b @ a.T
    precision = float(near.max(axis=1)[answer.ordinary].mean())
    recall = float(near.max(axis=0)[reference.ordinary].mean())
    return 2 * precision * recall / (precision + recall) if precision + recall > 0 else 0.0


def _unit(vectors: np.ndarray) -> np.ndarray:
    sizes = np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.asarray(vectors / np.maximum(sizes, 1e-12))
