"""Which weights are trained: all of them, or low-rank adapters beside frozen ones; and adapters as files.

The first weights of an adapter depend on the seed and the names of its layers only: no global random state is read or
changed, and every device gets the same. Adapters are held in fp32 whatever the base is held in. Files have peft's
layout, with the base's public name in them and no path of this machine. The only place that imports peft.

Not here: the optimiser and the loop (``train``), what an adapter makes of each weight (``changes``), comparing what was
delivered with what was trained (``export``).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier import registry
from luthier.errors import LuthierError, did_you_mean
from luthier.models import head, pissa
from luthier.models.load import Loaded
from luthier.models.packing import keep_unpacked
from luthier.models.source import ModelSource
from luthier.models.tokens import trained_layers
from luthier.recipe.train import FullTuning, LoraTuning, Tuning

if TYPE_CHECKING:
    from torch import Tensor

ADAPTER_WEIGHTS, ADAPTER_CONFIG, ADAPTER_ORIGIN = "adapter_model.safetensors", "adapter_config.json", "luthier.json"
_ATTENTION = re.compile(r"attn|attention", re.IGNORECASE)
_NOT_LINEAR_WORK = re.compile(r"(^|\.)(gate|router|score|classifier)$")
_OTHER_SENSES = re.compile(r"vision|visual|audio|image", re.IGNORECASE)


@dataclass(frozen=True)
class Prepared:
    """A model whose ``requires_grad`` marks what is trained. ``trainable`` and ``total`` count parameters (a layer held
    in 4 bits counts with its real size); ``kind`` is the tuning's name."""

    loaded: Loaded
    trainable: int
    total: int
    kind: str

    @property
    def model(self) -> Any:
        return self.loaded.model


def prepare(loaded: Loaded, tuning: Tuning, seed: int) -> Prepared:
    """Make a model ready for training as the recipe's ``train.tuning`` says. Changes ``loaded.model`` in place."""
    kind: str = getattr(tuning, "kind")  # noqa: B009  (every Choice that is used has one; the base class does not)
    if head.head_of(loaded.model) is not None:
        head.begin_head(loaded, seed)
    prepared: Prepared = registry.get("tuning", kind).load()(loaded, tuning, seed)
    return prepared


def prepare_full(loaded: Loaded, tuning: FullTuning, seed: int) -> Prepared:
    """Train every weight, in fp32: updates smaller than a bf16 step would be lost otherwise.

    Raises:
        LuthierError: the base is held in 4 bits.
    """
    import torch

    if loaded.quantised:
        raise LuthierError(
            "weights held in 4 bits cannot be trained",
            where="train.tuning: full",
            fix="load the base without quantising",
        )
    model = loaded.model.float()
    model.requires_grad_(True)
    return _prepared(replace(loaded, model=model, dtype=torch.float32), "full")


def prepare_lora(loaded: Loaded, tuning: LoraTuning, seed: int) -> Prepared:
    """Freeze the base and put an adapter beside each targeted layer. Before training it changes nothing.

    Raises:
        LuthierError: no layer of that name, or one whose adapter could not be merged.
    """
    import torch
    from peft import get_peft_model

    new_tokens = () if loaded.source is None else loaded.source.new_tokens  # a model in memory has no source
    added = loaded.tokenizer.convert_tokens_to_ids(list(new_tokens)) if new_tokens else []
    config = _peft_config(loaded.model, tuning, added)
    if tuning.dora and loaded.quantised:
        keep_unpacked(loaded.model)
    with _own_random_state(loaded.device):
        model = get_peft_model(loaded.model, config)
        if tuning.init == "pissa":
            _begin_with_pissa(model, seed)
        else:
            _initialise(model, seed)
    if tuning.dora:
        _measure_lengths(model)
    for module in model.modules():
        if hasattr(module, "trainable_tokens_delta"):  # small updates would be lost in bf16; used in the base's format
            rows = module.trainable_tokens_delta[model.active_adapter]
            rows.data = rows.data.float()
        elif hasattr(module, "token_adapter"):
            continue
        elif hasattr(module, "original_module") and loaded.dtype != torch.float32:
            _hold_in_fp32(module.modules_to_save[model.active_adapter], loaded.dtype)
    return _prepared(replace(loaded, model=model), tuning.kind)


