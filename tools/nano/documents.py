"""Plain text for nano: little stories, descriptions, letters, notices, diary pages, recipes. Every token is trained.

A document is a chain of *beats*; each beat has wordings for the train side and for the held side, and who and what is
in it stays the same through the document, so that later sentences can be foretold from earlier ones.
"""

from __future__ import annotations

from tools.nano.grammar import sentence
from tools.nano.skills_mail import letter
from tools.nano.skills_reading import passage, some_facts
from tools.nano.world import World, one

from tools.nano import document_words

Beat = tuple[tuple[str, ...], tuple[str, ...]]

STORY: tuple[Beat, ...] = (
    (
        (
            "[Once|One day|Long ago] {n} lived in {p} with {ax}.",
            "{n} and {m} [were friends|lived next door] in {p}.",
            "There was a {a} {j} [called|named] {n} in {p}.",
            "[On {d}|In the morning] {n} went to {p}.",
            "{n} had a {a} {t} and [loved it|took it everywhere].",
            "In a {a} house in {p} [lived|there lived] {n} and a {x}.",
        ),
        (
            "Nobody in {p} knew {n}, the {a} {j}, as well as {m} did.",
            "It was on {d} that {n} first came to {p}, with nothing but a {t}.",
        ),
    ),
    (
        (
            "{n} wanted to find a {t}.",
            "One day the {t} was gone.",
            "[Then|Soon] {n} met {m}, who had a {x}.",
            "{n} saw a {x} near the {t}.",
            "The {x} was [hungry|tired|lost], and {n} felt [sorry|sad].",
            "It began to rain, and {n} was cold.",
            "{m} asked {n} to bring some {f}.",
            "{n} heard a [noise|voice] behind the {t}.",
        ),
        ("All at once the {x} ran off with the {t}.", "But where was the {t} that {m} had given to {n}?"),
    ),
    (
        (
            "{n} looked [under|behind|near] the {u} but found nothing.",
            '"Where is the {t}?" asked {n}.',
            '"Do not worry," said {m}, "I will help you."',
            "They [walked|ran] to {q} and asked {one_j}.",
            "{m} gave the {x} some {f}.",
            "So {n} and {m} looked for it together.",
            '"Can I have the {t}?" asked {m}.',
            "{n} sat down and ate some {f}.",
        ),
        (
            '"Let us search in {q}," said {m} and took the {u}.',
            "For a whole day they searched, and even {one_j} helped them.",
        ),
    ),
    (
        (
            "At last they found the {t} [in|under|behind] the {u}.",
            "Then the {x} brought the {t} back.",
            "{one_j_cap} had found it in {q}.",
            "The {x} [smiled|was happy] and followed {n} home.",
            "The {t} was [in the {u}|with {m}] all the time.",
            "{n} thanked {m} and gave {m} some {f}.",
        ),
        ("And there it lay, the {a} {t}, right beside the {u}.", "In the end it was {m} who saw the {t} in {q}."),
    ),
    (
        (
            "They all [laughed|went home] and were happy.",
            "From that day on {n} and {m} were [good|best] friends.",
            "{n} never forgot the day in {p}.",
            "That night {n} slept well.",
            "And the {x} got some {f}.",
            "[Since then|Now] {n} always keeps the {t} [at home|close].",
        ),
        ("That is how {n} and the {x} became friends for life.", "Back in {p}, {n} told everyone about it."),
    ),
)
LETTER: tuple[Beat, ...] = (
    (("Dear {n},", "Hello {n},", "My dear {n},", "Dear {n} and {m},"), ("Good old {n},",)),
    (
        (
            "Thank you for the {t}.",
            "How are you? I am [fine|well].",
            "I am writing to you from {p}.",
            "Your letter [came|arrived] on {d}.",
            "I hope you and the {x} are well.",
        ),
        ("What a joy it was to hear from you and the {x}!",),
    ),
    (
        (
            "Here it is [warm|cold|windy] and we eat a lot of {f}.",
            "Yesterday I bought {one_t} in {q}.",
            "I work as {one_j} now.",
            "My {x} is {a} and sleeps near the {u}.",
            "On {d} we will go to {q}.",
            "The {t} is still {a}, but I like it.",
        ),
        ("Since {d} I have had a new {u}, and it is very {a}.",),
    ),
    (
        (
            "Please [come|visit us] on {d}.",
            "Do you still have the {u}?",
            "Please bring some {f}.",
            "Tell {m} that I miss the old days.",
            "Will you come to {p} [soon|in summer]?",
        ),
        ("Could you ask {m} whether the {u} is still in {q}?",),
    ),
    (("Yours, {o}", "[Best|Kind] wishes, {o}", "Love, {o}", "Your friend {o}"), ("With many greetings, {o}",)),
)
NOTICE: tuple[Beat, ...] = (
    (
        (
            "Lost: {a} {t}.",
            "Found: a {c} {t}.",
            "For sale: {a} {t}, {k} coins.",
            "[Market|Concert|Meeting] in {p} on {d}.",
            "Wanted: a {j} in {p}.",
            "Notice to all guests of the {p} market.",
        ),
        ("To whom it may concern: the {t} of {n} is for sale.",),
    ),
    (
        (
            "It was [lost|found|seen] near {q} on {d}.",
            "The {t} is {c} and {a}.",
            "[Doors open|It starts] at {h} in the [morning|evening].",
            "Please bring your own {t} and some {f}.",
            "{n} will speak about {y}.",
            "There will be {f} for everyone.",
            "The work begins on {d} and pays {k} coins a day.",
        ),
        ("Whoever comes before {h} gets some {f} from {n}.",),
    ),
    (
        (
            "Please [call|ask for|write to] {n}.",
            "Ask {n} at the {q} station.",
            "Children [pay nothing|are welcome].",
            "Thank you, {n}.",
            "The number is {z}.",
        ),
        ("For more, turn to {n} in {q}.",),
    ),
)
DESCRIPTION: tuple[Beat, ...] = (
    (
        (
            "{p} is a {a} town [near|north of|south of] {q}.",
            "A {t} is [a thing|something] that {one_j} uses.",
            "The {x} is a {a} animal.",
            "The market of {p} opens on {d}.",
            "{n} is a {j} from {p}.",
        ),
        ("About {k} people call {p} their home.",),
    ),
    (
        (
            "It has {k} houses and one [school|bridge|tower].",
            "It is [often|mostly] {c} and [never|rarely] {b}.",
            "People there eat {f} and {g}.",
            "In winter it is {a}, in summer it is {b}.",
            "You can buy {f} there on {d}.",
            "Many people come to see the {a} {u}.",
            "It likes to eat {f}.",
        ),
        ("Its people are proud of their {f} and of a {c} {u}.",),
    ),
    (
        (
            "The best time to [go|visit] is {d}.",
            "{n} wrote a book about it.",
            "Some say it is the most {a} of all.",
            "Not far away lies {q}.",
            "It is [older|bigger|smaller] than {q}.",
        ),
        ("Ask {n}, who knows more of it than anybody.",),
    ),
)
DIARY: tuple[Beat, ...] = (
    (
        ("{d}. I got up [early|late] and had some {f}.", "{d} was a {a} day.", "On {d} I met {n} in {p}."),
        ("It is {d} again, and {n} is still in {p}.",),
    ),
    (
        (
            "In the morning I went {y} with {n}.",
            "My {x} was {a} again.",
            "I repaired the {a} {t}.",
            "{n} called and asked about the {t}.",
            "At noon we had {f} and {g}.",
        ),
        ("Before noon the {x} had already broken the {t}.",),
    ),
    (
        (
            "In the afternoon it rained, so I stayed at home.",
            "Then I wrote to {m}.",
            "We talked about {y} for {h} hours.",
            "I lost {k} coins on the way to {q}.",
        ),
        ("Later {m} and I spent {h} hours on {y}.",),
    ),
    (
        ("Tomorrow I will [rest|go to {q}].", "Now I am tired.", "I hope that {n} comes again.", "Good night."),
        ("Maybe {n} will bring the {u} tomorrow.",),
    ),
)
RECIPE: tuple[Beat, ...] = (
    (("{f_cap} with {g}.", "How to make {f} with {g}:", "{n}'s {f}."), ("A dish of {f} the way {n} makes it.",)),
    (
        ("Take {k} grams of {f} and some {g}.", "Wash the {f} and cut it.", "You need {h} cups of {g}."),
        ("Have {f}, {g} and {h} cups of water ready.",),
    ),
    (
        (
            "Cook it for {k} minutes.",
            "Mix everything in a {a} bowl.",
            "Put the {g} into a pot and wait {k} minutes.",
            "Stir well.",
        ),
        ("After {k} minutes add the {g} and stir.",),
    ),
    (
        (
            "Serve it [hot|cold] with {v}.",
            "It is enough for {h} people.",
            "Eat it on the same day.",
            "{n} likes it with {v}.",
        ),
        ("Guests of {n} like it best with {v}.",),
    ),
)


