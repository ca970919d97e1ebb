"""Skills on lists and short texts that need no meaning: copy, reverse, pick, sort, count, edit, reshape.

Each function draws its own material from the world's side and returns the request and its one right answer.
"""

from __future__ import annotations

import json

from tools.nano.grammar import sentence
from tools.nano.vocabulary import GENERAL
from tools.nano.world import Item, Message, World, join, one, skill

from tools.nano import list_orders, spare_orders

Made = tuple[list[Message], str]


def listing(w: World, words: list[str]) -> str:
    """A list as people write it."""
    return w.choose((", ", ", ", " ", "; ")).join(words)


def plain_sentence(w: World) -> str:
    """One short statement for copying and editing, without meaning to ask about."""
    if w.chance(0.5):
        return sentence(w)
    return w.say(
        (
            "{n} [put|left|found|saw] the {a} {t} in {p}.",
            "The {a} {t} [belongs|was given] to {n}.",
            "{n} and {m} [bought|sold|shared] some {f} on {d}.",
            "A {a} {x} slept [under|near|behind] the {t}.",
            "On {d} {n} [will go|went] to {p} with the {t}.",
            "My [friend|sister|uncle] {n} likes {f} and {g}.",
            "The {t} in {p} is {c}.",
            "{n} has {k} [brothers|cousins|books|letters] and a {x}.",
            "[Please|Do not] give the {f} to the {x}.",
            "We [met|saw] {n} near the {t} in {p}.",
            *list_orders.SENTENCES,
        ),
        (
            "Nobody but {n} could lift that {a} {t}.",
            "Last {d} a {x} ran away with the {f} of {n}.",
            "In {p} they keep {k} {c} boxes beside the {t}.",
            "Perhaps {n} forgot the {t} on the way to {p}.",
        ),
        n=w.name(),
        m=w.name(),
        p=w.place(),
        t=w.thing(),
        a=w.adjective(),
        x=w.animal(),
        f=w.food(),
        g=w.food(),
        d=w.day(),
        c=w.colour(),
        k=w.number(2, 40),
    )


@skill("copy", 1.0)
def copy(w: World) -> Made:
    payload = w.choose(
        (
            lambda: " ".join(w.words(1, 6)),
            lambda: plain_sentence(w),
            lambda: listing(w, w.words(2, 5)),
            lambda: w.code(),
            lambda: f"{w.name()}, {w.place()}, {w.code()}",
        )
    )()
    instruction = w.say(
        (
            "[Repeat|Copy|Echo] [exactly|word for word|]:",
            "[Repeat|Copy] [this|the following|the next line] [without changes|exactly|]:",
            "Say [this|the following] [again|back to me|]:",
            "Write [this|the text|the line] [once more|again|unchanged]:",
            "[Answer|Reply] with [exactly this text|the same words|the same text]:",
            "Copy the text.",
            "Repeat the text [and nothing else|as it is].",
            "What I write, you write. [Here it is|Now]:",
            "Give back the same text:",
            "Return the text as it is:",
            "The answer is the text below.",
            "Type this again without any change:",
            "Say the very same:",
            *list_orders.COPY,
        ),
        (
            "Please give me back the very same text:",
            "Return this line unchanged:",
            "Your answer is a copy of what follows:",
            "Say back to me, without changes, this:",
        ),
    )
    return w.ask(instruction, payload), payload


BY_LENGTH = sorted(GENERAL, key=len)


def drill(w: World, vocabulary: int) -> Item:
    """A list to repeat, over the `vocabulary` shortest words; with more words than there are, over any words at all.

    The first lessons are these and nothing else, since a young model must learn to look back before it can learn to
    read. Over a hundred words it finds out within some 150 steps, and then does it for more and more words. With all
    words from the start the same model copied nothing after 1,700 steps. Not a skill of its own.
    """
    if vocabulary < len(BY_LENGTH):
        payload = "- " + " ".join(w.choose(BY_LENGTH[:vocabulary]) for _ in range(w.number(3, 8)))
        return Item("drill", [{"role": "user", "content": "Repeat: " + payload}], payload)
    payload = w.choose((", ", " ", " ")).join(w.words(3, 10))
    return Item("drill", w.ask(w.choose(("Repeat:", "Copy this:", "Say again:")), payload), payload)


