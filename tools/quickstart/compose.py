"""Put a message together from its parts and know, by construction, what its labels are.

A message is a request (cores.py, or a request that names two products or two wishes), words about things that are
not meant (frames.py), at most one clause that settles the urgency (urgency.py), and the noise of real mail: greeting,
sign-off, small talk, lower case, misspelt names. Each part is drawn from a seeded generator; nothing here looks at
the rows already made (rows.py does).
"""

from __future__ import annotations

import random
import re
from dataclasses import dataclass

from tools.quickstart.company import INTENTS, PRODUCTS, Product

from tools.quickstart import cores, frames, manners, replies, urgency

NO_PRODUCT_SHARE = {
    "delivery": 0.30,
    "cancel": 0.25,
    "refund": 0.22,
    "replacement": 0.18,
    "how_to": 0.18,
    "fault": 0.18,
    "billing": 0.45,
    "account": 0.60,
}
URGENCY_SHARE = {"low": 0.30, "normal": 0.40, "high": 0.30}

SHARE_BOTH_PRODUCTS = 0.45
SHARE_SECOND_PRODUCT = 0.55
SHARE_TWO_WISHES = 0.10
SHARE_NOT_ABOUT = 0.06
SHARE_TURNED = 0.10
LONGEST = 300
"""Characters of a message; longer ones are drawn again, so that a row fits small contexts."""


@dataclass(frozen=True)
class Ticket:
    """A message and the answer it should get."""

    message: str
    intent: str
    urgency: str
    product: str
    reply: str


class Words:
    """One ticket's filled slots: names, dates and amounts stay the same wherever the ticket mentions them."""

    def __init__(self, rng: random.Random, about: Product | None, other: Product) -> None:
        self.rng = rng
        self.about = about
        self.owner = rng.choice(("my", "my", "my", "our"))
        self.calls = self._naming(about) if about else ""
        self.other_calls = self._naming(other)
        self.other = other
        self.values = {
            "ref": str(rng.randint(20100, 98999)),
            "sum": f"{rng.choice(cores.SUM)} euros",
            "fee": f"{rng.choice(cores.FEE)} euros",
            "day": rng.choice(cores.DAY),
            "ago": rng.choice(cores.AGO),
            "past": rng.choice(cores.PAST),
            "since": rng.choice(cores.SINCE),
        }

    def _naming(self, product: Product) -> str:
        draw = self.rng.random()
        if draw < 0.14:
            return product.kind
        if draw < 0.21:
            return f"{product.name} {product.short_kind}"
        if draw < 0.26:
            return self.rng.choice(product.typos)
        return product.name

    def fill(self, text: str, **more: str) -> str:
        """Replace every slot; a slot that is written with a capital starts a sentence."""

        def value(match: re.Match[str]) -> str:
            slot = match.group(1)
            found = self._value(slot, more)
            return _capital(found) if slot[0].isupper() and slot not in ("A", "B", "X") else found

        return _capital(re.sub(r"\{(\w+)\}", value, text))

    def _value(self, slot: str, more: dict[str, str]) -> str:
        if slot in more:
            return more[slot]
        if slot in ("X", "A"):
            return self.calls
        if slot == "B":
            return self.other_calls
        low = slot[0].lower() + slot[1:]
        if low in more:
            return more[low]
        if low in ("my", "myA"):
            return f"{self.owner} {self.calls}"
        if low in ("the", "theA"):
            return f"the {self.calls}"
        if low in ("a", "aA"):
            return _article(self.calls)
        if low == "myB":
            return f"{self.owner} {self.other_calls}"
        if low == "theB":
            return f"the {self.other_calls}"
        if low == "aB":
            return _article(self.other_calls)
        if low == "pastCap":
            return self.values["past"]
        if low not in self.values:
            self.values[low] = self._draw(low)
        return self.values[low]

    def _draw(self, slot: str) -> str:
        if slot == "symB":
            return self.rng.choice(self.other.symptoms)
        if slot == "taskB":
            return self.rng.choice(self.other.tasks)
        if self.about is None:
            raise KeyError(f"slot {slot!r} needs a product")
        pools = {"sym": self.about.symptoms, "dfc": self.about.defects, "task": self.about.tasks}
        return self.rng.choice(pools[slot])


