"""Wordings that ask for a small fact known by heart (opposites, capitals, tenses ...), per table of `vocabulary`.

Promise: each wording asks for the right half of a pair with the left half `{x}` in view. The train side is made from
frames around a phrase such as `the opposite of {x}`, and from wordings of the table's own.

Not here: the pairs themselves.
"""

from __future__ import annotations

from tools.nano.wordings import lines

Wordings = tuple[str, ...]

FRAMES = lines("""
    What is {c}?
    [Give|Write|Name|Say] {c}.
    [Find|Look for|Think of] {c}.
    I need {c}.
    I am looking for {c}.
    {c} is what?
    {c}:
    {c}, please.
    What would you call {c}?
    What do people call {c}?
    In one word, {c} is
    One word: {c}.
    [Can|Could] you give me {c}?
    Which word is {c}?
    I forgot {c}. What is it?
    [Let|Help] me find {c}.
    Tell us {c}.
    Would you write {c}?
    Show me {c}.
    Fill the gap: {c} is
    The question is: what is {c}?
    Quiz: {c}?
    Everybody knows {c}. It is
    Add the missing word. {c} is
    A child asks for {c}. Answer it.
    Name me {c}.
    Write down {c}.
    What might {c} be?
    For the quiz I want {c}.
    Complete this: {c} is
    We learned {c}. It is
    Teach me {c}.
    My guess for {c} is
    What, then, is {c}?
    Answer with {c}.
    Type {c}.
    The answer is {c}. Write it.
""")


def _train(first: tuple[str, ...], phrases: str, own: str) -> Wordings:
    phrase = f"[{'|'.join(lines(phrases))}]"
    framed = (frame.replace("{c}", phrase) for frame in FRAMES)
    return (*first, *(text[0].upper() + text[1:] for text in framed), *lines(own))


FACT_TABLES: tuple[tuple[str, Wordings, Wordings], ...] = (
    (
        "OPPOSITES",
        _train(
            (
                "What is the opposite of {x}?",
                "The opposite of {x} is",
                "[Give|Write|Name] the opposite of {x}.",
                "{x} and its opposite:",
            ),
            """
            the opposite of {x}
            the contrary of {x}
            the opposite word to {x}
            """,
            """
            If it is not {x}, it is
            Not {x} but
            What is as far from {x} as can be?
            Which word means the reverse of {x}?
            {x} is on one side. What is on the other?
            """,
        ),
        ("Do you know the opposite of {x}?", "Please tell me what is the opposite of {x}."),
    ),
    (
        "CAPITALS",
        _train(
            (
                "What is the capital of {x}?",
                "The capital of {x} is",
                "[Name|Give] the capital of {x}.",
                "Which city is the capital of {x}?",
            ),
            """
            the capital of {x}
            the capital city of {x}
            {x}'s capital
            """,
            """
            From where is {x} ruled?
            Where is the government of {x}?
            {x} has which capital?
            In {x} the capital is called
            What is {x}'s first city, its capital?
            """,
        ),
        ("Do you know the capital of {x}?", "Please tell me which city is the capital of {x}."),
    ),
    (
        "PAST",
        _train(
            (
                "What is the past of {x}?",
                "Today I {x}. Yesterday I",
                "The past tense of {x} is",
                "[Give|Write] the past [tense|] of {x}.",
            ),
            """
            the past of {x}
            the past tense of {x}
            the past form of {x}
            """,
            """
            Now they {x}. Last week they
            Put {x} into the past.
            How do you say {x} if it was yesterday?
            They {x} every day, and they also did it in the past: they
            We {x} today, as yesterday we
            """,
        ),
        ("Do you know the past tense of {x}?", "Please tell me the past of the word {x}."),
    ),
    (
        "PLURALS",
        _train(
            ("What is the plural of {x}?", "One {x}, two", "The plural of {x} is", "[Give|Write] the plural of {x}."),
            """
            the plural of {x}
            the plural form of {x}
            the word for more than one {x}
            """,
            """
            There is one {x} here and there are two
            A {x}, three
            Not a single {x} but many
            How do you say {x} if there are several?
            Put {x} into the plural.
            """,
        ),
        ("Do you know the plural of {x}?", "Please tell me the plural of the word {x}."),
    ),
    (
        "SOUNDS",
        (
            *lines("""
                What does a {x} do to be heard?
                What sound does a {x} make? A {x}
                Which sound? A {x}
                Listen, a {x}! It
                How does a {x} make itself heard? It
                When it is loud, a {x}
                Finish the sentence: a {x}
                A noisy {x}
                What does a {x} say? It
                What noise comes from a {x}? It
                A {x} is not silent. It
                I hear a {x}. What does it do?
                [Name|Give|Write] what a {x} does when you hear it.
                With its voice, a {x}
                [Which|What] word fits: a {x} [often|] ...?
                One hears a {x}. It
                The call of an animal: a {x}
                How does a {x} call? It
                A bird sings, and a {x}
                A person talks, but a {x}
                [Say|Tell us] what the {x} does with its voice.
                The child asks what a {x} does all day with its voice. It
                Somebody wakes the {x} and it
                Animal voices: a {x}
                Fill the gap: a {x}
                What is the verb for the voice of a {x}?
                If a {x} is hungry and loud, it
                In the dark you hear how a {x}
                The {x} opens its mouth and
                On the farm or in the wild, a {x}
                Complete this: a {x}
                People speak, a {x}
                The voice of a {x}: it
                Make a sentence of sound. A {x}
                Which verb goes with {x}?
                Write the verb for the sound. The {x}
                What can you hear a {x} do?
                Why so loud? The {x}
                From far away one can hear that a {x}
                As its nature is, a {x}
            """),
        ),
        ("Do you know the sound of an animal? A {x}",),
    ),
    (
        "YOUNG",
        _train(
            ("What is a young {x} called?", "A young {x} is a", "What do we call a baby {x}?"),
            """
            the name of a young {x}
            the name for a baby {x}
            the word for a young {x}
            """,
            """
            The child of a {x} is a
            A mother {x} has a
            Before it is a {x}, it is a
            When it grows up, it will be a {x}. Now it is a
            A {x} that was just born is a
            """,
        ),
        ("Do you know how people call a young {x}?",),
    ),
    (
        "HAS_COLOUR",
        _train(
            ("What colour is {x}?", "The colour of {x} is", "Which colour has {x}?"),
            """
            the colour of {x}
            the usual colour of {x}
            the colour that we know from {x}
            """,
            """
            What does {x} look like, which colour?
            Paint a picture of {x}. Take the colour
            In colour, {x} is
            As a rule {x} is
            With what colour would you draw {x}?
            """,
        ),
        ("Do you know the colour of {x}?",),
    ),
)
