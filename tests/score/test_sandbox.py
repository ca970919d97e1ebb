"""The sandbox against programs that want out: each is held, and the outcome names what held it."""

# ruff: noqa: ISC004

from __future__ import annotations

import http.server
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from luthier.score import sandbox
from luthier.score.sandbox import GUARANTEES, MB, Limits, Sandbox, SandboxMissing

LIMITS = Limits(memory=192 * MB, cpu=1, wall=60.0, processes=6, file=MB, disk=4 * MB, output=16 * 1024)

try:
    sandbox.proven()
    MISSING = ""
except SandboxMissing as error:  # a machine that cannot keep the promise: the refusal is all there is to test
    MISSING = f"no sandbox on this machine: {error.why}"
kept = pytest.mark.skipif(bool(MISSING), reason=MISSING)


@pytest.fixture(scope="module")
def cell() -> Sandbox:
    return Sandbox(LIMITS)


# program, how it must end, what its output must hold
HOSTILE: dict[str, tuple[str, tuple[str, ...], str]] = {
    "fork bomb": ("import os\nwhile True:\n    os.fork()", ("failed", "CPU time", "wall clock"), ""),
    "fork bomb that catches errors": (
        "import os\nwhile True:\n    try: os.fork()\n    except OSError: pass", ("CPU time", "wall clock"), ""),
    "thread bomb": ("import threading, time\nwhile True:\n    threading.Thread(target=time.sleep, args=(9,)).start()",
                    ("failed", "CPU time", "wall clock"), "can't start new thread"),
    "ten gigabytes at once": ("x = bytearray(10 << 30)", ("failed",), "MemoryError"),
    "memory bit by bit": ("x = []\nwhile True:\n    x.append(bytearray(1 << 20))", ("failed", "memory"), "MemoryError"),
    "memory in many processes": (
        "import os, time\nfor _ in range(4): os.fork()\nx = bytearray(b'1') * (90 << 20)\ntime.sleep(9)",
        ("memory", "failed"), ""),
    "memory in a mapped file": (
        "import mmap\nm = mmap.mmap(-1, 10 << 30)\nfor i in range(0, 10 << 30, 4096): m[i] = 1", ("failed",), "memory"),
    "memory in anonymous files": ("import os\nos.memfd_create('x')", ("failed",), "not permitted"),
    "shared memory of System V": (
        "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\nassert l.shmget(0, 1 << 20, 0o1600) >= 0, "
        "ctypes.get_errno()", ("failed",), "AssertionError: 1"),
    "endless loop": ("while True: pass", ("CPU time", "wall clock"), ""),
    "endless loop that ignores the warning": (
        "import signal\nsignal.signal(signal.SIGXCPU, signal.SIG_IGN)\nwhile True: pass", ("wall clock", "signal"), ""),
    "endless sleep": ("import time\ntime.sleep(999)", ("wall clock",), ""),
    "endless arithmetic in C": ("9 ** 9 ** 9 ** 9", ("CPU time", "wall clock", "failed"), ""),
    "sleeping children": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(999)",
        ("done",), ""),
    "children that hold the output": (
        "import os, time\nif os.fork() == 0:\n    time.sleep(999)\nprint('parent ends')", ("done",), "parent ends"),
    "writing outside": ("open('/usr/luthier', 'w')", ("failed",), "Read-only file system"),
    "writing into the interpreter": ("import os\nopen(os.__file__, 'a')", ("failed",), "Error"),
    "writing into the root": ("open('/luthier', 'w')", ("failed",), "Error"),
    "a file without end": (
        "with open('x', 'wb') as f:\n    while True: f.write(bytes(1 << 16))", ("failed", "signal"), ""),
    "many files": (
        "import itertools\nfor n in itertools.count():\n    with open(f'x{n}', 'wb') as f: f.write(bytes(100_000))",
        ("failed",), "No space left on device"),
    "files without number": (
        "import itertools\nfor n in itertools.count(): open(f'x{n}', 'w').close()", ("failed",), "No space left"),
    "a connection to this machine": (
        "import socket\nsocket.create_connection(('127.0.0.1', PORT), 1)", ("failed",), ""),
    "a page from the network": (
        "import urllib.request\nurllib.request.urlopen('http://127.0.0.1:PORT/')", ("failed",), ""),
    "a raw socket": ("import socket\nsocket.socket(socket.AF_PACKET, socket.SOCK_RAW)", ("failed",), "not permitted"),
    "listening": ("import socket\nsocket.socket().bind(('0.0.0.0', 0))", ("failed",), "not permitted"),
    "the environment": (
        "import os\nassert 'LUTHIER_SECRET' not in os.environ and 'PATH' not in os.environ\nprint('empty')",
        ("done",), "empty"),
    "the environment of the parent": ("open('/proc/PARENT/environ').read()", ("failed",), "No such file"),
    "the environment of process 1": ("open('/proc/1/environ').read()", ("failed",), "No such file"),
    "a list of processes": ("import os\nos.listdir('/proc')", ("failed",), "No such file"),
    "a signal to the parent": ("import os\nos.kill(PARENT, 9)", ("failed",), "No such process"),
    "a signal to everybody": ("import os\nos.kill(-1, 9)", ("failed", "signal"), ""),
    "a signal to the keeper": ("import os\nos.kill(1, 9)\nprint('it lives')", ("done",), "it lives"),
    "tracing the keeper": (
        "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\nassert l.ptrace(16, 1, 0, 0) == 0, ctypes.get_errno()",
        ("failed",), "AssertionError: 1"),
    "a symbolic link outwards": (
        "import os\nos.symlink('/etc/passwd', 'x')\nopen('x').read()", ("failed",), "No such file"),
    "a link up the path": ("open('../../../../../../etc/shadow').read()", ("failed",), "No such file"),
    "a file of the user": ("open('CANARY').read()", ("failed",), "No such file"),
    "root": ("import os\nos.setuid(0)", ("failed",), "not permitted"),
    "a new root by a user namespace": (
        "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\nassert l.unshare(0x10000000) == 0, ctypes.get_errno()",
        ("failed",), "AssertionError: 1"),
    "a mount": (
        "import ctypes\nl = ctypes.CDLL(None, use_errno=True)\n"
        "assert l.mount(b'none', b'/tmp', b'tmpfs', 0, None) == 0, ctypes.get_errno()",
        ("failed",), "AssertionError: 1"),
    "a device": (
        "import os, stat\nos.mknod('x', stat.S_IFBLK | 0o600, os.makedev(8, 0))", ("failed",), "not permitted"),
    "a program of another user": (
        "import os, stat\nopen('x', 'w').close()\nos.chmod('x', 0o4777)\nos.chown('x', 0, 0)",
        ("failed",), "not permitted"),
    "a higher limit": (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (1 << 40, 1 << 40))", ("failed",), "Error"),
    "output without end": ("while True: print('x' * 1000)", ("output",), "xxx"),
    "output of errors without end": ("import sys\nwhile True: sys.stderr.write('y' * 1000)", ("output",), "yyy"),
    "an open descriptor of the keeper": (
        "import os\nfor fd in range(3, 256):\n    try: os.write(fd, b'{}')\n    except OSError: pass\n"
        "    else: raise SystemExit(f'{fd} is open')\nprint('none')", ("done",), "none"),
    "the keeper's own words": ("print('{\"exit\": 0, \"signal\": null}')\nraise SystemExit(3)", ("failed",), ""),
    "a crash of the interpreter": ("import ctypes\nctypes.string_at(0)", ("signal",), ""),
    "an import of what is installed": ("import numpy", ("failed",), "No module named"),
}  # fmt: skip


