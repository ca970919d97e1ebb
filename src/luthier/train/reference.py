"""The model as it stood before step 1, from the same weights: what is trained is kept once and put back for a while.

Whatever the model began as (a base with a fresh adapter, an adapter that is trained further, PiSSA, all weights), that
is the reference; there is no second model. Adapters are small; of full tuning it is a second copy of the weights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from luthier.train.optimiser import trainable


class Start:
    """The trained tensors of now."""

    def __init__(self, model: nn.Module) -> None:
        self._places = trainable(model)
        self._first = {name: p.detach().clone() for name, p in self._places.items()}

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """The model is as it was; afterwards it is as it is."""
        present = {name: p.detach().clone() for name, p in self._places.items()}
        self.put_back()
        try:
            yield
        finally:
            self._put(present)

    def put_back(self) -> None:
        """The model is as it was, and stays so."""
        self._put(self._first)

    def _put(self, tensors: Mapping[str, Tensor]) -> None:
        with torch.no_grad():
            for name, p in self._places.items():
                p.copy_(tensors[name])