@skill("reverse", 1.0)
def reverse(w: World) -> Made:
    words = w.words(2, 5)
    separator = w.choose((", ", " "))
    instruction = w.say(
        (
            "Reverse [the order of|] [these words|this list|the words|the list]:",
            "Write [the words|the list|these] in reverse order:",
            "[Give|Say|Write] [these words|the list|the items] backwards, last [one|word|item] first:",
            "Turn [the|this] list around:",
            "[List|Write] [the words|these items] from last to first:",
            "Put the words in the opposite order:",
            "Read the list from the end and write it:",
            "Say it backwards, word by word:",
            "The last word shall be the first. Write the list:",
            "Start at the end of the list:",
            *spare_orders.REVERSE,
        ),
        (
            "Please list these again, but backwards:",
            "Start with the last word and end with the first, in reverse:",
            "Give me this list in the reverse order, please:",
        ),
    )
    return w.ask(instruction, separator.join(words)), separator.join(reversed(words))


ORDINALS = ("first", "second", "third", "fourth", "fifth")


@skill("pick", 1.0)
def pick(w: World) -> Made:
    words = w.words(3, 5)
    last = w.chance(0.2)
    at = len(words) - 1 if last else w.number(0, min(4, len(words) - 1))
    place = "last" if last else ORDINALS[at]
    instruction = w.say(
        (
            "What is the {o} [word|item] [in|of] [this|the] list?",
            "[Give|Write|Say] [me|] [only|] the {o} [word|item]:",
            "Which [word|item] is {o}?",
            "Which [word|one] [comes|stands] {o} [here|in the list]?",
            "[Answer with|Pick|Choose] the {o} [word|item] [only|]:",
            "The {o} [word|item] of the list is:",
            "From this list, take the {o} word.",
            "Say which word is the {o} one.",
            "Look for the {o} word [below|here] and write it.",
            "I want the {o} [word|one] of these:",
            *list_orders.PICK,
        ),
        (
            "From the words below, tell me the {o} one.",
            "I need nothing but the {o} word from this list:",
            "Look at the list and pick the word that is {o}.",
        ),
        o=place,
    )
    return w.ask(instruction, listing(w, words)), words[at]


@skill("sort_numbers", 1.0)
def sort_numbers(w: World) -> Made:
    top = w.choose((9, 50, 99))
    numbers = w.several(lambda: w.number(0, top), w.number(3, 5))
    down = w.chance(0.3)
    up_or_down = "from largest to smallest" if down else "from smallest to largest"
    instruction = w.say(
        (
            "[Sort|Order|Arrange] [these|the] numbers {way}:",
            "[Put|Write] [these|the] numbers in order, {way}:",
            "Sort {way}:",
            "[List|Give] the numbers {way}:",
            "Which order is right, {way}?",
            "Arrange {way}:",
            "Write these again {way}.",
            "Bring the numbers into order, {way}.",
            "The list must be sorted {way}.",
            "Numbers {way}:",
            *spare_orders.SORT_NUMBERS,
        ),
        (
            "Here are some numbers. Write them again {way}.",
            "Please bring these numbers into order {way}.",
            "I want this list of numbers sorted, {way}:",
        ),
        way=up_or_down,
    )
    answer = ", ".join(str(n) for n in sorted(numbers, reverse=down))
    return w.ask(instruction, w.choose((", ", " ")).join(str(n) for n in numbers)), answer


@skill("sort_words", 0.8)
def sort_words(w: World) -> Made:
    # different first letters: the order then depends on one letter of each word
    words: list[str] = []
    for word in w.several(w.word, 12):
        if len(words) < 4 and word[0] not in [other[0] for other in words]:
            words.append(word)
    words = words[: w.number(2, 3)]
    instruction = w.say(
        (
            "[Sort|Order|Arrange] [the|these] words [alphabetically|by the alphabet|from a to z]:",
            "Put [these|the] words in alphabetical order:",
            "[Write|List|Give] the words from a to z:",
            "Alphabetical order[, please|]:",
            *spare_orders.SORT_WORDS,
        ),
        (
            "Please bring these words into alphabetical order.",
            "I need this list sorted from a to z:",
            "Write these again, sorted by the alphabet:",
        ),
    )
    return w.ask(instruction, ", ".join(words)), ", ".join(sorted(words))