def attach(model: Any, tuning: LoraTuning) -> Any:
    """Put adapters that have shapes and no values beside the layers of a model on the meta device, for planning."""
    from peft import get_peft_model

    held = model.dtype
    made: Any = get_peft_model(model, _peft_config(model, tuning))
    for module in made.modules():
        if tuning.init == "pissa" and hasattr(module, "lora_A"):
            pissa.hold(module, made.active_adapter)
        if hasattr(module, "original_module") and held.itemsize < 4:
            _hold_in_fp32(module.modules_to_save[made.active_adapter], held)
    return made


def _peft_config(model: Any, tuning: LoraTuning, new_ids: Sequence[int] = ()) -> Any:
    """For peft; the rows of ``new_ids`` are trained too."""
    from peft import LoraConfig, TaskType

    targets = find_targets(model, tuning.targets)
    whole, tied = find_whole(model, tuning.modules_to_save, targets)
    return LoraConfig(
        r=tuning.r,
        lora_alpha=int(tuning.alpha) if tuning.alpha.is_integer() else tuning.alpha,  # some engines want an int
        lora_dropout=tuning.dropout,
        target_modules=targets,
        use_rslora=tuning.rslora,
        use_dora=tuning.dora,
        modules_to_save=whole or None,
        trainable_token_indices=trained_layers(model, new_ids, whole) or None if new_ids else None,
        ensure_weight_tying=tied,
        bias="none",
        task_type=TaskType.CAUSAL_LM if head.head_of(model) is None else TaskType.SEQ_CLS,
    )


def find_targets(model: Any, wanted: str | Sequence[str]) -> list[str]:
    """Names of the layers that get an adapter, as short as they can be told from others.

    Args:
        model: a transformers model.
        wanted: ``attention`` (every linear layer inside an attention block, fused or not), ``all-linear`` (every linear
            layer but head and routers), or names: the last part of a layer's path, or more of it.

    Raises:
        LuthierError: a name fits no linear layer, or fits the head.
    """
    linear = [name for name, module in model.named_modules() if _is_linear(module)]
    ends = (model.get_output_embeddings(), head.head_of(model))
    last = next((n for n, m in model.named_modules() if any(m is end for end in ends)), None)
    body = [n for n in linear if n != last and not _OTHER_SENSES.search(n)]
    if wanted == "attention":
        chosen = [n for n in body if any(_ATTENTION.search(part) for part in n.split(".")[:-1])]
    elif wanted == "all-linear":
        chosen = [n for n in body if not _NOT_LINEAR_WORK.search(n)]
    else:
        return _named(wanted, body, last)
    if not chosen:
        raise LuthierError(
            f"this architecture shows no {wanted} layers",
            where="train.tuning.targets",
            fix=f"name them: {', '.join(sorted({n.rsplit('.', 1)[-1] for n in body})[:8])}",
        )
    return _short_names(chosen, [n for n in linear if n not in set(chosen)])


