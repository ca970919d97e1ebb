"""What judges are worth, of a run or of a file of votes, as accounts that pages and lines are drawn from."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luthier.errors import LuthierError, UsageError, did_you_mean
from luthier.evaluate import read_ledger
from luthier.evaluate.reliability import account, account_of_votes
from luthier.evaluate.votes import read_votes
from luthier.recipe.evaluate import EvaluateSpec
from luthier.store import Store


def judges_of(target: str, judges: Sequence[str]) -> list[dict[str, Any]]:
    """An account for each judge metric of a run's evaluation; for a file of votes, one of the voters named.

    Raises:
        LuthierError: a run without a judge, a voter that the file does not know, a file without people.
    """
    path = Path(target)
    if path.suffix == ".jsonl" or path.is_file():
        voted = read_votes(path)
        voters = sorted({name for one in voted for name in one.votes})
        for name in judges:
            if name not in voters:
                raise UsageError(f"nobody called {name!r} votes here", where="--judge", fix=did_you_mean(name, voters))
        if not judges or len(voters) == len(judges):
            raise UsageError(
                "who of the voters are models?" if not judges else "no voter is a person", where="--judge",
                why="a judge is compared with people", fix=f"--judge NAME; voters are {', '.join(voters[:8])}",
            )  # fmt: skip
        return [account_of_votes(voted, judges)]
    from luthier.pipeline.judge import ledger_of

    ledger = read_ledger(ledger_of(Store.open(), target))
    spec = EvaluateSpec.model_validate(ledger.facts["spec"])
    found = [account(ledger, metric, alpha=spec.alpha) for metric in dict.fromkeys(spec.judges)]
    if not found:
        raise LuthierError(
            f"no judge was asked in {target}", where="evaluate",
            fix="evaluate.also: {kind: judge, engine: MODEL}, then luthier run",
        )  # fmt: skip
    return found
