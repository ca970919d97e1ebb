"""A place to run code that a model wrote: nothing of it gets out, nothing of this machine gets in.

``Sandbox().run(program)`` runs one Python program (standard library only) and says how it ended. Each run has
namespaces of its own (processes, network, mounts, System V objects, host name), a root in memory with the interpreter
read-only and a /tmp of limited size, an unprivileged user without capabilities, an empty environment, a filter of
system calls, and limits on address space, CPU time, processes, file size and open files. Wall clock, output and the
memory of all its processes together are watched from outside; whatever is over a limit is killed with all of its
processes.

Before the first program a self-test runs inside and tries each of :data:`GUARANTEES`. Where one is missing, nothing is
run: the refusal names what is missing. Linux only; bubblewrap makes the namespaces where an ordinary user may not.

What it does not do: it is no virtual machine, so a hole in the kernel is a hole in it; and a program that shares a
process with its own tests can forge their result (``code`` sees to honest mistakes, not to forgery).
"""

from __future__ import annotations

import functools
import itertools
import json
import os
import secrets
import selectors
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib import resources
from pathlib import Path
from typing import Any, Literal

from luthier.errors import LuthierError

MB = 1 << 20
Ended = Literal["done", "failed", "signal", "CPU time", "wall clock", "memory", "output"]
GUARANTEES = {
    "user": "an unprivileged user without capabilities",
    "processes": "a limit on processes",
    "memory": "a limit on memory",
    "files": "a limit on the size of files",
    "isolation": "other processes are neither seen nor reached",
    "file system": "no file of this machine but the interpreter's, and those read-only",
    "network": "no network",
    "environment": "an empty environment",
    "system calls": "a filter of system calls",
}
"""What the self-test tries from inside, by name."""
_WATCHED_EVERY = 0.02
"""Seconds between two looks at the memory of all processes."""
_RUNS = itertools.count()
_OPTIONS = ("-I", "-S", "-B", "-X", "utf8")


