"""What a reward model is like, on held-out pairs: is it right, is it as sure as it may be, does it only like length?

The reward's own claim is that the better of two answers wins with probability σ(difference of rewards) (Bradley and
Terry 1952). Set against what happened: accuracy by slice with 95% intervals, calibration by how sure it was, log loss
and Brier score, and how far rewards go with length. Described only; the verdict is ``verdict``'s.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from scipy.stats import rankdata

from luthier.evaluate.compare import interval_of
from luthier.evaluate.ledger import Row
from luthier.records import Preference

BINS = (0.5, 0.6, 0.7, 0.8, 0.9, 1.0)
"""Edges of how sure of its choice the reward is: the probability that it gives to the answer it prefers."""
MOST_VALUES = 12
"""A column of the rows with more distinct values than this is no slice."""
LEAST_ROWS = 5
"""Rows that a slice needs to be shown."""
_LONGEST = 40


def describe(
    pairs: Sequence[Preference], rewards: Sequence[tuple[float, float]], lengths: Sequence[tuple[int, int]],
    rows: Sequence[Row], metric: str,
) -> dict[str, Any]:  # fmt: skip
    """As JSON, of pairs that were scored on both sides.

    Args:
        pairs: the better answer is ``chosen``.
        rewards, lengths: of chosen and rejected, lengths in tokens.
        rows: the pairs' rows of the ledger, with the preference under ``metric``.

    Gives ``pairs``, ``reward`` (mean and deviation of both sides), ``log_loss`` in nats (0.693 knows nothing),
    ``brier``, ``calibration`` (a line for each bin of ``BINS``), ``calibration_error`` (mean distance of what it says
    from what is right, in points), ``length`` (Spearman's correlation of the difference of rewards with that of
    lengths, ``low`` and ``high`` by Fisher's z, and the share of pairs in which the longer answer is preferred, and is
    better), ``slices`` by column.
    """
    r, n = np.asarray(rewards, dtype=float).reshape(-1, 2), len(pairs)
    leads, longer = r[:, 0] - r[:, 1], np.array([a - b for a, b in lengths], dtype=float)
    if not n:
        return {"pairs": 0}
    sure = 1 / (1 + np.exp(-np.abs(leads)))
    chance = 1 / (1 + np.exp(-leads))

    def right(chosen: Sequence[int] | np.ndarray) -> dict[str, Any]:
        found = interval_of([rows[int(i)] for i in chosen], metric)
        return {
            "n": len(chosen), "right": round(found.estimate, 2), "low": round(found.low, 2),
            "high": round(found.high, 2),
        }  # fmt: skip

    lines, error = [], 0.0
    for low, high in pairwise(BINS):
        inside = np.flatnonzero((sure >= low) & ((sure < high) | (high == BINS[-1])))
        if not len(inside):
            continue
        said, seen = 100 * float(sure[inside].mean()), right(inside)
        lines.append({"from": low, "to": high, "said": round(said, 2), **seen})
        error += len(inside) / n * abs(said - seen["right"])
    return {
        "pairs": n,
        "reward": {
            "chosen": round(float(r[:, 0].mean()), 4), "rejected": round(float(r[:, 1].mean()), 4),
            "deviation": round(float(r.std()), 4),
        },
        "log_loss": round(float(np.logaddexp(0, -leads).mean()), 4),
        "brier": round(float(((1 - chance) ** 2).mean()), 4),
        "calibration": lines,
        "calibration_error": round(error, 2),
        "length": _length(leads, longer, right),
        "slices": {name: {kind: right(at) for kind, at in kinds.items()} for name, kinds in _slices(pairs).items()},
    }  # fmt: skip


def told(found: Mapping[str, Any]) -> list[str]:
    """The same in two sentences, for people."""
    if not found.get("pairs"):
        return []
    length = found["length"]
    said = f"sureness is off by {found['calibration_error']:.1f} points on average"
    lines = [f"{said} (log loss {found['log_loss']:.3f}; 0.693 knows nothing)"]
    if length.get("correlation") is not None:
        lines.append(
            f"length: correlation {length['correlation']:+.2f} [{length['low']:+.2f}, {length['high']:+.2f}] with the "
            f"reward; the longer answer is preferred in {length['prefers_longer']:.0f}% of the pairs and better in "
            f"{length['longer_is_better']:.0f}%"
        )
    return lines


def _length(
    leads: np.ndarray, longer: np.ndarray, right: Callable[[np.ndarray], dict[str, Any]]
) -> dict[str, Any]:  # fmt: skip
    """How rewards go with length, and whether the reward is right where length would be wrong."""
    told: dict[str, Any] = {}
    differ = np.flatnonzero(longer)
    correlation = _spearman(leads, longer)
    if correlation is not None:
        value, low, high = correlation
        told |= {"correlation": round(value, 4), "low": round(low, 4), "high": round(high, 4)}
    if len(differ):
        side = (np.sign(leads[differ] * longer[differ]) + 1) / 2
        told["prefers_longer"] = round(100 * float(side.mean()), 2)
        told["longer_is_better"] = round(100 * float((longer[differ] > 0).mean()), 2)
    kinds = {"the better is longer": longer > 0, "the better is shorter": longer < 0, "equally long": longer == 0}
    told["accuracy"] = {name: right(np.flatnonzero(mask)) for name, mask in kinds.items() if mask.any()}
    return told


def _spearman(x: np.ndarray, y: np.ndarray) -> tuple[float, float, float] | None:
    """Rank correlation with its 95% interval (Fisher's z, standard error of Bonett and Wright 2000)."""
    if len(x) < 4 or np.ptp(x) == 0 or np.ptp(y) == 0:
        return None
    rho = float(np.corrcoef(rankdata(x), rankdata(y))[0, 1])
    z, half = math.atanh(max(-0.999999, min(0.999999, rho))), 1.959964 * math.sqrt((1 + rho**2 / 2) / (len(x) - 3))
    return rho, math.tanh(z - half), math.tanh(z + half)


def _slices(pairs: Sequence[Preference]) -> dict[str, dict[str, list[int]]]:
    """Rows by what they say of themselves: columns that training does not read and that have few values; turns."""
    columns: dict[str, dict[str, list[int]]] = {}
    for i, pair in enumerate(pairs):
        values = {name: value for name, value in pair.meta.items() if isinstance(value, str | bool | int)}
        values["turns"] = sum(m.role == "user" for m in pair.prompt)
        for name, value in values.items():
            columns.setdefault(name, {}).setdefault(str(value)[:_LONGEST], []).append(i)
    shown = {}
    for name, kinds in columns.items():
        whole = sum(map(len, kinds.values())) == len(pairs)
        kept = {kind: at for kind, at in sorted(kinds.items()) if len(at) >= LEAST_ROWS}
        if whole and 2 <= len(kinds) <= MOST_VALUES and len(kept) > 1:
            shown[name] = kept
    return shown
