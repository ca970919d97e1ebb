"""Keep test rows out of training, and certify it.

A training row leaks when its question equals a test question after normalising, or is at least as similar to one as
``data.leak_similarity`` (exact Jaccard on word 3-shingles). The training row leaves; the test set is never altered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from luthier.data.funnel import Loss
from luthier.errors import LuthierError
from luthier.recipe.data import SplitSpec
from luthier.records import Example
from luthier.similar import across, best
from luthier.text import normalise

SHINGLE = 3


def leaks(
    train: Sequence[Example], test: Sequence[Example], test_asked: Sequence[str], threshold: float
) -> tuple[dict[int, Loss], dict[str, int]]:
    """Training rows that stand in the test set, by index, and the counts for the report.

    ``test_asked`` are the test questions as they are compared (masked like the training rows).
    """
    nearest, touched = best([example.asked for example in train], test_asked, threshold, SHINGLE)
    test_keys = [normalise(asked) for asked in test_asked]
    losses: dict[int, Loss] = {}
    exact = 0
    for match in nearest:
        row, partner = train[match.i], test[match.j]
        same = normalise(row.asked) == test_keys[match.j]
        exact += same
        why = ("the question of" if same else f"{match.jaccard:.2f} similar to") + f" test row {partner.origin}"
        losses[match.i] = Loss(row, "leak.exact" if same else "leak.near", why, partner)
    return losses, {"exact": exact, "near": len(losses) - exact, "test_rows_touched": len(touched)}


def certificate(sides: Mapping[str, Sequence[str]], threshold: float, split: SplitSpec) -> dict[str, Any]:
    """The nearest pair across each two sides, over all pairs; the highest of them must lie below the threshold.

    Raises:
        LuthierError: a pair at or above the threshold is left (that would be a defect of this stage, not of the rows).
    """
    pairs: dict[str, Any] = {}
    filled = {name: texts for name, texts in sides.items() if texts}
    for (one, other), found in across(filled, SHINGLE).items():
        pairs[f"{one}/{other}"] = {"max_jaccard": round(found.jaccard, 6), "pairs": found.pairs}
        if found.jaccard >= threshold:
            raise LuthierError(
                f"a near-duplicate stands in {one} and in {other}",
                where="data",
                why=f"{found.jaccard:.2f} similar: {sides[one][found.i][:120]!r}",
                fix="this is a defect of Luthier: please report it with the recipe",
            )
    return {
        "method": "exact: every pair compared by Jaccard of word shingles of the user side, nothing sampled",
        "shingle": SHINGLE,
        "threshold": threshold,
        "max_jaccard": max((found["max_jaccard"] for found in pairs.values()), default=0.0),
        "pairs_checked": sum(found["pairs"] for found in pairs.values()),
        "sides": pairs,
        "split": {
            key: value
            for key, value in split.model_dump(mode="json", exclude_none=True).items()
            if value != [] and (key != "fold" or split.folds)
        },
    }
