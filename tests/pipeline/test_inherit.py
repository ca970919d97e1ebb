"""Jobs that were promoted before guard the next: which of them, which of their rows, and what the plan says of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from luthier.pipeline import stages
from luthier.pipeline.inherit import MOST_ITEMS, Earlier, inherited
from luthier.pipeline.job import Job
from luthier.pipeline.plan import plan_recipe
from luthier.recipe import load_recipe
from luthier.records import Example, Message
from luthier.store import Artifact, Store

RECIPE = """\
luthier: 1
name: {name}
model: {{base: nano}}
data: {{source: {name}.jsonl, test: {name}-test.jsonl, split: {{validation: 10%}}}}
"""
CITIES = ["Oslo", "Lima", "Cairo", "Quito", "Delhi", "Perth", "Turin", "Basel", "Kyoto", "Dakar", "Miami", "Sofia"]


def chat(question: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": answer}]}


def example(row: dict[str, Any]) -> Example:
    return Example(messages=tuple(Message(m["role"], m["content"]) for m in row["messages"]))


def rows(topic: str, count: int, start: int = 0) -> list[dict[str, Any]]:
    def asked(n: int) -> str:
        return f"{topic} {n * 7919 % 10007} in {CITIES[n % 12]}, of {CITIES[n * 5 % 12]} {n}: what will it be?"

    return [chat(asked(n), f"{topic[0]}{n % 7}") for n in range(start, start + count)]


@pytest.fixture
def write(home: Path) -> Callable[..., Path]:
    """A recipe and its two files."""

    def made(name: str, train: Sequence[dict[str, Any]], test: Sequence[dict[str, Any]]) -> Path:
        for file, found in ((f"{name}.jsonl", train), (f"{name}-test.jsonl", test)):
            (home / file).write_text("".join(json.dumps(row) + "\n" for row in found))
        (home / f"{name}.yaml").write_text(RECIPE.format(name=name))
        return home / f"{name}.yaml"

    return made


def opened(recipe: Path, *overrides: str) -> tuple[Job, dict[str, Any]]:
    job = Job(load_recipe(recipe, overrides), Store.open())
    return job, stages.sides_of(stages.dataset(job))


def ended(recipe: Path, verdict: str = "PROMOTE", parents: Sequence[str] | None = None) -> Artifact:
    """A run of this recipe that was trained and judged: its adapter."""
    job = Job(load_recipe(recipe), Store.open())
    store = job.store
    with store.start_run(job.recipe.name, job.recipe.model_dump(mode="json"), {}) as run:
        job.run = run
        data = stages.dataset(job)
        above = tuple(parents if parents is not None else job.parents)
        with store.draft("adapter") as draft:
            (draft.path / "weights").write_text(f"{run.id}")
            adapter = draft.commit((data.id, *above))
        with store.draft("ledger") as draft:
            (draft.path / "rows").write_text(run.id)
            ledger = draft.commit((data.id, adapter.id, *above))
        for stage, artifact in (("export", adapter), ("evaluate", ledger)):
            run.attach(stage, artifact)
        run.finish("done", verdict=verdict)
    return adapter


def asked(found: Earlier, number: int = 0) -> set[str]:
    return {item.example.asked for item in found.guards[number].suite.items}


def test_a_promoted_job_guards_the_next_on_its_base(write: Callable[..., Path]) -> None:
    first = write("tickets", rows("Ticket", 40), rows("Ticket", 12, 100))
    second = write("colours", rows("Colour", 40), rows("Colour", 12, 100))
    assert inherited(*opened(second)) == Earlier()
    ended(first, "REJECT")
    assert inherited(*opened(second)) == Earlier(), "what was not promoted guards nothing"
    ended(first)
    found = inherited(*opened(second))
    assert [one.suite.name for one in found.guards] == ["earlier/tickets"] and not found.without
    assert asked(found) == {row["messages"][0]["content"] for row in rows("Ticket", 12, 100)}
    assert inherited(*opened(second, "evaluate.inherit=false")) == Earlier()
    assert inherited(*opened(first)) == Earlier(), "a job does not guard itself"
    ended(second)
    third = write("letters", rows("Letter", 40), rows("Letter", 12, 100))
    both = inherited(*opened(third))
    assert [one.suite.name for one in both.guards] == ["earlier/tickets", "earlier/colours"]
    assert {one.suite.pool for one in both.guards} == {"earlier jobs"}


def test_rows_that_the_next_job_trains_on_are_left_out_by_name(write: Callable[..., Path]) -> None:
    test = rows("Ticket", 12, 100)
    told = "Anna of Basel wrote on a rainy Monday that her blue lamp and its long cable broke in the attic of a school"
    test[5] = chat(f"{told}: what will it be?", "T5")
    ended(write("tickets", rows("Ticket", 40), test))
    job, sides = opened(write("colours", rows("Colour", 40), rows("Colour", 12, 100)))
    copied = [test[3], chat(f"Please tell me: {test[5]['messages'][0]['content']}", "T5")]
    sides["train"] = [*sides["train"], *map(example, copied)]
    sides["test"] = [*sides["test"], example(test[7])]
    found = inherited(job, sides)
    left = {row["messages"][0]["content"] for n, row in enumerate(test) if n not in (3, 5, 7)}
    assert asked(found) == left
    note = found.guards[0].suite.note
    assert "1 are this job's own test rows" in note and "2 left out, the training rows show them" in note
    assert "tickets-test.jsonl:4" in note and "tickets-test.jsonl:6" in note


def test_another_base_is_guarded_where_it_descends(write: Callable[..., Path]) -> None:
    """An adapter of another base says nothing here, unless this job goes on from it."""
    first = write("tickets", rows("Ticket", 40), rows("Ticket", 12, 100))
    second = write("colours", rows("Colour", 40), rows("Colour", 12, 100))
    adapter = ended(first, parents=["base:other#sha256=" + "0" * 64])
    job, sides = opened(second)
    assert inherited(job, sides) == Earlier()
    job.parents = (*job.parents, adapter.id)
    assert [one.suite.name for one in inherited(job, sides).guards] == ["earlier/tickets"]


def test_many_rows_are_drawn_and_few_rows_get_the_margin_that_they_can_show(write: Callable[..., Path]) -> None:
    ended(write("many", rows("Ticket", 40), rows("Ticket", MOST_ITEMS + 60, 100)))
    ended(write("few", rows("Name", 40), rows("Name", 24, 100)))
    second = write("colours", rows("Colour", 40), rows("Colour", 12, 100))
    many, few = (one.suite for one in inherited(*opened(second)).guards)
    assert len(many.items) == MOST_ITEMS and len(few.items) == 24
    assert many.margin == few.margin > 2 and many.floor == 10 < few.floor
    plan = plan_recipe(load_recipe(second), Store.open())
    told = {line.value: line.reason for line in plan.lines if line.key == "evaluate.inherit"}
    assert "24 test rows of few" in told["earlier/few"] and f"floor of this one {few.floor:g}" in told["earlier/few"]
    assert not any("passes every" in w or "would pass every" in w for w in plan.warnings), "its joint power is enough"
    assert not any("no regression suite" in w for w in plan.warnings)


@pytest.mark.slow
def test_a_job_that_breaks_an_earlier_one_is_rejected_and_says_which(write: Callable[..., Path]) -> None:
    """The earlier job's test rows are things that nano can do; the next job is trained far too hard."""
    from luthier.evaluate import load_suite
    from luthier.pipeline.run import run_recipe
    from luthier.recipe.evaluate import RegressionSpec

    suite = load_suite(RegressionSpec(suite="skills"), folder=Path.cwd())
    able = [chat(item.example.asked, item.example.answer) for item in suite.items][::8]
    ended(write("skilled", able[:100], able[100:]))
    second = write("colours", rows("Colour", 80), rows("Colour", 20, 100))
    hard = ("train.learning_rate=0.05", "train.max_steps=12", "evaluate.baselines=[base]")
    outcome = run_recipe(load_recipe(second, hard), Store.open())
    assert outcome.verdict.kind.value == "REJECT" and "earlier/skilled broke: lost" in outcome.verdict.reason
    lines = {r.suite: r for r in outcome.verdict.results if r.role == "regression"}
    assert lines["earlier/skilled"].n >= 150 and lines["earlier jobs"].status == "broken"
    page = outcome.report.read_text()
    assert "earlier/skilled" in page and f"{lines['earlier/skilled'].n:,} test rows of skilled" in page
    ledger = Store.open().get(outcome.artifacts["ledger"])
    data = Store.open().artifacts("dataset")[0]
    assert data.id in ledger.parents, "whose rows are forgotten, is found"
