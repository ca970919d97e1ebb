"""Skills that put a label on a short text: mood, topic, purpose of a message; and routing a message into a small JSON.

The labels stand in the prompt and vary from item to item (names, order, number), so that nano learns to use the labels
it is given rather than a fixed set.
"""

from __future__ import annotations

import json

from tools.nano.world import Message, World, join, skill

from tools.nano import vocabulary as v

Made = tuple[list[Message], str]
Wordings = tuple[str, ...]

MOODS: dict[str, tuple[Wordings, Wordings]] = {
    "positive": (
        (
            "The {t} is [great|wonderful|lovely|excellent].",
            "I [really|] love the {t} from {p}.",
            "{n} was [so|very] kind to us.",
            "What a [lovely|wonderful|perfect] day in {p}!",
            "Best {f} I ever had.",
            "We had a [great|wonderful] time with {n}.",
            "I am [very|so] happy with my {t}.",
            "[Thank you|Thanks], the {t} works perfectly.",
            "The {f} [tasted|was] delicious.",
            "I would buy the {t} again.",
            "{n} did a [great|fantastic] job.",
            "Everything about the {t} is perfect.",
            "The {t} is better than I hoped.",
            "Nothing was wrong, we enjoyed the {f}.",
        ),
        (
            "I can only say that the {t} of {n} is excellent.",
            "So happy that we found this {t} in {p}!",
            "In {p} we ate delicious {f} and enjoyed it.",
            "Perfect, I love how the {t} looks.",
        ),
    ),
    "negative": (
        (
            "The {t} is [awful|terrible|bad|useless].",
            "I [really|] hate the {t} from {p}.",
            "{n} was [so|very] rude to us.",
            "What a [terrible|horrible|sad] day in {p}!",
            "Worst {f} I ever had.",
            "We had a [bad|horrible] time with {n}.",
            "I am [very|so] unhappy with my {t}.",
            "The {t} broke after [a|one] day.",
            "The {f} [tasted|was] disgusting.",
            "I would never buy the {t} again.",
            "{n} did a [poor|terrible] job.",
            "Nothing about the {t} works.",
            "The {t} is worse than I feared.",
            "I was [angry|disappointed] about the {f}.",
        ),
        (
            "I can only say that the {t} of {n} is terrible.",
            "So disappointed that we bought this {t} in {p}!",
            "In {p} we ate disgusting {f} and hated it.",
            "Horrible, I hate how the {t} looks.",
        ),
    ),
    "neutral": (
        (
            "The {t} is [on the table|in the box|in {p}].",
            "{n} [goes|drives] to {p} on {d}.",
            "The {t} has a {c} lid.",
            "{n} works in {p}.",
            "There are {k} {f} in the bag.",
            "The shop opens [at nine|on {d}].",
            "The train to {p} has {k} seats.",
            "{n} put the {t} next to the door.",
            "The {t} [weighs|costs] {k}.",
            "On {d} there is a meeting in {p}.",
        ),
        (
            "Next {d} {n} takes the {t} to {p}.",
            "The box with the {f} stands beside the {t}.",
            "It is {k} steps from the {t} to the door.",
        ),
    ),
}
MOOD_NAMES: tuple[dict[str, str], ...] = (
    {"positive": "positive", "negative": "negative", "neutral": "neutral"},
    {"positive": "good", "negative": "bad", "neutral": "neither"},
    {"positive": "happy", "negative": "unhappy", "neutral": "neutral"},
    {"positive": "praise", "negative": "complaint", "neutral": "fact"},
    {"positive": "likes it", "negative": "dislikes it", "neutral": "no opinion"},
    {"positive": "1", "negative": "0", "neutral": "2"},
)


def labelled(w: World, labels: list[str]) -> str:
    """The labels as a prompt names them."""
    return w.choose((join(labels, "or"), ", ".join(labels), " / ".join(labels), join(labels, "and")))


def slots(w: World) -> dict[str, object]:
    return {
        "n": w.name(),
        "p": w.place(),
        "t": w.thing(),
        "f": w.food(),
        "d": w.day(),
        "c": w.colour(),
        "k": w.number(2, 60),
        "x": w.animal(),
    }


CLASSIFY = (
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
    ),
    (
        "Read the text and say which of these it is: {l}.",
        "One of the labels {l} is right for this text. Which one?",
        "Please decide on the {k}; you may use {l}.",
    ),
)


