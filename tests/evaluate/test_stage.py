"""Running an evaluation: what is asked, what is filed, what happens after a crash."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.evaluate import Contender, gate, measure, read_ledger, run, table, text_table, write_ledger
from luthier.evaluate.ledger import TEST
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Example, Message, VerdictKind
from luthier.store import Store

Tickets = tuple[list[Example], list[Example]]


def spec(**changes: Any) -> EvaluateSpec:
    return EvaluateSpec.model_validate({"max_tokens": 80, "shots": 2, **changes})


class Counting(ScriptedEngine):
    """A scripted engine that counts what it is asked, and can die on the way."""

    asked = 0
    dies_at: int | None = None

    def _answer(self, request: Request) -> str:
        self.asked += 1
        if self.dies_at is not None and self.asked > self.dies_at:
            raise KeyboardInterrupt
        return super()._answer(request)


def engines(tickets: Tickets) -> tuple[Counting, Counting]:
    """A base that cannot, a tuned model that answers as the reference."""
    truth = {e.prompt[-1].content: e.answer for e in tickets[1]}
    return Counting(lambda r: "I do not know", name="base"), Counting(truth, name="tuned")


def test_baselines_and_what_ships_stand_side_by_side(tickets: Tickets, tmp_path: Path) -> None:
    base, tuned = engines(tickets)
    ledger = measure(
        spec(), base=Contender(base), tuned=Contender(tuned), train=tickets[0], test=tickets[1], workdir=tmp_path
    )
    assert ledger.systems(TEST) == ["base", "few_shot", "words", "tuned"]
    assert len(ledger.rows) == 4 * 12
    assert "intent, urgency must be right" in ledger.facts["detected"]
    made = table(ledger)
    value = {s["name"]: s["values"]["json_fields(intent, urgency)"] for s in made["systems"]}
    assert value["base"]["value"] == 0.0 and value["base"]["high"] > 20  # 0 of 12 still leaves room
    assert value["tuned"]["value"] == 100.0 and value["tuned"]["low"] < 80
    assert value["words"]["fields"]["intent"]["n"] == 12
    assert [m["title"] for m in made["metrics"]] == ["intent, urgency all right", "ROUGE-L of reply"]
    assert made["systems"][1]["title"] == "base + 2 examples in the prompt"
    assert any("n=12" in line for line in text_table(ledger))


def test_a_reason_stands_beside_every_zero(tickets: Tickets, tmp_path: Path) -> None:
    base, tuned = engines(tickets)
    ledger = measure(
        spec(), base=Contender(base), tuned=Contender(tuned), train=tickets[0], test=tickets[1], workdir=tmp_path
    )
    scores = [r.scores["json_fields(intent, urgency)"] for r in ledger.of(TEST, "base").values()]
    assert {s.value for s in scores} == {0.0}
    assert all(s.reason.startswith("not JSON: ") for s in scores)


def test_examples_in_the_prompt_come_from_train_and_stand_behind_the_system_message(
    tickets: Tickets, tmp_path: Path
) -> None:
    seen: list[Request] = []

    def answer(request: Request) -> str:
        seen.append(request)
        return "{}"

    one = Contender(ScriptedEngine(answer))
    measure(spec(baselines=["few_shot"]), base=one, tuned=one, train=tickets[0], test=tickets[1], workdir=tmp_path)
    prompts = [r.messages for r in seen if len(r.messages) > 2]
    assert len(prompts) == 12
    train_questions = {e.prompt[-1].content for e in tickets[0]}
    for messages in prompts:
        assert [m.role for m in messages] == ["system", "user", "assistant", "user", "assistant", "user"]
        assert {messages[1].content, messages[3].content} <= train_questions
    assert len({(m[1].content, m[3].content) for m in prompts}) == 1  # the same shots for every item


def test_a_run_that_dies_goes_on_where_it_stopped(tickets: Tickets, tmp_path: Path) -> None:
    base, tuned = engines(tickets)
    tuned.dies_at = 5
    kwargs: dict[str, Any] = {"train": tickets[0], "test": tickets[1], "workdir": tmp_path}
    with pytest.raises(KeyboardInterrupt):
        measure(spec(), base=Contender(base), tuned=Contender(tuned), **kwargs)
    journal = tmp_path / "journal.jsonl"
    assert journal.read_bytes().count(b"\n") == 12 + 12 + 5
    journal.write_bytes(journal.read_bytes() + b'{"id": "torn')
    asked = base.asked
    tuned.dies_at, tuned.asked = None, 0
    ledger = measure(spec(), base=Contender(base), tuned=Contender(tuned), **kwargs)
    assert base.asked == asked, "the base was asked again"
    assert tuned.asked == 12 - 5
    straight = measure(spec(), base=Contender(base), tuned=Contender(tuned), **{**kwargs, "workdir": tmp_path / "new"})

    def without_time(rows: Any) -> list[dict[str, Any]]:
        dumps = [{k: v for k, v in r.to_dict().items() if k != "seconds"} for r in rows]
        return sorted(dumps, key=lambda d: (d["system"], d["item"]))

    assert without_time(ledger.rows) == without_time(straight.rows)


def test_another_engine_or_limit_is_asked_anew(tickets: Tickets, tmp_path: Path) -> None:
    base, tuned = engines(tickets)
    kwargs: dict[str, Any] = {"train": tickets[0], "test": tickets[1], "workdir": tmp_path}
    measure(spec(baselines=["base"]), base=Contender(base), tuned=Contender(tuned), **kwargs)
    other = Counting(lambda r: "{}", name="tuned, second try")
    measure(spec(baselines=["base"]), base=Contender(base), tuned=Contender(other), **kwargs)
    assert (base.asked, other.asked) == (12, 12)
    measure(spec(baselines=["base"], max_tokens=81), base=Contender(base), tuned=Contender(other), **kwargs)
    assert (base.asked, other.asked) == (24, 24)


def test_replayed_rows_are_no_examples_of_the_job(
    tickets: Tickets, chat: Callable[..., Example], tmp_path: Path
) -> None:
    replayed = [chat(f"replayed {i}", "something else", meta={"replay": "nano"}) for i in range(50)]
    seen: list[Request] = []
    one = Contender(ScriptedEngine(lambda r: seen.append(r) or "{}"))  # type: ignore[func-returns-value]
    measure(
        spec(baselines=["few_shot", "words"], shots=8), base=one, tuned=one, train=[*replayed, *tickets[0]],
        test=tickets[1], workdir=tmp_path,
    )  # fmt: skip
    assert not [m for r in seen for m in r.messages if m.content.startswith("replayed")]


def test_fewer_shots_where_the_context_is_short(
    tickets: Tickets, make_contender: Callable[..., Contender], tmp_path: Path
) -> None:
    from luthier.evaluate.systems import few_shot, with_shots

    base = make_contender(0, context=400)
    ledger = measure(
        spec(baselines=["few_shot", "base"], max_tokens=8, shots=5), base=base, tuned=base, train=tickets[0],
        test=tickets[1][:4], workdir=tmp_path,
    )  # fmt: skip
    told = ledger.facts["systems"]["few_shot"]
    k = len(told["shots"])
    assert 0 < k < 5
    assert told["title"] == f"base + {k} example{'s' * (k > 1)} in the prompt, constrained JSON"
    assert told["note"] == f"{k} of 5 examples: the context holds 400 tokens"
    assert told["prompt_tokens"] > ledger.facts["systems"]["base"]["prompt_tokens"] + 100 * k
    # one more would not fit beside the longest question
    five = few_shot(base, tickets[0], [], shots=5, max_tokens=8, seed=0)
    assert not isinstance(five, str) and [e.id for e in five.shots[:k]] == told["shots"] and base.tokens is not None
    sizes = [
        len(base.tokens.prompt_ids(Request(messages=with_shots(e.prompt, five.shots[: k + 1])))) for e in tickets[1][:4]
    ]
    assert max(sizes) + 8 > 400
    none = make_contender(0, context=150)
    ledger = measure(
        spec(baselines=["few_shot", "base"], max_tokens=8), base=none, tuned=none, train=tickets[0],
        test=tickets[1][:4], workdir=tmp_path / "b",
    )  # fmt: skip
    assert "not one example fits" in ledger.facts["not_available"]["few_shot"]
    base.engine.close()
    none.engine.close()


def test_a_prompt_that_does_not_fit_is_not_scored(
    chat: Callable[..., Example], make_contender: Callable[..., Contender], tmp_path: Path
) -> None:
    one = make_contender(0, context=200)
    rows = [chat("short", "a"), chat("long " * 100, "b")]
    ledger = measure(
        spec(baselines=["base"], target="exact", max_tokens=4), base=one, tuned=one, train=[], test=rows,
        workdir=tmp_path,
    )  # fmt: skip
    values = {r.reference: r.value("exact") for r in ledger.of(TEST, "base").values()}
    assert values == {"a": 0.0, "b": None}
    reason = next(r.scores["exact"].reason for r in ledger.rows if r.reference == "b")
    assert "the context holds 200" in reason
    one.engine.close()


def test_suites_are_scored_through_the_engine(
    base: Contender, other: Contender, tickets: Tickets, tmp_path: Path, suite_file: Callable[..., str]
) -> None:
    # answers that the base itself gives are right by definition, all others wrong
    said = base.engine.generate(
        [Request(messages=tickets[1][0].prompt, max_tokens=4), Request(messages=tickets[1][1].prompt, max_tokens=4)]
    )
    rows = [
        {"messages": [m.to_dict() for m in tickets[1][k].prompt], "answer": text, "skill": "echo"}
        for k, text in ((0, said[0].text or "x"), (1, "certainly not this"))
    ]
    quiz = suite_file("quiz.jsonl", rows)
    prose = suite_file("prose.jsonl", [{"text": "The quick brown fox. " * k} for k in (1, 2, 40)])
    ledger = measure(
        spec(baselines=["base"], target="exact", max_tokens=4, regression=[quiz, prose]), base=base, tuned=other,
        train=[], test=tickets[1][:2], workdir=tmp_path / "w", folder=tmp_path,
    )  # fmt: skip
    assert ledger.systems(quiz) == ["base", "tuned", "trivial"] == ledger.systems(prose)
    forced = [ledger.of(quiz, "base")[n] for n in sorted(ledger.of(quiz, "base"))]
    assert {r.slice for r in forced} == {"echo"}
    assert all(r.scores["exact"].parts["tokens"] >= 2 for r in forced)  # the end of the turn counts
    # bits per byte against the plain computation: every token given all before it, 840 bytes fit one window... or two
    import torch

    loaded_ids = base.tokens.encode("The quick brown fox. ") if base.tokens else ()
    model = base.engine._model  # type: ignore[attr-defined]
    ids = torch.tensor([[base.tokens.start_id, *loaded_ids]])  # type: ignore[union-attr]
    with torch.no_grad():
        logp = torch.log_softmax(model(ids).logits[0, :-1].double(), -1)
    bits = -float(logp[range(len(loaded_ids)), list(loaded_ids)].sum()) / 0.6931471805599453
    short = min(ledger.of(prose, "base").values(), key=lambda r: r.scores["bits_per_byte"].parts["bytes"])
    assert short.scores["bits_per_byte"].parts["bits"] == pytest.approx(bits, rel=1e-4)
    assert short.scores["bits_per_byte"].parts["bytes"] == 21
    guessed = [r.scores["bits_per_byte"].parts["bits"] for r in ledger.of(prose, "trivial").values()]
    assert all(0 < b < 8 * 21 * 40 for b in guessed)


def test_teacher_forced_equals_greedy_answers(
    base: Contender, chat: Callable[..., Example], tmp_path: Path, suite_file: Callable[..., str]
) -> None:
    questions = [f"question {k} about something" for k in range(12)]
    greedy = base.engine.generate(
        [Request(messages=chat(q, "x").prompt, max_tokens=12 if k % 2 else 3) for k, q in enumerate(questions)]
    )
    rows = [
        {"messages": [{"role": "user", "content": q}], "answer": c.text}
        for q, c in zip(questions, greedy, strict=True)
        if c.text.strip()
    ]
    quiz = suite_file("quiz.jsonl", rows)
    ledger = measure(
        spec(baselines=["base"], target="exact", max_tokens=4, regression=[quiz]), base=base, tuned=base, train=[],
        test=[chat("a", "b")], workdir=tmp_path / "w", folder=tmp_path,
    )  # fmt: skip
    forced = ledger.of(quiz, "base")
    from luthier.evaluate.regression import load_suite
    from luthier.recipe.evaluate import RegressionSpec

    items = load_suite(RegressionSpec(suite=quiz), folder=tmp_path).items
    again = base.engine.generate([Request(messages=i.example.prompt, max_tokens=64) for i in items])
    for item, completion in zip(items, again, strict=True):
        ids = base.tokens.encode(item.example.answer) if base.tokens else ()
        says_it = tuple(completion.token_ids) == tuple(ids) and completion.finish_reason == "stop"
        assert forced[item.name].value("exact") == float(says_it)


def test_the_ledger_is_an_artifact_and_gives_the_same_verdict_again(tickets: Tickets, home: Path) -> None:
    store = Store.open(home)
    started = store.start_run("tickets", {}, {})
    base, tuned = engines(tickets)
    calls: list[tuple[int, int, str]] = []
    artifact = run(
        spec(), base=Contender(base), tuned=Contender(tuned), train=tickets[0], test=tickets[1], store=store,
        run=started, parents=["source:t#sha256=" + "0" * 64], key="k" * 64, progress=lambda *a: calls.append(a),
    )  # fmt: skip
    assert artifact.kind == "ledger"
    ledger = read_ledger(artifact)
    assert len(ledger.rows) == 48 and calls[-1][:2] == (48, 48)
    assert ledger.facts["seconds"]["tuned"]["total_s"] > 0
    assert not list((home / ".luthier").rglob("journal.jsonl")), "the scratch is cleared"
    assert started.events("evaluate.forecast")[0]["joint_power"] == 1.0
    first, again = gate(ledger), gate(read_ledger(artifact))
    assert first.to_dict() == again.to_dict()
    assert json.loads(json.dumps(first.to_dict(), allow_nan=False))
    assert not store.verify()
    gone = ledger.rows[0].id
    store.erase([gone])
    left = read_ledger(artifact)
    assert len(left.rows) == 44 and gone not in {r.id for r in left.rows}
    assert not store.verify()


def test_the_same_answers_make_the_same_artifact(tickets: Tickets, tmp_path: Path) -> None:
    written = []
    for name in ("one", "two"):
        base, tuned = engines(tickets)
        ledger = measure(
            spec(), base=Contender(base), tuned=Contender(tuned), train=tickets[0], test=tickets[1],
            workdir=tmp_path / name,
        )  # fmt: skip
        write_ledger(tmp_path / name, ledger)
        written.append([(tmp_path / name / f).read_bytes() for f in ("ledger.rows.jsonl", "facts.json")])
    assert written[0] == written[1]


def test_repeated_test_rows_are_items_of_their_own(tickets: Tickets, tmp_path: Path) -> None:
    base, tuned = engines(tickets)
    ledger = measure(
        spec(baselines=["base"]), base=Contender(base), tuned=Contender(tuned), train=[],
        test=[*tickets[1], tickets[1][0]], workdir=tmp_path,
    )  # fmt: skip
    assert len(ledger.of(TEST, "tuned")) == 13
    assert Counter(r.id for r in ledger.of(TEST, "tuned").values()).most_common(1)[0][1] == 2


def test_a_sample_keeps_its_items_when_rows_are_added(tickets: Tickets, tmp_path: Path) -> None:
    base, tuned = engines(tickets)

    def items(rows: list[Example], seed: int) -> set[str]:
        made = measure(
            spec(baselines=["base"], max_items=6), base=Contender(base), tuned=Contender(tuned), train=[], test=rows,
            workdir=tmp_path, seed=seed,
        )  # fmt: skip
        return set(made.of(TEST, "tuned"))

    small, large = items(tickets[1][:10], 0), items(tickets[1], 0)
    assert len(small) == len(large) == 6
    assert len(small & large) >= 4  # two rows were added, so at most two were pushed out
    assert items(tickets[1], 1) != large


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"target": "json_fields"}, "not JSON"),
        ({"target": {"kind": "json_field", "field": "nothing"}}, "no field nothing"),
        ({"regression": ["skils"]}, "no such suite: skils"),
        ({"regression": ["./none.jsonl"]}, "no such suite"),
    ],
)
def test_mistakes_are_named_before_anything_is_asked(
    change: dict[str, Any], told: str, tickets: Tickets, chat: Callable[..., Example], tmp_path: Path
) -> None:
    base, tuned = engines(tickets)
    test = [chat("q", "plain")] if change.get("target") == "json_fields" else tickets[1]
    with pytest.raises(LuthierError, match=told):
        measure(spec(**change), base=Contender(base), tuned=Contender(tuned), train=[], test=test, workdir=tmp_path)
    assert base.asked == tuned.asked == 0


def test_no_test_rows_is_an_error_that_says_what_to_set(tmp_path: Path) -> None:
    one = Contender(ScriptedEngine({}))
    with pytest.raises(LuthierError, match=r"data\.split\.test"):
        measure(spec(), base=one, tuned=one, train=[], test=[Example(text="only text")], workdir=tmp_path)


def test_a_model_that_learned_the_job_is_promoted(tickets: Tickets, tmp_path: Path) -> None:
    base, tuned = engines(tickets)
    ledger = measure(
        spec(baselines=["base", "few_shot"]), base=Contender(base), tuned=Contender(tuned), train=tickets[0],
        test=tickets[1], workdir=tmp_path,
    )  # fmt: skip
    verdict = gate(ledger, test_use=1)
    assert verdict.kind is VerdictKind.PROMOTE
    assert verdict.facts["test_use_told"] == "1st use of this test set"
    with_words = measure(
        spec(), base=Contender(base), tuned=Contender(tuned), train=tickets[0], test=tickets[1], workdir=tmp_path
    )
    against_words = gate(with_words)  # words solve this job too
    assert against_words.kind is not VerdictKind.PROMOTE
    assert any("needs no language model" in line for line in against_words.advice)


def test_a_finished_evaluation_asks_nothing_again(
    base: Contender, other: Contender, tickets: Tickets, tmp_path: Path, suite_file: Callable[..., str]
) -> None:
    asked = [[{"role": "user", "content": f"q{k}"}] for k in range(5)]
    quiz = suite_file("quiz.jsonl", [{"messages": messages, "answer": "a"} for messages in asked])
    prose = suite_file("prose.jsonl", [{"text": f"Some text, number {k}."} for k in range(40)])
    notes: list[tuple[str, dict[str, Any]]] = []
    kwargs: dict[str, Any] = {
        "base": base, "tuned": other, "train": tickets[0], "test": tickets[1][:3], "workdir": tmp_path / "w",
        "folder": tmp_path, "note": lambda kind, **facts: notes.append((kind, facts)),
    }  # fmt: skip
    wish = spec(max_tokens=4, regression=[quiz, prose])
    first = measure(wish, **kwargs)
    again = measure(wish, **kwargs)
    done = [facts for kind, facts in notes if kind == "evaluate.done"]
    assert done == [{"rows": len(first.rows), "resumed": 0}, {"rows": len(first.rows), "resumed": len(first.rows)}]
    assert {r.place: r.scores for r in first.rows} == {r.place: r.scores for r in again.rows}
    assert gate(first).to_dict() == gate(again).to_dict()


def test_forced_prompts_are_the_ids_of_serving(base: Contender) -> None:
    from luthier.evaluate.guards import _answer_of

    turns = [("system", "Be short."), ("user", "2 + 2?"), ("assistant", "4"), ("user", "3 + 3?"), ("assistant", "6")]
    example = Example(messages=tuple(Message(role, content) for role, content in turns))
    assert base.chat is not None and base.tokens is not None
    before, answer = _answer_of(base.chat, example)
    assert before == base.tokens.prompt_ids(Request(messages=example.prompt))
    assert base.tokens.decode(answer) == "6" and answer[-1] in base.chat.stop_ids


def test_an_engine_without_log_likelihoods_answers_and_is_compared(
    tickets: Tickets, tmp_path: Path, suite_file: Callable[..., str]
) -> None:
    base, tuned = engines(tickets)
    quiz = suite_file("quiz.jsonl", [{"messages": [m.to_dict() for m in e.messages]} for e in tickets[1]])
    prose = suite_file("prose.jsonl", [{"text": "Some text."}])
    kwargs: dict[str, Any] = {
        "base": Contender(base), "tuned": Contender(tuned), "train": [], "test": tickets[1], "folder": tmp_path,
    }  # fmt: skip
    ledger = measure(spec(baselines=["base"], regression=[quiz]), workdir=tmp_path / "a", **kwargs)
    assert {r.value("exact") for r in ledger.of(quiz, "base").values()} == {0.0}
    assert {r.value("exact") for r in ledger.of(quiz, "tuned").values()} == {1.0}
    with pytest.raises(LuthierError, match="does not support log-likelihoods of given texts"):
        measure(spec(baselines=["base"], regression=[prose]), workdir=tmp_path / "b", **kwargs)


def test_rows_of_one_customer_are_one_cluster(tickets: Tickets, tmp_path: Path) -> None:
    base, tuned = engines(tickets)
    from dataclasses import replace

    grouped = [replace(e, group=f"customer {i % 3}") for i, e in enumerate(tickets[1])]
    ledger = measure(
        spec(baselines=["base"]), base=Contender(base), tuned=Contender(tuned), train=[], test=grouped, workdir=tmp_path
    )
    assert "3 clusters" in gate(ledger).results[0].test


def test_detected_metrics_are_used_where_the_recipe_names_none(tickets: Tickets, tmp_path: Path) -> None:
    base, tuned = engines(tickets)
    wish = spec(baselines=["base"])
    ledger = measure(
        wish, base=Contender(base), tuned=Contender(tuned), train=[], test=tickets[1], workdir=tmp_path
    )
    verdict = gate(ledger, wish)
    assert [(r.metric, r.status) for r in verdict.results] == [
        ("json_fields(intent, urgency)", "improved"), ("rouge_l(reply)", "described"),
    ]  # fmt: skip
    assert "intent, urgency must be right" in verdict.facts["detected"]
