"""The data report says which test items stand in training, with marked texts that erasing blanks."""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from luthier.data import Prepared, build, examples, prepare, report
from luthier.data.contamination import excerpt, find_contamination, parts_of, suite_of
from luthier.errors import LuthierError
from luthier.pipeline.contamination import make_pack
from luthier.recipe.data import DataSpec
from luthier.records import Example, Message, ToolCall
from luthier.store import Store


def text(seed: int, count: int) -> str:
    rng = random.Random(seed)
    return " ".join(f"{rng.choice('bcdfgklmnprst')}{rng.choice('aeiou')}{rng.randrange(3000)}" for _ in range(count))


def row(seed: int, **more: str) -> dict[str, str]:
    words = text(seed, 60).split()
    return {"question": " ".join(words[:30]) + "?", "answer": " ".join(words[30:]), **more}


def put(folder: Path, name: str, rows: list[dict[str, Any]]) -> str:
    (folder / name).write_text("".join(json.dumps(one) + "\n" for one in rows))
    return name


TEST = [row(seed) for seed in range(500, 540)]
LEAKED_ANSWER = row(90, answer=TEST[3]["answer"])
HALF = row(91, question=f"{text(7, 20)} {' '.join(TEST[4]['question'].split()[:20])} {text(8, 8)}")
TRAIN = [*(row(seed) for seed in range(60)), LEAKED_ANSWER, HALF]


def made(folder: Path, **spec: Any) -> Prepared:
    put(folder, "rows.jsonl", TRAIN)
    put(folder, "test.jsonl", TEST)
    data = {"source": "rows.jsonl", "test": "test.jsonl", "split": {"validation": 0}, **spec}
    return build(DataSpec.model_validate(data), folder=folder)


def test_the_report_names_items_that_the_leak_check_cannot_see(tmp_path: Path) -> None:
    account = made(tmp_path).report["contamination"]
    (told,) = account["sets"]
    assert (told["name"], told["items"], told["verdict"]) == ("test", 40, "dirty")
    assert told["counts"] == {"clean": 38, "suspect": 0, "dirty": 2} and told["sides"] == {"answer": 1, "question": 1}
    assert account["rows"] == 62 and account["profile"] == "luthier"
    by_side = {shown["side"]: shown for shown in told["worst"]}
    assert {(shown["seen_8"], shown["seen_13"]) for shown in told["worst"]} == {(1.0, 1.0), (0.6667, 0.6667)}
    assert by_side["answer"]["row_origin"] == "rows.jsonl:61" and by_side["answer"]["share"] == 1.0
    assert by_side["question"]["row_origin"] == "rows.jsonl:62" and by_side["question"]["item_origin"] == "test.jsonl:5"
    copied = " ".join(HALF["question"].split()[20:40])
    for shown, wanted in ((by_side["answer"], TEST[3]["answer"]), (by_side["question"], copied)):
        for part in ("item_text", "row_text"):
            marks = [shown[part]["text"][start:end] for start, end in shown[part]["marks"]]
            assert marks == [wanted.removesuffix("?")]
    kinds = told["canaries"]["kinds"]
    assert {kind: (one["planted"], one["found"]) for kind, one in kinds.items()} == {
        "verbatim": (9, 9), "retyped": (9, 9), "overlap": (10, 10), "answer": (10, 10),
    }  # fmt: skip


def test_the_very_same_short_question_is_marked_in_the_turn_that_asks_it(tmp_path: Path) -> None:
    system = {"role": "system", "content": "Be brief."}
    chat = [system, {"role": "user", "content": "Open on Sundays?"}, {"role": "assistant", "content": "No."}]
    learnt = Example(messages=tuple(Message(m["role"], m["content"]) for m in chat))
    asked = Example(messages=(Message("user", "open, on Sundays"), Message("assistant", "Yes.")))
    account = find_contamination([suite_of("short", [asked])], [learnt])
    (shown,) = account["sets"][0]["worst"]
    assert (shown["verdict"], shown["share"], shown["spans"]) == ("dirty", 1.0, [[0, 0, 3]])
    assert shown["row_text"]["text"] == "Open on Sundays?" and shown["row_text"]["marks"] == [[0, 15]]


def test_labels_and_closed_fields_are_no_evidence_and_free_fields_are(tmp_path: Path) -> None:
    def ticket(seed: int, reply: str) -> dict[str, str]:
        urgency = ["high, as soon as it can be done", "low, when there is time to spare"][seed % 2]
        fields = {"intent": ["refund", "fault"][seed % 2], "urgency": urgency, "reply": reply}
        return {"question": text(seed, 30), "answer": json.dumps(fields)}

    put(tmp_path, "rows.jsonl", [ticket(seed, text(seed + 2000, 20)) for seed in range(40)])
    put(tmp_path, "test.jsonl", [ticket(seed, text(seed + 2000, 20)) for seed in range(100, 120)]
        + [ticket(121, text(2003, 20))])  # fmt: skip
    spec = DataSpec.model_validate({"source": "rows.jsonl", "test": "test.jsonl", "split": {"validation": 0}})
    (told,) = build(spec, folder=tmp_path).report["contamination"]["sets"]
    assert told["sides"] == {"answer": 1} and told["worst"][0]["item_origin"] == "test.jsonl:21"
    assert told["worst"][0]["item_text"]["text"] == text(2003, 20)


