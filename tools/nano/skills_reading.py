"""Skills on a given passage: questions, yes or no, extraction into JSON or a list, remembering in a dialogue; small
facts.

A passage is a few *relations* (who lives where, who owns what …), each with several wordings per side.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from tools.nano.fact_words import FACT_TABLES
from tools.nano.grammar import sentence
from tools.nano.told_words import EXTRACT, NUMERALS, REPLIES, TOLD
from tools.nano.world import Message, World, join, pairs, skill

from tools.nano import relation_words
from tools.nano import vocabulary as v

Made = tuple[list[Message], str]
Wordings = tuple[str, ...]


@dataclass(frozen=True)
class Relation:
    """A kind of fact about a person `{n}` with a value `{x}`: how it is stated, asked, checked, named as a JSON key."""

    draw: Callable[[World], str]
    state: tuple[Wordings, Wordings]
    ask: tuple[Wordings, Wordings]
    ask_who: tuple[Wordings, Wordings]
    check: tuple[Wordings, Wordings]
    keys: Wordings


RELATIONS: dict[str, Relation] = {
    "home": Relation(
        World.place,
        (
            (
                "{n} lives in {x}.",
                "{n} has a [small|big|old|new] house in {x}.",
                "The home of {n} is in {x}.",
                "{n} moved to {x} [last year|in spring|long ago].",
                "[Today|Now] {n} lives in {x}.",
                "{n} grew up in {x} and still lives there.",
                "You will find the house of {n} in {x}.",
                "For many years {x} has been the town of {n}.",
                "{n} and the family live in {x}.",
                "Since May {n} has been at home in {x}.",
                "If you want to visit {n}, go to {x}.",
            ),
            ("{n} has been living in {x} for years.", "For a long time now the town of {n} is {x}."),
        ),
        (
            (
                "Where does {n} live?",
                "In which [town|place] does {n} live?",
                "What is the [home|town] of {n}?",
                "Where is the home of {n}?",
                "Say where {n} lives.",
                "Tell me the town where {n} lives.",
                "{n} lives where?",
                "Which town is the home of {n} called?",
            ),
            ("Can you tell me where {n} lives?", "The town where {n} lives is called what?"),
        ),
        (("Who lives in {x}?", "Who has a home in {x}?", "Whose home is {x}?"), ("Which person lives in {x}?",)),
        (("Does {n} live in {x}?", "Is {x} the home of {n}?"), ("Is it true that {n} lives in {x}?",)),
        ("town", "home", "city", "place"),
    ),
    "thing": Relation(
        World.thing,
        (
            (
                "{n} bought a {x} [yesterday|on Monday|at the market].",
                "{n} has a [new|old|nice] {x}.",
                "{n} owns a {x}.",
                "[At home|In the kitchen] {n} keeps a {x}.",
                "{n} got a {x} [as a present|from a friend].",
                "A {x} belongs to {n}.",
                "The {x} on the table is {n}'s.",
                "In the bag of {n} there is a {x}.",
                "{n} could not live without a {x}.",
                "Last week {n} paid ten coins for a {x}.",
                "There was a {x} under the bed, and it was {n}'s.",
            ),
            ("Someone sold {n} a {x} last week.", "There is a {x} in the room of {n}."),
        ),
        (
            (
                "What did {n} [buy|get]?",
                "What does {n} [own|have]?",
                "Which thing does {n} have?",
                "What belongs to {n}?",
                "Say which thing {n} has.",
                "Tell me what {n} owns.",
                "{n} owns what?",
                "The thing of {n} is what?",
            ),
            ("Can you tell me which thing {n} has?", "The thing that {n} owns is what?"),
        ),
        (("Who has a {x}?", "Who [owns|bought|got] the {x}?", "Whose is the {x}?"), ("Which person has the {x}?",)),
        (("Does {n} have a {x}?", "Is the {x} owned by {n}?"), ("Is it true that {n} has a {x}?",)),
        ("item", "object", "thing", "owns"),
    ),
    "food": Relation(
        World.food,
        (
            (
                "{n} likes {x}.",
                "{n} [often|always] eats {x}.",
                "{n} loves {x} [most of all|very much].",
                "For [lunch|dinner|breakfast] {n} eats {x}.",
                "The favourite food of {n} is {x}.",
                "When {n} is hungry, there must be {x}.",
                "{n} eats nothing as often as {x}.",
                "Give {n} some {x} and {n} is happy.",
                "{n} would eat {x} every day.",
                "Nobody likes {x} as much as {n}.",
            ),
            ("Nothing makes {n} as happy as {x}.", "When hungry, {n} eats nothing but {x}."),
        ),
        (
            (
                "What does {n} [like|eat|like to eat]?",
                "Which food does {n} like?",
                "What is the favourite food of {n}?",
                "Say what {n} eats.",
                "Tell me which food {n} likes.",
                "{n} likes what food?",
                "The food of {n} is what?",
            ),
            ("Can you tell me what {n} eats?", "The food that {n} likes is what?"),
        ),
        (("Who likes {x}?", "Who [eats|loves] {x}?"), ("Which person likes {x}?",)),
        (("Does {n} like {x}?", "Is {x} what {n} eats?"), ("Is it true that {n} likes {x}?",)),
        ("food", "likes", "eats", "favourite food"),
    ),
    "pet": Relation(
        World.animal,
        (
            (
                "{n} has a pet {x}.",
                "The pet of {n} is a {x}.",
                "{n} [feeds|walks with] a {x} every day.",
                "A {x} lives with {n}.",
                "{n} found a little {x} and kept it as a pet.",
                "Every morning {n} plays with a pet {x}.",
                "The animal of {n} is a {x}.",
                "A {x} sleeps in the house of {n}.",
                "{n} is never seen without a {x}, the pet.",
                "Next to {n} sits a {x}, the pet of the house.",
            ),
            ("The animal that sleeps next to {n} is a {x}.", "Every morning a pet {x} wakes {n}."),
        ),
        (
            (
                "[What|Which] pet does {n} have?",
                "What [animal|pet] lives with {n}?",
                "What is the pet of {n}?",
                "Say which pet {n} has.",
                "Tell me what animal {n} keeps.",
                "{n} has which pet?",
                "The pet is what animal?",
            ),
            ("Can you tell me which pet {n} has?", "The pet of {n} is what animal?"),
        ),
        (
            ("Who has a pet {x}?", "Who [feeds|keeps] the {x}?", "Whose pet is the {x}?"),
            ("Which person has the pet {x}?",),
        ),
        (("Is the pet of {n} a {x}?", "Does {n} have a pet {x}?"), ("Is it true that {n} has a pet {x}?",)),
        ("pet", "animal"),
    ),
    "job": Relation(
        World.job,
        (
            (
                "{n} works as a {x}.",
                "{n} is a {x}.",
                "{n} became a {x} [last year|at twenty].",
                "The job of {n} is {x}.",
                "By trade {n} is a {x}.",
                "{n} makes money as a {x}.",
                "As a {x}, {n} has much to do.",
                "People say that {n} is a good {x}.",
                "For ten years {n} has been a {x}.",
                "{n} learned to be a {x}.",
            ),
            ("People know {n} as a good {x}.", "{n} earns money as a {x}."),
        ),
        (
            (
                "What is the job of {n}?",
                "What does {n} work as?",
                "What job does {n} have?",
                "As what does {n} work?",
                "Say which job {n} has.",
                "Tell me what {n} works as.",
                "{n} has what job?",
                "The work of {n} is called what?",
            ),
            ("Can you tell me which job {n} has?", "The job of {n} is called what?"),
        ),
        (("Who is a {x}?", "Who works as a {x}?"), ("Which person works as a {x}?",)),
        (("Is {n} a {x}?", "Does {n} work as a {x}?"), ("Is it true that {n} is a {x}?",)),
        ("job", "work", "profession"),
    ),
    "hobby": Relation(
        World.hobby,
        (
            (
                "{n} enjoys {x}.",
                "On Sundays {n} goes {x}.",
                "The hobby of {n} is {x}.",
                "{n} is [very|] good at {x}.",
                "In [summer|winter] {n} spends much time on {x}.",
                "{n} is happy when there is time for {x}.",
                "When work is over, {n} thinks of {x}.",
                "Nothing is as nice for {n} as {x}.",
                "{n} has loved {x} for years.",
                "With friends {n} often goes {x}.",
            ),
            ("After work {n} thinks of nothing but {x}.", "{n} is happy as long as there is time for {x}."),
        ),
        (
            (
                "What is the hobby of {n}?",
                "What does {n} [enjoy|do on Sundays]?",
                "Which hobby does {n} have?",
                "Say which hobby {n} has.",
                "Tell me what {n} enjoys.",
                "{n} has what hobby?",
                "What is it called, the hobby of {n}?",
            ),
            ("Can you tell me which hobby {n} has?", "The hobby of {n} is called what?"),
        ),
        (("Who enjoys {x}?", "Who is good at {x}?", "Whose hobby is {x}?"), ("Which person enjoys {x}?",)),
        (("Does {n} enjoy {x}?", "Is {x} the hobby of {n}?"), ("Is it true that {n} enjoys {x}?",)),
        ("hobby", "sport", "free time"),
    ),
    "age": Relation(
        lambda w: str(w.number(5, 90)),
        (
            (
                "{n} is {x} years old.",
                "{n} is {x}.",
                "{n} turned {x} [in May|last week].",
                "The age of {n} is {x}.",
                "At {x}, {n} is still strong.",
                "{n} was born {x} years ago.",
                "Last week was the birthday of {n}, who is {x} now.",
                "{n} has lived for {x} years.",
                "It was the birthday of {n}: {x} years!",
            ),
            ("It is {x} years since {n} was born.", "{n} had a birthday and is {x} now."),
        ),
        (
            (
                "How old is {n}?",
                "What is the age of {n}?",
                "What age is {n}?",
                "Say how old {n} is.",
                "Tell me the age of {n}.",
                "{n} is how old?",
                "What number is the age of {n}?",
            ),
            ("Can you tell me how old {n} is?", "The age of {n} is what number?"),
        ),
        (("Who is {x} years old?", "Who is {x}?"), ("Which person is {x} years old?",)),
        (("Is {n} {x} years old?", "Is {x} the age of {n}?"), ("Is it true that {n} is {x} years old?",)),
        ("age", "years"),
    ),
    "day": Relation(
        World.day,
        (
            (
                "{n} comes on {x}.",
                "{n} will [visit us|arrive] on {x}.",
                "On {x} {n} has a free day and comes to see us.",
                "The visit of {n} is on {x}.",
                "{n} wants to come by on {x}.",
                "{n} is expected on {x}.",
                "We will see {n} here on {x}.",
                "A good day for the visit of {n} is {x}.",
                "{n} said: I will be there on {x}.",
                "The train with {n} arrives on {x}.",
            ),
            ("We expect {n} here on {x}.", "{n} said that {x} is a good day for a visit."),
        ),
        (
            (
                "When does {n} come?",
                "On which day does {n} come?",
                "What day is the visit of {n}?",
                "Say on which day {n} comes.",
                "Tell me when {n} comes.",
                "{n} comes on what day?",
                "The day of {n} is what?",
            ),
            ("Can you tell me which day {n} comes?", "The day on which {n} comes is what?"),
        ),
        (("Who comes on {x}?", "Who visits us on {x}?"), ("Which person comes on {x}?",)),
        (("Does {n} come on {x}?", "Is {x} the day when {n} comes?"), ("Is it true that {n} comes on {x}?",)),
        ("day", "when", "date"),
    ),
}
RELATION_NAMES = tuple(RELATIONS)


def _widened(name: str, relation: Relation) -> Relation:
    more = relation_words.MORE[name]
    return replace(
        relation,
        state=((*relation.state[0], *more.state), relation.state[1]),
        ask=((*relation.ask[0], *more.ask), relation.ask[1]),
        ask_who=((*relation.ask_who[0], *more.who), relation.ask_who[1]),
        check=((*relation.check[0], *more.check), relation.check[1]),
    )


RELATIONS = {name: _widened(name, relation) for name, relation in RELATIONS.items()}
EXTRA: dict[str, tuple[Callable[[World], str], Wordings]] = {
    "colour": (World.colour, ("favourite colour", "colour")),
    "room": (World.code, ("room", "room number")),
    "birthday": (lambda w: w.choose(v.MONTHS), ("birthday", "month")),
    "friend": (World.name, ("friend", "best friend")),
}
for _name, (_draw, _keys) in EXTRA.items():
    _more = relation_words.EXTRA[_name]
    RELATIONS[_name] = Relation(
        _draw, (_more.state, ()), (_more.ask, ()), (_more.who, ()), (_more.check, ()), _keys
    )


def relation_names(w: World) -> tuple[str, ...]:
    """The relations of this side: the train side has a few of its own."""
    return RELATION_NAMES if w.held else tuple(RELATIONS)


@dataclass(frozen=True)
class Fact:
    """One stated relation of the passage."""

    who: str
    relation: str
    value: str


UNCLEAR = re.compile(r"\b(?:he|she|they)\b", re.IGNORECASE)


def _idle(w: World, facts: list[Fact]) -> str:
    """A sentence that says nothing of the facts' people or values, not even by a `she` that might be one of them."""
    while True:
        idle = sentence(w)
        if UNCLEAR.search(idle) is None and not any(f.who in idle or f.value in idle for f in facts):
            return idle


