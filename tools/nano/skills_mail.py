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

from tools.nano.mail_purposes import PURPOSES, Purpose
from tools.nano.wordings import Wordings
from tools.nano.world import Message, World, join, one, skill

from tools.nano import mail_around as around
from tools.nano import mail_haste as h
from tools.nano import mail_places as places
from tools.nano import mail_words as m
from tools.nano import vocabulary as v

Made = tuple[list[Message], str]

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
        "Decide: {l}?",
        "Which one is [it|this], {l}?",
        "[Put|File] [the message|this text] under one of {l}.",
        "What does the [writer|sender] want? [One of|Pick from]: {l}.",
        "Which {k} [suits|matches|describes] [the text|the message|this] [best|]: {l}?",
        "[Given|Allowed] are {l}. [Name|Write] the one that [fits|matches].",
        "[Tag|Mark] [this|the message] as {l}.",
        "[Assign|Give] [the text|this mail] one label out of {l}.",
        "{k} ({l})?",
        "[Your|The] options are {l}. [Which do you choose|Which is it]?",
        "Under which heading [does this belong|would you put this]: {l}?",
        "[Match|Pair] [the text|this] with its {k}: {l}.",
        "Out of {l}, [choose|take|name] the {k} of this [text|message].",
        "[Determine|Identify|Detect|State] the {k}: {l}.",
        "[Into|To] which [class|group|box|folder] does [it|this message] go? {l}.",
        "The {k} is one of {l}. [Which?|Say which.]",
        "[Reply|Respond] with [exactly|just] one of {l}.",
        "What [kind|sort] of [message|text] is this: {l}?",
        "[How|As what] would you [file|label|sort] it: {l}?",
        "Only [one|a single one] of {l} is [correct|true] [here|]. [Which?|Name it.]",
        "Read, then [pick|choose|write] one: {l}.",
        "Why does [this person|the sender] write? [Choose between|Options:] {l}.",
        "[Is it|Would you say it is] {l}?",
        "[Classification|Sorting] task. [Classes|Labels|Groups]: {l}.",
        "[Categories|Groups|Headings]: {l}. [Where does this text go|Which is the right one]?",
        "Find the [matching|fitting|right] label [among|in] {l}.",
        "Complete with one of {l}: the {k} is",
        "From {l}, [select|pick] [what fits|the fitting one].",
        "The [mail|message] below is one of {l}. [Which of them|Which]?",
        "One word from {l}, [please|nothing else].",
        "What is the point of this [message|letter], {l}?",
        "Sort the [letter|mail|message]: {l}.",
        "Could this be {l}? [Name one|Choose].",
        "{l}. [Select|Mark] the one that [this text|the message] is.",
        "For the file I need the {k}. [Options|Choices|It can be]: {l}.",
        "Here are the {k}s we know: {l}. Which one [do you see|is meant]?",
        "[Guess|Work out] the {k} from the text: {l}.",
        "How do you [understand|read] this message: as {l}?",
        "[Categorise|Categorize] the text as {l}.",
        "Which of the [following|words] [names|tells] the {k}: {l}?",
        "Set {k} to {l}, [as the text says|whichever is true].",
        "[Summed up|Put] in one label from {l}, this is",
        "My clerk must know the {k}: {l}?",
        "[Judge|Tell] by the text: {l}?",
        "[Exactly|Just] one label, [chosen|taken] from {l}:",
        "By its {k} the message is one of these: {l}.",
        "The writer's {k}, as {l}:",
        "In one [word|label]: {l}?",
    ),
    (
        "Read the text and say which of these it is: {l}.",
        "One of the labels {l} is right for this text. Which one?",
        "Please decide on the {k}; you may use {l}.",
    ),
)

