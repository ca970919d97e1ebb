"""``luthier serve``: names to a deployment whose answers can be traced.

Keys are hashed before they reach the server; ids of answers are noted in the store, texts are not.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from luthier.pipeline.resolve import Opened, open_engines

if TYPE_CHECKING:
    from luthier.serve import Deployment
    from luthier.store import Store


def serve_models(
    store: Store, refs: Sequence[str], *, host: str, port: int, keys: Sequence[str], announce: Callable[[str], None]
) -> None:
    """Load the named models and serve them until a signal.

    Raises:
        LuthierError: an unknown name, or the port cannot be had.
    """
    from luthier.serve.run import serve

    with open_engines(store, refs) as opened:
        serve(deployment_of(store, opened, keys=keys), host, port, announce=announce)


def deployment_of(store: Store, opened: Sequence[Opened], *, keys: Sequence[str] = ()) -> Deployment:
    """What the server needs to know about opened models."""
    from luthier.serve import Deployment, ServedModel
    from luthier.serve.deployment import key_digest

    artifacts = {one.name: one.artifact for one in opened}
    bases = {id(one.engine): one.name for one in opened if one.adapter is None}

    def note(response_id: str, model: str) -> None:
        artifact = artifacts[model]
        if artifact is not None:
            store.note_response(response_id, artifact.id, model)

    models = tuple(
        ServedModel(
            one.name,
            one.engine,
            adapter=one.adapter,
            root=one.artifact.id if one.artifact else one.name,
            parent=bases.get(id(one.engine)) if one.adapter else None,
            lineage={"artifact": one.artifact.id} if one.artifact else {},
        )
        for one in opened
    )
    return Deployment(models, api_keys=tuple(key_digest(key) for key in keys), on_response=note)
