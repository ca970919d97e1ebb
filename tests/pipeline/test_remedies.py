"""What is suggested against forgetting, as keys that a recipe takes, and how --remedy finds them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.errors import UsageError
from luthier.pipeline import probes, remedy
from luthier.pipeline.job import Job
from luthier.pipeline.remedy import labels, remedies, with_remedy
from luthier.recipe import Recipe, load_recipe
from luthier.store import Store

RECIPE = """\
luthier: 1
name: small
model: {base: nano}
data: {source: rows.jsonl, split: {test: 20%, validation: 20%}}
train: {epochs: 4}
evaluate: {regression: [{suite: old.jsonl}]}
"""


@pytest.fixture
def small(home: Path) -> Path:
    rows = [{"prompt": f"What number has house {i}?", "completion": f"House {i} has {7 * i}."} for i in range(40)]
    (home / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    path = home / "small.yaml"
    path.write_text(RECIPE)
    return path


def made(path: Path, *changes: str) -> Recipe:
    return load_recipe(path, changes).recipe


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([], ["data.replay.share: 25%", "train.learning_rate: 0.001", "train.epochs: 2"]),
        (["train.tuning=full"], ["train.tuning: lora", "data.replay.share: 25%"]),
        (["data.replay={source: nano, share: 33%}", "train.anchor=1"], ["train.anchor: 3"]),
        (["data.replay={source: nano, share: 33%}"], ["train.anchor: 1"]),
        (["train.epochs=1"], ["data.replay.share: 25%", "train.learning_rate: 0.001"]),
    ],
)
def test_each_suggestion_is_keys_that_change_the_recipe(small: Path, changes: list[str], expected: list[str]) -> None:
    recipe = made(small, *changes)
    found = remedies(recipe, learning_rate=2e-3)
    assert [r.label for r in found][: len(expected)] == expected
    assert labels(found)[0] == f"[1] {expected[0]}"
    for one in found:
        changed = made(small, *changes, *one.overrides)
        assert changed != recipe, one.label
        for key, value in one.keys.items():
            part: Any = changed
            for name in key.split("."):
                part = getattr(part, name)
            shown = getattr(part, "kind", part)
            assert (list(shown) if isinstance(shown, tuple) else shown) == value


def test_a_number_is_looked_up_in_the_last_run_of_the_same_recipe(small: Path) -> None:
    store = Store.open()
    with pytest.raises(UsageError, match="no finished run of this recipe"):
        with_remedy(small, [], 1, store)
    recipe = made(small)
    run = store.start_run(recipe.name, recipe.model_dump(mode="json"), {})
    (run.dir / "recipe.yaml").write_text(RECIPE.replace("rows.jsonl", str(small.parent / "rows.jsonl")))
    remedy.write(run.dir, remedies(recipe, learning_rate=2e-3), None)
    run.finish("done", verdict="REJECT")
    found = with_remedy(small, ["train.anchor=0"], 2, store)
    assert found.recipe.train.learning_rate == 1e-3 and found.recipe.name == "small"
    # of the run's own copy of the recipe too, whose paths are absolute
    again = with_remedy(run.dir / "recipe.yaml", [], 3, store)
    assert again.recipe.train.epochs == 2.0
    with pytest.raises(UsageError, match="has no remedy 4") as caught:
        with_remedy(small, [], 4, store)
    assert "[2] train.learning_rate: 0.001" in caught.value.why
    with pytest.raises(UsageError, match="no finished run"):
        with_remedy(small, ["seed=5"], 1, store)  # another recipe


def test_probe_rows_stand_neither_in_training_nor_in_the_gates_suites(small: Path) -> None:
    """Rows of the suite are planted in the source of probes: none of them may be left, nor a trained one."""
    from luthier.pipeline import stages

    general = [
        {"messages": [{"role": "user", "content": f"General question {i} about the {w} and nothing else at all"},
                      {"role": "assistant", "content": f"It is {w}."}]}
        for i, w in enumerate(f"thing{n} of kind {n * n}" for n in range(60))
    ]  # fmt: skip
    home = small.parent
    (home / "general.jsonl").write_text("".join(json.dumps(r) + "\n" for r in general))
    suite = [{"messages": r["messages"][:1], "answer": r["messages"][1]["content"]} for r in general[:20]]
    (home / "old.jsonl").write_text("".join(json.dumps(r) + "\n" for r in suite))
    changes = ["data.replay={source: general.jsonl, share: 20%}"]
    job = Job(load_recipe(small, changes), Store.open())
    data = stages.dataset(job)
    sides = stages.sides_of(data)
    rows = probes.read(probes.probes(job, data, sides))
    asked = {e.asked for e in rows}
    sealed = {item["messages"][0]["content"] for item in suite}
    trained = {e.asked for e in sides["train"]}
    assert any(e.meta.get("replay") for e in sides["train"])
    assert asked and not asked & sealed and not asked & trained
    assert asked <= {r["messages"][0]["content"] for r in general}
    assert probes.probes(job, data, sides) is not None and len(job.store.artifacts("probes")) == 1, "drawn once"
    own = Job(load_recipe(small, ["train.watch.source=old.jsonl"]), job.store)
    assert probes.source_of(own) == ("old.jsonl",) and probes.source_of(job) == ("general.jsonl",)


def test_rows_decide_the_training_key_only_where_they_may_stop_it(small: Path) -> None:
    home = small.parent
    (home / "old.jsonl").write_text('{"messages": [{"role": "user", "content": "a b c"}], "answer": "x"}\n')
    (home / "g.jsonl").write_text('{"prompt": "one two three", "completion": "four"}\n')

    def key(*changes: str) -> str:
        return Job(load_recipe(small, ["train.watch.source=g.jsonl", *changes]), Store.open()).train_key("d")

    before, stopping = key(), key("train.watch.forgetting=stop")
    (home / "g.jsonl").write_text('{"prompt": "five six seven", "completion": "eight"}\n')
    assert key() == before and key("train.watch.forgetting=stop") != stopping