KIND_WORDS = ("purpose", "kind", "reason", "type", "aim", "intent", "sort")
ITEM_WORDS = {
    "goods": ("item", "thing", "product", "article", "object", "piece"),
    "service": ("item", "part", "service", "offer", "thing"),
}
KIND_KEYS = ("kind", "type", "reason", "purpose", "intent", "aim", "category", "class", "sort")
HASTE_KEYS = ("priority", "hurry", "rush", "speed", "urgency", "haste", "pressure", "level")
ITEM_KEYS = ("item", "part", "article", "thing", "object", "subject", "about", "piece")
"""How an instruction calls what a message is for, its haste and what it is about; in a plural an -s is added."""


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
        shop = w.fill(w.choose(places.HELD_SHOPS if w.held else places.SHOPS), n=w.name(), o=w.thing())
        if w.chance(0.4):
            shop = v.invented(w.rng, w.held).capitalize()
        return Place(shop, "goods", items)
    name, services = w.choose(list((places.HELD_SERVICES if w.held else places.SERVICES).items()))
    return Place(name, "service", w.rng.sample(services, min(count, len(services))))


def purposes_for(kind: str) -> list[str]:
    """The purposes that make sense for goods or for services; every house has accounts."""
    return [name for name, purpose in PURPOSES.items() if kind in purpose.about or "none" in purpose.about]


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
    event = w.fill(w.choose(h.EVENTS), **slots)
    when = {
        name: w.fill(w.choose(stock), **slots) for name, stock in (("near", h.NEAR), ("mid", h.MID), ("far", h.FAR))
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
    stock = PURPOSES[purpose]
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
        stock_of = around.CORRECTIONS if item is not None and w.chance(0.25) else around.OTHERS
        parts.insert(w.number(0, 1), w.say(*stock_of, **slots))
        if w.chance(0.2) and stock_of is around.OTHERS and parts[0] != body:
            parts[0] = parts[0].rstrip(".") + w.choose((", but", ". But"))
            parts[1] = body if body.split(" ", 1)[0] == "I" else body[0].lower() + body[1:]
    if w.chance(0.25):
        parts.insert(w.number(0, len(parts)), w.say(*around.CHAT, **slots))
    hurry = w.say(*h.HASTE[haste], m=w.name(), **_times(w))
    if haste != "normal" or w.chance(0.6):
        parts = [hurry, *parts] if haste != "normal" and w.chance(0.3) else [*parts, hurry]
    if w.chance(0.35):
        parts.insert(0, w.say(*around.GREETINGS, m=w.name()))
    text = " ".join(parts)
    if w.chance(0.4):
        text = SHORTENED.sub(lambda match: SHORT[match.group(0).lower()][match.group(0)[0].isupper()], text)
    if w.chance(0.08):
        text = text.lower()
    return Mail(text, purpose, haste, item)


def _core(w: World, purpose: str, stock: Purpose, bare: bool, slots: dict[str, object], busy: float) -> str:
    """The sentence or two that carry the purpose; now and then another purpose is named and refused."""
    if bare:
        return w.say(*stock.bare, **slots)
    rivals = [name for name in around.WISHES if name != purpose and "goods" in PURPOSES[name].about]
    if purpose not in around.WISHES or not w.chance(busy * 0.6):
        return w.say(stock.train, stock.held, **slots)
    wanted = w.fill(w.choose(around.WISHES[purpose]))
    refused = w.fill(w.choose(around.WISHES[w.choose(rivals)]))
    wishes: dict[str, object] = {"x": wanted, "y": refused}
    wishes |= {key.upper(): text[0].upper() + text[1:] for key, text in (("x", wanted), ("y", refused))}
    return f"{w.say(*around.SITUATIONS, **slots)} {w.say(*around.EITHER, **wishes, n=slots['n'])}"


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
        labels = {k: PURPOSES[k].meaning for k in kinds}
    else:
        labels = {k: w.choose(PURPOSES[k].labels) for k in kinds}
    named = labelled(w, [labels[k] for k in kinds])
    return w.say(*CLASSIFY, l=named, k=w.choose(KIND_WORDS)), labels[mail.purpose]


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
        "{l}: how pressing is it?",
        "Does [this|the message] [have|carry] the priority {l}?",
        "What [priority|urgency|level of haste] would you give [this|the message]? {l}.",
        "How [soon|quickly] does [the writer|the sender] need [help|a reply]: {l}?",
        "[Rate|Judge|Grade|Rank] the [urgency|haste|priority] of [this|the message] as {l}.",
        "[Pick|Choose] the [priority|level of urgency]: {l}.",
        "[Set|Mark] the priority: {l}.",
        "How [long|much time] do we have? [Answer with|One of] {l}.",
        "Can [we|one] let this lie, or is it pressing? {l}.",
        "[Urgency|Priority|Haste]? {l}.",
        "{l}. [Which is it|Which one is this], going by how much time there is?",
        "Where on the scale {l} does [this|the message] stand?",
        "Say [what the priority is|how urgent it is] in the words {l}.",
        "[Is there|Do you see] any time pressure here? Use {l}.",
        "How [fast|soon] should this be [dealt with|done|looked at]: {l}?",
        "[State|Find|Name|Determine] the [urgency|priority] ({l}).",
        "[Sort|Order|Put] the message by haste: {l}.",
        "At what speed should we [act|work|react]: {l}?",
        "When is [this|it] needed? [Choose|Pick] {l}.",
        "[Options|Levels] of urgency: {l}. Which [holds|is right] here?",
        "The priority is one of {l}. [Say which.|Which?]",
        "[Label|Tag] the urgency with {l}.",
        "Is the writer [in a hurry|pressed for time]? {l}.",
        "For our queue: {l}?",
        "What does the writer say about time? Sum it up as {l}.",
        "How would you rank [this mail|the message] in the queue: {l}?",
        "[Look|Watch] for [dates and haste|signs of haste] and answer {l}.",
        "Does it [press|burn], or is there time? [Say|Write] {l}.",
        "[Read|Go by] the [dates|times] in the text. Priority: {l}?",
        "One of {l} tells how urgent it is. [Which?|Name it.]",
        "We answer mail in order of haste. This one is {l}.",
        "[Judge|Tell] how much it presses. Words allowed: {l}.",
        "[Estimate|Assess|Determine] the time pressure: {l}.",
        "Which [degree|grade|step] of urgency is it, {l}?",
        "Level of [haste|hurry|urgency], as {l}:",
        "[When|How soon] must [someone|our team] [see to it|react]? {l}.",
        "Should we [drop everything|run] for this one? [Answer|Reply] {l}.",
        "Out of {l}, which [priority|level] fits?",
    ),
    ("Please decide how urgent this is; you may use {l}.", "Read the message. How fast must we be? {l}"),
)


