"""The keeper of the sandbox: started by ``sandbox`` as a program of its own, it locks itself in, then starts the
program.

Standard library only, and no import of Luthier: its text is handed to a bare ``python -I -S -c``, so that nothing of
the parent's memory, modules or environment is there. On standard input stands one JSON object (see ``sandbox``); what
it has to say goes to the file descriptor named there as one JSON object, which the program never sees.

Two ways in: as root, namespaces are made as root and then an unprivileged user is taken (limits on processes do not
bind root); else the namespaces belong to a new user namespace. With ``inside`` (bubblewrap made them) only the last
step is done. The keeper is process 1 of its namespace: when it ends, or is killed, the kernel kills everything in it.
"""

from __future__ import annotations

import ctypes
import json
import os
import resource
import signal
import struct
import sys
from typing import Any

_LIBC = ctypes.CDLL(None, use_errno=True)
_NEW = {"mount": 0x00020000, "cgroup": 0x02000000, "uts": 0x04000000, "ipc": 0x08000000, "user": 0x10000000,
        "pid": 0x20000000, "net": 0x40000000}  # fmt: skip
_RDONLY, _NOSUID, _NODEV, _NOEXEC, _REMOUNT, _BIND, _REC, _PRIVATE = 1, 2, 4, 8, 32, 4096, 16384, 1 << 18
_KEPT = {1024: 1024, 2048: 2048, 8: 8, 4096: 1 << 21}
"""Flags of statvfs that a remount inside a user namespace must keep: noatime, nodiratime, noexec, relatime."""

_DENIED = {
    "x86_64": (0xC000003E, 56, 435, (
        101, 41, 29, 30, 64, 68, 240, 319, 323, 298, 321, 250, 248, 249, 425, 426, 427, 272, 308, 165, 166, 155, 161,
        304, 303, 310, 311, 438, 428, 429, 430, 431, 432, 433, 442, 447, 312, 135, 103, 179, 300, 175, 313, 246,
    )),
    "aarch64": (0xC00000B7, 220, 435, (
        117, 198, 194, 196, 190, 186, 180, 279, 282, 241, 280, 219, 217, 218, 425, 426, 427, 97, 268, 40, 39, 41, 51,
        265, 264, 270, 271, 438, 428, 429, 430, 431, 432, 433, 442, 447, 272, 92, 116, 60, 262, 105, 273, 104,
    )),
}  # fmt: skip
"""Machine -> (audit architecture, clone, clone3, numbers of refused system calls): ptrace, socket, System V shared
memory, semaphores and message queues, mq_open, memfd_create, userfaultfd, perf_event_open, bpf, keyctl, add_key,
request_key, io_uring (3), unshare, setns, mount, umount2, pivot_root, chroot, open_by_handle_at, name_to_handle_at,
process_vm_readv and _writev, pidfd_getfd, open_tree, move_mount, fsopen, fsconfig, fsmount, fspick, mount_setattr,
memfd_secret, kcmp, personality, syslog, quotactl, fanotify_init, init_module, finit_module, kexec_load."""


class Problem(Exception):
    """A step that this machine does not allow."""


def _call(what: str, result: int) -> int:
    if result < 0:
        raise Problem(f"{what}: {os.strerror(ctypes.get_errno())}")
    return result


def _mount(source: str, target: str, kind: str | None, flags: int, data: str | None = None) -> None:
    made = _LIBC.mount(
        source.encode(), target.encode(), kind.encode() if kind else None, ctypes.c_ulong(flags),
        data.encode() if data else None,
    )  # fmt: skip
    _call(f"mount of {target}", made)


def _prctl(option: int, value: int) -> None:
    _call(f"prctl {option}", _LIBC.prctl(option, ctypes.c_ulong(value), 0, 0, 0))