def find_whole(model: Any, wanted: Sequence[str], targets: Sequence[str]) -> tuple[list[str], bool]:
    """Full names of the modules that are trained whole, and whether embedding and head are one weight among them (the
    embedding then stands for both).

    Args:
        model: a transformers model.
        wanted: the last part of a module's path, or more of it.
        targets: what gets an adapter (:func:`find_targets`).

    Raises:
        LuthierError: no module of that name, one without weights, one that gets an adapter too, one held in 4 bits, or
            a shared embedding that cannot stay shared.
    """
    where = "train.tuning.modules_to_save"
    weighty = {n: m for n, m in model.named_modules() if n and any(True for _ in m.parameters(recurse=False))}
    found: set[str] = set()
    for name in wanted:
        chosen = [n for n in weighty if n == name or n.endswith(f".{name}")]
        if not chosen:
            known = {n.rsplit(".", 1)[-1] for n in weighty}
            raise LuthierError(f"no module with weights is called {name!r}", where=where, fix=did_you_mean(name, known))
        if any(n == t or n.endswith(f".{t}") for n in chosen for t in targets):
            raise LuthierError(
                f"{name} would get an adapter and be trained whole", where=where,
                fix=f"leave it out, or name train.tuning.targets without {name}",
            )  # fmt: skip
        if any(not p.is_floating_point() for n in chosen for p in weighty[n].parameters()):
            raise LuthierError(
                f"{name} is held in 4 bits, which cannot be trained", where=where, fix="leave it out, or tuning: lora"
            )
        found.update(chosen)
    embedding, head = model.get_input_embeddings(), model.get_output_embeddings()
    shared = head is not None and getattr(head, "weight", None) is embedding.weight
    ends = {n for n, m in model.named_modules() if m is embedding or (shared and m is head)}
    if not shared or not found & ends:
        return sorted(found), False
    name = next(n for n, m in model.named_modules() if m is embedding)
    if name.rsplit(".", 1)[-1] != "embed_tokens":  # the one name under which peft keeps them shared
        raise LuthierError(
            f"the embedding of a {type(model).__name__} is not trained beside adapters", where=where,
            why=f"{name} and the output layer are one weight, and the adapter file could not say so",
            fix="leave it out, or use train.tuning: full",
        )  # fmt: skip
    return sorted((found - ends) | {name}), True


def trainable_state(model: Any) -> dict[str, Tensor]:
    """Trained tensors by name, in the model's order; the tensors themselves, not copies."""
    return {name: p.detach() for name, p in model.named_parameters() if p.requires_grad}


@contextmanager
def adapter_disabled(model: Any) -> Iterator[None]:
    """The base alone, as it is held in memory, for the time of the block.

    Raises:
        ValueError: there is no adapter to switch off: after full tuning the base is gone.
    """
    if not hasattr(model, "disable_adapter"):
        raise ValueError("this model has no adapter; load the base for comparison")
    with model.disable_adapter():
        yield


@contextmanager
def folded(model: Any) -> Iterator[int]:
    """For the time of the block, small adapted layers multiply once, by W + s·B·A, instead of three times.

    The gradients of A and B then come through that of the whole weight: the same ones, up to rounding, in fewer and
    larger products. That costs in·out a token where the low-rank way costs 3·r·(in + out) in slim products, which run
    at about half the speed, so only layers with in·out at most 6·r·(in + out) are folded. Plain LoRA without dropout
    beside a weight in full precision; all other layers (DoRA, PiSSA, wrapped, hooked) stay as they are. Gives the
    number of folded layers.
    """
    layers = [m for m in model.modules() if hasattr(m, "lora_A") and _folds(m, model.active_adapter)]
    for layer in layers:
        layer.forward = _Folded(layer, model.active_adapter)
    try:
        yield len(layers)
    finally:
        for layer in layers:
            del layer.forward


def _folds(layer: Any, name: str) -> bool:
    """Whether the layer computes W·x + s·B·A·x and nothing else, and is small."""
    import torch
    from peft.tuners.lora import Linear

    if type(layer) is not Linear or layer.lora_variant or layer.active_adapters != [name] or name not in layer.lora_A:
        return False  # held in 4 bits; DoRA, PiSSA and their like; several adapters at once, or none
    if layer.merged or layer.lora_bias[name] or not isinstance(layer.lora_dropout[name], torch.nn.Identity):
        return False
    base, a, b = layer.base_layer, layer.lora_A[name], layer.lora_B[name]
    if any(type(part) is not torch.nn.Linear for part in (base, a, b)):
        return False  # wrapped, or a weight that is computed
    if any("forward" in vars(part) or part._forward_hooks or part._forward_pre_hooks for part in (layer, base, a, b)):
        return False  # somebody looks on, or computes otherwise
    weight = base.weight
    if weight.dtype.itemsize < 4 or {a.weight.dtype, b.weight.dtype} != {weight.dtype}:
        return False
    width = base.in_features + base.out_features
    return bool(base.in_features * base.out_features <= 6 * layer.r[name] * width)