def test_every_profile_is_told_and_the_named_one_decides(tmp_path: Path) -> None:
    told = made(tmp_path, contamination={"profile": "tulu3"}).report["contamination"]["sets"][0]
    assert told["counts"]["dirty"] == 1 and told["verdict"] == "dirty"  # 1 of 40 is more than 2%
    dirty = {name: one["dirty"] for name, one in told["profiles"].items()}
    assert dirty == {"luthier": 2, "gpt3": 2, "llama2": 0, "tulu3": 1}


def test_packs_of_the_recipe_are_checked_and_are_parents(tmp_path: Path) -> None:
    put(tmp_path, "bench.jsonl", [row(seed) for seed in (3, 600, 601)])  # the first stands in train
    make_pack(str(tmp_path / "bench.jsonl"), tmp_path / "bench.pack", name="small bench", licence="CC0")
    prepared = made(tmp_path, contamination={"packs": "bench.pack"})
    test, pack = prepared.report["contamination"]["sets"]
    assert (pack["name"], pack["kind"], pack["licence"], pack["verdict"]) == ("small bench", "pack", "CC0", "dirty")
    assert pack["counts"]["dirty"] == 1 and test["name"] == "test"
    (shown,) = pack["worst"]
    assert shown["row_origin"] == "rows.jsonl:4" and "row_text" in shown and "item_text" not in shown
    assert any(parent.startswith("source:bench.pack#sha256=") for parent in prepared.parents)
    with pytest.raises(LuthierError, match=r"no such pack: none\.pack"):
        made(tmp_path, contamination={"packs": ["none.pack"]})
    (tmp_path / "bad.pack").write_bytes(b"nothing")
    with pytest.raises(LuthierError, match="no pack that can be read"):
        made(tmp_path, contamination={"packs": ["bad.pack"]})


def test_texts_stand_in_files_of_rows_only_and_erasing_blanks_them(tmp_path: Path) -> None:
    put(tmp_path, "rows.jsonl", TRAIN)
    put(tmp_path, "test.jsonl", TEST)
    store = Store.open(tmp_path)
    spec = DataSpec.model_validate({"source": "rows.jsonl", "test": "test.jsonl", "split": {"validation": 0}})
    dataset = prepare(spec, store=store, folder=tmp_path)
    secret = TEST[3]["answer"].split()[5]
    assert secret not in dataset.file("report.json").read_text()
    assert secret in json.dumps(report(dataset)["contamination"])
    item = next(e for e in examples(dataset, "test") if e.answer == TEST[3]["answer"])
    learnt = next(e for e in examples(dataset, "train") if e.answer == TEST[3]["answer"])
    store.erase([item.id, learnt.id])
    left = report(dataset)["contamination"]
    assert secret not in json.dumps(left) and left["sets"][0]["counts"]["dirty"] == 2
    assert HALF["question"].split()[25] in json.dumps(left)
    assert store.verify() == []


def test_personal_data_is_masked_on_both_sides_before_they_are_compared(tmp_path: Path) -> None:
    told = f"{text(1, 10)} call me on 07700 900482 or write to anna@example.com {text(2, 10)}"
    put(tmp_path, "rows.jsonl", [*TRAIN[:30], row(92, answer=f"{text(3, 20)} {told}")])
    put(tmp_path, "test.jsonl", [{"question": told, "answer": "yes"}])
    spec = DataSpec.model_validate({"source": "rows.jsonl", "test": "test.jsonl"})
    (one,) = build(spec, folder=tmp_path).report["contamination"]["sets"][0]["worst"]
    assert one["share"] == 1.0 and "07700" not in json.dumps(one) and "[PHONE]" in json.dumps(one)


def test_all_turns_of_a_row_are_what_it_teaches() -> None:
    call = ToolCall("look", {"city": "Graz"}, "1")
    chat = Example(
        messages=(
            Message("system", "Be kind."), Message("user", "Where?"),
            Message("assistant", "", reasoning="hm", tool_calls=(call,)), Message("tool", "here"),
            Message("assistant", "There."),
        )
    )  # fmt: skip
    assert [part[0] for part in parts_of(chat)] == ["system", "user", "assistant", "assistant", "tool", "assistant"]
    assert "Graz" in parts_of(chat)[3][1]
    assert parts_of(Example(text="plain")) == (("text", "plain"),)


@pytest.mark.parametrize(
    ("whole", "run", "marked"),
    [
        ("Eins, zwei — drei!", (1, 3), "zwei — drei"),
        ("¼ is ½ of ½", (2, 3), "is"),
        ("请问我的银行卡", (2, 5), "我的银"),
        ("a\nb\tc", (0, 3), "a b c"),
        ("e\u0301t\u00e9 A\u030angstro\u0308m", (1, 2), "A\u030angstro\u0308m"),
    ],
)
def test_marks_stand_on_the_words_that_were_compared(whole: str, run: tuple[int, int], marked: str) -> None:
    shown = excerpt(whole, [run])
    assert [shown["text"][start:end] for start, end in shown["marks"]] == [marked]


def test_an_excerpt_of_a_long_text_lies_around_its_first_run() -> None:
    long = text(4, 400)
    shown = excerpt(long, [(200, 215), (300, 310)])
    (first,) = [shown["text"][start:end] for start, end in shown["marks"]]
    assert first == " ".join(long.split()[200:215])
    assert len(shown["text"]) <= 420 and shown["cut"] == [True, True]