@skill("count", 1.0)
def count(w: World) -> Made:
    words = w.words(1, 7)
    if w.chance(0.5):
        instruction = w.say(
            (
                "How many [words|items] are [there|in the list|here]?",
                "Count the [words|items]:",
                "Count [how many words|the words] [there are|you see]:",
                "[Give|Write] the number of [words|items] [as a number|]:",
                *spare_orders.COUNT,
            ),
            (
                "Tell me how many words this list has.",
                "What is the number of items below?",
                "Please count these words:",
            ),
        )
        return w.ask(instruction, ", ".join(words)), str(len(words))
    target, times = words[0], w.number(1, 4)
    bag = [target] * times + words[1:4]
    w.rng.shuffle(bag)
    instruction = w.say(
        (
            'How [many times|often] [does|is] "{t}" [stand there|in the list|here]?',
            'Count the word "{t}":',
            'How many times do you see "{t}"?',
            'Count how often "{t}" [comes|appears|stands there].',
            *spare_orders.COUNT_OF,
        ),
        ('Tell me how many times the list says "{t}".', 'Please count every "{t}" below.'),
        t=target,
    )
    return w.ask(instruction, ", ".join(bag)), str(times)


@skill("replace", 1.0)
def replace(w: World) -> Made:
    if w.chance(0.5):
        text = plain_sentence(w)
    else:
        text = " ".join(w.words(3, 6))
    old = w.choose([word for word in text.strip(".").split() if word.isalpha()])
    if w.chance(0.25):
        instruction = w.say(
            (
                '[Remove|Delete|Leave out|Drop] the word "{o}":',
                'Write the text without [the word|] "{o}":',
                '[Copy|Repeat] the text but [leave out|without] "{o}".',
                *spare_orders.REMOVE,
            ),
            ('Please say this again and drop "{o}".', 'The word "{o}" must go. Write the rest of the text:'),
            o=old,
        )
        return w.ask(instruction, text), " ".join(word for word in text.split() if word.strip(".") != old)
    new = w.name() if old[0].isupper() else w.word()
    instruction = w.say(
        (
            '[Replace|Change|Swap] "{o}" [with|to|for] "{n}":',
            '[Put|Write|Use] "{n}" [instead of|in place of] "{o}":',
            'Write the text with "{n}" in place of "{o}".',
            'Change the word "{o}" to "{n}" [in the text|] and copy the rest.',
            'Replace the word "{o}" by "{n}".',
            *spare_orders.REPLACE,
        ),
        (
            'Say it again, but with "{n}" instead of "{o}".',
            'Please take out "{o}" and put "{n}" in its place.',
            'Where the text says "{o}", write "{n}":',
        ),
        o=old,
        n=new,
    )
    answer = " ".join(new + word[len(old) :] if word.strip(".") == old else word for word in text.split())
    return w.ask(instruction, text), answer


@skill("add_word", 0.6)
def add_word(w: World) -> Made:
    words, new = w.words(2, 5), w.word()
    front = w.chance(0.5)
    instruction = w.say(
        (
            'Add "{n}" [at|to] the {e} of [the|this] list:',
            'Put "{n}" at the {e}:',
            '[Write|Copy] the list [again|] with "{n}" at the {e}:',
            'The list [needs|gets] "{n}" at its {e}:',
            *spare_orders.ADD,
        ),
        ('Please write this list once more and put "{n}" at its {e}.', 'My list lacks "{n}" at the {e}. Mend it:'),
        n=new,
        e="start" if front else "end",
    )
    return w.ask(instruction, ", ".join(words)), ", ".join([new, *words] if front else [*words, new])


