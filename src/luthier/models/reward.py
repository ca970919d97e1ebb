"""Reward models: a decoder with a scalar head in the standard sequence-classification layout, and scores from it.

The score of a text is the head on the state at its last token that is not padding, as transformers reads it; padding is
the tokenizer's own token, or its end token where it has none. A head that is not in the files is drawn by the seed:
nothing global is read or changed.

Not here: how it learns (``train.reward``), what a score is used for (``score.reward``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.models.source import ModelSource

if TYPE_CHECKING:
    from luthier.models.chat import Sample
    from luthier.models.load import Loaded

HEAD = "score"
"""The name of the head in the layout of decoders."""
ADAPTED = ("classifier", HEAD)
"""Modules that peft trains whole beside the adapters of such a model."""
PASS_TOKENS = 8192
"""Padded tokens that are scored at once."""
PAD_TO = 8


def in_files(source: ModelSource) -> bool:
    """Whether the files hold a model with a classification head."""
    names = source.config().get("architectures") or ()
    return any(str(name).endswith("ForSequenceClassification") for name in names)


def pad_of(tokenizer: Any) -> int:
    """The token that fills rows up.

    Raises:
        LuthierError: the tokenizer has neither a padding nor an end token.
    """
    found = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else tokenizer.eos_token_id
    if found is None:
        raise LuthierError(
            "the tokenizer has no padding token and no end token", where="tokenizer_config.json",
            why="the score is read at the last token that is not padding", fix="name a pad_token there",
        )  # fmt: skip
    return int(found)


def with_head(load: Callable[[Any, dict[str, Any]], Any], tokenizer: Any, source: ModelSource) -> Any:
    """The model in the layout, from ``load(auto class, options)``.

    Raises:
        LuthierError: the architecture has no such layout, or the head in the files gives several numbers.
    """
    import torch
    from transformers import AutoModelForSequenceClassification

    with torch.random.fork_rng(devices=[]):
        model = load(AutoModelForSequenceClassification, {"num_labels": 1})
    if head_of(model) is None:
        raise LuthierError(
            f"no reward model is made of a {type(model).__name__}", where=source.folder,
            why="it has no scalar head on a decoder's last token",
            fix="choose a base of a decoder family: Llama, Qwen, Mistral, Gemma, GPT-2 …",
        )  # fmt: skip
    model.config.get_text_config().pad_token_id = pad_of(tokenizer)
    return model


def head_of(model: Any) -> Any:
    """The scalar head of a model in the layout (not the one around it that peft makes); None: it has none."""
    return getattr(model, HEAD, None)


def begin_head(loaded: Loaded, seed: int) -> None:
    """Draw the head of a base that came without one, so small that all rewards begin near 0 and the loss near log 2: a
    state has a large part that all texts share, and a larger head (1 / √(width + 1) of Stiennon et al. 2020) begins
    with rewards of -3 there, which the first steps then go into. Drawn on the CPU, so that every device gets the same.
    A head from the files stays."""
    import torch

    if in_files(loaded.source):
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


def scores(loaded: Loaded, texts: Sequence[Sequence[int]], *, pass_tokens: int = PASS_TOKENS) -> list[float]:
    """The score of each text of token ids; texts of like length are read together, in eval mode.

    What stands behind the last token that is not padding is not read: it could not count.
    """
    import torch

    pad = pad_of(loaded.tokenizer)
    ends = [end(ids, pad) for ids in texts]
    order = sorted(range(len(texts)), key=lambda i: (-ends[i], i))
    found = [0.0] * len(texts)
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
            logits = model(input_ids=inputs.to(loaded.device), use_cache=False).logits
        for i, value in zip(rows, logits[:, 0].float().tolist(), strict=True):
            found[i] = value
        start += len(rows)
    return found


def end(ids: Sequence[int], pad: int) -> int:
    """One behind the token that the standard layout reads the score at.

    Raises:
        ValueError: there is nothing but padding.
    """
    found = next((i + 1 for i in range(len(ids) - 1, -1, -1) if ids[i] != pad), 0)
    if not found:
        raise ValueError("a text of padding alone has no score")
    return found


def said(sample: Sample) -> tuple[int, ...]:
    """The token ids of a chat up to the end of its last answer: what is scored."""
    return sample.ids[: max(i for i, trained in enumerate(sample.trained) if trained) + 1]
