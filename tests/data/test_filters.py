"""data.keep and data.drop in the stage: counted in the account, left where they are, never applied to a test set."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from luthier.data import build
from luthier.recipe.data import DataSpec

WORDS = [
    "apple",
    "brick",
    "cloud",
    "drum",
    "eagle",
    "flute",
    "grass",
    "honey",
    "ivory",
    "jewel",
    "kite",
    "lemon",
    "maple",
    "noble",
    "ocean",
    "pearl",
]


def put(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))


def rows(lang: str, count: int, start: int = 0) -> list[dict[str, Any]]:
    return [
        {
            "prompt": f"{WORDS[n % 16]} {WORDS[(7 * n + 3) % 16]} {n} {lang}?",
            "completion": f"answer {n} {lang}",
            "lang": lang,
        }
        for n in range(start, start + count)
    ]


def test_filtered_rows_are_counted_and_the_account_adds_up(tmp_path: Path) -> None:
    odd = [{"prompt": "x"}, {"prompt": "y", "completion": "", "lang": "en"}]
    put(tmp_path / "rows.jsonl", [*rows("en", 12), *rows("de", 5), *odd])
    put(tmp_path / "test.jsonl", [*rows("en", 2, 50), *rows("de", 2, 50)])
    spec = DataSpec.model_validate(
        {"source": "rows.jsonl", "test": "test.jsonl", "keep": {"lang": "en"}, "drop": {"completion": "answer 3 en"}}
    )
    made = build(spec, folder=tmp_path)
    steps = {step["name"]: step for step in made.report["steps"]}
    assert made.report["rows"]["read"] == 19
    assert (steps["filtered"]["removed"], steps["filtered"]["left"]) == (7, 12)  # 5 in German, one without, answer 3
    assert made.report["rows"]["filtered"] == 7
    assert steps["filtered"]["rule"] == "only rows count whose lang is en and completion is not answer 3 en"
    left = 19
    for step in made.report["steps"][1:]:
        left -= step["removed"]
        assert step["left"] == left
    assert len(made.train) + len(made.validation) == 11 and len(made.quarantine) == 1  # the empty answer
    assert len(made.test) == 4, "a test set of one's own is taken whole"


def test_messages_of_a_log_are_filtered_before_they_are_joined(tmp_path: Path) -> None:
    log = []
    for n in range(9):
        log += [
            {"chat": n, "who": "user", "text": f"{WORDS[n]} {WORDS[(5 * n + 1) % 16]}?", "kind": "said"},
            {"chat": n, "who": "assistant", "text": "internal: look at the file", "kind": "note"},
            {"chat": n, "who": "assistant", "text": f"reply {n}", "kind": "said"},
        ]
    put(tmp_path / "log.jsonl", log)
    thread = {"id": "chat", "role": "who", "content": "text"}
    spec = DataSpec.model_validate({"source": "log.jsonl", "thread": thread, "drop": {"kind": "note"}})
    made = build(spec, folder=tmp_path)
    everyone = [*made.train, *made.validation, *made.test]
    assert len(everyone) == 9 and all("internal" not in row.answer for row in everyone)
    steps = {step["name"]: step for step in made.report["steps"]}
    assert (steps["filtered"]["removed"], steps["joined"]["changed"], steps["joined"]["left"]) == (9, 9, 9)
