"""How much of a held-out item training text already holds: the share of its word 8-grams seen in training.

Words are runs of letters or of digits, lower-cased. An item shorter than eight words counts as one gram of its own
length and is looked for among training grams of that length. The training side is a large seeded sample; its grams
are kept as sorted 64-bit hashes.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

import numpy as np

from tools.nano import mixture

GRAM = 8
MOST = 0.5
"""An item above this coverage is no held-out item (PRECISION: at most half)."""
WORDS = re.compile(r"[^\W\d_]+|\d+")


def grams(text: str) -> list[int]:
    """Hashes of the text's word 8-grams; a text under eight words gives its one shorter gram."""
    words = WORDS.findall(text.lower())
    if len(words) < GRAM:
        return [fingerprint(" ".join(words))] if words else []
    return [fingerprint(" ".join(words[i : i + GRAM])) for i in range(len(words) - GRAM + 1)]


def fingerprint(text: str) -> int:
    """64 bits of the text; stable between processes, unlike hash() of a str."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big")


class Seen:
    """The grams of a set of texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        parts = [np.array(grams(text), dtype=np.uint64) for text in texts]
        self.hashes = np.unique(np.concatenate(parts)) if parts else np.array([], dtype=np.uint64)

    def coverage(self, text: str) -> float:
        """Share of the text's grams that the set holds, 0 to 1."""
        own = np.array(grams(text), dtype=np.uint64)
        if not len(own) or not len(self.hashes):
            return 0.0
        at = np.searchsorted(self.hashes, own).clip(max=len(self.hashes) - 1)
        return float((self.hashes[at] == own).mean())


def training_texts(seed: int, samples: int, chunk_samples: int) -> Iterable[str]:
    """`samples` samples of a training run, as text, from behind the copying drills on."""
    first = -(-mixture.LESSONS // chunk_samples)
    for index in range(first, first + -(-samples // chunk_samples)):
        for sample in mixture.chunk(seed, index, chunk_samples):
            yield sample if isinstance(sample, str) else sample.text()
