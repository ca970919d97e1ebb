"""Secrets of a store: random bytes that are made once and never leave it.

A secret belongs to no artifact and is in no export; whoever copies artifacts elsewhere does not copy it. It is readable
by its owner only. Removing the file makes new pseudonyms from then on; the old ones lead nowhere any more.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from luthier.errors import LuthierError
from luthier.store.disk import flush

BYTES = 32


def secret(folder: Path, name: str) -> bytes:
    """The secret of this name, made at its first use. Two processes that ask at once get the same one.

    Raises:
        LuthierError: the file is damaged.
    """
    path = folder / name
    if not path.exists():
        folder.mkdir(mode=0o700, exist_ok=True)
        aside = folder / f".{name}.{os.getpid()}.{secrets.token_hex(4)}"
        handle = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            os.write(handle, secrets.token_bytes(BYTES))
            os.fsync(handle)
            os.link(aside, path)  # unlike a rename it never replaces the secret of a faster process
            flush(folder)
        except FileExistsError:
            pass
        finally:
            os.close(handle)
            aside.unlink()
    found = path.read_bytes()
    if len(found) != BYTES:
        raise LuthierError(
            f"the store's secret {name!r} is damaged",
            where=path,
            why=f"it has {len(found)} bytes instead of {BYTES}",
            fix="bring it back from a backup, or remove the file: pseudonyms made from then on are other ones",
        )
    return found