def separate(job: dict[str, Any]) -> None:
    """New namespaces for this process and its children; without root a new user namespace first."""
    flags = sum(_NEW[name] for name in ("mount", "ipc", "uts", "net", "pid"))
    uid, gid = os.geteuid(), os.getegid()
    if uid == 0:
        _call("unshare of namespaces", _LIBC.unshare(flags))
        return
    _call("unshare of a user namespace", _LIBC.unshare(flags | _NEW["user"]))
    inside = job["uid"]
    for name, text in (("setgroups", "deny"), ("uid_map", f"{inside} {uid} 1"), ("gid_map", f"{inside} {gid} 1")):
        with open(f"/proc/self/{name}", "w") as file:  # noqa: PTH123
            file.write(text)


def rooted(job: dict[str, Any]) -> None:
    """A root of its own in memory: the interpreter and its libraries, read-only; /tmp of limited size; four devices."""
    root = job["root"]
    _mount("none", "/", None, _REC | _PRIVATE)
    _mount("tmpfs", root, "tmpfs", _NOSUID | _NODEV, "size=1m,mode=755")
    for link, target in job["links"].items():
        os.symlink(target, root + link)  # noqa: PTH211
    for path in (*job["read_only"], "/dev/null", "/dev/zero", "/dev/urandom", "/dev/random"):
        inside = root + path
        os.makedirs(os.path.dirname(inside), exist_ok=True)  # noqa: PTH103, PTH120
        if os.path.isdir(path):  # noqa: PTH112
            os.makedirs(inside, exist_ok=True)  # noqa: PTH103
        else:
            os.close(os.open(inside, os.O_CREAT | os.O_WRONLY, 0o644))
        _mount(path, inside, None, _BIND)
        if not path.startswith("/dev/"):
            had = os.statvfs(inside).f_flag
            kept = sum(flag for seen, flag in _KEPT.items() if had & seen)
            _mount("none", inside, None, _BIND | _REMOUNT | _RDONLY | _NOSUID | _NODEV | kept)
    os.mkdir(root + "/tmp")  # noqa: PTH102
    owner = f",uid={job['uid']},gid={job['uid']}" if os.geteuid() == 0 else ""
    size, files = job["limits"]["disk"], job["limits"]["inodes"]
    _mount("tmpfs", root + "/tmp", "tmpfs", _NOSUID | _NODEV, f"size={size},nr_inodes={files},mode=700{owner}")
    os.chdir(root)
    _call("pivot_root", _LIBC.syscall({"x86_64": 155, "aarch64": 41}[os.uname().machine], b".", b"."))
    _call("umount of the old root", _LIBC.umount2(b".", 2))
    os.chdir("/")
    _mount("none", "/", None, _REMOUNT | _RDONLY | _NOSUID | _NODEV | (0 if os.geteuid() == 0 else _BIND))
    os.chdir("/tmp")


