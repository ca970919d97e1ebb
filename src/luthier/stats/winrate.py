"""A win rate as it would be if both sides wrote alike: length and style out of it, by a logistic fit in a bootstrap.

The formula is AlpacaEval's length-controlled win rate (Dubois et al. 2024, arXiv 2404.04475) without its table of
difficulties, which knows 805 prompts only, and with Arena-Hard's style terms beside the length. Its interval is honest:
prompts are drawn again and the fit is made again for each draw.

Legend: B resamples, n pairs, K features (and the constant).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luthier.stats.interval import Interval
from luthier.stats.resample import bootstrap

_CELLS = 2_000_000
"""Weights times features held at once."""
_ROUNDS = 30
_RIDGE = 1.0
"""One pair's worth of doubt about each feature's weight; the constant has a pseudo-pair that ended in a tie."""


@dataclass(frozen=True, slots=True)
class Controlled:
    """``raw`` is the share of wins as counted, ``level`` what it would be between answers of equal length and style.

    ``weights`` are the fitted log-odds of one standard deviation of each feature, by name.
    """

    raw: Interval
    level: Interval
    weights: dict[str, float]


def style_features(
    mine: Sequence[Sequence[float]], theirs: Sequence[Sequence[float]], names: Sequence[str]
) -> tuple[np.ndarray, list[str]]:
    """Differences of style as features: (n, K) and their names; what never differs is left out.

    The first column (length) becomes tanh(difference / its standard deviation), AlpacaEval's; the others (counts of
    marks) difference / (sum + 1), Arena-Hard's, over their standard deviation. 0 always means "no difference".
    """
    a, b = np.asarray(mine, dtype=float), np.asarray(theirs, dtype=float)
    made, kept = [], []
    for column, name in enumerate(names):
        gap = a[:, column] - b[:, column]
        if column:
            gap = gap / (a[:, column] + b[:, column] + 1)
        size = float(gap.std())
        if size > 0:
            made.append(np.tanh(gap / size) if column == 0 else gap / size)
            kept.append(name)
    return np.stack(made, axis=1) if made else np.zeros((len(a), 0)), kept


def controlled_win_rate(
    wins: np.ndarray, features: np.ndarray, names: Sequence[str], *, clusters: Sequence[object] | None = None,
    resamples: int = 1000, seed: int = 0, alpha: float = 0.05,
) -> Controlled:  # fmt: skip
    """Fit log-odds of a win = constant + weights · features; the level is the win rate at features 0.

    Args:
        wins: (n,) 1 for a win, 0 for a loss, 0.5 for a tie.
        features: (n, K), 0 where there is no difference.
        clusters: a name per pair; whole clusters (prompts) are drawn.
    """
    y, x = np.asarray(wins, dtype=float), np.asarray(features, dtype=float)
    design = np.concatenate([np.ones((len(y), 1)), x], axis=1)

    def level(weights: np.ndarray) -> np.ndarray:
        step = max(1, _CELLS // max(1, design.size))
        fits = [_fit(design, y, weights[at : at + step])[:, 0] for at in range(0, len(weights), step)]
        return np.asarray(1 / (1 + np.exp(-np.concatenate(fits))))

    def raw(weights: np.ndarray) -> np.ndarray:
        return np.asarray(weights @ y / weights.sum(axis=1))

    drawn = {"resamples": resamples, "seed": seed, "clusters": clusters, "alpha": alpha}
    found = [bootstrap(statistic, len(y), **drawn) for statistic in (raw, level)]  # type: ignore[arg-type]
    fitted = _fit(design, y, np.ones((1, len(y))))[0, 1:] if len(y) else np.zeros(x.shape[1])
    return Controlled(found[0], found[1], {n: float(w) for n, w in zip(names, fitted, strict=True)})


def _fit(design: np.ndarray, y: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Logistic fits by Newton's method under each row of weights (B, n): (B, 1 + K). Soft labels are welcome.

    The pseudo-pair and the ridge keep the fit finite where one side always wins.
    """
    size = design.shape[1]
    penalty = np.diag([0.0] + [_RIDGE] * (size - 1))
    beta = np.zeros((len(weights), size))
    for _ in range(_ROUNDS):
        mean = 1 / (1 + np.exp(-beta @ design.T))
        slope = (weights * (y - mean)) @ design - beta @ penalty
        curve = np.einsum("bn,np,nq->bpq", weights * mean * (1 - mean), design, design, optimize=True) + penalty
        tie = 1 / (1 + np.exp(-beta[:, 0]))
        slope[:, 0] += 0.5 - tie
        curve[:, 0, 0] += tie * (1 - tie)
        move = np.linalg.solve(curve, slope[:, :, None])[:, :, 0]
        beta = beta + np.clip(move, -2.0, 2.0)
        if np.max(np.abs(move)) < 1e-9:
            break
    return beta
