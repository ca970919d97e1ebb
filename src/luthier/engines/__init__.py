"""Engines: one protocol, several ways to run a model. Evaluation, chat, predict and serve all go through it.

``embedded`` runs the model in this process, ``remote`` speaks to an OpenAI-compatible server, ``scripted`` answers from
a mapping. Importing this package imports no torch; importing ``luthier.engines.embedded`` does.
"""

from luthier.engines.protocol import (
    Capability,
    ContextOverflow,
    EmbeddingEngine,
    Engine,
    Request,
    TokenEngine,
    Unsupported,
)

__all__ = ["Capability", "ContextOverflow", "EmbeddingEngine", "Engine", "Request", "TokenEngine", "Unsupported"]
