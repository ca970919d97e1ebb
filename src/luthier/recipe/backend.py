"""What ``train.backend: trl`` does not do, by the names of the keys: refused when a recipe is read, never left out.

A table of what TRL 1.x has no counterpart for. What needs rows to be seen is refused in ``train.backend_trl``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from luthier.recipe.train import TrainSpec

REFERRED = ("dpo", "ipo", "kto", "grpo", "rloo")
"""Methods with a reference, which TRL reads from a copy of the adapter."""
OTHERWISE = "leave it out, or train.backend: luthier"


def beyond_trl(train: TrainSpec) -> str:
    """The first thing in a recipe's ``train`` that TRL cannot do, and what to do instead; empty: nothing."""
    found = _method(train) or _tuning(train) or _rest(train)
    return f"{found}: {OTHERWISE}" if found else ""


def _asked(part: Any, key: str) -> Any:
    """What a part of a recipe says of a key; None where it has none of that name."""
    return getattr(part, key, None)


def _method(train: TrainSpec) -> str:
    """Of the method and its keys."""
    method, has = train.method, train.method.kind
    told = {
        "simpo": "method simpo: TRL has no trainer for it", "orpo": "method orpo: TRL has it as an experiment only",
        "ppo": "method ppo: TRL has no trainer for it", "classify": "method classify: TRL has no trainer for it",
    }.get(has, "")  # fmt: skip
    if told:
        return f"{told}, and this backend does not do it"
    if has == "dpo":
        if _asked(method, "margin"):
            return "method.margin of dpo is not known to TRL"
        if _asked(method, "label_smoothing") and _asked(method, "loss") != "robust":
            return "method.label_smoothing: TRL's sigmoid loss leaves it out (loss: robust takes it)"
        if _asked(method, "normalise") and _asked(method, "loss") != "sigmoid":
            return "method.normalise: TRL has it with loss: sigmoid only"
    if has == "reward" and _asked(method, "label_smoothing"):
        return "method.label_smoothing of reward is not known to TRL"
    if has in ("grpo", "rloo"):
        if _asked(method, "kl_target") is not None:
            return "method.kl_target: TRL's weight of the KL stays as it is"
        if train.tuning.kind == "full" and _asked(method, "kl"):
            return "method.kl with tuning: full: TRL would load the base a second time (kl: 0, or tuning: lora)"
        if "checkpoints" in train.model_fields_set and train.checkpoints:
            return f"checkpoints of {has}: TRL's roll-outs cannot be taken up again (checkpoints: 0)"
    return ""


def _tuning(train: TrainSpec) -> str:
    """Of the tuning and its keys."""
    if _asked(train.tuning, "init") == "pissa" and train.method.kind in REFERRED:
        return f"tuning.init: pissa with {train.method.kind}: TRL copies the adapter to refer to, and PiSSA's is more"
    return ""


def _rest(train: TrainSpec) -> str:
    """Of the keys that all methods have."""
    if train.anchor:
        return "anchor: TRL has no loss that holds a model to its base"
    if train.field_weights:
        return "field_weights: to TRL every trained token weighs the same"
    if (train.processes or 1) > 1:
        return "processes: TRL is launched with accelerate for that"
    return ""
