"""Which process did this, and is it still there? Safe against a process id that was given to another process.

A process on another machine cannot be asked; it counts as alive.
"""

from __future__ import annotations

import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Process:
    """A process for all time: its id, when it began (in the kernel's own measure), the machine it ran on."""

    pid: int
    began: str
    host: str

    @property
    def token(self) -> str:
        """A form that fits into a file name."""
        return f"{self.pid}.{self.began}"

    def is_here(self) -> bool:
        """Whether it ran on this machine."""
        return self.host == _host()

    def alive(self) -> bool:
        """Whether this very process still runs (a zombie does not)."""
        if not self.is_here():
            return True
        return _began(self.pid) == self.began

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Process:
        return cls(int(data["pid"]), str(data["began"]), str(data["host"]))


def current() -> Process:
    """This process."""
    pid = os.getpid()
    return Process(pid, _began(pid) or "0", _host())


def from_token(token: str) -> Process | None:
    """Read a :attr:`Process.token` of this machine; None if it is none."""
    pid, _, began = token.partition(".")
    return Process(int(pid), began, _host()) if pid.isdigit() and began else None


@lru_cache(maxsize=1)
def _host() -> str:
    return platform.node()


def _began(pid: int) -> str | None:
    """When a process began, or None if it is gone. Linux: clock ticks since boot and the boot; else what ps says."""
    stat = Path(f"/proc/{pid}/stat")
    if Path("/proc/self/stat").exists():
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            return None
        return None if fields[0] in "ZX" else f"{fields[19]}-{_boot()}"
    done = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, began = done.stdout.strip().partition(" ")
    return None if not began or state.startswith("Z") else "-".join(began.split()).replace(":", "")


@lru_cache(maxsize=1)
def _boot() -> str:
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()[:8]
    except OSError:
        return "0"
