"""The process of a tracker talks to this machine and to the hosts that the recipe names: Python's own sockets are
watched, so that no library can do otherwise.

Not here: programs that a library starts (wandb's own service); those are told to stay offline, or where to send, by
the sink that starts them.
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Sequence
from typing import Any

from luthier.engines.egress import check, is_loopback


def enforce(hosts: Sequence[str], *, purpose: str) -> None:
    """From now on every look-up and connection of this process to a host that is neither this machine nor one of
    ``hosts`` raises ``EgressDenied``. It cannot be taken back."""
    resolved: set[str] = set()
    look_up = socket.getaddrinfo

    def watched(host: Any, *rest: Any, **more: Any) -> Any:
        found = look_up(host, *rest, **more)  # the audit hook below has allowed the name
        resolved.update(str(entry[4][0]) for entry in found)
        return found

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.getaddrinfo":
            name = arguments[0]
            if name not in (None, "", b""):
                check(name.decode() if isinstance(name, bytes) else str(name), hosts, purpose=purpose)
        elif event in ("socket.connect", "socket.sendto"):
            address = arguments[1]
            if isinstance(address, tuple) and not is_loopback(str(address[0])) and str(address[0]) not in resolved:
                check(str(address[0]), hosts, purpose=purpose)

    socket.getaddrinfo = watched
    sys.addaudithook(hook)
