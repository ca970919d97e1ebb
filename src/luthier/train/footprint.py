"""What one pass of training holds at a time, traced on tensors that have shapes and no values.

The pass is the real one: the decoder, the loss in chunks, the backward, adapters, folding, recomputing. It runs on
torch's meta device, and every buffer that an operation makes or drops is counted; what an architecture or a variant of
LoRA keeps needs no formula of its own. On a CPU the count is exact (tests/train/test_footprint.py compares it with the
same pass over real tensors); what its allocator loses between buffers is replayed (``train.heap``).

Not counted: weights and optimiser (``train.memory`` adds them up). Questions about values (is anything padded?) are
answered with yes, as for the plain rows that are traced.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_iter
from torch.utils.flop_counter import flop_registry

from luthier.models.products import APART, by_half_products, multiplying
from luthier.train import anchor
from luthier.train.batches import Row
from luthier.train.heap import Event, grown
from luthier.train.loss import TokenLoss
from luthier.train.memory import Pass
from luthier.train.plan import logit_bytes
from luthier.train.session import folding, recomputing
from luthier.train.sft import Tokens
from luthier.train.work import Cut, Work

MULTIPLIES = {
    functional.linear, functional.bilinear, torch.matmul, torch.bmm, torch.mm, torch.addmm, Tensor.matmul,
    Tensor.__matmul__, functional.conv1d,
}  # fmt: skip

LOST = 0.05
"""Share of a pass that other allocators than the CPU's are taken to lose between buffers: not measured."""
HALF_TIMES = 2.1
"""How many times as fast as fp32 a CPU multiplies bf16 where it can (AVX512-BF16 of a Zen 4, as measured)."""
APART_TIMES = 1.15
"""How many times as fast oneDNN multiplies fp32 where it is asked (a Zen 4, as measured)."""
KERNELS = 25 << 20
"""Bytes of a CPU's kernels, which are read at their first use, and of what they pack (as measured)."""
A_KIND = 570 << 10
"""Bytes that oneDNN keeps of each kind of product, by its numbers of rows, of columns and of sums, whatever these are
(measured: 0.53 to 0.60 MiB)."""


