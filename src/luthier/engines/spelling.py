"""Texts and prompts as a loaded model's token ids, from any thread: what every engine of this process tells of them.

Not here: how a chat looks (``models.chat``).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from functools import cached_property
from typing import Any

from luthier.engines.protocol import Request


class Spelling:
    """The ids of ``loaded`` (what ``models.load.load`` gives). ``lock`` is held wherever its tokenizer works."""

    def __init__(self, loaded: Any) -> None:
        self._tokenizer, self._chat = loaded.tokenizer, loaded.chat
        self.lock = threading.Lock()

    @cached_property
    def start_id(self) -> int:
        """The token put in place of an empty context: beginning of text, else end of document, as in training."""
        bos = self._tokenizer.bos_token_id
        return int(bos if bos is not None else self._chat.document_end)

    @property
    def opening(self) -> tuple[int, ...]:
        """The beginning-of-text token, where the tokenizer puts one before a text."""
        with self.lock:
            ids = self._chat.text_ids("a")
        return (self.start_id,) if self._begins(ids) else ()

    def prompt_ids(self, request: Request) -> tuple[int, ...]:
        """The token ids that the model would see."""
        if request.token_ids:
            return tuple(request.token_ids)
        with self.lock:
            return tuple(self._chat.prompt_ids(request.messages, tools=request.tools))

    def encode(self, text: str) -> tuple[int, ...]:
        """Plain text as token ids: nothing added, and what looks like a control token stays text."""
        return self.encode_all([text])[0]

    def encode_all(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """:meth:`encode` of several, on all processors."""
        with self.lock:
            found = self._chat.texts_ids(texts)
        return [tuple(ids[1:] if self._begins(ids) else ids) for ids in found]

    def decode(self, ids: Sequence[int]) -> str:
        """Token ids as the text that an answer with these ids has."""
        with self.lock:
            return str(self._chat.decode(list(ids)))

    def _begins(self, ids: list[int]) -> bool:
        """Whether the tokenizer put its beginning-of-text token before these."""
        return ids[:1] == [self._tokenizer.bos_token_id]
