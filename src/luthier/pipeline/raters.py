"""The models that ``data.select`` and ``data.vectors`` name: opened when a row has to be scored that never was, and
closed when the data stage is through. Scores stay in the store's scratch, under the model and the way of asking.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any

from luthier.data.scores import Kept, Rate, Raters
from luthier.engines import EmbeddingEngine, Unsupported
from luthier.pipeline.helper import Helper, Wanted, identity, open_helper
from luthier.records import Example, Score

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from luthier.pipeline.job import Job

VERSION = 2
"""Raised when a scorer would say something else of the same row."""
BATCH = {"likelihood": 256, "judge": 32, "reward": 256}
_PREFIX = "scores-"


def identities(job: Job) -> dict[str, str]:
    """What decides each scorer's numbers, for the key of the data stage; empty where none is asked."""
    return {part: _identity(job, part, wanted) for part, wanted in _wanted(job).items()}


def scratch_of(job: Job, part: str) -> str:
    """The name of the scratch folder that holds a scorer's numbers."""
    return f"{_PREFIX}{part}-{_identity(job, part, _wanted(job)[part])}"


@contextmanager
def open_raters(job: Job) -> Iterator[Raters]:
    """Who scores rows in this job."""
    wanted = _wanted(job)
    with ExitStack() as stack:

        @cache
        def opened(wish: Wanted | None) -> Helper:
            if wish is None:
                return stack.enter_context(_base(job))
            egress = job.recipe.privacy.egress
            return stack.enter_context(open_helper(job.store, wish, folder=job.folder, egress=egress))

        def rater(part: str, make: Callable[[Wanted | None], Rate]) -> Rate | None:
            if part not in wanted:
                return None

            def rate(rows: Sequence[Example]) -> list[Score]:
                key = scratch_of(job, part)
                with job.store.lock(key), job.bar(part) as bar:
                    kept = Kept(job.store.workdir(key))
                    if not kept.missing(rows):
                        return kept.rate(rows, _never, batch=1)
                    ask = make(wanted[part])
                    return kept.rate(rows, ask, batch=BATCH[part], tell=bar.update)

            return rate

        def embed(texts: Sequence[str]) -> NDArray[np.float32]:
            return _embedded(opened(wanted["vectors"]), texts)

        yield Raters(
            likelihood=rater("likelihood", lambda wish: _likelihood(opened(wish))),
            judge=rater("judge", lambda wish: _judge(job, opened(wish))),
            embed=embed if "vectors" in wanted else None,
            reward=rater("reward", lambda wish: _reward(job, str(wish))),
            parents=tuple(dict.fromkeys(_parents(job, wanted.values()))),
        )  # fmt: skip


def _parents(job: Job, wanted: Iterable[Wanted | None]) -> Iterator[str]:
    for one in wanted:
        yield from (job.base.uri,) if one is None else identity(job.store, one, folder=job.folder).parents


def _wanted(job: Job) -> dict[str, Wanted | None]:
    """Scorer to the model that it asks; None is the base as the recipe describes it."""
    data = job.recipe.data
    found: dict[str, Wanted | None] = {}
    if data.select is not None and data.select.likelihood is not None:
        found["likelihood"] = data.select.likelihood.model
    if data.select is not None and data.select.judge is not None:
        found["judge"] = data.select.judge.engine
    if data.select is not None and data.select.reward is not None:
        found["reward"] = data.select.reward.model
    if data.vectors != "words":
        found["vectors"] = data.vectors
    return found


@contextmanager
def _base(job: Job) -> Iterator[Helper]:
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.models.load import load

    with EmbeddedEngine(
        load(job.base, device=job.device, chat_template=job.chat_template), aside=True
    ) as engine:
        yield Helper(engine, None, job.base.name)


def _identity(job: Job, part: str, wanted: Wanted | None) -> str:
    settings: dict[str, Any] = {}
    if part == "judge":
        assert job.recipe.data.select is not None and job.recipe.data.select.judge is not None
        judge = job.recipe.data.select.judge
        settings = {"asks": sorted(judge.asks), "how": judge.how, "max_tokens": judge.max_tokens}
    base = f"{job.base.digest} {job.chat.digest}"
    who = base if wanted is None else identity(job.store, wanted, folder=job.folder).digest
    facts = [VERSION, part, who, settings]
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()[:16]


def _likelihood(helper: Helper) -> Rate:
    from luthier.data.likelihood import LikelihoodScorer

    return LikelihoodScorer(helper.engine, helper.adapter)


def _judge(job: Job, helper: Helper) -> Rate:
    from luthier.data.judge import Judge

    assert job.recipe.data.select is not None and job.recipe.data.select.judge is not None
    return Judge(job.recipe.data.select.judge, helper.engine, helper.adapter)


def _reward(job: Job, wish: str) -> Rate:
    from luthier.pipeline.reward import open_reward

    return open_reward(job.store, wish, folder=job.folder)


def _never(rows: Sequence[Example]) -> list[Score]:
    raise AssertionError("every row has its score")


def _embedded(helper: Helper, texts: Sequence[str]) -> NDArray[np.float32]:
    """Vectors of length 1; each text is asked for once, in an order that does not depend on that of the rows."""
    import numpy as np

    from luthier.similar.vectors import unit

    engine = helper.engine
    if not isinstance(engine, EmbeddingEngine) or "embed" not in engine.capabilities:
        raise Unsupported(engine.name, "vectors of texts", fix="data.vectors: words, or a model that gives vectors")
    distinct = sorted({text for text in texts if text.strip()})
    if not distinct:
        return np.zeros((len(texts), 1), dtype=np.float32)
    place = {text: row for row, text in enumerate(distinct)}
    found = np.asarray(engine.embed(distinct, adapter=helper.adapter), dtype=np.float64)
    made = unit(np.vstack([found, np.zeros((1, found.shape[1]))]))
    return made[[place.get(text, len(distinct)) for text in texts]]
