"""``luthier gate``: the verdict of a run or model, computed again from its ledger. No model is asked anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luthier.errors import LuthierError
from luthier.evaluate import gate, read_ledger
from luthier.evaluate.verdict import REMEDIES
from luthier.pipeline.remedy import labels, read, remedies
from luthier.recipe import Recipe
from luthier.records import Verdict
from luthier.store import Run

if TYPE_CHECKING:
    from luthier.store import Artifact, Store



def judge_again(store: Store, candidate: str, against: str | None = None) -> Verdict:
    """The verdict on a run, or on a model that a run made; against all of its baselines, or one of them.

    Raises:
        LuthierError: nothing of that name, or it was never evaluated.
    """
    ledger = ledger_of(store, candidate)
    made_by = next((run for run in store.runs() if ledger.id in run.made.get("evaluate", ())), None)
    left: tuple[str, ...] = REMEDIES
    if made_by is not None:
        left = labels(read(made_by.dir) or remedies(Recipe.model_validate(dict(made_by.recipe))))
    return gate(read_ledger(ledger), against=(against,) if against else (), remedies=left)


def ledger_of(store: Store, ref: str) -> Artifact:
    """The ledger behind a run, a model, or its own id."""
    found = store.resolve(ref)
    if isinstance(found, Run):
        ids = found.made.get("evaluate", ())
        if not ids:
            raise LuthierError(f"{found.id} has no evaluation", where=ref, fix="luthier run its recipe to the end")
        return store.get(ids[-1])
    if found.kind == "ledger":
        return found
    ledgers = [a for a in store.artifacts("ledger") if found.id in a.parents]
    if not ledgers:
        raise LuthierError(
            f"{found.id} was never evaluated", where=ref, fix="luthier run RECIPE evaluates what it makes"
        )
    return ledgers[-1]
