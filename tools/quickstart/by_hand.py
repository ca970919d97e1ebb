"""Tickets written one by one, with their labels: the turns of phrase that no generator thinks of."""

from __future__ import annotations

from tools.quickstart.compose import Ticket

TICKETS: tuple[Ticket, ...] = ()