def passage(w: World, facts: list[Fact], shuffle: bool = True, idle: bool = True) -> str:
    """The facts as sentences, in a random order, with an idle sentence now and then."""
    sentences = [w.say(*RELATIONS[f.relation].state, n=f.who, x=f.value) for f in facts]
    if w.chance(0.3) and idle:
        sentences.append(_idle(w, facts))
    if shuffle:
        w.rng.shuffle(sentences)
    return " ".join(sentences)


def _value(w: World, relation: str, names: list[str]) -> str:
    """A value of the relation that is no person of the passage."""
    while (value := RELATIONS[relation].draw(w)) in names:
        pass
    return value


def some_facts(w: World, people: int, each: int) -> list[Fact]:
    """`each` relations of `people` people; within a relation no two people share a value."""
    names = w.several(w.name, people)
    facts: list[Fact] = []
    for relation in w.rng.sample(relation_names(w), each):
        values = w.several(lambda relation=relation: _value(w, relation, names), people)
        facts += [Fact(name, relation, value) for name, value in zip(names, values, strict=True)]
    return facts


OPEN: tuple[Wordings, Wordings] = (
    (
        "Answer [the question|] [from|with] the text: {q}",
        "{q} [Answer|Reply] in [one word|a word or two].",
        "Question: {q}",
        *relation_words.OPEN,
    ),
    ("Read this and then answer: {q}", "Look into the text and answer me this: {q}"),
)


