"""Agreement, correction by people, controlled win rates: oracles, known figures, what a judge's faults do to them."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import cohen_kappa_score
from statsmodels.stats.inter_rater import cohens_kappa

from luthier.stats import (
    cohen_kappa,
    controlled_win_rate,
    krippendorff_alpha,
    mean_interval,
    prediction_powered,
    style_features,
)


@pytest.fixture(scope="module")
def pandalm(realdata: Path) -> dict[str, list[Any]]:
    """What three people and two models said of 999 pairs, and the people's majority."""

    def rows(name: str) -> list[dict[str, Any]]:
        path = realdata / "preference" / name
        if not path.is_file():
            pytest.skip(f"no {name} among the real data")
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            return sorted(map(json.loads, lines), key=lambda row: row["idx"])

    people = rows("pandalm_test_3annotators.jsonl.gz")
    found: dict[str, list[Any]] = {f"person{i}": [str(r[f"annotator{i}"]) for r in people] for i in (1, 2, 3)}
    votes = zip(*found.values(), strict=True)
    found["people"] = [Counter(three).most_common(1)[0][0] for three in votes]
    found["gpt"] = [r["gpt_result"] for r in rows("pandalm_test_judge_gpt-3.5-turbo.jsonl.gz")]
    found["pandalm"] = [str(r["pandalm_result"]) for r in rows("pandalm_test_judge_pandalm-7b.jsonl.gz")]
    return found


def test_people_agree_as_published(pandalm: dict[str, list[Any]]) -> None:
    pairs = ((1, 2, 0.852), (1, 3, 0.879), (2, 3, 0.862))
    for one, other, published in pairs:
        found = cohen_kappa(pandalm[f"person{one}"], pandalm[f"person{other}"])
        assert found.kappa.estimate == pytest.approx(published, abs=0.002)
        assert found.kappa.low < published < found.kappa.high and found.n == 999
    three = list(zip(*(pandalm[f"person{i}"] for i in (1, 2, 3)), strict=True))
    assert krippendorff_alpha(three) == pytest.approx(0.8642, abs=0.0002)


@pytest.mark.parametrize(("judge", "accuracy", "kappa"), [("gpt", 0.693, 0.470), ("pandalm", 0.668, 0.435)])
def test_models_agree_with_people_as_published(
    judge: str, accuracy: float, kappa: float, pandalm: dict[str, list[Any]]
) -> None:
    """The known figures compare labels as they stand in the files: gpt-3.5's "Tie" and its 25 unread verdicts are
    labels of their own."""
    found = cohen_kappa(pandalm[judge], pandalm["people"])
    assert found.accuracy.estimate == pytest.approx(accuracy, abs=0.002)
    assert found.kappa.estimate == pytest.approx(kappa, abs=0.002)


def test_a_tie_is_a_tie_and_an_unread_verdict_none(pandalm: dict[str, list[Any]]) -> None:
    """The same judge once its "Tie" is people's 0, and once what cannot be read is left out."""
    said = ["0" if x == "Tie" else x for x in pandalm["gpt"]]
    mapped = cohen_kappa(said, pandalm["people"])
    assert mapped.accuracy.estimate == pytest.approx(0.698, abs=0.001)
    assert mapped.kappa.estimate == pytest.approx(0.4755, abs=0.0005)
    read = [(a, b) for a, b in zip(said, pandalm["people"], strict=True) if a != "garbage"]
    found = cohen_kappa([a for a, _ in read], [b for _, b in read])
    assert found.n == 974 and found.accuracy.estimate == pytest.approx(0.7156, abs=0.0005)


@pytest.mark.parametrize("seed", range(5))
def test_kappa_and_its_error_are_the_oracles(seed: int) -> None:
    rng = np.random.default_rng(seed)
    truth = rng.integers(0, 3, 400)
    said = np.where(rng.random(400) < 0.6, truth, rng.integers(0, 3, 400))
    found = cohen_kappa(list(map(int, truth)), list(map(int, said)))
    table = np.array([[found.counts[(a, b)] for b in range(3)] for a in range(3)])
    oracle = cohens_kappa(table)
    assert found.kappa.estimate == pytest.approx(cohen_kappa_score(truth, said), abs=1e-12)
    assert found.kappa.se == pytest.approx(oracle.std_kappa, abs=1e-12)


