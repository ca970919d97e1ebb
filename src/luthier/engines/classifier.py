"""The engine of a classifier: its answer is the likeliest label, and a completion carries the probability of each.

A question is rendered as a prompt by ``models.chat``, the same code that rendered the training rows, and read once, in
batches; nothing is decoded, so ``max_tokens``, ``temperature`` and ``stop`` decide nothing. Tools and token ids are
read as any engine reads them.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from typing import Any

from luthier.engines.protocol import (
    Capability,
    ContextOverflow,
    EngineClosed,
    OnDone,
    Request,
    Unsupported,
    unknown_adapter,
)
from luthier.engines.spelling import Spelling
from luthier.models import head
from luthier.models.load import Loaded
from luthier.records import Completion, TokenScores
from luthier.stats.classes import shares

_AT_ONCE = 256
"""Questions between two looks at whether somebody cancelled."""


class ClassifierEngine:
    """Labels from ``loaded``. See :class:`luthier.engines.Engine` for the methods.

    Args:
        loaded: with a head (``load(…, makes="classifier")``, an adapter of a classifier on it or not).
        name: for people; left out, the source's.
        adapter: the digest of that adapter, where there is one.
    """

    def __init__(self, loaded: Loaded, name: str | None = None, adapter: str | None = None) -> None:
        self._loaded, self._name, self._adapter = loaded, name or loaded.source.name, adapter
        self.labels = loaded.labels
        text_config = loaded.model.config.get_text_config(decoder=True)
        self._context: int | None = getattr(text_config, "max_position_embeddings", None)
        self._spelling = Spelling(loaded)
        self._lock = threading.Lock()
        self._closed = False

    @property
    def name(self) -> str:
        return f"classifier {self._name}"

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset(("generate", "stream", "token_ids", "labels"))

    @property
    def context(self) -> int | None:
        return self._context

    @property
    def adapters(self) -> tuple[str, ...]:
        return ()

    @property
    def start_id(self) -> int:
        """The token put in place of an empty context."""
        return self._spelling.start_id

    @property
    def opening(self) -> tuple[int, ...]:
        """The beginning-of-text token, where the tokenizer puts one before a text."""
        return self._spelling.opening

    def fingerprint(self, adapter: str | None = None) -> dict[str, Any]:
        if adapter is not None:
            raise unknown_adapter(adapter, self.adapters)
        loaded = self._loaded
        return {
            "engine": "classifier", "weights": loaded.source.digest, "adapter": self._adapter,
            "dtype": str(loaded.dtype).removeprefix("torch."), "quantised": loaded.quantised,
            "device": loaded.device.type, "template": loaded.chat.digest, "labels": list(self.labels),
        }  # fmt: skip

    def prompt_ids(self, request: Request) -> tuple[int, ...]:
        return self._spelling.prompt_ids(request)

    def encode(self, text: str) -> tuple[int, ...]:
        return self._spelling.encode(text)

    def encode_all(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        return self._spelling.encode_all(texts)

    def decode(self, ids: Sequence[int]) -> str:
        return self._spelling.decode(ids)

    def generate(
        self, requests: Sequence[Request], on_done: OnDone | None = None, *, cancel: threading.Event | None = None
    ) -> list[Completion]:
        """The likeliest label of each, in the order asked. Raises ContextOverflow (naming the request) before any is
        answered."""
        with self._lock:
            if self._closed:
                raise EngineClosed("classifier")
            asked = [self._checked(r, f"request {i + 1} of {len(requests)}") for i, r in enumerate(requests)]
        made: list[Completion] = []
        for start in range(0, len(asked), _AT_ONCE):
            part = asked[start : start + _AT_ONCE]
            if cancel is not None and cancel.is_set():
                fresh = [Completion("", finish_reason="cancelled", prompt_tokens=len(ids)) for ids in part]
            else:
                fresh = self._read(part)
            for completion in fresh:
                made.append(completion)
                if on_done is not None:
                    on_done(len(made) - 1, completion)
        return made

    def stream(self, request: Request, *, cancel: threading.Event | None = None) -> Iterator[str | Completion]:
        """The label in one piece, then the Completion."""
        (completion,) = self.generate([request], cancel=cancel)
        return iter([completion.text, completion] if completion.text else [completion])

    def loglikelihood(
        self, items: Sequence[tuple[Sequence[int], Sequence[int]]], *, adapter: str | None = None
    ) -> list[TokenScores]:
        raise Unsupported("classifier", "log-likelihoods of text: it gives labels their probabilities")

    def close(self) -> None:
        self._closed = True

    def _read(self, texts: Sequence[tuple[int, ...]]) -> list[Completion]:
        began = time.perf_counter()
        with self._lock:
            found = head.logits(self._loaded, texts)
        seconds = (time.perf_counter() - began) / max(1, len(texts))
        made = []
        for ids, values in zip(texts, found, strict=True):
            labels = shares(dict(zip(self.labels, values, strict=True)))
            best = max(labels, key=labels.__getitem__)
            made.append(Completion(best, prompt_tokens=len(ids), seconds=seconds, labels=labels))
        return made

    def _checked(self, request: Request, where: str) -> tuple[int, ...]:
        if request.adapter is not None:
            raise unknown_adapter(request.adapter, self.adapters)
        ids = self._spelling.prompt_ids(request)
        if self._context is not None and len(ids) > self._context:
            raise ContextOverflow(len(ids), self._context, where=where)
        return ids