@pytest.fixture(scope="module")
def outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """What a program would like to reach: a server on this machine, a file, a process with a secret."""
    asked: list[str] = []

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    canary = tmp_path_factory.mktemp("outside") / "canary.txt"
    canary.write_text("secret")
    os.environ["LUTHIER_SECRET"] = "do not read"
    yield {"PORT": str(server.server_port), "CANARY": str(canary), "PARENT": str(os.getpid())}
    del os.environ["LUTHIER_SECRET"]
    server.shutdown()
    assert not asked and canary.read_text() == "secret"


def _cases() -> list[object]:
    """Those that run into a limit of time take that long: they are in the slow tier."""
    return [
        pytest.param(name, marks=pytest.mark.slow) if {"wall clock", "CPU time"} & set(ended) else name
        for name, (_, ended, _) in HOSTILE.items()
    ]


@kept
@pytest.mark.parametrize("name", _cases())
def test_a_hostile_program_is_held_and_named(name: str, cell: Sandbox, outside: dict[str, str]) -> None:
    program, ended, holds = HOSTILE[name]
    for word, value in outside.items():
        program = program.replace(word, value)
    if "wall clock" in ended:
        cell = Sandbox(replace(LIMITS, wall=2.0))
    found = cell.run(program)
    if name == "memory in many processes" and "Resource temporarily unavailable" in found.output:
        return  # another sandbox beside this one took the user's processes: held already
    assert found.ended in ended, (found.ended, found.output[-500:])
    assert holds in found.output, found.output[-500:]
    assert len(found.output) <= LIMITS.output + 8
    assert "secret" not in found.output


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="not root on Linux")
def test_root_on_linux_can_keep_every_promise() -> None:
    """Otherwise all tests of the sandbox would be skipped unseen."""
    tool = shutil.which("unshare")
    if tool is None or subprocess.run([tool, "-m", "-p", "-n", "--fork", "true"], check=False).returncode:
        pytest.skip("this root may not make namespaces: a container without CAP_SYS_ADMIN")
    assert sandbox.missing_of("namespaces") == {}


