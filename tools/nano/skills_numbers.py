"""Skills with numbers: sums, small stories with a sum, comparing, what comes next.

Held-out sums use pairs of numbers that training never adds or subtracts (`vocabulary.is_held` of the written sum).
"""

from __future__ import annotations

from tools.nano.vocabulary import DAYS, MONTHS, NUMBER_WORDS, is_held
from tools.nano.world import Message, World, skill

from tools.nano import spare_orders

Made = tuple[list[Message], str]


def sum_pair(w: World, top: int) -> tuple[int, int, str]:
    """Two numbers up to `top` and a sign, from this side's half of all sums; a difference is never negative."""
    while True:
        a, b, sign = w.number(0, top), w.number(0, top), w.choose("+-")
        if sign == "-" and a < b:
            a, b = b, a
        if is_held(f"{a}{sign}{b}") == w.held:
            return a, b, sign


@skill("arithmetic", 1.6)
def arithmetic(w: World) -> Made:
    a, b, sign = sum_pair(w, w.choose((10, 20, 20, 50)))
    result = a + b if sign == "+" else a - b
    word = "plus" if sign == "+" else "minus"
    request = w.say(
        (
            "{a} {s} {b} =",
            "{a} {s} {b}",
            "What is {a} {s} {b}?",
            "What is {a} {word} {b}?",
            "[Compute|Calculate|Work out] {a} {s} {b}.",
            "[How much|What] is {a} {word} {b}?",
            "[Give|Write] [the result|the answer] [only|]: {a} {s} {b}",
            "Add {a} and {b}." if sign == "+" else "Subtract {b} from {a}.",
            "What is the sum of {a} and {b}?" if sign == "+" else "What is the difference of {a} and {b}?",
            "{a} {word} {b} is",
            *spare_orders.ARITHMETIC,
        ),
        (
            "Could you work out {a} {s} {b} for me?",
            "Please tell me the result of {a} {word} {b}.",
            "I need to know how much {a} {s} {b} is.",
        ),
        a=a,
        b=b,
        s=sign,
        word=word,
    )
    return w.ask(request), str(result)


@skill("story_sum", 1.2)
def story_sum(w: World) -> Made:
    a, b, sign = sum_pair(w, w.choose((9, 20, 30)))
    slots: dict[str, object] = {"n": w.name(), "m": w.name(), "a": a, "b": b, "f": w.food(), "p": w.place()}
    if sign == "+":
        story = w.say(
            (
                "{n} has {a} {f}. {m} gives {n} {b} more.",
                "There are {a} {f} in the bowl. {n} adds {b} [more|].",
                "{n} [bought|found|picked] {a} {f} [on Monday|in the morning] and {b} [on Tuesday|in the evening].",
                "{n} has {a} {f} and {m} has {b}.",
                "{a} people sit in the bus to {p}. {b} more get on.",
                *spare_orders.MORE_LEFT["+"],
            ),
            ("On the shelf lie {a} {f}, and {n} brings another {b}.", "{m} counted {a} {f}, then {b} more came."),
            **slots,
        )
        question = w.say(
            ("How many [are there|is that] [now|in all|together|altogether]?", "How many [in all|together]?"),
            ("What is the number altogether?", "So how many are there now in all?"),
        )
    else:
        story = w.say(
            (
                "{n} has {a} {f} and gives {b} [away|to {m}].",
                "There are {a} {f} in the bowl. {n} [eats|takes] {b}.",
                "{n} had {a} {f} and lost {b} [on the way to {p}|].",
                "{a} people sit in the bus to {p}. {b} get off.",
                "{n} bought {a} {f} and {m} ate {b} of them.",
                *spare_orders.MORE_LEFT["-"],
            ),
            ("Out of {a} {f}, {n} sold {b}.", "{n} kept {a} {f} in {p} until {m} took {b} of them."),
            **slots,
        )
        question = w.say(
            ("How many are [left|still there]?", "How many [remain|are there now]?"),
            ("What number is left?", "So how many are still there now?"),
        )
    return w.ask(f"{story} {question}"), str(a + b if sign == "+" else a - b)


@skill("compare", 1.0)
def compare(w: World) -> Made:
    if w.chance(0.5):
        numbers = w.several(lambda: w.number(0, 99), w.number(2, 4))
        big = w.chance(0.5)
        instruction = w.say(
            (
                "Which [number|one] is the {k}?",
                "[Give|Write|Pick] the {k} [number|one]:",
                "What is the {k} [number|of these]?",
                "Find the {k} [number|of these numbers]:",
                *spare_orders.BIGGEST,
            ),
            ("Among the numbers below, one is the {k}. Which?", "Please tell me the {k} of these:"),
            k=w.choose(("largest", "biggest", "highest") if big else ("smallest", "lowest")),
        )
        answer = str(max(numbers) if big else min(numbers))
        return w.ask(instruction, w.choose((", ", " ")).join(map(str, numbers))), answer
    a, b = w.several(lambda: w.number(1, 60), 2)
    first, second = w.several(w.name, 2)
    what, more, less = w.choose(
        (("is {x} years old", "older", "younger"), ("has {x} {f}", "more", "fewer"), ("paid {x} coins", "more", "less"))
    )
    up = w.chance(0.5)
    food = w.food()
    facts = " ".join(
        f"{person} {what}.".replace("{x}", str(x)).replace("{f}", food) for person, x in ((first, a), (second, b))
    )
    verb = "is" if more == "older" else "has" if "has" in what else "paid"
    question = w.say(
        ("Who {v} {k}?", "Which of the two {v} {k}?"),
        ("Tell me who {v} {k}.", "And who of them {v} {k}?"),
        v=verb,
        k=more if up else less,
    )
    winner = first if (a > b) == up else second
    return w.ask(f"{facts} {question}"), winner


@skill("sequence", 1.0)
def sequence(w: World) -> Made:
    if w.chance(0.45):
        step, start = w.choose((1, 2, 3, 5, 10)), w.number(0, 40)
        run = [start + step * i for i in range(w.number(3, 4) + 1)]
        if w.chance(0.2):
            run = run[::-1]
        shown, answer = ", ".join(map(str, run[:-1])), str(run[-1])
        instruction = w.say(
            (
                "What comes next?",
                "[Continue|Go on]:",
                "[Give|Write] the next number:",
                "Which number comes next?",
                *spare_orders.NEXT,
            ),
            ("Tell me the number that comes next here.", "How does this row of numbers go on?"),
        )
        return w.ask(instruction, shown), answer
    cycle, noun = w.choose(
        ((DAYS, "day"), (MONTHS, "month"), (NUMBER_WORDS, "number"), (list("abcdefghijklmnopqrstuvwxyz"), "letter"))
    )
    at = w.number(1, len(cycle) - 2)
    after = w.chance(0.6)
    request = w.say(
        (
            "Which {k} comes {d} {x}?",
            "What {k} is {d} {x}?",
            "[Name|Give|Write] the {k} {d} {x}.",
            "The {k} {d} {x} is",
        ),
        ("Please tell me the {k} that comes {d} {x}.", "Do you know which {k} stands {d} {x}?"),
        k=noun,
        d="after" if after else "before",
        x=cycle[at],
    )
    return w.ask(request), cycle[at + 1 if after else at - 1]
