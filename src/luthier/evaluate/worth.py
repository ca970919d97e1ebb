"""Two models that learned one job in different ways, asked the same held-out prompts: was the dearer way worth it?

Greedy answers are scored by a reward model that neither learned from and compared prompt by prompt. How far each went
is the KL of its own drawn answers to where it started: log p(answer) under the model less that under the start, in nats
an answer, which is right in the mean. Preference accuracy is about pairs: does training make the better answer gain
more on the base than the worse one. Models are opened by somebody else; nothing is filed.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from luthier.engines import Request
from luthier.evaluate.desk import Progress
from luthier.evaluate.preferences import gained
from luthier.evaluate.systems import Contender
from luthier.records import Example, Preference
from luthier.score.reward import Answered, Scorer
from luthier.stats import Interval, mean_interval, paired_difference

_SHOWN = 3


@dataclass(frozen=True)
class Rival:
    """One of two models. ``start`` is what its training began from; ``seconds`` what it took by the runs that it is
    made of, its own last."""

    name: str
    method: str
    model: Contender
    start: Contender
    seconds: Mapping[str, float]


@dataclass(frozen=True)
class Weighed:
    """What one model is like. Rewards are the judge's, lengths words; ``kl`` to its own start and ``kl_base`` to the
    bare base are nats an answer; ``preference`` is a share of pairs (None without pairs)."""

    name: str
    method: str
    reward: Interval
    over_base: Interval
    kl: Interval
    kl_base: Interval
    words: float
    seconds: Mapping[str, float]
    preference: Interval | None = None


@dataclass(frozen=True)
class Worth:
    """Two models beside each other. ``spread`` is the standard deviation of the base's rewards, the unit of ``lead``
    (first less second, paired); ``wins`` the share of prompts that the first wins, ties half; ``shown`` some prompts
    with the answers of base, first and second, and their rewards."""

    judge: str
    base: str
    prompts: int
    pairs: int
    base_reward: Interval
    spread: float
    first: Weighed
    second: Weighed
    lead: Interval
    wins: Interval
    preference_lead: Interval | None = None
    shown: tuple[tuple[str, tuple[tuple[str, float], ...]], ...] = field(default=(), repr=False)

    @property
    def better(self) -> Weighed | None:
        """The one that is shown to be better; None where neither is."""
        return self.first if self.lead.low > 0 else self.second if self.lead.high < 0 else None

    def to_dict(self) -> dict[str, Any]:
        """JSON form: figures without answers; what is not finite is null."""
        made = {k: v for k, v in asdict(self).items() if k != "shown"}
        found: dict[str, Any] = _finite({**made, "better": None if self.better is None else self.better.name})
        return found


def weigh(
    first: Rival, second: Rival, *, base: Contender, judge: Scorer, prompts: Sequence[Example],
    pairs: Sequence[Preference], max_tokens: int, seed: int = 0, progress: Progress | None = None,
) -> Worth:  # fmt: skip
    """Ask both, and the base, every prompt.

    Args:
        base: the bare base of both.
        judge: scores answers; neither learned from it.
        prompts: held-out rows; their own answers are not read.
        pairs: held-out comparisons; may be empty.
        max_tokens: longest answer.
        seed: of the drawn answers.
        progress: called with (done, in all, what).

    Raises:
        ValueError: no prompts.
        LuthierError: an engine without log-probabilities.
    """
    if not prompts:
        raise ValueError("there is nothing to ask")
    steps = iter(range(1, 10))

    def done(what: str) -> None:
        if progress is not None:
            progress(next(steps), 7, what)

    texts: dict[str, list[str]] = {}
    rewards: dict[str, np.ndarray] = {}
    for name, one in (("base", base), ("first", first.model), ("second", second.model)):
        texts[name] = _answers(one, prompts, max_tokens)
        answered = [Answered(p.prompt, t) for p, t in zip(prompts, texts[name], strict=True)]
        rewards[name] = np.array([math.nan if s.value is None else s.value for s in judge.scores(answered)])
        done(f"answers of {name if name == 'base' else (first if name == 'first' else second).name}")
    known = ~np.isnan(np.stack(list(rewards.values()))).any(axis=0)
    scored = {name: values[known] for name, values in rewards.items()}
    spread = float(scored["base"].std(ddof=1)) if known.sum() > 1 else math.nan
    made: list[Weighed] = []
    preferred: list[np.ndarray] = []
    for name, rival in (("first", first), ("second", second)):
        own, base_kl = _drift(rival, base, prompts, max_tokens, seed)
        done(f"drawn answers of {rival.name}")
        found = [s.value or 0.0 for s in gained(base, rival.model, pairs)] if pairs else []
        preferred.append(np.array(found))
        done(f"pairs by {rival.name}")
        made.append(Weighed(
            rival.name, rival.method, mean_interval(scored[name]),
            paired_difference(scored[name], scored["base"]).scaled(1 / spread), own, base_kl,
            float(np.mean([len(t.split()) for t in texts[name]])), dict(rival.seconds),
            _share(preferred[-1]) if pairs else None,
        ))  # fmt: skip
    gap = scored["first"] - scored["second"]
    return Worth(
        judge=judge.name, base=base.engine.name, prompts=int(known.sum()), pairs=len(pairs),
        base_reward=mean_interval(scored["base"]), spread=spread, first=made[0], second=made[1],
        lead=paired_difference(scored["first"], scored["second"]).scaled(1 / spread),
        wins=_share((np.sign(gap) + 1) / 2),
        preference_lead=paired_difference(preferred[0], preferred[1]) if pairs else None,
        shown=_shown(prompts, texts, rewards),
    )  # fmt: skip


def _answers(contender: Contender, prompts: Sequence[Example], limit: int) -> list[str]:
    """What a user would get: the greedy answers."""
    asked = [
        Request(messages=p.prompt, max_tokens=limit, adapter=contender.adapter, tools=p.tools) for p in prompts
    ]  # fmt: skip
    return [said.text for said in contender.engine.generate(asked)]


def _drift(
    rival: Rival, base: Contender, prompts: Sequence[Example], limit: int, seed: int
) -> tuple[Interval, Interval]:  # fmt: skip
    """KL of the model's own answers, drawn at temperature 1, to its start and to the base, in nats an answer."""
    engine, tokens = rival.model.engine, rival.model.tokens
    if tokens is None:
        return mean_interval([]), mean_interval([])
    requests = [
        Request(
            messages=p.prompt, max_tokens=limit, temperature=1.0, adapter=rival.model.adapter, tools=p.tools,
            seed=int.from_bytes(hashlib.blake2b(f"{seed} {p.id}".encode(), digest_size=8).digest(), "big") >> 1,
        )
        for p in prompts
    ]  # fmt: skip
    items = [
        (tokens.prompt_ids(request), (*said.token_ids, *(() if said.stop_id is None else (said.stop_id,))))
        for request, said in zip(requests, engine.generate(requests), strict=True)
    ]
    items = [item for item in items if item[1]]

    def log_p(contender: Contender) -> np.ndarray:
        return np.array([s.total for s in contender.engine.loglikelihood(items, adapter=contender.adapter)])

    mine, start = log_p(rival.model), log_p(rival.start)
    same = rival.start.engine is base.engine and rival.start.adapter == base.adapter
    return mean_interval(mine - start), mean_interval(mine - (start if same else log_p(base)))


def _share(values: np.ndarray) -> Interval:
    """The mean of values in 0..1; its limits stay there."""
    found = mean_interval(values)
    return replace(found, low=max(0.0, found.low), high=min(1.0, found.high))


def _shown(
    prompts: Sequence[Example], texts: Mapping[str, Sequence[str]], rewards: Mapping[str, np.ndarray]
) -> tuple[tuple[str, tuple[tuple[str, float], ...]], ...]:
    """The prompts at which the two differ most, least and in the middle."""
    gap = np.nan_to_num(rewards["first"] - rewards["second"])
    order = np.argsort(-gap, kind="stable")
    places = sorted({0, len(order) // 2, len(order) - 1})[:_SHOWN]
    return tuple(
        (prompts[i].asked, tuple((texts[name][i], float(rewards[name][i])) for name in ("base", "first", "second")))
        for i in (int(order[place]) for place in places)
    )


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list | tuple) else value
