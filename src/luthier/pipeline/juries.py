"""The judges that a recipe's metrics name: opened when they are asked, compared with people before anything is trained.

What a judge said of people's pairs is kept in the store's scratch under the judge, the way of asking and the pairs, so
the run that follows, and every later one, asks it nothing twice.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.pipeline.helper import identity, open_helper
from luthier.recipe.evaluate import JudgeMetric

if TYPE_CHECKING:
    from luthier.pipeline.job import Job
    from luthier.score.judge import Juror


def identities(job: Job) -> dict[str, Any]:
    """What decides the judges' verdicts besides the recipe, for the key of the evaluation; empty where none is
    named."""
    out: dict[str, Any] = {}
    for metric in job.recipe.evaluate.judges:
        from luthier.evaluate.votes import votes_digest

        who = [identity(job.store, wanted, folder=job.folder).digest for wanted in metric.engine]
        path = _people(job, metric)
        out[metric.key] = {"judges": who, "people": None if path is None else votes_digest(path)}
    return out


@contextmanager
def open_jury(job: Job, metric: JudgeMetric) -> Iterator[Sequence[Juror]]:
    """The judges of a metric, closed at the end.

    Raises:
        LuthierError: an unknown model, or a host that ``privacy.egress`` does not name.
    """
    from luthier.score.judge import Juror

    with ExitStack() as stack:
        jurors = []
        for wanted in metric.engine:
            egress = job.recipe.privacy.egress
            found = stack.enter_context(open_helper(job.store, wanted, folder=job.folder, egress=egress))
            jurors.append(Juror(found.engine, found.adapter, name=found.name, max_tokens=metric.max_tokens))
        yield jurors


def calibration_folder(job: Job, metric: JudgeMetric) -> Path:
    """Where a judge's verdicts on people's pairs are kept."""
    facts = [metric.model_dump(mode="json", exclude={"min_kappa", "name"}), identities(job)[metric.key]]
    name = hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]
    return job.store.workdir(f"judge-{name}")


def refuse_unproven(job: Job) -> None:
    """Compare the judges that decide with people, before hours of training.

    Raises:
        LuthierError: one of them is not shown to agree with people as much as its floor asks.
    """
    from luthier.evaluate import reliability
    from luthier.evaluate.jury import calibrate, seated
    from luthier.evaluate.ledger import Ledger
    from luthier.evaluate.votes import read_votes

    for metric in job.recipe.evaluate.target:
        if not isinstance(metric, JudgeMetric):
            continue
        path = _people(job, metric)
        assert path is not None, "the recipe refuses a judge that decides without people"
        voted = read_votes(path)
        job.tell("judge", f"{metric.key}: {len(voted):,} pairs that people judged")
        with seated(metric, lambda m: open_jury(job, m)) as panel:
            rows = calibrate(panel, voted, calibration_folder(job, metric))
        ledger = Ledger(tuple(rows))
        reliability.refuse_unproven(ledger, metric, alpha=job.recipe.evaluate.alpha)
        told = reliability.kappa_told(ledger, metric.key, job.recipe.evaluate.alpha)
        job.tell("judge", f"kappa {told['kappa']:.2f} (at least {told['bound']:.2f}); floor {metric.min_kappa:g}")


def _people(job: Job, metric: JudgeMetric) -> Path | None:
    return None if metric.people is None else job.folder / Path(metric.people).expanduser()
