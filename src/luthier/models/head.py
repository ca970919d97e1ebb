"""A decoder with a linear head in the standard sequence-classification layout, and what the head says of texts.

One output is a reward model's score; several are a classifier's, an output a label. The head reads the state of a
text's last token that is not padding, as transformers does; padding is the tokenizer's own token, or its end token
where it has none. A head that is not in the files is drawn by the seed: nothing global is read or changed.

Not here: how it learns (``train.reward``, ``train.classify``), what is done with a score or a label (``score.reward``,
``engines.classifier``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.models.source import ModelSource
from luthier.recipe.train import Makes

if TYPE_CHECKING:
    from luthier.models.load import Loaded

HEAD = "score"
"""The name of the head in the layout of decoders."""
ADAPTED = ("classifier", HEAD)
"""Modules that peft trains whole beside the adapters of such a model."""
PASS_TOKENS = 8192
"""Padded tokens that are read at once."""
PAD_TO = 8
THINGS: dict[Makes, str] = {"model": "model that writes", "reward": "reward model", "classifier": "classifier"}
"""What people call them."""
USES: dict[Makes, str] = {
    "model": "luthier chat, serve and predict",
    "reward": "name it where scores are wanted: data.select.reward, luthier predict --by",
    "classifier": "luthier predict and luthier serve give its labels with their probabilities",
}
"""What they are for."""


def labels_in(source: ModelSource) -> tuple[str, ...] | None:
    """What the outputs of the head in the files stand for, in their order; None where there is no such head."""
    config = source.config()
    if not any(str(name).endswith("ForSequenceClassification") for name in config.get("architectures") or ()):
        return None
    named = config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}  # transformers leaves its default out
    return tuple(str(named[key]) for key in sorted(named, key=int))


def made_of(labels: Sequence[str] | None) -> Makes:
    """What a model with these outputs is (None: without a head)."""
    return "model" if labels is None else "reward" if len(labels) == 1 else "classifier"


def pad_of(tokenizer: Any) -> int:
    """The token that fills rows up.

    Raises:
        LuthierError: the tokenizer has neither a padding nor an end token.
    """
    found = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    if found is None:
        raise LuthierError(
            "the tokenizer has no padding token and no end token", where="tokenizer_config.json",
            why="the head reads the last token that is not padding", fix="name a pad_token there",
        )  # fmt: skip
    return int(found)


def with_head(
    load: Callable[[Any, dict[str, Any]], Any], tokenizer: Any, source: ModelSource, labels: Sequence[str] = ()
) -> Any:
    """The model in the layout, from ``load(auto class, options)``.

    Args:
        labels: what its outputs stand for; empty: one output, a score.

    Raises:
        LuthierError: the architecture has no such layout, or the head in the files has other outputs.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    makes, known = made_of(labels or ("score",)), labels_in(source)
    if known is not None and labels and tuple(labels) != known:
        raise LuthierError(
            f"the head of {source.name} has other labels: {', '.join(known[:8])}{' …' * (len(known) > 8)}",
            where=source.folder, why="they are the outputs of its head, in their order",
            fix="rows with the same labels, or the base that it was made of",
        )  # fmt: skip
    with torch.random.fork_rng(devices=[]):
        model = load(AutoModelForSequenceClassification, layout(labels))
    if head_of(model) is None:
        raise LuthierError(
            f"no {THINGS[makes]} is made of a {type(model).__name__}", where=source.folder,
            why="it has no linear head on a decoder's last token",
            fix="choose a base of a decoder family: Llama, Qwen, Mistral, Gemma, GPT-2 …",
        )  # fmt: skip
    model.config.get_text_config().pad_token_id = pad_of(tokenizer)
    return model


def layout(labels: Sequence[str] = ()) -> dict[str, Any]:
    """What the configuration of transformers says of a head with these labels; empty: with one output, a score."""
    if not labels:
        return {"num_labels": 1}
    return {
        "id2label": dict(enumerate(labels)), "label2id": {name: i for i, name in enumerate(labels)},
        "problem_type": "single_label_classification",
    }  # fmt: skip


def head_of(model: Any) -> Any:
    """The head of a model in the layout (not the one around it that peft makes); None: it has none."""
    return getattr(model, HEAD, None)


def begin_head(loaded: Loaded, seed: int) -> None:
    """Draw the head of a base that came without one, so small that all outputs begin near 0 and the loss near that of
    knowing nothing: a state has a large part that all texts share, and a larger head (1 / √(width + 1) of Stiennon et
    al. 2020) begins with rewards of -3 there, which the first steps then go into. Drawn on the CPU, so that every
    device gets the same. A head from the files stays."""
    import torch

    if labels_in(loaded.source) is not None:
        return
    weight = head_of(loaded.model).weight
    generator = torch.Generator().manual_seed(seed)
    values = torch.randn(weight.shape, generator=generator, dtype=torch.float32) / (weight.shape[1] + 1)
    with torch.no_grad():
        weight.copy_(values)


def take_head(model: Any, trained: Any) -> None:
    """Give a bare model the head of a trained one (which peft may have wrapped)."""
    import torch

    base = trained.get_base_model() if hasattr(trained, "get_base_model") else trained
    head = head_of(base)
    if hasattr(head, "modules_to_save"):
        head = head.modules_to_save[trained.active_adapter]
    with torch.no_grad():
        head_of(model).weight.copy_(head.weight)


def logits(loaded: Loaded, texts: Sequence[Sequence[int]], *, pass_tokens: int = PASS_TOKENS) -> list[list[float]]:
    """The outputs of the head for each text of token ids; texts of like length are read together, in eval mode.

    What stands behind the last token that is not padding is not read: it could not count.
    """
    import torch

    pad = pad_of(loaded.tokenizer)
    ends = [end(ids, pad) for ids in texts]
    order = sorted(range(len(texts)), key=lambda i: (-ends[i], i))
    found: list[list[float]] = [[] for _ in texts]
    model = loaded.model.eval()
    start = 0
    while start < len(order):
        width = -(-ends[order[start]] // PAD_TO) * PAD_TO
        rows = order[start : start + max(1, pass_tokens // width)]
        # only as wide as a context: padding may not step over it
        width = max(ends[i] for i in rows) if len(rows) == 1 else width
        inputs = torch.full((len(rows), width), pad, dtype=torch.long)
        for line, i in enumerate(rows):
            inputs[line, : ends[i]] = torch.as_tensor(texts[i][: ends[i]], dtype=torch.long)
        with torch.inference_mode():
            # padding stands to the right, where under causal attention no real token sees it: no mask is needed
            values = model(input_ids=inputs.to(loaded.device), use_cache=False).logits
        for i, value in zip(rows, values.float().tolist(), strict=True):
            found[i] = value
        start += len(rows)
    return found


def end(ids: Sequence[int], pad: int) -> int:
    """One behind the token that the standard layout reads.

    Raises:
        ValueError: there is nothing but padding.
    """
    found = next((i + 1 for i in range(len(ids) - 1, -1, -1) if ids[i] != pad), 0)
    if not found:
        raise ValueError("a text of padding alone has no score")
    return found
