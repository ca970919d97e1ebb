"""Limits of a policy: within, beyond, or not to be told; and what the verdict and JUnit say of each."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from luthier.evaluate import gate
from luthier.evaluate.ledger import TEST, Ledger, Row, seconds_of
from luthier.evaluate.limits import limit_lines
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Score, VerdictKind
from luthier.report.junit import junit_xml
from luthier.report.terminal import verdict_lines

JSON = '{"reply": "it is on its way"}'
PLAIN = "it is on its way today"


def ledger(
    n: int = 200, *, answer: str = JSON, other: str = JSON, others: int = 0, reference: str = JSON, seconds: float = 0.2
) -> Ledger:
    """The base is wrong everywhere, the tuned model right; ``others`` of its answers are ``other``."""
    rows = []
    for i in range(n):
        for name, said, value in (("base", "{}", 0.0), ("tuned", other if i < others else answer, 1.0)):
            rows.append(
                Row(
                    id=str(i), item=str(i), suite=TEST, system=name, asked=str(i), prompt=str(i), decoding="d",
                    engine=name, scores={"exact": Score(value)}, reference=reference, answer=said,
                    seconds=seconds * (1 + i % 3), prompt_tokens=100, completion_tokens=20,
                )
            )  # fmt: skip
    made = Ledger(tuple(rows), {"spec": {"target": ["exact"]}})
    return Ledger(made.rows, {**made.facts, "seconds": seconds_of(made)})


def policy(**limits: object) -> EvaluateSpec:
    return EvaluateSpec.model_validate({"target": "exact", "limits": limits})


# limits, a ledger within, one beyond
CASES = {
    "latency": ({"latency": 0.5}, ledger(seconds=0.2), ledger(seconds=0.4)),
    "length": ({"length": 1.5}, ledger(answer=PLAIN, reference=PLAIN),
               ledger(answer=f"{PLAIN} {PLAIN}", reference=PLAIN)),
    "refusal": ({"refusal": "5%"}, ledger(), ledger(other="I'm sorry, I can't help with that.", others=40)),
    "format": ({"format": "90%"}, ledger(), ledger(other="it is on its way", others=60)),
    "cost": ({"cost": {"most": 0.05, "prompt": 0.1, "completion": 0.4}}, ledger(), ledger()),
}  # fmt: skip
CASES["cost"] = ({"cost": {"most": 0.02, "prompt": 0.1, "completion": 0.4}}, CASES["cost"][1], CASES["cost"][2])


@pytest.mark.parametrize("name", [n for n in CASES if n != "cost"])
def test_a_limit_holds_or_is_broken(name: str) -> None:
    limits, within, beyond = CASES[name]
    good, bad = gate(within, policy(**limits)), gate(beyond, policy(**limits))
    line = next(r for r in good.results if r.role == "limit")
    assert (line.suite, line.status, good.kind) == (name, "held", VerdictKind.PROMOTE), line
    assert line.delta >= line.bound >= 0 and line.low <= line.delta <= line.high
    assert "every limit held" in good.reason
    line = next(r for r in bad.results if r.role == "limit")
    assert (line.status, bad.kind) == ("broken", VerdictKind.REJECT)
    assert f"{name} broke" in bad.reason and line.delta < 0
    assert any(name in text and "BROKEN" in text for text in verdict_lines(bad))


def test_cost_is_of_tokens_and_prices() -> None:
    price = {"prompt": 0.1, "completion": 0.4}
    line = limit_lines(ledger(), policy(cost={"most": 0.02, **price}), 0.05)[0]
    assert line.candidate == pytest.approx(1000 * (100 * 0.1 + 20 * 0.4) / 1e6)
    assert line.status == "held"
    assert limit_lines(ledger(), policy(cost={"most": 0.01, **price}), 0.05)[0].status == "broken"
    with pytest.raises(ValueError, match="nothing has a price"):
        policy(cost={"most": 1})


def test_too_few_rows_are_undecided_and_name_how_many_would_do() -> None:
    verdict = gate(ledger(40, other="I cannot help with that.", others=1), policy(refusal="5%"))
    line = next(r for r in verdict.results if r.role == "limit")
    assert line.status == "undecided" and verdict.kind is VerdictKind.INCONCLUSIVE
    assert line.n_needed is not None and 100 < line.n_needed < 2000
    assert f"about {line.n_needed:,} test rows" in " ".join(verdict.advice)
    enough = ledger(line.n_needed, other="I cannot help with that.", others=line.n_needed // 40)
    more = gate(enough, policy(refusal="5%"))
    assert more.kind is VerdictKind.PROMOTE


def test_what_cannot_be_told_does_not_hold() -> None:
    plain = Ledger(ledger().rows, {"spec": {"target": ["exact"]}})  # a ledger from before times were filed
    verdict = gate(plain, policy(latency=1.0))
    assert verdict.kind is VerdictKind.INCONCLUSIVE and "no time is known" in verdict.reason
    free = Ledger(tuple(_renamed(row) for row in ledger().rows), {"spec": {"target": ["exact"]}})
    line = limit_lines(free, policy(format="90%"), 0.05)[0]
    assert line.status == "undecided" and "evaluate.also" in line.reason


def _renamed(row: Row) -> Row:
    return Row(**{**{f: getattr(row, f) for f in Row.__dataclass_fields__}, "reference": f"free text {row.item}"})


def test_the_form_is_that_of_labels_or_of_a_pattern() -> None:
    labels = ledger(answer="b", other="maybe b", others=100, reference="b")
    assert limit_lines(labels, policy(format="80%"), 0.05)[0].status == "broken"
    spec = EvaluateSpec.model_validate(
        {"target": "exact", "also": {"kind": "format", "pattern": ".*b"}, "limits": {"format": "80%"}}
    )
    assert limit_lines(labels, spec, 0.05)[0].status == "held"


def test_no_limit_changes_no_verdict() -> None:
    plain, named = gate(ledger(), policy()), gate(ledger(), policy(refusal="5%"))
    assert plain.reason == "better than every baseline, and no regression suite was asked for"
    assert [r for r in named.results if r.role != "limit"] == list(plain.results)


def test_junit_has_a_case_for_each_limit() -> None:
    limits, _, beyond = CASES["refusal"]
    verdict = gate(beyond, policy(**limits, latency=9.0))
    cases = {c.get("name"): c for c in ElementTree.fromstring(junit_xml(verdict, "x")).iter("testcase")}
    assert cases["refusal"].get("classname") == "limit"
    failure = cases["refusal"].find("failure")
    assert failure is not None and failure.get("type") == "broken"
    assert "at most 5.0% wanted" in str(failure.get("message"))
    assert cases["latency"].find("failure") is None


def test_medians_of_time_are_filed_with_their_limits() -> None:
    told = seconds_of(ledger())["tuned"]
    assert told["median_low_s"] <= told["median_s"] <= told["median_high_s"] <= told["p95_s"]
    assert told["n"] == 200
