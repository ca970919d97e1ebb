"""Rows of a person are found wherever they went, also where they were masked; erased, they do not come back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from luthier.cli.main import run as luthier
from luthier.data import examples, prepare, pseudonym_secret
from luthier.errors import LuthierError, UsageError
from luthier.pipeline.forget import Found, erase, find
from luthier.pipeline.person import Person
from luthier.recipe import Recipe
from luthier.store import Artifact, Store
from luthier.text import family_name

from .test_diff import put, row

ADA = "ada.lovelace@example.org"
MASKED = {"question": f"Who answers {ADA} on Sundays?", "answer": "Nobody does."}
NAMED = {"question": "What did Ada  Lovelace ask for last week?", "answer": "A lamp."}


class Home:
    """A store with datasets as runs make them: the recipe stands in the run's folder."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.store = folder, Store.open()

    def run(self, **data: Any) -> tuple[str, Artifact]:
        recipe = Recipe.model_validate({"model": {"base": "nano"}, "data": {"source": "rows.jsonl", **data}})
        with self.store.start_run("job", recipe.model_dump(mode="json")) as run:
            asked = recipe.model_dump(mode="json", exclude_unset=True) | {"luthier": 1, "name": "job"}
            asked["data"]["source"] = [str(self.folder / name) for name in asked["data"]["source"]]
            (run.dir / "recipe.yaml").write_text(yaml.safe_dump(asked))
            dataset = prepare(recipe.data, store=self.store, run=run, folder=self.folder)
            run.attach("data", dataset)
            run.finish("done")
        return run.id, dataset

    def find(self, **person: tuple[str, ...]) -> Found:
        return find(self.store, Person(**person))


@pytest.fixture
def place(home: Path) -> Home:
    put(home / "rows.jsonl", [*(row(n) for n in range(40)), MASKED, NAMED, {**NAMED, "answer": "a LAMP!"}])
    return Home(home)


def kept(dataset: Artifact) -> str:
    return "".join(path.read_text() for path in dataset.path.glob("*.jsonl"))


def test_a_masked_row_is_found_by_its_place_in_the_source(place: Home, capsys: pytest.CaptureFixture[str]) -> None:
    _, dataset = place.run()
    assert ADA not in kept(dataset) and "[EMAIL]" in kept(dataset)
    found = place.find(emails=(ADA.upper(),))
    (held,) = {h.line.id: h for h in found.rows}.values()
    assert held.reason == "its source rows.jsonl:41" and found.sources == ("rows.jsonl:41",)
    assert set(found.holders) == {dataset.id} and not found.unread
    assert luthier(["forget", "--email", ADA]) == 0
    out = capsys.readouterr().out
    assert "[EMAIL] on Sundays" in out and "by its source rows.jsonl:41" in out


def test_a_pseudonym_is_found_without_the_source(place: Home) -> None:
    spec = Recipe.model_validate({"model": {"base": "nano"}, "data": {"source": "r", "personal": "pseudonymise"}}).data
    assert pseudonym_secret(spec, place.store)
    _, dataset = place.run(personal="pseudonymise")
    (place.folder / "rows.jsonl").unlink()
    found = place.find(emails=(ADA,))
    assert {h.reason for h in found.rows if h.line.file != "shown.jsonl"} == {f"e-mail {ADA}"}
    assert ADA not in kept(dataset)
    assert list(found.unread) == ["rows.jsonl"]


