"""How often the gate is wrong, and how often it says yes to what deserves it: experiments through its own code.

Draws with a known truth go through ``compare_values``, ``target_status`` and ``guard_status`` (what decides a line), or
as whole ledgers through ``gate``. One process, one thread, seeded; the full count is 2,000 experiments a case (400 with
999 resamples where the bootstrap decides). Prints tables and, as its last line, JSON; the targets stand in
bench/targets.toml. tests/stats/test_simulations.py runs 200 of each.
"""

from __future__ import annotations

import argparse
import gc
import json
import math
import time
import tomllib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from luthier.evaluate import Ledger, Row, gate
from luthier.evaluate.compare import Difference, compare, compare_values
from luthier.evaluate.ledger import TEST, Pairs
from luthier.evaluate.lines import guard_status, target_status
from luthier.recipe.evaluate import EvaluateSpec
from luthier.records import Score, VerdictKind
from luthier.stats import bootstrap, items_needed, macro_f1, power_of, wilson

HERE = Path(__file__).resolve().parent
ALPHA = 0.05
Draw = Callable[[np.random.Generator], Difference]


# ---- worlds: one experiment each, with a known truth


def shares(n: int, flips: float, gain: float = 0.0) -> Draw:
    """0/1 scores: ``flips`` of the items differ, the true gain is ``gain``."""

    def draw(rng: np.random.Generator) -> Difference:
        u = rng.random(n)
        better, worse = u < (flips + gain) / 2, u > 1 - (flips - gain) / 2
        base = np.where(better, 0.0, np.where(worse, 1.0, rng.random(n) < 0.7))
        return compare_values(base, np.where(better, 1.0, np.where(worse, 0.0, base)), None, alpha=ALPHA)

    return draw


def scores(n: int, gain: float = 0.0) -> Draw:
    """Skewed scores in 0..1, as ROUGE gives them."""

    def draw(rng: np.random.Generator) -> Difference:
        level = 0.1 + 0.8 * rng.beta(2, 3, n)
        base, tuned = (level + 0.1 * (rng.beta(2, 2, n) - 0.5) for _ in range(2))
        return compare_values(base, tuned + gain, None, alpha=ALPHA)

    return draw


def clustered(sizes: Sequence[int] | None, gain: float = 0.0, *, known: bool = True, rho: float = 0.5) -> Draw:
    """Scores whose differences are correlated within clusters; ``sizes`` None: 20 of very unequal size, drawn."""

    def draw(rng: np.random.Generator) -> Difference:
        each = sizes or [max(1, round(10 * math.exp(rng.standard_normal()))) for _ in range(20)]
        names = np.repeat(np.arange(len(each)), each)
        gap = math.sqrt(rho) * rng.standard_normal(len(each))[names]
        gap = gap + math.sqrt(1 - rho) * rng.standard_normal(len(names))
        base = np.full(len(names), 0.5)
        groups = [str(g) for g in names] if known else None
        return compare_values(base, base + gain + 0.05 * gap, groups, alpha=ALPHA)

    return draw


def clustered_shares(clusters: int, size: int, flips: float, gain: float = 0.0) -> Draw:
    """0/1 scores whose flips come together: a flipped item goes its cluster's way in three of four cases."""

    def draw(rng: np.random.Generator) -> Difference:
        names = np.repeat(np.arange(clusters), size)
        up = 0.5 + gain / (2 * flips)
        way = np.where(rng.random(len(names)) < 0.75, (rng.random(clusters) < up)[names], rng.random(len(names)) < up)
        flipped = rng.random(len(names)) < flips
        base = np.where(flipped, ~way, rng.random(len(names)) < 0.7).astype(float)
        tuned = np.where(flipped, way, base).astype(float)
        return compare_values(base, tuned, [str(g) for g in names], alpha=ALPHA)

    return draw


def documents(n: int, loss: float = 0.0) -> Draw:
    """Bits of documents of very unequal length that rise by ``loss``, 5% up and down from document to document."""

    def draw(rng: np.random.Generator) -> Difference:
        pairs = Pairs(tuple(zip(*texts(rng, n, loss), strict=True)), n, False)
        return compare(pairs, "bits_per_byte", alpha=ALPHA)

    return draw