def lowered(job: dict[str, Any]) -> None:
    """An unprivileged user, no capability, nothing gained by any program that is started from now on."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(job["uid"], job["uid"], job["uid"])
        os.setresuid(job["uid"], job["uid"], job["uid"])
    _prctl(38, 1)  # no new privileges
    _prctl(4, 0)  # not dumpable: no other process of this user may look into the keeper
    header, data = struct.pack("Ii", 0x20080522, 0), bytes(24)
    _call("capset", _LIBC.capset(header, data))


def limited(limits: dict[str, int]) -> None:
    """Resource limits of one process and all that it starts."""
    for name, value in (
        (resource.RLIMIT_AS, limits["memory"]), (resource.RLIMIT_DATA, limits["memory"]),
        (resource.RLIMIT_NPROC, limits["processes"]), (resource.RLIMIT_FSIZE, limits["file"]),
        (resource.RLIMIT_NOFILE, limits["files"]), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_MEMLOCK, 0),
    ):  # fmt: skip
        resource.setrlimit(name, (value, value))
    if hasattr(resource, "RLIMIT_MSGQUEUE"):
        resource.setrlimit(resource.RLIMIT_MSGQUEUE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CPU, (limits["cpu"], limits["cpu"] + 1))


def filtered() -> None:
    """Refuse the system calls of ``_DENIED`` and every new namespace (EPERM); clone3 is "not there", so that the C
    library takes clone, whose flags can be read."""
    machine = os.uname().machine
    if machine not in _DENIED:
        raise Problem(f"no list of system calls for {machine}")
    audit, clone, clone3, denied = _DENIED[machine]
    namespaces = sum(_NEW.values())
    equal, greater, any_bit, load, give = 0x15, 0x35, 0x45, 0x20, 0x06
    body: list[tuple[int, int, int, int]] = []
    refuse = len(denied) + 6 + (machine == "x86_64")  # where "refuse" stands, counted from the first test
    if machine == "x86_64":
        body.append((greater, refuse - 1, 0, 0x40000000))  # the x32 numbers
    body += [(equal, refuse - len(body) - at - 1, 0, number) for at, number in enumerate(denied)]
    at = len(body)
    body += [
        (equal, 0, 1, clone3),
        (give, 0, 0, 0x00050026),  # ENOSYS
        (equal, 0, 2, clone),
        (load, 0, 0, 16),  # the low word of its first argument
        (any_bit, refuse - at - 5, 0, namespaces),
        (give, 0, 0, 0x7FFF0000),
        (give, 0, 0, 0x00050001),
    ]  # fmt: skip
    head = [(load, 0, 0, 4), (equal, 1, 0, audit), (give, 0, 0, 0x80000000), (load, 0, 0, 0)]
    code = b"".join(struct.pack("HBBI", *one) for one in (*head, *body))
    held = ctypes.create_string_buffer(code, len(code))
    program = struct.pack("HxxxxxxP", len(code) // 8, ctypes.addressof(held))
    _call("seccomp", _LIBC.prctl(22, 2, program, 0, 0))


def kept(job: dict[str, Any], report: int) -> None:
    """As process 1: start the program, take in every child that ends, say how the program ended."""
    lowered(job)
    _prctl(1, signal.SIGKILL)  # die with the parent
    with open("program.py", "w", encoding="utf-8", errors="surrogatepass") as file:  # noqa: PTH123
        file.write(job["program"])
    child = os.fork()
    if child == 0:
        try:
            limited(job["limits"])
            nothing = os.open("/dev/null", os.O_RDONLY)
            os.dup2(nothing, 0)
            os.closerange(3, 1024)
            _prctl(4, 1)
            filtered()
            os.execve(job["python"], [job["python"], *job["options"], "program.py"], {})
        except BaseException as error:  # the parent must hear of it, whatever it is
            os.write(2, f"{job['mark']} {type(error).__name__}: {error}\n".encode())
            os._exit(126)
    while True:
        found, status, used = os.wait4(-1, 0)
        if found == child:
            break
    said = {
        "exit": os.WEXITSTATUS(status) if os.WIFEXITED(status) else None,
        "signal": os.WTERMSIG(status) if os.WIFSIGNALED(status) else None,
        "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss * 1024,
    }  # fmt: skip
    os.write(report, json.dumps(said).encode())
    os._exit(0)


def main() -> None:
    """Read the job, lock in, run."""
    size = int(sys.stdin.buffer.readline())
    job = json.loads(sys.stdin.buffer.read(size))
    report = job["report"]
    try:
        if job["inside"]:
            kept(job, report)
        separate(job)
        _prctl(1, signal.SIGKILL)
        keeper = os.fork()
        if keeper == 0:
            rooted(job)
            kept(job, report)
        os.waitpid(keeper, 0)
    except (Problem, OSError, KeyError) as error:
        os.write(report, json.dumps({"problem": str(error) or type(error).__name__}).encode())
        os._exit(97)


if __name__ == "__main__":
    main()
