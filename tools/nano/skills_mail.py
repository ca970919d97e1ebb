"""Skills on the mail of shops, houses and clubs: what a message is for, how pressing it is, what it is about, and the
same sorted into a small JSON.

Labels, keys and allowed values stand in the prompt and vary from item to item (names, order, number), so that nano
learns to use the labels it is given rather than a fixed set. A JSON answer holds at most two of the three fields: to
give all of them at once, in a house's own words, is left to fine-tuning.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from tools.nano.world import Message, World, join, one, skill

from tools.nano import mail_words as m
from tools.nano import vocabulary as v

Made = tuple[list[Message], str]
Wordings = tuple[str, ...]

CLASSIFY: tuple[Wordings, Wordings] = (
    (
        "Classify [the text|the message|this] as {l}:",
        "Which label fits: {l}?",
        "[Labels|Classes]: {l}. [Answer with one label|One label only].",
        "Is [this|the text] {l}?",
        "[Choose|Pick] one of {l}:",
        "What is the {k} of the text? [Options|Choose from|Labels]: {l}.",
        "{k}: {l}?",
        "Label [the text|this] with one of [these|]: {l}.",
        "[Name|Give] the {k} ({l}):",
        "Sort this into {l}:",
        "[The|Possible] {k}s: {l}. Which one is it [here|]?",
        "[Find|Say] the {k}. [It is|There are] {l}.",
        "{l}: [which|what] is right [here|for this text]?",
    ),
    (
        "Read the text and say which of these it is: {l}.",
        "One of the labels {l} is right for this text. Which one?",
        "Please decide on the {k}; you may use {l}.",
    ),
)


def labelled(w: World, labels: list[str]) -> str:
    """The labels as a prompt names them."""
    return w.choose((join(labels, "or"), ", ".join(labels), " / ".join(labels), join(labels, "and")))


@dataclass(frozen=True)
class Place:
    """Who gets the mail, and what it may be about."""

    name: str
    kind: str  # "goods" or "service"
    items: list[str]


def draw_place(w: World, count: int) -> Place:
    """A shop with goods of everyday or invented names, or a house with services; `count` items of it."""
    if w.chance(0.7):
        own = w.chance(0.6)  # goods with names of their own, which can only be found by reading
        items = w.several(lambda: v.invented(w.rng, w.held).capitalize() if own else w.thing(), count)
        shop = w.fill(w.choose(m.HELD_SHOPS if w.held else m.SHOPS), n=w.name(), o=w.thing())
        if w.chance(0.4):
            shop = v.invented(w.rng, w.held).capitalize()
        return Place(shop, "goods", items)
    name, services = w.choose(list((m.HELD_SERVICES if w.held else m.SERVICES).items()))
    return Place(name, "service", w.rng.sample(services, min(count, len(services))))


def purposes_for(kind: str) -> list[str]:
    """The purposes that make sense for goods or for services; every house has accounts."""
    return [name for name, purpose in m.PURPOSES.items() if kind in purpose.about or "none" in purpose.about]


def naming(w: World, item: str | None, other: str | None) -> dict[str, object]:
    """Slots of an item (`my`, `the`, `a`, `i`) and of another one (`myO` …); capital slots start a sentence."""
    slots: dict[str, object] = {}
    for tail, thing in (("", item), ("O", other)):
        if thing is None:
            continue
        called = thing.lower() if thing[0].isupper() and w.chance(0.1) else thing
        the = called if called[0].isupper() and w.chance(0.25) else f"the {called}"
        my = f"{w.choose(('my', 'my', 'our'))} {called}"
        slots |= {f"the{tail}": the, f"The{tail}": the[0].upper() + the[1:], f"a{tail}": one(called)}
        slots |= {f"my{tail}": my, f"My{tail}": my[0].upper() + my[1:]}
        slots["o" if tail else "i"] = called
    return slots


def _times(w: World) -> dict[str, object]:
    slots: dict[str, object] = {"d": w.day(), "month": w.choose(v.MONTHS), "n": w.name()}
    event = w.fill(w.choose(m.EVENTS), **slots)
    when = {
        name: w.fill(w.choose(stock), **slots) for name, stock in (("near", m.NEAR), ("mid", m.MID), ("far", m.FAR))
    }
    both = {"e": event, **when}
    return slots | both | {key.capitalize(): str(text)[0].upper() + str(text)[1:] for key, text in both.items()}


SHORT = {
    long: (short, short[0].upper() + short[1:])
    for long, short in (
        ("do not", "don't"), ("does not", "doesn't"), ("did not", "didn't"), ("cannot", "can't"), ("is not", "isn't"),
        ("will not", "won't"), ("could not", "couldn't"), ("was not", "wasn't"), ("need not", "needn't"),
        ("i would", "I'd"), ("i have", "I've"), ("i am", "I'm"), ("i will", "I'll"), ("it is", "it's"),
        ("we have", "we've"), ("we will", "we'll"), ("we are", "we're"), ("that is", "that's"), ("there is", "there's"),
    )
}  # fmt: skip
SHORTENED = re.compile(r"\b(?:" + "|".join(SHORT) + r")\b", re.IGNORECASE)


@dataclass(frozen=True)
class Mail:
    """A message and what is true of it."""

    text: str
    purpose: str
    haste: str
    item: str | None


def write_mail(w: World, place: Place, purpose: str, haste: str, *, busy: float = 0.5) -> Mail:
    """A message to `place`; `busy` is the chance of each thing that is mentioned but not meant."""
    stock = m.PURPOSES[purpose]
    bare = place.kind not in stock.about or (bool(stock.bare[w.held]) and w.chance(0.2))
    item = None if bare else place.items[0]
    other = place.items[1] if len(place.items) > 1 and w.chance(busy) else None
    slots: dict[str, object] = {
        "n": w.name(), "d": w.day(), "k": w.number(2, 90), "t": w.thing(), "p": w.place(), "z": w.code(),
        "s": w.say(*m.SYMPTOMS, d=w.day()), **naming(w, item, other),
    }  # fmt: skip
    body = _core(w, purpose, stock, bare, slots, busy)
    parts = [body]
    if other is not None:
        stock_of = m.CORRECTIONS if item is not None and w.chance(0.25) else m.OTHERS
        parts.insert(w.number(0, 1), w.say(*stock_of, **slots))
        if w.chance(0.2) and stock_of is m.OTHERS and parts[0] != body:
            parts[0] = parts[0].rstrip(".") + w.choose((", but", ". But"))
            parts[1] = body if body.split(" ", 1)[0] == "I" else body[0].lower() + body[1:]
    if w.chance(0.25):
        parts.insert(w.number(0, len(parts)), w.say(*m.CHAT, **slots))
    hurry = w.say(*m.HASTE[haste], m=w.name(), **_times(w))
    if haste != "normal" or w.chance(0.6):
        parts = [hurry, *parts] if haste != "normal" and w.chance(0.3) else [*parts, hurry]
    if w.chance(0.35):
        parts.insert(0, w.say(*m.GREETINGS, m=w.name()))
    text = " ".join(parts)
    if w.chance(0.4):
        text = SHORTENED.sub(lambda match: SHORT[match.group(0).lower()][match.group(0)[0].isupper()], text)
    if w.chance(0.08):
        text = text.lower()
    return Mail(text, purpose, haste, item)


def _core(w: World, purpose: str, stock: m.Purpose, bare: bool, slots: dict[str, object], busy: float) -> str:
    """The sentence or two that carry the purpose; now and then another purpose is named and refused."""
    if bare:
        return w.say(*stock.bare, **slots)
    rivals = [name for name in m.WISHES if name != purpose and "goods" in m.PURPOSES[name].about]
    if purpose not in m.WISHES or not w.chance(busy * 0.6):
        return w.say(stock.train, stock.held, **slots)
    wanted = w.fill(w.choose(m.WISHES[purpose]))
    refused = w.fill(w.choose(m.WISHES[w.choose(rivals)]))
    wishes: dict[str, object] = {"x": wanted, "y": refused}
    wishes |= {key.upper(): text[0].upper() + text[1:] for key, text in (("x", wanted), ("y", refused))}
    return f"{w.say(*m.SITUATIONS, **slots)} {w.say(*m.EITHER, **wishes, n=slots['n'])}"


def draw_mail(w: World, items: int) -> tuple[Place, Mail]:
    """A place and a message to it, of any purpose that makes sense there and any haste."""
    place = draw_place(w, items)
    return place, write_mail(w, place, w.choose(purposes_for(place.kind)), w.choose(("low", "normal", "high")))


Asked = tuple[str, str]  # an instruction, and the right answer


def kinds_with(w: World, place: Place, purpose: str, low: int, high: int) -> list[str]:
    """Between `low` and `high` purposes that fit the place, the right one among them, in a random order."""
    others = [name for name in purposes_for(place.kind) if name != purpose]
    kinds = [purpose, *w.rng.sample(others, w.number(low, high) - 1)]
    w.rng.shuffle(kinds)
    return kinds


def ask_purpose(w: World, place: Place, mail: Mail) -> Asked:
    kinds = kinds_with(w, place, mail.purpose, 2, 7)
    if w.chance(0.2):
        labels = {k: m.PURPOSES[k].meaning for k in kinds}
    else:
        labels = {k: w.choose(m.PURPOSES[k].labels) for k in kinds}
    named = labelled(w, [labels[k] for k in kinds])
    return w.say(*CLASSIFY, l=named, k=w.choose(("purpose", "kind", "reason"))), labels[mail.purpose]


HOW_URGENT: tuple[Wordings, Wordings] = (
    (
        "How urgent is [this|the message|it]: {l}?",
        "[Priority|Urgency] ({l}):",
        "Is [this|the message] {l}?",
        "Say how pressing [this|the message] is: {l}.",
        "{l}: how fast must [we|one] answer?",
        "Which [priority|level] has this message? {l}.",
        "How much of a hurry is the writer in? [Choose from|Options:] {l}.",
        "Give the [priority|urgency] as {l}.",
    ),
    ("Please decide how urgent this is; you may use {l}.", "Read the message. How fast must we be? {l}"),
)


def ask_haste(w: World, place: Place, mail: Mail) -> Asked:
    names = list(w.choose(m.HASTE_NAMES))
    answer = names[("low", "normal", "high").index(mail.haste)]
    if w.chance(0.5):
        w.rng.shuffle(names)
    return w.say(*HOW_URGENT, l=labelled(w, names)), answer


WHICH_OF: tuple[Wordings, Wordings] = (
    (
        "Which [of these|] is [the message|it|this] about: {l}?",
        "The message is about which {k}: {l}?",
        "[Find|Name|Give] the {k} [that is meant|]: {l}.",
        "{k}: {l}?",
        "[Pick|Choose] the {k} [the writer means|] from {l}.",
    ),
    ("Of {l}, which one is meant?", "Please tell me which {k} the writer means: {l}."),
)
WHICH: tuple[Wordings, Wordings] = (
    (
        "Which {k} is [the message|it|this] about?",
        "[Find|Name|Give] the {k} that is meant.",
        "What {k} does the writer [mean|write about]?",
        "Take the {k} from the message[, one name only|].",
    ),
    ("Please tell me which {k} the writer means.", "The writer has one {k} in mind. Which?"),
)


def ask_about(w: World, place: Place, mail: Mail) -> Asked:
    options = [*place.items]
    w.rng.shuffle(options)
    word = w.choose(("item", "thing", "product", "article") if place.kind == "goods" else ("item", "part", "service"))
    wordings = WHICH_OF if w.chance(0.6) else WHICH
    asked = w.say(*wordings, l=labelled(w, options), k=word)
    hints = (" If none, say none.", " Or none.")
    return asked + w.choose(hints if mail.item is None else (*hints, "")), mail.item or "none"


ROUTE: tuple[Wordings, Wordings] = (
    (
        "[Read|Sort] the message to the {w}. [Answer|Reply] in JSON. {f}",
        "You sort the mail of a {w}. [Answer|Output] JSON with {f}",
        "JSON with these fields: {f}",
        "Fill a JSON object for this message to a {w}. {f}",
        "[Give|Write] {k} as JSON.\n{f}",
        "Route the message. [Fields|Keys]: {f}",
    ),
    (
        "A {w} got this message. Describe it in JSON: {f}",
        "Please read what a guest of the {w} writes and answer with a JSON object. {f}",
    ),
)


def ask_route(w: World, place: Place, mail: Mail) -> Asked:
    kinds = kinds_with(w, place, mail.purpose, 3, 8)
    names = {k: w.choose(m.PURPOSES[k].labels) for k in kinds}
    levels = dict(zip(("low", "normal", "high"), w.choose(m.HASTE_NAMES), strict=True))
    items = [*place.items]
    w.rng.shuffle(items)
    fields: dict[str, tuple[list[str], str]] = {
        w.choose(("kind", "type", "reason", "purpose")): ([names[k] for k in kinds], names[mail.purpose]),
        w.choose(("priority", "hurry", "rush", "speed")): (list(levels.values()), levels[mail.haste]),
        w.choose(("item", "part", "article", "thing")): ([*items, "none"], mail.item or "none"),
    }
    keys = list(fields)
    if w.chance(0.4):
        w.rng.shuffle(keys)
    keys = sorted(w.rng.sample(keys, w.choose((1, 2, 2))), key=keys.index)
    answer: dict[str, str] = {key: fields[key][1] for key in keys}
    reply = ""
    if not w.held and w.chance(0.2):  # a free answer has no one right form, so held items go without
        reply = w.choose(("answer", "note", "letter"))
        answer[reply] = w.fill(w.choose(m.ANSWERS[mail.purpose]), **naming(w, mail.item or "order", None))
    described = w.choose(
        (
            lambda: "; ".join(f"{key}: {', '.join(fields[key][0])}" for key in keys),
            lambda: "\n".join(f"{key}: {' | '.join(fields[key][0])}" for key in keys),
            lambda: "; ".join(f"{key} ({join(fields[key][0], 'or')})" for key in keys),
            lambda: ". ".join(f"{key} is one of {', '.join(fields[key][0])}" for key in keys) + ".",
        )
    )() + (f"; {reply}: one short sentence" if reply else "")
    return w.say(*ROUTE, w=place.name, f=described, k=join(keys)), json.dumps(answer, ensure_ascii=False)


ASKS = {"purpose": ask_purpose, "haste": ask_haste, "about": ask_about, "route": ask_route}


def _talk(w: World, last: str) -> Made:
    """A message, and questions on it turn by turn; on the held side `last` alone.

    A message is long and an answer short: several questions on one message give a training step more to learn from.
    """
    place, mail = draw_mail(w, w.number(3, 6))
    turns = [last]
    while not w.held and len(turns) < 4 and w.chance(0.75):
        turns.insert(0, w.choose(list(ASKS)))
    messages: list[Message] = []
    for ask in turns[:-1]:
        instruction, answer = ASKS[ask](w, place, mail)
        messages += [*_turn(w, instruction, mail.text, first=not messages), {"role": "assistant", "content": answer}]
    instruction, answer = ASKS[last](w, place, mail)
    return [*messages, *_turn(w, instruction, mail.text, first=not messages)], answer


def _turn(w: World, instruction: str, text: str, *, first: bool) -> list[Message]:
    if not first:
        return w.ask(instruction)[-1:]
    if w.chance(0.25):
        return [{"role": "system", "content": instruction}, {"role": "user", "content": text}]
    return w.ask(instruction, text)


@skill("purpose", 2.0)
def purpose(w: World) -> Made:
    """What a message is for."""
    return _talk(w, "purpose")


@skill("haste", 2.0)
def haste(w: World) -> Made:
    """How pressing a message is."""
    return _talk(w, "haste")


@skill("about", 1.6)
def about(w: World) -> Made:
    """Which of several things is meant, where others are mentioned too."""
    return _talk(w, "about")


@skill("route", 3.0)
def route(w: World) -> Made:
    """One or two fields of a message as JSON; keys and allowed values are named in the prompt."""
    return _talk(w, "route")


def letter(w: World) -> str:
    """A message and the house's answer as plain text."""
    place, mail = draw_mail(w, 3)
    slots = naming(w, mail.item or "order", None)
    answer = w.fill(w.choose(m.ANSWERS[mail.purpose]), **slots)
    return f"To: {place.name}\n{mail.text}\n\nAnswer: {answer}"
