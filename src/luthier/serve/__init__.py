"""Serving: an OpenAI-compatible API over engines. ``deployment`` says what, ``app`` answers, ``run`` listens.

It loads no models and knows no store: whoever wires it hands in engines and a callback that notes response ids.
"""

from luthier.serve.deployment import Deployment, ServedModel

__all__ = ["Deployment", "ServedModel"]
