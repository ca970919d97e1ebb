"""luthier convert: rows in other layouts, whole or refused; nothing is lost unnoticed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run
from luthier.data import check, rewrite
from luthier.errors import LuthierError, UsageError

CHATS = [
    {
        "messages": [{"role": "user", "content": f"Question {n}?"}, {"role": "assistant", "content": f"Answer {n}."}],
        "id": n,
    }
    for n in range(3)
]
CALL = {"type": "function", "function": {"name": "look", "arguments": {}}}
TOOLED = {"messages": [
    {"role": "user", "content": "Where?"}, {"role": "assistant", "content": "", "tool_calls": [CALL]},
    {"role": "tool", "content": "here"}, {"role": "assistant", "content": "Here."}]}  # fmt: skip
HEAVY = {"messages": [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b", "weight": 0},
                      {"role": "user", "content": "c"}, {"role": "assistant", "content": "d"}]}  # fmt: skip
PAIR = {"prompt": "Where?", "chosen": "Here.", "rejected": "No.", "margin": 2}
RANKED = {"prompt": "Where?", "answers": ["Here.", "There.", "No."], "ratings": [3, 2, 1]}


def put(path: Path, *rows: Any) -> str:
    path.write_text("".join(f"{row if isinstance(row, str) else json.dumps(row)}\n" for row in rows))
    return str(path)


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_rows_are_written_and_their_other_columns_told(home: Path) -> None:
    made = rewrite([put(home / "in.jsonl", *CHATS)], "out/alpaca.jsonl", "alpaca")
    assert (made.written, made.set_aside, made.columns_left) == (3, 0, ("id",))
    assert lines(home / "out/alpaca.jsonl")[0] == {"instruction": "Question 0?", "input": "", "output": "Answer 0."}
    rewrite(["in.jsonl"], "with.jsonl", "alpaca", columns=True)
    assert [row["id"] for row in lines(home / "with.jsonl")] == [0, 1, 2]


def test_a_json_list_reads_back_the_same(home: Path) -> None:
    put(home / "in.jsonl", *CHATS)
    rewrite(["in.jsonl"], "out.json", "sharegpt")
    assert isinstance(json.loads((home / "out.json").read_text()), list)
    rewrite(["out.json"], "again.jsonl", "messages")
    assert [row["messages"] for row in lines(home / "again.jsonl")] == [row["messages"] for row in CHATS]


def test_what_would_be_lost_is_named_and_nothing_is_written(home: Path) -> None:
    put(home / "in.jsonl", *CHATS, TOOLED)
    with pytest.raises(LuthierError, match="alpaca cannot hold 1 of the 4 rows") as refused:
        rewrite(["in.jsonl"], "out.jsonl", "alpaca")
    assert refused.value.where == "in.jsonl:4" and "tool calls" in refused.value.why
    assert "openai" in refused.value.fix and "--lose" not in refused.value.fix  # a turn cannot be taken off
    assert not (home / "out.jsonl").exists()


def test_what_may_be_lost_goes_only_when_the_user_says_so(home: Path) -> None:
    put(home / "in.jsonl", *CHATS, HEAVY)
    with pytest.raises(LuthierError, match="trl cannot hold 1 of the 4 rows") as refused:
        rewrite(["in.jsonl"], "out.jsonl", "trl")
    assert "--lose weights" in refused.value.fix and "openai" in refused.value.fix
    made = rewrite(["in.jsonl"], "out.jsonl", "trl", lose=["weights"])
    assert made.lost == {"weights": 1} and "weight" not in lines(home / "out.jsonl")[3]["messages"][1]
    assert "let go: weights of answers of 1 rows" in made.render()


def test_rankings_become_pairs_when_the_user_says_so(home: Path) -> None:
    put(home / "in.jsonl", RANKED)
    with pytest.raises(LuthierError, match="trl has no form for ranked answers") as refused:
        rewrite(["in.jsonl"], "out.jsonl", "trl")
    assert "--lose rankings" in refused.value.fix and "messages" in refused.value.fix
    made = rewrite(["in.jsonl"], "out.jsonl", "trl", lose=["rankings", "ratings"])
    assert made.written == 3
    assert [row["margin"] for row in lines(home / "out.jsonl")] == [1.0, 2.0, 1.0]


def test_ranks_and_ratings_both_come_back(home: Path) -> None:
    put(home / "in.jsonl", RANKED)
    rewrite(["in.jsonl"], "one.jsonl", "messages")
    rewrite(["one.jsonl"], "two.jsonl", "messages")
    (row,) = lines(home / "one.jsonl")
    assert (row["ranks"], row["ratings"]) == ([1, 2, 3], [3.0, 2.0, 1.0])
    assert lines(home / "two.jsonl") == [row]


def test_llamafactorys_description_is_written_beside_and_others_stay(home: Path) -> None:
    (home / "dataset_info.json").write_text('{"other": {"file_name": "x.json"}}')
    put(home / "in.jsonl", PAIR)
    made = rewrite(["in.jsonl"], "pairs.jsonl", "llamafactory", lose=["margins"])
    entry = {
        "file_name": "pairs.jsonl", "formatting": "sharegpt", "ranking": True,
        "columns": {"messages": "conversations", "chosen": "chosen", "rejected": "rejected"},
    }  # fmt: skip
    assert made.entry == {"pairs": entry}
    assert json.loads((home / "dataset_info.json").read_text()) == {"other": {"file_name": "x.json"}, "pairs": entry}
    put(home / "chats.jsonl", *CHATS)
    with pytest.raises(LuthierError, match="describes another pairs already"):
        rewrite(["chats.jsonl"], "pairs.json", "llamafactory")
    (home / "dataset_info.json").write_text("nonsense")
    with pytest.raises(LuthierError, match="is not a JSON object"):
        rewrite(["chats.jsonl"], "new.json", "llamafactory")
    assert not (home / "new.json").exists()


@pytest.mark.parametrize(
    ("row", "columns", "extra"),
    [
        ({"text": "A document."}, {"prompt": "text"}, {}),
        ({**TOOLED, "tools": [{"name": "look"}]}, {"messages": "conversations", "tools": "tools"},
         {"formatting": "sharegpt"}),
        ({"prompt": "a", "completion": "b", "label": True}, {"messages": "conversations", "kto_tag": "label"},
         {"formatting": "sharegpt"}),
    ],
)  # fmt: skip
def test_llamafactory_is_told_only_of_columns_that_are_there(
    home: Path, row: Any, columns: dict[str, str], extra: dict[str, Any]
) -> None:
    second = {**row, "label": False} if "label" in row else row
    put(home / "in.jsonl", row, second)
    made = rewrite(["in.jsonl"], "out.json", "llamafactory")
    assert made.entry == {"out": {"file_name": "out.json", **extra, "columns": columns}}


def test_rows_that_are_wrong_are_written_beside(home: Path) -> None:
    put(home / "in.jsonl", CHATS[0], "{broken", {"messages": [{"role": "user", "content": "?"}]})
    made = rewrite(["in.jsonl"], "out.jsonl", "trl")
    assert (made.written, made.set_aside, made.beside) == (1, 2, "out.quarantine.jsonl")
    assert [row["rule"] for row in lines(home / "out.quarantine.jsonl")] == ["row.json", "answer.missing"]
    with pytest.raises(LuthierError, match="there is a file already"):
        rewrite(["in.jsonl"], "out.json", "trl")  # its quarantine would replace the other's
    assert not (home / "out.json").exists()
    put(home / "bad.jsonl", "{broken")
    with pytest.raises(LuthierError, match="none of the 1 rows can be used"):
        rewrite(["bad.jsonl"], "none.jsonl", "trl")


def test_thumbs_of_one_kind_are_written_whole_and_nothing_beside(home: Path) -> None:
    put(home / "in.jsonl", {"prompt": "a", "completion": "b", "label": True})
    made = rewrite(["in.jsonl"], "out.jsonl", "trl")
    assert (made.written, made.set_aside, made.beside) == (1, 0, None)
    assert not (home / "out.quarantine.jsonl").exists()


def test_a_row_that_would_come_back_as_another_is_refused(home: Path) -> None:
    put(
        home / "in.jsonl",
        {"prompt": [{"role": "user", "content": "Write: \n\nAssistant: yes"}], "chosen": "a", "rejected": "b"},
    )
    with pytest.raises(LuthierError, match="come back from transcript as another one") as refused:
        rewrite(["in.jsonl"], "out.jsonl", "transcript")
    assert refused.value.where == "in.jsonl:1" and not (home / "out.jsonl").exists()


def test_labels_stay_labels_and_become_answers_elsewhere(home: Path) -> None:
    rows = [{"text": f"row {n}", "label": ["spam", "ham"][n % 2]} for n in range(6)]
    put(home / "in.jsonl", *rows)
    rewrite(["in.jsonl"], "same.jsonl", "classification")
    assert lines(home / "same.jsonl") == rows
    rewrite(["in.jsonl"], "chat.jsonl", "trl")
    asked, answer = lines(home / "chat.jsonl")[0]["messages"][-2:]
    assert (asked["content"], answer["content"]) == ("row 0", "spam")
    assert lines(home / "chat.jsonl")[0]["messages"][0]["content"] == "Answer with one of: ham, spam"


@pytest.mark.parametrize(
    ("arguments", "error", "says"),
    [
        (("in.jsonl", "out.jsonl", "alpacca"), UsageError, "unknown layout alpacca"),
        (("in.jsonl", "out.csv", "alpaca"), UsageError, "cannot be written to out.csv"),
        (("in.jsonl", ".", "alpaca"), UsageError, "cannot be written"),
        (("in.jsonl", "in.jsonl", "alpaca"), LuthierError, "would replace the source"),
        (("in.jsonl", "there.jsonl", "alpaca"), LuthierError, "there is a file already"),
        (("in.jsonl", "out.jsonl", "classification"), LuthierError, "no form for chats"),
        (("in.jsonl", "out.jsonl", "text"), LuthierError, "no form for chats"),
        (("mixed", "out.jsonl", "trl"), LuthierError, "of several kinds: 3 chats, 1 preference pairs"),
        (("none.jsonl", "out.jsonl", "trl"), LuthierError, "no such file"),
        (("table.jsonl", "out.jsonl", "trl"), LuthierError, "unknown shape"),
    ],
)
def test_what_cannot_be_converted_is_refused(
    home: Path, arguments: tuple[str, str, str], error: Any, says: str
) -> None:
    put(home / "in.jsonl", *CHATS)
    put(home / "there.jsonl", *CHATS)
    put(home / "table.jsonl", {"colour": "red"})
    (home / "mixed").mkdir()
    put(home / "mixed/a.jsonl", *CHATS)
    put(home / "mixed/b.jsonl", PAIR)
    source, out, to = arguments
    with pytest.raises(error, match=says):
        rewrite([source], out, to)
    assert not (home / "out.jsonl").exists()


@pytest.mark.parametrize(("part", "says"), [("calls", "cannot be taken off"), ("wieghts", "unknown part")])
def test_only_what_can_be_lost_may_be_lost(home: Path, part: str, says: str) -> None:
    with pytest.raises(UsageError, match=says):
        rewrite([put(home / "in.jsonl", *CHATS)], "out.jsonl", "trl", lose=[part])


def test_the_verb_converts_prints_json_and_pipes(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(home / "in.jsonl", *CHATS)
    assert run(["convert", "in.jsonl", "out.jsonl", "--to", "axolotl"]) == 0
    told = capsys.readouterr().out
    assert "3 rows (chats) written to out.jsonl" in told and '"type": "chat_template"' in told
    assert run(["convert", "in.jsonl", "out.jsonl", "--to", "trl", "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["error"]["what"] == "there is a file already"
    assert run(["convert", "in.jsonl", "out.jsonl", "--to", "trl", "--json", "--force"]) == 0
    assert json.loads(capsys.readouterr().out)["written"] == 3
    assert run(["convert", "in.jsonl", "out.jsonl", "--to", "trll"]) == 2
    assert "did you mean trl?" in capsys.readouterr().err


def test_rows_on_standard_output_are_nothing_but_rows(home: Path, capfdbinary: pytest.CaptureFixture[bytes]) -> None:
    put(home / "in.jsonl", *CHATS)
    assert run(["convert", "in.jsonl", "-", "--to", "llamafactory"]) == 0
    out, err = capfdbinary.readouterr()
    assert [json.loads(line)["conversations"][0]["value"] for line in out.splitlines()] == [
        f"Question {n}?" for n in range(3)
    ]
    assert b"3 rows (chats) written to -" in err


def test_a_recipe_maps_and_filters_what_is_converted(home: Path) -> None:
    (home / "t.csv").write_text("q,a,lang\nHi?,Hello.,en\nHallo?,Hallo.,de\n")
    (home / "r.yaml").write_text(
        "luthier: 1\nname: r\nmodel: {base: nano}\n"
        "data: {source: t.csv, map: {prompt: q, completion: a, system: 'In {{lang}}.'}, keep: {lang: en}}\n"
    )
    assert run(["convert", "r.yaml", "out.jsonl", "--to", "prompt_completion"]) == 0
    assert lines(home / "out.jsonl") == [{"prompt": "Hi?", "completion": "Hello.", "system": "In en."}]


def test_preference_rows_are_checked_like_others(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    put(home / "p.jsonl", PAIR, {**PAIR, "rejected": "Here."}, {**PAIR, "chosen": ""})
    report = check(["p.jsonl"])
    assert (report.rows, report.usable, report.counts) == (3, 1, {"pair.same": 1, "pair.empty": 1})
    assert run(["check", "p.jsonl"]) == 1
    assert "p.jsonl:2  chosen  [pair.same]" in capsys.readouterr().out
