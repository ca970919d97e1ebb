"""``luthier gate``: how often a test set was used, another recipe's policy, what a CI system reads."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

from luthier.cli.main import app
from luthier.errors import LuthierError
from luthier.evaluate.ledger import TEST, Ledger, Row, write_ledger
from luthier.pipeline.judge import judge_again, uses
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Score, VerdictKind
from luthier.store import Artifact, Store

SOURCE = "source:rows#sha256=" + "0" * 64


def answers(system: str, right: int, n: int = 200) -> list[Row]:
    return [
        Row(f"{i:03d}", f"{i:03d}", TEST, system, f"a{i}", f"p{i}", "d", system, {"exact": Score(float(i < right))})
        for i in range(n)
    ]


@pytest.fixture
def judged(home: Path) -> Callable[..., Artifact]:
    """File an evaluated candidate: ``right`` of 200 against the base's 100, on the test set of that name."""
    store = Store.open(home)

    def make(name: str, right: int, test_set: str = "t1", shots: int = 3) -> Artifact:
        with store.draft("model") as draft:
            (draft.path / "weights").write_text(name)
            model = draft.commit([SOURCE])
        spec = EvaluateSpec.model_validate({"target": "exact", "baselines": ["base"], "shots": shots})
        rows = (*answers("base", 100), *answers("tuned", right))
        with store.draft("ledger") as draft:
            write_ledger(draft.path, Ledger(rows, {"spec": spec.model_dump(mode="json"), "test_set": test_set}))
            return draft.commit([model, SOURCE], meta={"test_set": test_set})

    return make


def test_each_candidate_of_a_test_set_is_one_use_and_keeps_its_number(
    home: Path, judged: Callable[..., Artifact]
) -> None:
    store = Store.open(home)
    first, second = judged("one", 150), judged("two", 106)
    elsewhere, again, third = judged("other", 150, "t2"), judged("one", 150, shots=5), judged("three", 106)
    assert [uses(store, x) for x in (first, second, elsewhere, again, third)] == [1, 2, 1, 1, 3]
    verdicts = [judge_again(store, x.id) for x in (first, second, third)]
    told = [v.facts["test_use_told"].split(":")[0] for v in verdicts]
    assert told == ["1st use of this test set", "2nd use of this test set", "3rd use of this test set"]
    # six gains and no loss, p = 1.6%: enough as the second candidate (2.5%), not as the third (0.83%)
    assert [v.kind for v in verdicts] == [VerdictKind.PROMOTE, VerdictKind.PROMOTE, VerdictKind.INCONCLUSIVE]


def test_another_policy_judges_the_same_ledger_and_asks_for_nothing_new(
    home: Path, judged: Callable[..., Artifact]
) -> None:
    store, made = Store.open(home), judged("one", 106)
    strict = EvaluateSpec.model_validate({"target": "exact", "alpha": 0.01})
    assert judge_again(store, made.id).kind is VerdictKind.PROMOTE
    assert judge_again(store, made.id, policy=strict).kind is VerdictKind.INCONCLUSIVE
    with pytest.raises(LuthierError, match="did not measure skills"):
        judge_again(store, made.id, policy=EvaluateSpec.model_validate({"target": "exact", "regression": "skills"}))


def test_a_ci_system_reads_exit_code_json_and_junit(home: Path, judged: Callable[..., Artifact]) -> None:
    good, same = judged("one", 150), judged("two", 100)
    runner = CliRunner()
    for made, code, kind in ((good, 0, "PROMOTE"), (same, 10, "REJECT")):
        result = runner.invoke(app, ["gate", made.id, "--json", "--junit", "v.xml"], standalone_mode=False)
        assert result.return_value == code
        assert json.loads(result.stdout)["verdict"] == kind
        suite = ElementTree.parse("v.xml").getroot()
        assert (suite.tag, suite.get("tests"), suite.get("failures")) == ("testsuite", "2", "0" if code == 0 else "2")
        names = [case.get("name") for case in suite.findall("testcase")]
        assert names == ["exact over base", kind]
        if code:
            failed = suite.find("testcase/failure")
            assert failed is not None and failed.get("type") == "worse" and "excluded" in failed.get("message", "")
