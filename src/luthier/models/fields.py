"""Weights of the parts of a JSON answer: how much the tokens of each field's value count in the loss.

An answer of labels and a free text has most of its tokens in the free text, which can be said in many ways; their noise
then drowns what the labels teach. Promise: only tokens that lie wholly inside a named field's value are touched;
quotes, names and braces keep their weight, so that the answer stays well formed. Not here: which token is trained at
all (chat.py).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from json.decoder import scanstring  # type: ignore[attr-defined]
from typing import Any

from luthier.models.chat import Sample


def weigh_fields(sample: Sample, tokenizer: Any, weights: Mapping[str, float]) -> tuple[Sample, set[str]]:
    """The sample with the tokens of these fields' values at these weights, and the names that its answers have."""
    made = list(sample.weights or [1.0] * len(sample.ids))
    found: set[str] = set()
    for start, end in _runs(sample.trained):
        text, places = _text(tokenizer, sample.ids[start:end])
        for name, first, last in values(text):
            found.add(name)
            if name not in weights:
                continue
            for i, (begin, stop) in enumerate(places, start):
                if first <= begin < stop <= last:
                    made[i] *= weights[name]
    return (replace(sample, weights=tuple(made)), found) if found & weights.keys() else (sample, found)


def values(text: str) -> Iterator[tuple[str, int, int]]:
    """(name, start, end) of each top-level field's value in a text that begins with a JSON object; of a string the
    inside. Nothing where it begins otherwise."""
    decoder, at = json.JSONDecoder(), _skip(text, 0)
    try:
        if text[at] != "{":
            return
        at = _skip(text, at + 1)
        while text[at] == '"':
            name, at = scanstring(text, at + 1)
            at = _skip(text, at)
            if text[at] != ":":
                return
            start = _skip(text, at + 1)
            value, at = decoder.raw_decode(text, start)
            inner = isinstance(value, str)
            yield name, start + inner, at - inner
            at = _skip(text, at)
            if text[at] != ",":
                return
            at = _skip(text, at + 1)
    except (IndexError, ValueError):
        return


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in " \t\r\n":
        at += 1
    return at


def _runs(trained: tuple[bool, ...]) -> Iterator[tuple[int, int]]:
    """Start and end of each run of trained tokens."""
    start = None
    for i, is_trained in enumerate((*trained, False)):
        if is_trained and start is None:
            start = i
        elif not is_trained and start is not None:
            yield start, i
            start = None


def _text(tokenizer: Any, ids: Sequence[int]) -> tuple[str, list[tuple[int, int]]]:
    """The text of some tokens, and where in it each stands; tokens that share a character stand at it together."""
    text = _decode(tokenizer, ids)
    again = tokenizer(text, add_special_tokens=False, return_offsets_mapping=tokenizer.is_fast)
    if tokenizer.is_fast and list(again["input_ids"]) == list(ids):
        return text, [(int(start), int(end)) for start, end in again["offset_mapping"]]
    places, before = [], 0
    for i in range(len(ids)):  # the slow way, which asks nothing of the tokenizer
        whole = max(before, len(_decode(tokenizer, ids[: i + 1]).rstrip("\N{REPLACEMENT CHARACTER}")))
        places.append((before, max(whole, before + 1)))
        before = whole
    return text, places


def _decode(tokenizer: Any, ids: Sequence[int]) -> str:
    return str(tokenizer.decode(list(ids), skip_special_tokens=False, clean_up_tokenization_spaces=False))
