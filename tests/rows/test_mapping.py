"""Tables and message logs through a mapping: several turns, roles by column, system text, filters."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from luthier.data.load import read_tables
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec, MapSpec, ThreadSpec, TurnListSpec, TurnSpec
from luthier.records import Example, Origin
from luthier.rows import Finding, Layout, Raw, detect, join_threads, to_examples
from luthier.rows.filter import wanted
from luthier.rows.mapping import check_columns


def mapped(row: dict[str, Any], spec: MapSpec, *others: dict[str, Any]) -> Example | Finding:
    shape = detect([row, *others])
    return next(iter(to_examples([Raw(Origin("t.csv", 2), row)], Layout(shape, map=spec))))


def turns(example: Example | Finding) -> list[tuple[str, str]]:
    assert isinstance(example, Example), example
    return [(message.role, message.content) for message in example.messages]


FOUR = {"q1": "Hi?", "a1": "Hello.", "q2": "Open?", "a2": "Till six.", "shop": "Oslo", "by": "agent"}
TURNS = tuple(
    TurnSpec(role=role, content=column)
    for role, column in (("user", "q1"), ("assistant", "a1"), ("user", "{{q2}}"), ("assistant", "a2"))
)


def test_columns_become_a_chat_of_several_turns() -> None:
    made = mapped(FOUR, MapSpec(turns=TURNS, system="You are in {{shop}}."))
    assert turns(made) == [
        ("system", "You are in Oslo."),
        ("user", "Hi?"),
        ("assistant", "Hello."),
        ("user", "Open?"),
        ("assistant", "Till six."),
    ]
    assert isinstance(made, Example) and made.meta == {"by": "agent"}


def test_a_turn_whose_column_is_empty_is_not_there() -> None:
    assert turns(mapped({**FOUR, "q2": "", "a2": None}, MapSpec(turns=TURNS))) == [
        ("user", "Hi?"),
        ("assistant", "Hello."),
    ]


def test_a_column_says_who_speaks() -> None:
    by = TurnSpec(role="{{by}}", content="a1")
    spec = MapSpec(turns=(TurnSpec(role="user", content="q1"), by), roles={"Agent": "assistant"})
    assert turns(mapped(FOUR, spec)) == [("user", "Hi?"), ("assistant", "Hello.")]
    stranger = mapped({**FOUR, "by": "robot"}, spec)
    assert isinstance(stranger, Finding) and (stranger.rule, stranger.path) == ("chat.role", "turns[1].role")
    missing = mapped({"q1": "Hi?", "a1": "x"}, spec, FOUR)
    assert isinstance(missing, Finding) and (missing.rule, missing.path) == ("map.column", "by")
    assert "data.map.turns.1.role" in missing.fix


def test_a_list_under_names_of_its_own_becomes_a_chat() -> None:
    spec = MapSpec(
        turns_in=TurnListSpec(column="dialog", role="speaker", content="utterance"),
        roles={"client": "user", "desk": "assistant", "log": "skip"},
        system="Be kind.",
    )
    row = {
        "dialog": [
            {"speaker": "Client", "utterance": "Hi?"},
            {"speaker": "log", "utterance": "[queue 3]"},
            {"speaker": "desk", "utterance": "Hello."},
        ],
        "id": 4,
    }
    assert turns(mapped(row, spec)) == [("system", "Be kind."), ("user", "Hi?"), ("assistant", "Hello.")]
    for broken, rule, path in (
        ({"dialog": "text"}, "chat.empty", "dialog"),
        ({"dialog": [{"speaker": "desk"}]}, "chat.message", "dialog[0]"),
        ({"other": 1}, "map.column", "dialog"),
    ):
        found = mapped(broken, spec, row)
        assert isinstance(found, Finding) and (found.rule, found.path) == (rule, path)


def test_a_column_that_holds_messages_stays_a_chat() -> None:
    row = {
        "ask": [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ],
        "re": "d",
    }
    assert turns(mapped(row, MapSpec(prompt="ask", completion="re"))) == [
        ("user", "a"),
        ("assistant", "b"),
        ("user", "c"),
        ("assistant", "d"),
    ]


def test_a_row_that_lacks_the_answers_column_is_told_and_does_not_learn_the_columns_name() -> None:
    found = mapped({"body": "x"}, MapSpec(prompt="body", completion="reply"), {"body": "x", "reply": "y"})
    assert isinstance(found, Finding) and (found.rule, found.path) == ("map.column", "reply")


@pytest.mark.parametrize(
    ("spec", "key", "column"),
    [
        (MapSpec(turns=(TurnSpec(role="{{who}}", content="q1"),)), "data.map.turns.0.role", "who"),
        (MapSpec(turns=(TurnSpec(role="user", content="q9"),)), "data.map.turns.0.content", "q9"),
        (
            MapSpec(turns_in=TurnListSpec(column="dialogue", role="r", content="c")),
            "data.map.turns_in.column",
            "dialogue",
        ),
        (MapSpec(prompt="q1", chosen="best", rejected="a1"), "data.map.chosen", "best"),
        (MapSpec(prompt="q1", completion="a1", thumb="liked"), "data.map.thumb", "liked"),
        (MapSpec(prompt="q1", completion="a1", system="In {{town}}"), "data.map.system", "town"),
        (ThreadSpec(id="q1", role="by", content="text"), "data.thread.content", "text"),
        (ThreadSpec(id="q1", role="by", content="a1", system="On {{topic}}"), "data.thread.system", "topic"),
    ],
)
def test_a_mapping_that_names_no_column_is_refused_with_its_key(
    spec: MapSpec | ThreadSpec, key: str, column: str
) -> None:
    with pytest.raises(LuthierError, match=f"no column is called '{column}'") as refused:
        check_columns(spec, list(FOUR), where="t.csv")
    assert refused.value.why == f"{key} names it"


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({}, "needs prompt and completion, or turns"),
        ({"turns": [{"role": "usr", "content": "q"}]}, "write user, assistant, system, or"),
        ({"prompt": "q"}, "needs completion, or chosen and rejected"),
        ({"prompt": "q", "answers": ["a", "b"]}, "need ratings or votes"),
        ({"prompt": "q", "answers": ["a", "b"], "ratings": ["c"]}, "one column for each"),
        ({"prompt": "q", "answers": "a", "votes": "c"}, "two or more answers"),
        ({"prompt": "q", "completion": "a", "votes": "c"}, "go with answers"),
        ({"prompt": "q", "chosen": "a"}, "needs completion, or chosen and rejected"),
        ({"prompt": "q", "completion": "a", "rejected": "b"}, "needs completion, or chosen and rejected"),
        ({"prompt": "q", "chosen": "a", "rejected": "b", "label": "c"}, "go with completion"),
        ({"prompt": "q", "completion": "a", "label": "c", "thumb": "d"}, "exclude each other"),
        ({"turns": [{"role": "user", "content": "q"}], "prompt": "q"}, "stand alone"),
        (
            {"turns": [{"role": "user", "content": "q"}], "turns_in": {"column": "a", "role": "b", "content": "c"}},
            "alone",
        ),
    ],
)
def test_a_mapping_has_one_form(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        MapSpec.model_validate(keys)


def log(*rows: tuple[str, str, str]) -> list[Raw]:
    keys = ("chat", "who", "text")
    return [
        Raw(Origin("log.csv", n + 2), {**dict(zip(keys, row, strict=True)), "topic": "parcels"})
        for n, row in enumerate(rows)
    ]


def test_a_log_without_times_keeps_the_order_of_the_file() -> None:
    spec = ThreadSpec(
        id="chat",
        role="who",
        content="text",
        roles={"client": "user", "desk": "assistant", "bot": "skip"},
        system="About {{topic}}.",
    )
    raws = log(
        ("b", "client", "Hi?"),
        ("a", "client", "Late!"),
        ("b", "bot", "[queue]"),
        ("b", "desk", "Hello."),
        ("a", "desk", "Sorry."),
    )
    joined = list(join_threads(raws, spec))
    made = list(to_examples(joined, Layout(detect([raw.value for raw in joined if raw.value]))))
    assert [turns(row) for row in made] == [
        [("system", "About parcels."), ("user", "Hi?"), ("assistant", "Hello.")],
        [("system", "About parcels."), ("user", "Late!"), ("assistant", "Sorry.")],
    ]


def test_a_thread_whose_system_column_is_missing_is_told() -> None:
    spec = ThreadSpec(id="chat", role="who", content="text", system="{{mood}}")
    (told,) = join_threads(log(("a", "user", "x")), spec)
    assert told.problem is not None and (told.problem.rule, told.problem.path) == ("map.column", "mood")


ROWS = [
    {"lang": "en", "stars": 5, "ok": True, "deep": {"kind": "a"}},
    {"lang": "de", "stars": "3.5", "ok": False},
    {"lang": None, "stars": None, "ok": None},
    {"lang": " en ", "stars": "many", "ok": "true"},
]


@pytest.mark.parametrize(
    ("keep", "drop", "left"),
    [
        ({"lang": "en"}, {}, [0, 3]),
        ({"lang": ["en", "de"]}, {}, [0, 1, 3]),
        ({"lang": None}, {}, [2]),
        ({"ok": True}, {}, [0, 3]),
        ({"stars": 5}, {}, [0]),
        ({"stars": {"min": 3.5}}, {}, [0, 1]),
        ({"stars": {"min": 1, "max": 4}}, {}, [1]),
        ({"deep.kind": "a"}, {}, [0]),
        ({}, {"lang": "en"}, [1, 2]),
        ({}, {"stars": {"max": 4}, "ok": True}, [2]),
        ({"lang": ["en", "de"]}, {"ok": False}, [0, 3]),
    ],
)
def test_filters_choose_rows_by_their_cells(keep: dict[str, Any], drop: dict[str, Any], left: list[int]) -> None:
    spec = DataSpec.model_validate({"source": "x.jsonl", "keep": keep, "drop": drop})
    raws = [Raw(Origin("f", n), row) for n, row in enumerate(ROWS)]
    broken = Raw(Origin("f", 9), None, Finding(Origin("f", 9), "row.json", "not JSON"))
    assert [raw.origin.line for raw in wanted([*raws, broken], spec.keep, spec.drop)] == [*left, 9]


def test_filters_are_refused_where_they_can_mean_nothing(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("prompt,completion,lang\nq,a,en\n")
    for keys, says in (({"lng": "en"}, "no column is called 'lng'"), ({"lang": "fr"}, "leave none of the 1 rows")):
        spec = DataSpec.model_validate({"source": "t.csv", "keep": keys})
        with pytest.raises(LuthierError, match=says):
            read_tables(spec.source, spec, folder=tmp_path)
    for wrong, says in (({}, "values, or min or max"), ({"min": 1, "values": ["a"]}, "not both")):
        with pytest.raises(ValidationError, match=says):
            DataSpec.model_validate({"source": "t.csv", "drop": {"lang": wrong}})
