"""IFEval's instructions: each kind followed and broken, and the published checker on the real prompts where it is."""

from __future__ import annotations

import gzip
import json
import random
from pathlib import Path
from typing import Any

import pytest

from luthier.recipe.evaluate import InstructionsMetric
from luthier.records import Example, Message
from luthier.score import build
from luthier.score.instructions import CHECKS, Unknowable, checked, follow, sentences

# kind: (arguments, an answer that follows, one that does not)
KINDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "keywords:existence": ({"keywords": ["apple", "pear"]}, "An APPLE and a pear.", "An apple."),
    "keywords:frequency": ({"keyword": "go", "relation": "at least", "frequency": 2}, "go and Go", "go"),
    "keywords:forbidden_words": ({"forbidden_words": ["rock"]}, "rocket science", "Rock on"),
    "keywords:letter_frequency": ({"letter": "Q", "let_relation": "less than", "let_frequency": 2}, "quiz", "quiz Q"),
    "language:response_language": ({"language": "de"}, "Das ist ein schöner Tag und wir gehen hinaus.",
                                   "This is a fine day and we go out."),
    "length_constraints:number_sentences": ({"relation": "less than", "num_sentences": 3},
                                            "Dr. Smith came. He left.", "One. Two! Three?"),
    "length_constraints:number_paragraphs": ({"num_paragraphs": 2}, "one\n***\ntwo", "one\n***\n\n***\ntwo"),
    "length_constraints:number_words": (
        {"relation": "at least", "num_words": 4}, "well-known as such", "three words only"),
    "length_constraints:nth_paragraph_first_word": (
        {"num_paragraphs": 2, "nth_paragraph": 2, "first_word": "weekend"}, "One.\n\n\"Weekend, at last.",
        "One.\n\nAt last."),
    "detectable_content:number_placeholders": ({"num_placeholders": 2}, "Dear [name], at [place]", "Dear [name]"),
    "detectable_content:postscript": ({"postscript_marker": "P.S."}, "Bye.\nP. S. More", "Bye. PS more"),
    "detectable_format:number_bullet_lists": ({"num_bullets": 2}, "* one\n- two", "* one\n* two\n* three"),
    "detectable_format:constrained_response": ({}, "Well. My answer is maybe.", "My answer is perhaps."),
    "detectable_format:number_highlighted_sections": ({"num_highlights": 2}, "*a* and *b*", "*a* and ** **"),
    "detectable_format:multiple_sections": ({"section_spliter": "Section", "num_sections": 2},
                                            "Section 1\nx\nSection 2\ny", "Section 1\nx\nsection 2"),
    "detectable_format:json_format": ({}, "```JSON\n[1, 2]\n```", "{'a': 1}"),
    "detectable_format:title": ({}, "<<A title>>\ntext", "<< >>\n<A title>"),
    "combination:two_responses": ({}, "yes\n******\nno", "yes\n******\nyes"),
    "combination:repeat_prompt": ({"prompt_to_repeat": "Say hello."}, "say HELLO. Hello!", "Hello!"),
    "startend:end_checker": ({"end_phrase": "That is all."}, 'So: "that is all."', "That is all, folks."),
    "startend:quotation": ({}, ' "quoted" ', '"quoted'),
    "change_case:capital_word_frequency": (
        {"capital_relation": "at least", "capital_frequency": 2}, "OH NO, really", "OH no"),
    "change_case:english_capital": ({}, "THIS IS THE END OF THE STORY.", "THIS is THE END"),
    "change_case:english_lowercase": ({}, "this is the end of the story.", "Das ist das Ende der Geschichte"),
    "punctuation:no_comma": ({}, "none; at all", "one, two"),
}  # fmt: skip


def test_every_kind_has_its_case() -> None:
    assert KINDS.keys() == CHECKS.keys() and len(KINDS) == 25


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_is_followed_or_not(kind: str) -> None:
    given, good, bad = KINDS[kind]
    row = {"instruction_id_list": [kind], "kwargs": [given]}
    assert checked(good, row).value == 1.0, kind
    broken = checked(bad, row)
    assert broken.value == 0.0 and broken.reason == f"not followed: {kind}"
    assert checked("  \n", row).value == 0.0  # an empty answer follows nothing


def test_all_must_be_followed_and_each_is_told() -> None:
    row = {"instruction_id_list": ["punctuation:no_comma", "startend:quotation"], "kwargs": [{}, {}]}
    measure = build(InstructionsMetric())
    example = Example(messages=(Message("user", "?"),), meta=row)
    half = measure.score_row(example, "no comma, but one")
    assert half.value == 0.0 and half.parts["followed"] == 0.0
    one = measure.score_row(example, '"a, b"')
    assert (one.value, one.parts["followed"], one.parts["field.startend:quotation"]) == (0.0, 0.5, 1.0)
    assert measure.score_row(example, '"a b"').parts["followed"] == 1.0
    assert measure.score_row(Example(messages=(Message("user", "?"),)), "x").value is None