def ask_haste(w: World, place: Place, mail: Mail) -> Asked:
    names = list(w.choose(h.HASTE_NAMES))
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
        "What is [the message|this|the text] about? [Options|Choose from]: {l}.",
        "[What|Which] does the [writer|sender] [mean|have in mind|talk about]: {l}?",
        "[Several|Some] {k}s are named. Which one is it about: {l}?",
        "[Only one|One] of {l} is [meant|in question]. [Which?|Name it.]",
        "The {k} in question is one of {l}. Which?",
        "Is [it|the message] about {l}?",
        "[Decide|Say] which {k} it is: {l}.",
        "[Out of|From] {l}, [name|take|give] the one that [is meant|the letter is about].",
        "To which {k} does the message [refer|belong]: {l}?",
        "Which {k} is [the real subject|meant|at issue], {l}?",
        "About which of {l} does the [customer|writer|guest] write?",
        "[Identify|Determine|State] the {k} [in question|at issue|concerned]: {l}.",
        "Our {k}s are {l}. [Which|Which of them] [is concerned|is meant]?",
        "[Select|Mark|Write] the right {k}: {l}.",
        "[Match|Link] the message to one {k}: {l}.",
        "Which {k} should we look at: {l}?",
        "What [matters|counts] to the writer here, {l}?",
        "Not all {k}s that are named count. Which does: {l}?",
        "The subject of [this|the message] is {l}. Choose one.",
        "[Under|To] which {k} do I file this, {l}?",
        "[Answer|Reply] with the {k} that is meant ({l}).",
        "We have {l}. What is [this letter|the message] about?",
        "{k} ({l})?",
        "Take one {k}: {l}.",
        "Does the [writer|sender] mean {l}?",
        "[Check|See] which {k} this person [wants something for|is concerned with]: {l}.",
        "Where does [the writer's wish|the matter] lie, with {l}?",
        "Tell the {k}s apart: {l}. Which [matters|counts] in this message?",
        "[Look|Search] for the {k} behind this message: {l}.",
        "[Whichever|The one] of {l} the message is about:",
        "Which {k} out of {l} has to do with this?",
        "Name one from {l}: the {k} the message is about.",
        "Possible {k}s: {l}. The message is about which?",
        "The message could be about {l}. [Which is it|Say which one]?",
        "[Point to|Spot] the {k} that matters here: {l}.",
    ),
    ("Of {l}, which one is meant?", "Please tell me which {k} the writer means: {l}."),
)
WHICH: tuple[Wordings, Wordings] = (
    (
        "Which {k} is [the message|it|this] about?",
        "[Find|Name|Give] the {k} that is meant.",
        "What {k} does the writer [mean|write about]?",
        "Take the {k} from the message[, one name only|].",
        "What is [the message|this|the text] about? [Give|Name] the {k}.",
        "[Write|Say|State] the name of the {k} [in question|meant here].",
        "About which {k} does [this person|the sender|the writer] write?",
        "[Identify|Determine|Spot] the {k} [at issue|in question|concerned].",
        "Name the {k} this [message|letter|mail] is [really|] about.",
        "Which {k} [is concerned|is at issue|is meant] here?",
        "[Only|Just] the {k}, please: what is it about?",
        "To which {k} does [the message|this letter] refer?",
        "[Copy|Read off] the name of the {k} that matters.",
        "Which {k} should we [look at|look up|see to]?",
        "What {k} [has to be looked at|does the writer want something for]?",
        "{k} [in question|concerned]?",
        "Several {k}s may be named. Which one is meant?",
        "For which {k} [does the writer want something|is this message]?",
        "The {k} this is about:",
        "[Extract|Pull out] the {k} the message is about.",
        "[Find out|Work out] which {k} is [the subject|meant].",
        "[Tell|Show] us the one {k} that counts here.",
        "What is the name of the {k} the sender [writes about|has in mind]?",
        "Which {k} would you [note|put] on the card for this message?",
        "Give one name: the {k} that is [at stake|the subject].",
        "The writer talks of which {k}?",
        "What is the {k} here?",
        "[Put down|Note] the {k} that the [letter|message] is about.",
        "The subject is a {k}. Which [one|]?",
        "Of all [{k}s|] that are named, which does the message turn on?",
        "[Look|Search] for the {k} that is meant and [write it down|name it].",
        "Say in one name which {k} the [guest|customer|sender] is on about.",
        "This letter deals with which {k}?",
        "[Answer|Reply] with the {k} and nothing else.",
        "What {k} is behind this message?",
        "[Leave out|Ignore] what is only mentioned. Which {k} is it [about|really about]?",
        "On which {k} do we have to [act|work]?",
        "The {k}, by name, that the message is about?",
        "Which {k} must I tell my colleague about?",
        "[Select|Single out] the {k} the writer wants to talk about.",
        "Our file needs the {k}. Which is it?",
    ),
    ("Please tell me which {k} the writer means.", "The writer has one {k} in mind. Which?"),
)


