"""Skills that put a label on a short text: its mood, its topic.

The labels stand in the prompt and vary from item to item (names, order, number), so that nano learns to use the labels
it is given rather than a fixed set.
"""

from __future__ import annotations

from tools.nano.skills_mail import CLASSIFY, labelled
from tools.nano.world import Message, World, skill

from tools.nano import mood_words, topic_words
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
            *mood_words.POSITIVE,
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
            *mood_words.NEGATIVE,
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
            *mood_words.NEUTRAL,
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


TRAIN_TOPICS = {t: list(dict.fromkeys([*v.TOPICS.get(t, []), *words])) for t, words in topic_words.WORDS.items()}
TRAIN_NAMES = v.TOPIC_NAMES | topic_words.NAMES


@skill("topic", 1.2)
def topic(w: World) -> Made:
    stock, called = (v.TOPICS, v.TOPIC_NAMES) if w.held else (TRAIN_TOPICS, TRAIN_NAMES)
    topics = w.rng.sample(list(stock), w.number(2, 5))
    chosen = w.choose(topics)
    words = w.rng.sample(stock[chosen], 3)
    own = topic_words.LINES[chosen]  # what only this topic says; the other wordings live by their words alone
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
            *topic_words.ABOUT,
        )
        if w.held or w.chance(0.5)
        else own,
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
    names = {t: w.choose(called[t]) for t in topics}
    instruction = w.say(*CLASSIFY, l=labelled(w, [names[t] for t in topics]), k=w.choose(("topic", "subject", "theme")))
    return w.ask(instruction, text), names[chosen]
