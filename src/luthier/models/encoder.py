"""Rendered text to token ids, with the control tokens that a template wrote and without those that a person typed.

Promise: the ids are those of the tokenizer on the whole text, nothing added at either end; many texts at once are
encoded on all processors. What the beginning of a text is in ids is told from the ids of the whole text where control
tokens prove it, so that a prompt needs no second encoding beside its row.

Not here: what a chat looks like as text (``chat``, ``template``).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from typing import Any

_BREAK = "\uf8f0"
"""Private-use mark that breaks a control token inside a message; it never reaches the tokenizer."""
_REMEMBERED = 1000
"""Short texts behind a control token (headers, line breaks) whose ids are kept."""
_SHORT = 64
_PART = 128
"""Texts that a thread encodes at a time."""


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Encoder:
    """One tokenizer's way from text to ids.

    Args:
        tokenizer: a transformers tokenizer.
        special: its control tokens, by id.
    """

    def __init__(self, tokenizer: Any, special: dict[int, str]) -> None:
        self._tokenizer = tokenizer
        self._special = special
        self._ids_of = {text: number for number, text in special.items()}
        breakable = sorted((text for text in special.values() if len(text) > 1), key=len, reverse=True)
        self._control = re.compile("|".join(map(re.escape, breakable)) or "(?!)")
        self._backend: Any = getattr(tokenizer, "backend_tokenizer", None)
        self._behind: dict[str, list[int]] = {}

    # ---- control tokens in the text of messages

    def broken(self, text: str) -> str:
        """The text with its control tokens marked, so that they are encoded as the plain text that they are."""
        if _BREAK in text:
            text = text.replace(_BREAK, "")
        if self._control.search(text) is None:
            return text
        return self._control.sub(lambda m: f"{m[0][0]}{_BREAK}{m[0][1:]}", text)

    @staticmethod
    def shown(text: str) -> str:
        """The same without the marks, for people to read."""
        return text.replace(_BREAK, "")

    # ---- text to ids

    def ids(self, text: str) -> list[int]:
        """Ids of a whole text."""
        if _BREAK not in text:
            return self._plain(text)
        first, *rest = text.split(_BREAK)
        return self._plain(first) + [i for piece in rest for i in self.ids_behind(piece)]

    def ids_of(self, texts: Sequence[str], *, opened: bool = False) -> list[list[int]]:
        """Ids of several whole texts; ``opened``: with what the tokenizer puts at the ends of a text by itself (of one
        in which control tokens are marked: the beginning-of-text token alone)."""
        if self._backend is None:
            return [self._ended(text) if opened else self.ids(text) for text in texts]
        plain = [text for text in texts if _BREAK not in text]
        found = self._together(plain, opened)
        if len(plain) == len(texts):
            return found
        left = iter(found)
        alone = self._ended if opened else self.ids
        return [alone(text) if _BREAK in text else next(left) for text in texts]

    def _together(self, texts: list[str], opened: bool) -> list[list[int]]:
        """Ids of many texts. By threads of our own: those of tokenizers are off, since they do not outlive a fork."""
        self._whole()

        def ids_of(part: list[str]) -> list[list[int]]:
            return [found.ids for found in self._backend.encode_batch_fast(part, add_special_tokens=opened)]

        if len(texts) <= _PART:
            return ids_of(texts)
        parts = [texts[first : first + _PART] for first in range(0, len(texts), _PART)]
        with ThreadPoolExecutor(min(processors(), len(parts)), "luthier-encode") as pool:
            return [ids for part in pool.map(ids_of, parts) for ids in part]

    def _ended(self, text: str) -> list[int]:
        if _BREAK not in text:
            return list(self._tokenizer.encode(text, add_special_tokens=True))
        start = self._tokenizer.bos_token_id
        begins = start is not None and self._tokenizer.encode("a", add_special_tokens=True)[:1] == [start]
        return [start] * begins + self.ids(text)

    def ids_behind(self, text: str) -> list[int]:
        """Text that follows other text: what some tokenizers put at the very beginning is not put here."""
        if not text:
            return []
        if self._anchor is not None:
            ids = self._plain(self._special[self._anchor] + text)
            if ids[:1] == [self._anchor]:
                return ids[1:]
        return self._plain(text)

    def beginning(self, part: str, whole: str, ids: list[int]) -> list[int]:
        """Ids of a text with which another one, whose ids are given, begins.

        A tokenizer cuts text at control tokens before it does anything else, so up to the last one in ``part`` both
        have the same ids; what stands behind it is short and encoded apart, as it must be: in the whole text a token
        may reach across its end. Where the cut is not certain, ``part`` is encoded.
        """
        found = self._up_to_last(part, whole, ids)
        return self.ids(part) if found is None else ids[: found[0]] + found[1]

    def count(self, part: str, whole: str, ids: list[int]) -> int | None:
        """How many of the ids are those of :meth:`beginning`; None where they differ, or it is not certain."""
        found = self._up_to_last(part, whole, ids)
        if found is None or ids[found[0] : found[0] + len(found[1])] != found[1]:
            return None
        return found[0] + len(found[1])

    def _up_to_last(self, part: str, whole: str, ids: list[int]) -> tuple[int, list[int]] | None:
        """How many ids the text has up to its last control token, and those of what stands behind."""
        if not self._cuts or _BREAK in whole:
            return None
        at, last = -1, None
        for last in self._control.finditer(part):
            try:
                at = ids.index(self._ids_of[last[0]], at + 1)
            except ValueError:
                return None
        if last is None or not (self._literal or self._as_many(whole, ids)):
            return None
        return at + 1, self._behind_control(last[0], part[last.end() :])

    def _behind_control(self, control: str, text: str) -> list[int]:
        found = self._behind.get(control + text)
        if found is None:
            found = self._plain(control + text)[1:]
            if len(text) <= _SHORT and len(self._behind) < _REMEMBERED:
                self._behind[control + text] = found
        return found

    def _plain(self, text: str) -> list[int]:
        if self._backend is not None:
            self._whole()
            ids: list[int] = self._backend.encode(text, add_special_tokens=False).ids
            return ids
        return list(self._tokenizer.encode(text, add_special_tokens=False))

    # ---- what this tokenizer does

    def _whole(self) -> None:
        """Forget what an earlier call of others left behind: that texts are cut at a length, or padded to one."""
        if self._backend.padding is not None:
            self._backend.no_padding()
        if self._backend.truncation is not None:
            self._backend.no_truncation()

    @cached_property
    def _cuts(self) -> bool:
        """Whether the control tokens in a text are told from the text alone: none depends on what stands beside it, and
        no other added token holds one or begins where one ends."""
        if self._backend is None or self._backend.encode_special_tokens:
            return False
        added = self._backend.get_added_tokens_decoder().values()
        if not {token.content for token in added} >= set(self._special.values()):
            return False
        if any(token.single_word for token in added):
            return False
        texts, controls = {token.content for token in added}, set(self._special.values())
        begins = {control[:size] for control in controls for size in range(1, len(control))}
        return not any(
            any(text[-size:] in begins for size in range(1, len(text)))
            or any(control in text for control in controls if control != text)
            for text in texts
        )

    @cached_property
    def _literal(self) -> bool:
        """Whether plain text can never become a control token: every token's text stands in the text as it is."""
        model = self._backend.model
        return self._backend.normalizer is None and type(model).__name__ == "BPE" and model.unk_token is None

    def _as_many(self, whole: str, ids: list[int]) -> bool:
        """Whether a text's ids hold as many control tokens as the text."""
        return len(self._control.findall(whole)) == sum(number in self._special for number in ids)

    @cached_property
    def _anchor(self) -> int | None:
        """A control token that leaves the text after it alone."""
        tokens = self._tokenizer.added_tokens_decoder
        return next((i for i in self._special if i in tokens and not tokens[i].rstrip and not tokens[i].lstrip), None)
