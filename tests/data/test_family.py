"""Generated rows in a split: on their seed's side, never in the test set, and old rows stay where they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.data import Prepared, build
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Example, Message
from luthier.rows import SourceFile
from luthier.text import family_name

NOUNS = [
    "anchor", "basket", "candle", "donkey", "engine", "feather", "garden", "hammer", "island", "jacket", "kettle",
    "ladder", "mirror", "needle",
]  # fmt: skip


def question(n: int) -> str:
    return f"What of the {NOUNS[n % 14]} and the {NOUNS[n * 5 % 13]} number {n * n} in street {n}?"


def child(n: int, seed: str, **more: Any) -> dict[str, Any]:
    words = [NOUNS[(n * k + k) % 14] for k in (3, 5, 7, 9, 11)]
    example = Example(messages=(Message("user", f"New {n}: {' '.join(words)} {n}{n}?"), Message("assistant", f"{n}!")))
    return {**example.to_dict(), "augmented": {"by": "self_instruct", "family": family_name(seed)}, **more}


def prepared(folder: Path, children: list[dict[str, Any]], seeds: int = 60, **spec: Any) -> Prepared:
    rows = [{"question": question(n), "answer": f"It is {n}."} for n in range(seeds)]
    (folder / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    path = folder / "own.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in children))
    known = {"mine": SourceFile("augmented-1/approved.rows.jsonl", path, "json", "augmented-1")}
    data = DataSpec(source=("rows.jsonl", *(["mine"] if children else [])), **spec)
    return build(data, folder=folder, known=known)


def sides(made: Prepared) -> dict[str, str]:
    return {e.asked: side for side in ("train", "validation", "test") for e in getattr(made, side)}


def test_children_stand_with_their_seed_and_are_never_tested_on(tmp_path: Path) -> None:
    before = sides(prepared(tmp_path, []))
    children = [child(n, question(n)) for n in range(60)]
    made = prepared(tmp_path, children)
    after = sides(made)
    assert {asked: after[asked] for asked in before} == before, "no old row moved"
    assert {"train", "validation", "test"} <= set(before.values())
    for n, one in enumerate(children):
        asked, side = one["messages"][0]["content"], before[question(n)]
        assert after.get(asked) == (None if side == "test" else side), (n, side)
    gone = [row for row in made.removed if row["rule"] == "leak.family"]
    assert len(gone) == list(before.values()).count("test")
    assert next(s for s in made.report["steps"] if s["name"] == "children of test rows")["removed"] == len(gone)
    assert "augmented-1" in made.parents


def test_a_seed_with_personal_data_still_keeps_its_children(tmp_path: Path) -> None:
    with_mail = "Who answers letters to ada@example.org on Sundays?"
    rows = [{"question": question(n), "answer": f"It is {n}."} for n in range(40)]
    for salt in ("a", "b", "c", "d", "e", "f"):  # masked in the dataset, known by its name before
        (tmp_path / "rows.jsonl").write_text(
            "".join(json.dumps(r) + "\n" for r in [*rows, {"question": with_mail, "answer": "Ada."}])
        )
        (tmp_path / "own.jsonl").write_text(json.dumps(child(7, with_mail)) + "\n")
        known = {"mine": SourceFile("augmented-1/x.jsonl", tmp_path / "own.jsonl", "json", "augmented-1")}
        spec = DataSpec(source=("rows.jsonl", "mine"), split={"salt": salt, "test": 0.4, "validation": 0.3})
        found = sides(build(spec, folder=tmp_path, known=known))
        (seed_side,) = [side for asked, side in found.items() if "[EMAIL]" in asked]
        child_side = next((side for asked, side in found.items() if asked.startswith("New 7")), None)
        assert child_side == (None if seed_side == "test" else seed_side)


def test_many_children_of_one_seed_do_not_stop_the_split(tmp_path: Path) -> None:
    made = prepared(tmp_path, [child(n, question(3)) for n in range(200)])
    assert len({e.asked for e in made.test}) >= 1 and not any(e.asked.startswith("New") for e in made.test)


def test_erased_rows_of_an_artifact_are_passed_over(tmp_path: Path) -> None:
    made = prepared(tmp_path, [child(1, question(1)), {"id": "abcd", "erased": True}])
    assert made.report["rows"]["read"] == 61 and made.report["rows"]["quarantined"] == 0


def test_own_rows_take_the_recipes_mapping_for_other_files_only(tmp_path: Path) -> None:
    made = prepared(tmp_path, [child(1, question(1))], map={"prompt": "{{question}} Please.", "completion": "answer"})
    asked = [e.asked for side in (made.train, made.validation, made.test) for e in side]
    assert sum(text.endswith("Please.") for text in asked) == 60 and made.report["rows"]["quarantined"] == 0


@pytest.mark.parametrize("row", [{"messages": []}, {"augmented": {}}, [1], "text"])
def test_a_foreign_line_in_an_artifact_is_told(tmp_path: Path, row: Any) -> None:
    with pytest.raises(LuthierError, match="did not write"):
        prepared(tmp_path, [row])


def test_children_of_given_test_rows_and_of_rows_near_them_leave_training(tmp_path: Path) -> None:
    near = question(2).replace("What of", "And what of")
    (tmp_path / "test.jsonl").write_text(
        "".join(json.dumps({"question": q, "answer": "So."}) + "\n" for q in (question(500), near))
    )
    children = [child(1, question(500)), child(2, question(2)), child(3, question(3))]
    made = prepared(tmp_path, children, test="test.jsonl")
    gone = {row["row"]["messages"][0]["content"][:5] for row in made.removed if row["rule"] == "leak.family"}
    assert gone == {"New 1", "New 2"}  # the seed of 2 left itself, as near a test row
    assert any(e.asked.startswith("New 3") for e in [*made.train, *made.validation]) and len(made.test) == 2


def test_generated_rows_without_their_seeds_are_for_training(tmp_path: Path) -> None:
    made = prepared(tmp_path, [child(n, f"A seed that is not here, number {n}") for n in range(40)])
    assert sum(e.asked.startswith("New") for e in [*made.train, *made.validation]) == 40
    with pytest.raises(LuthierError, match="all rows were generated"):
        path = tmp_path / "own.jsonl"
        known = {"mine": SourceFile("augmented-1/x.jsonl", path, "json", "augmented-1")}
        build(DataSpec(source=("mine",)), folder=tmp_path, known=known)


# -- seeds that are not wanted, and seeds that become one


def test_children_of_rows_with_personal_data_are_rejected_with_them(tmp_path: Path) -> None:
    mail = "Who answers ada@example.org on Sundays?"
    rows = [{"question": question(n), "answer": f"It is {n}."} for n in range(60)]
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(child(n, seed)) + "\n" for n, seed in ((7, mail), (8, question(8)))))
    known = {"mine": SourceFile("augmented-1/x.jsonl", path, "json", "augmented-1")}
    put = [*rows, {"question": mail, "answer": "Ada."}]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in put))
    made = build(DataSpec(source=("rows.jsonl", "mine"), personal={"kind": "reject"}), folder=tmp_path, known=known)
    told = {row["rule"]: row["row"]["messages"][0]["content"] for row in made.quarantine}
    assert told["personal.found"] == mail and told["personal.family"].startswith("New 7")
    gone = "".join(row["row"]["messages"][0]["content"][:5] for row in made.removed)
    assert (any(a.startswith("New 8") for a in sides(made)) or "New 8" in gone) and "New 7" not in str(sides(made))
    steps = {step["name"]: step for step in made.report["steps"]}
    assert steps["children of such rows"]["removed"] == 1 and "ada@" not in json.dumps(sides(made))


@pytest.mark.parametrize("named", [True, False], ids=["by its seed", "by its family"])
def test_filters_take_the_children_of_what_they_leave_out(tmp_path: Path, named: bool) -> None:
    rows = [{"question": question(n), "answer": f"It is {n}.", "lang": "de" if n < 20 else "en"} for n in range(60)]
    rows.append({**rows[3], "lang": "en", "answer": "It is 3."})  # the same row is wanted elsewhere
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    children = [child(n, question(n)) for n in (1, 2, 3, 30, 31)]
    for one, n in zip(children, (1, 2, 3, 30, 31), strict=True):
        seed = Example(messages=(Message("user", question(n)), Message("assistant", f"It is {n}.")))
        one["augmented"] |= {"seed": seed.id} if named and n != 3 else {}
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(r) + "\n" for r in children))
    known = {"mine": SourceFile("augmented-1/x.jsonl", path, "json", "augmented-1")}
    spec = DataSpec(source=("rows.jsonl", "mine"), drop={"lang": "de"})
    made = build(spec, folder=tmp_path, known=known)
    kept = {a.split(":")[0] for a in sides(made) if a.startswith("New")}
    kept |= {row["row"]["messages"][0]["content"].split(":")[0] for row in made.removed}  # of tested seeds
    assert kept == {"New 3", "New 30", "New 31"}
    assert made.report["rows"]["filtered"] == 22 and made.report["rows"]["read"] == 66
    (filtered,) = [step for step in made.report["steps"] if step["name"] == "filtered"]
    assert filtered["removed"] == 22


def test_masked_seeds_that_become_equal_keep_the_children_of_both(tmp_path: Path) -> None:
    """Two customers asked the same; masked, one row is left. The child of the one that left must not be trained on
    while its seed, under the other's name, is tested."""
    mails = [f"Please ring {name}@example.org about the broken lamp in the hall today?" for name in ("ada", "bob")]
    rows = [{"question": question(n), "answer": f"It is {n}."} for n in range(40)]
    rows += [{"question": mail, "answer": "We will."} for mail in mails]
    (tmp_path / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))
    path = tmp_path / "own.jsonl"
    path.write_text("".join(json.dumps(child(n, mail)) + "\n" for n, mail in zip((7, 8), mails, strict=True)))
    known = {"mine": SourceFile("augmented-1/x.jsonl", path, "json", "augmented-1")}
    seen = set()
    for salt in "abcdefghij":
        spec = DataSpec(source=("rows.jsonl", "mine"), split={"salt": salt, "test": 0.4, "validation": 0.3})
        found = sides(build(spec, folder=tmp_path, known=known))
        (side,) = [side for asked, side in found.items() if "[EMAIL]" in asked]
        children = [next((s for a, s in found.items() if a.startswith(f"New {n}")), None) for n in (7, 8)]
        assert children == [None if side == "test" else side] * 2
        seen.add(side)
    assert seen == {"train", "validation", "test"}