def test_few_items_all_alike_prove_little() -> None:
    same = cohen_kappa(["a", "b"] * 5, ["a", "b"] * 5)
    assert same.kappa.estimate == 1.0 and same.kappa.bound < 0.7
    always = cohen_kappa(["tie"] * 90 + ["tie"] * 10, ["tie"] * 90 + ["a"] * 10)
    assert always.accuracy.estimate == 0.9 and always.kappa.estimate == pytest.approx(0.0, abs=1e-12)
    assert cohen_kappa(["a"] * 9, ["a"] * 9).kappa.bound == -np.inf, "nothing to be told apart"


def test_alpha_by_hand_and_with_gaps() -> None:
    """Krippendorff's own example with four coders (2011, section C): 0.743 for nominal data."""
    coders = ["1 2 3 3 2 1 4 1 2 . . .", "1 2 3 3 2 2 4 1 2 5 . 3",
              ". 3 3 3 2 3 4 2 2 5 1 .", "1 2 3 3 2 4 4 1 2 5 1 ."]  # fmt: skip
    ratings = [[None if x == "." else x for x in item] for item in zip(*(c.split() for c in coders), strict=True)]
    assert krippendorff_alpha(ratings) == pytest.approx(0.743, abs=0.001)


def simulate(rng: np.random.Generator, n: int, labelled: int, lean: float) -> tuple[np.ndarray, np.ndarray]:
    """True wins at 40% and a judge that says "win" ``lean`` of the time whatever is true."""
    truth = (rng.random(n) < 0.4).astype(float)
    said = np.where(rng.random(n) < lean, 1.0, truth)
    return truth, said


def test_people_put_a_biased_judge_right_and_a_good_one_saves_labels() -> None:
    rng = np.random.default_rng(3)
    covered, wrong, narrower = 0, 0, 0
    for _ in range(300):
        truth, said = simulate(rng, 600, 100, 0.3)
        found = prediction_powered(truth[:100], said[:100], said[100:])
        alone = mean_interval(truth[:100])
        covered += found.low <= 0.4 <= found.high
        wrong += not mean_interval(said).low <= 0.4 <= mean_interval(said).high
        narrower += found.se < alone.se
    assert covered / 300 > 0.92 and wrong / 300 > 0.95 and narrower / 300 > 0.95


def test_a_judge_that_knows_nothing_costs_nothing() -> None:
    rng = np.random.default_rng(4)
    truth = (rng.random(120) < 0.5).astype(float)
    found = prediction_powered(truth, rng.random(120), rng.random(2000))
    assert found.se <= 1.02 * mean_interval(truth).se
    few = prediction_powered([1.0] * 12, [1.0] * 12, [1.0] * 500)
    assert few.estimate == 1.0 and few.bound < 0.9, "twelve labels that are all alike do not prove more"


def test_length_is_taken_out_of_the_win_rate() -> None:
    """Equal answers, one side longer, a judge that likes length: even once length is out."""
    rng = np.random.default_rng(5)
    mine, theirs = rng.normal(1200, 150, 800), rng.normal(1000, 150, 800)
    features, names = style_features(mine[:, None], theirs[:, None], ["length"])
    for skill, level in ((0.0, 0.5), (0.8, 0.69)):
        chance = 1 / (1 + np.exp(-(skill + 1.5 * features[:, 0])))
        wins = (rng.random(800) < chance).astype(float)
        found = controlled_win_rate(wins, features, names, resamples=300)
        assert found.raw.estimate > level + 0.08, "as counted, length wins"
        assert found.level.estimate == pytest.approx(level, abs=0.06) and found.level.low < level < found.level.high
        assert found.weights["length"] == pytest.approx(1.5, abs=0.5)


def test_the_controlled_interval_refits_and_covers() -> None:
    rng = np.random.default_rng(6)
    covered = 0
    for seed in range(60):
        gap = rng.normal(150, 300, 200)
        features, names = style_features((1000 + gap / 2)[:, None], (1000 - gap / 2)[:, None], ["length"])
        wins = (rng.random(200) < 1 / (1 + np.exp(-1.2 * features[:, 0]))).astype(float)
        found = controlled_win_rate(wins, features, names, resamples=200, seed=seed).level
        covered += found.low <= 0.5 <= found.high
    assert covered >= 53


def test_one_side_that_always_wins_stays_finite() -> None:
    found = controlled_win_rate(np.ones(30), np.linspace(-1, 1, 30)[:, None], ["length"], resamples=100)
    assert 0.8 < found.level.estimate < 1.0 and abs(found.weights["length"]) < 1.0
    same = controlled_win_rate(np.full(10, 0.5), np.zeros((10, 0)), [], resamples=50)
    assert same.level.estimate == pytest.approx(0.5)
