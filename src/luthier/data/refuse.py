"""When the data stage stops: nothing to learn from, nothing left, nothing that fits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from luthier.data.funnel import Funnel, Loss
from luthier.data.load import Loaded
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.rows.rules import UNANSWERED


def unanswered(loaded: Loaded, spec: DataSpec) -> None:
    """Stop at rows without an answer when the recipe says so (``data.on_unanswered: refuse``)."""
    missing = [finding for finding in loaded.errors if finding.rule in UNANSWERED]
    if spec.on_unanswered != "refuse" or not missing:
        return
    first, more = missing[0], len(missing) - 1
    tail = f" (and {more} more: luthier check {' '.join(spec.source)} shows them all)" if more else ""
    raise LuthierError(
        f"{len(missing):,} of {loaded.rows:,} rows have no answer to learn from",
        where=f"{first.origin}{tail}",
        why=first.message,
        fix="add the assistant's answer, or set data.on_unanswered: quarantine",
    )


def nothing_usable(loaded: Loaded, sources: Sequence[str]) -> None:
    """Stop when every row was set aside; the first three findings say why. Rows that were erased leave none."""
    if loaded.examples or not loaded.errors:
        return
    first = loaded.errors[0]
    all_unanswered = all(finding.rule in UNANSWERED for finding in loaded.errors)
    raise LuthierError(
        f"none of the {loaded.rows:,} rows {'has an answer to learn from' if all_unanswered else 'can be used'}",
        where=first.origin,
        why=" · ".join(f"{finding.origin} {finding.message}" for finding in loaded.errors[:3]),
        fix=f"luthier check {' '.join(sources)} lists all of them",
    )


def nothing_left(rows: Sequence[object], funnel: Funnel, spec: DataSpec) -> None:
    """Stop when the rules took every row; names the one that took most."""
    if rows:
        return
    worst = max(funnel.steps, key=lambda step: int(step["removed"]))
    leaked = worst["name"] == "leaks"
    raise LuthierError(
        "no rows are left to train on",
        where=", ".join(spec.source),
        why=f"{worst['name']} took {worst['removed']:,} of {funnel.steps[0]['left']:,} rows: {worst['rule']}",
        fix="is the test set a part of the source? give rows that are not in it"
        if leaked
        else f"luthier check {' '.join(spec.source)} shows what is wrong with the rows",
    )


def nothing_fits(rows: Sequence[object], losses: Mapping[int, Loss]) -> None:
    """Stop when every training row is too long or cannot be rendered."""
    if not rows or len(losses) < len(rows):
        return
    first = next(iter(losses.values()))
    raise LuthierError(
        f"every one of the {len(rows):,} training rows is too long or cannot be trained on",
        where=first.example.origin or "train.max_length",
        why=first.why,
        fix="raise train.max_length, or set data.on_overlong: keep_end, or split for long chats",
    )
