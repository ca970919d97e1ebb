"""One base for many trainings: loaded once, lent to each, and the same bits afterwards."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from luthier.models.adapters import Prepared, prepare
from luthier.models.load import Loaded
from luthier.recipe.train import LoraTuning, Tuning


class SharedBase:
    """A base that is prepared for one training after the other.

    Adapters stand beside the base's weights and are taken off again. What changes the weights themselves (full tuning,
    PiSSA) or puts trained modules in their place gets a copy from the files instead, so that the next training begins
    at the base again.

    Args:
        load: reads the base from its files.
    """

    def __init__(self, load: Callable[[], Loaded]) -> None:
        self._load = load
        self._loaded: Loaded | None = None
        self.loads = 0

    @property
    def loaded(self) -> Loaded:
        """The base itself, without an adapter."""
        if self._loaded is None:
            self._loaded = self._read()
        return self._loaded

    @contextmanager
    def lend(self, tuning: Tuning, seed: int) -> Iterator[Prepared]:
        """The base, ready for training as ``tuning`` says; what was trained is gone afterwards."""
        if not isinstance(tuning, LoraTuning) or tuning.init == "pissa" or tuning.modules_to_save:
            yield prepare(self._read(), tuning, seed)
            return
        prepared = prepare(self.loaded, tuning, seed)
        try:
            yield prepared
        finally:
            prepared.model.unload()
            self.loaded.model.eval().requires_grad_(False)

    def _read(self) -> Loaded:
        self.loads += 1
        return self._load()