@kept
@pytest.mark.slow
def test_processor_time_is_a_limit_of_its_own() -> None:
    found = Sandbox(Limits(cpu=1, wall=60.0)).run("while True: pass")
    assert found.ended == "CPU time" and 0.9 <= found.cpu_seconds <= 2.5


@kept
def test_nothing_of_a_program_is_left_behind(cell: Sandbox, tmp_path: Path) -> None:
    mark = f"luthier-{os.getpid()}"
    cell.run(f"import os, sys, time\nif os.fork() == 0:\n    os.setsid()\n    os.execv(sys.executable, ['{mark}', "
             "'-c', "
             "'import time; time.sleep(60)'])\ntime.sleep(0.2)")  # fmt: skip
    running = [p for p in Path("/proc").iterdir() if p.name.isdigit() and _holds(p / "cmdline", mark)]
    assert not running
    assert not list(Path("/tmp").glob("luthier-sandbox-*/*"))


def _holds(path: Path, mark: str) -> bool:
    try:
        return mark.encode() in path.read_bytes()
    except OSError:
        return False


@kept
@pytest.mark.slow
def test_it_ends_with_the_process_that_asked(tmp_path: Path) -> None:
    code = (
        "from luthier.score.sandbox import *\n"
        "Sandbox(Limits(wall=60.0)).run(\"import time\\nwith open('x', 'w'): pass\\ntime.sleep(50.2501)\")"
    )
    asking = subprocess.Popen([sys.executable, "-c", code])
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline and not (found := _below(asking.pid)):
        time.sleep(0.05)
    time.sleep(0.3)
    found = _below(asking.pid)
    assert found
    asking.send_signal(signal.SIGKILL)
    asking.wait()
    deadline = time.monotonic() + 5
    while time.monotonic() < deadline and any(Path(f"/proc/{pid}").exists() for pid in found):
        time.sleep(0.02)
    assert not [pid for pid in found if Path(f"/proc/{pid}").exists()]


def _below(pid: int) -> list[int]:
    try:
        return list(sandbox._family(pid))[1:]
    except OSError:
        return []


@kept
def test_programs_do_not_meet(cell: Sandbox) -> None:
    assert cell.run("open('mine', 'w').write('1')").ended == "done"
    assert "No such file" in cell.run("open('mine').read()").output


@kept
def test_honest_programs_run(cell: Sandbox) -> None:
    found = cell.run("import math, json, collections, subprocess, tempfile, threading, re\nprint(math.factorial(20))\n"
                     "t = threading.Thread(target=print, args=('ü',)); t.start(); t.join()\n"
                     "print(open(tempfile.mkstemp()[1]).read() == '')")  # fmt: skip
    assert (found.ended, found.exit_code) == ("done", 0)
    assert found.output.split() == ["2432902008176640000", "ü", "True"]