@dataclass(frozen=True, slots=True)
class Limits:
    """Of one run. Sizes in bytes, times in seconds; ``memory`` holds for each process and for all together."""

    memory: int = 512 * MB
    cpu: int = 10
    wall: float = 12.0
    processes: int = 8
    file: int = 8 * MB
    disk: int = 32 * MB
    inodes: int = 1024
    files: int = 64
    output: int = 64 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended: ``done`` (exit code 0), ``failed`` (another one), ``signal``, or the limit that it ran into.

    ``output`` is what it wrote to standard output and standard error, cut at the limit; times in seconds.
    """

    ended: Ended
    output: str
    exit_code: int | None = None
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    @property
    def last_line(self) -> str:
        """The last line that is not empty: of a Python program that failed, its error."""
        return next((line.strip() for line in reversed(self.output.splitlines()) if line.strip()), "")


class SandboxMissing(LuthierError):
    """This machine cannot keep a promise of the sandbox, so nothing is run."""

    def __init__(self, missing: Mapping[str, str]) -> None:
        self._missing = dict(missing)
        self.missing = tuple(missing)
        named = ", ".join(f"{name} ({GUARANTEES.get(name, name)}): {why}" for name, why in missing.items())
        super().__init__(
            f"code written by a model is not run here: {len(missing)} of the sandbox's guarantees cannot be given",
            why=named,
            fix="install bubblewrap, allow user namespaces, or run as root on Linux; else leave the code metric out",
            details={"missing": dict(missing)},
        )

    def __reduce__(self) -> tuple[object, ...]:
        return (SandboxMissing, (self._missing,))


class Sandbox:
    """Runs programs under the same limits.

    Raises:
        SandboxMissing: a guarantee cannot be given on this machine (found out once for each process).
    """

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self._way = proven()

    def run(self, program: str) -> Outcome:
        """Run one program from its start to its end or to a limit."""
        return _run(program, self.limits, self._way)


def proven() -> str:
    """The way in ("namespaces" or "bubblewrap") that passes the self-test.

    Raises:
        SandboxMissing: none does.
    """
    found = _proof(os.geteuid(), os.environ.get("PATH", ""))
    if isinstance(found, str):
        return found
    raise SandboxMissing(found)


@functools.cache
def _proof(user: int, path: str) -> str | dict[str, str]:
    """The way, or what is missing and why. ``user`` and ``path`` are what the answer depends on."""
    if sys.platform != "linux":
        return dict.fromkeys(GUARANTEES, f"{sys.platform} has no namespaces")
    ways = ["namespaces"]
    if user != 0 and shutil.which("bwrap", path=path):  # as root its programs would be root's, whom no limit binds
        ways = ["bubblewrap", "namespaces"]
    first: dict[str, str] = {}
    for way in ways:
        missing = missing_of(way)
        if not missing:
            return way
        first = first or missing
    return first


def missing_of(way: str) -> dict[str, str]:
    """Run the self-test: guarantees that this way does not give, with what was seen."""
    limits = Limits(memory=256 * MB, cpu=5, wall=10.0, processes=6, file=MB)
    secret = f"LUTHIER_CANARY_{secrets.token_hex(4)}"
    with tempfile.NamedTemporaryFile(prefix="luthier-canary-", dir=Path.home() if _writable() else None) as canary:
        marks = json.dumps({"canary": canary.name, "pid": os.getpid(), "limits": asdict(limits)})
        test = resources.files("luthier.score").joinpath("jail_selftest.py").read_text(encoding="utf-8")
        try:
            found = _run(f"MARKS = {marks!r}\n{test}", limits, way, environment={secret: "1"})
        except LuthierError as error:
            return dict.fromkeys(GUARANTEES, error.why or error.what)
    try:
        seen = json.loads(found.last_line)
    except ValueError:
        return dict.fromkeys(GUARANTEES, f"the self-test ended with {found.ended}: {found.last_line[:200]}")
    if not Path(f"/proc/self/task/{os.getpid()}/children").exists():
        seen["memory"] = "the memory of several processes together cannot be watched from outside"
    return {name: str(seen.get(name, "not tried")) for name in GUARANTEES if seen.get(name) != "held"}


def _writable() -> bool:
    return os.access(Path.home(), os.W_OK)


def _run(program: str, limits: Limits, way: str, environment: Mapping[str, str] | None = None) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="luthier-sandbox-") as folder:
        return _kept(program, limits, way, Path(folder), environment or {})


def _kept(program: str, limits: Limits, way: str, folder: Path, environment: Mapping[str, str]) -> Outcome:
    heard, says = os.pipe()
    mark = secrets.token_hex(16)
    job = _job(program, limits, way, folder, says, mark)
    text = json.dumps(job).encode()
    began = time.monotonic()
    try:
        process = subprocess.Popen(
            _command(job, way), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            pass_fds=(says,), start_new_session=True, cwd="/", env=dict(environment),
        )  # fmt: skip
    except OSError as error:
        os.close(heard)
        raise LuthierError("the sandbox cannot be started", where=way, why=error.strerror or str(error)) from error
    finally:
        os.close(says)
    try:
        assert process.stdin is not None and process.stdout is not None
        with suppress(BrokenPipeError):  # it ended before it read: what it said tells why
            process.stdin.write(b"%d\n" % len(text) + text)
            process.stdin.close()
        over, output = _watched(process, limits, began)
    finally:
        _kill(process)
        seconds = time.monotonic() - began
        with os.fdopen(heard, "rb") as pipe:
            told = pipe.read()
    return _outcome(over, output, told, seconds, mark, way)


def _outcome(over: Ended | None, output: bytes, told: bytes, seconds: float, mark: str, way: str) -> Outcome:
    text = output.decode("utf-8", "replace")
    if over is not None:
        return Outcome(over, text, seconds=seconds)
    said: dict[str, Any] = json.loads(told) if told else {"problem": text.strip()[-300:] or "it ended without a word"}
    if "problem" in said or mark in text:
        why = said.get("problem") or text.split(mark, 1)[1].strip()
        raise LuthierError("the sandbox cannot be closed, so nothing is run in it", where=way, why=why)
    cpu = float(said["cpu"])
    if said["signal"] is not None:
        ended: Ended = "CPU time" if said["signal"] == signal.SIGXCPU else "signal"
        return Outcome(ended, text, seconds=seconds, cpu_seconds=cpu)
    code = int(said["exit"])
    return Outcome("done" if code == 0 else "failed", text, code, seconds, cpu)


def _watched(process: subprocess.Popen[bytes], limits: Limits, began: float) -> tuple[Ended | None, bytes]:
    """Read until the end or a limit: (the limit that was passed, what was written)."""
    assert process.stdout is not None
    output = bytearray()
    until = began + limits.wall
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            left = until - time.monotonic()
            if left <= 0:
                return "wall clock", bytes(output)
            if selector.select(min(left, _WATCHED_EVERY)):
                piece = os.read(process.stdout.fileno(), 65536)
                if not piece:
                    return (None if _waited(process, until) else "wall clock"), bytes(output)
                output += piece
                if len(output) > limits.output:
                    return "output", bytes(output[: limits.output])
            if sum(map(_resident, _family(process.pid))) > limits.memory + 64 * MB:
                return "memory", bytes(output)


def _waited(process: subprocess.Popen[bytes], until: float) -> bool:
    """Nothing is written any more; whether it also ends in time."""
    try:
        process.wait(max(0.0, until - time.monotonic()))
    except subprocess.TimeoutExpired:
        return False
    return True


def _kill(process: subprocess.Popen[bytes]) -> None:
    """The keeper and its group; the kernel then ends all that is left in its namespace."""
    if process.poll() is None:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
    if process.stdout is not None:
        process.stdout.close()
    process.wait()


def _family(pid: int) -> Iterator[int]:
    """A process and all that came from it."""
    yield pid
    try:
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _resident(pid: int) -> int:
    """Bytes of memory that a process holds, shared ones counted with each holder."""
    try:
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, IndexError):
        return 0


def _job(program: str, limits: Limits, way: str, folder: Path, report: int, mark: str) -> dict[str, Any]:
    python = Path(getattr(sys, "_base_executable", None) or sys.executable).resolve()
    links, read_only = _system(python)
    return {
        "program": program, "limits": asdict(limits), "report": report, "inside": way == "bubblewrap", "mark": mark,
        "root": str(folder), "links": links, "read_only": read_only, "python": str(python), "options": _OPTIONS,
        "uid": _user(),
    }  # fmt: skip


def _user() -> int:
    """An id that nobody else has: the limit on processes counts a user's. Outside of root any will do."""
    if os.geteuid() != 0:
        return 65534
    spans = [line.split() for line in Path("/proc/self/uid_map").read_text(encoding="ascii").splitlines()]
    most = max(int(first) + int(count) for first, _, count in spans)
    own = os.getpid() * 61 + next(_RUNS)
    return 2_000_000_000 + own % 1_000_000 if most > 2_001_000_000 else 60_100 + own % 5_000


