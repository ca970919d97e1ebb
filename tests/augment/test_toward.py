"""Steering toward holes: prompts name what is missing, each hole gets its quota, what cannot be filled is told."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from luthier.augment import Asker, Hole, Journal, Seed, Worked, figures_of, generate, read_holes
from luthier.cli.main import run as luthier
from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError, UsageError
from luthier.recipe.augment import AlarmSpec, AugmentSpec

from .conftest import scripted

HOLES = (
    Hole("long German", {"length": "long", "language": "German"}, rows=2, wanted=14),
    Hole("refusals", {"edge class": "refusal"}, rows=0, wanted=4),
)


class Model:
    """The scripted model; keeps what it was asked and may fail at one kind or write it all alike."""

    def __init__(self, barren: str = "", alike: str = "") -> None:
        self.asked: list[str] = []
        self._barren, self._alike = barren, alike
        self._written = 0

    def __call__(self, request: Request) -> str:
        text = request.messages[-1].content
        self.asked.append(text)
        if text.startswith("Come up with a series"):
            if self._barren and self._barren in text:
                return "I cannot."
            if self._alike and self._alike in text:
                self._written += 1
                words = " ".join(f"w{self._written}{n}" for n in range(6)) if self._written < 3 else "the same old one"
                return "\n".join(f"{n}. Say {words} to {self._written}{n} of all the others." for n in (9, 10, 11))
        return scripted(request)


def made(
    folder: Path, seeds: Sequence[Seed], model: Model, holes: Sequence[Hole] = HOLES, **spec: Any
) -> tuple[Worked, list[dict[str, Any]]]:
    folder.mkdir(exist_ok=True)
    asked = AugmentSpec.model_validate({"rows": 500, **spec})
    done = generate(asked, seeds, Asker(ScriptedEngine(model)), folder, seed=0, holes=holes)
    return done, Journal.read(folder).lines


def test_each_hole_gets_as_many_rows_as_it_misses_and_then_the_work_ends(seeds: list[Seed], tmp_path: Path) -> None:
    model = Model()
    done, lines = made(tmp_path / "a", seeds, model)
    rows = [row["augmented"]["hole"] for line in lines for row in line.get("rows", ())]
    assert Counter(rows) == {"long German": 12, "refusals": 4} and done.reason == "done"
    told = {f.hole.name: (f.state, f.rows, f.to_dict()["rate"]) for f in done.figures.holes}
    assert told == {"long German": ("filled", 12, 1.0), "refusals": ("filled", 4, 1.0)}
    assert done.figures.reasons["hole.full"] > 0, "what is too much is told"
    lists = [text for text in model.asked if text.startswith("Come up with a series")]
    fills = [text for text in model.asked if text.startswith(("Come up with examples", "Given the classification"))]
    for texts in (lists, fills):
        kinds = ["length: long; language: German" in text for text in texts]
        assert any(kinds) and all(k or "edge class: refusal" in t for k, t in zip(kinds, texts, strict=True))


def test_the_larger_hole_is_asked_for_more_often(seeds: list[Seed], tmp_path: Path) -> None:
    holes = (Hole("big", {"x": "1"}, 0, 900), Hole("small", {"x": "2"}, 0, 100))
    done, _ = made(tmp_path / "a", seeds, Model(), holes, rows=60)
    asked = {f.hole.name: f.asked for f in done.figures.holes}
    assert asked["big"] > 3 * asked["small"] and done.figures.rows >= 60


def test_a_hole_that_the_model_cannot_fill_is_given_up_and_the_others_are_filled(
    seeds: list[Seed], tmp_path: Path
) -> None:
    done, _ = made(tmp_path / "a", seeds, Model(barren="refusal"), self_instruct={"patience": 6})
    told = {f.hole.name: (f.state, f.rows) for f in done.figures.holes}
    assert told == {"long German": ("filled", 12), "refusals": ("given up", 0)}
    assert done.reason == "exhausted"


def test_a_hole_whose_tasks_get_alike_raises_its_own_alarm(seeds: list[Seed], tmp_path: Path) -> None:
    model = Model(alike="refusal")
    holes = (Hole("refusals", {"edge class": "refusal"}, 0, 400), Hole("other", {"x": "2"}, 0, 400))
    alarm = AlarmSpec(window=20, distinct=0.8)
    done, _ = made(
        tmp_path / "a", seeds, model, holes, rows=160, self_instruct={"similar": 1.0}, alarm=alarm.model_dump()
    )
    assert {f.hole.name: f.alike for f in done.figures.holes} == {"refusals": True, "other": False}


def test_a_stopped_run_goes_on_to_the_same_journal_and_other_holes_are_refused(
    seeds: list[Seed], tmp_path: Path
) -> None:
    made(tmp_path / "a", seeds, Model())
    whole = (tmp_path / "a" / "journal.jsonl").read_bytes()
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "journal.jsonl").write_bytes(b"".join(whole.splitlines(keepends=True)[:4]) + b'{"torn')
    made(tmp_path / "b", seeds, Model())
    assert (tmp_path / "b" / "journal.jsonl").read_bytes() == whole
    assert [f.rows for f in figures_of(tmp_path / "b").holes] == [12, 4]
    with pytest.raises(LuthierError, match="another settings"):
        made(tmp_path / "a", seeds, Model(), HOLES[:1])


def test_without_holes_nothing_is_said_of_them(seeds: list[Seed], tmp_path: Path) -> None:
    model = Model()
    done, lines = made(tmp_path / "a", seeds, model, (), rows=8)
    assert not any("of this kind" in text for text in model.asked) and "holes" not in done.figures.to_dict()
    assert not any("hole" in json.dumps(line) for line in lines)


@pytest.mark.parametrize(
    "body",
    ["{", "[]", '{"holes": {}}', '{"holes": [{"name": "x"}]}', '{"holes": [{"name": "x", "cells": {}, "wanted": 3}]}',
     '{"holes": [{"name": "x", "cells": {"a": "b"}, "rows": 0, "wanted": -3}]}',
     '{"holes": [{"name": "x", "cells": {"a": "b"}, "rows": "many", "wanted": 3}]}',
     '{"holes": [{"name": "x", "cells": {"a": "b"}, "wanted": 3}, {"name": "x", "cells": {"a": "c"}, "wanted": 3}]}',
     '{"holes": [{"name": "x", "cells": {"a": "b"}, "rows": 3, "wanted": 3}]}', '{"holes": []}'],
)  # fmt: skip
def test_what_is_no_coverage_file_is_refused(body: str, tmp_path: Path) -> None:
    (tmp_path / "coverage.json").write_text(body)
    with pytest.raises((LuthierError, UsageError)):
        read_holes(tmp_path / "coverage.json")


def test_holes_are_read_largest_first_and_full_ones_left_out(tmp_path: Path) -> None:
    holes = [{"name": "full", "cells": {"a": 1}, "rows": 9, "wanted": 9}, *(h.to_dict() for h in reversed(HOLES))]
    (tmp_path / "coverage.json").write_text(json.dumps({"holes": holes, "other": "things"}))
    assert read_holes(tmp_path / "coverage.json") == HOLES


def test_the_command_shows_the_fill_of_each_hole(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one = [{"input": "", "output": "So."}]
    tasks = [{"instruction": f"Tell me how the ship {n} sails on the sea.", "instances": one} for n in range(8)]
    (home / "seeds.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    (home / "coverage.json").write_text(json.dumps({"holes": [HOLES[1].to_dict()]}))
    (home / "model.py").write_text(
        "def write(request):\n"
        "    text = request.messages[-1].content\n"
        "    if text.startswith('Come up with a series'):\n"
        "        n = request.seed\n"
        "        return f'9. Refuse to hand out number {n} to party {n % 97} and tell clerk {n % 89} why.'\n"
        "    return 'No' if 'Is it classification?' in text else f'Output: I may not, {len(text)}.'\n"
    )
    arguments = ["augment", "run", "seeds.jsonl", "--engine", "./model.py:write", "--toward", "coverage.json"]
    arguments += ["--set", "augment.self_instruct.similar=1.0"]
    assert luthier(arguments) == 0
    out = capsys.readouterr().out
    assert "hole      refusals: 4 of 4 rows (100%" in out and "filled" in out
    assert luthier(["augment", "status", "seeds", "--json"]) == 0
    (hole,) = json.loads(capsys.readouterr().out)["figures"]["holes"]
    assert (hole["need"], hole["rows"], hole["state"]) == (4, 4, "filled")
    assert luthier([*arguments, "--set", "augment.self_instruct=null", "--set", "augment.evolve={}"]) == 2


def test_holes_that_a_data_report_writes_are_steered_toward(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    tasks = [{"instruction": f"Tell me how ship {n} sails on the sea.", "output": f"Well, {n}."} for n in range(8)]
    (home / "seeds.jsonl").write_text("".join(json.dumps(task) + "\n" for task in tasks))
    assert luthier(["data", "report", "seeds.jsonl", "--holes", "holes.json", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)["coverage"]["holes"]
    assert told and {hole.name: hole.need for hole in read_holes(home / "holes.json")} == {
        hole["name"]: hole["wanted"] - hole["rows"] for hole in told
    }
    (home / "model.py").write_text(
        "import re, pathlib\n"
        "def write(request):\n"
        "    text = request.messages[-1].content\n"
        "    if text.startswith('Come up with a series'):\n"
        "        pathlib.Path('asked.txt').open('a').write(text)\n"
        "        n = request.seed\n"
        "        return f'9. Refuse to hand out number {n} to party {n % 97} and tell clerk {n % 89} why.'\n"
        "    return 'No' if 'Is it classification?' in text else f'Output: I may not, {len(text)}.'\n"
    )
    arguments = ["augment", "run", "seeds.jsonl", "--engine", "./model.py:write", "--toward", "holes.json"]
    assert luthier([*arguments, "--rows", "6", "--set", "augment.self_instruct.similar=1.0", "--json"]) == 0
    filled = json.loads(capsys.readouterr().out)["figures"]["holes"]
    assert {hole["name"] for hole in filled} == {hole["name"] for hole in told}
    assert sum(hole["rows"] for hole in filled) >= 6
    asked = (home / "asked.txt").read_text()
    assert any(f"edge: {hole['cells']['edge']}" in asked for hole in told if "edge" in hole["cells"])