def ask_about(w: World, place: Place, mail: Mail) -> Asked:
    options = [*place.items]
    w.rng.shuffle(options)
    word = w.choose(ITEM_WORDS[place.kind])
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
        "[Turn|Make|Convert] this message into JSON. {f}",
        "[Output|Return|Produce] JSON [only|and nothing else]. {f}",
        "Mail to the {w}. [As JSON|In JSON form]: {f}",
        "You work for the {w}. [Sort|File] each message as JSON. {f}",
        "You are the mail desk of a {w}. Describe the message in JSON. {f}",
        "[Describe|Record|Note] the message as JSON with {k}. {f}",
        "[Read off|Find|Get] {k} and [return|write] them in JSON. {f}",
        "[Sort|Classify] [this mail|the message] and [give|return] one JSON object.\n{f}",
        "[Here is|This is] mail for the {w}. JSON, please: {f}",
        "{f}\n[Answer|Reply] with one JSON object.",
        "{f}\n[Fill in|Give] these as JSON for the message to the {w}.",
        "[Needed|Wanted] as JSON: {k}. {f}",
        "A message came in at the {w}. [Return|Write] JSON. {f}",
        "[Extract|Take] {k} from the message, as JSON. {f}",
        "The keys of the JSON are {k}. {f}",
        "[One|A single] JSON object, [no more|no words around it]. {f}",
        "For the records of the {w}: JSON with {k}. {f}",
        "[Put|Bring] the message into this JSON form: {f}",
        "Which [values|entries] fit? [Answer|Reply] as JSON. {f}",
        "JSON: {f}",
        "[Enter|Write down] {k} in a JSON record. {f}",
        "[Set|Choose] a value for each key and answer in JSON. {f}",
        "The {w} sorts its mail by {k}. Do so, in JSON. {f}",
        "[Create|Build|Make up] a JSON [record|entry|object] from this mail. {f}",
        "Keys and [allowed|possible] values: {f}\n[Output|Answer with] JSON.",
        "Help the {w} to sort its mail: [write|give] JSON. {f}",
        "[Process|Handle] the message for the {w}. Result as JSON. {f}",
        "Make a JSON note of this message. {f}",
        "[Pass|Send] the message on as JSON. {f}",
        "To be filled as JSON: {f}",
        "Our system at the {w} reads JSON only. {f}",
        "[Say|Tell] {k} of this message in JSON. {f}",
        "What does [the customer|the writer] want? JSON, please. {f}",
        "[Summarise|Sum up] the message as JSON ({k}). {f}",
        "[Analyse|Look at] the message and [fill|complete] the JSON. {f}",
        "JSON with {k}, [please|nothing more]. {f}",
        "Ticket for the {w}, as JSON. {f}",
        "[Translate|Put] this letter into JSON fields. {f}",
        "[Data|Entry] sheet of the {w}, in JSON: {f}",
        "A colleague at the {w} needs this as JSON: {f}",
        "[Use|Take] only the values given and answer in JSON. {f}",
    ),
    (
        "A {w} got this message. Describe it in JSON: {f}",
        "Please read what a guest of the {w} writes and answer with a JSON object. {f}",
    ),
)