@functools.cache
def _system(python: Path) -> tuple[dict[str, str], list[str]]:
    """What the interpreter needs of this machine: (links, folders and files that are shown read-only)."""
    wanted = [Path(p) for p in ("/usr", "/lib", "/lib64", "/lib32", "/bin", "/nix/store", "/etc/ld.so.cache")]
    wanted += [Path(sys.base_prefix).resolve(), python]
    links: dict[str, str] = {}
    shown: list[Path] = []
    for path in wanted:
        if path.is_symlink():
            links[str(path)] = str(path.readlink())
        elif path.exists() and not any(path.is_relative_to(known) for known in shown):
            shown.append(path)
    return links, [str(path) for path in shown]


def _command(job: Mapping[str, Any], way: str) -> list[str]:
    keeper = resources.files("luthier.score").joinpath("jail.py").read_text(encoding="utf-8")
    start = [job["python"], "-I", "-S", "-B", "-c", keeper]
    if way != "bubblewrap":
        return start
    places = [part for path in job["read_only"] for part in ("--ro-bind", path, path)]
    places += [part for link, target in job["links"].items() for part in ("--symlink", target, link)]
    places += [p for device in ("null", "zero", "urandom", "random") for p in ("--dev-bind", *[f"/dev/{device}"] * 2)]
    return [
        shutil.which("bwrap") or "bwrap", "--unshare-all", "--unshare-user", "--as-pid-1", "--die-with-parent",
        "--new-session", "--clearenv", "--cap-drop", "ALL", "--uid", str(job["uid"]), "--gid", str(job["uid"]), *places,
        "--size", str(job["limits"]["disk"]), "--tmpfs", "/tmp", "--remount-ro", "/", "--chdir", "/tmp", "--", *start,
    ]  # fmt: skip
