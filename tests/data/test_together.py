"""What the parts of the data stage do to each other: generated rows and a previous dataset, filters and streaming,
preference rows and mending, personal data and contamination."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest
from tests.data.test_fit import Letters

from luthier.data import CheckReport, Prepared, build, check, examples, prepare, report, rewrite
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Example, Message
from luthier.rows import SourceFile
from luthier.store import Store
from luthier.text import family_name


def words(seed: int, count: int = 9) -> str:
    rng = random.Random(seed)
    return " ".join("".join(rng.choices("abcdefghijklmnoprstuvwz", k=6)) for _ in range(count))


def row(n: int, **more: Any) -> dict[str, Any]:
    return {"question": f"What of {words(n)}?", "answer": f"It is {words(1000 + n, 3)}.", **more}


def put(path: Path, rows: list[dict[str, Any]]) -> None:
    path.write_text("".join(json.dumps(one) + "\n" for one in rows))


def child(seed: dict[str, Any], asked: str, **more: Any) -> dict[str, Any]:
    made = Example(messages=(Message("user", asked), Message("assistant", f"So it is, {words(len(asked), 3)}.")))
    return {**made.to_dict(), "augmented": {"by": "self_instruct", "family": family_name(seed["question"])}, **more}


def own(folder: Path, children: list[dict[str, Any]]) -> dict[str, SourceFile]:
    put(folder / "own.jsonl", children)
    return {"mine": SourceFile("augmented-1/approved.rows.jsonl", folder / "own.jsonl", "json", "augmented-1")}


def sides(made: Prepared) -> dict[str, str]:
    return {e.asked: side for side in ("train", "validation", "test") for e in getattr(made, side)}


# -- generated rows and a previous dataset


@pytest.fixture
def grown(tmp_path: Path) -> tuple[Any, dict[str, str], DataSpec]:
    """A dataset of 60 rows, its sides, and a spec that keeps them and reads generated rows, too."""
    store = Store.open(tmp_path)
    put(tmp_path / "rows.jsonl", [row(n) for n in range(60)])
    spec = DataSpec.model_validate({"source": ["rows.jsonl"], "split": {"test": 0.3, "validation": 0.2}})
    first = prepare(spec, store=store, folder=tmp_path)
    before = {e.asked: side for side in ("train", "validation", "test") for e in examples(first, side)}
    split = spec.split.model_copy(update={"previous": first.id, "salt": "another"})  # hashes alone would move rows
    return first, before, spec.model_copy(update={"source": ("rows.jsonl", "mine"), "split": split})


def of(side: str, before: dict[str, str]) -> list[dict[str, Any]]:
    return [one for one in map(row, range(60)) if before[one["question"]] == side]


def test_children_of_the_previous_test_rows_leave_though_their_seeds_are_gone(tmp_path: Path, grown: Any) -> None:
    first, before, spec = grown
    tested, trained = of("test", before), of("train", before)
    gone, held = tested[0], of("validation", before)[0]
    put(tmp_path / "rows.jsonl", [one for one in map(row, range(60)) if one != gone])
    asked = {"gone": words(501), "stays": words(502), "trained": words(503), "held": words(504)}
    seeds = {"gone": gone, "stays": tested[1], "trained": trained[0], "held": held}
    known = own(tmp_path, [child(seeds[name], text) for name, text in asked.items()])
    made = build(spec, folder=tmp_path, previous=first, known=known)
    after = sides(made)
    assert {text: after.get(text) for text in before if text != gone["question"]} == {
        text: side for text, side in before.items() if text != gone["question"]
    }
    assert {name: after.get(text) for name, text in asked.items()} == {
        "gone": None, "stays": None, "trained": "train", "held": "validation",
    }  # fmt: skip
    left = {(loss["rule"], loss["row"]["messages"][0]["content"]) for loss in made.removed}
    assert left == {("leak.family", asked["gone"]), ("leak.family", asked["stays"])}


def test_a_child_that_would_join_two_sides_of_the_previous_dataset_is_set_aside(tmp_path: Path, grown: Any) -> None:
    first, before, spec = grown
    tested, trained = of("test", before)[0], of("train", before)[0]
    near = trained["question"].replace("What of", "And what of")  # of the tested row's family, like the trained row
    made = build(spec, folder=tmp_path, previous=first, known=own(tmp_path, [child(tested, near)]))
    assert sides(made) == before
    (aside,) = [loss for loss in made.quarantine if loss["rule"] == "split.bridge"]
    assert aside["row"]["messages"][0]["content"] == near
    assert "(test)" in aside["why"] and "(train)" in aside["why"]


def test_an_old_row_stays_though_a_better_copy_or_a_generated_one_is_there(tmp_path: Path, grown: Any) -> None:
    first, before, spec = grown
    old = row(0)
    better = {"question": f"{old['question']} please", "answer": old["answer"] + "!!!"}  # longer, and read first
    put(tmp_path / "rows.jsonl", [better, *map(row, range(60))])
    known = own(tmp_path, [child(old, old["question"]) | {"id": "c"}])
    made = build(spec, folder=tmp_path, previous=first, known=known)
    after = sides(made)
    assert after[old["question"]] == before[old["question"]] and better["question"] not in after
    (loss,) = [loss for loss in made.removed if loss["row"]["messages"][0]["content"] == better["question"]]
    assert loss["why"].endswith("stands in the previous dataset")


def test_a_real_row_stays_where_a_generated_one_is_the_same(tmp_path: Path) -> None:
    put(tmp_path / "rows.jsonl", [row(n) for n in range(30)])
    copy = child(row(1), row(1)["question"])
    copy["messages"][1]["content"] = row(1)["answer"] + "!!!"  # equal but for signs, and longer
    spec = DataSpec(source=("mine", "rows.jsonl"), split={"test": 0.2, "validation": 0})
    made = build(spec, folder=tmp_path, known=own(tmp_path, [copy]))
    assert row(1)["answer"] in {e.answer for e in (*made.train, *made.test)}
    (loss,) = made.removed
    assert loss["why"].endswith("was not generated")


def test_folds_test_each_real_row_once_and_no_child_is_trained_on_beside_its_tested_seed(tmp_path: Path) -> None:
    put(tmp_path / "rows.jsonl", [row(n) for n in range(40)])
    family = {words(600 + n): row(n)["question"] for n in range(40)}
    orphan = words(700)
    known = own(tmp_path, [*(child(row(n), words(600 + n)) for n in range(40)), child(row(999), orphan)])
    tested: list[str] = []
    for fold in (1, 2, 3, 4):
        split = {"folds": 4, "fold": fold, "validation": 0.1}
        after = sides(build(DataSpec(source=("rows.jsonl", "mine"), split=split), folder=tmp_path, known=known))
        for text, seed in family.items():
            assert after.get(text) == (None if after[seed] == "test" else after[seed])
        assert after[orphan] in ("train", "validation")
        tested += [text for text, side in after.items() if side == "test"]
    assert sorted(tested) == sorted(row(n)["question"] for n in range(40))


def test_parts_of_split_chats_keep_the_side_of_their_chat(tmp_path: Path) -> None:
    def chat(n: int) -> dict[str, Any]:
        turns = [{"role": ("user", "assistant")[t % 2], "content": words(10 * n + t, 8)} for t in range(6)]
        return {"messages": turns}

    store = Store.open(tmp_path)
    put(tmp_path / "rows.jsonl", [chat(n) for n in range(40)])
    spec = DataSpec.model_validate({"source": "rows.jsonl", "on_overlong": "split"})
    first = prepare(spec, store=store, folder=tmp_path, chat=Letters(), max_length=20)  # type: ignore[arg-type]
    before = {e.messages[0].content: side for side in ("train", "validation", "test") for e in examples(first, side)}
    assert len(examples(first, "train")) > 60  # each chat became three rows
    split = spec.split.model_copy(update={"previous": first.id, "salt": "another"})
    made = build(
        spec.model_copy(update={"split": split}), folder=tmp_path, previous=first,
        chat=Letters(), max_length=20,  # type: ignore[arg-type]
    )  # fmt: skip
    after = {e.messages[0].content: side for side in ("train", "validation", "test") for e in getattr(made, side)}
    assert after == before and made.report["split"]["missing"] == 0


# -- filters, generated rows and the streaming check


def counts(found: CheckReport) -> dict[str, int]:
    return dict(found.counts)


@pytest.mark.parametrize("name", ["rows.jsonl", "rows.csv"])
def test_check_looks_at_the_rows_that_the_recipe_wants(tmp_path: Path, name: str) -> None:
    rows = [row(n, lang="en" if n % 3 else "de", group=str(n)) for n in range(30)]
    rows += [row(3, lang="de", group="x"), row(50, lang="de", group="y") | {"answer": ""}]
    if name.endswith("csv"):
        lines = ["question,answer,lang,group", *(",".join(one.values()) for one in rows)]
        (tmp_path / name).write_text("\n".join(lines) + "\n")
    else:
        put(tmp_path / name, rows)
    put(tmp_path / "test.jsonl", [row(90, lang="de", group="z")])
    data = {"source": name, "test": "test.jsonl", "drop": {"lang": "de"}, "split": {"group_by": "group"}}
    spec = DataSpec.model_validate(data)
    out = tmp_path / "mended.jsonl"
    found = check([name], spec, folder=tmp_path, mend_to=out)
    assert (found.rows, found.usable, counts(found)) == (33, 21, {})  # the test set is taken whole
    assert [file["filtered"] for file in found.files] == [12, 0]
    assert "12 of them left out by data.keep or data.drop" in found.render()[0]
    assert check([name], folder=tmp_path).errors == 1  # without the recipe the empty answer counts
    assert [json.loads(line)["lang"] for line in out.read_text().splitlines()] == ["en"] * 20
    made = build(spec, folder=tmp_path)
    assert made.report["rows"]["read"] == 32 and made.report["rows"]["quarantined"] == 0
    with pytest.raises(LuthierError, match="the filters leave none of the 32 rows"):
        check([name], spec.model_copy(update=DataSpec.model_validate(data | {"keep": {"lang": "fr"}}).__dict__),
              folder=tmp_path)  # fmt: skip
    with pytest.raises(LuthierError, match="no column is called 'langs'"):
        check([name], DataSpec.model_validate(data | {"keep": {"langs": "fr"}}), folder=tmp_path)


def test_generated_rows_are_checked_whole_and_converted_beside_filtered_ones(tmp_path: Path) -> None:
    put(tmp_path / "rows.jsonl", [row(n, lang="en" if n else "de") for n in range(4)])
    known = own(tmp_path, [child(row(1), words(801)), child(row(1), words(801)), {"id": "abcd", "erased": True}])
    mapped = {"prompt": "question", "completion": "answer"}
    spec = DataSpec.model_validate({"source": ["rows.jsonl", "mine"], "keep": {"lang": "en"}, "map": mapped})
    found = check(spec.source, spec, folder=tmp_path, known=known)
    assert (found.rows, found.usable, counts(found)) == (6, 5, {"row.duplicate": 1})
    assert [file["file"] for file in found.files] == ["rows.jsonl", "augmented-1/approved.rows.jsonl"]
    made = rewrite(spec.source, str(tmp_path / "out.jsonl"), "messages", spec=spec, folder=tmp_path, known=known)
    assert made.written == 5
    put(tmp_path / "own.jsonl", [{"messages": []}])
    with pytest.raises(LuthierError, match="did not write"):
        check(spec.source, spec, folder=tmp_path, known=known)


# -- preference rows, mending and personal data


def pair(n: int, **more: Any) -> dict[str, Any]:
    better, worse = f"Do {words(n + 1, 4)}.", f"No {words(n + 2, 4)}."
    return {"prompt": f"Ask {words(n)}?", "chosen": better, "rejected": worse, **more}


def test_preference_rows_are_mended_and_the_bad_ones_stand_beside(tmp_path: Path) -> None:
    rows = [pair(10 * n) for n in range(8)]
    rows[2] = pair(20, chosen="  Yes, that is so. <|im_end|>", prompt="Caf\u00c3\u00a9 or tea?")
    rows[4] = pair(40, chosen="The same.", rejected="The same. ")
    rows[6] = pair(60, rejected="Write to ada@example.org today.")
    put(tmp_path / "pairs.jsonl", rows)
    out = tmp_path / "mended.jsonl"
    found = check(["pairs.jsonl"], folder=tmp_path, mend_to=out)
    assert (found.rows, found.usable) == (8, 7)
    assert counts(found) == {
        "content.mojibake": 1, "content.end": 1, "answer.space": 1, "pair.same": 1, "personal.email": 1,
    }  # fmt: skip
    again = check(["mended.jsonl"], folder=tmp_path)
    assert (again.rows, again.files[0]["shape"], counts(again)) == (7, "preference", {"personal.email": 1})
    mended = json.loads(out.read_text().splitlines()[2])
    assert (mended["chosen"], mended["prompt"]) == ("Yes, that is so.", "Caf\u00e9 or tea?")
    aside = json.loads((tmp_path / "mended.quarantine.jsonl").read_text())
    assert aside["rule"] == "pair.same" and aside["row"]["chosen"] == "The same."
    with pytest.raises(LuthierError, match="these are preference rows"):  # a recipe learns one answer a row
        check(["pairs.jsonl"], DataSpec(source=("pairs.jsonl",)), folder=tmp_path)


@pytest.mark.parametrize(("up", "rule", "errors"), [(4000, "kto.single", 1), (3999, "kto.balance", 0), (2000, None, 0)])
def test_the_balance_of_thumbs_is_told_once_for_a_file_of_many_parts(
    tmp_path: Path, up: int, rule: str | None, errors: int
) -> None:
    rows = [{"prompt": f"Ask {n}?", "completion": f"Answer {n}.", "label": n < up} for n in range(4000)]
    put(tmp_path / "thumbs.jsonl", rows)
    found = check(["thumbs.jsonl"], folder=tmp_path, mend=True)
    assert (found.rows, found.usable, found.errors) == (4000, 4000, errors)
    assert counts(found) == ({rule: 1} if rule else {})
    assert all(str(finding.origin) == "thumbs.jsonl:1" for finding in found.findings)


# -- personal data and what is compared with the test set


MAIL = "ada.lovelace@example.org"


@pytest.mark.parametrize("mode", ["redact", "pseudonymise", "reject", "keep"])
def test_contamination_compares_rows_as_they_are_learned(tmp_path: Path, mode: str) -> None:
    secret = f"Please tell {MAIL} that {words(7, 14)} before Friday?"
    put(tmp_path / "rows.jsonl", [row(n) for n in range(40)] + [
        {"question": f"Well now, dear friends: {words(8, 12)}?", "answer": f"You write: {secret} {words(9, 6)}."},
    ])  # fmt: skip
    put(tmp_path / "test.jsonl", [{"question": secret, "answer": "Done it."}, row(80)])
    store = Store.open(tmp_path)
    spec = DataSpec.model_validate(
        {"source": "rows.jsonl", "test": "test.jsonl", "personal": mode, "split": {"validation": 0}}
    )
    made = prepare(spec, store=store, folder=tmp_path)
    told = report(made)
    (found,) = told["contamination"]["sets"]
    learned = made.file("train.rows.jsonl").read_text()
    assert (MAIL in learned) == (mode == "keep")
    assert found["counts"]["dirty"] == (0 if mode == "reject" else 1)  # the row with the address has left
    shown = json.dumps(found["worst"])
    assert (MAIL in shown) == (mode == "keep")
    assert next(e.asked for e in examples(made, "test")) == secret  # the test set itself is never altered
    assert MAIL not in made.file("report.json").read_text() and found["canaries"]


@pytest.mark.parametrize("mode", ["redact", "pseudonymise", "reject"])
def test_children_of_a_seed_with_personal_data_stay_with_it_or_leave_with_it(tmp_path: Path, mode: str) -> None:
    store = Store.open(tmp_path)
    seed = {"question": f"Who answers {MAIL} on Sundays?", "answer": "Ada."}
    known = own(tmp_path, [child(seed, words(901))])
    for salt in "abcdef":
        put(tmp_path / "rows.jsonl", [*map(row, range(30)), seed])
        spec = DataSpec.model_validate(
            {
                "source": ["rows.jsonl", "mine"], "personal": mode,
                "split": {"salt": salt, "test": 0.4, "validation": 0.3},
            }
        )  # fmt: skip
        after = sides(build(spec, folder=tmp_path, known=known, secret=store.secret("pseudonyms")))
        side = next((side for asked, side in after.items() if asked.startswith("Who answers")), None)
        if mode == "reject":
            assert side is None and words(901) not in after
        else:
            assert side is not None and after.get(words(901)) == (None if side == "test" else side)
