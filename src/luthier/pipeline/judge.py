"""``luthier gate``: the verdict of a run or model, computed again from its ledger. No model is asked anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

from luthier.errors import LuthierError
from luthier.evaluate import Ledger, gate, read_ledger
from luthier.evaluate.ledger import TEST
from luthier.evaluate.systems import TUNED
from luthier.evaluate.verdict import REMEDIES
from luthier.pipeline.remedy import labels, read, remedies
from luthier.recipe import Recipe
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Verdict
from luthier.score import build
from luthier.store import Run

if TYPE_CHECKING:
    from luthier.store import Artifact, Store


def judge_again(
    store: Store, candidate: str, against: str | None = None, policy: EvaluateSpec | None = None
) -> Verdict:
    """The verdict on a run, or on a model that a run made; against all of its baselines, or one of them.

    Args:
        policy: margins, alpha, targets and suites to judge by; left out, those of the recipe that made the ledger.

    Raises:
        LuthierError: nothing of that name, it was never evaluated, or the policy asks for what was not measured.
    """
    ledger = ledger_of(store, candidate)
    made_by = next((run for run in store.runs() if ledger.id in run.made.get("evaluate", ())), None)
    left: tuple[str, ...] = REMEDIES
    if made_by is not None:
        left = labels(read(made_by.dir) or remedies(Recipe.model_validate(dict(made_by.recipe))))
    found = read_ledger(ledger)
    if policy is not None:
        _measured(found, policy)
    baselines = (against,) if against else ()
    return gate(found, policy, against=baselines, test_use=uses(store, ledger), remedies=left)


def uses(store: Store, ledger: Artifact) -> int:
    """Which candidate this ledger's is among those that were judged on the same test rows, counted from 1.

    The test set is known by a digest of its rows, whatever else the datasets hold; a candidate that is judged again
    keeps its number.
    """
    known: list[str] = []
    for other in store.artifacts("ledger"):  # oldest first
        if other.id != ledger.id and _test_set(other) != _test_set(ledger):
            continue
        name = _candidate(other)
        known += [name] if name not in known else []
        if other.id == ledger.id:
            break
    own = _candidate(ledger)
    return known.index(own) + 1 if own in known else len(known) + 1


def _test_set(ledger: Artifact) -> str:
    """Ledgers from before test sets had a digest are known by their dataset."""
    data = next((p for p in ledger.parents if p.startswith("dataset-")), ledger.id)
    return str(ledger.meta.get("test_set", data))


def _candidate(ledger: Artifact) -> str:
    return next((p for p in ledger.parents if p.startswith(("model-", "adapter-"))), ledger.id)


def _measured(ledger: Ledger, policy: EvaluateSpec) -> None:
    """Refuse a policy about what this ledger does not hold: nothing is asked again here."""
    held: dict[str, set[str]] = {}
    for row in ledger.rows:
        if row.system == TUNED:
            held.setdefault(row.suite, set()).update(row.scores)
    asked = [build(m) for m in (*policy.target, *policy.also)]
    suites = set(ledger.facts.get("suites", {}))
    missing = [m.key for m in asked if m.key not in held.get(m.suite or TEST, ())]
    missing += [s.suite for s in policy.regression if s.suite not in suites]
    if missing:
        raise LuthierError(
            f"the evaluation did not measure {', '.join(missing)}", where="--recipe",
            why="a gate reads what was measured and asks no model", fix="luthier run RECIPE evaluates it",
        )  # fmt: skip


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
