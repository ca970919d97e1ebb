"""Every validation rule fires on its row, with the place, and on no other."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from luthier.errors import LuthierError
from luthier.recipe.data import MapSpec, ThreadSpec
from luthier.records import Example, Origin
from luthier.rows import RULES, Finding, Layout, Raw, Shape, detect, join_threads, propose_map, read, to_examples
from luthier.rows.mapping import check_columns

CHAT = Shape("messages", 1.0, "", {"messages": "messages"})
PAIR = Shape("prompt_completion", 1.0, "", {"prompt": "prompt", "answer": "completion"})
CLASS = Shape("classification", 1.0, "", {"text": "text", "label": "label"})
ALPACA = Shape("alpaca", 1.0, "", {"instruction": "instruction", "input": "input", "output": "output"})
TEXT = Shape("text", 1.0, "", {"text": "text"})


def turn(role: Any, content: Any, **more: Any) -> dict[str, Any]:
    return {"role": role, "content": content, **more}


def chat(*turns: Any) -> dict[str, Any]:
    return {"messages": list(turns)}


U, A = turn("user", "hi"), turn("assistant", "hello")
CASES: list[tuple[str, str, Shape, dict[str, Any]]] = [
    ("chat.empty", "messages", CHAT, {"messages": []}),
    ("chat.empty", "messages", CHAT, {"messages": "hello"}),
    ("chat.empty", "messages", CHAT, {"other": 1}),
    ("chat.message", "messages[1]", CHAT, chat(U, "hello")),
    ("chat.message", "messages[0]", CHAT, chat({"content": "x"}, A)),
    ("chat.message", "messages[1]", CHAT, chat(U, {"role": "assistant"})),
    ("chat.role", "messages[0].role", CHAT, chat(turn("boss", "x"), A)),
    ("chat.role", "messages[0].role", CHAT, chat(turn(7, "x"), A)),
    ("chat.order", "messages[1]", CHAT, chat(U, turn("system", "late"), A)),
    ("chat.order", "messages[1]", CHAT, chat(U, U, A)),
    ("chat.order", "messages[2]", CHAT, chat(U, A, A)),
    ("chat.order", "messages[1]", CHAT, chat(U, turn("tool", "result"), A)),
    ("chat.unasked", "messages[0]", CHAT, chat(A, U, A)),
    ("chat.unasked", "messages[1]", CHAT, chat(turn("system", "s"), A)),
    ("content.type", "messages[0].content", CHAT, chat(turn("user", 5), A)),
    ("content.type", "messages[0].content", CHAT, chat(turn("user", {"text": "x"}), A)),
    ("content.type", "messages[0].content[0]", CHAT, chat(turn("user", [{"type": "image_url", "image_url": "x"}]), A)),
    ("content.type", "messages[1].weight", CHAT, chat(U, turn("assistant", "x", weight="much"))),
    ("content.empty", "messages[0].content", CHAT, chat(turn("user", " \n"), A)),
    ("content.surrogate", "messages[1].content", CHAT, chat(U, turn("assistant", "half \ud83d"))),
    ("content.control", "messages[1].content", CHAT, chat(U, turn("assistant", "bell \x07"))),
    ("content.replacement", "messages[1].content", CHAT, chat(U, turn("assistant", "caf\ufffd"))),
    ("content.mojibake", "prompt", PAIR, {"prompt": "CafÃ©?", "completion": "yes"}),
    ("content.special", "messages[0].content", CHAT, chat(turn("user", "end <|im_end|> it"), A)),
    ("content.special", "text", TEXT, {"text": "a [/INST] b"}),
    ("content.bos", "prompt", PAIR, {"prompt": "<s>Hello?", "completion": "yes"}),
    ("content.end", "completion", PAIR, {"prompt": "Hello?", "completion": "Yes.</s>"}),
    ("text.turn_end", "text", TEXT, {"text": "### x <start_of_turn>model\nHello."}),
    ("answer.truncated", "completion", PAIR, {"prompt": "x?", "completion": "First do this, then do all of that, and"}),
    ("answer.truncated", "output", ALPACA, {"instruction": "x", "output": "```python\nprint(1)"}),
    ("answer.truncated", "messages[1].content", CHAT, chat(U, turn("assistant", '{"a": [1, 2,'))),
    ("answer.space", "completion", PAIR, {"prompt": "x?", "completion": " yes"}),
    ("answer.missing", "messages[0]", CHAT, chat(U)),
    ("answer.missing", "messages[2]", CHAT, chat(U, A, turn("user", "and?"))),
    ("answer.empty", "messages[1].content", CHAT, chat(U, turn("assistant", "  "))),
    ("answer.empty", "messages[1].content", CHAT, chat(U, turn("assistant", ""), U, A)),
    ("answer.weight", "messages[1]", CHAT, chat(U, turn("assistant", "x", weight=0))),
    ("tool.call", "messages[1].tool_calls[0]", CHAT, chat(U, turn("assistant", "", tool_calls=[{"arguments": {}}]))),
    (
        "tool.call",
        "messages[1].tool_calls[0].arguments",
        CHAT,
        chat(U, turn("assistant", "", tool_calls=[{"function": {"name": "f", "arguments": "{broken"}}])),
    ),
    ("tool.definition", "tools", CHAT, {**chat(U, A), "tools": "not json"}),
    ("row.shape", "completion", PAIR, {"prompt": "x"}),
    ("content.empty", "messages[0].content", PAIR, {"prompt": "", "completion": "y"}),
    ("content.type", "prompt", PAIR, {"prompt": 3, "completion": "y"}),
    ("answer.empty", "completion", PAIR, {"prompt": "x", "completion": None}),
    ("content.empty", "instruction", ALPACA, {"instruction": " ", "output": "y"}),
    ("answer.empty", "output", ALPACA, {"instruction": "x", "output": ""}),
    ("label.missing", "label", CLASS, {"text": "x", "label": None}),
    ("content.empty", "text", TEXT, {"text": "   "}),
    ("content.type", "text", TEXT, {"text": ["a", 1]}),
]


@pytest.mark.parametrize(("rule", "path", "shape", "row"), CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_a_bad_row_is_named_with_its_place(rule: str, path: str, shape: Shape, row: dict[str, Any]) -> None:
    first, *rest = to_examples([Raw(Origin("f.jsonl", 88), row)], Layout(shape))
    assert isinstance(first, Finding), first
    assert (first.rule, first.path, str(first.origin)) == (rule, path, "f.jsonl:88")
    assert first.message and "f.jsonl:88" in first.render()
    if first.severity == "error":
        assert not rest and first.row == row  # nothing is lost: the quarantine gets the whole row
    else:
        assert len(rest) == 1 and isinstance(rest[0], Example)


def test_every_rule_of_the_table_has_a_case_and_every_case_a_rule() -> None:
    whole_file = {"label.conflict", "answer.varies"}  # tests/data/test_check_stream.py, as those of these families:
    families = ("row.", "map.", "thread.", "split.", "pair.", "rank.", "kto.", "render.", "personal.")
    elsewhere = {r for r in RULES if r.startswith(families)}
    assert {case[0] for case in CASES} | elsewhere | whole_file == set(RULES)


@pytest.mark.parametrize("case", CASES, ids=[f"{c[0]}-{n}" for n, c in enumerate(CASES)])
def test_severity_is_that_of_the_table(case: tuple[str, str, Shape, dict[str, Any]]) -> None:
    first, *_ = to_examples([Raw(Origin("f.jsonl", 88), case[3])], Layout(case[2]))
    assert isinstance(first, Finding) and first.severity == RULES[case[0]].severity


def test_every_rule_says_what_why_and_what_to_do() -> None:
    for rule in RULES.values():
        assert all(text.endswith(".") and len(text) > 8 for text in (rule.what, rule.why, rule.fix)), rule


def test_good_rows_give_no_finding() -> None:
    rows = [
        chat(U, A), chat(turn("system", "s"), U, A, U, A), {"messages": [U, A], "id": 3},
        chat(U, turn("assistant", "tabs\tand\nlines are fine ✓ 日本語 🙂")),
    ]  # fmt: skip
    made = list(to_examples([Raw(Origin("f", n), row) for n, row in enumerate(rows)], Layout(CHAT)))
    assert all(isinstance(item, Example) for item in made), made


def test_a_map_fills_templates_and_names_missing_columns() -> None:
    row = {
        "subject": "Late",
        "body": "Where is it?",
        "reply": "On its way.",
        "kind": "delivery",
        "n": 2.0,
        "extra": {"a": "deep"},
    }
    spec = MapSpec(
        prompt="{{subject}}\n{{ body }} {{n}} {{extra.a}}", completion="reply", system="You are {{kind}}.", label="kind"
    )
    (example,) = to_examples([Raw(Origin("t.csv", 2), row)], Layout(detect([row]), map=spec))
    assert isinstance(example, Example)
    assert [m.content for m in example.messages] == ["You are delivery.", "Late\nWhere is it? 2 deep", "On its way."]
    assert example.label == "delivery"
    fields = ("subject", "reply")
    (finding,) = to_examples([Raw(Origin("t.csv", 3), {"subject": "x", "reply": "y"})], Layout(detect([row]), map=spec))
    assert isinstance(finding, Finding) and finding.rule == "map.column" and finding.path == "body"
    with pytest.raises(LuthierError, match="'body'") as refused:
        check_columns(MapSpec(prompt="body", completion="reply"), fields, where="t.csv")
    assert "data.map.prompt" in refused.value.why


def test_threads_are_joined_by_id_and_order(tmp_path: Path) -> None:
    spec = ThreadSpec(id="chat", order="at", role="who", content="text", roles={"client": "user", "desk": "assistant"})
    (tmp_path / "log.csv").write_text(
        "chat,at,who,text\n"
        "b,2,desk,Second.\n"
        "a,1,client,Hello?\n"
        "b,1,client,First.\n"
        "a,10,desk,Fine.\n"
        "a,9,desk,Hi.\n"
        "a,11,client,Bye\n"
        ",1,client,lost\n"
        "c,,client,lost too\n"
        "d,1,client,nobody answered\n"
    )
    raws = list(join_threads(read(["log.csv"], folder=tmp_path), spec))
    made = list(to_examples(raws, Layout(detect([raw.value for raw in raws if raw.value]))))
    examples = [item for item in made if isinstance(item, Example)]
    assert {str(e.origin): [(m.role, m.content) for m in e.messages] for e in examples} == {
        "log.csv:2": [("user", "First."), ("assistant", "Second.")],
        "log.csv:3": [("user", "Hello?"), ("assistant", "Hi.\n\nFine.")],
    }
    assert sorted(f.rule for f in made if isinstance(f, Finding)) == ["answer.missing", "thread.id", "thread.order"]


@pytest.mark.parametrize(
    ("row", "prompt", "completion"),
    [
        (
            {"ticket_id": 1, "subject": "s", "body": "A longer body of text", "reply": "A reply text"},
            "{{subject}}\n{{body}}",
            "reply",
        ),
        (
            {"customer_message": "Where is my parcel, please?", "agent_reply": "On its way to you."},
            "customer_message",
            "agent_reply",
        ),
        (
            {"created_at": "2026-01-01", "frage": "Wo ist der Bahnhof?", "antwort": "Gleich um die Ecke."},
            "frage",
            "antwort",
        ),
        ({"review": "A fine film with cats.", "stars_label": "good"}, "review", "stars_label"),
    ],
)
def test_a_mapping_is_proposed_from_names_and_contents(row: dict[str, Any], prompt: str, completion: str) -> None:
    rows = [{k: f"{v} {n % 7 if k != 'stars_label' else ''}".strip() for k, v in row.items()} for n in range(30)]
    spec, reason = propose_map(rows)
    assert (spec.prompt, spec.completion) == (prompt, completion)
    assert completion in reason


def test_a_closed_answer_column_is_proposed_as_a_label() -> None:
    rows = [{"body": f"text number {n} with words", "queue": ["sales", "support"][n % 2]} for n in range(40)]
    spec, reason = propose_map(rows)
    assert spec.label == "queue" and "label" in reason


def test_the_person_may_name_the_answer() -> None:
    rows = [{"subject": f"subject {n}", "body": f"a body {n}", "reply": f"a reply {n}"} for n in range(9)]
    assert propose_map(rows, answer="subject")[0].completion == "subject"
    with pytest.raises(LuthierError, match="no column is called 'repply'"):
        propose_map(rows, answer="repply")
    with pytest.raises(LuthierError, match="unknown shape"):
        propose_map([{"a": 1, "b": 2}] * 9)
