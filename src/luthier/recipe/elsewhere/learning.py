"""How a model learns, in the words that all of these tools share: schedule, warm-up, steps, batch, LoRA, precision.

Each function takes the tool's own names and defaults and puts keys of ``train``; what has no counterpart it names.
"""

from __future__ import annotations

from typing import Any

from luthier.recipe.elsewhere.sheet import Sheet

SCHEDULES = {
    "cosine": "cosine", "linear": "linear", "constant": "constant", "constant_with_warmup": "constant",
}  # fmt: skip
ADAMW = ("adamw",)
"""What an optimiser that is AdamW has in its name."""


def schedule(sheet: Sheet, key: str, default: str) -> None:
    """Learning rate schedule, and no warm-up where the schedule has none."""
    name = str(sheet.get(key, default)).rpartition(".")[2].lower()
    if name not in SCHEDULES:
        sheet.leave(key, "Luthier falls by cosine, linearly, or not at all; cosine is written")
    sheet.put("train.schedule", SCHEDULES.get(name, "cosine"), key)
    if name == "constant":
        for unused in ("warmup_steps", "warmup_ratio"):
            if sheet.has(unused):
                sheet.leave(unused, "the constant schedule has no warm-up", matters=False)
        sheet.put("train.warmup", 0.0, key, note="a constant rate has no warm-up")


def warm_up(sheet: Sheet) -> None:
    """Warm-up in steps, or as a share of them; a number of steps wins, and below 1 it is a share."""
    if "train.warmup" in sheet.carried:
        return
    steps, ratio = sheet.number("warmup_steps", 0), sheet.number("warmup_ratio", 0)
    if steps >= 1:
        if ratio:
            sheet.leave("warmup_ratio", "warmup_steps takes its place", matters=False)
        sheet.put("train.warmup_steps", round(steps), "warmup_steps")
    else:
        sheet.put("train.warmup", steps or ratio, "warmup_steps", "warmup_ratio")


def noise(sheet: Sheet, *keys: str) -> None:
    """Noise on embeddings (NEFTune), by any of these names."""
    method = sheet.carried.get("train.method")
    for key in keys:
        alpha = sheet.number(key, 0.0)
        if alpha and method is not None and method.value in ("sft", "continued"):
            sheet.put("train.neftune_alpha", alpha, key)
        elif alpha:
            sheet.leave(key, "noise on embeddings belongs to methods sft and continued")


def length_of_training(sheet: Sheet, key: str, default: float) -> float:
    """Epochs, or steps where the tool counts those; gives the epochs."""
    epochs, steps = sheet.number(key, default), sheet.number("max_steps", -1)
    if steps > 0:
        sheet.put("train.max_steps", round(steps), "max_steps")
        sheet.put("train.epochs", 1000, "max_steps", key, note="max_steps decides, however many epochs they are")
    else:
        sheet.put("train.epochs", epochs, key)
    return epochs


def batch(sheet: Sheet, rows_key: str, rows: int, packed_length: int | None) -> None:
    """Rows of one optimiser step on one device; where rows are packed, its tokens."""
    step = round(sheet.number(rows_key, rows)) * round(sheet.number("gradient_accumulation_steps", 1))
    keys = (rows_key, "gradient_accumulation_steps")
    if packed_length is not None:
        sheet.put("train.batch_tokens", step * packed_length, *keys, note=f"packs of {packed_length} tokens")
    else:
        sheet.put("train.batch_rows", step, *keys)
    sheet.notes.append(
        f"a step has {step} {'packs' if packed_length else 'rows'}, as on one device; {sheet.tool} multiplies them by "
        f"the number of devices, which its configuration does not say"
    )


def optimiser(sheet: Sheet, key: str) -> None:
    """AdamW in any number format is the same algorithm; others are not."""
    name = str(sheet.get(key, "adamw_torch")).lower()
    if any(part in name for part in ADAMW) and "adopt" not in name and "mini" not in name:
        if sheet.has(key):
            sheet.leave(key, "Luthier's AdamW in fp32: the same algorithm, states in full precision", matters=False)
    else:
        sheet.leave(key, "Luthier learns with AdamW only; another optimiser wants another learning rate")
    for beta, ours in (("adam_beta1", 0.9), ("adam_beta2", 0.999), ("adam_epsilon", 1e-8)):
        if sheet.has(beta) and sheet.number(beta, ours) != ours:
            sheet.leave(beta, f"fixed at {ours:g}")
        elif sheet.has(beta):
            sheet.leave(beta, "the same here", matters=False)


def precision(sheet: Sheet, *, default: str = "auto") -> None:
    """Number format of the arithmetic."""
    bf16 = sheet.get("bf16")
    if isinstance(bf16, str) and bf16.lower() == "auto":
        sheet.put("train.precision", "auto", "bf16")
    elif bf16 is not None:
        sheet.put("train.precision", "bf16" if sheet.on("bf16") else "auto", "bf16")
    else:
        sheet.put("train.precision", default, "bf16")
    if sheet.has("fp16"):
        on = sheet.on("fp16")
        why = "there is no fp16 here: bf16 where the device has it, else fp32" if on else "switched off"
        sheet.leave("fp16", why, matters=on)


def lora(
    sheet: Sheet, *, quantised: bool, kind_keys: tuple[str, ...], r: tuple[str, int], alpha: float, targets: Any,
    target_keys: tuple[str, ...], dropout: float, switches: dict[str, str], modules: str, double_quant: bool,
    double_keys: tuple[str, ...] = (),
) -> None:  # fmt: skip
    """LoRA or QLoRA. ``r`` is (key, default); ``switches`` names the keys for rslora, dora and loraplus_lr_ratio."""
    at = "train.tuning"
    sheet.put(f"{at}.kind", "qlora" if quantised else "lora", *kind_keys)
    sheet.put(f"{at}.r", round(sheet.number(*r)), r[0])
    sheet.put(f"{at}.alpha", sheet.number("lora_alpha", alpha), "lora_alpha")
    sheet.put(f"{at}.dropout", sheet.number("lora_dropout", dropout), "lora_dropout")
    sheet.put(f"{at}.targets", targets, *target_keys)
    for name in ("rslora", "dora"):
        if sheet.on(switches[name]):
            sheet.put(f"{at}.{name}", True, switches[name])
    ratio = switches.get("loraplus_lr_ratio", "")
    if sheet.has(ratio):
        sheet.put(f"{at}.loraplus_lr_ratio", sheet.number(ratio, 1.0), ratio)
    if saved := sheet.names(modules):
        sheet.put(f"{at}.modules_to_save", saved, modules)
    if quantised:
        sheet.put(f"{at}.double_quant", double_quant, *double_keys)


def eight_bits(sheet: Sheet, key: str = "load_in_8bit") -> None:
    """A base in 8 bits."""
    if sheet.on(key):
        sheet.leave(key, "bases are held in 16 or 32 bits, or in 4 (tuning: qlora); lora is written")
    elif sheet.has(key):
        sheet.leave(key, "switched off", matters=False)
