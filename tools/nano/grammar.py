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

MORE: dict[str, str] = {
    "times": """
this morning; this afternoon; tonight; on Saturday night; at dawn; at dusk; at midnight; before breakfast; during
lunch; after dinner; after work; before bed; in the afternoon; last month; last year; last {d}; next {d}; on a cold
{d}; every {d}; each week; once a month; twice a day; now and then; hardly ever; for a while; for an hour; for weeks;
for {k} years; {k} days ago; {k} minutes later; in {k} days; some time ago; not long ago; the other day; the day before;
the next morning; the same evening; in spring; in autumn; in summer; since {month}; until {month}; early in {month};
late in {month}; by the end of {month}; by {d}; before noon; right away; suddenly; slowly; quickly; in a hurry; in
time; too late; just now; meanwhile; at that moment; at the last minute; from morning to evening; day after day; year
after year; as usual; for the first time; for the last time; again and again; one day; one winter; on the weekend; on
holiday; on the first day; in the middle of the night; during the storm; after the concert; before the trip; between
{d} and Sunday
""",
    "verbs": """
lifted; pulled; pushed; dragged; rolled; shook; threw; caught; kicked; dropped off; collected; stored; stacked; tied;
wrapped; unpacked; weighed; measured; counted; drew; photographed; copied; printed; designed; built; made; fixed;
tested; tried; used; wore out; tore; cut; bent; crushed; burned; melted; froze; polished; dusted; scrubbed; wiped;
emptied; filled; covered; locked; unlocked; hung up; laid down; set aside; threw away; gave back; handed over;
delivered; received; accepted; refused; exchanged; swapped; traded; rented; hired; stole; found again; discovered;
noticed; spotted; recognised; remembered; mentioned; praised; admired; loved; hated; missed; preferred; chose; picked;
recommended; offered; promised; demanded; requested; expected; imagined; invented; explained; discussed; studied;
inspected; examined; compared; guarded; protected; followed; chased; fed; touched; held; squeezed; smelled; tasted;
heard; listened to; stared at; pointed at; smiled at; shouted at; talked to; dealt with; agreed on; insisted on;
worried about; joked about; argued about; knew about; read about; sang about; was tired of; was fond of; was sure of;
was happy with; was angry about; got rid of; took care of; made fun of; ran after; ran into; walked around; sat on;
stood behind; jumped over; climbed over; hid behind; slept beside; came with; left with; had forgotten; had lost; had
seen; had hidden; will need; will buy; will fetch; may sell; might keep; must clean; should return; could use; would
not give away; never used; never found; often used; nearly lost; hoped to find; tried to open; tried to sell; forgot to
bring; learned to use; offered to repair; decided to keep; refused to sell; went to fetch; came to collect; asked for;
begged for; searched for; waited near
""",
    "places": """
in the garden; in the yard; in the cellar; in the attic; in the hall; in the garage; in the barn; in the stable; in the
forest; in the park; in the street; in the square; in the shop; in the bank; in the school; in the hospital; in the
church; in the museum; in the office of {m}; in the back room; in the bathroom; in the tower; in the harbour; in the
valley; in the snow; in the rain; in the sun; in the corner; in a basket; in a bag; in a drawer; in the car; on the
train to {p}; on the bus; on the roof; on the stairs; on the bench; on the floor; on the shelf; on the bridge; on the
beach; on the hill; on a farm near {p}; on the other side of the road; at school; at the office; at the doctor; at the
bakery; at the harbour of {p}; at the airport; at the bus stop; at the end of the street; at the house of {m}; by the
lake; by the fire; by the door; beside the {t}; behind the {t}; below the {t}; above the {t}; under the {t}; inside the
{t}; around the {t}; under a tree; under the roof; behind the curtain; behind the house; outside; upstairs; downstairs;
everywhere; somewhere in {p}; not far from {p}; between {p} and the sea; along the river; through the park; over the
fence; opposite the station; near {p}; north of {p}; all over {p}; as far as {p}; in the middle of {p}; next door; at
the neighbours; among old books; against the wall
""",
    "ends": """
because {s} {v} {o}; because nobody else wanted to; because there was no time; because {m} asked for it; so nobody was
surprised; so everyone was pleased; so it became {a}; so {s} {v} {o}; and {m} laughed; and {m} knew it; and nobody
answered; and that was all; and then it rained; and then {s} {v} {o}; and so did {m}; and soon it was {a}; but {m} did
not; but nobody cared; but not for long; but it stayed {a}; but only once; but {m} said nothing; yet it was {a}; though
{m} was against it; though it cost a lot; while {m} was away; while it rained; while the {x} slept; when {m} came home;
when the lights went out; when it was {a} enough; whenever {m} was there; before {m} could speak; before it was too
late;
after the {x} had gone; after {m} had left; until it was {a}; until {m} came; as soon as it was {d}; as if it were {a};
as everyone knows; as {s} {v} {o}; where {s} {v} {o}; where {m} had been; which {m} had made; which nobody liked; which
{m} still remembers; with the help of {m}; without a word; without asking {m}; for no reason; for the sake of {m}; in
spite of {m}; instead of {m}; to please {m}; to be on time; to save money; to find {o}; if {m} agrees; unless {m}
objects; just like {m}; more than {m} did; as often as {m}; rather than wait; together with {m}; thanks to {m}
""",
}
MORE_STOCK = {name: text.replace("\n", " ").strip().split(";") for name, text in MORE.items()}
"""Phrases that the train side alone has."""
PEOPLE = """
mother; father; aunt; cousin; grandfather; grandmother; boss; landlord; doctor; colleague; daughter; son; husband; wife;
partner; niece; nephew; best friend; old teacher; little brother; dentist; roommate
""".replace("\n", " ").split(";")
GROUPS = """
the guests; the workers; the pupils; the whole family; the neighbours; the tourists; the players; two strangers; three
women; a young man; an old woman; a boy; a girl; a few people; most of them; all of us; some of them; the twins; the
police; the team; no one; anybody else; the new boss; the crowd; half the village; a friend of mine; one of
the children
""".replace("\n", " ").split(";")
ABSTRACT = """
the truth; the plan; the question; a secret; the whole story; a long letter; the bill; the list; the rules; the game;
the meeting; the work; the last page; a photo; a promise; the mistake; the noise; a new word; the exam; the old days;
the trip; the weather; an answer; a small gift; the money; the map; the prize; two tickets; a strange dream; the result
""".replace("\n", " ").split(";")

