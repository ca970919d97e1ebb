"""Free sentences: a small grammar of everyday English that hardly ever says the same thing twice.

It is the padding between facts, the material of the copying and editing skills, and a third of the plain documents.
Names and things come from the world's side; verbs, times and connections are shared, since nobody can guess those.
"""

from __future__ import annotations

from tools.nano.vocabulary import MONTHS
from tools.nano.world import World, one

TIMES = """
yesterday; in the morning; at noon; after lunch; last week; in winter; one evening; on {d}; before the meeting; every
day; sometimes; later; soon after; long ago; during the holidays; at night; in {month}; that day; all summer; for {k}
days; at once; in the end; early on {d}; two weeks ago; after the rain; once more; at first; until {d}; from time to
time
""".replace("\n", " ").split(";")
VERBS = """
carried; bought; found; cleaned; opened; closed; dropped; painted; repaired; borrowed; returned; wanted; liked;
forgot; hid; moved; showed; sold; sent; took; washed; watched; broke; needed; kept; lost; brought; ordered; packed;
described; checked; changed; paid for; looked at; looked for; talked about; waited for; thought about; asked about;
laughed at; paid {k} coins for; saw; gave away; put down; picked up; wrote about; dreamed of; heard about; complained
about; was proud of; was afraid of; did not like; did not find; could not see; had to sell; wanted to keep; tried to
mend; promised to return; began to clean
""".replace("\n", " ").split(";")
PLACES = """
in {p}; near the {t}; at the station; behind the school; on the way to {p}; at home; with {m}; for {m}; without {m};
in the library; in front of the shop; in the kitchen; under the bridge; by the river; at the market of {p}; in the
small office; across the street; on the table; from {p}; next to the {t}; on the boat; in the old house; at work; in a
box; between two trees
""".replace("\n", " ").split(";")
ENDS = """
because it was {a}; and then went home; but {s} {v} {o}; while {s} {v} {o}; so {m} was {a}; before {d}; and {v} {o};
when the {x} came; as {m} had said; which was {a}; and nobody knew why; if the weather was good; until {s} {v} {o};
after {s} {v} {o}; but it was too late; to help {m}; and {m} was glad; although it was {a} and {b}; since {m} {v} {o};
or so {m} said
""".replace("\n", " ").split(";")


def _subject(w: World) -> str:
    return w.choose(
        (
            w.name,
            w.name,
            lambda: f"{w.name()} and {w.name()}",
            lambda: f"the {w.adjective()} {w.job()}",
            lambda: one(w.animal()),
            lambda: "my " + w.choose(("sister", "brother", "friend", "uncle", "mother", "teacher", "neighbour")),
            lambda: w.choose(("we", "they", "she", "he", "everybody", "nobody", "someone", "the children", "people")),
        )
    )()


def _object(w: World) -> str:
    return w.choose(
        (
            lambda: f"the {w.adjective()} {w.thing()}",
            lambda: one(w.thing()),
            lambda: f"{w.number(2, 40)} {w.food()}",
            lambda: f"some {w.food()}",
            lambda: f"the {w.colour()} {w.thing()}",
            lambda: f"{w.name()}'s {w.thing()}",
            lambda: f"the {w.thing()} of {w.name()}",
            lambda: f"the {w.animal()}",
            lambda: w.choose(
                ("the news", "the letter", "the answer", "an old song", "the way", "a good idea", "the price")
            ),
        )
    )()


def _phrase(w: World, stock: list[str]) -> str:
    phrase = w.choose(stock).strip()
    if "{" not in phrase:
        return phrase
    verb = w.choose(VERBS).strip().replace("{k}", str(w.number(2, 30)))
    return w.fill(
        phrase, d=w.day(), month=w.choose(MONTHS), k=w.number(2, 30), p=w.place(), t=w.thing(), m=w.name(),
        a=w.adjective(), b=w.adjective(), x=w.animal(), s=_subject(w), v=verb, o=_object(w),
    )  # fmt: skip


def sentence(w: World) -> str:
    """One statement of five to about twenty words, ending with a full stop."""
    parts = [_subject(w), _phrase(w, VERBS), _object(w)]
    if w.chance(0.5):
        parts.append(_phrase(w, PLACES))
    if w.chance(0.35):
        time = _phrase(w, TIMES)
        parts = [*parts, time] if w.chance(0.4) else [time + w.choose((",", "")), *parts]
    text = " ".join(parts)
    if w.chance(0.3):
        text += w.choose((", ", " ")) + _phrase(w, ENDS)
    return text[0].upper() + text[1:] + "."