def _as_other(code: str, *wrapper: str, path: str = "") -> str:
    """Run Python as an ordinary user, or as a root without its powers."""
    python = shutil.which("python3", path="/usr/bin") or sys.executable
    environment = {"PYTHONPATH": os.pathsep.join(sys.path), "PATH": path or "/usr/bin:/bin", "HOME": "/tmp",
                   "PYTHONDONTWRITEBYTECODE": "1"}  # fmt: skip
    done = subprocess.run([*wrapper, python, "-c", code], capture_output=True, text=True, env=environment, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout.strip()


root = pytest.mark.skipif(os.geteuid() != 0 or not shutil.which("setpriv"), reason="needs root and setpriv")
same_python = pytest.mark.skipif(
    not Path("/usr/bin/python3").exists()
    or Path("/usr/bin/python3").resolve().name != f"python3.{sys.version_info.minor}",
    reason="an ordinary user needs a Python of this version that it may read",
)


@pytest.mark.slow
@kept
@root
@same_python
def test_an_ordinary_user_gets_the_same_guarantees() -> None:
    code = "from luthier.score.sandbox import missing_of\nimport json\nprint(json.dumps(missing_of('namespaces')))"
    ordinary = ("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups")
    found = json.loads(_as_other(code, *ordinary))
    if "Operation not permitted" in str(found):
        pytest.skip(f"ordinary users may not make namespaces here: {found}")
    assert found == {}


@pytest.mark.slow
@kept
@root
@same_python
@pytest.mark.skipif(not shutil.which("bwrap"), reason="bubblewrap is not installed")
def test_bubblewrap_gives_the_same_guarantees() -> None:
    code = "from luthier.score.sandbox import missing_of\nimport json\nprint(json.dumps(missing_of('bubblewrap')))"
    ordinary = ("setpriv", "--reuid=12345", "--regid=12345", "--clear-groups")
    assert json.loads(_as_other(code, *ordinary, path=os.environ["PATH"])) == {}


@pytest.mark.slow
@root
@same_python
def test_where_a_guarantee_is_missing_nothing_runs_and_it_is_named() -> None:
    code = (
        "from luthier.score.sandbox import Sandbox, SandboxMissing\n"
        "try: Sandbox().run('print(1)')\nexcept SandboxMissing as e: print(len(e.missing), e.what, e.why, e.fix)\n"
        "else: print('it ran')"
    )
    said = _as_other(code, "setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all")
    assert said.startswith(f"{len(GUARANTEES)} code written by a model is not run here")
    assert "network (no network)" in said and "not permitted" in said and "bubblewrap" in said


@kept
def test_the_self_test_sees_a_hole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each guarantee is tried, not assumed: with its lock taken off, it is the one that is named."""
    from importlib import resources

    keeper = resources.files("luthier.score").joinpath("jail.py").read_text(encoding="utf-8")
    holes = {
        "system calls": ("            filtered()\n", ""),
        "processes": ('(resource.RLIMIT_NPROC, limits["processes"]),', ""),
        "files": ('(resource.RLIMIT_FSIZE, limits["file"]),', ""),
        "memory": ('limits["memory"]), (resource.RLIMIT_DATA, limits["memory"])',
                   "1 << 40), (resource.RLIMIT_DATA, 1 << 40)"),
        "environment": ('"program.py"], {})', '"program.py"], {"SECRET": "1"})'),
        "file system": ("_RDONLY | _NOSUID | _NODEV | (0", "_NOSUID | _NODEV | (0"),
    }  # fmt: skip
    command = sandbox._command
    for name, (lock, nothing) in holes.items():
        assert lock in keeper, name
        opened = keeper.replace(lock, nothing)
        monkeypatch.setattr(sandbox, "_command", lambda job, way, o=opened: [*command(job, way)[:-1], o])
        missing = sandbox.missing_of("namespaces")
        if name == "file system":  # the root is then writable for root's own files only: nobody else's
            assert not missing or name in missing
        else:
            assert name in missing, (name, missing)


def test_no_socket_is_needed_to_name_a_missing_guarantee(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox.sys, "platform", "darwin")
    sandbox._proof.cache_clear()
    monkeypatch.setattr(socket, "socket", None)
    with pytest.raises(SandboxMissing) as refused:
        Sandbox()
    assert set(refused.value.missing) == set(GUARANTEES) and "darwin has no namespaces" in refused.value.why
    sandbox._proof.cache_clear()