class _Folded:
    """Forward of one folded layer. W + s·B·A is computed once for all passes until A or B change, and the gradients of
    A and B once for all that a backward read with it: each as it would be through every pass of its own."""

    def __init__(self, layer: Any, name: str) -> None:
        self.layer, self.scaling = layer, layer.scaling[name]
        self.a, self.b = layer.lora_A[name].weight, layer.lora_B[name].weight
        self._of: tuple[int, ...] = ()
        self._whole: Any = None

    def __call__(self, x: Tensor) -> Tensor:
        import torch

        base = self.layer.base_layer
        weight = base.weight if self.layer.disable_adapters else self._sum(base.weight)
        return torch.nn.functional.linear(x, weight, base.bias)

    def _sum(self, weight: Tensor) -> Tensor:
        import torch

        if torch.is_inference_mode_enabled():  # what is made here could not be learned through later
            return torch.addmm(weight, self.b, self.a, alpha=self.scaling)
        of = tuple(t._version for t in (weight, self.a, self.b))
        if self._whole is None or self._of != of:
            with torch.no_grad():
                self._whole = torch.addmm(weight, self.b, self.a, alpha=self.scaling)
            self._of = of
            if self.a.requires_grad or self.b.requires_grad:
                whole: Any = self._whole.requires_grad_()
                whole.register_post_accumulate_grad_hook(self._hand_back)
        made: Tensor = self._whole
        return made

    def _hand_back(self, whole: Tensor) -> None:
        """From the gradient of the whole to those of A and B."""
        slope, whole.grad = whole.grad, None
        assert slope is not None
        if self.a.requires_grad:
            _add_gradient(self.a, self.b.t() @ slope * self.scaling)
        if self.b.requires_grad:
            _add_gradient(self.b, slope @ self.a.t() * self.scaling)


def _add_gradient(part: Any, share: Tensor) -> None:
    part.grad = share if part.grad is None else part.grad.add_(share)


# ---- adapters as files