def open_question(w: World, facts: list[Fact]) -> tuple[str, str]:
    """A question on one of the facts, for the value or, where several people are named, for the person."""
    asked = w.choose(facts)
    relation = RELATIONS[asked.relation]
    if len({fact.who for fact in facts}) > 1 and w.chance(0.3):
        question, answer = w.say(*relation.ask_who, x=asked.value), asked.who
    else:
        question, answer = w.say(*relation.ask, n=asked.who), asked.value
    return w.say(*OPEN, q=question) if w.chance(0.5) else question, answer


HINTS = ("Answer yes or no.", "Yes or no?", "", "", "", "[Say|Reply] yes or no.", *relation_words.HINTS)


def yes_no_question(w: World, facts: list[Fact]) -> tuple[str, str]:
    """Whether the passage says something; what it does not say is another value, or another person's."""
    asked = w.choose(facts)
    relation = RELATIONS[asked.relation]
    truth, value = w.chance(0.5), asked.value
    if not truth:
        others = [f.value for f in facts if f.relation == asked.relation and f.value != asked.value]
        value = others[0] if others else w.several(lambda: relation.draw(w), 2)[0]
        truth = value == asked.value
    return check(w, asked, value), "yes" if truth else "no"


def check(w: World, asked: Fact, value: str) -> str:
    """A yes-or-no question: is it `value`?"""
    relation = RELATIONS[asked.relation]
    question = w.say(*relation.check, n=asked.who, x=value)
    hint = w.say(HINTS, ("Just say yes or no, please.", ""))
    return f"{question} {hint}".strip()


