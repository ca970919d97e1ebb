"""``luthier compare``: what differs between two runs, or two artifacts of one kind."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.store import Artifact, Run
from luthier.store.run import leaves

if TYPE_CHECKING:
    from luthier.store import Store


def compare_two(store: Store, first: str, second: str) -> dict[str, Any]:
    """Differences as rows of key, a, b.

    Raises:
        LuthierError: unknown names, or things of different kinds.
    """
    a, b = store.resolve(first), store.resolve(second)
    if isinstance(a, Run) and isinstance(b, Run):
        kind, left, right = "run", _run(a), _run(b)
    elif isinstance(a, Artifact) and isinstance(b, Artifact) and a.kind == b.kind:
        kind, left, right = a.kind, _artifact(a), _artifact(b)
    else:
        raise LuthierError(
            "these two are not of one kind",
            where=f"{first}, {second}",
            fix="name two runs, or two artifacts of one kind",
        )
    keys = sorted({*left, *right})
    rows = [
        {"key": key, "a": left.get(key, "–"), "b": right.get(key, "–")}
        for key in keys
        if left.get(key) != right.get(key)
    ]
    return {"kind": kind, "a": a.id, "b": b.id, "differences": rows}


def _run(run: Run) -> dict[str, Any]:
    shown = {
        "recipe": run.recipe,
        "environment": run.environment,
        "made": {k: " ".join(v) for k, v in run.made.items()},
        "facts": run.facts,
    }
    return dict(_flat(shown))


def _artifact(artifact: Artifact) -> dict[str, Any]:
    return dict(_flat({"meta": artifact.meta, "parents": list(artifact.parents), "digest": artifact.digest}))


def _flat(value: Any) -> Iterator[tuple[str, Any]]:
    for key, found in leaves(value):
        yield key, ", ".join(map(str, found)) if isinstance(found, list | tuple) else found