def texts(rng: np.random.Generator, n: int, loss: float) -> tuple[list[Row], list[Row]]:
    sizes = np.ceil(rng.lognormal(5, 0.8, n))
    base = 2.2 * sizes * (1 + 0.2 * rng.standard_normal(n).clip(-3, 3))
    tuned = base * (1 + loss + 0.05 * rng.standard_t(6, n) / math.sqrt(1.5))
    return tuple(  # type: ignore[return-value]
        [
            row("text", system, i, Score(b / s, "", {"bits": b, "bytes": s}), "bits_per_byte")
            for i, (b, s) in enumerate(zip(bits.tolist(), sizes.tolist(), strict=True))
        ]
        for system, bits in (("base", base), ("tuned", tuned))
    )


def macro(n: int) -> Draw:
    """Macro-F1 over five classes of unequal size; truth by simulation is 0."""

    def draw(rng: np.random.Generator) -> Difference:
        truth = rng.choice(5, n, p=[0.4, 0.3, 0.15, 0.1, 0.05])
        said = [np.where(rng.random(n) < 0.7, truth, rng.integers(0, 5, n)) for _ in range(2)]
        found = bootstrap(
            lambda w: macro_f1(truth, said[1], 5, w) - macro_f1(truth, said[0], 5, w), n, resamples=999,
            seed=int(rng.integers(2**31)), alpha=ALPHA,
        ).scaled(100)  # fmt: skip
        return Difference(0.0, 0.0, found, (found.bound, found.ceiling), 0.0)

    return draw


def row(suite: str, system: str, i: int, score: Score, metric: str = "exact") -> Row:
    name = f"{i:05d}"
    return Row(name, name, suite, system, name, name, "d", system, {metric: score}, reference="x", answer="y")


@cache
def cells(suite: str, system: str, n: int, metric: str = "exact") -> tuple[tuple[Row, ...], tuple[Row, ...]]:
    """The rows of a suite all wrong and all right, made once."""
    wrong, right = (
        tuple(row(suite, system, i, Score(value), metric) for i in range(n)) for value in (0.0, 1.0)
    )  # fmt: skip
    return wrong, right


def rows_of(suite: str, system: str, values: np.ndarray) -> list[Row]:
    wrong, right = cells(suite, system, len(values))
    return [right[i] if value else wrong[i] for i, value in enumerate(values.tolist())]


def flipped(rng: np.random.Generator, n: int, level: float, flips: float, gain: float) -> tuple[np.ndarray, np.ndarray]:
    """(base, tuned) of n items: 0/1, the base right on about ``level``."""
    u = rng.random(n)
    better, worse = u < (flips + gain) / 2, u > 1 - (flips - gain) / 2
    base = np.where(better, False, np.where(worse, True, rng.random(n) < level))
    return base, np.where(better, True, np.where(worse, False, base))


