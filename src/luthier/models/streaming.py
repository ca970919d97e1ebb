"""Frozen layers that stay in their file: read when a pass comes to them, given back to the system behind it.

On a CPU the tensors of a safetensors file are mapped, not copied, where they are used in the file's own number format.
A page of it is read at first use and then counts as this process's resident memory until the system wants it back.
Here each layer's pages are given back as soon as the layer was used, forward and backward, so that at most two layers
and the output layer are resident at a time. They are read again from the file (or from the system's cache of it) when
the next pass comes: the same bytes, so the same gradients, at the price of reading them up to three times a pass.

Not here: whether that is needed (``train.plan``), other devices.
"""

from __future__ import annotations

import ctypes
import json
import mmap
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

MADV_DONTNEED = 4
_HEADER = 8


def streams(folder: Path) -> bool:
    """Whether weights of this folder can stay in their files: Linux, safetensors, all of them fp32 (what a CPU computes
    in). Others would be converted, which makes copies."""
    files = sorted(folder.glob("*.safetensors"))
    return sys.platform == "linux" and bool(files) and all(_formats(path) == {"F32"} for path in files)


@contextmanager
def streamed(model: Any) -> Iterator[int]:
    """Give each frozen layer's pages back behind each use, for the time of the block. Gives the bytes that this covers:
    0 where the weights are no mapped files, and then nothing is done."""
    mapped = _mapped()
    hooks: list[Any] = []
    covered = 0
    for layer in layers(model):
        pages = [span for p in layer.parameters() if not p.requires_grad for span in _pages(p, mapped)]
        if not pages:
            continue
        covered += sum(length for _, length in pages)
        hooks.append(layer.register_forward_hook(partial(_behind, pages)))
        hooks.append(layer.register_forward_pre_hook(partial(_before, pages)))
    try:
        yield covered
    finally:
        for hook in hooks:
            hook.remove()


def layers(model: Any) -> list[Any]:
    """The blocks of the decoder and the output layer."""
    from torch import nn

    causal = model.get_base_model() if hasattr(model, "get_base_model") else model
    stacks = [m for m in causal.modules() if isinstance(m, nn.ModuleList)]
    stack = max(stacks, key=lambda m: sum(p.numel() for p in m.parameters()), default=())
    head = causal.get_output_embeddings()
    return [*stack, *([] if head is None else [head])]


def resident_bytes(model: Any) -> int:
    """The most of a streamed model's frozen weights that is resident: the two largest blocks, what lies outside."""
    blocks = layers(model)
    sizes = sorted(_frozen(block) for block in blocks[:-1])
    return _frozen(model) - sum(sizes[:-2])


def _frozen(module: Any) -> int:
    return sum(p.numel() * p.element_size() for p in module.parameters() if not p.requires_grad)


def _behind(pages: list[tuple[int, int]], *_: Any) -> None:
    """After the layer's forward."""
    libc = ctypes.CDLL(None)
    for start, length in pages:
        libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(length), MADV_DONTNEED)


def _before(pages: list[tuple[int, int]], _: Any, given: tuple[Any, ...]) -> None:
    """Its input's gradient is there only when the layer's own backward is done."""
    states = given[0] if given else None
    if states is not None and getattr(states, "requires_grad", False):
        states.register_hook(partial(_behind, pages))


def _pages(p: Any, mapped: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """(address, length) of the whole pages of a tensor that lie in a mapped file. A page that a neighbour shares is
    left alone: what was written to it would be lost."""
    start, end = p.data_ptr(), p.data_ptr() + p.numel() * p.element_size()
    if not any(low <= start and end <= high for low, high in mapped):
        return []
    first, last = -(-start // mmap.PAGESIZE) * mmap.PAGESIZE, end // mmap.PAGESIZE * mmap.PAGESIZE
    return [(first, last - first)] if last > first else []


def _mapped() -> list[tuple[int, int]]:
    """Address ranges of this process that are pages of safetensors files."""
    try:
        lines = Path("/proc/self/maps").read_text().splitlines()
    except OSError:
        return []
    spans = []
    for line in lines:
        if line.endswith(".safetensors"):
            low, high = line.split(" ", 1)[0].split("-")
            spans.append((int(low, 16), int(high, 16)))
    return spans


def _formats(path: Path) -> set[str]:
    """Number formats of a safetensors file, from its header."""
    with path.open("rb") as file:
        header = json.loads(file.read(int.from_bytes(file.read(_HEADER), "little")))
    return {entry["dtype"] for name, entry in header.items() if name != "__metadata__"}