def _talk(w: World, facts: list[Fact], last: Callable[[World, list[Fact]], tuple[str, str]]) -> Made:
    """A passage and questions on it, turn by turn; on the held side the last one alone."""
    text = passage(w, facts)
    kinds = [last]
    while not w.held and len(kinds) < 5 and w.chance(0.75):
        kinds.insert(0, w.choose((open_question, yes_no_question)))
    messages: list[Message] = []
    for kind in kinds:
        question, answer = kind(w, facts)
        turn = w.ask(question)[-1:] if messages else w.ask(question, text)
        messages += [*turn, {"role": "assistant", "content": answer}]
    return messages[:-1], messages[-1]["content"]


@skill("qa", 2.0)
def qa(w: World) -> Made:
    return _talk(w, some_facts(w, *w.choose(((1, 2), (1, 3), (2, 1), (2, 2), (3, 1)))), open_question)


def _step_by_step(w: World, facts: list[Fact]) -> Made:
    """The value is asked first, then whether it is this or that: to say yes is to compare with what was just said."""
    text = passage(w, facts)
    messages: list[Message] = []
    for _ in range(w.number(1, 2)):
        asked = w.choose(facts)
        relation = RELATIONS[asked.relation]
        strange = _other(w, asked, facts)
        answers = [(w.say(*relation.ask, n=asked.who), asked.value)]
        answers += [(check(w, asked, asked.value), "yes"), (check(w, asked, strange), "no")]
        answers[1:] = w.rng.sample(answers[1:], w.number(1, 2))
        for question, answer in answers:
            turn = w.ask(question)[-1:] if messages else w.ask(question, text)
            messages += [*turn, {"role": "assistant", "content": answer}]
    return messages[:-1], messages[-1]["content"]


