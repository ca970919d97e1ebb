"""Selection as a user meets it: a preview that files nothing, the stage that does, and scores kept between them."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save_file

from luthier.cli.main import run
from luthier.engines import remote
from luthier.models.source import resolve
from luthier.pipeline.job import Job
from luthier.pipeline.plan import plan_recipe
from luthier.recipe import load_recipe
from luthier.store import Store

NOUNS = ["anchor", "basket", "candle", "donkey", "engine", "feather", "garden", "hammer", "island", "jacket", "kettle"]
JUDGE = '''
from pathlib import Path

def rate(request):
    text = request.messages[-1].content
    with Path("{asked}").open("a") as file:
        file.write("x")
    if "How complex" in text:
        return "A plain question.\\nScore: 2"
    return "It is short.\\nScore: " + ("2" if "It is 1" in text else "5")
'''
RECIPE = """\
luthier: 1
name: chosen
model: {base: nano}
data:
  source: rows.jsonl
  split: {test: 20%, validation: 10%}
  select:
    judge: {engine: "./judge.py:rate", min_quality: 3}
    rows: 25
"""


@pytest.fixture
def recipe(home: Path) -> Path:
    rows = [
        {"question": f"What of the {NOUNS[n % 11]} and the {NOUNS[n * 5 % 11]} number {n * n} in street {n}?",
         "answer": f"It is {n}, said the {NOUNS[n * 3 % 11]}."}
        for n in range(60)
    ]  # fmt: skip
    (home / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (home / "judge.py").write_text(JUDGE.replace("{asked}", str(home / "asked.txt")))
    (home / "job.yaml").write_text(RECIPE)
    return home / "job.yaml"


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_preview_then_file_then_erase(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    asked = recipe.parent / "asked.txt"
    assert run(["data", "preview", "job.yaml", "--json"]) == 0
    seen = json.loads(capsys.readouterr().out)
    assert Store.open().artifacts("dataset") == [], "a preview files nothing"
    steps = {step["name"]: step["removed"] for step in seen["steps"]}
    assert seen["rows"]["train"] == 25 and steps["selection: quality"] >= 1 and steps["selection: budget"] >= 5
    scored = seen["selection"]["scores"]["judge"]["rows"]
    assert len(asked.read_text()) == 2 * scored

    assert run(["data", "preview", "job.yaml", "--set", "data.select.rows=10"]) == 0
    page = capsys.readouterr().out
    assert "selection: quality" in page and "quality 2 of 6" in page and "nothing was filed" in page
    assert len(asked.read_text()) == 2 * scored, "another limit asks nothing again"

    assert run(["data", "job.yaml", "--json"]) == 0
    store = Store.open()
    dataset = store.get(json.loads(capsys.readouterr().out)["artifact"])
    assert len(asked.read_text()) == 2 * scored
    assert any(parent.startswith("engine:judge.py#sha256=") for parent in dataset.parents)
    train, aside = lines(dataset.path / "train.rows.jsonl"), lines(dataset.path / "quarantine.jsonl")
    assert len(train) == 25
    gone = [row for row in aside if row["rule"].startswith("select.")]
    assert len(gone) == steps["selection: quality"] + steps["selection: budget"]
    assert all(row["why"] and row["row"]["messages"] for row in gone)
    scores = lines(dataset.path / "scores.jsonl")
    assert len(scores) == scored and scores[0]["quality"] in (2.0, 5.0) and "It is short." in scores[0]["why"]

    victim = next(row["id"] for row in gone if row["rule"] == "select.quality")
    assert run(["why", victim, "--json"]) == 0
    (held,) = json.loads(capsys.readouterr().out)["children"]
    assert "quarantine.jsonl" in held["title"] and "[select.quality]" in held["facts"]["left because"]
    store.erase([victim])
    assert victim not in {row["id"] for row in lines(dataset.path / "scores.jsonl") if not row.get("erased")}
    assert store.verify() == [] and not list(store.work_folder.glob("scores-*"))


def test_the_judge_belongs_to_the_key(recipe: Path) -> None:
    def key(*overrides: str) -> str:
        return Job(load_recipe(recipe, overrides), Store.open()).data_key

    plain = key()
    assert plain == key()
    assert key("data.select.rows=24") != plain
    (recipe.parent / "judge.py").write_text("def rate(request):\n    return 'Score: 1'\n")
    assert key() != plain, "another judge under the same name"


def test_a_plan_asks_no_model_and_says_so(recipe: Path) -> None:
    plan = plan_recipe(load_recipe(recipe), Store.open())
    assert plan.facts["rows"]["train"] > 25
    assert any("as if no model took any out" in warning for warning in plan.warnings)
    assert not (recipe.parent / "asked.txt").exists()


def test_the_base_scores_and_gives_vectors(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    keys = ["data.select.judge=null", "data.select.likelihood.max_ifd=null", "data.vectors=nano"]
    keys.append("data.dedupe.semantic=0.9999")
    arguments = [part for key in keys for part in ("--set", key)]
    assert run(["data", "preview", "job.yaml", "--json", *arguments]) == 0
    seen = json.loads(capsys.readouterr().out)
    figures = seen["selection"]["scores"]["likelihood"]
    assert figures["unscored"] == 0 and 0.5 < figures["value"]["p50"] < 2, "to nano all of it is nonsense"
    assert seen["semantic"]["by"] == "nano" and seen["semantic"]["pairs"] < 60


def test_wrong_ways_are_answered_with_words(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "preview", "job.yaml", "--set", "data.select.judge.engine=./gone.py:rate"]) == 1
    assert "gone.py" in capsys.readouterr().err
    assert run(["data", "preview", "job.yaml", "--set", "data.select.by=ifd"]) == 2
    assert "by: ifd needs likelihood" in capsys.readouterr().err
    far = "data.select.judge.engine=http://judge.example.org/v1#big"
    assert run(["data", "preview", "job.yaml", "--set", far]) == 1
    assert "privacy.egress" in capsys.readouterr().err
    assert run(["data", "preview", "rows.jsonl", "--set", "data.dedupe.semantic=0.95", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["semantic"]["by"] == "words"
    assert run(["data"]) == 2
    assert run(["data", "--help"]) == 0
    assert "preview" in capsys.readouterr().out


def test_another_model_finds_the_rows_otherwise_likely(recipe: Path, capsys: pytest.CaptureFixture[str]) -> None:
    nano = resolve("nano").folder
    shutil.copytree(nano, recipe.parent / "other")
    weights, last = load_file(nano / "model.safetensors"), "model.norm.weight"
    save_file({**weights, last: weights[last] / 2}, recipe.parent / "other" / "model.safetensors", {"format": "pt"})
    found = []
    for model in ("null", "./other"):
        keys = ["data.select.judge=null", "data.select.likelihood.max_ifd=null"]
        keys.append(f"data.select.likelihood.model={model}")
        assert run(["data", "preview", "job.yaml", "--json", *(p for key in keys for p in ("--set", key))]) == 0
        found.append(json.loads(capsys.readouterr().out)["selection"]["scores"]["likelihood"]["parts"]["perplexity"])
    assert found[0]["p50"] != pytest.approx(found[1]["p50"], rel=0.01)


class Server:
    """A judge and a giver of vectors behind HTTP; keeps who was asked, with which key, and how many at once."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, str | None]] = []
        self.most = self._now = 0
        self._lock = threading.Lock()

    def answer(self, path: str, body: dict[str, Any], key: str | None) -> dict[str, Any]:
        with self._lock:
            self.heard.append((path, body["model"], key))
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(0.02)
        with self._lock:
            self._now -= 1
        if path.endswith("/embeddings"):
            vectors = [[float(len(text)), 1.0, sum(map(ord, text)) % 97] for text in body["input"]]
            return {"data": [{"index": n, "embedding": vector} for n, vector in enumerate(vectors)]}
        return {"choices": [{"message": {"content": "So.\nScore: 5"}, "finish_reason": "stop"}]}


