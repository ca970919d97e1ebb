"""How large a model is, read from its configuration: no weights are loaded.

For planning: parameters, what a tuning would train, context, bytes held, and the model itself as a *skeleton* that has
shapes and no values (torch's meta device), prepared as a training would prepare it. What a pass over it holds is
counted elsewhere (``train.footprint``).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from luthier.errors import LuthierError
from luthier.models import four_bit
from luthier.models.adapters import attach, find_targets, find_whole
from luthier.models.head import HEAD, head_of
from luthier.models.load import load_tokenizer
from luthier.models.source import ModelSource
from luthier.models.tokens import trained_layers
from luthier.recipe.train import LoraTuning, Makes, QloraTuning, Tuning

_KINDS = {
    "model": "causal language model", "reward": "decoder with a scalar head",
    "classifier": "decoder with a head over labels",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sizes:
    """Sizes of a base under a tuning. ``parameters`` counts shared (tied) tensors once; ``context`` in tokens."""

    architecture: str
    hidden: int
    layers: int
    intermediate: int
    vocabulary: int
    context: int
    parameters: int
    trainable: int

    @property
    def share(self) -> float:
        """Trained parameters over all, adapters among both."""
        extra = self.trainable - self.parameters if self.trainable >= self.parameters else self.trainable
        return self.trainable / (self.parameters + extra)


def value_head_parameters(hidden: int) -> int:
    """Of a value head beside a model of that width: a weight a feature, and a bias."""
    return hidden + 1


def context_of(source: ModelSource) -> int:
    """Most tokens of a text, from the configuration alone.

    Raises:
        LuthierError: it cannot be read.
    """
    return _context(_config(source, "model"))


def measure(
    source: ModelSource, tuning: Tuning, makes: Makes = "model", outputs: int = 1, *, critic: bool = False
) -> Sizes:  # fmt: skip
    """Read the configuration and count. A reward model has a scalar head in place of the one over words, a classifier
    one with so many ``outputs``; with a ``critic`` a value head is trained beside the model.

    Raises:
        LuthierError: the configuration describes no causal language model.
    """
    config, model = _shapes(source, makes=makes, outputs=outputs)
    text = config.get_text_config(decoder=True)
    parameters = sum(p.numel() for p in {id(p): p for p in model.parameters()}.values())
    trainable = parameters
    if isinstance(tuning, LoraTuning):
        trainable = _trained_beside(model, tuning, len(source.new_tokens))
    if critic:
        trainable += value_head_parameters(int(text.hidden_size))
    return Sizes(
        architecture=(config.architectures or [type(model).__name__])[0],
        hidden=int(text.hidden_size),
        layers=int(text.num_hidden_layers),
        intermediate=int(getattr(text, "intermediate_size", None) or 4 * text.hidden_size),
        vocabulary=int(text.vocab_size),
        context=_context(config),
        parameters=parameters,
        trainable=trainable,
    )


@dataclass(frozen=True)
class Skeleton:
    """A model without values, prepared for training: ``requires_grad`` marks what is trained.

    ``frozen_bytes`` is what the weights that are not trained take as the tuning holds them (4-bit layers with their
    scales), ``linear_bytes`` the part of it that the layers held in 4 bits take, ``linear_parameters`` their number.
    """

    model: Any
    frozen_bytes: int
    linear_bytes: int = 0
    linear_parameters: int = 0


def skeleton(source: ModelSource, tuning: Tuning, *, precision: str) -> Skeleton:
    """The model that a training would have before it, on the meta device.

    Args:
        source: of the base; only its configuration is read.
        tuning: what is trained.
        precision: number format of weights that are not trained, ``fp32`` or ``bf16``.

    Raises:
        LuthierError: as :func:`measure`, or what ``adapters.prepare`` refuses.
    """
    import torch

    _, model = _shapes(source, torch.bfloat16 if precision == "bf16" and isinstance(tuning, LoraTuning) else None)
    if not isinstance(tuning, LoraTuning):
        return Skeleton(model.requires_grad_(True), 0)
    model.requires_grad_(False)
    held = _bytes_of(model)
    quantised = four_bit.stand_in(model, tuning) if isinstance(tuning, QloraTuning) else four_bit.Held(0, 0, 0)
    with torch.device("meta"):
        model = attach(model, tuning)
    return Skeleton(model, held - quantised.before + quantised.bytes, quantised.bytes, quantised.parameters)


def _bytes_of(model: Any) -> int:
    """Of parameters and buffers, shared ones once."""
    tensors = {id(t): t for t in (*model.parameters(), *model.buffers())}
    return sum(t.numel() * t.element_size() for t in tensors.values())


def _context(config: Any) -> int:
    return int(getattr(config.get_text_config(decoder=True), "max_position_embeddings", None) or 1 << 20)


def _config(source: ModelSource, makes: Makes) -> Any:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(source.folder, local_files_only=True, trust_remote_code=source.remote_code)
    except (ValueError, KeyError, OSError, ImportError) as error:
        raise _not_understood(source, makes, error) from None
    if source.new_tokens:
        text = config.get_text_config(decoder=True)
        text.vocab_size = max(text.vocab_size, len(load_tokenizer(source)))
    return config


def _not_understood(source: ModelSource, makes: Makes, error: Exception) -> LuthierError:
    return LuthierError(
        f"{source.name} cannot be understood as a {_KINDS[makes]}", where=source.folder / "config.json",
        why=str(error).splitlines()[0][:300], fix="choose another base; a very new one may need a newer transformers",
    )  # fmt: skip


def _shapes(
    source: ModelSource, dtype: Any = None, makes: Makes = "model", outputs: int = 1
) -> tuple[Any, Any]:  # fmt: skip
    """(configuration, model on the meta device)."""
    import torch
    from transformers import AutoModelForCausalLM, AutoModelForSequenceClassification

    config = _config(source, makes)
    try:
        auto: Any = AutoModelForCausalLM
        if makes != "model":
            auto, config.num_labels = AutoModelForSequenceClassification, outputs
        with torch.device("meta"):
            model = auto.from_config(config, trust_remote_code=source.remote_code, dtype=dtype or torch.float32)
    except (ValueError, KeyError, OSError, ImportError) as error:
        raise _not_understood(source, makes, error) from None
    model.tie_weights()
    return config, model


def _trained_beside(model: Any, tuning: LoraTuning, new_tokens: int) -> int:
    """Parameters of the adapters, of copies of the modules that are trained whole, and of the rows of new tokens."""
    targets = find_targets(model, tuning.targets)
    whole, _ = find_whole(model, tuning.modules_to_save, targets)
    if head_of(model) is not None:
        whole = [*whole, HEAD]
    layers = trained_layers(model, range(new_tokens), whole) if new_tokens else {}
    rows = sum(new_tokens * int(model.get_submodule(name).weight.shape[1]) for name in layers)
    copies: int = rows + sum(p.numel() for name in whole for p in model.get_submodule(name).parameters())
    return copies + sum(tuning.r * (a + b) + b * tuning.dora for a, b in _targeted(model, targets))


def _targeted(model: Any, targets: list[str]) -> list[tuple[int, int]]:
    """Input and output widths of the layers that would get an adapter (names match as peft matches them)."""
    found = []
    for name, module in model.named_modules():
        if any(name == t or name.endswith(f".{t}") for t in targets):
            into, out = module.weight.shape if hasattr(module, "nf") else module.weight.T.shape  # GPT-2's Conv1D
            found.append((int(into), int(out)))
    return found
