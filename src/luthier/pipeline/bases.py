"""A short, dated list of open base models, and which of them fits a device.

Only a proposal: any hub id or folder works in a recipe. Nothing is downloaded here.
"""

from __future__ import annotations

from dataclasses import dataclass

LISTED = "2026-11"


@dataclass(frozen=True, slots=True)
class Base:
    """One proposal. ``parameters`` in billions; ``download`` in gigabytes; ``context`` in tokens."""

    name: str
    parameters: float
    download: float
    licence: str
    context: int

    @property
    def needs(self) -> float:
        """GiB for LoRA in bf16: weights, activations of about 4k tokens, logits, spare."""
        return 2.15 * self.parameters + 1.5 + 0.9 * float(self.parameters**0.75)


BASES = (
    Base("HuggingFaceTB/SmolLM2-135M-Instruct", 0.135, 0.27, "Apache-2.0", 8192),
    Base("HuggingFaceTB/SmolLM2-360M-Instruct", 0.36, 0.72, "Apache-2.0", 8192),
    Base("Qwen/Qwen3-0.6B", 0.6, 1.5, "Apache-2.0", 32768),
    Base("Qwen/Qwen3-1.7B", 1.7, 4.1, "Apache-2.0", 32768),
    Base("Qwen/Qwen3-4B", 4.0, 8.1, "Apache-2.0", 32768),
    Base("Qwen/Qwen3-8B", 8.2, 16.4, "Apache-2.0", 32768),
    Base("Qwen/Qwen3-14B", 14.8, 29.5, "Apache-2.0", 32768),
)


def propose(memory_gib: float, *, accelerator: bool) -> tuple[Base, str]:
    """The largest listed base that trains comfortably on a device with so much memory, and why.

    Without an accelerator speed, not memory, is the limit: the smallest one is proposed.
    """
    if not accelerator:
        base = BASES[0]
        return (
            base,
            f"no accelerator here: {base.name} is the largest listed base ({LISTED}) that a CPU trains in minutes",
        )
    fitting = [b for b in BASES if b.needs <= 0.85 * memory_gib and b.parameters <= 8.2] or [BASES[0]]
    base = fitting[-1]
    return (
        base,
        f"largest listed base ({LISTED}) whose LoRA in bf16 fits {memory_gib:.0f} GiB (needs about {base.needs:.1f})",
    )
