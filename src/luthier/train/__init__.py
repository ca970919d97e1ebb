"""Training: a plan frozen before step 1, batches, one loop, exact checkpoints.

``plan.derive`` does arithmetic only (no torch); ``sft.run`` learns from answers, ``preference.run`` from which of two
is better, ``reward.run`` to score answers so, and all leave the best weights on the model. The same plan, library
versions and kind of machine give the same bits on a CPU, also when the run was killed in between. Loading models and
writing artifacts is not done here.

``luthier.train(model, rows)`` is the Python API's verb, which has the name of this room: :func:`luthier.fine_tune`.
"""

import sys
from types import ModuleType
from typing import Any

import luthier


class _Room(ModuleType):
    """A room that can be called by the name that users know."""

    def __call__(self, *args: Any, **keys: Any) -> Any:
        return luthier.fine_tune(*args, **keys)


sys.modules[__name__].__class__ = _Room