def save_adapter(model: Any, folder: Path, source: ModelSource) -> None:
    """Write the active adapter in peft's layout. The same weights give the same bytes. An adapter that began as PiSSA
    is written as the ordinary one with the same product, of rank 2r.

    Args:
        model: a peft model.
        folder: exists and is empty of adapter files.
        source: the base it was trained on; its name, revision and digest are written.
    """
    from peft import get_peft_model_state_dict
    from safetensors.torch import save_file

    name = model.active_adapter
    state = get_peft_model_state_dict(model, adapter_name=name, save_embedding_layers=False)
    tensors = {k: v.detach().float().cpu().contiguous() for k, v in sorted(state.items())}
    config = {k: _plain(v) for k, v in model.peft_config[name].to_dict().items()}
    if _as_ordinary(model, tensors):  # the scale of the product stays: alpha / r, or alpha / √r
        times = math.sqrt(2) if config["use_rslora"] else 2
        config |= {"r": 2 * config["r"], "lora_alpha": times * config["lora_alpha"]}
    places = [t.data_ptr() for t in tensors.values()]
    once = {k: t.clone() if t.data_ptr() in places[:i] else t for i, (k, t) in enumerate(tensors.items())}
    save_file(once, folder / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    config |= {"base_model_name_or_path": source.name, "revision": source.revision, "inference_mode": True}
    _write_json(folder / ADAPTER_CONFIG, config)
    origin: dict[str, Any] = {"base": source.name, "revision": source.revision, "base_digest": source.digest}
    if source.new_tokens:
        origin["new_tokens"] = list(source.new_tokens)
    if _head_of(model) is not None and model.config.num_labels > 1:
        origin["labels"] = [model.config.id2label[i] for i in range(model.config.num_labels)]
    _write_json(folder / ADAPTER_ORIGIN, origin)


def load_adapter(loaded: Loaded, folder: Path, name: str) -> Loaded:
    """Put an adapter from files beside a base (which may hold others already), frozen, and make it the active one.

    Raises:
        LuthierError: no adapter there, weights not as safetensors, or trained on another base.
    """
    config = _check_adapter(loaded, folder)
    from peft import PeftModel

    if config.get("use_dora") and loaded.quantised:
        keep_unpacked(loaded.model)
    try:
        with _own_random_state(loaded.device):
            if isinstance(loaded.model, PeftModel):
                loaded.model.load_adapter(str(folder), adapter_name=name, is_trainable=False)
                loaded.model.set_adapter(name)
                model = loaded.model
            else:
                model = PeftModel.from_pretrained(loaded.model, str(folder), adapter_name=name, is_trainable=False)
    except (RuntimeError, ValueError, KeyError) as error:
        raise LuthierError(
            f"the adapter does not fit {loaded.source.name}",
            where=folder,
            why=next((line for line in str(error).splitlines() if line.strip()), type(error).__name__),
            fix="use the base that the adapter was trained on",
        ) from error
    model.eval().requires_grad_(False)
    return replace(loaded, model=model)


def continue_adapter(model: Any, folder: Path, base_digest: str) -> None:
    """Put the weights of an adapter from files into the one that is to be trained: training goes on from there. A
    reward model or a classifier may begin from the adapter of one that writes: its head is new.

    Raises:
        LuthierError: no adapter there, one of another base, or of another shape or head than the tuning's.
    """
    from peft import get_peft_model_state_dict, set_peft_model_state_dict
    from safetensors.torch import load_file

    stored = _check_files(folder, base_digest, "this base")
    _refuse_head(folder, model)
    mine = model.peft_config[model.active_adapter].to_dict()
    if _shape(stored) != _shape(mine):
        raise LuthierError(
            "the adapter has another shape than the one that is to be trained", where=folder,
            why="its weights are trained further as they are",
            fix=f"train.tuning: {{kind: lora, {', '.join(f'{k}: {v}' for k, v in _shape(stored).items() if v)}}}",
        )  # fmt: skip
    state = load_file(folder / ADAPTER_WEIGHTS)
    if _head_of(model) is not None:
        own = get_peft_model_state_dict(model, adapter_name=model.active_adapter, save_embedding_layers=False)
        state = {**own, **state}
    set_peft_model_state_dict(model, state, adapter_name=model.active_adapter)


def _shape(config: Mapping[str, Any]) -> dict[str, Any]:
    """What must agree for the weights of one adapter to be another's, by the names of a recipe's keys."""
    return {
        "r": config.get("r"), "alpha": config.get("lora_alpha"), "targets": sorted(config.get("target_modules") or ()),
        "rslora": bool(config.get("use_rslora")), "dora": bool(config.get("use_dora")),
        "modules_to_save": sorted(set(config.get("modules_to_save") or ()) - set(head.ADAPTED)),
    }  # fmt: skip


def merge_adapter(loaded: Loaded, folder: Path) -> Loaded:
    """Add an adapter from files to the weights of a base, in the number format that the base is loaded in (load it in
    fp32). Changes ``loaded.model`` in place; the result is a plain transformers model.

    Raises:
        LuthierError: as :func:`load_adapter`; or the base is held in 4 bits, or merging gives numbers that are not
            finite.
    """
    if loaded.quantised:
        raise LuthierError(
            "an adapter is not merged into weights held in 4 bits", where=folder, fix="load the base without quantising"
        )
    attached = load_adapter(loaded, folder, "merged")
    try:
        model = attached.model.merge_and_unload(safe_merge=True, adapter_names=["merged"])
    except ValueError as error:
        raise LuthierError(
            "merging the adapter gives numbers that are not finite", where=folder, why=str(error)
        ) from error
    return replace(loaded, model=model.eval())


def scale_adapter(folder: Path, target: Path, scale: float) -> None:
    """Write the adapter of one folder at ``scale`` of its strength into another (which exists). The scale goes into B,
    so that every engine sees it, whatever it makes of ``lora_alpha``."""
    import torch
    from safetensors.torch import load_file, save_file

    tensors = load_file(folder / ADAPTER_WEIGHTS)
    made = {
        name: torch.lerp(torch.zeros_like(t), t, scale) if ".lora_B." in name else t for name, t in tensors.items()
    }
    save_file(made, target / ADAPTER_WEIGHTS, metadata={"format": "pt"})
    for name in (ADAPTER_CONFIG, ADAPTER_ORIGIN):
        if (folder / name).is_file():
            (target / name).write_bytes((folder / name).read_bytes())


def _check_adapter(loaded: Loaded, folder: Path) -> dict[str, Any]:
    """Peft's configuration of an adapter that may be loaded."""
    config = _check_files(folder, loaded.source.digest, loaded.source.name)
    _refuse_head(folder, loaded.model)
    return config


def _refuse_head(folder: Path, model: Any) -> None:
    """No adapter of a reward model or a classifier beside a model that writes, nor beside a head with other outputs."""
    labels = labels_of(folder)
    if labels is None:
        return
    makes, mine = head.made_of(labels), _head_of(model)
    if mine is None:
        raise LuthierError(
            f"this adapter makes a {head.THINGS[makes]} of its base", where=folder, why="it writes no answers",
            fix=head.USES[makes],
        )  # fmt: skip
    named = tuple(model.config.id2label[i] for i in range(model.config.num_labels))
    if head.made_of(named) != makes or (makes == "classifier" and named != labels):
        raise LuthierError(
            f"this adapter belongs to a head with other outputs: {', '.join(labels[:8])}", where=folder,
            why=f"the one here gives {', '.join(named[:8])}", fix="rows with the same labels, or a fresh adapter",
        )  # fmt: skip


def _head_of(model: Any) -> Any:
    return head.head_of(model.get_base_model() if hasattr(model, "get_base_model") else model)


def _check_files(folder: Path, base_digest: str, base: str) -> dict[str, Any]:
    if not (folder / ADAPTER_CONFIG).is_file():
        raise LuthierError("this folder holds no adapter", where=folder / ADAPTER_CONFIG, fix="check the path")
    if not (folder / ADAPTER_WEIGHTS).is_file():
        raise LuthierError(
            "the adapter's weights are not safetensors",
            where=folder / ADAPTER_WEIGHTS,
            why="a pickle file can run any code when it is opened",
            fix="save it again with a recent peft (safe_serialization=True)",
        )
    origin = folder / ADAPTER_ORIGIN
    if origin.is_file():
        written = json.loads(origin.read_text(encoding="utf-8"))
        if written.get("base_digest") not in (None, base_digest):
            raise LuthierError(
                f"this adapter was trained on another base than {base}",
                where=folder,
                why=f"it was trained on {written.get('base')}, whose files had another digest",
                fix=f"load {written.get('base')} as it was then",
            )
    config: dict[str, Any] = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    return config


def base_of(source: ModelSource, folder: Path) -> ModelSource:
    """The base as an adapter in a folder was trained on it: with its new tokens."""
    path = folder / ADAPTER_ORIGIN
    written = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
    return source.knowing(written.get("new_tokens") or ())


def labels_of(folder: Path) -> tuple[str, ...] | None:
    """What the outputs of the head of an adapter stand for; None where its model writes. One that does not say is a
    reward model's."""
    config = json.loads((folder / ADAPTER_CONFIG).read_text(encoding="utf-8"))
    if config.get("task_type") != "SEQ_CLS":
        return None
    origin = folder / ADAPTER_ORIGIN
    written = json.loads(origin.read_text(encoding="utf-8")) if origin.is_file() else {}
    return tuple(written.get("labels") or ("score",))


# ---- the pieces


def _prepared(loaded: Loaded, kind: str) -> Prepared:
    sizes = [(_size(p), p.requires_grad) for p in loaded.model.parameters()]
    return Prepared(loaded, sum(n for n, trained in sizes if trained), sum(n for n, _ in sizes), kind)


def _size(parameter: Any) -> int:
    state = getattr(parameter, "quant_state", None)
    return math.prod(state.shape) if state is not None else int(parameter.numel())


def _is_linear(module: Any) -> bool:
    from torch import nn
    from transformers.pytorch_utils import Conv1D

    return isinstance(module, nn.Linear | Conv1D)  # bitsandbytes' 4-bit layers are nn.Linear too


def _named(wanted: Sequence[str], body: Sequence[str], head: str | None) -> list[str]:
    for name in wanted:
        if head is not None and (head == name or head.endswith(f".{name}")):
            raise LuthierError(
                f"an adapter on the output layer ({name}) is not offered",
                where="train.tuning.targets",
                why="where it shares its weights with the embedding, merging would change both",
                fix="leave it out, or use train.tuning: full",
            )
        if not any(n == name or n.endswith(f".{name}") for n in body):
            known = {n.rsplit(".", 1)[-1] for n in body}
            raise LuthierError(
                f"no linear layer is called {name!r}", where="train.tuning.targets", fix=did_you_mean(name, known)
            )
    return sorted(set(wanted))


def _short_names(chosen: Sequence[str], others: Sequence[str]) -> list[str]:
    """Last parts of names; where another layer ends the same, with the part before it."""
    names = set()
    for name in chosen:
        parts = name.split(".")
        for length in range(1, len(parts) + 1):
            short = ".".join(parts[-length:])
            if not any(o == short or o.endswith(f".{short}") for o in others):
                names.add(short)
                break
    return sorted(names)


@contextmanager
def _own_random_state(device: Any) -> Iterator[None]:
    import torch

    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        yield


def _initialise(model: Any, seed: int) -> None:
    """A uniform in ±1/√fan_in (as nn.Linear), B zero; drawn on the CPU, layer by layer in the order of their names."""
    import torch

    generator = torch.Generator().manual_seed(seed)
    for name, p in sorted(model.named_parameters()):
        if ".lora_A." in name:
            bound = 1.0 / math.sqrt(p.shape[1])
            values = torch.rand(p.shape, generator=generator, dtype=torch.float32) * (2 * bound) - bound
            with torch.no_grad():
                p.copy_(values)
        elif ".lora_B." in name:
            torch.nn.init.zeros_(p)


def _begin_with_pissa(model: Any, seed: int) -> None:
    import torch

    torch.manual_seed(seed)  # the caller gives the global state back
    for _, layer in sorted((n, m) for n, m in model.named_modules() if hasattr(m, "lora_A")):
        pissa.begin(layer, model.active_adapter)


def _measure_lengths(model: Any) -> None:
    """DoRA's lengths in fp32: peft measured them in the base's number format, and bf16 is 0.4% off."""
    name = model.active_adapter
    for layer in (m for m in model.modules() if hasattr(m, "lora_magnitude_vector")):
        layer.lora_magnitude_vector[name].update_layer(
            base_layer=layer.get_base_layer(), lora_A=layer.lora_A[name].weight, lora_B=layer.lora_B[name].weight,
            scaling=layer.scaling[name],
        )  # fmt: skip


def _as_ordinary(model: Any, tensors: dict[str, Tensor]) -> bool:
    """Replace the factors of PiSSA layers in a state of peft's; whether there were any."""
    found = False
    for name, module in model.named_modules():
        begun = pissa.first(module)
        if begun is not None:
            keys = f"{name}.lora_A.weight", f"{name}.lora_B.weight"
            tensors |= zip(keys, pissa.ordinary(tensors[keys[0]], tensors[keys[1]], begun), strict=True)
            found = True
    return found


def _hold_in_fp32(module: Any, outside: Any) -> None:
    """Train a module of a base held in ``outside`` in fp32, where small updates are not lost."""
    import torch

    def cast(values: Any, dtype: Any) -> Any:
        floats = isinstance(values, torch.Tensor) and values.is_floating_point()
        return values.to(dtype) if floats else values

    module.float()
    module.register_forward_pre_hook(lambda _, given: tuple(cast(value, torch.float32) for value in given))
    module.register_forward_hook(lambda _, given, made: cast(made, outside))


def _plain(value: Any) -> Any:
    """JSON of a peft config, the same in every run: sets are sorted."""
    if isinstance(value, set | frozenset):
        return sorted(map(_plain, value))
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(getattr(value, "value", value))  # an enum of peft


def _write_json(path: Path, value: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n", encoding="utf-8")