def _widened(kind: tuple[Beat, ...], more: tuple[tuple[str, ...], ...]) -> tuple[Beat, ...]:
    """The beats with more train wordings."""
    return tuple(((*train, *extra), held) for (train, held), extra in zip(kind, more, strict=True))


STORY = _widened(STORY, document_words.STORY)
LETTER = _widened(LETTER, document_words.LETTER)
NOTICE = _widened(NOTICE, document_words.NOTICE)
DESCRIPTION = _widened(DESCRIPTION, document_words.DESCRIPTION)
DIARY = _widened(DIARY, document_words.DIARY)
RECIPE = _widened(RECIPE, document_words.RECIPE)
KINDS = (STORY, STORY, LETTER, NOTICE, DESCRIPTION, DIARY, RECIPE)


def document(w: World) -> str:
    """One document of two to eight sentences."""
    if w.chance(0.25):
        return letter(w)
    if w.chance(0.2):
        return passage(w, some_facts(w, w.number(1, 3), 2))
    if w.chance(0.35):
        return " ".join(sentence(w) for _ in range(w.number(2, 5)))
    j, t, f = w.job(), w.thing(), w.food()
    slots: dict[str, object] = {
        "n": w.name(),
        "m": w.name(),
        "o": w.name(),
        "p": w.place(),
        "q": w.place(),
        "a": w.adjective(),
        "b": w.adjective(),
        "t": t,
        "u": w.thing(),
        "x": w.animal(),
        "f": f,
        "g": w.food(),
        "v": w.food(),
        "j": j,
        "d": w.day(),
        "c": w.colour(),
        "k": w.number(3, 90),
        "h": w.number(2, 12),
        "y": w.hobby(),
        "z": w.code(),
        "one_j": one(j),
        "one_j_cap": one(j).capitalize(),
        "one_t": one(t),
        "f_cap": f.capitalize(),
        "ax": one(w.animal()),
    }
    kind = w.choose(KINDS)
    sentences = []
    for train, held in kind:
        chosen = w.rng.sample(held if w.held else train, 1 if w.held or w.chance(0.75) else 2)
        sentences += [w.fill(template, **slots) for template in chosen]
        if w.chance(0.2):
            sentences.append(sentence(w))
    separator = "\n" if kind in (LETTER, NOTICE) else " "
    return separator.join(sentences)
