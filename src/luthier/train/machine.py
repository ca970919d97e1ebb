"""What of the machine decides the bits and the speed of a run: threads and deterministic kernels; and how much memory a
run really took. Set while a run lasts and put back afterwards.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from luthier.models import packing

ENVIRONMENT = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "MKL_CBWR", "MALLOC_MMAP_THRESHOLD_", "LD_PRELOAD")


@contextmanager
def exact(number: int, *, deterministic: bool) -> Iterator[None]:
    """Run with this many threads and, if asked, deterministic kernels only; then put both back."""
    before = torch.are_deterministic_algorithms_enabled()
    switch: Any = torch.utils.deterministic
    fill = switch.fill_uninitialized_memory
    torch.use_deterministic_algorithms(deterministic)
    switch.fill_uninitialized_memory = False  # writes every new buffer; no kernel here reads one
    try:
        with threads(number):
            yield
    finally:
        torch.use_deterministic_algorithms(before)
        switch.fill_uninitialized_memory = fill


@contextmanager
def threads(number: int) -> Iterator[None]:
    """Run with this many threads, then with as many as before."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def four_bit_gradients(model: torch.nn.Module) -> Iterator[None]:
    """Keep 4-bit layers in the layout that has gradients while training lasts (see ``models.packing``)."""
    layers = packing.keep_unpacked(model)
    try:
        yield
    finally:
        for layer in layers:
            setattr(layer, packing.SWITCH, True)


@dataclass
class Taken:
    """The most that the work of a block held at a time, in bytes beside what was held before it; None: not known.
    ``others`` is what each process held that was forked for it and that no other process had."""

    bytes: int | None = None
    others: list[int | None] = field(default_factory=list)


@contextmanager
def peak_memory(device: str) -> Iterator[Taken]:
    """Measure what a block takes: resident memory of this process, or what is reserved on a CUDA device.

    The kernel's own high-water mark is read, so that no moment between two looks is missed. What processes held that
    were forked for the block is added (:func:`held_beside`), as if all were at their worst at once. Elsewhere than on
    Linux and CUDA nothing is known.
    """
    taken = Taken()
    cuda = device.startswith("cuda")
    if cuda:
        torch.cuda.reset_peak_memory_stats()
        before: int | None = torch.cuda.memory_reserved()
    else:
        before = _resident("VmRSS") if _forget_peak() else None
    _looking.append(taken)
    try:
        yield taken
    finally:
        _looking.remove(taken)
    after = torch.cuda.max_memory_reserved() if cuda else _resident("VmHWM")
    beside = [b for b in taken.others if b is not None]
    if before is not None and after is not None and len(beside) == len(taken.others):
        taken.bytes = max(0, after - before) + sum(beside)


_looking: list[Taken] = []


def held_beside(count: int | None) -> None:
    """Another process, forked within the block that is looked at, held so many bytes of its own; None: not known."""
    for taken in _looking:
        taken.others.append(count)


def held_alone(process: int | str = "self") -> int | None:
    """The most that a process held and shared with no other: its private pages now, those that it shares no longer
    among them, and what it held more at its worst moment. Linux only; None: not known."""
    pages = _kilobytes(f"/proc/{process}/smaps_rollup")
    marks = _kilobytes(f"/proc/{process}/status")
    if not pages or not marks or "VmHWM" not in marks:  # it has ended
        return None
    return pages["Private_Clean"] + pages["Private_Dirty"] + marks["VmHWM"] - marks["VmRSS"]


def _forget_peak() -> bool:
    """Let the high-water mark of resident memory begin anew (proc(5), clear_refs); False where that cannot be done."""
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return False
    return True


def _resident(field: str) -> int | None:
    return (_kilobytes("/proc/self/status") or {}).get(field)


def _kilobytes(path: str) -> dict[str, int] | None:
    """The fields of a file of /proc that are sizes, in bytes."""
    try:
        lines = Path(path).read_text().splitlines()
    except OSError:
        return None
    return {line.split(":")[0]: int(line.split()[1]) * 1024 for line in lines if line.endswith(" kB")}


def describe(device: str) -> dict[str, Any]:
    """Facts that the bits depend on, for the run's record."""
    return {
        "device": device if device == "cpu" else f"{device}: {_name(device)}",
        "threads": torch.get_num_threads(),
        "cpu": torch.backends.cpu.get_cpu_capability(),
        "machine": platform.machine(),
        "libraries": {name: version(name) for name in ("torch", "transformers", "peft", "numpy")},
        "environment": {name: os.environ[name] for name in ENVIRONMENT if name in os.environ},
    }


def _name(device: str) -> str:
    return torch.cuda.get_device_name() if device.startswith("cuda") else device