@skill("mood", 1.2)
def mood(w: World) -> Made:
    names = w.choose(MOOD_NAMES[:4] if w.held else MOOD_NAMES)
    kinds = ["positive", "negative"] + (["neutral"] if w.chance(0.5) else [])
    kind = w.choose(kinds)
    w.rng.shuffle(kinds)
    text = w.say(*MOODS[kind], **slots(w))
    if w.chance(0.3):
        text += " " + (w.say(*MOODS[kind], **slots(w)) if w.chance(0.5) else w.say(*MOODS["neutral"], **slots(w)))
    labels = [names[k] for k in kinds]
    if names["positive"] == "1":
        described = ", ".join(f"{names[k]} = {k}" for k in kinds)
        return w.ask(w.say(*CLASSIFY, l=described, k="mood"), text), names[kind]
    return w.ask(w.say(*CLASSIFY, l=labelled(w, labels), k=w.choose(("mood", "feeling", "opinion"))), text), names[kind]


@skill("topic", 1.2)
def topic(w: World) -> Made:
    topics = w.rng.sample(list(v.TOPICS), w.number(2, 5))
    chosen = w.choose(topics)
    words = w.rng.sample(v.TOPICS[chosen], 3)
    text = w.say(
        (
            "{n} [talked|wrote|asked] about the {a} and the {b}.",
            "The {a} [is|was] next to the {b}.",
            "I need a {a} and a {b}.",
            "{n} [saw|found|has] a {a} [in|near] {p}.",
            "There was a {a}, a {b} and a {e}.",
            "On {d} {n} told us about a {a} and a {b}.",
            "Do you know anything about a {a}? {n} also asked for the {b}.",
            "My {a} [and|or] your {b}?",
            "The {a} of {n} needs a {b}.",
            "We read about {a}, {b} and {e}.",
            "{n} in {p} [thinks|dreams] of the {a} and the {b}.",
        ),
        (
            "In the book of {n} there is a page on the {a}, then one on the {b}.",
            "Whoever goes to {p} will hear of a {a} and of the {b}.",
            "First came the {a}, after that the {e} with the {b}.",
        ),
        n=w.name(),
        p=w.place(),
        d=w.day(),
        a=words[0],
        b=words[1],
        e=words[2],
    )
    names = {t: w.choose(v.TOPIC_NAMES[t]) for t in topics}
    instruction = w.say(*CLASSIFY, l=labelled(w, [names[t] for t in topics]), k=w.choose(("topic", "subject", "theme")))
    return w.ask(instruction, text), names[chosen]


# --- what a message is for: the shared stock of the purpose and the route skill

