"""``luthier contamination`` and ``luthier pack`` as a user meets them: exit codes, JSON, words for what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run

LONG = "how many of the seven red lanterns did the old ferryman hang over the harbour wall before the storm of that day"
OTHER = "what does a baker in the upper town pay for the flour that the mill on the hill grinds for her in a dry summer"


def put(folder: Path, name: str, rows: list[dict[str, Any]]) -> str:
    (folder / name).write_text("".join(json.dumps(one) + "\n" for one in rows))
    return name


@pytest.fixture
def files(home: Path) -> Path:
    put(home, "train.jsonl", [{"question": f"Tell me: {LONG}, please?", "answer": "five"}])
    put(home, "dirty.jsonl", [{"question": LONG.title(), "answer": "5"}, {"question": OTHER, "answer": "six"}])
    put(home, "clean.jsonl", [{"question": OTHER, "answer": "six"}])
    return home


def test_exit_codes_and_the_marked_text(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["contamination", "train.jsonl", "clean.jsonl"]) == 0
    assert "✓ clean: 0 dirty, 0 suspect, 1 clean" in capsys.readouterr().out
    assert run(["contamination", "train.jsonl", "dirty.jsonl"]) == 1
    out = capsys.readouterr().out
    assert "✗ dirty: 1 dirty, 0 suspect, 1 clean" in out
    assert f"[[{LONG.title()}]]" in out and f"Tell me: [[{LONG}]], please?" in out
    assert "dirty.jsonl:1" in out and "train.jsonl:1" in out


def test_a_pack_says_the_same_without_the_text(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["pack", "dirty.jsonl", "set.pack", "--name", "lanterns", "--licence", "CC BY 4.0"]) == 0
    assert "2 items" in capsys.readouterr().out
    (files / "dirty.jsonl").unlink()
    assert run(["contamination", "train.jsonl", "set.pack", "--json"]) == 1
    told = json.loads(capsys.readouterr().out)["sets"][0]
    assert (told["name"], told["licence"], told["counts"]["dirty"]) == ("lanterns", "CC BY 4.0", 1)
    assert "item_text" not in told["worst"][0] and "ferryman" in told["worst"][0]["row_text"]["text"]


def test_tables_of_unknown_layout_and_rows_without_answers(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(files, "odd.jsonl", [{"stem": LONG, "colour": "red", "size": 3}, {"stem": OTHER, "colour": "red", "size": 3}])
    assert run(["contamination", "train.jsonl", "odd.jsonl"]) == 1
    assert "table of unknown shape" in capsys.readouterr().err
    assert run(["contamination", "train.jsonl", "odd.jsonl", "--question", "stem"]) == 1
    assert "1 dirty" in capsys.readouterr().out
    put(files, "mixed.jsonl", [{"question": LONG, "answer": ""}, {"question": OTHER, "answer": "six"}])
    assert run(["contamination", "train.jsonl", "mixed.jsonl"]) == 0
    assert "1 evaluation rows (luthier check says why)" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "code", "says"),
    [
        (["contamination", "train.jsonl", "clean.jsonl", "--profile", "tulu"], 2, "did you mean tulu3?"),
        (["contamination", "none.jsonl", "clean.jsonl"], 1, "no such file or folder: none.jsonl"),
        (["contamination", "dataset-1234", "clean.jsonl"], 1, "dataset-1234"),
        (["contamination", "train.jsonl", "none.pack"], 1, "no such pack: none.pack"),
        (["contamination", "train.jsonl", "bad.pack"], 1, "bad.pack is no pack that can be read"),
        (["contamination", "train.jsonl", "clean.jsonl", "--question", "qestion"], 2, "did you mean question?"),
        (["pack", "clean.jsonl", "out.bin"], 2, "a pack's name ends in .pack"),
        (["pack", "clean.jsonl", "no/such/folder/out.pack"], 1, "cannot be written"),
        (["pack", "bad.pack", "out.pack"], 1, "no pack that can be read"),
        (["pack"], 2, "missing argument"),
    ],
)
def test_mistakes_get_four_lines(
    files: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, says: str
) -> None:
    (files / "bad.pack").write_bytes(b"PK\x03\x04")
    assert run(arguments) == code
    error = capsys.readouterr().err
    assert says in error and error.startswith("error: ") and "Traceback" not in error


def test_a_dataset_of_the_store_is_checked_by_its_id(files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from luthier.data import prepare
    from luthier.recipe.data import DataSpec
    from luthier.store import Store

    spec = DataSpec.model_validate({"source": "train.jsonl", "test": "clean.jsonl", "split": {"validation": 0}})
    dataset = prepare(spec, store=Store.open(), folder=files)
    assert run(["contamination", dataset.id, "dirty.jsonl"]) == 1
    assert "1 dirty" in capsys.readouterr().out
