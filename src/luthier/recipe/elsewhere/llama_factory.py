"""LLaMA-Factory: YAML or JSON for ``llamafactory-cli train``, with the ``dataset_info.json`` of its ``dataset_dir``.

Names and defaults are those of its ``hparams`` (model, data, finetuning arguments; ``Seq2SeqTrainingArguments`` for the
rest) and of ``data/parser.py``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from luthier.errors import LuthierError, did_you_mean
from luthier.recipe.elsewhere import learning, trainer
from luthier.recipe.elsewhere.sheet import Sheet, reasons
from luthier.recipe.elsewhere.sources import (
    TEXT_COLUMNS,
    Found,
    chat,
    hub,
    place,
    put_sources,
    question,
    split_files,
    tell_unread,
)

NAME = "LLaMA-Factory"
SIGNS = (
    "stage", "finetuning_type", "template", "cutoff_len", "dataset_dir", "lora_rank", "lora_target", "dataset",
    "do_train", "quantization_bit", "pref_loss", "pref_beta", "additional_target", "val_size", "plot_loss",
    "adapter_name_or_path", "preprocessing_num_workers",
)  # fmt: skip
TAGS = {"user_tag": "user", "assistant_tag": "assistant", "observation_tag": "tool", "function_tag": "function_call",
        "system_tag": "system"}  # fmt: skip
USUAL = {"role_tag": "from", "content_tag": "value", "user_tag": "human", "assistant_tag": "gpt",
         "observation_tag": "observation", "function_tag": "function_call", "system_tag": "system"}  # fmt: skip

CHANGES = reasons({
    "all rows are used; name a file that holds fewer": "max_samples",
    "only the assistant's answers are learned, in every turn": "train_on_prompt mask_history",
    "data sets are joined as they are; repeat a name in data.source, or use data.replay": "mix_strategy "
    "interleave_probs",
    "new tokens are not added to a vocabulary": "add_tokens add_special_tokens new_special_tokens_config resize_vocab "
    "init_special_tokens",
    "only text is learned here": "media_dir freeze_vision_tower freeze_multi_modal_projector freeze_language_model "
    "image_max_pixels image_min_pixels video_max_pixels video_min_pixels video_fps video_maxlen use_audio_in_video "
    "audio_sampling_rate image_do_pan_and_scan crop_to_patches",
    "not an optimiser of Luthier: it learns with AdamW": "use_galore use_apollo use_badam use_adam_mini use_muon "
    "galore_target galore_rank galore_update_interval galore_scale galore_proj_type galore_layerwise apollo_target "
    "apollo_rank apollo_update_interval apollo_scale apollo_proj apollo_proj_type apollo_scale_type apollo_layerwise "
    "apollo_scale_front badam_mode badam_start_block badam_switch_mode badam_switch_interval badam_update_ratio "
    "badam_mask_mode badam_verbose",
    "the architecture is trained as it is": "rope_scaling shift_attn mixture_of_depths use_llama_pro moe_aux_loss_coef "
    "train_from_scratch",
    "this loss is not Luthier's": "use_dft_loss use_asft_loss asft_alpha use_eaft_loss eaft_alpha ld_alpha "
    "pref_bco_weight",
    "the reference is the base itself, or model.adapter": "ref_model ref_model_adapters ref_model_quantization_bit",
    "there is no quantised export here": "export_quantization_bit export_quantization_dataset "
    "export_quantization_nsamples export_quantization_maxlen",
    "PiSSA's exact singular values are taken": "pissa_iter",
    "reasoning stands in the rows as the template writes it": "enable_thinking reasoning_effort preserve_thinking",
})  # fmt: skip
HARMLESS = reasons({
    "how rows are prepared; Luthier's data stage has its own way": "preprocessing_num_workers preprocessing_batch_size "
    "overwrite_cache tokenized_path streaming buffer_size data_shared_file_system ignore_pad_token_for_loss "
    "dataloader_num_workers tool_format",
    "how it is computed, not what": "flash_attn use_unsloth use_unsloth_gc enable_liger_kernel use_reentrant_gc "
    "disable_gradient_checkpointing upcast_layernorm upcast_lmhead_output use_kv_cache use_v1_kernels use_mca "
    "low_cpu_mem_usage use_fast_tokenizer fp8 fp8_backend fp8_enable_fsdp_float8_all_gather quantization_device_map "
    "quantization_method offload_folder use_ray ray_num_workers ray_run_name ray_storage_path ray_storage_filesystem "
    "resources_per_worker placement_strategy ray_init_kwargs",
    "the report and luthier runs show it": "plot_loss include_effective_tokens_per_second use_swanlab swanlab_project "
    "swanlab_workspace swanlab_run_name swanlab_mode swanlab_api_key swanlab_logdir swanlab_lark_webhook_url "
    "swanlab_lark_secret compute_accuracy print_param_status",
    "belongs to evaluation or serving, which the recipe says anew": "predict_with_generate eval_num_beams "
    "eval_on_each_dataset infer_backend infer_dtype do_sample temperature top_p top_k num_beams max_new_tokens "
    "repetition_penalty length_penalty skip_special_tokens vllm_maxlen vllm_gpu_util vllm_enforce_eager",
    "deliveries are the recipe's export": "export_dir export_size export_device export_legacy_format "
    "export_hub_model_id pissa_convert",
    "whether a new adapter is begun follows from model.adapter": "create_new_adapter",
    "secrets do not belong in a recipe": "hf_hub_token ms_hub_token om_hub_token",
    "the hub's own cache is used": "cache_dir",
    "belongs to a kind of training that this file does not ask for": "freeze_trainable_layers freeze_trainable_modules "
    "freeze_extra_modules oft_rank oft_block_size oft_target module_dropout ppo_buffer_size ppo_epochs ppo_score_norm "
    "ppo_target ppo_whiten_rewards reward_model reward_model_adapters reward_model_quantization_bit reward_model_type "
    "loraplus_lr_embedding pref_beta pref_ftx pref_loss dpo_label_smoothing kto_chosen_weight kto_rejected_weight "
    "simpo_gamma lora_rank lora_alpha lora_dropout lora_target loraplus_lr_ratio use_rslora use_dora pissa_init "
    "additional_target double_quantization quantization_type",
    "the tokenizer's special tokens are text to nobody": "split_special_tokens",
})  # fmt: skip


def translate(sheet: Sheet) -> None:
    """Put what the configuration says; names what has no counterpart.

    Raises:
        LuthierError: the kind of training does not exist here, or the data sets cannot be found.
    """
    _model(sheet)
    method = _method(sheet)
    _tuning(sheet)
    length = round(sheet.number("cutoff_len", 2048))
    sheet.put("train.max_length", length, "cutoff_len")
    sheet.notes.append(
        f"rows longer than {length} tokens: {NAME} cuts them at the end, Luthier sets them aside (data.on_overlong)"
        if method != "continued" else "long texts are read in consecutive pieces"
    )  # fmt: skip
    packed = sheet.on("packing", method == "continued") or sheet.on("neat_packing")
    sheet.get("packing"), sheet.get("neat_packing")
    _data(sheet, method)
    trainer.learn(sheet, trainer.HF, packed_length=length if packed else None)
    if sheet.has("early_stopping_steps"):
        sheet.put("train.patience", round(sheet.number("early_stopping_steps", 0)), "early_stopping_steps")
    if sheet.on("pure_bf16"):
        sheet.put("train.precision", "bf16", "pure_bf16")
    if sheet.on("disable_shuffling"):
        sheet.leave("disable_shuffling", "rows are read in a seeded random order")
    if sheet.has("template"):
        sheet.leave(
            "template", "Luthier takes the tokenizer's own chat template, which is the same for most chat models; for "
            "another one give its Jinja file: model.chat_template",
        )  # fmt: skip
    sheet.finish({**trainer.CHANGES, **CHANGES}, {**trainer.HARMLESS, **HARMLESS})


def _model(sheet: Sheet) -> None:
    if sheet.has("model_name_or_path"):
        sheet.put("model.base", sheet.model(sheet.text("model_name_or_path")), "model_name_or_path")
    if sheet.text("model_revision") not in ("", "main"):
        sheet.put("model.revision", sheet.text("model_revision"), "model_revision")
    adapters = sheet.names("adapter_name_or_path")
    if len(adapters) == 1:
        sheet.put("model.adapter", sheet.model(adapters[0]), "adapter_name_or_path")
    elif adapters:
        sheet.leave("adapter_name_or_path", "one adapter is trained further, not several: merge them first")
    if sheet.has("default_system"):
        sheet.put("data.system", sheet.text("default_system"), "default_system")
    trainer.remote_code(sheet)


def _method(sheet: Sheet) -> str:
    stage = sheet.text("stage") or "sft"
    at = "train.method"
    if stage in ("sft", "pt"):
        kind = "continued" if stage == "pt" else "sft"
        sheet.put(at, kind, "stage")
    elif stage == "kto":
        kind = "kto"
        sheet.put(f"{at}.kind", "kto", "stage")
        sheet.put(f"{at}.beta", sheet.number("pref_beta", 0.1), "pref_beta")
        sheet.put(f"{at}.desirable", sheet.number("kto_chosen_weight", 1.0), "kto_chosen_weight")
        sheet.put(f"{at}.undesirable", sheet.number("kto_rejected_weight", 1.0), "kto_rejected_weight")
    elif stage == "dpo":
        kind = _preference(sheet)
    else:
        raise trainer.no_such_training(sheet, "stage", stage, "sft, pt, dpo, kto")
    return kind


def _preference(sheet: Sheet) -> str:
    loss = sheet.text("pref_loss") or "sigmoid"
    kinds = {"sigmoid": "dpo", "hinge": "dpo", "ipo": "ipo", "orpo": "orpo", "simpo": "simpo"}
    if loss not in kinds:
        raise trainer.no_such_training(sheet, "pref_loss", loss, ", ".join(kinds))
    at, kind = "train.method", kinds[loss]
    sheet.put(f"{at}.kind", kind, "stage", "pref_loss")
    sheet.put(f"{at}.beta", sheet.number("pref_beta", 0.1), "pref_beta")
    if loss == "hinge":
        sheet.put(f"{at}.loss", "hinge", "pref_loss")
    if kind == "simpo":
        sheet.put(f"{at}.margin", sheet.number("simpo_gamma", 0.5), "simpo_gamma")
    if kind == "dpo" and sheet.number("dpo_label_smoothing", 0):
        sheet.put(f"{at}.label_smoothing", sheet.number("dpo_label_smoothing", 0), "dpo_label_smoothing")
    if sheet.number("pref_ftx", 0):
        sheet.put(f"{at}.sft", sheet.number("pref_ftx", 0), "pref_ftx")
    return kind


def _tuning(sheet: Sheet) -> None:
    tuning = sheet.text("finetuning_type") or "lora"
    if tuning == "full":
        sheet.put("train.tuning", "full", "finetuning_type")
        return
    if tuning != "lora":
        raise trainer.no_such_training(sheet, "finetuning_type", tuning, "lora, full")
    bits = round(sheet.number("quantization_bit", 0))
    if bits not in (0, 4):
        sheet.leave("quantization_bit", "a base is held in 4 bits (qlora) or in its own format; lora is written")
    rank = round(sheet.number("lora_rank", 8))
    targets: Any = sheet.names("lora_target") or ["all"]
    learning.lora(
        sheet, quantised=bits == 4, kind_keys=("finetuning_type", "quantization_bit")[: 2 if bits == 4 else 1],
        r=("lora_rank", 8), alpha=2.0 * rank, dropout=0.0,
        targets="all-linear" if targets == ["all"] else targets, target_keys=("lora_target",),
        switches={"rslora": "use_rslora", "dora": "use_dora", "loraplus_lr_ratio": "loraplus_lr_ratio"},
        modules="additional_target", double_quant=sheet.on("double_quantization", True),
        double_keys=("double_quantization",),
    )  # fmt: skip
    if sheet.on("pissa_init"):
        sheet.put("train.tuning.init", "pissa", "pissa_init")
    if bits == 4 and sheet.text("quantization_type") not in ("", "nf4"):
        sheet.leave("quantization_type", "4 bits are NF4 here")


# ---- data


def _data(sheet: Sheet, method: str) -> None:
    names = sheet.names("dataset")
    if names:
        info, where = _info(sheet)
        put_sources(sheet, [_found(sheet, name, info, where, method) for name in names], "dataset")
        tests = sheet.names("eval_dataset")
        if tests:
            found = [_found(sheet, name, info, where, method) for name in tests]
            sheet.put("data.test", [one.source for one in found], "eval_dataset", note="held out for the verdict")
    validation = sheet.number("val_size", 0)
    if 0 < validation < 1:
        sheet.put("data.split.validation", validation, "val_size")
    elif validation >= 1:
        sheet.leave("val_size", "a number of rows; here it is a share: data.split.validation: 8% unless you write one")
    sheet.get("dataset_dir")


def _info(sheet: Sheet) -> tuple[Mapping[str, Any] | None, Path]:
    """The data sets that LLaMA-Factory knows, and the folder that their files are in."""
    folder = sheet.text("dataset_dir") or "data"
    if folder.upper() == "ONLINE":
        return None, Path()
    at = sheet.where("dataset_dir" if sheet.has("dataset_dir") else "dataset")
    path = sheet.find(f"{folder}/dataset_info.json")
    if path is None or folder.startswith("REMOTE:"):
        raise LuthierError(
            f"{folder}/dataset_info.json was not found", where=at,
            why=f"{NAME} says there which file a data set is and what its columns are called; it was looked for here, "
            "beside the configuration and above it",
            fix="run luthier import where you start llamafactory-cli, or write dataset_dir as an absolute path",
        )  # fmt: skip
    try:
        info = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise LuthierError(f"dataset_info.json cannot be read: {error}", where=path) from None
    if not isinstance(info, dict):
        raise LuthierError("dataset_info.json is no mapping of names to data sets", where=path)
    return info, path.parent


def _found(sheet: Sheet, name: str, info: Mapping[str, Any] | None, folder: Path, method: str) -> Found:
    if info is None:
        return Found(name, hub(name))
    entry = info.get(name)
    if not isinstance(entry, dict):
        raise LuthierError(
            f"dataset_info.json does not know the data set {name!r}", where=folder / "dataset_info.json",
            why=f"{sheet.where('dataset')} names it", fix=did_you_mean(name, info),
        )  # fmt: skip
    read = ("file_name", "hf_hub_url", "ms_hub_url", "om_hub_url", "revision", "subset", "folder", "split",
            "formatting", "ranking", "columns", "tags")  # fmt: skip
    tell_unread(sheet, name, entry, read)
    columns = entry.get("columns") or {}
    if any(columns.get(kind) for kind in ("images", "videos", "audios")):
        sheet.notes.append(f"{name} has pictures, videos or sound: only its text is learned")
    shape, mapping = _layout(sheet, name, entry, columns, method)
    return Found(name, _place(sheet, name, entry, folder), shape, mapping)


def _place(sheet: Sheet, name: str, entry: Mapping[str, Any], folder: Path) -> str:
    if "hf_hub_url" in entry:
        files = split_files(str(entry.get("subset") or entry.get("folder") or ""), str(entry.get("split") or ""))
        return hub(str(entry["hf_hub_url"]), revision=str(entry.get("revision") or ""), files=files)
    if "file_name" in entry:
        path = folder / str(entry["file_name"])
        return sheet.relative(path) if path.exists() else place(sheet, str(path))
    kind = next((k for k in ("ms_hub_url", "om_hub_url", "script_url", "cloud_file_name") if k in entry), "no file")
    raise LuthierError(
        f"the rows of {name} cannot be reached: dataset_info.json names {kind}", where=folder / "dataset_info.json",
        why="Luthier reads files and data sets of the Hugging Face hub, and runs no loading scripts",
        fix=f"download the rows and write file_name for {name}",
    )  # fmt: skip


def _layout(
    sheet: Sheet, name: str, entry: Mapping[str, Any], columns: Mapping[str, Any], method: str
) -> tuple[str, dict[str, Any]]:
    """Shape and mapping from what dataset_info.json says of the columns; the defaults are LLaMA-Factory's."""
    if str(entry.get("formatting") or "alpaca") in ("sharegpt", "openai"):
        if entry.get("ranking") or columns.get("kto_tag"):
            return "auto", {}
        usual = USUAL if entry.get("formatting") != "openai" else {
            **USUAL, "role_tag": "role", "content_tag": "content", "user_tag": "user", "assistant_tag": "assistant"
        }  # fmt: skip
        tags = {**usual, **(entry.get("tags") or {})}
        usual_column = "messages" if entry.get("formatting") == "openai" else "conversations"
        column = str(columns.get("messages") or usual_column)
        speakers = {str(tags[tag]): meaning for tag, meaning in TAGS.items()}
        return chat(column, str(tags["role_tag"]), str(tags["content_tag"]), speakers)
    own = bool(columns)
    part = {
        key: str(columns.get(key) or ("" if own else usual))
        for key, usual in {"prompt": "instruction", "query": "input", "response": "output", "history": "",
                           "system": ""}.items()
    }  # fmt: skip
    if method == "continued":
        if part["prompt"] not in TEXT_COLUMNS and own:
            sheet.notes.append(f"{name}: texts stand in the column {part['prompt']}; rename it to text")
        return "text", {}
    asked = question(part["prompt"], part["query"])
    if entry.get("ranking"):
        return "auto", _mapped(
            {"prompt": asked, "chosen": str(columns.get("chosen") or "chosen"),
             "rejected": str(columns.get("rejected") or "rejected")}, part["system"],
        )  # fmt: skip
    if columns.get("kto_tag"):
        return "auto", _mapped(
            {"prompt": asked, "completion": part["response"], "thumb": str(columns["kto_tag"])}, part["system"]
        )
    named = part["prompt"] == "instruction" and part["query"] in ("input", "") and part["response"] == "output"
    if named and part["history"] in ("", "history") and part["system"] in ("", "system"):
        return "alpaca", {}
    if part["history"]:
        sheet.notes.append(f"{name}: earlier turns in the column {part['history']} are not read with renamed columns")
    return "auto", _mapped({"prompt": asked, "completion": part["response"]}, part["system"])


def _mapped(mapping: dict[str, Any], system: str) -> dict[str, Any]:
    return {**mapping, "system": f"{{{{{system}}}}}"} if system else mapping
