"""Judges in an evaluation: ballots in the ledger, agreement with people before they decide, biases put right."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.evaluate import Contender, Ledger, contrast, gate, measure, table
from luthier.evaluate.jury import ballots_of, calibrate, seated
from luthier.evaluate.ledger import TEST
from luthier.evaluate.reliability import account, calibration, corrected, position, refuse_unproven
from luthier.evaluate.votes import Voted, read_votes
from luthier.recipe.evaluate import EvaluateSpec, JudgeMetric
from luthier.records import Example, VerdictKind
from luthier.score.judge import Juror

Chat = Callable[..., Example]
Choose = Callable[[str, str], str]


def shown(request: Request) -> tuple[str, str]:
    """The two answers of a pair as the judge sees them."""
    text = request.messages[-1].content
    parts = [text.split(f"[answer {side} ")[1].split("\n", 1)[1].split("\n[end ")[0] for side in "AB"]
    return parts[0], parts[1]


def scripted(choose: Choose, asked: list[int] | None = None, name: str = "scripted") -> ScriptedEngine:
    def answer(request: Request) -> str:
        if asked is not None:
            asked.append(1)
        return f"So it is.\nVerdict: {choose(*shown(request))}"

    return ScriptedEngine(answer, name=name)


def number(answer: str) -> int:
    return int(answer.split()[-1])


def tuned_is_better(i: int) -> bool:
    """The truth of these tests: 62 of 100."""
    return i % 50 < 31


def truth(a: str, b: str) -> str:
    return "A" if (a.startswith("tuned") == tuned_is_better(number(a))) else "B"


def leaning(a: str, b: str) -> str:
    """A strong judge that takes whatever stands first in 30 of 100 pairs."""
    return "A" if (number(a) * 7 + number(a) // 10) % 10 < 3 else truth(a, b)


@pytest.fixture
def evaluated(chat: Chat, tmp_path: Path) -> Callable[..., Ledger]:
    def plainly(who: str, i: str) -> str:
        return f"{who} answer {i}"

    def go(
        n: int, choose: Choose | Sequence[ScriptedEngine], *, people: Sequence[dict[str, Any]] = (),
        role: str = "target", says: Callable[[str, str], str] = plainly, **keys: Any,
    ) -> Ledger:  # fmt: skip
        rows = [chat(f"case {i}", f"reference {i}") for i in range(n)]
        if people:
            (tmp_path / "votes.jsonl").write_text("".join(json.dumps(v) + "\n" for v in people))
            keys["people"] = "votes.jsonl"
        engines = [choose] if callable(choose) else list(choose)
        jury = [e if isinstance(e, ScriptedEngine) else scripted(e) for e in engines]
        judge = {"kind": "judge", "engine": ["nano"] * len(jury), **keys}
        spec = EvaluateSpec.model_validate(
            {role: judge, **({"target": "exact"} if role == "also" else {}), "baselines": ["base"]}
        )

        def contender(who: str) -> Contender:
            return Contender(ScriptedEngine(lambda r: says(who, r.messages[-1].content.split()[1]), name=who))

        @contextmanager
        def open_jury(metric: JudgeMetric) -> Iterator[list[Juror]]:
            yield [Juror(engine) for engine in jury]

        return measure(
            spec, base=contender("base"), tuned=contender("tuned"), test=rows, train=(), workdir=tmp_path / "work",
            folder=tmp_path, open_jury=open_jury,
        )  # fmt: skip

    return go


def votes_on(items: Sequence[int], *, flip: Sequence[int] = ()) -> list[dict[str, Any]]:
    """People's votes on this evaluation's own pairs; every other pair is written the other way round."""
    out = []
    for i in items:
        better = tuned_is_better(i) != (i in flip)
        sides = (f"tuned answer {i}", f"base answer {i}")
        a, b = sides if i % 2 else sides[::-1]
        vote = "a" if (a.startswith("tuned")) == better else "b"
        out.append({"question": f"case {i}", "a": a, "b": b, "votes": {"anna": vote, "ben": vote, "cleo": "tie"}})
    return out


def spec_of(ledger: Ledger) -> JudgeMetric:
    metric = EvaluateSpec.model_validate(ledger.facts["spec"]).judges[0]
    assert isinstance(metric, JudgeMetric)
    return metric


def test_a_judge_that_agrees_with_people_decides(evaluated: Callable[..., Ledger]) -> None:
    ledger = evaluated(120, truth, people=votes_on(range(60)))
    verdict = gate(ledger)
    assert verdict.kind is VerdictKind.PROMOTE
    line = next(r for r in verdict.results if r.metric == "judge")
    assert line.suite == "judge" and line.n == 120 and line.reference == 50 and "prediction-powered" in line.test
    assert line.candidate == pytest.approx(100 * sum(map(tuned_is_better, range(120))) / 120, abs=2)
    assert verdict.facts["judges"]["judge"]["kappa"] == 1.0
    shown_values = table(ledger)["systems"][1]["values"]["judge"]
    assert shown_values["n"] == 120 and shown_values["not_scored"] == 0


def test_a_limit_holds_beside_a_judge_and_answers_are_told_apart_by_its_verdicts(
    evaluated: Callable[..., Ledger],
) -> None:
    ledger = evaluated(120, truth, people=votes_on(range(60)))
    spec = EvaluateSpec.model_validate({**ledger.facts["spec"], "limits": {"length": 0.5}})
    verdict = gate(ledger, spec)
    assert verdict.kind is VerdictKind.REJECT and "judge" in verdict.facts["judges"]
    assert [r.status for r in verdict.results if r.role == "limit"] == ["broken"]
    told = [c["status"] for c in contrast(ledger, metric="judge")]
    assert told == [c["status"] for c in contrast(ledger)] and len(told) == 120
    assert told.count("better") == sum(map(tuned_is_better, range(120)))


def test_a_judge_without_people_may_not_be_a_target() -> None:
    with pytest.raises(ValueError, match="never compared with people"):
        EvaluateSpec.model_validate({"target": {"kind": "judge", "engine": "nano"}})
    assert EvaluateSpec.model_validate({"also": {"kind": "judge", "engine": "nano"}}).judges


def test_a_judge_under_the_floor_is_refused_with_figure_and_floor(evaluated: Callable[..., Ledger]) -> None:
    def coin(a: str, b: str) -> str:
        return "A" if (a.startswith("tuned")) == (number(a) % 3 == 0) else "B"

    ledger = evaluated(80, coin, people=votes_on(range(80)))
    found = calibration(ledger, "judge")
    assert found is not None
    with pytest.raises(LuthierError) as refused:
        gate(ledger)
    lines = refused.value.render().splitlines()
    assert len(lines) == 4 and f"kappa {found.agreement.kappa.estimate:.2f}" in lines[0] and "floor is 0.4" in lines[0]
    assert "evaluate.target: judge" in lines[1] and "by chance" in lines[2] and "evaluate.also" in lines[3]
    low = EvaluateSpec.model_validate({"target": {**ledger.facts["spec"]["target"][0], "min_kappa": -0.9}})
    assert gate(ledger, low).kind is not None, "the floor is the recipe's"


def test_few_pairs_do_not_prove_a_good_judge(evaluated: Callable[..., Ledger]) -> None:
    """8 of 10 right is a kappa above the floor that 10 pairs do not show."""
    ledger = evaluated(40, truth, people=votes_on(range(25, 35), flip=(26, 33)))
    with pytest.raises(LuthierError, match="have people judge more pairs"):
        gate(ledger)


def test_shown_beside_a_weak_judge_decides_nothing(evaluated: Callable[..., Ledger]) -> None:
    ledger = evaluated(40, lambda a, b: "A", people=votes_on(range(30)), role="also")
    line = next(r for r in gate(ledger).results if r.metric == "judge")
    assert line.status == "described"


def test_planted_position_bias_is_found_measured_and_put_right(evaluated: Callable[..., Ledger]) -> None:
    true = 0.62
    ledger = evaluated(600, leaning, people=votes_on(range(0, 600, 4)))
    rows = list(ledger.of(ballots_of("judge", "scripted"), "tuned").values())
    lean, flips = position(rows, "judge")
    assert lean.estimate == pytest.approx(0.30, abs=0.02) and lean.low > 0
    assert flips.estimate == pytest.approx(0.30, abs=0.02) and flips.n == 600
    one_way = sum(r.scores["judge"].parts["first"] for r in rows) / 600
    other_way = sum(r.scores["judge"].parts["second"] for r in rows) / 600
    assert one_way > true + 0.08 and other_way < true - 0.15, "asked one way only, the order decides"
    counted = sum(r.value("judge") or 0.0 for r in rows) / 600
    assert counted == pytest.approx(0.7 * true + 0.15, abs=0.01), "a flip is a tie: pulled to one half, to neither side"
    put_right = corrected(ledger, spec_of(ledger), alpha=0.05)
    assert put_right is not None and 0.5 + put_right.estimate == pytest.approx(true, abs=0.02)
    assert put_right.low < true - 0.5 < put_right.high and put_right.bound > 0
    told = account(ledger, spec_of(ledger))
    assert told["raters"]["scripted"]["position"]["estimate"] == pytest.approx(0.30, abs=0.02)
    assert told["win_rate"]["corrected"]["estimate"] == pytest.approx(true, abs=0.02)


def test_unread_verdicts_are_unscored_and_too_many_decide_nothing(evaluated: Callable[..., Ledger]) -> None:
    def mumbles(a: str, b: str) -> str:
        return "perhaps" if number(a) % 5 == 0 else truth(a, b)

    ledger = evaluated(100, mumbles, people=votes_on([i for i in range(100) if i % 5]))
    assert sum(r.value("judge") is None for r in ledger.of("judge", "tuned").values()) == 20
    line = next(r for r in gate(ledger).results if r.metric == "judge")
    assert line.status == "undecided" and "20 of 100" in line.reason


def test_equal_answers_tie_and_are_not_asked(evaluated: Callable[..., Ledger]) -> None:
    asked: list[int] = []
    ledger = evaluated(10, [scripted(truth, asked)], role="also", says=lambda who, i: f"same {i}")
    assert not asked and {r.value("judge") for r in ledger.of("judge", "tuned").values()} == {0.5}


def test_nothing_is_asked_twice_after_a_crash(evaluated: Callable[..., Ledger], tmp_path: Path) -> None:
    asked: list[int] = []
    first = evaluated(50, [scripted(truth, asked)], people=votes_on(range(20)))
    assert len(asked) == 2 * (50 + 20)
    journal = tmp_path / "work" / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[:-9]) + lines[-9][:40])  # killed while a line was written
    again = evaluated(50, [scripted(truth, asked)], people=votes_on(range(20)))
    assert (
        len(asked) <= 2 * (50 + 20) + 2 * 50
        and again.rows
        and sorted(r.place for r in again.rows) == sorted(r.place for r in first.rows)
    )
    values = [{r.item: r.value("judge") for r in x.of("judge", "tuned").values()} for x in (first, again)]
    assert values[0] == values[1]


def test_peoples_pairs_are_asked_once_for_the_check_before_training_and_the_evaluation(tmp_path: Path) -> None:
    asked: list[int] = []
    voted = [Voted(f"q{i}", f"tuned {i}", f"base {i}", {"anna": "a"}) for i in range(40)]
    metric = JudgeMetric(engine=("nano",), people="votes.jsonl")

    @contextmanager
    def open_jury(_: JudgeMetric) -> Iterator[list[Juror]]:
        yield [Juror(scripted(truth, asked))]

    found = []
    for _ in range(2):
        with seated(metric, open_jury) as panel:
            found.append([r.to_dict() for r in calibrate(panel, voted, tmp_path)])
    assert len(asked) == 2 * 40 and found[0] == found[1]


def test_another_judge_is_never_served_the_first_ones_verdicts(evaluated: Callable[..., Ledger]) -> None:
    one = evaluated(50, [scripted(truth, name="one")], role="also")
    two = evaluated(50, [scripted(lambda a, b: "C", name="two")], role="also")
    assert {r.value("judge") for r in one.of("judge", "tuned").values()} == {0.0, 1.0}
    assert {r.value("judge") for r in two.of("judge", "tuned").values()} == {0.5}


def test_a_jury_is_one_rater_and_each_judge_another(evaluated: Callable[..., Ledger]) -> None:
    bench = [scripted(truth, name="a"), scripted(truth, name="b"), scripted(lambda a, b: "A", name="c")]
    ledger = evaluated(60, bench, people=votes_on(range(60)))
    told = account(ledger, spec_of(ledger))["raters"]
    assert list(told) == ["a", "b", "c", "jury"]
    assert told["jury"]["agreement"]["kappa"]["estimate"] == 1.0
    assert told["c"]["agreement"]["kappa"]["estimate"] < 0.1 and told["c"]["position"]["estimate"] == 1.0
    assert gate(ledger).kind is VerdictKind.PROMOTE


def test_marks_judge_every_answer_by_itself(evaluated: Callable[..., Ledger]) -> None:
    def mark(request: Request) -> str:
        text = request.messages[-1].content
        answer = text.split("[answer ")[1].split("\n", 1)[1].split("\n[end ")[0]
        good = answer.startswith("tuned") == tuned_is_better(number(answer))
        return f"Well.\nMark: {5 if good else 2}"

    ledger = evaluated(100, [ScriptedEngine(mark)], people=votes_on(range(50)), how="marks")
    line = next(r for r in gate(ledger).results if r.metric == "judge")
    assert line.reference == pytest.approx(100 * (0.38 * 1.0 + 0.62 * 0.25)) and line.status == "improved"


def test_every_key_of_a_judge_is_seen(evaluated: Callable[..., Ledger], tmp_path: Path) -> None:
    asked: list[Request] = []

    def hears(request: Request) -> str:
        asked.append(request)
        return "Verdict: A" if "Which answer" in request.messages[-1].content else "Mark: 3"

    def heard(**keys: Any) -> tuple[Ledger, Request]:
        asked.clear()
        found = evaluated(3, [ScriptedEngine(hears)], role="also", **keys)
        return found, asked[0]

    plain, first = heard()
    named, _ = heard(name="strict")
    assert plain.systems("judge") and named.systems("judge(strict)") and not named.systems("judge")
    assert "[answer A" in first.messages[-1].content and "reference 0" not in first.messages[-1].content
    assert "[answer A" not in heard(how="marks")[1].messages[-1].content
    assert "Kinder is better." in heard(rubric="Kinder is better.")[1].messages[-1].content
    assert "reference 0" in heard(reference=True)[1].messages[-1].content


def test_the_pull_of_length_is_shown_beside_people(evaluated: Callable[..., Ledger]) -> None:
    def says(who: str, i: str) -> str:
        return f"{who} {'word ' * (30 if (who == 'tuned') == (int(i) % 2 == 0) else 3)}{i}"

    votes = [{"question": f"case {i}", "a": says("tuned", str(i)), "b": says("base", str(i)),
              "votes": ["a" if tuned_is_better(i) else "b"]} for i in range(80)]  # fmt: skip
    longest = scripted(lambda a, b: "A" if len(a) > len(b) else "B")
    told = account(evaluated(80, [longest], people=votes, role="also", says=says), JudgeMetric(engine=("nano",)))
    rater = told["raters"]["scripted"]
    assert rater["longer"]["estimate"] == 1.0 and 0.35 < rater["longer_people"]["estimate"] < 0.65
    assert told["win_rate"]["weights"]["length"] > 1
    assert told["win_rate"]["level"]["low"] < 0.5 < told["win_rate"]["level"]["high"]


def test_a_judge_that_judges_itself_is_named_and_its_kindness_measured(evaluated: Callable[..., Ledger]) -> None:
    """Two judges: the tuned model itself, which always votes for itself, and one that tells the truth."""

    class Itself(ScriptedEngine):
        def fingerprint(self, adapter: str | None = None) -> dict[str, Any]:
            return {"engine": "scripted", "weights": "w1"}

    def own(request: Request) -> str:
        return f"Verdict: {'A' if shown(request)[0].startswith('tuned') else 'B'}"

    ledger = evaluated(100, [Itself(own, name="itself"), scripted(truth, name="other")], role="also")
    engines = {r.engine: {"weights": "w1" if r.system == "tuned" else "w0"} for r in ledger.rows if r.suite == TEST}
    ledger = Ledger(ledger.rows, {**ledger.facts, "engines": engines})
    told = account(ledger, spec_of(ledger))["raters"]
    assert told["itself"]["kin"]["wrote"] == ["tuned"] and told["other"]["kin"] is None
    assert told["itself"]["kin"]["preference"]["estimate"] == pytest.approx(0.38, abs=0.001)


def test_votes_of_one_pair_in_several_files_lines_add_up(tmp_path: Path) -> None:
    lines = [
        {"question": "q", "a": "x", "b": "y", "votes": {"anna": "a"}},
        {"question": [{"role": "user", "content": "q"}], "a": "y", "b": "x", "votes": {"ben": "b", "cleo": "a"}},
        {"question": "q2", "a": "x", "b": "y", "votes": {}},
    ]
    path = tmp_path / "v.jsonl"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    (one,) = read_votes(path)
    assert one.votes == {"anna": "a", "ben": "a", "cleo": "b"} and one.majority == 1.0
    assert one.for_answer("x") == 1.0 and one.for_answer("y") == 0.0
    assert Voted("q", "x", "y", {"1": "a", "2": "b", "3": "tie"}).majority == 0.5
    path.write_text("".join(json.dumps({**line, "id": str(n)}) + "\n" for n, line in enumerate(lines)))
    assert [v.majority for v in read_votes(path)] == [1.0, 0.5], "pairs with ids of their own stay apart"
    for bad, told in (({"question": "q", "a": "x"}, "no pair"), ({**lines[0], "votes": ["x"]}, "no vote")):
        path.write_text(json.dumps(bad))
        with pytest.raises(LuthierError, match=told):
            read_votes(path)
    with pytest.raises(LuthierError, match="no such file of votes"):
        read_votes(tmp_path / "none.jsonl")


@pytest.mark.slow
@pytest.mark.parametrize("who", ["nano", "lab7m"])
def test_a_small_model_is_no_judge(who: str, realdata: Path, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    """A real run: 48 pairs that three people judged, read from log-probabilities, in both orders; refused."""
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.models.load import load
    from luthier.models.source import resolve

    path = realdata / "preference" / "pandalm_test_3annotators.jsonl.gz"
    if not path.is_file():
        pytest.skip("no pairs that people judged among the real data")
    name = {0: "tie", 1: "a", 2: "b"}
    voted = []
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            text = "\n".join(filter(None, (row["instruction"], row["input"])))
            one, other = str(row["response1"]), str(row["response2"])  # some are "false" without quotes
            if len(text) + len(one) + len(other) < 400 and one != other and len(voted) < 48:
                votes = {f"person {i}": name[row[f"annotator{i}"]] for i in (1, 2, 3)}
                voted.append(Voted(text, one, other, votes, name=str(row["idx"])))
    engine = EmbeddedEngine(load(resolve(who if who == "nano" else str(request.getfixturevalue("lab7m")))))
    metric = JudgeMetric(engine=(who,), people="votes.jsonl")

    @contextmanager
    def open_jury(_: JudgeMetric) -> Iterator[list[Juror]]:
        yield [Juror(engine, name=who)]

    try:
        with seated(metric, open_jury) as panel:
            ledger = Ledger(tuple(calibrate(panel, voted, tmp_path)))
    finally:
        engine.close()
    found = calibration(ledger, "judge")
    assert found is not None and found.agreement.n + found.unread == 48 and found.agreement.n >= 40
    with pytest.raises(LuthierError, match="may not decide: kappa"):
        refuse_unproven(ledger, metric, alpha=0.05)
