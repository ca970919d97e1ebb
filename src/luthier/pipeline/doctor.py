"""What is on this machine, what is missing, and the one command that mends it.

Reads files and package metadata; imports no torch and contacts nothing.
"""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

from luthier.pipeline.keys import package_version

EXTRAS = {
    "bitsandbytes": ("qlora", "QLoRA (a base held in 4 bits)"),
    "trl": ("trl", "TRL as second training backend"),
    "zstandard": ("zstd", "reading .jsonl.zst"),
    "mlflow-skinny": ("mlflow", "track: mlflow"),
    "wandb": ("wandb", "track: wandb"),
    "trackio": ("trackio", "track: trackio"),
    "tensorboard": ("tensorboard", "track: tensorboard"),
    "sacrebleu": ("metrics", "a metric of BLEU or chrF"),
    "lm_eval": ("lm-eval", "a standard benchmark (suite: lm-eval/NAME)"),
}


@dataclass(frozen=True, slots=True)
class Fact:
    """One line: ``ok``, ``note`` (missing but optional) or ``broken``; ``fix`` is a command."""

    name: str
    state: Literal["ok", "note", "broken"]
    text: str
    fix: str = ""

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def examine(home: Path | None = None) -> list[Fact]:
    """All facts about this machine, in the order a person would ask."""
    return [
        _python(),
        *_torch(),
        _memory(),
        _disk(home or Path(os.environ.get("LUTHIER_HOME") or ".")),
        *(_package(name) for name in ("transformers", "peft")),
        *(_extra(name, *what) for name, what in EXTRAS.items()),
        _sandbox(),
        _nano(),
    ]


def _python() -> Fact:
    text = f"{platform.python_version()} on {platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    return Fact("python", "ok", text)


def gpu_names() -> list[str]:
    """Names of NVIDIA GPUs that the driver shows, whatever torch can do with them."""
    if shutil.which("nvidia-smi") is None:
        return ["NVIDIA GPU"] if Path("/proc/driver/nvidia/version").exists() else []
    return _nvidia("name")


def gpu_memory_gib() -> float:
    """Memory of the largest NVIDIA GPU in GiB; 0 if the driver's tool cannot tell."""
    return max((float(line) for line in _nvidia("memory.total") if line.isdigit()), default=0.0) / 1024


def _nvidia(field: str) -> list[str]:
    """One field of each GPU, as the driver's tool tells it; empty where there is no tool or no answer."""
    tool = shutil.which("nvidia-smi")
    if tool is None:
        return []
    try:
        done = subprocess.run(
            [tool, f"--query-gpu={field}", "--format=csv,noheader,nounits"],
            capture_output=True, text=True, timeout=20, check=False,
        )  # fmt: skip
    except (OSError, subprocess.TimeoutExpired):
        return []
    return [line.strip() for line in done.stdout.splitlines() if line.strip()] if done.returncode == 0 else []


def torch_build() -> str | None:
    """The CUDA or ROCm version that the installed torch was built for, "cpu", or None without torch."""
    spec = importlib.util.find_spec("torch")
    if spec is None or not spec.submodule_search_locations:
        return None
    text = (Path(next(iter(spec.submodule_search_locations))) / "version.py").read_text()
    for name in ("cuda", "hip", "xpu"):
        if match := re.search(rf"^{name}\b[^=]*=\s*['\"]([^'\"]+)", text, re.MULTILINE):
            return f"{name} {match.group(1)}"
    return "cpu"


def _torch() -> list[Fact]:
    build, gpus = torch_build(), gpu_names()
    if build is None:
        return [Fact("torch", "broken", "not installed", "pip install 'torch>=2.10'")]
    facts = [Fact("torch", "ok", f"{package_version('torch')} built for {build}")]
    if gpus and build == "cpu":
        facts.append(
            Fact(
                "gpu",
                "broken",
                f"{', '.join(gpus)} is here, but torch is a CPU build and cannot use it",
                "pip install --upgrade --force-reinstall torch   (the CUDA build is the default on Linux)",
            )
        )
    elif gpus:
        facts.append(Fact("gpu", "ok", ", ".join(gpus)))
    elif platform.system() == "Darwin" and platform.machine() == "arm64":
        facts.append(Fact("gpu", "ok", "Apple GPU (MPS)"))
    else:
        facts.append(Fact("gpu", "note", "none: everything runs on the CPU; small models only"))
    return facts


def memory_gib() -> float:
    """Memory of this machine or container in GiB."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.is_file() and (text := limit.read_text().strip()).isdigit():
        total = min(total, int(text) / 2**30)
    return float(total)


def _memory() -> Fact:
    size = memory_gib()
    if size < 3.5:
        return Fact("memory", "broken", f"{size:.1f} GiB; the quickstart needs about 4")
    return Fact("memory", "ok", f"{size:.0f} GiB")


def _disk(folder: Path) -> Fact:
    folder = folder.absolute()
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free / 2**30
    if not os.access(folder, os.W_OK):
        return Fact("disk", "broken", f"{folder} cannot be written", "LUTHIER_HOME=/some/other/folder")
    if free < 1.0:
        return Fact("disk", "broken", f"{free:.1f} GiB free at {folder}", "luthier gc, or LUTHIER_HOME on another disk")
    return Fact("disk", "ok", f"{free:.0f} GiB free at {folder}")


def _package(name: str) -> Fact:
    version = package_version(name)
    if version == "absent":
        return Fact(name, "broken", "not installed", f"pip install {name}")
    return Fact(name, "ok", version)


def _extra(name: str, extra: str, task: str) -> Fact:
    version = package_version(name)
    if version == "absent":
        return Fact(name, "note", f"not installed; {task} needs it", f"pip install 'luthier[{extra}]'")
    return Fact(name, "ok", version)


def _sandbox() -> Fact:
    """Whether code that a model wrote may be run here, by the sandbox's own test."""
    from luthier.score.sandbox import SandboxMissing, proven

    try:
        return Fact("sandbox", "ok", f"code of a model can be run, kept by {proven()}")
    except SandboxMissing as error:
        missing = ", ".join(error.missing)
        return Fact("sandbox", "note", f"code of a model is not run here: {missing} cannot be kept", error.fix)


def _nano() -> Fact:
    folder = Path(__file__).resolve().parent.parent / "models" / "nano"
    if not (folder / "model.safetensors").is_file():
        return Fact("nano", "broken", "the built-in base is missing from this installation", "reinstall Luthier")
    return Fact("nano", "ok", "the built-in base is here")
