"""Many requests of which some may be more than the model can take: those get no answer, the others do."""

from __future__ import annotations

from collections.abc import Sequence

from luthier.engines.protocol import ContextOverflow, Engine, Request
from luthier.errors import LuthierError
from luthier.records import Completion

_ROW_REFUSED = {400, 413, 422}
"""HTTP answers that speak about the request itself."""


def refuses_request(error: LuthierError) -> bool:
    """Whether the trouble is one request's own (too long for the context), not the engine's."""
    return isinstance(error, ContextOverflow) or error.details.get("status") in _ROW_REFUSED


def ask(engine: Engine, requests: Sequence[Request]) -> list[Completion | None]:
    """The answers; None for a request that the model cannot take. Other trouble stops the run.

    Raises:
        LuthierError: the engine failed for another reason than one request.
    """
    if not requests:
        return []
    try:
        return list(engine.generate(requests))
    except LuthierError as error:
        if not refuses_request(error):
            raise
        if len(requests) == 1:
            return [None]
        middle = len(requests) // 2
        return [*ask(engine, requests[:middle]), *ask(engine, requests[middle:])]
