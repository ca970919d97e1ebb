"""Tickets written one by one, with their labels: the turns of phrase that no generator thinks of.

They stand in by_hand.txt, a line each: labels, message and reply between bars.
"""

from __future__ import annotations

from pathlib import Path

from tools.quickstart.company import INTENTS, PRODUCT_LABELS, URGENCIES
from tools.quickstart.compose import Ticket


def read(path: Path) -> tuple[Ticket, ...]:
    """Read the tickets; raises ValueError with the line number where a line breaks the form or names no such label."""
    tickets = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        if not line or line.startswith("#"):
            continue
        labels, message, reply = (part.strip() for part in line.split("|"))
        intent, level, product = labels.split()
        if intent not in INTENTS or level not in URGENCIES or product not in PRODUCT_LABELS:
            raise ValueError(f"{path.name}:{number}: no such label: {labels}")
        tickets.append(Ticket(message, intent, level, product, reply))
    return tuple(tickets)


TICKETS = read(Path(__file__).with_name("by_hand.txt"))