class Footprint:
    """Passes over one model, traced when asked and remembered.

    Args:
        model: prepared for training, on the meta device (``models.sizes.skeleton``).
        device: kind of the device that it stands for; decides how many logits are held.
        precision: ``bf16`` multiplies in bf16, whatever the weights are.
        trained_share: share of a row's tokens that are trained.
        anchored: the rows are replayed ones that an anchor holds the model near its base at.
    """

    def __init__(
        self, model: nn.Module, *, device: str, precision: str, trained_share: float = 1.0, anchored: bool = False
    ) -> None:
        self.model, self.device, self.precision = model, device, precision
        self.half = by_half_products(precision, device)  # by the loss itself
        self.trained_share, self.anchored = trained_share, anchored
        self.vocabulary = int(model.get_input_embeddings().weight.shape[0])  # type: ignore[operator]
        self.over = cache(self._trace)

    def __call__(self, rows: int, width: int, *, recompute: bool, accumulates: bool) -> Pass:
        """The most that a pass of ``rows`` rows of ``width`` tokens holds; ``accumulates``: where gradients of an
        earlier pass of the step are there already. On a card only powers of two are traced, and what lies between
        them is read off the line: never too low, as a maximum of lines bends upwards."""
        below = 1 << (rows.bit_length() - 1)
        if self.device == "cpu" or below == rows:
            return self.over(self._plain(rows, width), recompute, accumulates)
        low, high = (self.over(self._plain(count, width), recompute, accumulates) for count in (below, 2 * below))
        return low.toward(high, (rows - below) / below)

    def step(
        self, cuts: Sequence[Cut], *, recompute: bool, accumulates: bool = False, sizes: float = 1.0
    ) -> Pass:  # fmt: skip
        """The most that the worst of these passes holds, as they are cut (``train.work.Holds``). Each is traced with
        its own like: on paper the heap grows with every further pass (``train.heap``), measured ones do not. What a CPU
        keeps of every kind of product grows with the ``sizes`` that passes have."""
        passes = [self.over(cut, recompute, accumulates) for cut in cuts]
        held = max(passes, key=lambda held: held.bytes + held.lost)
        kinds = max(held.kinds for held in passes)
        return replace(held, lost=held.lost + round(max(0.0, sizes - 1) * kinds * A_KIND))

    def work(self, rows: int, width: int, *, recompute: bool = False, reads: bool = False) -> Work:
        """What each token costs in a pass of ``rows`` rows of ``width`` tokens: trained, or only read."""
        objective, made = self._objective(), self._rows(self._plain(rows, width))
        effort = _Effort(self.half)
        with self._stage(recompute, effort):
            batch = objective.collate(made, "meta")
            if reads:
                with torch.no_grad():
                    objective.total(batch)
            else:
                objective.begin(made)
                objective.backward(batch, 1.0)
        self._forget_gradients()
        return Work(effort.operations, effort.made).times(1 / (rows * width))

    def _trace(self, cut: Cut, recompute: bool, accumulates: bool) -> Pass:
        objective, made = self._objective(), self._rows(cut)
        batch = objective.collate(made, "meta")
        tape = _Tape(self.vocabulary)
        with self._stage(recompute, tape):
            with torch.no_grad():  # the validation before step 1 leaves its holes in the heap
                objective.total(batch)
            for _ in range(1 + accumulates):
                objective.begin(made)
                objective.backward(batch, 1.0)
                tape.first = tape.first or accumulates * len(tape.events)
        self._forget_gradients()
        kinds = len(tape.products) if self.device == "cpu" else 0
        lost = self._lost(tape, objective.loss.kept.room) + kinds * A_KIND
        return Pass(tape.most, tape.logits, lost, kinds / (1 + (cut.prefix > 0)))

    def _objective(self) -> Tokens:
        chunk = max(1, logit_bytes(self.device) // (4 * self.vocabulary))
        loss = TokenLoss(self.model, autocast=self.half, chunk=chunk, device=self.device)
        return Tokens(loss, anchor.make(self.model, 1.0) if self.anchored else None)

    def _plain(self, rows: int, width: int) -> Cut:
        """A pass whose rows are all as long, with the share of trained tokens that rows have on average."""
        return Cut(rows, width, 0, rows * max(1, round(width * self.trained_share)), self.anchored)

    @contextmanager
    def _stage(self, recompute: bool, looks_on: TorchDispatchMode) -> Iterator[None]:
        """The model as it is in training, while somebody looks on."""
        self.model.train()
        shapes = _Shapes(self.precision == "bf16" and not self.half)
        with ExitStack() as stack:
            stack.enter_context(recomputing(self.model, recompute, within=lambda: self._within(shapes)))
            stack.enter_context(folding(self.model, self.precision, self.device))
            stack.enter_context(shapes)
            stack.enter_context(looks_on)
            yield

    @contextmanager
    def _within(self, shapes: _Shapes) -> Iterator[None]:
        """Where a layer is computed again."""
        with shapes, multiplying(self.half, self.device) if self.device == "cpu" else nullcontext():
            yield

    def _forget_gradients(self) -> None:
        for p in self.model.parameters():
            p.grad = None

    def _lost(self, tape: _Tape, kept: Tensor | None) -> int:
        """What the allocator of the device takes beyond what is live. What is kept lies where it lies."""
        if self.device != "cpu":
            return round(LOST * tape.most)
        moments = [4 * p.numel() for p in self.model.parameters() if p.requires_grad for _ in range(2)]
        number, size = (-1, 0) if kept is None else tape.known(kept)
        moving = [event for event in tape.events if event[0] != number]
        first = sum(event[0] != number for event in tape.events[: tape.first])
        return KERNELS + max(0, grown(moving, moments, first or None) + size - sum(moments) - tape.most)

    def _rows(self, cut: Cut) -> list[Row]:
        """Rows that are fed as this pass is; its trained tokens shared out evenly, at their ends."""
        width = cut.prefix + cut.width
        inputs = np.zeros(width, dtype=np.int64)
        made = []
        for i in range(cut.rows):
            count = min(cut.width, max(1, cut.trained * (i + 1) // cut.rows - cut.trained * i // cut.rows))
            at = np.arange(width - count, width)
            made.append(Row("", inputs, at, inputs[:count], None, replayed=cut.replayed, prefix=cut.prefix))
        return made


class _Tape(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts the bytes of all buffers that operations make, as long as anything holds them."""

    def __init__(self, vocabulary: int) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.vocabulary = vocabulary
        self.live = self.most = 0
        self.live_logits = self.logits = 0
        self.events: list[Event] = []
        self.products: set[tuple[int, ...]] = set()
        """Sides, and how they lie in memory, of those that oneDNN makes on a CPU."""
        self.first = 0
        """How many of them are those of the first pass, where there are several; else 0."""
        self._known: dict[int, tuple[int, bool, int]] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        out = func(*args, **(kwargs or {}))
        given = {t.untyped_storage()._cdata for t in _tensors((args, kwargs))}
        half = func._overloadpacket is torch.ops.aten.mm and args[0].dtype == torch.bfloat16
        if half or func._overloadpacket is APART:
            self.products.add((*args[0].shape, out.shape[-1], args[0].stride(0), args[1].stride(0)))
        for t in _tensors(out):
            if t.untyped_storage()._cdata not in given:
                self._see(t)
        return out

    def known(self, t: Tensor) -> tuple[int, int]:
        """(number, bytes) of a tensor's buffer."""
        size, _, number = self._known[t.untyped_storage()._cdata]
        return number, size

    def _see(self, t: Tensor) -> None:
        storage = t.untyped_storage()
        key = storage._cdata
        if key in self._known:
            return
        size, vocabulary = storage.nbytes(), bool(t.shape) and t.shape[-1] == self.vocabulary
        number = len(self.events)
        self._known[key] = (size, vocabulary, number)
        self.events.append((number, max(1, size)))
        self.live += size
        self.live_logits += size if vocabulary else 0
        weakref.finalize(storage, self._gone, key)
        if self.live > self.most:
            self.most, self.logits = self.live, self.live_logits

    def _gone(self, key: int) -> None:
        size, vocabulary, number = self._known.pop(key)
        self.events.append((number, 0))
        self.live -= size
        self.live_logits -= size if vocabulary else 0


class _Effort(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Adds up the operations of products, and the bytes of all buffers that operations write."""

    def __init__(self, half: bool) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.half = half
        self.operations = self.made = 0.0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        out = func(*args, **kwargs)
        if (formula := flop_registry.get(func._overloadpacket)) is not None:
            halved = HALF_TIMES if args[0].dtype == torch.bfloat16 and self.half else 1.0
            self.operations += formula(*args, **kwargs, out_val=out) / halved
        elif func._overloadpacket is APART:
            self.operations += 2.0 * args[0].numel() * len(args[1]) / APART_TIMES
        elif func._overloadpacket in ATTENDS:
            self.operations += ATTENDS[func._overloadpacket](args)
        if not func.is_view:
            self.made += sum(t.numel() * t.element_size() for t in _tensors(out))
        return out


def _attended(query: Tensor, key: Tensor) -> float:
    """Products of causal attention, forward: half of all pairs."""
    return 2.0 * query.numel() * key.shape[-2]


ATTENDS = {
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu: lambda args: _attended(args[0], args[1]),
    torch.ops.aten._scaled_dot_product_flash_attention_for_cpu_backward: lambda args: 2.5 * _attended(args[1], args[2]),
}  # fmt: skip


class _Shapes(TorchFunctionMode):
    """Lets a model run on the meta device as it does on real tensors.

    Attention takes the way without a matrix of scores that it takes there; in bf16, products are what autocast makes
    of them.
    """

    def __init__(self, bf16: bool) -> None:
        super().__init__()
        self.bf16 = bf16

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is Tensor.__bool__ and args[0].is_meta:
            return True
        if func is functional.scaled_dot_product_attention:
            return _attention(*args, **kwargs)
        if self.bf16 and func in MULTIPLIES:
            args = tuple(_as_bf16(a) for a in args)
            kwargs = {name: _as_bf16(value) for name, value in kwargs.items()}
        return func(*args, **kwargs)


def _attention(
    query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor | None = None, dropout_p: float = 0.0,
    is_causal: bool = False, scale: float | None = None, **_: Any,
) -> Tensor:  # fmt: skip
    if attn_mask is not None and attn_mask.dtype is torch.bool:  # as PyTorch does before its kernel
        attn_mask = torch.zeros_like(attn_mask, dtype=query.dtype).masked_fill_(attn_mask.logical_not(), -torch.inf)
    flash = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu
    made: Tensor = flash(query, key, value, dropout_p, is_causal, attn_mask=attn_mask, scale=scale)[0]
    return made


def _as_bf16(value: Any) -> Any:
    floats = isinstance(value, Tensor) and value.is_floating_point()
    return value.to(torch.bfloat16) if floats else value


def _tensors(values: Any) -> Iterable[Tensor]:
    return (t for t in tree_iter(values) if isinstance(t, Tensor))