PURPOSES: dict[str, tuple[tuple[str, ...], str, tuple[Wordings, Wordings]]] = {
    # purpose: (label names, description, (train wordings, held wordings)); {i} is the thing the message is about
    "question": (
        ("question", "ask"),
        "wants to know something",
        (
            (
                "[Can you tell me|Do you know] when the {i} [opens|starts|is free]?",
                "How much does the {i} cost?",
                "Where [can I find|is] the {i}?",
                "I would like to know [more about|something about] the {i}.",
                "What are the rules for the {i}?",
                "Is the {i} open on {d}?",
                "How does the {i} work?",
                "Which {i} is [the best|right] for children?",
                "[A short|One] question about the {i}: [is it free|who runs it]?",
            ),
            (
                "Could someone tell me how long the {i} takes?",
                "I wonder what the {i} costs for two. Do you know?",
                "Before I come: where exactly is the {i}?",
            ),
        ),
    ),
    "fault": (
        ("fault", "broken", "repair", "problem"),
        "something does not work",
        (
            (
                "The {i} is broken.",
                "The {i} [does not work|stopped working] [since {d}|].",
                "Something is wrong with the {i}.",
                "The {i} [makes a strange noise|leaks|is stuck].",
                "[Since {d}|Since this morning] the {i} [is dead|does nothing].",
                "The {i} fell apart [in my hands|].",
                "I cannot [use|open] the {i}, it is [stuck|damaged].",
                "The {i} needs repair.",
                "There is a [hole|crack] in the {i}.",
            ),
            (
                "It seems that the {i} is damaged and will not work.",
                "On {d} the {i} simply stopped, and it is still stuck.",
                "Somebody should repair the {i}, it leaks.",
            ),
        ),
    ),
    "booking": (
        ("booking", "reservation", "book"),
        "wants to book or reserve",
        (
            (
                "I [want|would like] to book the {i} for {d}.",
                "Please reserve the {i} for [me|us|{n}].",
                "Can I [book|reserve] the {i} on {d}?",
                "We need the {i} for {k} people on {d}.",
                "Put me down for the {i}[, please|].",
                "Please keep a place at the {i} for {n}.",
                "Two places at the {i}[, please|] on {d}.",
                "I would like to sign up for the {i}.",
            ),
            (
                "It would be nice to have the {i} reserved for {n} on {d}.",
                "May we book the {i}? There are {k} of us.",
                "Sign me up for the {i}, please, I come on {d}.",
            ),
        ),
    ),
    "cancel": (
        ("cancel", "cancellation", "call off"),
        "wants to call something off",
        (
            (
                "I [have to|must|want to] cancel the {i}.",
                "Please cancel [my|our] {i} [on {d}|].",
                "[I|We] cannot come to the {i} [on {d}|].",
                "{n} is ill, so we call off the {i}.",
                "I no longer [need|want] the {i}.",
                "Please take me off the list for the {i}.",
                "We will not [use|need] the {i} after all.",
                "Call off the {i}[, please|].",
            ),
            (
                "Sadly we will not make it to the {i}; please cancel it.",
                "As {n} is ill I no longer need the {i} on {d}.",
                "Take our name off the {i}, we cannot come.",
            ),
        ),
    ),
    "praise": (
        ("praise", "thanks", "compliment"),
        "says something kind",
        (
            (
                "[Thank you|Thanks] for the {i}, it was [great|lovely|wonderful].",
                "The {i} was [wonderful|perfect|great].",
                "We loved the {i}.",
                "{n} and I enjoyed the {i} very much.",
                "What a [lovely|great] {i}!",
                "The {i} made us very happy.",
                "Well done, the {i} is [beautiful|excellent].",
                "I only want to say how [nice|good] the {i} is.",
            ),
            (
                "A big thank you, {n} still talks about the lovely {i}.",
                "You did so well with the {i}, we enjoyed it.",
                "How wonderful the {i} was on {d}, thanks to all of you!",
            ),
        ),
    ),
    "lost": (
        ("lost", "lost property", "left behind"),
        "has lost something there",
        (
            (
                "I [left|forgot] my {t} at the {i}.",
                "Did anybody find a {t} at the {i}?",
                "My {t} is lost, I [think|believe] it is still at the {i}.",
                "{n} lost a {t} [near|at] the {i} on {d}.",
                "I am looking for my {t}, I had it at the {i}.",
                "We forgot a {c} {t} at the {i}.",
            ),
            (
                "At the {i} I must have left behind my {t}.",
                "Has a {c} {t} been found at the {i}? {n} lost it.",
            ),
        ),
    ),
    "money": (
        ("money", "refund", "payment", "bill"),
        "is about money paid or owed",
        (
            (
                "I [want|would like] my money back for the {i}.",
                "I paid [twice|two times] for the {i}.",
                "You charged me too much for the {i}.",
                "The bill for the {i} is wrong.",
                "Please [refund|pay back] the {i}.",
                "I still [wait|am waiting] for the refund of the {i}.",
                "Where is the money for the {i}? I paid {k}.",
                "The price on my bill for the {i} is not right.",
            ),
            (
                "My card was charged two times because of the {i}.",
                "Please send back the {k} that I paid for the {i}.",
                "There is a mistake on the bill, the {i} was {k} too much.",
            ),
        ),
    ),
    "change": (
        ("change", "move", "new date"),
        "wants another time or place",
        (
            (
                "Can [I|we] move the {i} [to|from] {d}?",
                "I [want|would like] another day for the {i}.",
                "Please change the {i} to {d}.",
                "Is it possible to have the {i} [later|earlier]?",
                "{d} is bad for us, can the {i} be on another day?",
                "I need a later time for the {i}.",
                "Please move my place at the {i} to {n}.",
            ),
            (
                "Would {d} be possible for the {i} as well, not the old day?",
                "We come later than planned; please move the {i} to {d}.",
            ),
        ),
    ),
}

