"""What every training does around the loop: the plan that a folder began with, the checks before step 1, recomputing.

Not here: what is learned (``sft``, ``preference``), the steps (``loop``).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from torch import nn

from luthier.errors import LuthierError
from luthier.models.adapters import folded
from luthier.models.allocator import keep_freed_memory
from luthier.models.products import multiplying
from luthier.models.streaming import streamed
from luthier.recipe.train import TrainSpec
from luthier.train import checkpoint, machine
from luthier.train.batches import Row, answers_of, collate, digest
from luthier.train.loop import Run
from luthier.train.loss import TokenLoss
from luthier.train.optimiser import trainable
from luthier.train.plan import TrainPlan

CHECKED_ROWS, CHECKED_TOKENS = 2, 32
SHORT_WAY_TOLERANCE = {"fp32": 1e-4, "bf16": 3e-2}
LossOf = Callable[[Any, TrainPlan, Sequence[Row], str], tuple[TokenLoss, float]]
"""The way to the loss of a model, and by how much it differs from the model's own, on the first of its rows."""


class Loaded(Protocol):
    """The parts of ``models.load.Loaded`` that training touches."""

    @property
    def model(self) -> Any: ...
    @property
    def device(self) -> Any: ...


def trained_parameters(loaded: Loaded, plan: TrainPlan, seed: int) -> dict[str, nn.Parameter]:
    """What is trained, by name.

    Raises:
        ValueError: nothing is, or the plan is for another seed.
    """
    parameters = trainable(loaded.model)
    if not parameters:
        raise ValueError("no parameter of the model is trained; prepare it with models.adapters first")
    if seed != plan.seed:
        raise ValueError(f"the plan was made for seed {plan.seed}, not {seed}")
    return parameters


def tell_start(
    run: Run, plan: TrainPlan, parameters: Mapping[str, nn.Parameter], loss: TokenLoss, difference: float, device: str,
    **more: Any,
) -> None:  # fmt: skip
    """The event of a training that begins: what is trained how, and on which machine."""
    run.event(
        "train", steps=plan.steps, parameters=sum(p.numel() for p in parameters.values()), plan=plan.digest,
        logits="at trained positions" if loss.short else "at all positions", logit_difference=difference, **more,
        machine=machine.describe(device),
    )  # fmt: skip


@contextmanager
def prepared(model: Any, plan: TrainPlan, device: str) -> Iterator[None]:
    """Threads, kernels, memory and 4-bit layers as a training wants them, for its time."""
    keep_freed_memory()
    with machine.exact(plan.threads, deterministic=device == "cpu"), machine.four_bit_gradients(model):
        yield


@contextmanager
def stepping(model: Any, plan: TrainPlan, device: str) -> Iterator[None]:
    """What the plan says of passes, for the time of the steps: layers computed again or read from their files."""
    within = partial(multiplying, plan.precision == "bf16", device)
    with recomputing(model, plan.recompute, within if device == "cpu" else None), streaming(model, plan):
        yield


@contextmanager
def recomputing(
    model: Any, wanted: bool, within: Callable[[], AbstractContextManager[Any]] | None = None
) -> Iterator[None]:
    """Gradient checkpointing for the time of a run; what is computed again runs ``within`` a context."""
    if wanted:
        how: dict[str, Any] = {"use_reentrant": False}
        if within is not None:
            how["context_fn"] = lambda: (nullcontext(), within())
        model.gradient_checkpointing_enable(gradient_checkpointing_kwargs=how)
    try:
        yield
    finally:
        if wanted:
            model.gradient_checkpointing_disable()


def folding(model: Any, precision: str, device: str, *, wanted: bool = True) -> AbstractContextManager[Any]:
    """Small plain adapters folded for the time of a run, if who makes the steps wants it. Not in autocast: weights that
    are held in bf16 would lose changes that are small beside them; on a CPU they are held in fp32, and only the sum is
    rounded."""
    return folded(model) if wanted and (precision == "fp32" or device == "cpu") else nullcontext()


def streaming(model: Any, plan: TrainPlan) -> AbstractContextManager[Any]:
    """Frozen layers that stay in their files for the time of a run, where the plan wants it."""
    return streamed(model) if plan.stream else nullcontext()


def beginning(r: Row) -> Row:
    """The first tokens after a row's prefix, each of them a target: enough to check a way to the logits with."""
    inputs = r.inputs[: r.prefix + CHECKED_TOKENS]
    at = np.arange(r.prefix, len(inputs))
    return replace(r, inputs=inputs, positions=at, targets=inputs[at], weights=None)


def token_loss(model: Any, plan: TrainPlan, rows: Sequence[Row], device: str) -> tuple[TokenLoss, float]:
    """The loss of tokens, checked on the beginnings of the first rows: a ``LossOf``."""
    loss = TokenLoss(model, autocast=plan.precision == "bf16")
    alone = [answers_of(r)[0] for r in rows[:CHECKED_ROWS]]
    small = collate([beginning(r) for r in alone], device)
    return loss, loss.check(small, tolerance=SHORT_WAY_TOLERANCE[plan.precision])


def drops(model: Any) -> bool:
    """Whether passes differ by chance; a shared beginning would then be the same chance for all rows."""
    return any(isinstance(module, nn.Dropout) and module.p > 0 for module in model.modules())


def frozen(
    plan: TrainPlan, spec: TrainSpec, train: Sequence[Row], validation: Sequence[Row],
    parameters: dict[str, Any], run: Run, workdir: Path,
) -> TrainPlan:  # fmt: skip
    """The plan that this workdir began with; written now if it is new."""
    shapes = json.dumps({name: list(p.shape) for name, p in parameters.items()}, sort_keys=True)
    work = {
        "spec": hashlib.sha256(spec.model_dump_json().encode()).hexdigest(),
        "seed": plan.seed,
        "train": digest(train),
        "validation": digest(validation),
        "parameters": hashlib.sha256(shapes.encode()).hexdigest(),
    }
    path = workdir / "plan.json"
    if not path.is_file():
        checkpoint.write_whole(path, json.dumps({"work": work, "plan": plan.to_dict()}, indent=1, sort_keys=True))
        return plan
    stored = json.loads(path.read_text())
    differ = [name for name in work if stored["work"].get(name) != work[name]]
    if differ:
        raise LuthierError(
            f"this folder belongs to another training ({', '.join(differ)} differ)", where=workdir,
            why="going on from its checkpoints would mix two trainings", fix="use another folder, or remove this one",
        )
    began = TrainPlan.from_dict(stored["plan"])
    if began != plan:
        run.event("plan replayed", message="resumed with the plan that this training began with", plan=began.digest)
    return began
