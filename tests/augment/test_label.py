"""A teacher's labels: which answer is kept, how agreement is counted, what is recorded and what is asked again."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from luthier.augment import Asker, Journal, Queue, label, unlabelled
from luthier.augment.label import best
from luthier.engines import ContextOverflow, Request
from luthier.engines.scripted import ScriptedEngine
from luthier.recipe.augment import AugmentSpec, LabelSpec
from luthier.records import Message

ROWS = unlabelled([(f"rows.jsonl:{n}", (Message("user", f"Question {n}?"),)) for n in (1, 2, 3, 4)])


def labelled(model: object, folder: Path, **spec: object) -> list[dict]:  # type: ignore[type-arg]
    asker = Asker(ScriptedEngine(model))  # type: ignore[arg-type]
    label(AugmentSpec(label=LabelSpec(**spec)), ROWS, asker, folder, seed=0)  # type: ignore[arg-type]
    return [made for line in Journal.read(folder).lines for made in line["rows"]]


@pytest.mark.parametrize(
    ("texts", "asked", "chosen", "agreement"),
    [
        (["yes"], 1, 0, None),
        (["yes", "yes"], 2, 0, 1.0),
        (["yes", "no"], 2, 0, 0.0),
        (["no", "yes", "Yes "], 3, 1, 1 / 3),  # one pair of three
        (["yes"], 3, 0, 0.0),  # two samples gave nothing
        (["yes", "yes"], 3, 0, 1 / 3),
        (["card_arrival", "card_delivery"], 2, 0, 0.0),  # labels agree or not
        (["it rains in the north", "it rains in the south"], 2, 0, 0.8),  # 2·4/10
        (["5 - 3 is two and more", "5 + 3 is two and more"], 2, 0, 1.0),  # ROUGE-L sees words
    ],
)
def test_agreement(texts: Sequence[str], asked: int, chosen: int, agreement: float | None) -> None:
    found = best(texts, "auto", asked=asked)
    assert found == (chosen, None if agreement is None else pytest.approx(agreement))


def test_the_answer_that_most_samples_give_is_kept_and_doubt_comes_first_in_review(tmp_path: Path) -> None:
    answers = {f"Question {n}?": list(said) for n, said in enumerate(("aaa", "bcc", "def", "ggh"), 1)}

    def model(request: Request) -> str:
        return answers[request.messages[-1].content].pop(0)

    made = labelled(model, tmp_path, samples=3)
    assert [one["messages"][-1]["content"] for one in made] == ["a", "c", "d", "g"]
    assert [one["augmented"]["agreement"] for one in made] == pytest.approx([1, 1 / 3, 0, 1 / 3], abs=1e-5)
    assert [one["messages"][0]["content"] for one in Queue(tmp_path).waiting()] == [
        "Question 3?", "Question 2?", "Question 4?", "Question 1?",
    ]  # fmt: skip


def test_the_first_sample_is_greedy_and_seeds_differ(tmp_path: Path) -> None:
    asked: list[Request] = []

    def model(request: Request) -> str:
        asked.append(request)
        return "yes"

    labelled(model, tmp_path, samples=3, temperature=0.9, system="Be brief.")
    first = asked[:3]
    assert [request.temperature for request in first] == [0.0, 0.9, 0.9]
    assert len({request.seed for request in first}) == 3
    assert first[0].messages[0] == Message("system", "Be brief.")
    made = [m for line in Journal.read(tmp_path).lines for m in line["rows"]]
    assert made[0]["messages"][0]["role"] == "user"  # the teacher's system message is not the row's


def test_rows_that_the_teacher_cannot_take_are_told_and_the_rest_goes_on(tmp_path: Path) -> None:
    def model(request: Request) -> str:
        text = request.messages[-1].content
        if text == "Question 2?":
            raise ContextOverflow(9000, 4096)
        return {"Question 1?": "yes", "Question 3?": "", "Question 4?": "one two three four five"}[text]

    made = labelled(model, tmp_path, max_tokens=3)
    assert [one["augmented"]["origin"] for one in made] == ["rows.jsonl:1"]
    gone = [(i["rule"], i["text"]) for line in Journal.read(tmp_path).lines for i in line["gone"]]
    assert gone == [("label.refused", "Question 2?"), ("label.empty", "Question 3?"), ("label.cut", "Question 4?")]


def test_what_was_answered_is_not_asked_again_and_tokens_are_counted(tmp_path: Path) -> None:
    calls = 0

    def model(request: Request) -> str:
        nonlocal calls
        calls += 1
        if calls == 4:
            raise RuntimeError("the machine went down")
        return "It is so."

    with pytest.raises(RuntimeError):
        labelled(model, tmp_path, batch=1)
    made = labelled(model, tmp_path, batch=1)
    assert len(made) == 4 and calls == 5
    cost = [line["cost"] for line in Journal.read(tmp_path).lines]
    assert cost == [{"requests": 1, "prompt_tokens": 2, "completion_tokens": 3}] * 4


def test_equal_questions_are_asked_once() -> None:
    twice = unlabelled([("a:1", (Message("user", "Same?"),)), ("a:2", (Message("user", "Same?"),))])
    assert [row.origin for row in twice] == ["a:1"]
