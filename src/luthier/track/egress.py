"""The process of a tracker talks to this machine and to the hosts that the recipe names, whatever its library does.

Python's own sockets are watched. Programs that a library starts (wandb's service) are given a proxy that leads nowhere
for every other host; a program that ignores the proxy of its environment would not be held by that.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from luthier.engines.egress import check, is_loopback

NOWHERE = "http://127.0.0.1:9"
"""The discard port of this machine: nothing answers there."""
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def enforce(hosts: Sequence[str], *, purpose: str) -> None:
    """From now on every look-up and connection of this process to a host that is neither this machine nor one of
    ``hosts`` raises ``EgressDenied``. It cannot be taken back."""
    os.environ |= proxies(hosts)
    resolved: set[str] = set()
    look_up = socket.getaddrinfo

    def watched(host: Any, *rest: Any, **more: Any) -> Any:
        found = look_up(host, *rest, **more)  # the audit hook below has allowed the name
        resolved.update(str(entry[4][0]) for entry in found)
        return found

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.getaddrinfo", "socket.gethostbyname"):
            name = arguments[0]
            if name not in (None, "", b""):
                check(name.decode() if isinstance(name, bytes) else str(name), hosts, purpose=purpose)
        elif event in ("socket.connect", "socket.sendto"):
            address = arguments[1]
            if isinstance(address, tuple) and not is_loopback(str(address[0])) and str(address[0]) not in resolved:
                check(str(address[0]), hosts, purpose=purpose)

    socket.getaddrinfo = watched
    sys.addaudithook(hook)


def proxies(hosts: Sequence[str]) -> dict[str, str]:
    """Variables that lead requests to other hosts nowhere. A proxy of the user's own stays if its host is named."""
    found: dict[str, str] = {}
    for name in _PROXIES:
        own = os.environ.get(name) or os.environ.get(name.lower()) or ""
        stays = (urlsplit(own).hostname or "") in hosts
        found |= {} if stays else dict.fromkeys((name, name.lower()), NOWHERE)
    direct = ",".join(("localhost", "127.0.0.1", "::1", *hosts))
    return found | ({"NO_PROXY": direct, "no_proxy": direct} if found else {})
