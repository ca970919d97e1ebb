"""``luthier data report`` as a user meets it; ``luthier data RECIPE`` stays what it was."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run


def chat(asked: str, answer: str) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": answer}]}


@pytest.fixture
def rows(home: Path) -> Path:
    made = [chat(f"Where is lamp number {n} of mine?", f"Lamp {n} is on its way to you.") for n in range(12)]
    (home / "rows.jsonl").write_text("".join(json.dumps(row) + "\n" for row in made))
    return home


def test_a_page_and_lines(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "report", "rows.jsonl"]) == 0
    out = capsys.readouterr().out
    assert "12 in 1 file, messages" in out and "no row has an empty input" in out and "data-report.html" in out
    assert "<h2>" in (rows / "data-report.html").read_text()
    assert run(["data", "report", "rows.jsonl"]) == 0  # a report of ours is replaced


def test_json_has_the_same_figures(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "report", "rows.jsonl", "--out", "pages/mine.html", "--json", "--holes", "holes.json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 12 and told["page"] == "pages/mine.html"
    assert json.loads((rows / "holes.json").read_text()) == {"holes": told["coverage"]["holes"]}
    assert f"{told['coverage']['holes'][0]['wanted']} more wanted" in (rows / "pages" / "mine.html").read_text()
    assert run(["data", "report", "rows.jsonl", "--holes", "holes.json"]) == 0


def test_nothing_of_the_users_is_overwritten(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (rows / "rows.jsonl").read_bytes()
    assert run(["data", "report", "rows.jsonl", "--out", "rows.jsonl"]) == 2
    assert run(["data", "report", "rows.jsonl", "--holes", "rows.jsonl"]) == 2
    assert "is there already" in capsys.readouterr().err
    assert (rows / "rows.jsonl").read_bytes() == before


def test_tokens_of_a_base_and_rows_that_are_too_long(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "report", "rows.jsonl", "--base", "nano", "--max-length", "5", "--json"]) == 0
    lengths = json.loads(capsys.readouterr().out)["lengths"]
    assert lengths["unit"] == "tokens of nano" and lengths["over"] == 12 and lengths["whole"]["min"] > 5


def test_scores_and_vectors_from_outside(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from luthier.records import Example

    lines = (rows / "rows.jsonl").read_text().splitlines()
    ids = [Example.from_dict(json.loads(line)).id for line in lines]
    scored = [{"id": one, "value": n / 10, "parts": {"ppl": n + 1.5}, "why": "text"} for n, one in enumerate(ids)]
    (rows / "ifd.jsonl").write_text("".join(json.dumps(one) + "\n" for one in scored))
    (rows / "mine.py").write_text("def turn(texts):\n    return [[len(t) % 2, 1.0] for t in texts]\n")
    assert run(["data", "report", "rows.jsonl", "--scores", "ifd.jsonl", "--embed", "./mine.py:turn", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert {one["name"]: (one["rows"], one["max"]) for one in told["scores"]} == {"ifd": (12, 1.1), "ppl": (12, 12.5)}
    (rows / "mine.py").write_text("def turn(texts):\n    return [1, 2]\n")
    assert run(["data", "report", "rows.jsonl", "--embed", "./mine.py:turn"]) == 1
    (rows / "ifd.jsonl").write_text('{"id": "a", "value": 1}\nnot a score\n')
    assert run(["data", "report", "rows.jsonl", "--scores", "ifd.jsonl"]) == 1
    assert "ifd.jsonl:2" in capsys.readouterr().err


def test_what_a_recipe_asked_a_model_is_shown_by_scorer(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rows / "judge.py").write_text("def rate(request):\n    return 'Because so.\\nScore: 4'\n")
    (rows / "job.yaml").write_text(
        "luthier: 1\nname: chosen\nmodel: {base: nano}\ndata: {source: rows.jsonl, split: {test: 20%, validation: 0},"
        " leak_similarity: 1.0, select: {judge: {engine: './judge.py:rate'}, likelihood: {max_ifd: null}, rows: 5}}\n"
    )
    assert run(["data", "report", "job.yaml", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["scores"] == [], "nothing was asked yet"
    assert run(["data", "job.yaml"]) == 0
    capsys.readouterr()
    assert run(["data", "report", "job.yaml", "--json"]) == 0
    told = {one["name"]: one["rows"] for one in json.loads(capsys.readouterr().out)["scores"]}
    assert told.keys() >= {"judge", "quality", "complexity", "likelihood", "perplexity"}
    assert 5 <= told["judge"] == told["quality"] == told["likelihood"] < 12, "training rows were asked about"


def test_what_is_wrong_is_said_in_words(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["data", "report", "nothing.jsonl"]) == 1
    assert "nothing.jsonl" in capsys.readouterr().err
    (rows / "odd.jsonl").write_text('{"stem": "a", "colour": "b", "size": 3}\n' * 3)
    assert run(["data", "report", "odd.jsonl"]) == 1
    assert "table of unknown shape" in capsys.readouterr().err
    assert run(["data", "report"]) == 2
    assert run(["data", "report", "rows.jsonl", "--sample", "0"]) == 2
    (rows / "r.yaml").write_text("luthier: 1\n")
    assert run(["data", "report", "r.yaml", "rows.jsonl"]) == 2


def test_a_recipe_brings_its_base_and_its_filters(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (rows / "r.yaml").write_text("luthier: 1\nname: r\nmodel: {base: nano}\ndata: {source: rows.jsonl}\n")
    assert run(["data", "report", "r.yaml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == 12 and told["lengths"]["unit"] == "tokens of nano" and told["lengths"]["limit"]


def test_the_stage_keeps_its_short_name(rows: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for words in (["data", "missing.yaml"], ["data", "stage", "missing.yaml"], ["data", "missing.yaml", "--json"]):
        assert run(words) == 1
        assert "no such recipe" in capsys.readouterr().err
    assert run(["data", "--help"]) == 0
    assert "report" in capsys.readouterr().out