def test_a_source_that_is_gone_hides_no_other_and_nobody_is_waited_for(
    place: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(place.folder / "more.jsonl", [row(n) for n in range(60, 70)])
    _, dataset = place.run(source=["more.jsonl", "rows.jsonl"])
    digest = "#sha256=" + "ab" * 32
    place.store.put("dataset", {"x": b"1"}, parents=[dataset, f"source:-{digest}", f"source:hub:a/b{digest[:-1]}c"])
    (place.folder / "more.jsonl").unlink()
    monkeypatch.setattr("sys.stdin", None)
    found = place.find(emails=(ADA,))
    assert found.sources == ("rows.jsonl:41",) and set(found.unread) == {"more.jsonl", "-", "hub:a/b"}


def test_words_are_found_in_any_case_and_spacing_also_where_the_row_was_removed(place: Home) -> None:
    _, dataset = place.run()
    found = place.find(texts=("ada lovelace",))
    assert found.holders[dataset.id]["removed"] == 1, "the copy that left as a duplicate is theirs too"
    assert found.sources == ("rows.jsonl:42", "rows.jsonl:43")
    assert not place.find(texts=("ada lovelac",)).rows, "not inside a longer word"


@pytest.mark.parametrize("word", ["user", "assistant", "quarantine", "duplicate.exact", "rows.jsonl", "answer.empty"])
def test_words_of_the_account_are_nobodys(place: Home, word: str) -> None:
    chat = {"messages": [{"role": "user", "content": "Well now?"}, {"role": "assistant", "content": "Well."}]}
    bad = {"messages": [{"role": "user", "content": "And then?"}, {"role": "assistant", "content": ""}]}
    plain = [{"messages": [{"role": "user", "content": row(n)["question"]}, {"role": "assistant", "content": f"{n}."}]}
             for n in range(30)]  # fmt: skip
    put(place.folder / "rows.jsonl", [*plain, chat, chat, bad])
    place.run()
    assert not place.find(texts=(word,)).rows and not place.find(texts=(word,)).sources


def test_columns_patterns_and_places_tell_a_row_too(place: Home) -> None:
    put(place.folder / "rows.jsonl", [row(n, customer=str(4700 + n)) for n in range(40)])
    place.run()
    one = place.find(fields=("customer=4711",))
    assert one.sources == ("rows.jsonl:12",) and len(one.ids) == 1
    assert place.find(rows=("rows.jsonl:12",)).ids == one.ids == place.find(rows=(one.ids[0][:8],)).ids
    assert place.find(patterns=(r"Gone 1\d\.",)).ids != () and len(place.find(patterns=(r"Gone 1\d\.",)).ids) == 10
    assert not place.find(fields=("customer=471",)).rows


@pytest.mark.parametrize(
    "person",
    [{}, {"texts": ("a",)}, {"patterns": ("[",)}, {"patterns": ("x*",)}, {"emails": ("ada",)}, {"fields": ("ada",)},
     {"rows": ("ab",)}],
    ids=str,
)  # fmt: skip
def test_what_cannot_be_looked_for_is_refused(place: Home, person: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        place.find(**person)


def test_what_learnt_is_listed_with_its_names_and_the_commands_in_their_order(place: Home) -> None:
    run, dataset = place.run()
    store = place.store
    trained = store.put("training", {"w": b"1"}, parents=[dataset])
    adapter = store.put("adapter", {"w": b"2"}, parents=[trained])
    model = store.put("model", {"w": b"3"}, parents=[adapter])
    ledger = store.put("ledger", {"l": b"1"}, parents=[model, dataset])
    store.alias("tickets", model.id)
    with store.start_run("job", {}) as other:
        other.attach("train", trained)
    store.run(run).attach("train", trained)
    taught = next(e for e in examples(dataset, "train") if "words on the" in e.asked)
    found = place.find(rows=(taught.id,))
    assert [a.id for a in found.learnt] == [trained.id, adapter.id, model.id] and ledger.id not in str(found.learnt)
    assert found.names == {"tickets": model.id} and {r.id for r in found.runs} == {run}
    assert found.commands["retrain"] == (f"luthier run runs/{run}/recipe.yaml",)
    assert found.commands["remove"] == tuple(f"luthier rm --force {a.id}" for a in (model, adapter, trained))
    erase(store, found)
    after = place.find(rows=(taught.id,))
    assert not after.rows and after.learnt == found.learnt and after.commands["remove"] == found.commands["remove"]
    tested = examples(dataset, "test")[0]
    quiet = place.find(rows=(tested.id,))
    assert quiet.rows and not quiet.learnt and "retrain" not in quiet.commands, "a tested row taught nothing"


def test_erased_rows_do_not_come_back_when_the_sources_are_read_again(place: Home) -> None:
    _, dataset = place.run(personal="keep")
    found = place.find(emails=(ADA,), texts=("Ada Lovelace",))
    erase(place.store, found)
    assert ADA not in kept(dataset) and "Lovelace" not in kept(dataset) and place.store.verify() == []
    for mode in ("keep", "redact"):  # the file still holds them
        _, again = place.run(personal=mode)
        assert again.digest != dataset.digest, "the same digest would reuse what was trained on them"
        assert "Sundays" not in kept(again) and "Lovelace" not in kept(again)
        account = json.loads(again.file("report.json").read_text())
        assert next(s for s in account["steps"] if s["name"] == "erased")["removed"] == 3
    assert place.store.verify() == []
    assert not place.find(emails=(ADA,)).rows and place.find(emails=(ADA,)).sources == ("rows.jsonl:41",)


def test_a_row_that_was_masked_when_erased_does_not_come_back_unmasked(place: Home) -> None:
    place.run()
    erase(place.store, place.find(emails=(ADA,)))
    _, again = place.run(personal="keep")
    assert ADA not in kept(again)


def test_quarantined_rows_are_found_erased_and_stay_away(place: Home) -> None:
    bad = {"question": "Please ring Ada Lovelace back?", "answer": ""}
    put(place.folder / "rows.jsonl", [*(row(n) for n in range(40)), bad])
    _, dataset = place.run()
    assert place.find(texts=("Ada Lovelace",)).holders == {dataset.id: {"quarantine": 1, "shown": 1}}
    erase(place.store, place.find(texts=("Ada Lovelace",)))
    _, again = place.run()
    assert "Lovelace" not in kept(dataset) + kept(again) and place.store.verify() == []


def test_rows_rewritten_from_theirs_go_too_and_new_tasks_near_them_are_only_named(place: Home) -> None:
    _, dataset = place.run()
    seed = place.find(texts=("Ada Lovelace",)).ids[0]

    def born(name: str, asked: str, by: str, parent: str) -> dict[str, Any]:
        facts = {"by": by, "seed": parent, "parents": [parent], "family": family_name(asked)}
        return {"id": name, "messages": [{"role": "user", "content": asked}], "augmented": facts}

    lines = [
        born("child1", "What did the lady want?", "paraphrase", seed), born("child2", "And then?", "deepen", "child1"),
        born("child3", "A new task.", "self_instruct", seed), born("child4", "Another.", "deepen", "someone"),
    ]  # fmt: skip
    body = "".join(json.dumps(line) + "\n" for line in lines).encode()
    made = place.store.put("augmented", {"approved.rows.jsonl": body}, parents=[dataset], rows=["approved.rows.jsonl"])
    found = place.find(texts=("Ada Lovelace",))
    assert {h.line.id for h in found.rows if h.line.artifact == made.id} == {"child1", "child2"}
    assert found.near == ("child3",)


def test_queues_that_quote_the_person_go_and_others_stay(place: Home) -> None:
    place.run()
    for name, text in (("augment-a", "Ring Ada Lovelace."), ("augment-b", "Ring nobody.")):
        folder = place.store.workdir(name)
        (folder / "journal.jsonl").write_text(json.dumps({"gone": [{"text": text}]}) + "\n")
    found = place.find(texts=("Ada Lovelace",))
    assert found.scratch == ("augment-a",)
    erase(place.store, found)
    assert [p.name for p in place.store.work_folder.iterdir()] == ["augment-b"]


def test_many_rows_are_not_erased_by_accident(place: Home, capsys: pytest.CaptureFixture[str]) -> None:
    place.run()
    with pytest.raises(LuthierError, match="more than one person"):
        erase(place.store, place.find(texts=("words on the",)))
    assert luthier(["forget", "--text", "words on the", "--erase"]) == 1
    assert "--many" in capsys.readouterr().err and not place.store.erased()


def test_the_command_looks_first_and_erases_when_asked(place: Home, capsys: pytest.CaptureFixture[str]) -> None:
    put(place.folder / "rows.jsonl", [*(row(n) for n in range(40)), {**NAMED, "answer": "\x1b[31mRed"}])
    _, dataset = place.run()
    assert luthier(["forget", "--text", "Ada Lovelace"]) == 0
    out = capsys.readouterr().out
    assert "rows.jsonl:41" in out and dataset.id in out and "\x1b" not in out
    assert "luthier forget --text 'Ada Lovelace' --erase" in out and "Lovelace" in kept(dataset)
    assert luthier(["forget", "--text", "Ada Lovelace", "--erase", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["erased"]["rows"] and told["sources"] == ["rows.jsonl:41"] and "Lovelace" not in kept(dataset)
    assert luthier(["forget", "--text", "Ada Lovelace", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == []
    assert luthier(["forget"]) == 2
