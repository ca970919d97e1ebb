"""How large a model is, read from its configuration: no weights are loaded.

For planning: parameters, what a tuning would train, context. The model is built on torch's meta device, which holds
shapes only.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from luthier.errors import LuthierError
from luthier.models.adapters import find_targets, find_whole
from luthier.models.load import Makes
from luthier.models.reward import HEAD, head_of
from luthier.models.source import ModelSource
from luthier.recipe.train import LoraTuning, Tuning

_KINDS = {"model": "causal language model", "reward": "decoder with a scalar head"}


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
        extra = 0 if self.trainable == self.parameters else self.trainable
        return self.trainable / (self.parameters + extra)


def measure(source: ModelSource, tuning: Tuning, makes: Makes = "model") -> Sizes:
    """Read the configuration and count. A reward model has a scalar head in place of the one over words.

    Raises:
        LuthierError: the configuration describes no causal language model.
    """
    import torch
    from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForSequenceClassification

    try:
        config = AutoConfig.from_pretrained(source.folder, local_files_only=True, trust_remote_code=source.remote_code)
        auto: Any = AutoModelForCausalLM
        if makes == "reward":
            auto, config.num_labels = AutoModelForSequenceClassification, 1
        with torch.device("meta"):
            model = auto.from_config(config, trust_remote_code=source.remote_code)
    except (ValueError, KeyError, OSError, ImportError) as error:
        raise LuthierError(
            f"{source.name} cannot be understood as a {_KINDS[makes]}", where=source.folder / "config.json",
            why=str(error).splitlines()[0][:300],
            fix="choose another base; a very new one may need a newer transformers",
        ) from None  # fmt: skip
    text = config.get_text_config(decoder=True)
    model.tie_weights()
    parameters = sum(p.numel() for p in {id(p): p for p in model.parameters()}.values())
    trainable = parameters
    if isinstance(tuning, LoraTuning):
        trainable = _trained_beside(model, tuning)
    return Sizes(
        architecture=(config.architectures or [type(model).__name__])[0],
        hidden=int(text.hidden_size),
        layers=int(text.num_hidden_layers),
        intermediate=int(getattr(text, "intermediate_size", None) or 4 * text.hidden_size),
        vocabulary=int(text.vocab_size),
        context=int(getattr(text, "max_position_embeddings", None) or 1 << 20),
        parameters=parameters,
        trainable=trainable,
    )


def _trained_beside(model: Any, tuning: LoraTuning) -> int:
    """Parameters of the adapters, and of copies of the modules that are trained whole."""
    targets = find_targets(model, tuning.targets)
    whole, _ = find_whole(model, tuning.modules_to_save, targets)
    if head_of(model) is not None:
        whole = [*whole, HEAD]
    copies: int = sum(p.numel() for name in whole for p in model.get_submodule(name).parameters())
    return copies + sum(tuning.r * (a + b) + b * tuning.dora for a, b in _targeted(model, targets))


def _targeted(model: Any, targets: list[str]) -> list[tuple[int, int]]:
    """Input and output widths of the layers that would get an adapter (names match as peft matches them)."""
    found = []
    for name, module in model.named_modules():
        if any(name == t or name.endswith(f".{t}") for t in targets):
            into, out = module.weight.shape if hasattr(module, "nf") else module.weight.T.shape  # GPT-2's Conv1D
            found.append((int(into), int(out)))
    return found
