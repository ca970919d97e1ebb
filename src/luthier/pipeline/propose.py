"""``luthier init`` and the first half of ``tune``: from a file of examples to a recipe of about ten lines.

Each choice is written with its reason beside it. Nothing is downloaded and nothing but the recipe is written.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from luthier.data import Proposal, propose
from luthier.errors import LuthierError
from luthier.pipeline import bases
from luthier.pipeline.doctor import gpu_memory_gib, gpu_names, memory_gib, torch_build

_SHOWN = 160


@dataclass(frozen=True)
class Written:
    """The recipe that was written, and what to tell about it."""

    path: Path
    base: str
    download_gb: float
    lines: tuple[tuple[str, str], ...]
    proposal: Proposal

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "recipe": str(self.path), "base": self.base, "download_gb": self.download_gb,
            "data": self.proposal.to_dict(),
        }  # fmt: skip


def write_recipe(
    sources: Sequence[str], *, base: str | None = None, answer_column: str | None = None, output: Path | None = None
) -> Written:
    """Look at the rows and write a recipe beside where the command was given.

    Raises:
        LuthierError: the rows cannot be understood, or the recipe would overwrite a file that differs.
    """
    proposal = propose(sources, answer_column=answer_column)
    name = _name(sources[0])
    chosen, why, download = _base(base)
    text = render(name, sources, chosen, why, proposal)
    path = output or Path(f"{name}.yaml")
    if path.exists() and path.read_text(encoding="utf-8", errors="replace") != text:
        raise LuthierError(
            "there is a recipe of that name already, and it differs", where=path,
            why="it may hold your changes",
            fix=f"luthier run {path}, or write another: luthier init {sources[0]} -o NEW.yaml",
        )  # fmt: skip
    path.write_text(text, encoding="utf-8")
    return Written(path, chosen, download, tuple(_lines(proposal, chosen, why, download)), proposal)


def render(name: str, sources: Sequence[str], base: str, why: str, proposal: Proposal) -> str:
    """The recipe as YAML with a reason behind each line."""
    source = sources[0] if len(sources) == 1 else list(sources)
    lines = [
        "luthier: 1",
        f"name: {name}",
        f"model: {{base: {_inline(base)}}}  # {why}",
        "data:",
        f"  source: {_inline(source)}  # {proposal.rows:,} rows, {proposal.usable:,} usable: {_flat(proposal.reason)}",
    ]
    if proposal.map is not None:
        lines.append(f"  map: {_inline(proposal.map.model_dump(exclude_defaults=True))}")
    lines += [
        "  split: {test: 10%, validation: 8%}  # look-alikes stay together; see group_by and by_time",
        "train: {method: sft, tuning: lora, epochs: 3}  # luthier plan shows and explains the rest",
        "evaluate:",
        f"  target: {_inline(_short(proposal.target))}  # {_flat(proposal.target_reason)}",
    ]
    if proposal.also:
        lines.append(f"  also: {_inline(_short(proposal.also))}  # shown, decides nothing")
    if base == "nano":
        lines.append("  regression: [skills, text]  # the built-in base's own skills must hold")
    else:
        note = "what the base declines stays declined (off where it declines nothing); add rows of yours: general.jsonl"
        lines.append(f"  regression: [safety]  # {note}")
    return "\n".join(lines) + "\n"


def _flat(text: str) -> str:
    """One line: column names of strangers stand in reasons, and a line break would end the comment."""
    return " ".join(text.split())


def _short(metrics: Sequence[dict[str, Any]]) -> list[Any]:
    return [m["kind"] if set(m) == {"kind"} else m for m in metrics]


def _inline(value: Any) -> str:
    if isinstance(value, dict) and any("\n" in str(v) for v in value.values()):  # YAML would fold the line break
        return "{" + ", ".join(f"{k}: {json.dumps(v, ensure_ascii=False)}" for k, v in value.items()) + "}"
    text = yaml.safe_dump(value, default_flow_style=True, width=10_000, allow_unicode=True, sort_keys=False)
    return text.removesuffix("\n").removesuffix("\n...").strip()


def _name(source: str) -> str:
    stem = Path(source.rstrip("/*")).name.split(".")[0] if source != "-" else "job"
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-._") or "job"


def _base(asked: str | None) -> tuple[str, str, float]:
    """The base, why, and gigabytes to download."""
    if asked is not None:
        known = next((b for b in bases.BASES if b.name == asked), None)
        return asked, "as you asked", known.download if known else 0.0
    accelerator = bool(gpu_names()) and torch_build() != "cpu"
    memory = gpu_memory_gib() if accelerator else memory_gib()
    base, why = bases.propose(memory, accelerator=accelerator)
    return base.name, f"{base.licence}, context {base.context:,}; {why}", base.download


def _lines(proposal: Proposal, base: str, why: str, download: float) -> list[tuple[str, str]]:
    data = f"{proposal.rows:,} rows · {proposal.reason}"
    for row in proposal.rendered:
        asked = row.get("asked", "")
        shown = row.get("text") or f"{asked[max(asked.rfind('user: '), 0) :]}  →  {row.get('answer', '')}"
        shown = " ".join(shown.split())
        data += f"\n{row['origin']}: {shown[:_SHOWN]}{'…' if len(shown) > _SHOWN else ''}"
    size = f" · {download:.1f} GB to download" if download else ""
    return [("data", data), ("base", f"{base}{size} · {why}"), ("target", proposal.target_reason)]
