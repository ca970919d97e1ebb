"""Every key of ``data`` changes something that a user would notice; the table says what, and misses none."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from tests.witness import is_there, leaves

from luthier.data import Prepared, build
from luthier.data.load import convert_judged, read_tables
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.records import Example

NOUNS = [
    "anchor", "basket", "candle", "donkey", "engine", "feather", "garden", "hammer", "island", "jacket", "kettle",
    "ladder", "mirror", "needle", "orchard", "pillow",
]  # fmt: skip


def asked(n: int) -> str:
    return f"What of the {NOUNS[n % 16]} and the {NOUNS[n * 5 % 13]}, number {n * n}, in street {n}?"


def table() -> list[dict[str, Any]]:
    """Forty rows, a copy, a near copy, a row with an address, one without an answer."""
    rows = [
        {
            "question": asked(n), "answer": f"It is {n} {NOUNS[n * 3 % 16]}.", "short": f"{n}.", "topic": NOUNS[n % 4],
            "customer": f"c{n // 2}", "day": f"2026-01-{1 + n % 28:02d}", "lang": "en" if n % 3 else "de",
            "stars": n % 5, "agent": "bot" if n % 2 else "human",
        }
        for n in range(40)
    ]  # fmt: skip
    near = {**rows[4], "question": asked(4).replace("What of", "And what of"), "customer": "x1"}
    rows += [{**rows[3], "customer": "x0"}, near]
    rows += [{**rows[5], "question": "Who answers ada@example.org, or +1 212 736 5000?", "customer": "x2"}]
    return [*rows, {**rows[6], "question": "And who answers this one?", "answer": "", "customer": "x3"}]


def write(folder: Path) -> None:
    """The files that the recipes of the table name."""

    def put(name: str, rows: list[Any]) -> None:
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))

    put("rows.jsonl", table())
    put("plain.jsonl", [{k: row[k] for k in ("question", "answer")} for row in table()])
    put("test.jsonl", [{"question": asked(7).replace("What of", "Now what of"), "answer": "It is 7."}])
    put("old.jsonl", [{"question": f"Long ago, {NOUNS[n % 16]} {n}?", "answer": f"Yes, {n}."} for n in range(30)])
    put("other.jsonl", [{"question": f"Elsewhere, {NOUNS[n % 16]} {n}?", "answer": f"No, {n}."} for n in range(30)])
    put("text_and_label.jsonl", [{"text": asked(n), "label": NOUNS[n % 3]} for n in range(30)])
    note = {"who": "note", "speaker": "notice", "what": "Be brief.", "said": "Be long."}
    put("turns.jsonl", [
        {**row, "first": f"One {n}.", "second": f"Two {n}.",
         "turns": [note, {"who": "human", "speaker": "customer", "what": f"Turn {n}?", "said": f"Said {n}?"},
                   {"who": "agent", "speaker": "clerk", "what": f"Reply {n}.", "said": f"Aye {n}."}],
         "others": [{"who": "human", "what": f"Other {n}?"}, {"who": "agent", "what": f"Another {n}."}]}
        for n, row in enumerate(table()[:30])
    ])  # fmt: skip
    put("log.jsonl", [
        {"chat": f"t{n}", "batch": f"b{n // 2}", "at": at, "swapped": swapped, "from": who, "as": other, "text": text,
         "alt": f"{text}!", "shop": f"Shop {n}"}
        for n in range(20)
        for at, swapped, who, other, text in (
            (0, 0, "note", "note", "Be brief."),
            (1, 3, "customer", "customer", f"Ask {n} {NOUNS[n % 16]}?"), (2, 4, "clerk", "clerk", f"Tell {n}."),
            (3, 1, "customer", "hidden", f"And {n}?"), (4, 2, "clerk", "hidden", f"So {n}."),
        )
    ])  # fmt: skip
    put("pairs.jsonl", [
        {"question": asked(n), "good": f"Yes {n}.", "bad": f"No {n}.", "third": f"Hm {n}.", "up": n % 2 == 0,
         "down": n % 2 == 1, "one": n % 2, "two": 1 - n % 2, "ada": "1", "bob": "1", "cy": "2"}
        for n in range(20)
    ])  # fmt: skip


Look = Callable[[Prepared], Any]


@dataclass(frozen=True)
class Witness:
    """A recipe without and with the key, and what differs then."""

    look: Look
    after: dict[str, Any]
    before: dict[str, Any] = field(default_factory=dict)


def rows(made: Prepared) -> list[Example]:
    return [*made.train, *made.validation, *made.test]


def sides(made: Prepared) -> dict[str, str]:
    return {e.asked: side for side in ("train", "validation", "test") for e in getattr(made, side)}


def turns(made: Prepared) -> set[tuple[tuple[str, str], ...]]:
    return {tuple((m.role, m.content) for m in e.messages) for e in rows(made)}


def removed(rule: str) -> Look:
    return lambda made: sum(row["rule"] == rule for row in (*made.removed, *made.quarantine))


def joined(made: Prepared) -> bool:
    """Whether rows of one customer ever stand on two sides."""
    places: dict[Any, set[str]] = {}
    for side in ("train", "validation", "test"):
        for e in getattr(made, side):
            places.setdefault(e.meta.get("customer") or e.group, set()).add(side)
    return any(len(found) > 1 for found in places.values())


MAP = {"prompt": "question", "completion": "answer"}
TURNS = {"source": "turns.jsonl"}
LIST = {"column": "turns", "role": "who", "content": "what"}
SPEAKERS = {
    "human": "user", "agent": "assistant", "customer": "user", "clerk": "assistant", "note": "skip", "notice": "system",
    "hidden": "skip",
}  # fmt: skip
LOG = {"id": "chat", "order": "at", "role": "from", "content": "text", "roles": SPEAKERS}


def mapped(**changes: Any) -> dict[str, Any]:
    return {"map": {**MAP, **changes}}


def first_turn(**changes: Any) -> dict[str, Any]:
    turns = [{"role": "system", "content": "first"} | changes, {"role": "user", "content": "question"},
             {"role": "assistant", "content": "answer"}]  # fmt: skip
    return {**TURNS, "map": {"turns": turns, "roles": {"bot": "system", "human": "skip"}}}


def listed(**changes: Any) -> dict[str, Any]:
    return {**TURNS, "map": {"turns_in": LIST | changes, "roles": SPEAKERS}}


def thread(**changes: Any) -> dict[str, Any]:
    return {"source": "log.jsonl", "thread": LOG | changes}


STAGE: dict[str, Witness] = {
    "source": Witness(lambda m: m.report["rows"]["read"], {"source": ["rows.jsonl", "old.jsonl"]}),
    "test": Witness(sides, {"test": "test.jsonl"}),
    "shape": Witness(turns, {"source": "text_and_label.jsonl", "shape": "text"}, {"source": "text_and_label.jsonl"}),
    "map.prompt": Witness(turns, mapped(prompt="{{question}} Please."), mapped()),
    "map.completion": Witness(turns, mapped(completion="short"), mapped()),
    "map.system": Witness(turns, mapped(system="About {{topic}}."), mapped()),
    "map.label": Witness(lambda m: {e.label for e in rows(m)}, mapped(completion="topic", label="topic"),
                         mapped(completion="topic")),
    "map.turns.role": Witness(turns, first_turn(role="{{agent}}"), first_turn()),
    "map.turns.content": Witness(turns, first_turn(content="second"), first_turn()),
    "map.turns_in.column": Witness(turns, listed(column="others"), listed()),
    "map.turns_in.role": Witness(turns, listed(role="speaker"), listed()),
    "map.turns_in.content": Witness(turns, listed(content="said"), listed()),
    "map.roles": Witness(turns, {**TURNS, "map": {"turns_in": LIST, "roles": {**SPEAKERS, "note": "system"}}},
                         listed()),
    "thread.id": Witness(lambda m: len(rows(m)), thread(id="batch"), thread()),
    "thread.order": Witness(turns, thread(order="swapped"), thread()),
    "thread.role": Witness(turns, thread(role="as"), thread()),
    "thread.content": Witness(turns, thread(content="alt"), thread()),
    "thread.roles": Witness(turns, thread(roles={**SPEAKERS, "note": "system"}), thread()),
    "thread.system": Witness(turns, thread(system="This is {{shop}}."), thread()),
    "keep.values": Witness(lambda m: m.report["rows"].get("filtered"), {"keep": {"lang": "en"}}),
    "keep.min": Witness(lambda m: m.report["rows"].get("filtered"), {"keep": {"stars": {"min": 3}}}),
    "keep.max": Witness(lambda m: m.report["rows"].get("filtered"), {"keep": {"stars": {"max": 2}}}),
    "drop.values": Witness(lambda m: m.report["rows"].get("filtered"), {"drop": {"lang": ["de"]}}),
    "drop.min": Witness(lambda m: m.report["rows"].get("filtered"), {"drop": {"stars": {"min": 3}}}),
    "drop.max": Witness(lambda m: m.report["rows"].get("filtered"), {"drop": {"stars": {"max": 2}}}),
    "system": Witness(turns, {"system": "Be kind."}),
    "split.test": Witness(lambda m: len(m.test), {"split": {"test": 0.5}}),
    "split.validation": Witness(lambda m: len(m.validation), {"split": {"validation": 0.5}}),
    "split.group_by": Witness(joined, {"split": {"group_by": "customer", "test": 0.4}}, {"split": {"test": 0.4}}),
    "split.by_time": Witness(lambda m: {e.asked for e in m.test}, {"split": {"by_time": "day"}}),
    "split.salt": Witness(sides, {"split": {"salt": "another"}}),
    "split.folds": Witness(lambda m: len(m.test), {"split": {"folds": 2}}),
    "split.fold": Witness(lambda m: {e.asked for e in m.test}, {"split": {"folds": 2, "fold": 2}},
                          {"split": {"folds": 2}}),
    "dedupe.exact": Witness(removed("duplicate.exact"), {"dedupe": {"exact": False}}),
    "dedupe.near": Witness(removed("duplicate.near"), {"dedupe": {"near": 0.99}}),
    "leak_similarity": Witness(removed("leak.near"), {"test": "test.jsonl", "leak_similarity": 0.99},
                               {"test": "test.jsonl"}),
    "personal.kind": Witness(lambda m: [e.asked for e in rows(m) if "Who answers" in e.asked], {"personal": "keep"}),
    "personal.find": Witness(lambda m: m.report["personal"], {"personal": {"find": "email"}}),
    "replay.source": Witness(lambda m: {e.meta.get("replay") for e in m.train}, {"replay": {"source": "other.jsonl"}},
                             {"replay": {"source": "old.jsonl"}}),
    "replay.share": Witness(lambda m: m.report["rows"]["replay"], {"replay": {"source": "old.jsonl", "share": 0.3}},
                            {"replay": {"source": "old.jsonl"}}),
    "contamination.profile": Witness(lambda m: m.report["contamination"]["rule"],
                                     {"contamination": {"profile": "gpt3"}}),
}  # fmt: skip

RATED = {"prompt": "question", "answers": ["good", "bad"], "ratings": ["one", "two"]}
VOTED = {"prompt": "question", "answers": ["good", "bad"], "votes": ["ada"]}
PAIR = {"prompt": "question", "chosen": "good", "rejected": "bad"}
THUMB = {"prompt": "question", "completion": "good", "thumb": "up"}
JUDGED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "map.chosen": (PAIR, {**PAIR, "chosen": "third"}),
    "map.rejected": (PAIR, {**PAIR, "rejected": "third"}),
    "map.thumb": (THUMB, {**THUMB, "thumb": "down"}),
    "map.answers": (RATED, {**RATED, "answers": ["good", "third"]}),
    "map.ratings": (RATED, {**RATED, "ratings": ["two", "one"]}),
    "map.votes": (VOTED, {**VOTED, "votes": ["ada", "bob", "cy"]}),
}
"""Rows that say which answer is better: what is read differs."""
ELSEWHERE = {
    "on_overlong": "tests/data/test_fit.py::test_the_account_adds_up_when_chats_are_split",
    "split.previous": "tests/data/test_split.py::test_a_grown_dataset_keeps_the_sides_of_the_one_before",
    "contamination.packs": "tests/data/test_contamination.py::test_packs_of_the_recipe_are_checked_and_are_parents",
    "on_unanswered": "tests/data/test_witnesses.py::test_rows_without_an_answer_stop_the_stage_when_asked",
    "replay.sets": "tests/data/test_stage.py::test_replay_draws_a_set_for_each_epoch_and_whole_sets_only",
    "dedupe.semantic.similar": "tests/data/test_semantic.py::test_the_threshold_decides",
    **dict.fromkeys(
        ("split.parents.id", "split.parents.of"), "tests/data/test_parents.py::test_an_edit_stands_with_its_original"
    ),
    **dict.fromkeys(
        (f"select.{key}" for key in (
            "by", "rows", "similar", "tokens", "judge.min_quality", "likelihood.keep", "likelihood.max_ifd",
            "likelihood.max_perplexity", "reward.min", "reward.keep",
        )),
        "tests/data/test_select.py::test_every_key_of_selection_is_seen",
    ),
    **dict.fromkeys(
        ("select.judge.asks", "select.judge.max_tokens"),
        "tests/data/test_scorers.py::test_what_is_asked_follows_the_recipe",
    ),
    "select.judge.how": "tests/data/test_scorers.py::test_the_expected_mark_is_the_mean_of_the_digits",
    "select.reward.model": "tests/end_to_end/test_reward.py::test_pairs_to_a_reward_model_that_filters_and_chooses",
    "select.likelihood.model": "tests/pipeline/test_selection.py::test_another_model_finds_the_rows_otherwise_likely",
    **dict.fromkeys(
        (f"{at}.{key}" for at in ("select.judge.engine", "vectors") for key in ("url", "model", "key", "concurrency")),
        "tests/pipeline/test_selection.py::test_a_server_judges_and_gives_vectors_as_the_recipe_says",
    ),
}
"""Keys that need more than two builds: the test that sees their effect."""


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Prepared]:
    folder = tmp_path_factory.mktemp("witnesses")
    write(folder)
    known: dict[str, Prepared] = {}

    def make(data: dict[str, Any]) -> Prepared:
        name = json.dumps(data, sort_keys=True)
        if name not in known:
            source = "plain.jsonl" if "map" not in data and not data.keys() & {"keep", "drop"} else "rows.jsonl"
            source = "rows.jsonl" if data.get("split", {}).keys() & {"group_by", "by_time"} else source
            known[name] = build(DataSpec.model_validate({"source": source, **data}), folder=folder)
        return known[name]

    return make


@pytest.mark.parametrize("key", STAGE)
def test_a_user_would_notice_the_key(key: str, prepared: Callable[..., Prepared]) -> None:
    witness = STAGE[key]
    assert witness.look(prepared(witness.after)) != witness.look(prepared(witness.before))


@pytest.mark.parametrize("key", JUDGED)
def test_a_user_would_notice_the_key_of_comparisons(key: str, tmp_path: Path) -> None:
    write(tmp_path)
    read = []
    for mapping in JUDGED[key]:
        spec = DataSpec.model_validate({"source": "pairs.jsonl", "map": mapping})
        found = convert_judged(read_tables(spec.source, spec, folder=tmp_path, supervised=False), spec)
        assert found.examples and not found.findings
        read.append([row.to_dict() for row in found.examples])
    assert read[0] != read[1]


def test_rows_without_an_answer_stop_the_stage_when_asked(prepared: Callable[..., Prepared]) -> None:
    assert removed("answer.empty")(prepared({})) == 1
    with pytest.raises(LuthierError, match="1 of 44 rows have no answer to learn from"):
        prepared({"on_unanswered": "refuse"})


def test_no_key_is_without_a_witness() -> None:
    assert leaves(DataSpec) == STAGE.keys() | JUDGED.keys() | ELSEWHERE.keys()
    assert all(is_there(test) for test in ELSEWHERE.values())