def ask_route(w: World, place: Place, mail: Mail) -> Asked:
    kinds = kinds_with(w, place, mail.purpose, 3, 8)
    names = {k: w.choose(PURPOSES[k].labels) for k in kinds}
    levels = dict(zip(("low", "normal", "high"), w.choose(h.HASTE_NAMES), strict=True))
    items = [*place.items]
    w.rng.shuffle(items)
    fields: dict[str, tuple[list[str], str]] = {
        w.choose(KIND_KEYS): ([names[k] for k in kinds], names[mail.purpose]),
        w.choose(HASTE_KEYS): (list(levels.values()), levels[mail.haste]),
        w.choose(ITEM_KEYS): ([*items, "none"], mail.item or "none"),
    }
    keys = list(fields)
    if w.chance(0.4):
        w.rng.shuffle(keys)
    keys = sorted(w.rng.sample(keys, w.choose((1, 2, 2))), key=keys.index)
    answer: dict[str, str] = {key: fields[key][1] for key in keys}
    reply = ""
    if not w.held and w.chance(0.2):  # a free answer has no one right form, so held items go without
        reply = w.choose(("answer", "note", "letter"))
        answer[reply] = w.fill(w.choose(around.ANSWERS[mail.purpose]), **naming(w, mail.item or "order", None))
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
    answer = w.fill(w.choose(around.ANSWERS[mail.purpose]), **slots)
    return f"To: {place.name}\n{mail.text}\n\nAnswer: {answer}"
