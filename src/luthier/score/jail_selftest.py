"""The sandbox's self-test: run inside before anything else, it tries what must not be possible.

Not imported by Luthier: ``sandbox`` hands over its text behind a line ``MARKS = "…"``: JSON with the path of a canary
file, a process outside, and the limits. It prints one JSON object: name of a guarantee to "held" or to what was seen.
"""

# ruff: noqa: F821, PTH110, PTH118, PTH120, PTH123, SIM115
import ctypes
import errno
import json
import os
import resource
import signal
import socket
import time
from collections.abc import Callable
from typing import Any

marks: dict[str, Any] = json.loads(MARKS)  # type: ignore[name-defined]
limits: dict[str, int] = marks["limits"]
libc = ctypes.CDLL(None, use_errno=True)


def refused(act: Callable[[], Any], *errors: int) -> bool:
    """Whether an act is refused, with one of these errors if any is named."""
    try:
        act()
    except OSError as error:
        return not errors or error.errno in errors
    return False


def called(name: str, *arguments: int) -> None:
    """A function of the C library, its failure as an exception."""
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def user() -> str:
    header, data = (ctypes.c_uint32 * 2)(0x20080522, 0), (ctypes.c_uint32 * 6)()
    called("capget", ctypes.byref(header), ctypes.byref(data))  # type: ignore[arg-type]
    able = any(data[i] for i in (0, 1, 3, 4))
    bare = all(os.getresuid()) and not able and libc.prctl(39, 0, 0, 0, 0) == 1
    return "held" if bare else f"user {os.getresuid()}, capabilities {list(data)}"


def processes() -> str:
    started = []
    try:
        for _ in range(limits["processes"] + 2):
            child = os.fork()
            if child == 0:
                time.sleep(30)
                os._exit(0)
            started.append(child)
    except OSError:
        pass
    for child in started:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    return "held" if len(started) < limits["processes"] else f"{len(started)} processes were started"


def memory() -> str:
    if resource.getrlimit(resource.RLIMIT_AS)[1] > limits["memory"]:
        return "the limit can be raised"
    try:
        return f"{len(bytearray(limits['memory'])):,} bytes were given"
    except MemoryError:
        return "held"


def files() -> str:
    def too_large() -> None:
        with open("large", "wb") as file:
            file.write(bytes(limits["file"] + 1))

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    held = refused(too_large, errno.EFBIG, errno.ENOSPC)
    return "held" if held else "a file over the limit was written"


def isolation() -> str:
    unseen = not os.path.exists(f"/proc/{marks['pid']}")
    unreached = refused(lambda: os.kill(marks["pid"], 0), errno.ESRCH)
    alone = os.getpid() <= 3 and unseen and unreached
    return "held" if alone else f"this is process {os.getpid()}; process {marks['pid']} outside is in reach"


def file_system() -> str:
    written = []
    for place in ("/", "/usr", "/etc", "/home", "/root", "/var/tmp", "/dev", os.path.dirname(os.__file__)):
        if not refused(lambda: open(os.path.join(place, "luthier-was-here"), "w")):  # noqa: B023
            written.append(place)
    read = [path for path in (marks["canary"], "/etc/passwd") if not refused(lambda: open(path))]  # noqa: B023
    return "held" if not written and not read else f"written in {written}, read {read}"


def network() -> str:
    def internet() -> None:
        socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()

    return "held" if refused(internet) else "a socket was opened"


def environment() -> str:
    found = sorted(set(os.environ) - {"LC_CTYPE"})  # Python itself sets that one
    return "held" if not found else f"{', '.join(found)} can be read"


def system_calls() -> str:
    spaces = refused(lambda: called("unshare", 0x10000000), errno.EPERM)
    traced = refused(lambda: called("ptrace", 0, 0, 0, 0), errno.EPERM)
    return "held" if spaces and traced else "a new user namespace or ptrace was allowed"


tests = (user, processes, memory, files, isolation, file_system, network, environment, system_calls)
print(json.dumps({test.__name__.replace("_", " "): test() for test in tests}))
