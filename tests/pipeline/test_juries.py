"""Judges as a user meets them: named in a recipe, refused before anything is trained, asked once, run to a verdict."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run
from luthier.errors import EgressDenied
from luthier.pipeline.job import Job
from luthier.pipeline.juries import open_jury
from luthier.recipe import load_recipe
from luthier.recipe.evaluate import JudgeMetric
from luthier.score.judge import Pair, compare_pairs
from luthier.store import Store

RECIPE = """\
luthier: 1
name: small
seed: 3
model: {base: nano}
data: {source: rows.jsonl, split: {test: 20%, validation: 10%}}
train: {tuning: {kind: lora, r: 4, alpha: 8}, max_steps: 4, evaluations: 1, checkpoints: 1, batch_tokens: 512}
evaluate:
  target: exact
  baselines: [base]
  max_tokens: 24
"""
JUDGE = '''
from pathlib import Path

def shortest(request):
    with Path("{asked}").open("a") as file:
        file.write("x")
    text = request.messages[-1].content
    a, b = (text.split(f"[answer {side} ")[1].split("\\\\n", 1)[1].split("\\\\n[end ")[0] for side in "AB")
    return "The shorter one.\\\\nVerdict: " + ("C" if len(a) == len(b) else "A" if len(a) < len(b) else "B")
'''
Luthier = Callable[..., tuple[int, Any]]


@pytest.fixture
def recipe(home: Path) -> Path:
    things = ["boat", "lamp", "door", "coat", "cup", "roof", "gate", "bell", "kite", "sled", "drum", "cart"]
    rows = [
        {"prompt": f"Ticket {n * 37}: what of the {things[n % 12]} near the {things[n * 7 % 11]} in street {n}?",
         "completion": f"The {things[n % 12]} is number {n}."}
        for n in range(60)
    ]  # fmt: skip
    (home / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    (home / "judge.py").write_text(JUDGE.replace("{asked}", str(home / "asked.txt")).replace("\\\\n", "\\n"))
    (home / "job.yaml").write_text(RECIPE)
    return home / "job.yaml"


@pytest.fixture
def luthier(capsys: pytest.CaptureFixture[str]) -> Luthier:
    def call(*words: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*words, "--json"])
        said = capsys.readouterr().out
        return code, json.loads(said) if said.strip() else None

    return call


def votes(home: Path, *, agree: bool) -> str:
    """40 pairs; people like the shorter answer where they agree with the scripted judge."""
    lines = []
    for n in range(40):
        short, long = f"yes {n}", f"yes, yes and yes {n}"
        a, b = (short, long) if n % 2 else (long, short)
        likes_short = agree or n % 3 == 0
        vote = "a" if (a == short) == likes_short else "b"
        lines.append({"question": f"Is it {n}?", "a": a, "b": b, "votes": [vote]})
    (home / "votes.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return "votes.jsonl"


class Server:
    """A judge behind HTTP; keeps who was asked, for how many tokens and with which key."""

    def __init__(self) -> None:
        self.heard: list[tuple[str, str, int, str | None]] = []

    def answer(self, path: str, body: dict[str, Any], key: str | None) -> dict[str, Any]:
        self.heard.append((path, body["model"], body["max_tokens"], key))
        choice = {"index": 0, "message": {"role": "assistant", "content": "Verdict: A"}, "finish_reason": "stop"}
        return {"choices": [choice], "usage": {"prompt_tokens": 1, "completion_tokens": 1}}


@pytest.fixture
def server(serve: Callable[[Any], str]) -> tuple[str, Server]:
    served = Server()
    return serve(served.answer), served


def test_a_server_judges_as_the_recipe_says(
    recipe: Path, server: tuple[str, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, served = server
    monkeypatch.setenv("MY_KEY", "secret")
    remote = {"url": f"{url}/v1", "model": "big", "key": "MY_KEY", "concurrency": 2}
    judge = {"kind": "judge", "engine": [remote, "./judge.py:shortest"], "max_tokens": 77}
    loaded = load_recipe(recipe, [f"evaluate.also={json.dumps([judge])}"])
    job = Job(loaded, Store.open())
    with open_jury(job, loaded.recipe.evaluate.judges[0]) as jurors:
        assert [j.name for j in jurors] == ["big", "judge.py"]
        found = [compare_pairs(j, [Pair("q", "a", "bbb")])[0] for j in jurors]
    assert served.heard == [("/v1/chat/completions", "big", 77, "Bearer secret")] * 2, "both orders"
    assert found[0].flipped and found[1].value == 1.0


def test_no_row_goes_to_a_judge_on_a_host_that_the_recipe_does_not_name(recipe: Path) -> None:
    judge = {"kind": "judge", "engine": {"url": "https://judge.example/v1", "model": "big"}}
    loaded = load_recipe(recipe, [f"evaluate.also={json.dumps([judge])}"])
    metric = loaded.recipe.evaluate.judges[0]
    assert isinstance(metric, JudgeMetric)
    with pytest.raises(EgressDenied), open_jury(Job(loaded, Store.open()), metric) as jurors:
        compare_pairs(jurors[0], [Pair("q", "a", "b")])


@pytest.mark.slow
def test_nano_is_refused_as_a_judge_before_anything_is_trained(recipe: Path, luthier: Luthier) -> None:
    judge = {"kind": "judge", "engine": "nano", "people": votes(recipe.parent, agree=True)}
    code, told = luthier("run", "job.yaml", "--set", f"evaluate.target={json.dumps(judge)}")
    assert code == 1
    error = told["error"]
    assert "judge may not decide: kappa" in error["what"] and "the floor is 0.4" in error["what"]
    assert error["kappa"] < 0.4 and error["floor"] == 0.4 and error["fix"]
    assert not Store.open().artifacts("training"), "hours of training would have been for nothing"


@pytest.mark.slow
def test_a_judge_and_people_on_the_way_to_a_verdict(recipe: Path, luthier: Luthier) -> None:
    """Shown beside first; then people are asked, blind; then the judge decides, corrected by them."""
    home = recipe.parent
    shown = {"kind": "judge", "engine": "./judge.py:shortest"}
    _, first = luthier("run", "job.yaml", "--set", f"evaluate.also={json.dumps([shown])}")
    line = next(r for r in first["verdict"]["results"] if r["metric"] == "judge")
    n = line["n"]
    assert line["status"] == "described" and 6 <= n <= 20
    assert "What the judges are worth" in Path(first["report"]).read_text()

    code, asked = luthier("eval", "ask", first["run"], "-o", "tasks", "--items", "60")
    assert code == 0 and asked["tasks"] + asked["equal"] == n
    text = (home / "tasks" / "tasks.csv").read_text(encoding="utf-8-sig")
    assert "tuned" not in text and "base" not in text and not (home / "tasks" / "key.json").exists()
    for who in ("anna", "ben"):
        rows = list(csv.DictReader(text.splitlines(keepends=True)))
        for row in rows:
            left, right = len(row["left"].lstrip("'")), len(row["right"].lstrip("'"))
            row["vote"] = "tie" if left == right else "left" if left < right else "right"
        with (home / f"{who}.csv").open("w", newline="") as out:
            table = csv.DictWriter(out, list(rows[0]) if rows else ["task", "vote"])
            table.writeheader()
            table.writerows(rows)
    code, told = luthier("eval", "votes", "anna.csv", "ben.csv", "-o", "mine.jsonl")
    assert code == 0 and told["agreement"]["people"] == 2 and told["agreement"]["alpha"] in (1.0, None)
    people = next(r for r in told["verdict"]["results"] if r["metric"] == "people")
    assert people["n"] == n and people["candidate"] == pytest.approx(line["candidate"]), "they say the same"
    _, again = luthier("gate", first["run"])
    assert any(r["metric"] == "people" for r in again["results"]), "in the ledger that the gate reads"
    assert luthier("verify")[0] == 0

    before = (home / "asked.txt").stat().st_size
    judge = {**shown, "people": votes(home, agree=True)}
    keys = ["--set", f"evaluate.target={json.dumps([judge])}", "--set", "evaluate.also=[]"]
    _, second = luthier("run", "job.yaml", *keys)
    line = next(r for r in second["verdict"]["results"] if r["metric"] == "judge")
    assert line["status"] in ("improved", "worse", "undecided")
    assert (home / "asked.txt").stat().st_size - before <= 2 * (40 + n), "people's pairs once, not twice"
    code, accounts = luthier("eval", "judges", second["run"], "-o", "judges.html")
    assert code == 0 and accounts[0]["raters"]["judge.py"]["agreement"]["kappa"]["estimate"] == 1.0
    assert "Agreement beyond chance" in (home / "judges.html").read_text()
    again = luthier("run", f"runs/{second['run']}/recipe.yaml")[1]
    same = [[(r["metric"], r["candidate"], r["n"]) for r in made["verdict"]["results"]] for made in (second, again)]
    assert same[0] == same[1], "the recipe that a run wrote finds its judge and votes"


def test_votes_in_a_file_are_an_account_of_their_models(home: Path, luthier: Luthier) -> None:
    lines = [
        {"question": f"q{n}", "a": "x" * (1 + n % 3), "b": "yy",
         "votes": {"anna": "ab"[n % 2], "ben": "ab"[n % 2], "bot": "ab"[n % 2] if n % 4 else "a"}}
        for n in range(40)
    ]  # fmt: skip
    (home / "v.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    code, (found,) = luthier("eval", "judges", "v.jsonl", "--judge", "bot", "-o", "page.html")
    assert code == 0 and found["people"]["kappa"]["anna, ben"]["estimate"] == 1.0
    assert found["raters"]["bot"]["agreement"]["n"] == 40 and (home / "page.html").stat().st_size > 4000
    assert luthier("eval", "judges", "v.jsonl")[1]["error"]["what"] == "who of the voters are models?"
    assert "nobody called" in luthier("eval", "judges", "v.jsonl", "--judge", "bott")[1]["error"]["what"]
