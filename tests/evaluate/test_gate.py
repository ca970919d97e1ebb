"""The gate's rule, case by case, from hand-made ledgers."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.errors import LuthierError, UsageError
from luthier.evaluate import Ledger, Row, gate
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Verdict, VerdictKind

Rows = Callable[..., list[Row]]
Make = Callable[..., Ledger]

PROMOTE, REJECT, INCONCLUSIVE = VerdictKind.PROMOTE, VerdictKind.REJECT, VerdictKind.INCONCLUSIVE


def shares(right: int, n: int) -> list[float]:
    """n values, the first ``right`` of them 1."""
    return [1.0] * right + [0.0] * (n - right)


def guard(
    rows: Rows, n: int, *, base_right: int, gained: int, lost: int, suite: str = "skills", trivial: float = 0.1
) -> list[Row]:
    """A suite of n items: the base has ``base_right`` right, the tuned loses ``lost`` of them and gains ``gained``."""
    base = [1.0] * base_right + [0.0] * (n - base_right)
    tuned = [0.0] * lost + [1.0] * (base_right - lost) + [1.0] * gained + [0.0] * (n - base_right - gained)
    guess = [1.0] * int(trivial * n) + [0.0] * (n - int(trivial * n))
    return [
        *rows("base", base, suite=suite), *rows("tuned", tuned, suite=suite), *rows("trivial", guess, suite=suite)
    ]  # fmt: skip


def target(rows: Rows, n: int, *, base: int, tuned: int) -> list[Row]:
    return [*rows("base", shares(base, n)), *rows("tuned", shares(tuned, n))]


GOOD = {"base": 20, "tuned": 180}
HELD = {"base_right": 2000, "gained": 100, "lost": 100}


def suite(right: int = 2000, gained: int = 100, lost: int = 100) -> dict[str, int]:
    return {"base_right": right, "gained": gained, "lost": lost}


@pytest.mark.parametrize(
    ("name", "targets", "guards", "expected", "statuses"),
    [
        ("better and held", GOOD, suite(), PROMOTE, ["improved", "held"]),
        ("a small harmless change", GOOD, suite(gained=0, lost=10), PROMOTE, ["improved", "held"]),
        ("better, but forgot", GOOD, suite(gained=0, lost=1200), REJECT, ["improved", "broken"]),
        ("loss just above the margin", GOOD, suite(gained=0, lost=60), REJECT, ["improved", "broken"]),
        ("loss below the margin", GOOD, suite(gained=60, lost=90), INCONCLUSIVE, ["improved", "undecided"]),
        ("no better", {"base": 180, "tuned": 180}, suite(), REJECT, ["worse", "held"]),
        ("worse", {"base": 180, "tuned": 90}, suite(), REJECT, ["worse", "held"]),
        ("a little better", {"base": 100, "tuned": 104}, suite(), INCONCLUSIVE, ["undecided", "held"]),
        ("broken and worse", {"base": 180, "tuned": 20}, suite(gained=0, lost=900), REJECT, ["worse", "broken"]),
        ("base at chance", GOOD, suite(250, 20, 20), INCONCLUSIVE, ["improved", "insensitive"]),
    ],
)  # fmt: skip
def test_truth_table(
    name: str, targets: dict[str, int], guards: dict[str, int], expected: VerdictKind, statuses: list[str],
    make_rows: Rows, make_ledger: Make,
) -> None:  # fmt: skip
    ledger = make_ledger(
        target(make_rows, 200, **targets), guard(make_rows, 2400, **guards), regression=["skills"]
    )
    verdict = gate(ledger)
    assert [r.status for r in verdict.results] == statuses
    assert verdict.kind is expected
    for line in verdict.results:
        assert line.low < line.high and line.low <= line.delta <= line.high
        assert line.reason and line.n
    assert Verdict.from_dict(json.loads(json.dumps(verdict.to_dict(), allow_nan=False))).to_dict() == verdict.to_dict()


def test_the_printed_bound_is_the_one_that_decides(make_rows: Rows, make_ledger: Make) -> None:
    for tuned in range(100, 125):
        ledger = make_ledger(target(make_rows, 200, base=100, tuned=tuned), regression=[])
        line = gate(ledger).results[0]
        assert (line.status == "improved") == (line.bound > line.margin)
    for lost in range(0, 130, 10):
        ledger = make_ledger(
            target(make_rows, 200, **GOOD), guard(make_rows, 2400, base_right=2000, gained=40, lost=lost),
            regression=["skills"],
        )  # fmt: skip
        line = gate(ledger).results[-1]
        assert (line.status == "held") == (line.bound > -line.margin)


def test_tuned_must_beat_every_baseline_and_the_best_is_named_first(make_rows: Rows, make_ledger: Make) -> None:
    rows = [
        *make_rows("base", shares(10, 200)), *make_rows("few_shot", shares(150, 200), prompt="shots"),
        *make_rows("words", shares(100, 200), prompt="words"), *make_rows("tuned", shares(180, 200)),
    ]  # fmt: skip
    verdict = gate(make_ledger(rows))
    assert verdict.kind is PROMOTE
    assert [r.reference_name for r in verdict.results] == ["few_shot", "words", "base"]
    assert verdict.results[0].delta == pytest.approx(15.0)
    assert verdict.facts["best_baseline"] == {"exact": "few_shot"}
    worse = [r for r in rows if r.system != "tuned"] + make_rows("tuned", shares(152, 200))
    verdict = gate(make_ledger(worse))
    assert verdict.kind is not PROMOTE
    assert verdict.results[0].status in ("undecided", "worse")
    only_base = gate(make_ledger(worse), against=["base"])
    assert only_base.kind is PROMOTE and [r.reference_name for r in only_base.results] == ["base"]
    with pytest.raises(UsageError, match="words"):
        gate(make_ledger(worse), against=["word"])


def test_do_not_fine_tune_yet(make_rows: Rows, make_ledger: Make) -> None:
    rows = [
        *make_rows("base", shares(10, 240)), *make_rows("few_shot", shares(200, 240), prompt="shots"),
        *make_rows("tuned", shares(199, 240)),
    ]  # fmt: skip
    shots = {"title": "base + 3 examples in the prompt", "prompt_tokens": 512.0}
    systems = {"few_shot": shots, "tuned": {"prompt_tokens": 140.0}}
    verdict = gate(make_ledger(rows, systems=systems))
    assert verdict.kind is REJECT
    assert verdict.advice[0] == (
        "Do not fine-tune yet: base + 3 examples in the prompt is as good (83.3% against 82.9%), "
        "at 512 prompt tokens a request against 140."
    )


def test_three_points_on_150_items_are_inconclusive_and_the_named_n_decides(make_rows: Rows, make_ledger: Make) -> None:
    generator = random.Random(5)

    def draw(n: int) -> list[Row]:
        """True gain 3 points: 9% of the items gained, 6% lost."""
        base, tuned = [], []
        for _ in range(n):
            u = generator.random()
            b, t = (0.0, 1.0) if u < 0.09 else (1.0, 0.0) if u < 0.15 else (1.0, 1.0)
            base.append(b)
            tuned.append(t)
        return [*make_rows("base", base), *make_rows("tuned", tuned)]

    small = [gate(make_ledger(draw(150))) for _ in range(20)]
    open_ones = [v for v in small if v.kind is INCONCLUSIVE]
    assert len(open_ones) >= 14
    named = sorted(v.results[0].n_needed or 0 for v in open_ones)
    n = named[len(named) // 2]
    assert 400 < n < 6000
    assert f"about {open_ones[0].results[0].n_needed:,} items would decide" in open_ones[0].reason
    decided = [gate(make_ledger(draw(n))).kind for _ in range(20)]
    assert decided.count(PROMOTE) >= 13


def test_a_guard_cut_to_30_items_is_inconclusive_and_the_named_n_decides(make_rows: Rows, make_ledger: Make) -> None:
    targets = target(make_rows, 200, **GOOD)
    small = gate(
        make_ledger(targets, guard(make_rows, 30, base_right=27, gained=1, lost=1), regression=["skills"])
    )
    assert small.kind is INCONCLUSIVE
    n = small.results[-1].n_needed
    assert n is not None and 1500 < n < 3000
    flips = round(0.067 * n / 2)
    enough = gate(
        make_ledger(
            targets, guard(make_rows, n, base_right=round(0.9 * n), gained=flips, lost=flips), regression=["skills"]
        )
    )
    assert enough.kind is PROMOTE


def test_no_flips_at_all_still_leaves_an_interval(make_rows: Rows, make_ledger: Make) -> None:
    ledger = make_ledger(
        target(make_rows, 200, base=200, tuned=200), guard(make_rows, 40, base_right=40, gained=0, lost=0),
        regression=["skills"],
    )  # fmt: skip
    line, held = gate(ledger).results
    assert line.low < 0 < line.high and line.candidate == line.reference == 100.0
    assert held.low < 0 < held.high and held.status == "undecided"  # 40 items cannot exclude a loss of 2 points


@pytest.mark.parametrize("n", [0, 1])
def test_one_item_or_none_decides_nothing(n: int, make_rows: Rows, make_ledger: Make) -> None:
    rows = [*make_rows("base", [0.0] * n), *make_rows("tuned", [1.0] * n)]
    verdict = gate(make_ledger(rows, regression=["skills"]))
    assert verdict.kind is INCONCLUSIVE
    json.dumps(verdict.to_dict(), allow_nan=False)


def test_without_baselines_or_targets_nothing_is_shown(make_rows: Rows, make_ledger: Make) -> None:
    assert gate(make_ledger(make_rows("tuned", [1.0] * 50))).kind is INCONCLUSIVE
    assert gate(Ledger(())).kind is INCONCLUSIVE


def test_not_scored_is_not_zero(make_rows: Rows, make_ledger: Make) -> None:
    base, tuned = shares(20, 200), shares(180, 200)
    few = [*make_rows("base", base), *make_rows("tuned", [None, None, *tuned[2:]])]
    line = gate(make_ledger(few)).results[0]
    assert line.n == 198 and "2 not scored" in line.test
    assert line.candidate == pytest.approx(100 * 178 / 198)
    many = [*make_rows("base", base), *make_rows("tuned", [*[None] * 20, *tuned[20:]])]
    verdict = gate(make_ledger(many))
    assert verdict.results[0].status == "undecided" and verdict.kind is INCONCLUSIVE
    assert "20 of 200 items have no score" in verdict.reason


def test_items_must_be_the_same(make_rows: Rows, make_ledger: Make) -> None:
    rows = [*make_rows("base", shares(20, 200)), *make_rows("tuned", shares(180, 201))]
    with pytest.raises(LuthierError, match="1 items are known of one only"):
        gate(make_ledger(rows))


def test_one_lineage_must_be_asked_alike(make_rows: Rows, make_ledger: Make) -> None:
    good = target(make_rows, 200, **GOOD)
    held = guard(make_rows, 2400, **HELD)
    longer = [r for r in held if r.system != "tuned"] + make_rows(
        "tuned", [1.0] * 2400, suite="skills", decoding="other"
    )
    with pytest.raises(LuthierError, match="decoding settings differ"):
        gate(make_ledger(good, longer, regression=["skills"]))
    rendered = [r for r in held if r.system != "tuned"] + make_rows(
        "tuned", [1.0] * 2000 + [0.0] * 400, suite="skills", prompt="other template "
    )
    verdict = gate(make_ledger(good, rendered, regression=["skills"]))
    assert verdict.kind is INCONCLUSIVE and "cross-template" in verdict.reason
    assert verdict.results[-1].status == "held" and "cross-template" in verdict.results[-1].test


def bits(
    make_rows: Rows, tuned_over_base: Callable[[int], float], n: int = 60, trivial: float = 4.5
) -> list[Row]:
    base = [1.4 + 0.01 * (i % 7) for i in range(n)]
    sizes = [100 + 10 * (i % 5) for i in range(n)]
    common: dict[str, Any] = {"suite": "text", "metric": "bits_per_byte", "sizes": sizes}
    return [
        *make_rows("base", base, **common),
        *make_rows("tuned", [b * tuned_over_base(i) for i, b in enumerate(base)], **common),
        *make_rows("trivial", [trivial] * n, **common),
    ]


@pytest.mark.parametrize(
    ("change", "status"),
    [
        (lambda i: 1.0, "held"),
        (lambda i: 1.004 + 0.001 * (i % 3), "held"),
        (lambda i: 0.98, "held"),
        (lambda i: 1.05 + 0.01 * (i % 3), "broken"),
        (lambda i: 1.0 + 0.2 * (i % 2), "broken"),
        (lambda i: 1.016 + 0.06 * (i % 2 - 0.5), "undecided"),
    ],
)
def test_bits_per_byte_guard(change: Callable[[int], float], status: str, make_rows: Rows, make_ledger: Make) -> None:
    ledger = make_ledger(target(make_rows, 200, **GOOD), bits(make_rows, change), regression=["text"])
    line = gate(ledger).results[-1]
    assert line.status == status
    assert line.unit == "bits/byte" and 1.3 < line.reference < 1.5
    assert line.delta == pytest.approx(-100 * (line.candidate / line.reference - 1))


def test_a_text_suite_that_bytes_predict_as_well_guards_nothing(make_rows: Rows, make_ledger: Make) -> None:
    rows = bits(make_rows, lambda i: 1.0 + 0.0001 * i, trivial=1.45)
    verdict = gate(make_ledger(target(make_rows, 200, **GOOD), rows, regression=["text"]))
    assert verdict.results[-1].status == "insensitive" and verdict.kind is INCONCLUSIVE
    assert "trivial predictor" in verdict.reason


def test_a_suite_without_a_trivial_predictor_cannot_support_promotion(make_rows: Rows, make_ledger: Make) -> None:
    bare = [r for r in guard(make_rows, 2400, **HELD) if r.system != "trivial"]
    verdict = gate(make_ledger(target(make_rows, 200, **GOOD), bare, regression=["skills"]))
    assert verdict.results[-1].status == "insensitive" and verdict.kind is INCONCLUSIVE


def test_margin_and_alpha_come_from_the_recipe(make_rows: Rows, make_ledger: Make) -> None:
    losing = guard(make_rows, 2400, base_right=2000, gained=0, lost=30)  # 1.25 points
    targets = target(make_rows, 200, **GOOD)
    assert gate(make_ledger(targets, losing, regression=["skills"])).results[-1].status == "held"
    strict = gate(make_ledger(targets, losing, regression=[{"suite": "skills", "margin": 1.0}]))
    assert strict.results[-1].status == "broken" and strict.results[-1].margin == 1.0
    ledger = make_ledger([*make_rows("base", shares(100, 200)), *make_rows("tuned", shares(105, 200))])
    from luthier.recipe.evaluate import EvaluateSpec

    for alpha, status in ((0.05, "improved"), (0.01, "undecided")):  # 5 gains, no loss: p = 1/32
        spec = EvaluateSpec.model_validate({"target": "exact", "alpha": alpha})
        line = gate(ledger, spec).results[0]
        assert (line.status, line.alpha) == (status, alpha)


def test_clusters_widen_the_interval(make_rows: Rows, make_ledger: Make) -> None:
    # 200 items in 10 clusters that flip together: ten observations, not two hundred
    gains = [1.0 if (i // 20) < 7 else 0.0 for i in range(200)]
    base = [0.0 if g else 1.0 for g in gains]
    tuned = gains
    names = [f"customer {i // 20}" for i in range(200)]
    alone = gate(make_ledger([*make_rows("base", base), *make_rows("tuned", tuned)])).results[0]
    grouped = gate(
        make_ledger([*make_rows("base", base, clusters=names), *make_rows("tuned", tuned, clusters=names)])
    ).results[0]
    assert alone.status == "improved" and grouped.status == "undecided"
    assert grouped.high - grouped.low > 3 * (alone.high - alone.low)
    assert "10 clusters" in grouped.test


def test_macro_f1_target_and_described_metrics(make_rows: Rows, make_ledger: Make) -> None:
    truth = [("a", "b", "c")[i % 3] for i in range(150)]
    weak = [t if i % 2 else "a" for i, t in enumerate(truth)]
    strong = [t if i % 10 else "b" for i, t in enumerate(truth)]
    key = "label(macro_f1)"
    rows = [
        row
        for name, said in (("base", weak), ("tuned", strong))
        for row in make_rows(
            name, [float(a == b) for a, b in zip(truth, said, strict=True)], metric=key, references=truth, answers=said
        )
    ]
    from sklearn.metrics import f1_score

    verdict = gate(make_ledger(rows, target=[{"kind": "label", "metric": "macro_f1"}]))
    line = verdict.results[0]
    assert verdict.kind is PROMOTE and "bootstrap" in line.test
    assert line.reference == pytest.approx(100 * f1_score(truth, weak, average="macro"))
    assert line.candidate == pytest.approx(100 * f1_score(truth, strong, average="macro"))


@settings(max_examples=40, deadline=None)
@given(data=st.data(), n=st.integers(5, 60))
def test_swapping_systems_turns_the_sign(data: Any, n: int, make_rows: Rows, make_ledger: Make) -> None:
    a = data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n))
    b = data.draw(st.lists(st.sampled_from([0.0, 1.0]), min_size=n, max_size=n))
    there = gate(make_ledger([*make_rows("base", a), *make_rows("tuned", b)])).results[0]
    back = gate(make_ledger([*make_rows("base", b), *make_rows("tuned", a)])).results[0]
    assert there.delta == pytest.approx(-back.delta)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low), abs=1e-5)
    assert not (there.status == "improved" and back.status == "improved")


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000))
def test_the_order_of_rows_changes_nothing(seed: int, make_rows: Rows, make_ledger: Make) -> None:
    generator = random.Random(seed)
    truth = [generator.choice("abc") for _ in range(40)]
    said = [[generator.choice("abc") for _ in range(40)] for _ in range(2)]
    rows = [
        row
        for name, answers in zip(("base", "tuned"), said, strict=True)
        for row in make_rows(
            name, [float(t == a) for t, a in zip(truth, answers, strict=True)], metric="label(macro_f1)",
            references=truth, answers=answers,
        )
    ]  # fmt: skip
    rows += bits(make_rows, lambda i: 1.0 + 0.001 * (i % 9), n=20)
    target_spec = [{"kind": "label", "metric": "macro_f1"}]
    first = gate(make_ledger(rows, target=target_spec, regression=["text"]))
    generator.shuffle(rows)
    again = gate(make_ledger(rows, target=target_spec, regression=["text"]))
    assert first.to_dict() == again.to_dict()


def test_a_test_set_wears_out(make_rows: Rows, make_ledger: Make) -> None:
    ledger = make_ledger(target(make_rows, 200, **GOOD))
    assert gate(ledger, test_use=1).facts["test_use_told"] == "1st use of this test set"
    fourth = gate(ledger, test_use=4)
    assert fourth.facts["test_use_told"] == "4th use of this test set: a gain is tested at 0.42% instead of 5%"
    assert fourth.kind is PROMOTE and not fourth.advice and fourth.results[0].alpha == pytest.approx(0.05 / 12)
    assert any("collect fresh rows" in line for line in gate(ledger, test_use=11).advice)
    assert [gate(ledger, test_use=n).facts["test_use_told"].split()[0] for n in (1, 2, 3, 11, 22)] == [
        "1st", "2nd", "3rd", "11th", "22nd",
    ]  # fmt: skip


def test_a_gain_that_one_look_would_show_is_not_shown_by_the_fourth(make_rows: Rows, make_ledger: Make) -> None:
    # 12 gains and 3 losses: p = 1.8%, enough at 5% and at 2.5%, not at 5% / 12
    base, tuned = [0.0] * 12 + [1.0] * 188, [1.0] * 12 + [0.0] * 3 + [1.0] * 185
    ledger = make_ledger([*make_rows("base", base), *make_rows("tuned", tuned)])
    kinds = [gate(ledger, test_use=use).kind for use in (1, 2, 3)]
    assert kinds == [PROMOTE, PROMOTE, INCONCLUSIVE]
    third = gate(ledger, test_use=3)
    assert third.results[0].bound <= 0 < gate(ledger).results[0].bound
    assert any("fresh test rows" in line for line in third.advice)


def test_any_target_will_do_at_holms_level(make_rows: Rows, make_ledger: Make) -> None:
    def ledger(gains: int, losses: int, need: str, second: int = 50) -> Ledger:
        """``exact`` with these flips of 200, ``rouge_l`` with ``second`` right of 100 instead of 50."""
        base, tuned = [0.0] * gains + [1.0] * (200 - gains), [1.0] * gains + [0.0] * losses
        tuned += [1.0] * (200 - len(tuned))
        rows = [*make_rows("base", base), *make_rows("tuned", tuned)]
        more = [*make_rows("base", shares(100, 200), metric="rouge_l")]
        more += make_rows("tuned", [0.0] * 30 + shares(2 * second, 170), metric="rouge_l")  # 30 flips to either side
        scores = {(r.system, r.item): r.scores for r in more}
        rows = [replace(r, scores={**r.scores, **scores[r.system, r.item]}) for r in rows]
        made = make_ledger(rows, target=["exact", "rouge_l"])
        return Ledger(made.rows, {**made.facts, "spec": {**made.facts["spec"], "need": need}})

    assert gate(ledger(12, 3, "all")).kind is INCONCLUSIVE  # p = 1.8% on one, no gain on the other
    one = gate(ledger(12, 3, "any"))
    assert one.kind is PROMOTE and "on exact" in one.reason  # 1.8% <= 5% / 2
    assert [r.alpha for r in one.results] == pytest.approx([0.025, 0.05])
    assert gate(ledger(10, 3, "any")).kind is INCONCLUSIVE  # p = 4.6%: at 5% it would pass
    assert gate(ledger(10, 3, "any", second=60)).kind is PROMOTE  # the other one passes: this one is tested at 5%
    assert gate(ledger(0, 40, "all", second=60)).kind is REJECT
    assert gate(ledger(0, 40, "any", second=60)).kind is PROMOTE


POOL = [{"suite": "job one", "pool": "earlier jobs"}, {"suite": "job two", "pool": "earlier jobs"}]


@pytest.mark.parametrize(
    ("one", "two", "expected", "statuses"),
    [
        # 1,200 items each, 240 flips: neither alone excludes 2 points, both together do
        (suite(1000, 120, 120), suite(1000, 120, 120), PROMOTE, ["held", "held", "held"]),
        (suite(1000, 10, 125), suite(1000, 125, 10), INCONCLUSIVE, ["held", "undecided", "held"]),
        (suite(1000, 0, 200), suite(1000, 200, 0), REJECT, ["held", "broken", "held"]),
        (suite(1000, 40, 100), suite(1000, 40, 100), REJECT, ["broken", "held", "held"]),
        (suite(130, 60, 60), suite(1000, 60, 60), PROMOTE, ["held", "described", "held"]),
    ],
)
def test_a_pool_is_one_test_and_a_floor_for_each_suite(
    one: dict[str, int], two: dict[str, int], expected: VerdictKind, statuses: list[str], make_rows: Rows,
    make_ledger: Make,
) -> None:  # fmt: skip
    rows = [guard(make_rows, 1200, suite=name, **flips) for name, flips in (("job one", one), ("job two", two))]
    targets = target(make_rows, 200, **GOOD)
    verdict = gate(make_ledger(targets, *rows, regression=POOL))
    lines = verdict.results[1:]
    assert [r.suite for r in lines] == ["earlier jobs", "job one", "job two"]
    assert [r.margin for r in lines] == [2.0, 10.0, 10.0] and lines[0].n == 2400
    assert [r.status for r in lines] == statuses
    assert verdict.kind is expected
    assert set(lines[0].slices) == {"job one", "job two"}
    alone = gate(make_ledger(targets, *rows, regression=["job one", "job two"]))
    assert alone.kind is not PROMOTE


EARLIER = [{"suite": f"earlier/{name}", "pool": "earlier jobs"} for name in ("tickets", "colours")]


def earlier_ledger(make_rows: Rows, make_ledger: Make, tickets: dict[str, int], colours: dict[str, int]) -> Ledger:
    """A second job that is better at its own, and what it does to the two before it."""
    jobs = {"earlier/tickets": tickets, "earlier/colours": colours}
    rows = [guard(make_rows, 1200, suite=name, **flips) for name, flips in jobs.items()]
    notes = {name: {"metric": "exact", "note": f"1,200 test rows of {name}"} for name in jobs}
    return make_ledger(target(make_rows, 200, **GOOD), *rows, regression=EARLIER, suites=notes)


def test_a_job_that_breaks_an_earlier_one_is_rejected_by_its_name(make_rows: Rows, make_ledger: Make) -> None:
    """The recipe at hand names no such suite: it was found when the ledger was made."""
    recipe = EvaluateSpec.model_validate({"target": "exact"})
    held, broke = suite(1000, 30, 30), suite(1000, 0, 300)
    verdict = gate(earlier_ledger(make_rows, make_ledger, held, broke), recipe)
    assert verdict.kind is REJECT and "earlier/colours broke: lost 25.0 points, margin 10" in verdict.reason
    assert "earlier/tickets broke" not in verdict.reason
    assert verdict.facts["earlier_jobs"]["earlier/colours"] == "1,200 test rows of earlier/colours"
    assert gate(earlier_ledger(make_rows, make_ledger, held, held), recipe).kind is PROMOTE
    refused = recipe.model_copy(update={"inherit": False})
    assert gate(earlier_ledger(make_rows, make_ledger, held, broke), refused).kind is PROMOTE


def test_what_the_base_cannot_do_guards_nothing(make_rows: Rows, make_ledger: Make) -> None:
    """A fresh adapter on a base that never learnt the earlier jobs."""
    verdict = gate(earlier_ledger(make_rows, make_ledger, suite(130, 60, 60), suite(125, 60, 60)))
    assert verdict.kind is PROMOTE
    assert {r.status for r in verdict.results if r.role == "regression"} == {"described"}
    assert "cannot do what earlier jobs learnt" in verdict.results[1].reason


def test_a_pool_of_texts_and_answers_is_refused(make_rows: Rows, make_ledger: Make) -> None:
    rows = [target(make_rows, 200, **GOOD), guard(make_rows, 2400, **HELD), bits(make_rows, lambda i: 1.0)]
    pool = [{"suite": "skills", "pool": "all"}, {"suite": "text", "pool": "all"}]
    with pytest.raises(LuthierError, match="mixes"):
        gate(make_ledger(*rows, regression=pool))


def test_slices_are_named_only_where_chance_does_not_explain_them(make_rows: Rows, make_ledger: Make) -> None:
    names = [f"skill {i % 20:02d}" for i in range(2400)]  # 120 items each
    base = [1.0] * 2400
    # 3 of 120 lost everywhere; in one slice 30 more
    tuned = [0.0 if i // 20 < 3 or (i % 20 == 7 and i // 20 < 33) else 1.0 for i in range(2400)]
    trivial = [0.0] * 2400
    rows = [
        row for name, values in (("base", base), ("tuned", tuned), ("trivial", trivial))
        for row in make_rows(name, values, suite="skills", slices=names)
    ]  # fmt: skip
    verdict = gate(make_ledger(target(make_rows, 200, **GOOD), rows, regression=["skills"]))
    told = [line for line in verdict.advice if "slices" in line]
    assert len(told) == 1 and "skill 07 (100 to 72.5" in told[0] and "of 20 slices" in told[0]
    found = verdict.results[-1].slices
    assert found["skill 07"]["q"] < 0.001 and all(s["q"] > 0.05 for n, s in found.items() if n != "skill 07")


def test_the_items_that_are_needed_grow_with_clusters(make_rows: Rows, make_ledger: Make) -> None:
    # 400 items in 40 clusters whose flips come together
    sign = [1.0 if c % 8 == 0 else -1.0 if c % 8 == 1 else 0.0 for c in range(40)]
    base = [0.0 if sign[i // 10] > 0 else 1.0 for i in range(400)]
    tuned = [0.0 if sign[i // 10] < 0 else 1.0 for i in range(400)]
    names = [f"cluster {i // 10}" for i in range(400)]
    needed = [
        gate(make_ledger([*make_rows("base", base, clusters=c), *make_rows("tuned", tuned, clusters=c)]))
        .results[0].n_needed or 0
        for c in (None, names)
    ]  # fmt: skip
    assert needed[1] > 5 * needed[0]
