"""``luthier search --learning-curve``: is more data worth collecting?

The recipe is trained on nested parts of its rows, each twice the one before, several times with other rows and another
seed; all with as many steps as the whole, so that what differs is the rows and not the time spent on them. The loss is
read on validation rows that kept no training's best step. What another doubling would gain is the last gain times the
rate at which gains shrink from doubling to doubling (a power law, on a grid of doublings); its interval is the
bootstrap over validation rows and repeats. It speaks of rows like those there are, and of this recipe.

Killed, it goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.pipeline.job import Job, ProgressLike
from luthier.pipeline.run import running
from luthier.recipe import LoadedRecipe
from luthier.report.search import curve_page
from luthier.search.bench import UNWATCHED, Bench
from luthier.search.run import file_measured, named, refuse_comparing, study_key
from luthier.search.space import with_values
from luthier.stats import bootstrap
from luthier.stats.interval import Interval

if TYPE_CHECKING:
    from luthier.store import Run, Store

RESAMPLES = 4000


@dataclass(frozen=True)
class Curve:
    """Loss by number of rows. ``losses`` is (repeats, parts, validation rows), nats a trained token; ``rows`` counts
    those of each part; ``next`` is the share of the loss that twice the rows would take off, ``worth`` what is asked.
    """

    rows: tuple[int, ...]
    losses: np.ndarray
    worth: float

    @property
    def means(self) -> list[float]:
        """Mean loss of each part."""
        return [float(x) for x in self.losses.mean(axis=(0, 2))]

    @property
    def next(self) -> Interval:
        """The share of the loss that another doubling would take off."""
        repeats, _, count = self.losses.shape
        draw = np.random.default_rng(0)

        def gain(weights: np.ndarray) -> np.ndarray:
            whole = weights.shape[0] == 1
            each = np.ones((len(weights), repeats)) if whole else draw.multinomial(
                repeats, np.full(repeats, 1 / repeats), size=len(weights)
            )  # fmt: skip
            means = np.einsum("br,rsi,bi->bs", each / repeats, self.losses, weights / count)
            return next_gain(means)

        return bootstrap(gain, count, resamples=RESAMPLES, seed=0)

    @property
    def answer(self) -> str:
        """yes, no or not clear."""
        found = self.next
        return "yes" if found.low >= self.worth else "no" if found.high < self.worth else "not clear"

    @property
    def said(self) -> str:
        """The answer in a sentence."""
        found, rows = self.next, self.rows[-1]
        figures = f"{found.estimate:.1%} [{found.low:.1%}, {found.high:.1%}]"
        told = {
            "yes": "more data is worth collecting", "no": "more rows like these are not worth collecting",
            "not clear": "it is not clear whether more data is worth collecting",
        }[self.answer]  # fmt: skip
        asked = f"at least {self.worth:.0%} was asked"
        return f"{told}: {2 * rows:,} rows in place of {rows:,} would lower the loss by {figures}; {asked}"

    def to_dict(self) -> dict[str, Any]:
        """JSON form: numbers only."""
        found = self.next
        return {
            "answer": self.answer, "said": self.said, "rows": list(self.rows), "loss": self.means,
            "repeats": [[float(x) for x in one] for one in self.losses.mean(axis=2)],
            "next": {"estimate": found.estimate, "low": found.low, "high": found.high, "worth": self.worth},
            "validation_rows": int(self.losses.shape[2]),
        }  # fmt: skip


def next_gain(means: np.ndarray) -> np.ndarray:
    """(B, parts) mean losses on a grid of doublings -> (B,) share of the last loss that the next doubling takes off.

    Gains d shrink by one rate (power law with an offset: L(n) = a + b n^-c gives d_k+1 = 2^-c d_k); the rate is that of
    least squares, held between 0 and 1.
    """
    gains = means[:, :-1] - means[:, 1:]
    before, after = gains[:, :-1], gains[:, 1:]
    squares = np.maximum((before**2).sum(axis=1), 1e-18)
    rate = np.clip((before * after).sum(axis=1) / squares, 0.0, 1.0)
    shown: np.ndarray = gains[:, -1] * rate / means[:, -1]
    return shown


def learning_curve(loaded: LoadedRecipe, store: Store, progress: ProgressLike | None = None) -> tuple[Run, Curve, Path]:
    """Train on parts of the rows; gives the run, the curve and its page.

    Raises:
        LuthierError: the recipe compares answers, or there are too few rows.
    """
    from luthier.train.checkpoint import write_whole

    refuse_comparing(loaded)
    spec = loaded.recipe.search
    job = Job(named(loaded, "curve"), store, progress)
    with running(job) as run:
        bench = Bench(job, confirm=spec.confirm)
        artifact, _ = bench.data(job)
        sides = bench.sides(job)
        full = sides.given.plan
        own = sorted({s.example_id for s in sides.given.train} - sides.given.replayed)
        key = study_key(job, artifact.digest, {"curve": list(spec.curve)})
        folder = store.workdir(f"curve-{key}")
        losses: list[list[list[float]]] = []
        for repeat in range(spec.repeats):
            losses.append([])
            for share in spec.curve:
                done = folder / f"{repeat}-{share:g}.json"
                if not done.is_file():
                    values = {
                        "seed": loaded.recipe.seed + repeat, "train.batch_tokens": full.batch_tokens,
                        "train.learning_rate": full.learning_rate, "train.max_steps": full.steps,
                        "train.epochs": min(1000.0, 4 * loaded.recipe.train.epochs / share), **UNWATCHED,
                    }  # fmt: skip
                    kept = part_of(own, share, repeat) | sides.given.replayed
                    with job.bar(f"{share:.0%} of the rows") as bar:
                        measured = bench.train(
                            with_values(loaded, values), folder / f"work-{repeat}-{share:g}",
                            train=[s for s in sides.given.train if s.example_id in kept],
                            on_step=lambda at, of, loss, bar=bar: bar.update(at, of, f"loss {loss:.3f}"),  # type: ignore[misc]
                        )  # fmt: skip
                    write_whole(done, json.dumps(measured.others))
                    run.event("part", repeat=repeat, share=share, loss=float(np.mean(measured.others)))
                losses[-1].append(json.loads(done.read_text()))
                job.tell(f"{share:.0%}", f"loss {np.mean(losses[-1][-1]):.4f}, repeat {repeat + 1} of {spec.repeats}")
        curve = Curve(tuple(max(1, round(s * len(own))) for s in spec.curve), np.asarray(losses), spec.worth)
        html = curve_page(curve.to_dict(), loaded.recipe.name)
        page = file_measured(
            job, run, "curve", curve, ("learning_curve.html", html), of=artifact, meta={"answer": curve.answer}
        )  # fmt: skip
        store.clear_workdir(f"curve-{key}")
        return run, curve, page


def part_of(own: Sequence[str], share: float, repeat: int) -> frozenset[str]:
    """Ids of this share of the rows; of one repeat each share holds the smaller ones."""
    order = sorted(own, key=lambda i: hashlib.blake2b(f"{repeat} {i}".encode(), digest_size=8).digest())
    return frozenset(order[: max(1, round(share * len(order)))])
