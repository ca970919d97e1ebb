"""Answers held to a JSON schema, token by token (llguidance).

Promise: with a schema every token that is chosen can still lead to a JSON text that the schema allows, and the answer
may end only where one is complete. An answer that ``max_tokens`` cuts off is its beginning. Log-probabilities are told
as the model gave them, before anything was ruled out.

Not here: choosing among the allowed tokens (``sampling``), the schema of a data set's answers (``evaluate.form``).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from luthier.errors import LuthierError, UsageError

_REMEMBERED = 64
"""Schemas whose compiled form is kept."""


class Constraint:
    """What one answer may go on with. Made by :class:`Constraints`; belongs to one request."""

    def __init__(self, matcher: Any, vocabulary: int) -> None:
        self._matcher = matcher
        self._vocabulary = vocabulary
        self._bits = np.zeros((vocabulary + 31) // 32, dtype=np.int32)

    def allowed(self) -> Tensor:
        """Which tokens may come next, (V,) of bool."""
        self._matcher.unsafe_compute_mask_ptr(self._bits.ctypes.data, self._bits.nbytes)
        if self._matcher.is_error():
            raise LuthierError(
                "an answer cannot be held to its schema", why=str(self._matcher.get_error()).splitlines()[0],
                fix="a simpler schema: fewer alternatives, shorter patterns",
            )  # fmt: skip
        flags = np.unpackbits(self._bits.view(np.uint8), bitorder="little")[: self._vocabulary]
        return torch.from_numpy(flags.astype(bool))

    def take(self, token: int) -> None:
        """The token that was chosen."""
        self._matcher.consume_token(token)


class Constraints:
    """Makes the constraints of one model.

    Args:
        tokenizer: a fast transformers tokenizer.
        vocabulary: logits of the model.
        stop_ids: tokens that end an answer.
    """

    def __init__(self, tokenizer: Any, *, vocabulary: int, stop_ids: Iterable[int]) -> None:
        self._tokenizer, self._vocabulary, self._stop_ids = tokenizer, vocabulary, sorted(stop_ids)
        self._made: dict[str, Any] = {}

    def __call__(self, schema: Mapping[str, Any]) -> Constraint:
        """A new answer's constraint.

        Raises:
            UsageError: this is no JSON schema, or it asks for something that cannot be held.
            LuthierError: the tokenizer is not a fast one.
        """
        text = json.dumps(schema)  # the order of its properties counts
        matcher = self._made.get(text)
        if matcher is None:
            matcher = self._compiled(text)
            if len(self._made) >= _REMEMBERED:
                self._made.pop(next(iter(self._made)))
            self._made[text] = matcher
        return Constraint(matcher.deep_copy(), self._vocabulary)

    def _compiled(self, schema: str) -> Any:
        from llguidance import LLMatcher

        # keys are written as training answers have them: one blank behind commas and colons, no line breaks
        options: Any = {"whitespace_flexible": False, "item_separator": ", ", "key_separator": ": "}
        grammar = LLMatcher.grammar_from_json_schema(schema, overrides=options)
        matcher = LLMatcher(self._tokens, grammar)
        if matcher.is_error():
            raise UsageError(
                "answers cannot be held to this JSON schema", where="schema", why=matcher.get_error().splitlines()[0],
                fix="a JSON schema of types, properties, required, enum, items, patterns and limits",
            )  # fmt: skip
        return matcher

    @cached_property
    def _tokens(self) -> Any:
        from llguidance import hf

        try:
            return hf.from_tokenizer(self._tokenizer, n_vocab=self._vocabulary, eos_token=self._stop_ids)
        except ValueError as error:
            raise LuthierError(
                "answers of this model cannot be held to a schema", why=str(error), fix="ask without a schema"
            ) from error
