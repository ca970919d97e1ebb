"""Common accelerators by name, so that a machine without one can plan for it.

Figures are the makers' own (data sheets, read in November 2026): memory, bandwidth, and dense bf16 products with fp32
sums, without sparsity. Cards that have no bf16 in hardware say so; they are planned in fp32. What a card reaches in
practice is a share of its peak (``REACHED``), and is measured by ``luthier plan --probe`` on the machine that has it.
"""

from __future__ import annotations

from dataclasses import dataclass

from luthier.errors import UsageError, did_you_mean

AS_OF = "2026-11"
REACHED = 0.4
"""Share of the peak that a training is taken to reach until it is measured: 0.4 to 0.6 is usual for 1B to 8B."""
CONTEXT = 1 << 30
"""Bytes that driver, kernels and libraries take on a card beside what is asked for."""


@dataclass(frozen=True, slots=True)
class Card:
    """One accelerator. ``memory`` in GiB, ``bandwidth`` in GB/s, ``tflops`` dense bf16 (fp32 where ``bf16`` is False).

    ``rank`` orders cards by what an hour of them usually costs: no price, only which is cheaper.
    """

    name: str
    title: str
    memory: int
    bandwidth: int
    tflops: float
    rank: int
    bf16: bool = True

    @property
    def room(self) -> int:
        """Bytes that a training may have."""
        return (self.memory << 30) - CONTEXT

    @property
    def rate(self) -> float:
        """Useful operations a second that a training is taken to reach."""
        return REACHED * self.tflops * 1e12


CARDS = {card.name: card for card in (
    Card("t4", "NVIDIA T4", 15, 320, 8.1, 1, bf16=False),
    Card("rtx3060", "NVIDIA GeForce RTX 3060", 12, 360, 25.0, 1),
    Card("rtx3080", "NVIDIA GeForce RTX 3080", 10, 760, 59.5, 2),
    Card("rtx3090", "NVIDIA GeForce RTX 3090", 24, 936, 71.0, 3),
    Card("v100-16", "NVIDIA V100 16 GB", 16, 900, 15.7, 3, bf16=False),
    Card("v100-32", "NVIDIA V100 32 GB", 32, 900, 15.7, 4, bf16=False),
    Card("rtx4060ti-16", "NVIDIA GeForce RTX 4060 Ti 16 GB", 16, 288, 44.0, 2),
    Card("rtx4070ti", "NVIDIA GeForce RTX 4070 Ti", 12, 504, 80.0, 3),
    Card("rtx4080", "NVIDIA GeForce RTX 4080", 16, 717, 97.5, 4),
    Card("rtx4090", "NVIDIA GeForce RTX 4090", 24, 1008, 165.0, 5),
    Card("rtx5090", "NVIDIA GeForce RTX 5090", 32, 1792, 209.5, 6),
    Card("l4", "NVIDIA L4", 22, 300, 121.0, 5),
    Card("a10g", "NVIDIA A10G", 22, 600, 70.0, 6),
    Card("a10", "NVIDIA A10", 22, 600, 125.0, 6),
    Card("a6000", "NVIDIA RTX A6000", 48, 768, 155.0, 7),
    Card("a40", "NVIDIA A40", 45, 696, 150.0, 7),
    Card("rtx6000-ada", "NVIDIA RTX 6000 Ada", 48, 960, 364.0, 8),
    Card("l40s", "NVIDIA L40S", 45, 864, 362.0, 9),
    Card("a100-40", "NVIDIA A100 40 GB", 40, 1555, 312.0, 10),
    Card("a100-80", "NVIDIA A100 80 GB", 80, 2039, 312.0, 11),
    Card("h100-pcie", "NVIDIA H100 PCIe 80 GB", 80, 2000, 756.0, 12),
    Card("h100", "NVIDIA H100 SXM 80 GB", 80, 3350, 989.0, 13),
    Card("h200", "NVIDIA H200 SXM 141 GB", 139, 4800, 989.0, 14),
    Card("mi300x", "AMD Instinct MI300X 192 GB", 191, 5300, 1307.0, 14),
    Card("b200", "NVIDIA B200 180 GB", 178, 8000, 2250.0, 15),
)}  # fmt: skip


def card(name: str) -> Card:
    """A card by its name; case and spaces do not count.

    Raises:
        UsageError: there is none of that name; the nearest one is named.
    """
    key = name.strip().lower().replace(" ", "").replace("_", "-")
    found = CARDS.get(key) or CARDS.get(key.replace("-", ""))
    if found is None:
        raise UsageError(
            f"there is no device called {name!r} in the table", where="--device",
            why=f"known are {', '.join(CARDS)}", fix=did_you_mean(key, CARDS) or "choose one of them",
        )  # fmt: skip
    return found


def cheaper_first() -> list[Card]:
    """All cards, those that an hour costs less first, and of these the larger ones first."""
    return sorted(CARDS.values(), key=lambda c: (c.rank, -c.memory))