def test_read_loosely_an_opening_line_is_forgiven() -> None:
    row = {"instruction_id_list": ["punctuation:no_comma"], "kwargs": [{}]}
    example = Example(messages=(Message("user", "?"),), meta=row)
    answer = "Sure, here it is:\nno comma at all"
    strict, loose = build(InstructionsMetric()), build(InstructionsMetric(loose=True))
    assert strict.key != loose.key
    assert (strict.score_row(example, answer).value, loose.score_row(example, answer).value) == (0.0, 1.0)
    assert strict.score_row(example, answer).parts["loose"] == 1.0


def test_what_cannot_be_checked_is_not_scored() -> None:
    unknown = {"instruction_id_list": ["keywords:rhyme"], "kwargs": [{}]}
    assert checked("x", unknown).value is None and "keywords:rhyme" in checked("x", unknown).reason
    swahili = {"instruction_id_list": ["language:response_language"], "kwargs": [{"language": "sw"}]}
    assert checked("habari", swahili).value is None
    lacking = {"instruction_id_list": ["keywords:existence"], "kwargs": [{}]}
    assert checked("x", lacking).reason == "keywords:existence lacks its argument keywords"


def test_sentences() -> None:
    assert len(sentences("Mr. Bond, e.g. the U.S. agent, paid 3.50. He left! Did he? \"Yes.\" So.")) == 5
    assert sentences("今天很好。明天也好！") == ["今天很好。", "明天也好！"]
    assert sentences("A heading\n\nA line without an end") == ["A heading", "A line without an end"]


EXPECTED_DIFFERENT = {
    "language:response_language", "change_case:english_capital", "change_case:english_lowercase",
    "length_constraints:number_sentences", "change_case:capital_word_frequency",
}  # fmt: skip
"""Kinds for which the published checker downloads a model or guesses a language."""


def test_real_prompts_are_checked_as_the_published_checker_does(realdata: Path) -> None:
    """541 prompts, answers made to follow or break: equal verdicts of every kind that needs no model of its own."""
    theirs = pytest.importorskip("lm_eval.tasks.ifeval.instructions_registry")
    with gzip.open(realdata / "bench" / "ifeval.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    draw, compared, followed = random.Random(0), 0, 0
    for row in rows:
        answers = _answers(row, draw)
        for kind, given in zip(row["instruction_id_list"], row["kwargs"], strict=True):
            if kind in EXPECTED_DIFFERENT or (kind == "keywords:letter_frequency" and not given["letter"].isalpha()):
                continue
            checker = theirs.INSTRUCTION_DICT[kind](kind)
            checker.build_description(**{k: v for k, v in given.items() if v})
            for answer in answers:
                want = bool(answer.strip()) and bool(checker.check_following(answer))
                got = follow(answer, [kind], [given]).strict[0]
                assert got == want, (kind, given, answer)
                compared, followed = compared + 1, followed + got
    assert compared > 5000 and 0.2 < followed / compared < 0.8


def _answers(row: dict[str, Any], draw: random.Random) -> list[str]:
    """Answers that hold many of the things that are asked for, shuffled."""
    pieces = ["<<A title>>", "* one\n* two\n- three", "*a* **b**", "P.S. more", "P.P.S more", "[name] [place]",
              "Section 1\ntext\nSECTION 2\ntext", "***", "******", "My answer is yes.", "{\"a\": 1}", "\n\n",
              row["prompt"], "plain words, with a comma.", "PARAGRAPH 1 and PARAGRAPH 2 Day 1"]  # fmt: skip
    for given in row["kwargs"]:
        for name, value in given.items():
            words = value if isinstance(value, list) else [value]
            pieces += [str(word) for word in words] * (2 if "word" in name or "letter" in name else 1)
    made = []
    for size in (1, 2, 4, 8, 12):
        made.append("\n".join(draw.choices(pieces, k=size)))
        made.append('"' + " ".join(draw.sample(pieces, k=min(size, len(pieces)))) + '"')
    prompt = next((g["prompt_to_repeat"] for g in row["kwargs"] if "prompt_to_repeat" in g), row["prompt"])
    end = next((g["end_phrase"] for g in row["kwargs"] if "end_phrase" in g), "end")
    return [*made, f"{prompt}\n\nweekend: an answer without it " * 3 + end, "yes\n******\nno", "a\n***\nb", ""]


def test_every_kind_of_the_real_prompts_is_known(realdata: Path) -> None:
    with gzip.open(realdata / "bench" / "ifeval.jsonl.gz", "rt", encoding="utf-8") as lines:
        rows = [json.loads(line) for line in lines]
    unknown = 0
    for row in rows:
        try:
            follow(row["prompt"], row["instruction_id_list"], row["kwargs"])
        except Unknowable:
            unknown += 1
    assert len(rows) >= 541 and unknown <= 8
