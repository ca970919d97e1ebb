"""The plain way to a loss and its gradients, and small random models of many families: what the fast way is held to.

One row at a time, no padding, all logits, the formula of the paper. For adapters the formula gives each trained weight
from its factors, and the plain model is asked with these weights: nothing of peft takes part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
import transformers
from torch import Tensor
from torch.nn import functional

from luthier.recipe.train import LoraTuning

SIZES = {"vocab_size": 128, "hidden_size": 32, "num_hidden_layers": 2, "intermediate_size": 64,
         "num_attention_heads": 4, "num_key_value_heads": 2, "max_position_embeddings": 128,
         "pad_token_id": 0, "bos_token_id": 1, "eos_token_id": 2}  # fmt: skip
FAMILIES: dict[str, Any] = {
    "llama": transformers.LlamaConfig(**SIZES),
    "llama-tied": transformers.LlamaConfig(**SIZES, tie_word_embeddings=True),
    "qwen3": transformers.Qwen3Config(**SIZES, head_dim=8),
    "mistral-window": transformers.MistralConfig(**SIZES, sliding_window=8),
    "phi3": transformers.Phi3Config(**SIZES),
    "gemma2-softcap": transformers.Gemma2Config(**SIZES, head_dim=8, final_logit_softcapping=3.0, sliding_window=16),
    "gemma3": transformers.Gemma3TextConfig(**SIZES, head_dim=8, sliding_window=16),
    "granite-scaled": transformers.GraniteConfig(**SIZES, logits_scaling=4.0),
    "cohere-scaled": transformers.CohereConfig(**SIZES, logit_scale=0.25),
    "gpt2": transformers.GPT2Config(vocab_size=128, n_embd=32, n_layer=2, n_head=4, n_positions=128, resid_pdrop=0.0,
                                    embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=1, eos_token_id=2),
}  # fmt: skip


def make_family(name: str) -> Any:
    """A random model of a family, its weights large enough for gradients of one order; eval mode, fp32."""
    config = FAMILIES[name]
    config._attn_implementation = "eager" if name.startswith("gemma2") else "sdpa"
    torch.manual_seed(0)
    model = transformers.AutoModelForCausalLM.from_config(config).float().eval()
    with torch.no_grad():
        for p in model.parameters():
            if p.ndim > 1:
                p.normal_(std=0.2)
    return model.requires_grad_(False)


def row_by_row(logits_of: Any, samples: Sequence[Any], denominator: float) -> float:
    """Backward of the summed loss over ``denominator``; gives the sum."""
    total = 0.0
    for s in samples:
        ids = torch.tensor(s.ids)[None]
        logits = logits_of(ids)[0, :-1]
        losses = functional.cross_entropy(logits, ids[0, 1:], reduction="none")
        loss = (losses * torch.tensor(s.trained)[1:] * s.weight).sum()
        (loss / denominator).backward()
        total += loss.item()
    return total


def plain_gradients(model: Any, samples: Sequence[Any], denominator: float) -> tuple[float, dict[str, Tensor]]:
    """Total and gradients of a model as it stands."""
    model.zero_grad()
    total = row_by_row(lambda ids: model(input_ids=ids, use_cache=False).logits, samples, denominator)
    return total, gradients(model)


def adapter_gradients(
    plain: Any, trained: Mapping[str, Tensor], tuning: LoraTuning, samples: Sequence[Any], denominator: float,
    first: Mapping[str, Tensor],
) -> tuple[float, dict[str, Tensor]]:
    """Total and gradients of adapters on a plain base, by peft's names.

    Args:
        plain: the base alone, as float as ``trained`` is.
        trained: the tensors that are trained, by peft's names.
        tuning: says by which formula they make a weight.
        first: the trained tensors as they began.
    """
    leaves = {name: tensor.detach().clone().requires_grad_() for name, tensor in trained.items()}
    base = dict(plain.named_parameters(remove_duplicate=False))
    rest = _rests(base, first, tuning)

    def logits_of(ids: Tensor) -> Tensor:
        weights = {path: _weight(path, base, rest, leaves, tuning) for path in _paths(leaves)}
        weights |= {_plain_name(n): leaf for n, leaf in leaves.items() if ".modules_to_save." in n}
        out = torch.func.functional_call(plain, weights, (ids,), {"use_cache": False}, tie_weights=True)
        logits: Tensor = out.logits
        return logits

    total = row_by_row(logits_of, samples, denominator)
    return total, {name: leaf.grad for name, leaf in leaves.items() if leaf.grad is not None}


def _paths(leaves: Mapping[str, Tensor]) -> list[str]:
    return [_plain_name(n) for n in leaves if ".lora_A." in n]


def _plain_name(name: str) -> str:
    for mark in (".lora_A.default", ".modules_to_save.default"):
        name = name.replace(mark, "")
    return name.removeprefix("base_model.model.")


def _of(path: str, leaves: Mapping[str, Tensor]) -> tuple[Tensor, Tensor, Tensor | None]:
    stem = "base_model.model." + path.removesuffix(".weight")
    return (leaves[f"{stem}.lora_A.default.weight"], leaves[f"{stem}.lora_B.default.weight"],
            leaves.get(f"{stem}.lora_magnitude_vector.default.weight"))  # fmt: skip


def _rests(base: Mapping[str, Tensor], first: Mapping[str, Tensor], tuning: LoraTuning) -> dict[str, Tensor]:
    """The frozen part of each weight: what its adapter did not begin with. (out, in)."""
    found = {}
    for path in _paths(first):
        a, b, _ = _of(path, first)
        weight = base[path].detach().T if _turned(base[path]) else base[path].detach()
        found[path] = weight - _scale(tuning) * b.to(weight) @ a.to(weight)
    return found


def _scale(tuning: LoraTuning) -> float:
    return tuning.alpha / (tuning.r**0.5 if tuning.rslora else tuning.r)


def _turned(weight: Tensor) -> bool:
    return bool(getattr(weight, "of_conv1d", False))


def _weight(
    path: str, base: Mapping[str, Tensor], rest: Mapping[str, Tensor], leaves: Mapping[str, Tensor], tuning: LoraTuning
) -> Tensor:
    a, b, lengths = _of(path, leaves)
    made = rest[path] + _scale(tuning) * b @ a
    if lengths is not None:  # the norm counts as a constant: section 4.3 of the DoRA paper
        made = made * (lengths / made.norm(dim=1).detach())[:, None]
    return made.T if _turned(base[path]) else made


def mark_conv1d(model: Any) -> Any:
    """Notes on each weight of GPT-2's layers that it is held as (in, out): a square one does not show it."""
    for module in model.modules():
        if type(module).__name__ == "Conv1D":
            module.weight.of_conv1d = True
    return model


def gradients(model: Any) -> dict[str, Tensor]:
    return {n: p.grad.clone() for n, p in model.named_parameters() if p.grad is not None}


def far(ours: Mapping[str, Tensor], theirs: Mapping[str, Tensor]) -> float:
    """Largest difference over the largest gradient."""
    assert ours.keys() == theirs.keys()
    largest = max(float(g.abs().max()) for g in theirs.values())
    return max(float((ours[n] - theirs[n]).abs().max()) for n in ours) / largest
