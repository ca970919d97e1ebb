"""Choose training rows by worth and variety: first what a model speaks against, then the best under a budget.

The order of rules: perplexity, IFD, the share of IFD, the reward, the judge's quality (asked only of the rows still in
play). What is left is put in the order of its worth (a product, see ``SelectSpec.by``; rows without a score behind all
others; equals by content id) and walked down once: a row is taken unless it is too like one that was taken before, as
DEITA publishes it (Liu et al. 2024, arXiv 2312.15685: the distance to the nearest row already selected), or there is no
room. The variant that compares with the nearest row of the whole pool lets near-duplicates drive each other out; it is
not this.

The result depends on the rows, not on their order. A row that leaves names its rule, its numbers and the row it is
like.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, exp, prod
from typing import Any

from luthier.data.funnel import Funnel, Loss
from luthier.data.scores import Raters, spread
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.recipe.select import JudgeSpec, LikelihoodSpec, RewardModelSpec, SelectSpec, Worth
from luthier.records import Example, Score
from luthier.similar.cosine import take_unlike
from luthier.similar.vectors import Vectors

LEAST_SCORED = 0.5
"""A scorer that can speak of fewer rows than this is the wrong one."""


@dataclass(frozen=True)
class Selected:
    """Rows to train on, in their order, and those that left; ``scores`` of all rows by scorer; ``account`` holds no
    text."""

    rows: tuple[Example, ...]
    losses: tuple[Loss, ...]
    scores: tuple[dict[str, Any], ...]
    account: dict[str, Any]


def without_models(spec: DataSpec) -> DataSpec:
    """The same without the rules that a model decides on: for those who must not ask one."""
    chosen = spec.select
    if chosen is not None and (chosen.likelihood or chosen.judge or chosen.reward):
        chosen = None
    dedupe = spec.dedupe
    if spec.vectors != "words":
        dedupe = dedupe.model_copy(update={"semantic": None})
        chosen = None if chosen is None else chosen.model_copy(update={"similar": None})
    return spec.model_copy(update={"select": chosen, "dedupe": dedupe, "vectors": "words"})


def select(
    rows: Sequence[Example],
    spec: SelectSpec,
    raters: Raters,
    funnel: Funnel,
    *,
    vectors: Callable[[Sequence[str]], Vectors],
    tokens: Callable[[Example], int] | None,
) -> Selected:
    """Apply every rule and book what it takes. ``tokens`` counts a row's tokens, if anything can.

    Raises:
        LuthierError: a model is needed and none is at hand, it can score too few rows, or nothing is left.
    """
    pool = _Pool(rows, funnel)
    if spec.likelihood is not None:
        pool.score("likelihood", raters.likelihood)
        _by_likelihood(pool, spec.likelihood)
    if spec.reward is not None:
        pool.score("reward", raters.reward)
        _by_reward(pool, spec.reward)
    if spec.judge is not None:
        pool.score("judge", raters.judge)
        _by_judge(pool, spec.judge)
    _walk(pool, spec, vectors, tokens)
    return pool.result(spec)


class _Pool:
    """The rows still in play, by number, with what is known of them."""

    def __init__(self, rows: Sequence[Example], funnel: Funnel) -> None:
        self.rows, self._funnel = rows, funnel
        self.left = list(range(len(rows)))
        self.losses: dict[int, Loss] = {}
        self.scores: dict[str, dict[int, Score]] = {}
        self.rules: list[dict[str, Any]] = []

    def score(self, name: str, rate: Callable[[Sequence[Example]], list[Score]] | None) -> None:
        if rate is None:
            raise LuthierError(
                f"data.select.{name} needs a model, and none is at hand here", where=f"data.select.{name}",
                fix="luthier data RECIPE and luthier run RECIPE open the one that it names",
            )  # fmt: skip
        found = rate([self.rows[row] for row in self.left])
        self.scores[name] = dict(zip(self.left, found, strict=True))
        known = [score for score in found if score.parts]
        if len(known) < LEAST_SCORED * len(found):
            reasons = Counter(score.reason for score in found if not score.parts)
            raise LuthierError(
                f"{len(found) - len(known):,} of {len(found):,} rows got no score", where=f"data.select.{name}",
                why=reasons.most_common(1)[0][0] if reasons else "",
                fix="name a model that can do it, or leave this part out",
            )  # fmt: skip

    def part(self, scorer: str, name: str, row: int) -> float | None:
        """One number of a row, or None where it has none."""
        score = self.scores.get(scorer, {}).get(row)
        if score is None:
            return None
        return score.value if name == "ifd" else score.parts.get(name)

    def known(self, scorer: str, name: str) -> dict[int, float]:
        """One number of all rows that have it, those that left since included."""
        found = {row: self.part(scorer, name, row) for row in self.scores[scorer]}
        return {row: value for row, value in found.items() if value is not None}

    def lose(self, rule: str, text: str, why: dict[int, str], partner: dict[int, int] | None = None) -> None:
        """Rows leave by a rule: booked, and said why. ``why`` may speak of rows that left before: they are counted as
        what the rule would take alone."""
        partner = partner or {}
        losses = {
            row: Loss(self.rows[row], rule, why[row], self.rows[partner[row]] if row in partner else None)
            for row in self.left
            if row in why
        }
        self._funnel.lose(rule.replace("select.", "selection: ").replace("_", " "), text, losses.values())
        self.rules.append({"rule": rule, "text": text, "removed": len(losses), "alone": len(why)})
        self.losses |= losses
        self.left = [row for row in self.left if row not in losses]

    def result(self, spec: SelectSpec) -> Selected:
        if not self.left:
            worst = max(self.rules, key=lambda one: int(one["removed"]))
            raise LuthierError(
                "selection leaves no training row", where="data.select",
                why=f"{worst['text']}: {worst['removed']:,} of {len(self.rows):,} rows", fix="loosen that rule",
            )  # fmt: skip
        scores = [
            {"id": row.id, "scorer": name, "value": found[i].value, **found[i].parts, "why": found[i].reason}
            for name, found in self.scores.items()
            for i, row in enumerate(self.rows)
            if i in found
        ]
        account = {
            "rows": len(self.rows), "kept": len(self.left), "by": list(spec.worth), "rules": self.rules,
            "scores": {name: _figures(found) for name, found in self.scores.items()},
        }  # fmt: skip
        kept = tuple(self.rows[row] for row in self.left)
        return Selected(kept, tuple(self.losses[row] for row in sorted(self.losses)), tuple(scores), account)


def _by_likelihood(pool: _Pool, spec: LikelihoodSpec) -> None:
    if spec.max_perplexity is not None:
        why = _above(pool, "perplexity", spec.max_perplexity, "perplexity {:,.1f} of the answer after its question")
        pool.lose("select.perplexity", f"perplexity above {spec.max_perplexity:g}", why)
    if spec.max_ifd is not None:
        why = _above(pool, "ifd", spec.max_ifd, "IFD {:.3f}: the question does not make the answer likelier")
        pool.lose("select.ifd", f"IFD above {spec.max_ifd:g}", why)
    if spec.keep < 1:
        low = _beyond(pool, pool.known("likelihood", "ifd"), spec.keep)
        why = {row: f"IFD {found:.3f}: easier than the {spec.keep:.0%} that stay" for row, found in low.items()}
        pool.lose("select.ifd_share", f"not among the {spec.keep:.0%} with the highest IFD", why)


def _above(pool: _Pool, name: str, limit: float, why: str) -> dict[int, str]:
    return {row: why.format(found) for row, found in pool.known("likelihood", name).items() if found > limit}


def _beyond(pool: _Pool, scores: Mapping[int, float], keep: float) -> dict[int, float]:
    """Of the rows that are left and scored, those beyond the share with the highest scores."""
    left = {row: found for row, found in scores.items() if row not in pool.losses}
    order = sorted(left, key=lambda row: (-left[row], pool.rows[row].id))
    return {row: left[row] for row in order[ceil(keep * len(order)) :]}


def _by_reward(pool: _Pool, spec: RewardModelSpec) -> None:
    if spec.min is not None:
        known = pool.known("reward", "reward")
        why = {row: f"reward {found:+.2f}" for row, found in known.items() if found < spec.min}
        pool.lose("select.reward", f"reward below {spec.min:g}", why)
    if spec.keep < 1:
        low = _beyond(pool, pool.known("reward", "reward"), spec.keep)
        why = {row: f"reward {found:+.2f}: lower than the {spec.keep:.0%} that stay" for row, found in low.items()}
        pool.lose("select.reward_share", f"not among the {spec.keep:.0%} with the highest reward", why)


def _by_judge(pool: _Pool, spec: JudgeSpec) -> None:
    if spec.min_quality is None:
        return
    why: dict[int, str] = {}
    for row, found in pool.known("judge", "quality").items():
        if found < spec.min_quality:
            said = pool.scores["judge"][row].reason
            why[row] = f"quality {found:g} of 6" + (f": {said}" if said else "")
    pool.lose("select.quality", f"the judge's mark for quality is below {spec.min_quality:g}", why)


def _walk(
    pool: _Pool, spec: SelectSpec, vectors: Callable[[Sequence[str]], Vectors], tokens: Callable[[Example], int] | None
) -> None:
    if spec.similar is None and spec.rows is None and spec.tokens is None:
        return
    if spec.tokens is not None and tokens is None:
        raise LuthierError(
            "tokens cannot be counted here", where="data.select.tokens", fix="name a base, or use data.select.rows"
        )
    worth = {row: _worth(pool, spec.worth, row) for row in pool.left}
    order = sorted(pool.left, key=lambda row: (worth[row] is None, -(worth[row] or 0.0), pool.rows[row].id))
    found = vectors([_text(pool.rows[row]) for row in order]) if spec.similar is not None else _nothing(len(order))
    budget = _Budget(spec, [] if spec.tokens is None or tokens is None else [tokens(pool.rows[row]) for row in order])
    taken, like, no_room = take_unlike(found, spec.similar, budget.take, budget.full)
    told = {row: f"worth {worth[row]:.3f}" if worth[row] is not None else "without a score" for row in order}
    if spec.similar is not None:
        partner = {order[place]: order[other] for place, (other, _) in like.items()}
        why = {
            order[place]: f"{cosine:.3f} like {pool.rows[order[other]].origin or pool.rows[order[other]].id}, "
            f"which is worth more or as much ({told[order[other]]}; this one: {told[order[place]]})"
            for place, (other, cosine) in like.items()
        }
        pool.lose("select.similar", f"cosine above {spec.similar:g} to a row that was taken before", why, partner)
    if spec.rows is not None or spec.tokens is not None:
        limits = [f"{limit:,} {of}" for limit, of in ((spec.rows, "rows"), (spec.tokens, "tokens")) if limit]
        text = f"the budget of {' and '.join(limits)} went to rows worth more"
        pool.lose("select.budget", text, {order[place]: f"{text} ({told[order[place]]})" for place in no_room})
    pool.rules[-1] |= {"taken": len(taken), **({"tokens": budget.tokens} if spec.tokens is not None else {})}


class _Budget:
    """How much room is left. Without limits there is always room."""

    def __init__(self, spec: SelectSpec, lengths: Sequence[int]) -> None:
        self._spec, self._lengths = spec, lengths
        self.rows = self.tokens = 0

    def take(self, place: int) -> bool:
        length = self._lengths[place] if self._lengths else 0
        if self._spec.tokens is not None and self.tokens + length > self._spec.tokens:
            return False
        self.rows, self.tokens = self.rows + 1, self.tokens + length
        return True

    def full(self) -> bool:
        return self._spec.rows is not None and self.rows >= self._spec.rows


def _worth(pool: _Pool, names: Sequence[Worth], row: int) -> float | None:
    """The product of what counts; None where a part of it is not known."""
    parts: list[float] = []
    for name in names:
        scorer = {"ifd": "likelihood", "reward": "reward"}.get(name, "judge")
        part = float(len(pool.rows[row].answer)) if name == "length" else pool.part(scorer, name, row)
        if name == "reward" and part is not None:
            part = 1 / (1 + exp(-part))  # as a product wants it: above 0, and the same order
        if part is None:
            return None
        parts.append(part)
    return prod(parts)


def _text(row: Example) -> str:
    """What rows are compared by: question and answer."""
    return row.asked if row.text is not None else f"{row.asked}\n{row.answer}"


def _nothing(rows: int) -> Vectors:
    import numpy as np

    return np.zeros((rows, 1), dtype=np.float32)


def _figures(found: dict[int, Score]) -> dict[str, Any]:
    """How a scorer's numbers lie, and how many rows it could not score."""
    names = sorted({name for score in found.values() for name in score.parts})
    spreads = {name: spread([s.parts[name] for s in found.values() if name in s.parts]) for name in names}
    values = [score.value for score in found.values() if score.value is not None]
    return {"rows": len(found), "unscored": len(found) - len(values), "value": spread(values), "parts": spreads}