def draw_ticket(rng: random.Random) -> Ticket:
    """Draw one ticket. Messages longer than LONGEST are drawn again."""
    while True:
        ticket = _draw_once(rng)
        if len(ticket.message) <= LONGEST:
            return ticket


def _draw_once(rng: random.Random) -> Ticket:
    intent = rng.choice(INTENTS)
    level = rng.choices(list(URGENCY_SHARE), weights=list(URGENCY_SHARE.values()))[0]
    about = None if rng.random() < NO_PRODUCT_SHARE[intent] else rng.choice(PRODUCTS)
    other = rng.choice([product for product in PRODUCTS if product is not about])
    words = Words(rng, about, other)

    body, settled = _request(rng, intent, words)
    if not settled and rng.random() < SHARE_SECOND_PRODUCT:
        body = _beside_another_product(rng, body, words)
    clause, danger = _urgency_clause(rng, intent, level, words)
    if clause:
        in_front = level != "normal" and len(clause) > 35 and not danger and rng.random() < 0.35
        body = f"{clause} {body}" if in_front else f"{body} {clause}"
    if level != "high" and intent == "fault" and about and rng.random() < 0.12:
        body = f"{body} {rng.choice(urgency.CALM)}"
    message = manners.dress(rng, body)
    product = about.name if about else "none"
    if danger and about:
        reply = replies.DANGER[about.name]
    else:
        it = f"your {product}" if about else replies.WITHOUT_PRODUCT[intent]
        reply = _capital(rng.choice(replies.REPLIES[intent, level]).replace("{it}", it))
    return Ticket(message, intent, level, product, reply)


def _request(rng: random.Random, intent: str, words: Words) -> tuple[str, bool]:
    """The request itself, and whether it already names a second product."""
    if words.about is None:
        text = words.fill(rng.choice(cores.WITHOUT_PRODUCT[intent]))
        return _deny(rng, intent, text), False
    if rng.random() < SHARE_BOTH_PRODUCTS:
        return words.fill(rng.choice(frames.BOTH[intent])), True
    if rng.random() < SHARE_TWO_WISHES:
        two = _two_wishes(rng, intent, words)
        if two:
            return two, False
    return _deny(rng, intent, words.fill(rng.choice(cores.WITH_PRODUCT[intent]))), False


def _deny(rng: random.Random, intent: str, text: str) -> str:
    """Name another intent only to say that it is not meant."""
    if rng.random() >= SHARE_NOT_ABOUT:
        return text
    clause = rng.choice(frames.NOT_ABOUT[rng.choice(frames.MAY_DENY[intent])])
    return f"{clause} {text}" if rng.random() < 0.6 else f"{text} {clause}"


def _two_wishes(rng: random.Random, intent: str, words: Words) -> str | None:
    """A request that weighs two intents and settles on this one; None where the intent has no such rival."""
    if intent == "how_to" or (intent == "fault" and rng.random() < 0.5):
        return words.fill(rng.choice(frames.USE_OR_FAULT[intent]))
    if intent in frames.PENDING_WISHES:
        rival = "cancel" if intent == "delivery" else "delivery"
        wish, refused = rng.choice(frames.PENDING_WISHES[intent]), rng.choice(frames.PENDING_WISHES[rival])
        situation = words.fill(rng.choice(frames.PENDING_SITUATIONS))
        return f"{situation} {words.fill(rng.choice(frames.PENDING_FRAMES), x=wish, y=refused)}"
    if intent not in frames.WISHES:
        return None
    rival = rng.choice([name for name in frames.WISHES if name != intent])
    wish, refused = rng.choice(frames.WISHES[intent]), rng.choice(frames.WISHES[rival])
    choices = frames.WISH_FRAMES
    if wish.startswith("to "):
        choices = frames.WISH_FRAMES_TO["x"]
    elif refused.startswith("to "):
        choices = frames.WISH_FRAMES_TO["y"]
    mendable = "fault" in (intent, rival)
    situations = frames.WISH_SITUATIONS if mendable else frames.WISH_SITUATIONS + frames.WISH_SITUATIONS_DEFECT
    situation = words.fill(rng.choice(situations))
    wish, refused = words.fill(wish), words.fill(refused)
    text = words.fill(rng.choice(choices), x=_small(wish), y=_small(refused))
    return f"{situation} {text}"


