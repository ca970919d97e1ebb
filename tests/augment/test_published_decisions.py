"""The published decisions of Self-Instruct, checked by hand against the 175 real seeds. Each case names its rule.

ROUGE-L F1 is 2·LCS / (n + m) over words. The seeds that cases come near to, with their number of words:
  (8) What is the relation between the given pairs?          (6) Rank these countries by their population.
 (10) How do you answer this question in a job interview?    (7) Create a fun math question for children.
  (9) Brainstorm a list of possible New Year's resolutions.  (6) Translate the English sentence into Chinese.
  (4) Rank the following universities.                       (8) Suggest a completion for the following python code.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from luthier.augment import Asker, Seed, filters
from luthier.augment.instruct import SelfInstruct
from luthier.augment.seeds import Instance
from luthier.recipe.augment import SelfInstructSpec

KEPT = None
SHORT, LONG, WORDS, START = "instruction.short", "instruction.long", "instruction.words", "instruction.start"
PUNCTUATION, SCRIPT, SIMILAR = "instruction.punctuation", "instruction.script", "instruction.similar"

TASKS: list[tuple[str, str | None]] = [
    # three words or fewer are dropped, counted between spaces
    ("Tell a joke", SHORT),
    ("Name two rivers", SHORT),
    ("Hyphen-joined-words count-as one", SHORT),
    ("Tell me a joke", KEPT),  # four words; nearest: "Tell me why this joke's not funny" 2·3/(4+8)
    # more than 150 words are dropped
    ("Repeat " + "very " * 149 + "slowly", LONG),  # 151
    ("Repeat " + "rather " * 148 + "slowly", KEPT),  # 150
    # things that a language model cannot see or make, as whole words in any case
    ("Describe the image in one short sentence.", WORDS),
    ("List the images that the page needs.", WORDS),
    ("Read the graph and name the peak.", WORDS),
    ("Explain both graphs to a new colleague.", WORDS),
    ("Choose a picture for the front page.", WORDS),
    ("Sort these pictures by their mood.", WORDS),
    ("Open the file and count its lines.", WORDS),
    ("Compare the two FILES for missing rows.", WORDS),
    ("Find the shortest way on the map.", WORDS),
    ("Collect Maps of the old harbour.", WORDS),
    ("Draw a house with a red roof.", WORDS),
    ("Plot the yearly rainfall of Lisbon.", WORDS),
    ("Tell a visitor where to go to eat.", WORDS),
    ("Write a paragraph about photography and drawing.", KEPT),  # paragraph, photography, drawing: other words
    ("Describe how mapping apps find a route.", KEPT),
    ("Explain what a profile says about its owner.", KEPT),
    ("Say why plots of novels repeat themselves.", KEPT),  # "plots" is not on the list, "plot" is
    ("Mention what sailors need before going to sea.", KEPT),  # "going to" is not "go to"
    # "Write a program" at the start, compared after the first letter was made a capital and the rest small
    ("Write a program that adds two numbers.", START),
    ("write a program to print a calendar", START),
    ("WRITE A PROGRAM that plays chess well.", START),
    ("Write a programme for the summer festival.", START),  # begins with the same letters
    ("Please write a program for my shop.", KEPT),
    ("Write the program note of a concert.", KEPT),
    # ASCII punctuation at the start
    ("- Name the parts of a violin bow.", PUNCTUATION),
    ('"Quoted" words: explain where they come from.', PUNCTUATION),
    ("(Optional) Recount your favourite walk at length.", PUNCTUATION),
    ("1) Name four kinds of bread flour.", KEPT),  # a digit is neither punctuation nor foreign
    # first character not ASCII
    ("Écris une phrase sur la mer.", SCRIPT),
    ("写 一 首 关于 秋天 的 诗", SCRIPT),
    ("¿Cómo se dice lluvia en inglés?", SCRIPT),
    ("“Carpe diem” means what, exactly, in English?", SCRIPT),  # a curly quote is not ASCII punctuation
    ("Ask what naïve means in everyday speech.", KEPT),
    # ROUGE-L above 0.7 to a seed or to a kept task
    ("What is the relation between the given words?", SIMILAR),  # 2·7/16 = 0.875
    ("Rank these countries by their area.", SIMILAR),  # 2·5/12 = 0.833
    ("RANK THESE COUNTRIES: by their population!!!", SIMILAR),  # 1.0: case and punctuation do not count
    ("Rank the following rivers by their length.", KEPT),  # 2·3/11 = 0.545 to the universities
    ("Population their by countries these rank.", KEPT),  # order counts: 2·1/12
    ("How do you answer this question in a short letter?", SIMILAR),  # 2·8/20 = 0.8
    ("How do you answer this question in plain simple words?", KEPT),  # 2·7/20 = 0.7 is not above 0.7
    ("Brainstorm a list of possible New Year's gifts.", SIMILAR),  # new year s: 2·8/18 = 0.889
    ("Create a fun history question for adults.", SIMILAR),  # 2·5/14 = 0.714
    ("Create a fun history riddle for adults.", KEPT),  # 2·4/14 = 0.571; the one before was not kept
    ("Translate the German sentence into Dutch.", KEPT),  # 2·4/12 = 0.667
    ("Suggest a completion for the following python code.", SIMILAR),  # a seed itself
    ("Tell me a joke now", SIMILAR),  # to a task kept above: 2·4/9 = 0.889
    ("Say why plots of novels repeat.", SIMILAR),  # to a task kept above: 2·6/13 = 0.923
]


def test_the_table_has_forty_cases_and_every_rule() -> None:
    assert len(TASKS) >= 40
    rules = {rule for _, rule in TASKS}
    assert rules == {KEPT, SHORT, LONG, WORDS, START, PUNCTUATION, SCRIPT, SIMILAR}


def test_tasks_are_decided_as_published(real_seeds: Sequence[Seed], saying: Callable[..., Asker]) -> None:
    assert len(real_seeds) == 175
    chunks = [TASKS[i : i + 7] for i in range(0, len(TASKS), 7)]
    responses = ["\n".join(f"{9 + n}. {text}" for n, (text, _) in enumerate(chunk)) for chunk in chunks]
    way = SelfInstruct(
        SelfInstructSpec(batch=len(chunks)), real_seeds, saying(tasks=[*responses, ""]), wanted=1, seed=0
    )
    step = way.step()
    assert step is not None and step.kind == "tasks"
    line = way.conclude(step, way._asker.engine.generate(step.requests))
    decided = {item["instruction"].lower(): None for item in line["kept"]}
    decided |= {item["text"].lower(): item["rule"] for item in line["gone"]}
    wrong = {
        text: (decided.get(" ".join(text.split()).lower(), "not seen"), rule)
        for text, rule in TASKS
        if decided.get(" ".join(text.split()).lower(), "not seen") != rule
    }
    assert not wrong
    assert all(len(item["nearest"]) == 10 for item in line["kept"])  # the ten nearest are noted


def test_a_response_that_was_cut_loses_all_its_tasks() -> None:
    text = "Name three good things about rain.\n10. Explain how a lock works"
    judged = filters.tasks_in(text, SelfInstructSpec(), cut=True)
    assert [item.rule for item in judged] == ["response.cut", "response.cut"]


def test_a_raw_completion_begins_with_a_task_and_a_chat_may_begin_with_a_sentence() -> None:
    text = " Here are some more tasks:\n10. Explain how a lock works."
    as_text = filters.tasks_in(text, SelfInstructSpec())
    as_chat = filters.tasks_in(text, SelfInstructSpec(), chat=True)
    assert [item.rule for item in as_text] == [None, None]
    assert [item.rule for item in as_chat] == ["instruction.preamble", None]
    in_brackets = "9) Explain how a lock works.\n\n10) Name the parts of a key."
    assert [item.text for item in filters.tasks_in(in_brackets, SelfInstructSpec(), chat=True)] == [
        "Explain how a lock works.", "Name the parts of a key.",
    ]  # fmt: skip


INPUT_FIRST: list[tuple[str, list[tuple[str, str, str | None]], bool]] = [
    ("Example 1\nInput: 3, 1, 2\nOutput: 1, 2, 3\nExample 2\nInput: b, a\nOutput: a, b",
     [("3, 1, 2", "1, 2, 3", None), ("b, a", "a, b", None)], False),
    ("Output: It is sunny.", [("", "It is sunny.", None)], False),
    ("I would say that it is sunny.", [], False),  # neither Example nor Output: nothing can be read
    ("Input: hello\nOutput: hello", [("hello", "hello", "instance.echo")], False),
    ("Example 1\nInput: x\nOutput:", [("x", "", "instance.empty")], False),
    ("Example 1\nOutput:", [("", "", "instance.echo")], False),  # both empty are equal
    ("Output: The steps are:", [("", "The steps are:", "instance.colon")], False),
    ("Input: Names:\nOutput: Ada", [("Names:", "Ada", "instance.colon")], False),
    ("Example 1\nInput: x\nOutput: 1\nExample 2\nInput: x\nOutput: 2\nExample 3\nInput: y\nOutput: 3",
     [("x", "1", "instance.conflict"), ("x", "2", "instance.conflict"), ("y", "3", "instance.conflict")], False),
    ("Example 1\nInput: x\nOutput: 1\nExample 2\nInput: x\nOutput: 2:",
     [("x", "1", None), ("x", "2:", "instance.colon")], False),  # an invalid one cannot conflict
    ("Example 1\nOutput: red\nExample 2\nOutput: blue", [("", "red", None), ("", "blue", None)], False),
    ("Example 1\nInput: x\nOutput: 1\nExample 2\nInput: x\nOutput: 1",
     [("x", "1", None), ("x", "1", "instance.duplicate")], False),
    ("Example 1\nInput: x\nOutput: 1\nExample 2\nInput: y\nOutput: it was the",
     [("x", "1", None), ("y", "it was the", "instance.cut")], True),
    ("Input: a\nOutput: b\nInput: c\nOutput: d", [("a", "b", None)], False),  # one pair is assumed
    ("Input 1: a\nOutput 1: b", [("a", "b", None)], False),
    ("Example 1\nJust a sentence.", [("", "Just a sentence.", None)], False),
]  # fmt: skip
OUTPUT_FIRST: list[tuple[str, list[tuple[str, str, str | None]], bool]] = [
    ("Class label: positive\nI like it.\nClass label: negative\nI hate it.",
     [("I like it.", "positive", None), ("I hate it.", "negative", None)], False),
    ("positive: I like it.", [], False),  # no "Class label:"
    ("Class label: spam", [("", "spam", None)], False),
    ("Class label: spam\nWin now!\nClick here.", [("Win now!\nClick here.", "spam", None)], False),
    ("Class label: A\nsame\nClass label: B\nsame",
     [("same", "A", "instance.conflict"), ("same", "B", "instance.conflict")], False),
    ("Class label: A\none\nClass label: B\ntw", [("one", "A", None), ("tw", "B", "instance.cut")], True),
    ("Class label: yes\nyes", [("yes", "yes", "instance.echo")], False),
]  # fmt: skip


@pytest.mark.parametrize(("read", "cases"), [(filters.input_first, INPUT_FIRST), (filters.output_first, OUTPUT_FIRST)])
def test_instances_are_decided_as_published(read: Callable[[str], list[Instance]], cases: Sequence[object]) -> None:
    for text, expected, cut in cases:  # type: ignore[misc]
        judged = filters.judge_instances(read(text), cut=cut)
        assert [(j.instance.input, j.instance.output, j.rule) for j in judged] == expected, text


def test_at_most_five_instances_of_a_task_stay(seeds: Sequence[Seed], saying: Callable[..., Asker]) -> None:
    seven = "\n".join(f"Example {n}\nInput: in {n}\nOutput: out {n}" for n in (1, 2, 3, 4, 5, 7, 8))
    way = SelfInstruct(
        SelfInstructSpec(batch=1), seeds,
        saying(tasks=["9. Name the bones of a whale."], classify=["No"], gen=[seven]), wanted=1, seed=0,
    )  # fmt: skip
    lines = []
    while (step := way.step()) is not None:
        line = {"kind": step.kind, **way.conclude(step, way._asker.engine.generate(step.requests))}
        lines.append(line)
        way.apply(line)
    filled = lines[-1]
    assert len(filled["rows"]) == 5 and [g["rule"] for g in filled["gone"]] == ["instance.surplus"] * 2
    assert len({made["id"] for made in filled["rows"]}) == 5


@pytest.mark.parametrize(("said", "yes"), [("Yes", True), (" yes", True), ("YES", True), ("Yes.", True), ("No", False),
                                           ("", False), ("Yesterday", False)])  # fmt: skip
def test_the_classification_answer(said: str, yes: bool) -> None:
    assert filters.is_yes(said) is yes