HASTE: dict[str, tuple[Wordings, Wordings]] = {
    "high": (
        (
            "[It is|This is] urgent.",
            "Please hurry.",
            "I need an answer [today|at once|right now].",
            "[It|This] cannot wait.",
            "The guests come in an hour.",
            "[Please act|Answer] as soon as possible.",
            "We are standing at the door.",
            "It must be done [today|before tonight].",
            "This is an emergency.",
            "[We|I] have to leave in ten minutes.",
        ),
        (
            "I beg you to be quick, it cannot wait until tomorrow.",
            "There is no time to lose.",
            "In half an hour it is too late.",
        ),
    ),
    "low": (
        (
            "[No hurry|There is no hurry].",
            "It is not urgent [at all|].",
            "Take your time.",
            "[Any time|Some day] is fine.",
            "[It|This] can wait.",
            "There is no rush.",
            "Whenever you have [time|a moment].",
            "Next [month|week] is early enough.",
            "An answer some day is fine.",
        ),
        (
            "Nobody is in a hurry here, so take all the time you need.",
            "It can wait until you have a quiet moment.",
            "No need to rush because of me.",
        ),
    ),
    "normal": (
        ("", "", "", "[Best wishes|Regards|Yours], {m}", "Thank you.", "{m}"),
        ("", "", "Many thanks, {m}", "So long, {m}"),
    ),
}
HASTE_NAMES: tuple[tuple[str, str, str], ...] = (
    ("low", "normal", "high"),
    ("low", "medium", "high"),
    ("later", "soon", "now"),
    ("relaxed", "normal", "urgent"),
    ("no hurry", "normal", "hurry"),
    ("can wait", "usual", "urgent"),
)

DOMAINS: dict[str, tuple[str, ...]] = {
    "library": (
        "reading room",
        "book club",
        "catalogue",
        "children's corner",
        "copy machine",
        "lending desk",
        "audio shelf",
    ),
    "ferry line": ("morning ferry", "night ferry", "car deck", "ticket desk", "island tour", "harbour cafe"),
    "garden club": ("greenhouse", "seed market", "rose course", "tool shed", "open garden", "compost day"),
    "museum": ("guided tour", "sculpture hall", "coin room", "museum shop", "audio guide", "family day"),
    "theatre": ("evening show", "matinee", "box office", "cloakroom", "front row", "acting class"),
    "swimming pool": ("diving board", "kids pool", "sauna", "swim course", "locker", "water slide"),
    "campsite": ("tent place", "cabin", "fire pit", "shower block", "boat hire", "camp shop"),
    "bakery": ("wedding cake", "bread box", "rye loaf", "cake course", "breakfast table", "gift basket"),
    "music school": ("piano lesson", "choir", "drum room", "summer concert", "violin hire", "singing class"),
    "zoo": ("feeding tour", "penguin house", "petting farm", "night walk", "monkey island", "zoo train"),
}
HELD_DOMAINS: dict[str, tuple[str, ...]] = {
    "tram line": ("airport tram", "old tram", "week ticket", "last stop", "tram museum", "bell ride"),
    "climbing hall": ("boulder room", "rope course", "shoe hire", "youth group", "high wall", "snack bar"),
    "hotel": ("roof terrace", "double room", "breakfast hall", "garden suite", "bike hire", "spa"),
    "school office": ("exam desk", "sports hall", "lunch card", "class trip", "parents evening", "music room"),
}


def invented_items(w: World) -> list[str]:
    """Made-up service names, so that the item is found by reading and not by heart."""
    return [v.invented(w.rng, w.held).capitalize() for _ in range(w.number(3, 6))]


def message_about(w: World, purpose: str, item: str, other: str | None, haste: str) -> str:
    """A short message on `item`; `other` is an item that is mentioned but not meant."""
    core = w.say(*PURPOSES[purpose][2], i=item, **slots(w))
    parts = [core]
    if other is not None:
        parts.insert(
            w.number(0, 1),
            w.say(
                (
                    "The {o} is [fine|no problem].",
                    "This is not about the {o}.",
                    "[With|About] the {o} I have no [problem|question].",
                    "The {o} can stay as it is.",
                    "Last [week|year] I wrote about the {o}, that is [settled|done].",
                    "Not the {o}, the {i}.",
                    "[I do not|We do not] mean the {o}.",
                    "The {o} [works|was] well.",
                ),
                ("Please leave the {o} alone, it is fine.", "By the way, the {o} is not what I mean."),
                o=other,
                i=item,
            ),
        )
    hurry = w.say(*HASTE[haste], m=w.name())
    if hurry:
        parts = [hurry, *parts] if haste != "normal" and w.chance(0.3) else [*parts, hurry]
    if w.chance(0.35):
        greeting = ("[Hello|Hi|Dear team|Good morning|Good day],", "[Hello|Hi] {m},", "Dear {m},")
        parts.insert(0, w.say(greeting, ("Good evening to all,", "Hi there {m},"), m=w.name()))
    return " ".join(parts)


