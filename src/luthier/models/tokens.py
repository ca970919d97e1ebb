"""New tokens of a base: pieces of text that get an id, an embedding and an output row of their own.

They are ordinary tokens, not control tokens: they are found in the text of messages and stand in answers. The
embedding of a new token begins as the mean of the embeddings of the tokens that it was cut into before (fast vocabulary
transfer, Gee et al. 2022), and so does its output row where the two are apart: a text means about what it meant. Spare
rows that a base already has are taken before the matrices grow. The same base and tokens give the same bits.

Not here: training them (``adapters``), and the vocabulary of an adapter's base (``source``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError

if TYPE_CHECKING:
    from torch import Tensor

WHERE = "model.new_tokens"


@dataclass(frozen=True, slots=True)
class Grown:
    """A tokenizer that knows new tokens: their ``ids``, and the ``parts`` that each was cut into before."""

    ids: tuple[int, ...]
    parts: tuple[tuple[int, ...], ...]


def add(tokenizer: Any, tokens: Sequence[str], base: str) -> Grown:
    """Teach a tokenizer the tokens, in place.

    Raises:
        LuthierError: the tokenizer knows one of them already, or cannot take it.
    """
    from tokenizers import AddedToken

    known = tokenizer.get_vocab()
    parts: list[tuple[int, ...]] = []
    for token in tokens:
        ids = tuple(tokenizer.encode(token, add_special_tokens=False))
        if token in known or len(ids) < 2:
            raise LuthierError(
                f"{token!r} is a token of {base} already", where=WHERE,
                why="it has an embedding, which training goes on with", fix="leave it out",
            )  # fmt: skip
        parts.append(ids)
    made = [AddedToken(token, special=False, normalized=False) for token in tokens]
    if tokenizer.add_tokens(made) != len(tokens):
        raise LuthierError(f"the tokenizer of {base} takes no new tokens", where=WHERE, fix="choose another base")
    ids = tuple(int(i) for i in tokenizer.convert_tokens_to_ids(list(tokens)))
    for token, number in zip(tokens, ids, strict=True):
        if list(tokenizer.encode(token, add_special_tokens=False)) != [number]:
            raise LuthierError(
                f"{token!r} is not found as one token", where=WHERE, why="another token stands in it or before it",
                fix="choose texts of which none holds another, with no blank at their ends",
            )  # fmt: skip
    return Grown(ids, tuple(parts))


def grow(model: Any, grown: Grown) -> None:
    """Give a model rows for new tokens, in place: each the mean of the rows of its parts.

    Raises:
        LuthierError: its output layer has a bias, of which a new row would need one too.
    """
    import torch

    rows = model.get_input_embeddings().weight.shape[0]
    head = model.get_output_embeddings()
    if head is not None and getattr(head, "bias", None) is not None:
        raise LuthierError(
            f"a {type(model).__name__} takes no new tokens", where=WHERE,
            why="its output layer has a bias a token, which an adapter would not carry", fix="choose another base",
        )  # fmt: skip
    needed = max(grown.ids) + 1
    if needed > rows:
        with torch.random.fork_rng(devices=[]):  # the library draws the rows that are written over below
            model.resize_token_embeddings(needed, mean_resizing=False)
    with torch.no_grad():
        for weight in _matrices(model):
            # one by one, from the rows of the base only: tokens that come later hang on none that came before
            means = [weight[list(parts)].double().mean(0) for parts in grown.parts]
            for number, mean in zip(grown.ids, means, strict=True):
                weight[number] = mean.to(weight.dtype)


def _matrices(model: Any) -> list[Tensor]:
    """Embedding and output matrix, the same one once."""
    head = model.get_output_embeddings()
    found = [model.get_input_embeddings().weight, *([] if head is None else [head.weight])]
    return found[:1] if len(found) == 2 and found[0] is found[1] else found


def trained_layers(model: Any, ids: Sequence[int], whole: Sequence[str]) -> dict[str, list[int]]:
    """Names of the layers whose rows of new tokens are trained beside adapters, as peft takes them; layers that are
    trained whole are left out, and of shared ones the embedding stands for both."""
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    shared = head is not None and head.weight is embedding.weight
    layers = [embedding, *([] if head is None or shared else [head])]
    names = [next(n for n, m in model.named_modules() if m is layer) for layer in layers]
    return {name: list(ids) for name in names if name not in whole}
