"""The one HTTP client. It talks to this machine, and to hosts that the recipe names; to nobody else.

Every request is checked, not only the first of a client, and redirects are not followed, so a permitted host cannot
send rows on to another.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import httpx

from luthier.errors import EgressDenied


def is_loopback(host: str) -> bool:
    """Whether a host name or address means this machine."""
    if host.lower().rstrip(".") in {"localhost", "localhost.localdomain"}:
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def check(host: str, egress: Sequence[str], *, purpose: str) -> None:
    """Raises EgressDenied for a host that is neither this machine nor in ``egress`` (host names, compared whole)."""
    if not is_loopback(host) and host.lower() not in {name.lower() for name in egress}:
        raise EgressDenied(host, purpose=purpose)


def client(url: str, *, egress: Sequence[str], purpose: str, timeout_s: float, connections: int = 16) -> httpx.Client:
    """A client for ``url`` and nothing else. Raises EgressDenied at once where ``url`` may not be contacted.

    ``timeout_s`` bounds connecting and each wait for bytes. Proxies of the environment are used for other hosts only.
    """
    host = httpx.URL(url).host
    check(host, egress, purpose=purpose)

    def guard(request: httpx.Request) -> None:
        check(request.url.host, egress, purpose=purpose)

    return httpx.Client(
        base_url=url.rstrip("/"),
        timeout=httpx.Timeout(timeout_s, connect=min(timeout_s, 10.0)),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        follow_redirects=False,
        trust_env=not is_loopback(host),
        event_hooks={"request": [guard]},
    )