@pytest.fixture
def server(serve: Callable[[Any], str]) -> tuple[str, Server]:
    served = Server()
    return serve(served.answer), served


@pytest.mark.parametrize(
    ("at", "path", "others"),
    [("data.select.judge.engine", "/chat/completions", []),
     ("data.vectors", "/embeddings", ["data.select.judge=null", "data.dedupe.semantic=0.9999"])],
)  # fmt: skip
def test_a_server_judges_and_gives_vectors_as_the_recipe_says(
    at: str, path: str, others: list[str], recipe: Path, server: tuple[str, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, served = server
    monkeypatch.setenv("MY_KEY", "secret")
    monkeypatch.setattr(remote, "_TEXTS", 8)

    def heard(model: str, root: str = "/v1", **more: Any) -> tuple[set[tuple[str, str, str | None]], int]:
        served.heard.clear()
        served.most = 0
        keys = [f"{at}={json.dumps({'url': url + root, 'model': model, **more})}", *others]
        assert run(["data", "preview", "job.yaml", "--json", *(p for key in keys for p in ("--set", key))]) == 0
        return set(served.heard), served.most

    said, most = heard("one", concurrency=1)
    assert said == {(f"/v1{path}", "one", None)} and most == 1
    said, most = heard("two", "/v2", key="MY_KEY", concurrency=4)
    assert said == {(f"/v2{path}", "two", "Bearer secret")}
    assert 1 < most <= 4
