"""Suites: reading, refusing, the trivial predictor, and what is known before any answer."""

from __future__ import annotations

import gzip
import json
import math
from collections import Counter
from importlib import resources
from pathlib import Path

import pytest

from luthier.errors import LuthierError
from luthier.evaluate import forecast, load_suite
from luthier.evaluate.regression import trivial
from luthier.recipe.evaluate import RegressionSpec

QUESTION = {"role": "user", "content": "2 + 2?"}


def test_reads_jsonl_and_gz_alike(tmp_path: Path) -> None:
    answered = [QUESTION, {"role": "assistant", "content": "4"}]
    rows = [{"messages": [QUESTION], "answer": "4", "skill": "sums"}, {"messages": answered}]
    text = "".join(json.dumps(r) + "\n" for r in rows)
    (tmp_path / "a.jsonl").write_text(text + "\n")
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(text.encode()))
    plain = load_suite(RegressionSpec(suite="a.jsonl"), folder=tmp_path)
    packed = load_suite(RegressionSpec(suite="a.jsonl.gz", margin=0.5), folder=tmp_path)
    assert [i.example for i in plain.items] == [i.example for i in packed.items]
    assert [i.slice for i in plain.items] == ["sums", ""]
    assert plain.items[0].example == plain.items[1].example  # both spellings are the same item ...
    assert plain.items[0].name != plain.items[1].name  # ... and still two
    assert (plain.margin, packed.margin, plain.kind, plain.unit) == (2.0, 0.5, "exact", "%")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        (['{"messages": [{"role": "user", "content": "q"}], "answer": "a"}', "{broken"], "s.jsonl:2"),
        (['{"messages": [{"role": "user", "content": "q"}]}'], "s.jsonl:1"),
        (['{"prompt": "q", "answer": "a"}'], "s.jsonl:1"),
        (["[1, 2]"], "not a JSON object"),
        ([], "has no items"),
        (['{"text": "some text"}', '{"messages": [{"role": "user", "content": "q"}], "answer": "a"}'], "mixes"),
        (['{"text": "  "}'], "s.jsonl:1"),
    ],
)
def test_bad_suites_are_named_with_their_line(lines: list[str], told: str, tmp_path: Path) -> None:
    (tmp_path / "s.jsonl").write_text("\n".join(lines))
    with pytest.raises(LuthierError, match=told):
        load_suite(RegressionSpec(suite="s.jsonl"), folder=tmp_path)


def test_a_damaged_gz_is_named(tmp_path: Path) -> None:
    (tmp_path / "s.jsonl.gz").write_bytes(gzip.compress(b'{"text": "x"}\n' * 500)[:40])
    with pytest.raises(LuthierError, match="cannot be unpacked"):
        load_suite(RegressionSpec(suite="s.jsonl.gz"), folder=tmp_path)


def test_trivial_predictor_says_the_most_common_answer_of_each_slice(tmp_path: Path) -> None:
    rows = [("sums", "4"), ("sums", "4"), ("sums", "5"), ("yes-no", "yes"), ("yes-no", "no"), ("yes-no", "no")]
    (tmp_path / "s.jsonl").write_text(
        "".join(json.dumps({"messages": [QUESTION], "answer": a, "skill": s}) + "\n" for s, a in rows)
    )
    scores = trivial(load_suite(RegressionSpec(suite="s.jsonl"), folder=tmp_path))
    assert [s.value for s in scores] == [1.0, 1.0, 0.0, 0.0, 1.0, 1.0]


def test_trivial_bits_are_the_entropy_of_bytes(tmp_path: Path) -> None:
    texts = ["abab", "aaaa", "bbéé"]
    (tmp_path / "s.jsonl").write_text("".join(json.dumps({"text": t}) + "\n" for t in texts))
    suite = load_suite(RegressionSpec(suite="s.jsonl"), folder=tmp_path)
    scores = trivial(suite)
    counts = Counter("".join(texts).encode())
    n = sum(counts.values())
    entropy = -sum(c / n * math.log2(c / n) for c in counts.values())
    assert sum(s.parts["bits"] for s in scores) == pytest.approx(n * entropy)
    assert [s.parts["bytes"] for s in scores] == [4, 4, 6]


def test_forecast_warns_before_anything_is_asked(tmp_path: Path) -> None:
    line = json.dumps({"messages": [QUESTION], "answer": "4"}) + "\n"
    (tmp_path / "small.jsonl").write_text(line * 30)
    (tmp_path / "large.jsonl").write_text(line * 2400)
    small = load_suite(RegressionSpec(suite="small.jsonl"), folder=tmp_path)
    large = load_suite(RegressionSpec(suite="large.jsonl"), folder=tmp_path)
    good = forecast([large], test_items=240, alpha=0.05)
    assert good["joint_power"] > 0.9 and good["warning"] is None
    assert 5 < good["target"]["detectable"] < 12
    bad = forecast([large, small], test_items=240, alpha=0.05)
    assert bad["joint_power"] < 0.3 and "small.jsonl: 30 items" in bad["warning"]
    assert forecast([], test_items=1, alpha=0.05) | {"assumed": 0} == {
        "alpha": 0.05, "assumed": 0, "guards": {}, "joint_power": 1, "warning": None,
        "target": {"n": 1, "detectable": None},
    }  # fmt: skip


def test_a_pool_lifts_the_chance_of_a_harmless_model(tmp_path: Path) -> None:
    rows = [{"messages": [QUESTION], "answer": str(n)} for n in range(400)]
    for job in range(6):
        (tmp_path / f"{job}.jsonl").write_text("".join(json.dumps(r) + "\n" for r in rows))

    def ahead(**more: object) -> dict[str, object]:
        specs = [RegressionSpec(suite=f"{job}.jsonl", **more) for job in range(6)]  # type: ignore[arg-type]
        return forecast([load_suite(s, folder=tmp_path) for s in specs], test_items=240, alpha=0.05)

    alone, pooled = ahead(), ahead(pool="jobs")
    assert alone["joint_power"] < 0.01 and alone["warning"]
    assert pooled["joint_power"] > 0.9 and pooled["warning"] is None
    assert pooled["guards"]["jobs"]["n"] == 2400  # type: ignore[index]
    assert pooled["guards"]["3.jsonl"]["margin"] == 10.0  # type: ignore[index]


@pytest.mark.parametrize("name", ["skills", "text"])
def test_built_in_suites_have_power(name: str) -> None:
    packed = resources.files("luthier.evaluate").joinpath("suites", f"{name}.jsonl.gz")
    if not packed.is_file():
        pytest.skip(f"the suite {name} has not been made yet (python -m tools.nano package)")
    suite = load_suite(RegressionSpec(suite=name), folder=Path())
    assert forecast([suite], test_items=240, alpha=0.05)["joint_power"] > 0.8
    if name == "skills":
        assert len(suite.items) >= 2200 and len({i.slice for i in suite.items}) >= 6
        guessed = [s.value or 0.0 for s in trivial(suite)]
        assert sum(guessed) / len(guessed) < 0.4