def _other(w: World, asked: Fact, facts: list[Fact]) -> str:
    """A wrong value: another person's of the same passage, or one from elsewhere."""
    others = [f.value for f in facts if f.relation == asked.relation and f.value != asked.value]
    if others and w.chance(0.6):
        return w.choose(others)
    while (value := RELATIONS[asked.relation].draw(w)) == asked.value:
        pass
    return value


@skill("yes_no", 1.2)
def yes_no(w: World) -> Made:
    if not w.held and w.chance(0.4):
        return _step_by_step(w, some_facts(w, w.choose((1, 1, 2)), w.choose((1, 2))))
    return _talk(w, some_facts(w, w.choose((1, 2)), w.choose((1, 2))), yes_no_question)


@skill("extract_json", 2.0)
def extract_json(w: World) -> Made:
    each = w.number(2, 4)
    relations = w.rng.sample(relation_names(w), each)
    name = w.name()
    facts = [Fact(name, r, _value(w, r, [name])) for r in relations]
    asked = w.rng.sample(facts, w.number(1, min(3, each)))
    record: dict[str, str | int | None] = {}
    if w.chance(0.6):
        record[w.choose(("name", "person", "who"))] = name
    for fact in asked:
        record[w.choose(RELATIONS[fact.relation].keys)] = int(fact.value) if fact.relation == "age" else fact.value
    missing = [r for r in relation_names(w) if r not in relations]
    if w.chance(0.25):
        record[w.choose(RELATIONS[w.choose(missing)].keys[:1])] = None
    order = list(record)
    if len(order) == 1:
        order = [*order, "name"] if "name" not in order else order
        record.setdefault("name", name)
    null_hint = w.fill("[ Use null for what is missing.| Missing values are null.|]") if None in record.values() else ""
    instruction = w.say(
        (
            "Extract {k} as JSON.",
            "[Give|Write|Return] [a JSON object|JSON] with [the keys|the fields|] {k}.",
            "[Read|Use] the text and fill this JSON: {e}",
            "JSON with {k}[, please|]:",
            "[Fill in|Complete] {e}",
            "Which {k}? [Answer|Reply] in JSON.",
            "[Find|Take] {k} [in|from] the text. [Answer in JSON|Output JSON|JSON only].",
            *EXTRACT,
        ),
        (
            "I need a JSON object that holds {k}.",
            "Please put what you learn about {k} into JSON.",
            "From this text, build the object {e}",
        ),
        k=join(order),
        e="{" + ", ".join(f'"{key}": ...' for key in order) + "}",
    )
    return w.ask(instruction + (" " + null_hint if null_hint else ""), passage(w, facts)), json.dumps(
        {key: record[key] for key in order}
    )


@skill("extract_list", 1.0)
def extract_list(w: World) -> Made:
    facts = some_facts(w, w.number(1, 3), 1) + some_facts(w, 1, 1)
    kind = facts[0].relation
    facts = [f for i, f in enumerate(facts) if f.relation == kind or i < 4]
    text = passage(w, facts, shuffle=False, idle=False)  # the names of an idle sentence would belong to the answer
    if w.chance(0.5) and all(f.relation != "friend" for f in facts):  # a friend is a name too
        found, what = list(dict.fromkeys(f.who for f in facts)), "[names|people]"
    else:
        plural = {
            "home": "[towns|places]",
            "thing": "things",
            "food": "foods",
            "pet": "[animals|pets]",
            "job": "jobs",
            "hobby": "hobbies",
            "age": "ages",
            "day": "days",
            "colour": "colours",
            "room": "rooms",
            "birthday": "months",
            "friend": "friends",
        }[kind]
        found, what = [f.value for f in facts if f.relation == kind], plural
    instruction = w.say(
        (
            "[List|Write|Give] all {t} in the text:",
            "Which {t} are [named|mentioned|in the text]?",
            "Extract the {t}:",
            "[Find|Collect] the {t} [in|from] the text, [separated by|with] commas:",
            "{t}:",
        ),
        ("Please go through the text and write down its {t}.", "I want to know which {t} the text names."),
        t=w.fill(what),
    )
    return w.ask(instruction, text), ", ".join(dict.fromkeys(found))