@skill("reshape", 1.0)
def reshape(w: World) -> Made:
    words = w.words(2, 5)
    source = w.choose(
        (", ".join(words), join(words), " ".join(words), "\n".join(words), "\n".join(f"- {x}" for x in words))
    )
    _, wanted, answer = w.choose(
        (
            ("bullet", "[bullet points|a bullet list|a list with dashes]", "\n".join(f"- {x}" for x in words)),
            ("number", "a numbered list", "\n".join(f"{i}. {x}" for i, x in enumerate(words, 1))),
            ("json", "a JSON [list|array]", json.dumps(words)),
            ("lines", "one word per line", "\n".join(words)),
            ("commas", "words [separated by|with] commas", ", ".join(words)),
        )
    )
    instruction = w.say(
        (
            "[Write|Give|Format] [this|the words|the list] as {s}:",
            "[Turn|Make|Change] [this|the words|the list] into {s}:",
            "Show [this|the list] as {s}.",
            "As {s}[, please|]:",
            *spare_orders.RESHAPE,
        ),
        (
            "I would like to have these words as {s}.",
            "Please take this list and write it down as {s}.",
            "Could you bring the list into the form of {s}?",
        ),
        s=w.fill(wanted),
    )
    return w.ask(instruction, source), answer


@skill("sentence_pick", 0.8)
def sentence_pick(w: World) -> Made:
    sentences = [plain_sentence(w) for _ in range(w.number(2, 4))]
    text = " ".join(sentences)
    roll = w.rng.random()
    if roll < 0.25:
        instruction = w.say(
            ("How many sentences [are there|does the text have]?", "Count the sentences[ in the text|]:"),
            ("Tell me the number of sentences in this text.", "The text has how many sentences?"),
        )
        return w.ask(instruction, text), str(len(sentences))
    at = 0 if roll < 0.6 else len(sentences) - 1
    instruction = w.say(
        (
            "[Write|Copy|Repeat|Give] [only|] the {o} sentence [of the text|]:",
            "What is the {o} sentence?",
            "[Answer with|Keep] the {o} sentence only.",
            *spare_orders.SENTENCE,
        ),
        ("Of this text I need nothing but the {o} sentence.", "Tell me which sentence is {o}."),
        o="first" if at == 0 else "last",
    )
    return w.ask(instruction, text), sentences[at]


@skill("transform", 1.0)
def transform(w: World) -> Made:
    subject = w.choose(
        (w.name(), "the " + w.thing(), "the " + w.animal(), "my " + w.choose(("friend", "sister", "brother")))
    )
    tail = w.say(
        ("in {p}", "{a}", "in the garden", "near the {t}", "very {a}", "{j}", "ready for {d}", "behind the {t}"),
        ("on the way to {p}", "less {a} than the {t}", "with the {x}"),
        p=w.place(),
        a=w.adjective(),
        t=w.thing(),
        d=w.day(),
        j=one(w.job()),
        x=w.animal(),
    )
    head = subject[0].upper() + subject[1:]
    statement = f"{head} is {tail}."
    kind, answer = w.choose(
        (
            ("question", f"Is {subject} {tail}?"),
            ("negation", f"{head} is not {tail}."),
            ("past", f"{head} was {tail}."),
            ("future", f"{head} will be {tail}."),
        )
    )
    wanted = {
        "question": ("[Turn|Make|Change] [this|the sentence] into a question:", "[Write|Ask] [it|this] as a question:"),
        "negation": (
            "[Make|Turn] the sentence [negative|into its negative]:",
            "Say the opposite with [not|the word not]:",
            "Add not to the sentence:",
        ),
        "past": ("[Put|Write|Change] [this|the sentence] [in|to|into] the past:", "Write it in the past tense:"),
        "future": ("[Put|Write|Change] [this|the sentence] [in|to|into] the future:", "Write it in the future tense:"),
    }[kind]
    held = {
        "question": "Please ask the same thing as a question.",
        "negation": "Write this sentence again with not in it, please.",
        "past": "Please tell the same thing in the past tense.",
        "future": "Please tell the same thing in the future tense.",
    }[kind]
    more = getattr(list_orders, kind.upper())
    return w.ask(w.say((*wanted, *more), (held,)), statement), answer
