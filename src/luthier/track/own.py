"""A tracker of the user's own: ``./tracker.py:open_sink``."""

from __future__ import annotations

from typing import cast

from luthier.recipe import OwnTracker
from luthier.registry import load_user_function
from luthier.track.sink import Sink, Subject


def open_sink(spec: OwnTracker, subject: Subject) -> Sink:
    """The sink that the user's function gives."""
    return cast(Sink, load_user_function(spec.function, base=subject.base).function(spec, subject))