@skill("dialogue", 1.2)
def dialogue(w: World) -> Made:
    """The user tells a few things about themself, chats, and then asks one of them back."""
    told = {
        "name": (
            w.name(),
            ("My name is {x}.", "I am {x}.", "Hello, I am {x}.", "[Hi|Hello], my name is {x}.", *TOLD["name"].say),
            ("You may call me {x}.",),
            ("What is my name?", "Do you know my name?", "Who am I?", *TOLD["name"].ask),
            ("Can you still say my name?",),
            "Your name is {x}.",
        ),
        "town": (
            w.place(),
            ("I live in {x}.", "I come from {x}.", "My home is in {x}.", *TOLD["town"].say),
            ("These days my home is {x}.",),
            ("Where do I live?", "What is my town?", *TOLD["town"].ask),
            ("Can you still say where I live?",),
            "You live in {x}.",
        ),
        "pet": (
            w.animal(),
            ("I have a {x}.", "My pet is a {x}.", "I got a {x} [last week|].", *TOLD["pet"].say),
            ("At home I keep a {x} as a pet.",),
            ("What pet do I have?", "Which animal do I have?", *TOLD["pet"].ask),
            ("Can you still say which pet I have?",),
            "You have a {x}.",
        ),
        "food": (
            w.food(),
            ("I like {x}.", "I [love|often eat] {x}.", "My favourite food is {x}.", *TOLD["food"].say),
            ("Give me {x} and I am happy.",),
            ("What do I like to eat?", "What food do I like?", *TOLD["food"].ask),
            ("Can you still say what I like to eat?",),
            "You like {x}.",
        ),
        "job": (
            w.job(),
            ("I work as a {x}.", "I am a {x}.", "My job is {x}.", *TOLD["job"].say),
            ("I earn my money as a {x}.",),
            ("What is my job?", "What do I work as?", *TOLD["job"].ask),
            ("Can you still say what my job is?",),
            "You work as a {x}.",
        ),
    }
    topics = w.rng.sample(list(told), w.number(1, 3))
    replies = (
        "[Nice|Good] to know.",
        "[Thank you|Thanks] for telling me.",
        "I see.",
        "I will remember that.",
        "That is [nice|good].",
        *(() if w.held else REPLIES),
    )
    messages: list[Message] = []
    if w.chance(0.15):
        messages.append(
            {
                "role": "system",
                "content": "You are a [friendly|helpful] assistant.".replace(
                    "[friendly|helpful]", w.choose(("friendly", "helpful"))
                ),
            }
        )
    for topic in topics:
        value, say, say_held, *_ = told[topic]
        messages.append({"role": "user", "content": w.say(say, say_held, x=value)})
        reply = f"Hello {value}!" if topic == "name" and w.chance(0.5) else w.fill(w.choose(replies))
        messages.append({"role": "assistant", "content": reply})
    asked = w.choose(topics)
    value, _, _, question, question_held, answer = told[asked]
    messages.append({"role": "user", "content": w.ask(w.say(question, question_held))[-1]["content"]})
    return messages, answer.replace("{x}", value)


@skill("facts", 1.2)
def facts(w: World) -> Made:
    """Small facts to know by heart, shared by both sides (nobody can guess them); only the wording is held out."""
    if w.chance(0.12):
        table = v.NUMBER_WORDS
        k = w.number(0, 20)
        to_word = w.chance(0.5)
        request = w.say(
            ("[Write|Say] {x} as a {t}.", "What is {x} as a {t}?", *NUMERALS),
            ("Please tell me {x} as a {t}.",),
            x=k if to_word else table[k],
            t="word" if to_word else "number",
        )
        return w.ask(request), table[k] if to_word else str(k)
    table_name, train, held = w.choose(FACT_TABLES)
    left, right = w.choose(pairs(getattr(v, table_name)))
    if table_name in ("OPPOSITES",) and w.chance(0.5):
        left, right = right, left
    return w.ask(w.say(train, held, x=left)), right