@skill("purpose", 1.2)
def purpose(w: World) -> Made:
    kinds = w.rng.sample(list(PURPOSES), w.number(2, 5))
    chosen = w.choose(kinds)
    domain = w.choose(list((HELD_DOMAINS if w.held else DOMAINS).values()))
    text = message_about(w, chosen, w.choose(domain), None, w.choose(("low", "normal", "normal", "high")))
    if w.chance(0.25):
        labels = {k: PURPOSES[k][1] for k in kinds}
    else:
        labels = {k: w.choose(PURPOSES[k][0]) for k in kinds}
    named = labelled(w, [labels[k] for k in kinds])
    return w.ask(w.say(*CLASSIFY, l=named, k=w.choose(("purpose", "kind", "reason"))), text), labels[chosen]


@skill("route", 2.4)
def route(w: World) -> Made:
    """A message to some house or club, answered with a small JSON whose keys and allowed values the prompt names."""
    where, items = w.choose(list((HELD_DOMAINS if w.held else DOMAINS).items()))
    items = invented_items(w) if w.chance(0.35) else w.rng.sample(items, w.number(3, 5))
    kinds = w.rng.sample(list(PURPOSES), w.number(3, 6))
    chosen, haste = w.choose(kinds), w.choose(("low", "normal", "high"))
    item, other = w.rng.sample(items, 2)
    text = message_about(w, chosen, item, other if w.chance(0.4) else None, haste)

    names = {k: w.choose(PURPOSES[k][0]) for k in kinds}
    hastes = dict(zip(("low", "normal", "high"), w.choose(HASTE_NAMES), strict=True))
    fields: dict[str, tuple[list[str], str]] = {
        w.choose(("kind", "type", "reason", "about")): ([names[k] for k in kinds], names[chosen]),
        w.choose(("priority", "hurry", "rush", "speed")): (list(hastes.values()), hastes[haste]),
        w.choose(("item", "part", "service", "area", "thing")): ([*items, "none"], item),
    }
    keys = list(fields)
    if w.chance(0.4):
        w.rng.shuffle(keys)
    keys = keys[: w.choose((2, 3, 3, 3))]
    answer = {key: fields[key][1] for key in keys}
    reply = ""
    if not w.held and w.chance(0.3):  # a free answer has no one right form, so held items go without
        reply = w.choose(("answer", "reply", "note"))
        answer[reply] = w.fill(w.choose(REPLIES[chosen]), i=item)
    described = w.choose(
        (
            lambda: "; ".join(f"{key}: {', '.join(fields[key][0])}" for key in keys),
            lambda: "\n".join(f"{key}: {' | '.join(fields[key][0])}" for key in keys),
            lambda: "; ".join(f"{key} ({join(fields[key][0], 'or')})" for key in keys),
            lambda: ". ".join(f"{key} is one of {', '.join(fields[key][0])}" for key in keys) + ".",
        )
    )() + (f"; {reply}: one short sentence" if reply else "")
    instruction = w.say(
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
        w=where,
        f=described,
        k=join(keys),
    )
    return w.ask(instruction, text), json.dumps(answer, ensure_ascii=False)


REPLIES: dict[str, Wordings] = {
    "question": ("We will [gladly|] tell you about the {i}.", "You will hear about the {i} [soon|today]."),
    "fault": ("Sorry, we will look at the {i}.", "We will repair the {i} [soon|]."),
    "booking": ("Your place at the {i} is booked.", "The {i} is reserved for you."),
    "cancel": ("The {i} is cancelled.", "We have called off the {i} for you."),
    "praise": ("Thank you, we are glad you liked the {i}.", "How kind, thank you!"),
    "lost": ("We will look for it at the {i}.", "We will search the {i} for it."),
    "money": ("We will check the bill for the {i}.", "You will get the money for the {i} back."),
    "change": ("We will move the {i} for you.", "We will find another time for the {i}."),
}
