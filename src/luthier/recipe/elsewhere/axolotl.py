"""axolotl: YAML for ``axolotl train``. Names and defaults are those of its ``utils/schemas``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from luthier.recipe.elsewhere import learning, trainer
from luthier.recipe.elsewhere.sheet import Sheet, reasons
from luthier.recipe.elsewhere.sources import (
    TEXT_COLUMNS,
    Found,
    chat,
    place,
    put_sources,
    split_files,
    tell_unread,
)
from luthier.recipe.train import LoraTuning

NAME = "axolotl"
SIGNS = (
    "base_model", "adapter", "micro_batch_size", "num_epochs", "sequence_len", "sample_packing", "lora_target_linear",
    "val_set_size", "dataset_prepared_path", "lora_model_dir", "rl", "flash_attention", "pad_to_sequence_len",
    "train_on_inputs", "pretraining_dataset", "lr_scheduler", "evals_per_epoch", "saves_per_epoch",
)  # fmt: skip
METHODS = {"dpo": "dpo", "ipo": "ipo", "orpo": "orpo", "simpo": "simpo", "kto": "kto"}

CHANGES = reasons({
    "only the assistant's answers are learned": "train_on_inputs",
    "new tokens are not added to a vocabulary": "tokens added_tokens_overrides resize_token_embeddings_to_32x "
    "mean_resizing_embeddings shrink_embeddings fix_untrained_tokens",
    "part of a layer stack or of a weight is not trained apart": "unfrozen_parameters peft_layers_to_transform "
    "peft_layers_pattern peft_layer_replication lora_target_parameters peft_trainable_token_indices "
    "peft_ensure_weight_tying",
    "adapters begin with B = 0, or with PiSSA": "peft_init_lora_weights",
    "not a method of Luthier": "relora relora_steps relora_warmup_steps relora_anneal_steps relora_prune_ratio "
    "relora_prune_method relora_cpu_offload lisa_n_layers lisa_step_interval lisa_layers_attr use_pose "
    "pose_split_on_token_ids pose_max_context_len pose_num_chunks curriculum_sampling",
    "groups of weights learn at one rate, but for LoRA+": "lr_groups embedding_lr embedding_lr_scale "
    "loraplus_lr_embedding optim_target_modules",
    "the schedule is cosine, linear or constant, to zero": "lr_scheduler_kwargs cosine_min_lr_ratio "
    "cosine_constant_lr_ratio lr_quadratic_warmup lr_div_factor",
    "AdamW takes no further arguments": "optim_args adam_epsilon2 adam_beta3 torchdistx_path",
    "the architecture is trained as it is": "overrides_of_model_config model_config_overrides rope_scaling plugins "
    "llama4_linearized_experts",
    "training stops where a loss is no number (train.skips), not where it is large": "loss_watchdog_threshold "
    "loss_watchdog_patience",
    "data sets are joined whole": "dataset_shard_num dataset_shard_idx min_sample_len",
    "only text is learned here": "processor_type image_size image_resize_algorithm freeze_mm_modules",
    "a quantised base is bitsandbytes' NF4": "gptq gptq_disable_exllama bnb_config_kwargs peft quantization qat",
    "the reward models of Luthier are not trained so": "reward_model process_reward_model num_labels",
    "the loss is Luthier's own": "dpo_use_weighting dpo_label_smoothing dpo_norm_loss use_eaft eaft_alpha eaft_k",
    "a prompt is as long as the row": "max_prompt_len",
    "the special tokens are the tokenizer's own": "special_tokens",
    "the tokenizer is the base's own": "tokenizer_config",
    "best weights are chosen by validation loss": "metric_for_best_model greater_is_better",
    "the weights' best averages are not kept": "ema_decay",
})  # fmt: skip
HARMLESS = reasons({
    "how rows are prepared; Luthier's data stage has its own way": "dataset_prepared_path dataset_processes "
    "dataset_num_proc dataset_keep_in_memory skip_prepare_dataset shuffle_merged_datasets "
    "shuffle_before_merging_datasets "
    "remove_unused_columns push_dataset_to_hub dataloader_num_workers dataloader_pin_memory dataloader_prefetch_factor "
    "dataloader_drop_last preprocess_iterable is_preprocess streaming streaming_multipack_buffer_size "
    "hf_use_auth_token test_split",
    "how it is computed, not what: Luthier makes batches of rows of like length": "pad_to_sequence_len "
    "eval_sample_packing sample_packing_group_size sample_packing_bin_size sample_packing_sequentially "
    "sample_packing_eff_est multipack_real_batches group_by_length batch_flattening pretrain_multipack_buffer_size "
    "pretrain_multipack_attn pretraining_sample_concatenation total_num_tokens total_supervised_tokens",
    "how it is computed, not what": "flash_attention xformers_attention sdp_attention flex_attention eager_attention "
    "s2_attention attn_implementation flash_attn_cross_entropy flash_attn_rms_norm flash_attn_fuse_qkv "
    "flash_attn_fuse_mlp flash_optimum unsloth_cross_entropy_loss unsloth_lora_mlp unsloth_lora_qkv unsloth_lora_o "
    "unsloth_rms_norm unsloth_rope lora_mlp_kernel lora_qkv_kernel lora_o_kernel gradient_checkpointing "
    "gradient_checkpointing_kwargs activation_offloading tf32 float32 bfloat16 float16 fp8 torch_compile "
    "torch_compile_backend torch_compile_mode gc_steps low_cpu_mem_usage max_memory gpu_memory_limit "
    "lora_on_cpu peft_autocast_adapter_dtype liger_rope liger_rms_norm liger_glu_activation liger_layer_norm "
    "liger_fused_linear_cross_entropy liger_cross_entropy cut_cross_entropy use_kernels dpo_use_logits_to_keep "
    "auto_find_batch_size eval_batch_size experimental_skip_move_to_device dpo_padding_free chunked_cross_entropy",
    "how the work is spread over devices": "deepspeed fsdp fsdp_config fsdp_version fsdp_final_state_dict_type ddp "
    "ddp_timeout ddp_bucket_cap_mb ddp_broadcast_buffers ddp_find_unused_parameters device device_map world_size "
    "local_rank accelerator_config sequence_parallel_degree context_parallel_size tensor_parallel_size dp_shard_size "
    "dp_replicate_size heads_k_stride ring_attn_func use_ray ray_run_name ray_num_workers resources_per_worker "
    "qlora_sharded_model_loading",
    "how often it tells; luthier run shows every step and the report all of them": "logging_steps wandb_project "
    "wandb_entity wandb_watch wandb_name wandb_run_id wandb_log_model wandb_mode use_wandb use_mlflow "
    "mlflow_tracking_uri mlflow_experiment_name mlflow_run_name hf_mlflow_log_artifacts use_comet comet_api_key "
    "comet_workspace comet_project_name comet_experiment_key comet_mode comet_online comet_experiment_config "
    "use_tensorboard use_trackio trackio_project_name profiler_steps include_tokens_per_second include_tkps debug "
    "gradio_title gradio_share gradio_server_name gradio_server_port gradio_max_new_tokens gradio_temperature",
    "checkpoints are made and resumed by themselves (train.checkpoints)": "save_steps save_strategy save_total_limit "
    "save_only_model save_safetensors save_first_step resume_from_checkpoint auto_resume_from_checkpoints output_dir "
    "dynamic_checkpoint",
    "validation is spread evenly over the run (train.evaluations)": "eval_steps eval_strategy eval_table_size "
    "eval_max_new_tokens do_causal_lm_eval eval_causal_lm_metrics do_bench_eval bench_dataset bench_split",
    "the weights with the best validation loss are always kept": "load_best_model_at_end",
    "classes are found from the base itself": "model_type tokenizer_type cls_model_config base_model_config "
    "tokenizer_use_fast tokenizer_legacy tokenizer_use_mistral_common tokenizer_save_jinja_files "
    "is_falcon_derived_model is_llama_derived_model is_mistral_derived_model is_qwen_derived_model "
    "lora_fan_in_fan_out",
    "models are not sent anywhere by a run": "hub_model_id hub_strategy hub_revision",
    "merged models are the recipe's export": "merge_lora merge_method",
    "axolotl's own": "strict axolotl_config_path",
    "belongs to a kind of training that this file does not ask for": "trl vllm orpo_alpha rpo_alpha simpo_gamma "
    "cpo_alpha kto_desirable_weight kto_undesirable_weight rl_beta lora_r lora_alpha lora_dropout lora_target_linear "
    "lora_target_modules lora_modules_to_save peft_use_dora peft_use_rslora loraplus_lr_ratio loftq_config",
})  # fmt: skip
PLACED = ("path", "type", "data_files", "name", "split", "revision", "ds_type", "trust_remote_code")
LAID_OUT = (
    "field_messages", "message_property_mappings", "message_field_role", "message_field_content", "roles", "field",
    "text_column", "conversation",
)  # fmt: skip
"""Keys of a data set: where it is, and how its rows look."""
BUILT_IN = ("tokenizer_default", "", "jinja")


def translate(sheet: Sheet) -> None:
    """Put what the configuration says; names what has no counterpart.

    Raises:
        LuthierError: the kind of training does not exist here.
    """
    _model(sheet)
    method = _method(sheet)
    _tuning(sheet)
    length = round(sheet.number("sequence_len", 512))
    sheet.put("train.max_length", length, "sequence_len")
    if sheet.text("excess_length_strategy") == "truncate":
        sheet.leave("excess_length_strategy", "overlong rows are set aside, or see data.on_overlong")
    else:
        sheet.get("excess_length_strategy")
    packed = sheet.on("sample_packing")
    _data(sheet, method)
    _learn(sheet, length if packed else None)
    template = sheet.text("chat_template")
    if template and template not in BUILT_IN:
        sheet.leave(
            "chat_template", "Luthier takes the tokenizer's own chat template, which is the same for most chat models; "
            "for another one give its Jinja file: model.chat_template",
        )  # fmt: skip
    sheet.finish({**trainer.CHANGES, **CHANGES}, {**trainer.HARMLESS, **HARMLESS})


def _model(sheet: Sheet) -> None:
    if sheet.has("base_model"):
        sheet.put("model.base", sheet.model(sheet.text("base_model")), "base_model")
    revision = "revision_of_model" if sheet.has("revision_of_model") else "model_revision"
    if sheet.has(revision):
        sheet.put("model.revision", sheet.text(revision), revision)
    if sheet.has("lora_model_dir"):
        sheet.put("model.adapter", sheet.model(sheet.text("lora_model_dir")), "lora_model_dir")
    if sheet.has("chat_template_jinja"):
        _template(sheet, sheet.text("chat_template_jinja"))
    if sheet.has("default_system_message"):
        sheet.put("data.system", sheet.text("default_system_message"), "default_system_message")
    trainer.remote_code(sheet)


def _template(sheet: Sheet, text: str) -> None:
    """A template that is a file stays where it is; one that is written in the configuration gets a file."""
    key = "chat_template_jinja"
    found = sheet.find(text) if "{" not in text else None
    if found is None and "{" in text:
        path = sheet.folder / f"{sheet.path.stem}.jinja"
        sheet.files[path] = text + "\n"
        sheet.put("model.chat_template", path.name, key, note="written beside the recipe")
    else:
        sheet.put("model.chat_template", text if found is None else sheet.relative(found), key)


def _method(sheet: Sheet) -> str:
    asked = sheet.text("rl").lower()
    at = "train.method"
    if not asked or asked in ("false", "none"):
        continued = sheet.has("pretraining_dataset") or _all_of_type(sheet, ("completion", "pretrain"))
        kind = "continued" if continued else "sft"
        sheet.put(at, kind, "pretraining_dataset" if sheet.has("pretraining_dataset") else "datasets")
        return kind
    if asked not in METHODS:
        raise trainer.no_such_training(sheet, "rl", asked, ", ".join(METHODS))
    kind = METHODS[asked]
    sheet.put(f"{at}.kind", kind, "rl")
    beta = "orpo_alpha" if kind == "orpo" and sheet.has("orpo_alpha") else "rl_beta"
    sheet.put(f"{at}.beta", sheet.number(beta, 2.0 if kind == "simpo" else 0.1), beta)
    weights = {"dpo": ("rpo_alpha", "sft"), "ipo": ("rpo_alpha", "sft"), "simpo": ("cpo_alpha", "sft")}
    if kind in weights and sheet.has(weights[kind][0]):
        key, name = weights[kind]
        sheet.put(f"{at}.{name}", sheet.number(key, 0), key)
    if kind == "simpo":
        sheet.put(f"{at}.margin", sheet.number("simpo_gamma", 0.5), "simpo_gamma")
    if kind == "kto":
        sheet.put(f"{at}.desirable", sheet.number("kto_desirable_weight", 1.0), "kto_desirable_weight")
        sheet.put(f"{at}.undesirable", sheet.number("kto_undesirable_weight", 1.0), "kto_undesirable_weight")
    return kind


def _all_of_type(sheet: Sheet, kinds: tuple[str, ...]) -> bool:
    entries = [one for one in sheet.values.get("datasets") or () if isinstance(one, dict)]
    return bool(entries) and all(str(one.get("type")).partition(":")[0] in kinds for one in entries)


def _tuning(sheet: Sheet) -> None:
    adapter = sheet.text("adapter").lower()
    if not adapter:
        sheet.put("train.tuning", "full", "adapter", note="" if sheet.has("adapter") else "no adapter is named")
        for key in ("load_in_8bit", "load_in_4bit"):
            sheet.get(key)
        return
    if adapter not in ("lora", "qlora"):
        raise trainer.no_such_training(sheet, "adapter", adapter, "lora, qlora, or no adapter for full training")
    four = adapter == "qlora" or sheet.on("load_in_4bit")
    sheet.get("load_in_4bit")
    learning.eight_bits(sheet)
    named = sheet.names("lora_target_modules")
    everything = sheet.on("lora_target_linear") or named == ["all-linear"]
    sheet.get("lora_target_linear")
    targets: Any = "all-linear" if everything else named or LoraTuning.model_fields["targets"].default
    if not everything and not named:
        sheet.notes.append("no LoRA targets are named, and axolotl needs some: Luthier's default is written")
    learning.lora(
        sheet, quantised=four, kind_keys=("adapter", "load_in_4bit")[: 2 if four else 1], r=("lora_r", 8), alpha=16.0,
        dropout=0.0, targets=targets,
        target_keys=("lora_target_linear",) if everything and sheet.has("lora_target_linear")
        else ("lora_target_modules",),
        switches={"rslora": "peft_use_rslora", "dora": "peft_use_dora", "loraplus_lr_ratio": "loraplus_lr_ratio"},
        modules="lora_modules_to_save", double_quant=True,
    )  # fmt: skip
    if sheet.text("peft_init_lora_weights").startswith("pissa"):
        sheet.put("train.tuning.init", "pissa", "peft_init_lora_weights")


def _learn(sheet: Sheet, packed_length: int | None) -> None:
    epochs = learning.length_of_training(sheet, "num_epochs", 1.0)
    sheet.put("train.learning_rate", sheet.number("learning_rate", 2e-4), "learning_rate")
    learning.schedule(sheet, "lr_scheduler", "cosine")
    learning.warm_up(sheet)
    learning.noise(sheet, "neftune_noise_alpha", "noisy_embedding_alpha")
    sheet.put("train.weight_decay", sheet.number("weight_decay", 0.0), "weight_decay")
    trainer.clip(sheet)
    if sheet.has("batch_size") and not sheet.has("gradient_accumulation_steps"):
        rows = round(sheet.number("batch_size", 1))
        key = "train.batch_tokens" if packed_length else "train.batch_rows"
        sheet.put(key, rows * (packed_length or 1), "batch_size")
        sheet.leave("micro_batch_size", "the micro-batch follows the memory", matters=False)
    else:
        learning.batch(sheet, "micro_batch_size", 1, packed_length)
    learning.optimiser(sheet, "optimizer")
    learning.precision(sheet)
    sheet.put("seed", round(sheet.number("seed", 42)), "seed")
    for key, name in (("evals_per_epoch", "evaluations"), ("saves_per_epoch", "checkpoints")):
        if sheet.has(key) and "train.max_steps" not in sheet.carried:
            times = max(1, round(sheet.number(key, 1) * epochs))
            sheet.put(f"train.{name}", times, key, note=f"times {epochs:g} epochs")
    if sheet.has("early_stopping_patience"):
        sheet.put("train.patience", round(sheet.number("early_stopping_patience", 0)), "early_stopping_patience")
    else:
        sheet.put("train.patience", 0, note=f"{NAME} does not stop early unless told to")


# ---- data


def _data(sheet: Sheet, method: str) -> None:
    key = "pretraining_dataset" if sheet.has("pretraining_dataset") else "datasets"
    entries = _entries(sheet.get(key, ()))
    if entries:
        put_sources(sheet, [_found(sheet, one, method) for one in entries], key)
    tests = _entries(sheet.get("test_datasets", ()))
    if tests:
        places = [_found(sheet, one, method).source for one in tests]
        sheet.put("data.test", places, "test_datasets", note="held out for the verdict")
    share = sheet.number("val_set_size", 0)
    if 0 < share < 1:
        sheet.put("data.split.validation", share, "val_set_size")
    elif share >= 1:
        sheet.leave("val_set_size", "a number of rows; here it is a share: data.split.validation")
    if sheet.has("dataset_exact_deduplication"):
        sheet.put("data.dedupe.exact", sheet.on("dataset_exact_deduplication"), "dataset_exact_deduplication")


def _entries(value: Any) -> list[Mapping[str, Any]]:
    values = value if isinstance(value, list | tuple) else [value]
    return [one if isinstance(one, Mapping) else {"path": one} for one in values if one]


def _found(sheet: Sheet, entry: Mapping[str, Any], method: str) -> Found:
    path = str(entry.get("path") or "")
    files = entry.get("data_files")
    name = path or str(files)
    if path in ("json", "csv", "parquet", "arrow", "text") and files:  # a loader's name, with the files beside it
        path = str(files if isinstance(files, str) else files[0])
        files = None
    pattern = str(files if isinstance(files, str) else files[0]) if files else ""
    pattern = pattern or split_files(str(entry.get("name") or ""), str(entry.get("split") or ""))
    source = place(sheet, path, revision=str(entry.get("revision") or ""), files=pattern)
    ignored = {"shards": "all rows are used", "roles_to_train": "only the assistant's turns are learned",
               "train_on_eos": "each answer's end is learned", "input_transform": "rows are taken as they are",
               "message_field_training": "each assistant's turn is learned",
               "message_field_training_detail": "each assistant's turn is learned whole",
               "drop_system_message": "system messages are kept"}  # fmt: skip
    usual = {"roles_to_train": ["assistant"], "train_on_eos": "turn"}
    for key, why in ignored.items():
        if entry.get(key) and entry[key] != usual.get(key):
            sheet.notes.append(f"{name}: {key}: {entry[key]} has no counterpart: {why}")
    shape, mapping = _layout(sheet, name, entry, method)
    own = method in ("sft", "continued") or isinstance(entry.get("type"), Mapping)
    tell_unread(sheet, name, entry, {*PLACED, *ignored, *(LAID_OUT if own else ())})
    return Found(name, source, shape, mapping)


def _layout(sheet: Sheet, name: str, entry: Mapping[str, Any], method: str) -> tuple[str, dict[str, Any]]:
    kind = entry.get("type")
    if isinstance(kind, Mapping):
        return "auto", _own_prompt(sheet, name, kind, method)
    style = str(kind or "").partition(":")[0]
    if method == "continued":
        column = str(entry.get("field") or entry.get("text_column") or "text")
        if column not in TEXT_COLUMNS:
            sheet.notes.append(f"{name}: texts stand in the column {column}; rename it to text")
        return "text", {}
    if method != "sft":
        return "auto", {}
    if style.startswith("chat_template") or style == "":
        names = entry.get("message_property_mappings") or {}
        role = str(entry.get("message_field_role") or names.get("role") or "role")
        content = str(entry.get("message_field_content") or names.get("content") or "content")
        roles = entry.get("roles") or {}
        speakers = {str(source): target for target, sources in roles.items() for source in sources}
        return chat(str(entry.get("field_messages") or "messages"), role, content, speakers)
    if style.startswith("sharegpt"):
        return "sharegpt", {}
    if style == "alpaca" or style.startswith("alpaca"):
        sheet.notes.append(
            f"{name}: axolotl writes the words of Alpaca's prompt around each question (### Instruction: …); Luthier "
            f"asks in the chat template, as the model is spoken to later"
        )
        return "alpaca", {}
    sheet.notes.append(f"{name}: type: {kind} is a prompt style of axolotl; here the layout is found from the rows")
    return "auto", {}


def _own_prompt(sheet: Sheet, name: str, spec: Mapping[str, Any], method: str) -> dict[str, Any]:
    """A user's own prompt: its placeholders become the columns they stand for."""
    columns = {part: str(spec.get(f"field_{part}") or part) for part in ("instruction", "input", "output", "system")}
    if method in ("dpo", "ipo", "orpo", "simpo"):
        return {part: str(spec.get(f"field_{part}") or part) for part in ("prompt", "chosen", "rejected")}
    if method == "kto":
        return {"prompt": str(spec.get("field_prompt") or "prompt"), "thumb": str(spec.get("field_label") or "label"),
                "completion": str(spec.get("field_completion") or "completion")}  # fmt: skip
    template = str(spec.get("format") or "{instruction}")
    prompt = re.sub(r"(?<!\{)\{(instruction|input)\}(?!\})", lambda m: f"{{{{{columns[m[1]]}}}}}", template)
    if re.search(r"<\|[^|]+\|>|\[/?INST\]|### ?(Instruction|Response)", template):
        sheet.notes.append(f"{name}: format holds marks of a chat template, which Luthier adds itself: take them out")
    mapping = {"prompt": prompt, "completion": columns["output"]}
    if spec.get("system_prompt"):
        mapping["system"] = str(spec["system_prompt"])
    elif spec.get("field_system"):
        mapping["system"] = f"{{{{{columns['system']}}}}}"
    return mapping
