"""Reward hacking: the reward rises, and what is not rewarded says that the answers are no better.

Read from a history alone, at its evaluations: greedy answers to the same held-out prompts, before step 1 and now. A
rise of the reward must be shown by a paired t-test. What can say otherwise:

- *the evaluation's own target* (a Scorer that nobody is paid by) has fallen, shown by the same test;
- *length*: answers are half as long again and the reward likes length (it goes with length among the answers to one
  prompt), and no target of the evaluation has risen;
- *KL*: the model is further from its reference than the recipe allows.

Not here: stopping (the loop does it), the numbers (``rl``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from luthier.recipe.train import Action
from luthier.stats import paired_difference
from luthier.train.monitors import Finding, Watch

NEARER = ("a larger train.method.kl, or a kl_target", "a lower train.learning_rate")
"""Against forgetting, where no rows are replayed."""
SURE = 0.01
"""Of each test: eight evaluations look eight times."""
LONGER = 1.5
LIKES_LENGTH = 0.5
"""Mean correlation of reward and length among the answers to one prompt, from which on the reward likes length."""


class HackingWatch:
    """This monitor beside those of every training.

    Args:
        action: what a hacked reward leads to.
        kl_limit: nats an answer that the model may be from its reference, None for no limit.
        others: the monitors of forgetting, None where nothing is looked at.
    """

    def __init__(self, action: Action, kl_limit: float | None, others: Watch | None) -> None:
        self.action, self.kl_limit, self.others = action, kl_limit, others

    def look(self, *, answers: bool = True) -> dict[str, Any]:
        return {} if self.others is None else self.others.look(answers=answers)

    def stops(self, history: Sequence[Mapping[str, Any]]) -> Finding | None:
        found = hacked(history, self.kl_limit) if self.action == "stop" else None
        return found or (None if self.others is None else self.others.stops(history))

    def diagnose(self, history: Sequence[Mapping[str, Any]], *, best_step: int) -> tuple[Finding, ...]:
        found = hacked(history, self.kl_limit) if self.action != "off" else None
        rest = () if self.others is None else self.others.diagnose(history, best_step=best_step)
        rest = tuple(replace(f, fix=NEARER) for f in rest)
        return rest if found is None else (found, *rest)


def hacked(history: Sequence[Mapping[str, Any]], kl_limit: float | None) -> Finding | None:
    """What the last evaluation of a history shows, against the one before step 1; None where nothing is shown.

    Args:
        history: entries with ``answers`` (a held-out prompt each: ``reward``, ``length``, ``targets`` by name) at
            evaluations, and ``likes_length`` and ``kl`` at steps.
        kl_limit: nats an answer.
    """
    looks = [h for h in history if "answers" in h]
    if len(looks) < 2 or looks[0]["step"] != 0:
        return None
    start, now = looks[0]["answers"], looks[-1]["answers"]
    rise = _risen(now["reward"], start["reward"])
    if rise is None:
        return None
    steps = [h for h in history if looks[-2]["step"] < h["step"] <= looks[-1]["step"] and "kl" in h]
    fallen = {n: d for n in now["targets"] if (d := _risen(start["targets"][n], now["targets"][n])) is not None}
    risen = [n for n in now["targets"] if _risen(now["targets"][n], start["targets"][n]) is not None]
    before, length = float(np.mean(start["length"])), float(np.mean(now["length"]))
    likes = float(np.mean([h["likes_length"] for h in steps])) if steps else 0.0
    kl = float(np.mean([h["kl"] for h in steps])) if steps else 0.0
    grown = length >= LONGER * before and _risen(now["length"], start["length"]) is not None
    told = [f"{name}, which is not rewarded, fell by {100 * by:.1f} points" for name, by in fallen.items()]
    if grown and likes >= LIKES_LENGTH and not risen:
        told.append(
            f"answers grew from {before:.1f} to {length:.1f} tokens, and among answers to one prompt the reward goes "
            f"with length (correlation {likes:.2f})"
        )
    if kl_limit is not None and kl > kl_limit:
        told.append(f"the model is {kl:.1f} nats an answer from its reference (limit {kl_limit:g})")
    if not told:
        return None
    step = int(looks[-1]["step"])
    return Finding(
        "hacking", step,
        f"the reward of held-out prompts rose by {rise:.3f} by step {step}, but {'; '.join(told)}: the reward is "
        "learned, not the job",
        {"rise": rise, "length": length, "length_before": before, "likes_length": likes, "kl": kl, "fallen": fallen},
        ("read some answers: what are they paid for that nobody wants?",
         "a reward that a short right answer gets in full", "a larger train.method.kl, or a kl_target",
         "train.method.hacking: warn, if it is meant to be so"),
    )  # fmt: skip


def _risen(now: Sequence[float], before: Sequence[float]) -> float | None:
    """By how much, where the paired test shows a rise; answers that could not be scored are left out."""
    a, b = np.asarray(now, dtype=float), np.asarray(before, dtype=float)
    known = ~(np.isnan(a) | np.isnan(b))
    if known.sum() < 2:
        return None
    found = paired_difference(a[known], b[known], alpha=SURE)
    return float(found.estimate) if found.estimate > 0 and found.bound > 0 else None
