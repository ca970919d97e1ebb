"""``transformers.TrainingArguments``, which LLaMA-Factory and TRL build on: its keys and defaults (transformers 5)."""

from __future__ import annotations

from dataclasses import dataclass

from luthier.errors import LuthierError
from luthier.recipe.elsewhere import learning
from luthier.recipe.elsewhere.sheet import Sheet, reasons


@dataclass(frozen=True)
class Defaults:
    """What counts where a key is left out."""

    learning_rate: float = 5e-5
    schedule: str = "linear"
    epochs: float = 3.0
    batch: int = 8


HF = Defaults()

CHANGES = reasons({
    "labels are learned as they are written": "label_smoothing_factor",
    "the schedule takes no further arguments": "lr_scheduler_kwargs",
    "AdamW takes no further arguments": "optim_args optim_target_modules",
    "best weights are chosen by validation loss": "metric_for_best_model greater_is_better",
    "the micro-batch follows the memory; the step stays as large as it is written": "auto_find_batch_size",
    "rows are read in a seeded order of Luthier's": "data_seed train_sampling_strategy",
    "validation rows are dealt from the rows (data.split.validation)": "eval_delay",
})  # fmt: skip
HARMLESS = reasons({
    "how often it tells; luthier run shows every step and the report all of them": "logging_steps logging_strategy "
    "logging_first_step logging_dir logging_nan_inf_filter log_level log_level_replica log_on_each_node disable_tqdm "
    "include_num_input_tokens_seen include_tokens_per_second report_to run_name project trackio_space_id "
    "trackio_bucket_id trackio_static_space_id",
    "checkpoints are made and resumed by themselves (train.checkpoints)": "save_steps save_strategy save_total_limit "
    "save_only_model save_on_each_node save_safetensors overwrite_output_dir resume_from_checkpoint "
    "ignore_data_skip restore_callback_states_from_checkpoint enable_jit_checkpoint output_dir",
    "validation is spread evenly over the run (train.evaluations)": "eval_strategy evaluation_strategy eval_steps "
    "per_device_eval_batch_size eval_accumulation_steps eval_on_start prediction_loss_only include_for_metrics "
    "batch_eval_metrics eval_do_concat_batches eval_use_gather_object bf16_full_eval fp16_full_eval do_eval do_predict "
    "do_train",
    "the weights with the best validation loss are always kept": "load_best_model_at_end",
    "how it is computed, not what": "gradient_checkpointing gradient_checkpointing_kwargs activation_checkpointing "
    "activation_checkpointing_kwargs tf32 torch_compile torch_compile_backend torch_compile_mode use_liger_kernel "
    "liger_kernel_config use_cache torch_empty_cache_steps use_cpu full_determinism group_by_length length_column_name "
    "remove_unused_columns label_names dataloader_drop_last dataloader_num_workers dataloader_pin_memory "
    "dataloader_persistent_workers dataloader_prefetch_factor dataloader_multiprocessing_context dataloader_in_order "
    "skip_memory_metrics debug average_tokens_across_devices jit_mode_eval past_index",
    "how the work is spread over devices": "ddp_timeout ddp_backend ddp_find_unused_parameters ddp_bucket_cap_mb "
    "ddp_broadcast_buffers ddp_static_graph fsdp fsdp_config deepspeed accelerator_config parallelism_config "
    "local_rank tp_size",
    "models are not sent anywhere by a run": "push_to_hub hub_token hub_private_repo hub_model_id hub_strategy "
    "hub_always_push hub_revision",
})  # fmt: skip


def learn(sheet: Sheet, defaults: Defaults, *, packed_length: int | None) -> None:
    """Put everything that ``TrainingArguments`` says of learning."""
    learning.length_of_training(sheet, "num_train_epochs", defaults.epochs)
    sheet.put("train.learning_rate", sheet.number("learning_rate", defaults.learning_rate), "learning_rate")
    learning.schedule(sheet, "lr_scheduler_type", defaults.schedule)
    learning.warm_up(sheet)
    learning.noise(sheet, "neftune_noise_alpha")
    sheet.put("train.weight_decay", sheet.number("weight_decay", 0.0), "weight_decay")
    clip(sheet)
    learning.batch(sheet, "per_device_train_batch_size", defaults.batch, packed_length)
    learning.optimiser(sheet, "optim")
    learning.precision(sheet)
    sheet.put("seed", round(sheet.number("seed", 42)), "seed")
    sheet.put("train.patience", 0, note=f"{sheet.tool} does not stop early unless told to")


def clip(sheet: Sheet) -> None:
    """Largest gradient norm; 0 is off in these tools."""
    norm = sheet.number("max_grad_norm", 1.0)
    sheet.put("train.clip", norm if norm > 0 else 1e9, "max_grad_norm", note="" if norm > 0 else "no clipping")


def remote_code(sheet: Sheet) -> None:
    """Code that comes with a model is run only where a person says so in the recipe."""
    key = "trust_remote_code"
    if sheet.has(key):
        why = "common families need no code of their own; for one that does, write model.remote_code: true yourself"
        sheet.leave(key, why if sheet.on(key) else "switched off", matters=False)


def no_such_training(sheet: Sheet, key: str, value: str, known: str) -> LuthierError:
    """A kind of training that no recipe can ask for."""
    return LuthierError(
        f"{key}: {value} cannot become a recipe", where=sheet.where(key),
        why=f"Luthier has no such training; of {sheet.tool}'s it has {known}",
        fix=f"luthier plan --explain train.method lists what there is; then change {key} in a copy and import that",
    )  # fmt: skip