def _beside_another_product(rng: random.Random, body: str, words: Words) -> str:
    """Mention a second product that the message is not about."""
    draw = rng.random()
    if words.about is not None and draw < 0.2:
        if rng.random() < 0.5:
            return f"{words.fill(rng.choice(frames.CORRECTION_BEFORE))} {body}"
        return f"{body} {words.fill(rng.choice(frames.CORRECTION_AFTER))}"
    if draw < 0.5 and manners.may_follow_but(body):
        names = {words.calls} if words.about else set()
        return f"{words.fill(rng.choice(frames.BEFORE_BUT))} {manners.continue_sentence(body, names)}"
    if draw < 0.7:
        return f"{words.fill(rng.choice(frames.BEFORE))} {body}"
    return f"{body} {words.fill(rng.choice(frames.AFTER))}"


def _urgency_clause(rng: random.Random, intent: str, level: str, words: Words) -> tuple[str, bool]:
    """The clause that settles the urgency ("" for a silent normal), and whether a device is in danger."""
    if level == "high":
        if words.about and intent in ("fault", "refund", "replacement") and rng.random() < 0.22:
            return rng.choice(words.about.dangers), True
        if intent in urgency.INTENT_DANGERS and rng.random() < 0.15:
            return rng.choice(urgency.INTENT_DANGERS[intent]), False
    if level == "normal" and rng.random() < 0.45:
        return "", False
    turned = rng.random() < SHARE_TURNED
    pool = list((urgency.TURNED if turned else urgency.PLAIN)[level])
    kind = rng.choice(urgency.EVENTS_FOR[intent])
    if kind != "house":
        pool = [line for line in pool if not any(words_ in line for words_ in urgency.TURNED_ABOUT_USE)]
    if intent not in ("delivery", "replacement", "how_to", "fault"):
        pool = [line for line in pool if "need it" not in line]
    dates = {"near": rng.choice(urgency.NEAR), "mid": rng.choice(urgency.MID), "far": rng.choice(urgency.FAR)}
    events = [event for event in urgency.EVENTS[kind] if _possible(event, intent, level, turned, dates["near"])]
    line = rng.choice(pool)
    text = words.fill(
        line,
        event=rng.choice(events),
        near_by=rng.choice(urgency.NEAR_BY),
        mid_by=rng.choice(urgency.MID_BY),
        far_by=rng.choice(urgency.FAR_BY),
        past=rng.choice(urgency.PAST_DAYS),
        pastCap=rng.choice(urgency.PAST_DAYS),
        **dates,
    )
    return text, False


def _possible(event: str, intent: str, level: str, turned: bool, near: str) -> bool:
    """Whether people would say this event with these dates."""
    if event in urgency.NOT_FOR.get(intent, ()):
        return False
    if any(part in event for part in urgency.NOT_WITHIN_HOURS) and near in urgency.HOURS:
        return False
    return not any(part in event for part in urgency.NOT_FAR_AWAY) or (level != "low" and not turned)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _small(text: str) -> str:
    return text[:1].lower() + text[1:]


def _article(noun: str) -> str:
    return f"{'an' if noun[0] in 'AEIOUaeiou' else 'a'} {noun}"