KIN = ("sister", "brother", "friend", "uncle", "mother", "teacher", "neighbour")
KIN_ALL = (*KIN, *(word.strip() for word in PEOPLE))
CROWD = ("we", "they", "she", "he", "everybody", "nobody", "someone", "the children", "people")
CROWD_ALL = (*CROWD, *(word.strip() for word in GROUPS))
IDEAS = ("the news", "the letter", "the answer", "an old song", "the way", "a good idea", "the price")
IDEAS_ALL = (*IDEAS, *(word.strip() for word in ABSTRACT))


def _stock(w: World, shared: list[str], name: str) -> list[str]:
    return shared if w.held else shared + MORE_STOCK[name]


def _subject(w: World) -> str:
    return w.choose(
        (
            w.name,
            w.name,
            lambda: f"{w.name()} and {w.name()}",
            lambda: f"the {w.adjective()} {w.job()}",
            lambda: one(w.animal()),
            lambda: "my " + w.choose(KIN if w.held else KIN_ALL),
            lambda: w.choose(CROWD if w.held else CROWD_ALL),
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
            lambda: w.choose(IDEAS if w.held else IDEAS_ALL),
        )
    )()


def _phrase(w: World, stock: list[str]) -> str:
    phrase = w.choose(stock).strip()
    if "{" not in phrase:
        return phrase
    verb = w.choose(_stock(w, VERBS, "verbs")).strip().replace("{k}", str(w.number(2, 30)))
    return w.fill(
        phrase, d=w.day(), month=w.choose(MONTHS), k=w.number(2, 30), p=w.place(), t=w.thing(), m=w.name(),
        a=w.adjective(), b=w.adjective(), x=w.animal(), s=_subject(w), v=verb, o=_object(w),
    )  # fmt: skip


def sentence(w: World) -> str:
    """One statement of five to about twenty words, ending with a full stop."""
    parts = [_subject(w), _phrase(w, _stock(w, VERBS, "verbs")), _object(w)]
    if w.chance(0.5):
        parts.append(_phrase(w, _stock(w, PLACES, "places")))
    if w.chance(0.35):
        time = _phrase(w, _stock(w, TIMES, "times"))
        parts = [*parts, time] if w.chance(0.4) else [time + w.choose((",", "")), *parts]
    text = " ".join(parts)
    if w.chance(0.3):
        text += w.choose((", ", " ")) + _phrase(w, _stock(w, ENDS, "ends"))
    return text[0].upper() + text[1:] + "."