@dataclass(frozen=True)
class World:
    """A candidate: its true gain on 240 test rows, its true loss on each suite of right answers and on the texts."""

    gain: float = 0.3
    loss: float = 0.0
    text_loss: float = 0.0
    jobs: int = 0
    """Earlier jobs: suites of 400 items, in one pool where ``pooled``."""
    pooled: bool = True
    test_use: int = 1
    targets: int = 1
    need: str = "all"

    def verdict(self, rng: np.random.Generator) -> VerdictKind:
        """The gate's. A candidate that it does not promote where no suite is asked for is not promoted with suites
        either (they only take a promotion away), and is not drawn any further: most of those that are no better."""
        rows, names = self.test_rows(rng)
        alone = self.gated(rows, names, ())
        if alone is not VerdictKind.PROMOTE:
            return alone
        more, guards = self.suites(rng)
        return self.gated(rows + more, names, guards)

    def test_rows(self, rng: np.random.Generator) -> tuple[list[Row], list[str]]:
        rows: list[Row] = []
        tests = [flipped(rng, 240, 0.5, 0.2 + abs(self.gain), self.gain) for _ in range(self.targets)]
        names = ["exact", "rouge_l", "label"][: self.targets]
        for system, side in (("base", 0), ("tuned", 1)):
            for i in range(240):
                scored = {name: Score(float(t[side][i])) for name, t in zip(names, tests, strict=True)}
                one = row(TEST, system, i, Score(0.0))
                rows.append(Row(one.id, one.item, TEST, system, one.asked, one.prompt, "d", system, scored))
        return rows, names

    def gated(self, rows: Sequence[Row], names: Sequence[str], guards: Sequence[dict[str, Any]]) -> VerdictKind:
        asked = {"target": list(names), "need": self.need, "regression": list(guards)}
        return gate(Ledger(tuple(rows), {}), EvaluateSpec.model_validate(asked), test_use=self.test_use).kind

    def suites(self, rng: np.random.Generator) -> tuple[list[Row], list[dict[str, Any]]]:
        rows: list[Row] = []
        suites = [("skills", 2400)] + [(f"job {j}", 400) for j in range(self.jobs)]
        for name, n in suites:
            base, tuned = flipped(rng, n, 0.7, 0.1, -self.loss)
            rows += rows_of(name, "base", base) + rows_of(name, "tuned", tuned)
            rows += rows_of(name, "trivial", np.arange(n) < n // 5)
        base_text, tuned_text = texts(rng, 320, self.text_loss)
        rows += base_text + tuned_text
        trivial = [Score(4.4, "", {"bits": 4.4 * s["bytes"], "bytes": s["bytes"]})
                   for s in (r.scores["bits_per_byte"].parts for r in base_text)]  # fmt: skip
        rows += [row("text", "trivial", i, score, "bits_per_byte") for i, score in enumerate(trivial)]
        guards: list[dict[str, Any]] = [{"suite": "skills"}, {"suite": "text"}]
        guards += [{"suite": name, **({"pool": "earlier jobs"} if self.pooled else {})} for name, _ in suites[1:]]
        return rows, guards


# ---- cases


@dataclass(frozen=True)
class Case:
    """A share of experiments that must lie within ``least`` and ``most``; ``count`` of the full run, if fewer."""

    name: str
    kind: str
    happens: Callable[[np.random.Generator], bool]
    least: float
    most: float
    count: int = 2000
    whole: bool = False
    """Whole ledgers through the gate."""


def gains(draw: Draw) -> Callable[[np.random.Generator], bool]:
    def happens(rng: np.random.Generator) -> bool:
        found = draw(rng)
        return target_status(found.exact[0], found.delta.ceiling) == "improved"

    return happens


def held(draw: Draw, margin: float) -> Callable[[np.random.Generator], bool]:
    return lambda rng: guard_status(draw(rng), margin) == "held"


def covered(draw: Draw, truth: float) -> Callable[[np.random.Generator], bool]:
    """Two-sided 95%; ``truth`` in points or percent, positive is better."""

    def happens(rng: np.random.Generator) -> bool:
        delta = draw(rng).delta
        return delta.low <= truth <= delta.high

    return happens


def share_covered(n: int, p: float) -> Callable[[np.random.Generator], bool]:
    def happens(rng: np.random.Generator) -> bool:
        found = wilson(int(rng.binomial(n, p)), n)
        return found.low <= p <= found.high

    return happens


def promoted(world: World) -> Callable[[np.random.Generator], bool]:
    return lambda rng: world.verdict(rng) is VerdictKind.PROMOTE


def any_promoted(candidates: int) -> Callable[[np.random.Generator], bool]:
    """Candidates that are no better, one after the other on one test set, until one is promoted."""

    def happens(rng: np.random.Generator) -> bool:
        return any(
            World(gain=0.0, test_use=use).verdict(rng) is VerdictKind.PROMOTE for use in range(1, candidates + 1)
        )

    return happens


EVEN = [10] * 50


def cases() -> Iterator[Case]:
    """All of them. Discrete tests may err less than alpha; a single continuous one may not be far below."""
    most, least = ALPHA + 0.015, ALPHA - 0.015
    for name, draw, low in (
        ("0/1 scores, 400 items, 20% flips", shares(400, 0.2), 0.0),
        ("0/1 scores, 30 items", shares(30, 0.3), 0.0),
        ("0/1 scores, 10 items", shares(10, 0.5), 0.0),
        ("scores in 0..1, 200 items", scores(200), least),
        ("scores in 0..1, 20 items", scores(20), least),
        ("50 clusters of 10, rho 0.5", clustered(EVEN), least),
        ("20 clusters of very unequal size, rho 0.5", clustered(None), 0.0),
        ("8 clusters of 10, rho 0.5", clustered([10] * 8), least),
        ("0/1 scores in 50 clusters of 10", clustered_shares(50, 10, 0.3), 0.0),
    ):
        yield Case(name, "false gain", gains(draw), low, most)
    yield Case("macro-F1 of 200 items, bootstrap", "false gain", gains(macro(200)), 0.0, most, count=400)
    for name, draw, margin in (
        ("0/1 scores, 2,400 items, margin 2", shares(2400, 0.1, -0.02), 2.0),
        ("0/1 scores, 100 items, margin 10", shares(100, 0.2, -0.1), 10.0),
        ("0/1 scores, 30 items, margin 10", shares(30, 0.2, -0.1), 10.0),
        ("0/1 scores in 50 clusters of 10, margin 5", clustered_shares(50, 10, 0.3, -0.05), 5.0),
        ("50 clusters of 10, rho 0.5, margin 2", clustered(EVEN, -0.02), 2.0),
        ("bits per byte, 320 documents, margin 2%", documents(320, 0.02), 2.0),
        ("bits per byte, 40 documents, margin 2%", documents(40, 0.02), 2.0),
    ):
        yield Case(name, "loss of the margin called held", held(draw, margin), 0.0, most)
    for name, draw, truth in (
        ("0/1 scores, 400 items", shares(400, 0.2, 0.03), 3.0),
        ("0/1 scores, 60 items", shares(60, 0.3, 0.1), 10.0),
        ("scores in 0..1, 200 items", scores(200, 0.02), 2.0),
        ("scores in 0..1, 20 items", scores(20, 0.02), 2.0),
        ("50 clusters of 10, rho 0.5", clustered(EVEN, 0.02), 2.0),
        ("20 clusters of very unequal size", clustered(None, 0.02), 2.0),
        ("bits per byte, 320 documents", documents(320, 0.01), -1.0),
    ):
        yield Case(name, "interval covers", covered(draw, truth), 0.935, 0.965)
    yield Case("a share, 240 items, 85%", "interval covers", share_covered(240, 0.85), 0.935, 0.965)
    yield Case("a share, 30 items, 90%", "interval covers", share_covered(30, 0.9), 0.935, 0.985)
    yield Case("macro-F1 of 200 items, bootstrap", "interval covers", covered(macro(200), 0.0), 0.925, 0.975, count=400)
    for name, draw, world in (
        ("a gain of 5 points, 400 items", shares, (400, 0.25, 0.05)),
        ("a gain of 20 points, 30 items", shares, (30, 0.4, 0.2)),
    ):
        planned = power_of(world[0], flips=world[1], difference=world[2])
        yield Case(name, "gain found, as planned", gains(draw(*world)), planned - 0.03, planned + 0.03)
    n = items_needed(flips=0.23, difference=0.03) or 0
    three = gains(shares(n, 0.23, 0.03))
    yield Case(f"a gain of 3 points, {n:,} items: 80%", "gain found, as planned", three, 0.77, 0.83)
    for margin, flips, power in ((2.0, 0.1, 0.8), (2.0, 0.1, 0.9), (10.0, 0.1, 0.8)):
        n = items_needed(flips=flips, margin=margin / 100, power=power) or 0
        yield Case(
            f"no loss, margin {margin:g}, {n:,} items: {power:.0%}", "held, as planned", held(shares(n, flips), margin),
            power - 0.03, power + 0.03,
        )  # fmt: skip
    n = items_needed(flips=0.05**2, margin=0.02, power=0.9, binary=False, design=1.04 * math.exp(0.8**2)) or 0
    texts_held = held(documents(n), 2.0)
    yield Case(f"bits per byte without loss, {n} documents: 90%", "held, as planned", texts_held, 0.87, 0.93)
    yield from whole()


def whole() -> Iterator[Case]:
    """Verdicts: 240 test rows, the skills (2,400 items) and the texts (320) as in the quickstart, 10% flips."""
    most = ALPHA + 0.015
    harmless, jobs = World(), World(jobs=6)
    many = {"count": 2000, "whole": True}
    yield Case("harmless, default guards", "promoted, rightly", promoted(harmless), 0.8, 1.0, **many)  # type: ignore[arg-type]
    yield Case("harmless, and six earlier jobs in a pool", "promoted, rightly", promoted(jobs), 0.8, 1.0, **many)  # type: ignore[arg-type]
    for name, world in (
        ("no better", World(gain=0.0)),
        ("loses the margin on the skills", World(loss=0.02)),
        ("loses the margin on the texts", World(text_loss=0.02)),
        ("no better on two targets, both needed", World(gain=0.0, targets=2)),
        ("no better on three targets, any will do", World(gain=0.0, targets=3, need="any")),
        ("no better, fourth on this test set", World(gain=0.0, test_use=4)),
    ):
        yield Case(name, "promoted, wrongly", promoted(world), 0.0, most, **many)  # type: ignore[arg-type]
    yield Case(
        "one of eight in a row, none better", "promoted, wrongly", any_promoted(8), 0.0, 2 * most, count=500, whole=True
    )


CONTRASTS = {
    "clusters taken for single items: 95% interval misses": lambda rng: not covered(
        clustered(EVEN, known=False), 0.0
    )(rng),
    "clusters taken for single items: false gain": gains(clustered(EVEN, known=False)),
    "harmless, six earlier jobs each with its own test: promoted": promoted(World(jobs=6, pooled=False)),
}
"""What the same experiments give where the gate's way is not taken."""


def share_of(happens: Callable[[np.random.Generator], bool], count: int, seed: int = 0) -> float:
    """Experiment by experiment, each with its own stream: a smaller count is the beginning of a larger one."""
    return sum(happens(np.random.default_rng([seed, i])) for i in range(count)) / count


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2000, help="experiments a case")
    parser.add_argument("--only", default="", help="cases whose kind or name holds this")
    args = parser.parse_args()
    gc.disable()  # ledgers of thousands of rows hold no cycles; looking for some took half of the time
    began = time.process_time()
    figures: dict[str, Any] = {}
    missed = []
    kind = ""
    for case in cases():
        if args.only not in f"{case.kind} {case.name}":
            continue
        if case.kind != kind:
            kind = case.kind
            print(f"\n{kind}")
        count = min(args.count, case.count)
        found = share_of(case.happens, count)
        holds = case.least <= found <= case.most
        missed += [] if holds else [f"{case.kind}: {case.name}"]
        bar = f"{100 * case.least:.1f} to {100 * case.most:.1f}" if case.least else f"at most {100 * case.most:.1f}"
        print(f"  {case.name:<52} {100 * found:6.2f}%  {bar:<14} {count:,}{'' if holds else '   MISSED'}", flush=True)
        figures[f"{case.kind}: {case.name}"] = round(found, 4)
    print("\notherwise")
    for name, happens in CONTRASTS.items():
        if args.only in name:
            count = min(args.count, 500)
            figures[name] = share_of(happens, count)
            print(f"  {name:<66} {100 * figures[name]:6.2f}%  {count:,}", flush=True)
    print(f"\n{time.process_time() - began:.0f} CPU s")
    targets = tomllib.loads((HERE / "targets.toml").read_text(encoding="utf-8"))["error_rates"]
    told = {
        "false_gain": max((v for k, v in figures.items() if k.startswith("false gain")), default=0.0),
        "margin_called_held": max((v for k, v in figures.items() if k.startswith("loss of")), default=0.0),
        "harmless_promoted": figures.get("promoted, rightly: harmless, default guards", 1.0),
        "missed": len(missed),
    }
    holds = all(
        (bar.get("at_most") is None or told[name] <= bar["at_most"])
        and (bar.get("at_least") is None or told[name] >= bar["at_least"])
        for name, bar in targets.items()
    )
    figures = {**told, "cases": figures}
    print(json.dumps({"bench": "error_rates", "figures": figures, "targets": targets, "holds": holds}))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
