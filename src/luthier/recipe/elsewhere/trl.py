"""TRL: YAML for ``trl sft|dpo|kto --config``, or ``SFTConfig``/``DPOConfig``/``KTOConfig`` written as JSON.

Which trainer a configuration is for stands on TRL's command line, not in the file; it is told from keys that only one
of them has. Defaults are those of TRL 1.x.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from luthier.recipe.elsewhere import learning, trainer
from luthier.recipe.elsewhere.sheet import Sheet, reasons
from luthier.recipe.elsewhere.sources import Found, place, put_sources, split_files, tell_unread

NAME = "TRL"
SIGNS = (
    "dataset_name", "use_peft", "lora_r", "assistant_only_loss", "completion_only_loss", "max_length",
    "attn_implementation", "dataset_text_field", "loss_type", "precompute_ref_log_probs", "truncation_mode",
    "desirable_weight", "undesirable_weight", "dataset_train_split", "dataset_num_proc", "eos_token", "beta",
    "model_init_kwargs", "padding_free", "packing_strategy", "use_bnb_nested_quant", "chat_template_path",
    "num_generations", "simpo_gamma", "cpo_alpha",
)  # fmt: skip
ONLY = {
    "grpo": ("num_generations", "reward_funcs", "epsilon_high", "vllm_mode", "use_vllm"),
    "reward": ("center_rewards_coefficient",),
    "kto": ("desirable_weight", "undesirable_weight"),
    "simpo": ("simpo_gamma", "cpo_alpha"),
    "dpo": ("precompute_ref_log_probs", "f_divergence_type", "label_smoothing", "sync_ref_model", "loss_weights",
            "use_weighting", "discopop_tau", "ld_alpha", "beta"),
    "sft": ("assistant_only_loss", "completion_only_loss", "packing", "dataset_text_field", "packing_strategy",
            "eval_packing", "chat_template_path", "shuffle_dataset", "padding_free"),
}  # fmt: skip
"""Keys that only one kind of training has, the most telling kinds first."""
LOSSES = {
    "kto": "kto", "apo_zero_unpaired": "kto", "nll": "sft", "dft": "sft", "chunked_nll": "sft", "sigmoid": "dpo",
    "hinge": "dpo", "ipo": "dpo", "robust": "dpo", "sigmoid_norm": "dpo", "simpo": "simpo",
}  # fmt: skip

CHANGES = reasons({
    "data sets are joined whole": "fraction",
    "the loss is Luthier's own": "f_divergence_type f_alpha_divergence_coef loss_weights use_weighting discopop_tau "
    "ld_alpha router_aux_loss_coef alpha",
    "the reference is the base itself and stays": "sync_ref_model ref_model_mixup_alpha ref_model_sync_steps",
    "the end of an answer is the template's own": "eos_token",
    "the base is loaded as it is": "model_init_kwargs",
    "single weights get no adapters": "lora_target_parameters",
    "rows are read in a seeded random order": "shuffle_dataset",
    "the loss goes over the assistant's tokens only": "dataset_kwargs",
    "a prompt or answer is as long as the row": "max_prompt_length max_completion_length",
})  # fmt: skip
HARMLESS = reasons({
    "how rows are prepared; Luthier's data stage has its own way": "dataset_num_proc dataset_streaming streaming "
    "pad_token padding_value pad_to_multiple_of is_encoder_decoder ignore_bias_buffers",
    "how it is computed, not what": "attn_implementation dtype torch_dtype padding_free packing_strategy eval_packing "
    "activation_offloading precompute_ref_log_probs precompute_ref_batch_size bnb_4bit_quant_storage "
    "use_logits_to_keep",
    "dropout is off where two answers are compared": "disable_dropout",
    "belongs to evaluation, which the recipe says anew": "generate_during_eval",
    "adapters are of a language model": "lora_task_type",
    "belongs to a kind of training that this file does not ask for": "beta label_smoothing desirable_weight "
    "undesirable_weight simpo_gamma cpo_alpha packing completion_only_loss lora_r lora_alpha lora_dropout "
    "lora_target_modules lora_modules_to_save use_rslora use_dora bnb_4bit_quant_type use_bnb_nested_quant",
    "the command line's own": "config env",
})  # fmt: skip


def translate(sheet: Sheet) -> None:
    """Put what the configuration says; names what has no counterpart.

    Raises:
        LuthierError: the kind of training does not exist here.
    """
    if sheet.has("model_name_or_path"):
        sheet.put("model.base", sheet.model(sheet.text("model_name_or_path")), "model_name_or_path")
    if sheet.text("model_revision") not in ("", "main"):
        sheet.put("model.revision", sheet.text("model_revision"), "model_revision")
    sheet.get("model_revision")
    trainer.remote_code(sheet)
    kind = _method(sheet)
    _tuning(sheet)
    length = sheet.get("max_length", 1024)
    if length is not None:
        sheet.put("train.max_length", round(float(length)), "max_length")
    _overlong(sheet)
    packed = kind == "sft" and sheet.on("packing")
    _what_is_learned(sheet, kind)
    _data(sheet)
    defaults = replace(trainer.HF, learning_rate=2e-5 if kind == "sft" else 1e-6)
    trainer.learn(sheet, defaults, packed_length=round(float(length or 1024)) if packed else None)
    sheet.finish({**trainer.CHANGES, **CHANGES}, {**trainer.HARMLESS, **HARMLESS})


def _kind(sheet: Sheet) -> tuple[str, str]:
    """(which trainer, the key that tells it)."""
    losses = sheet.names("loss_type")
    for name, keys in ONLY.items():
        for key in keys:
            if sheet.has(key) and not (name == "dpo" and losses and LOSSES.get(losses[0]) != "dpo"):
                return name, key
    if losses and losses[0] in LOSSES:
        return LOSSES[losses[0]], "loss_type"
    return "sft", ""


def _method(sheet: Sheet) -> str:
    kind, key = _kind(sheet)
    at, losses = "train.method", sheet.names("loss_type")
    if kind in ("grpo", "reward"):
        raise trainer.no_such_training(sheet, key, str(sheet.get(key)), "sft, dpo, kto and simpo")
    if kind == "sft":
        sheet.put(at, "sft", *([key] if key else []), note="" if key else "no key is of another trainer than SFT's")
        if not key:
            sheet.notes.append("the file does not say which trainer it is for: sft is written, or --set train.method=…")
        if losses and losses[0] == "dft":
            sheet.leave("loss_type", "the loss is cross-entropy")
        return kind
    loss = losses[0] if losses else {"dpo": "sigmoid", "kto": "kto", "simpo": "simpo"}[kind]
    if len(losses) > 1 or LOSSES.get(loss) != kind or loss == "apo_zero_unpaired":
        raise trainer.no_such_training(sheet, "loss_type", ", ".join(losses), "sigmoid, hinge, ipo, robust, kto, simpo")
    ours = "ipo" if loss == "ipo" else kind
    sheet.put(f"{at}.kind", ours, "loss_type" if losses else key)
    sheet.put(f"{at}.beta", sheet.number("beta", 0.1), "beta")
    if loss in ("hinge", "robust"):
        sheet.put(f"{at}.loss", loss, "loss_type")
    if loss == "sigmoid_norm":
        sheet.put(f"{at}.normalise", True, "loss_type")
    if ours == "dpo" and sheet.number("label_smoothing", 0):
        sheet.put(f"{at}.label_smoothing", sheet.number("label_smoothing", 0), "label_smoothing")
    if kind == "kto":
        sheet.put(f"{at}.desirable", sheet.number("desirable_weight", 1.0), "desirable_weight")
        sheet.put(f"{at}.undesirable", sheet.number("undesirable_weight", 1.0), "undesirable_weight")
    if kind == "simpo":
        sheet.put(f"{at}.margin", sheet.number("simpo_gamma", 0.5), "simpo_gamma")
        sheet.put(f"{at}.sft", sheet.number("cpo_alpha", 1.0), "cpo_alpha")
    return kind


def _tuning(sheet: Sheet) -> None:
    if not sheet.on("use_peft"):
        sheet.put("train.tuning", "full", "use_peft")
        for key in ("load_in_8bit", "load_in_4bit"):
            if sheet.on(key):
                sheet.leave(key, "a quantised base is trained with adapters only (use_peft)")
        return
    four = sheet.on("load_in_4bit")
    learning.eight_bits(sheet)
    named = sheet.names("lora_target_modules")
    targets: Any = "all-linear" if named == ["all-linear"] else named or ["q_proj", "v_proj"]
    if not named:
        sheet.notes.append("no LoRA targets are named: PEFT's choice for most families (q_proj, v_proj) is written")
    learning.lora(
        sheet, quantised=four, kind_keys=("use_peft", "load_in_4bit")[: 2 if four else 1], r=("lora_r", 16), alpha=32.0,
        dropout=0.05, targets=targets, target_keys=("lora_target_modules",),
        switches={"rslora": "use_rslora", "dora": "use_dora"}, modules="lora_modules_to_save",
        double_quant=sheet.on("use_bnb_nested_quant"), double_keys=("use_bnb_nested_quant",),
    )  # fmt: skip
    if four and sheet.text("bnb_4bit_quant_type") not in ("", "nf4"):
        sheet.leave("bnb_4bit_quant_type", "4 bits are NF4 here")


def _overlong(sheet: Sheet) -> None:
    if sheet.text("truncation_mode") == "keep_end":
        sheet.put("data.on_overlong", "keep_end", "truncation_mode")
    else:
        sheet.get("truncation_mode")
        sheet.notes.append(f"rows longer than max_length: {NAME} cuts them at the end, Luthier sets them aside")


def _what_is_learned(sheet: Sheet, kind: str) -> None:
    if kind != "sft":
        return
    if sheet.get("completion_only_loss") is False:
        sheet.leave("completion_only_loss", "the loss goes over the assistant's tokens only")
    if not sheet.on("assistant_only_loss"):
        sheet.notes.append(
            "chats: TRL learns every token unless assistant_only_loss is true; Luthier the assistant's only"
        )
    path = sheet.text("chat_template_path")
    if path.endswith(".jinja"):
        found = sheet.find(path)
        sheet.put("model.chat_template", path if found is None else sheet.relative(found), "chat_template_path")
    elif path:
        sheet.leave("chat_template_path", "a template is a Jinja file here: model.chat_template")


def _data(sheet: Sheet) -> None:
    config, split = sheet.text("dataset_config"), sheet.text("dataset_train_split")
    mixture = sheet.get("datasets")
    if mixture:
        entries = mixture if isinstance(mixture, list) else [mixture]
        if sheet.has("dataset_name"):
            sheet.leave("dataset_name", "datasets takes its place", matters=False)
        put_sources(sheet, [_of_mixture(sheet, e if isinstance(e, dict) else {"path": e}) for e in entries], "datasets")
    elif sheet.has("dataset_name"):
        name = sheet.text("dataset_name")
        put_sources(sheet, [Found(name, place(sheet, name, files=split_files(config, split)))], "dataset_name")
    column = sheet.text("dataset_text_field")
    if column not in ("", "text"):
        sheet.leave("dataset_text_field", "plain text is train.method: continued, with the texts in a column text")
    if sheet.text("dataset_test_split") not in ("", "test"):
        sheet.leave("dataset_test_split", "validation rows are dealt from the rows: data.split.validation; name a file "
                    "of your own for the verdict: data.test")  # fmt: skip
    share = sheet.number("test_split_size", 0)
    if 0 < share < 1:
        sheet.put("data.split.test", share, "test_split_size")


def _of_mixture(sheet: Sheet, entry: Mapping[str, Any]) -> Found:
    path, files = str(entry.get("path") or ""), entry.get("data_files")
    if path in ("json", "csv", "parquet", "arrow", "text") and files:
        path, files = str(files if isinstance(files, str) else next(iter(files))), None
    if entry.get("fraction"):
        sheet.notes.append(f"{path}: fraction: {entry['fraction']} has no counterpart: all rows are used")
    tell_unread(sheet, path, entry, ("path", "name", "data_files", "split", "columns", "fraction"))
    if entry.get("columns"):
        sheet.notes.append(f"{path}: columns {entry['columns']}: Luthier finds the columns it needs (data.map)")
    pattern = str(files if isinstance(files, str) else next(iter(files))) if files else ""
    pattern = pattern or split_files(str(entry.get("name") or ""), str(entry.get("split") or ""))
    return Found(path, place(sheet, path, files=pattern))
