"""How probable each label is as the answer to a row: what AUC, average precision and calibration are read from.

A label's worth is the log-likelihood of the whole label with its end of turn; over all labels of training and test rows
these become probabilities (softmax, kept as logarithms), so that a short label is not favoured for being the beginning
of a longer one.
"""

from __future__ import annotations

from collections.abc import Sequence

from luthier.errors import LuthierError
from luthier.evaluate.guards import answer_ids
from luthier.evaluate.systems import System, with_shots
from luthier.records import Example, Message
from luthier.stats.classes import shares

MOST = 500
"""Labels; more are no closed set."""
_AT_ONCE = 2048
"""Continuations scored in one call, about."""


def label_set(train: Sequence[Example], test: Sequence[Example]) -> tuple[str, ...]:
    """Every label that occurs, sorted.

    Raises:
        LuthierError: too many to be labels, or only one.
    """
    found = sorted({text for e in (*train, *test) if (text := e.answer.strip())})
    if not 2 <= len(found) <= MOST:
        raise LuthierError(
            f"the answers are {len(found):,} different texts, which are no labels", where="evaluate",
            why=f"the probability of each label is asked for, and of 2 to {MOST} that can be told",
            fix="leave auc, average_precision, ece and brier out",
        )  # fmt: skip
    return tuple(found)


def probabilities(
    system: System, rows: Sequence[Example], labels: Sequence[str]
) -> list[dict[str, float]] | str:  # fmt: skip
    """Of each row the log-probability of each label, in nats; or why this engine does not tell. A row whose prompt is
    too long has none."""
    contender = system.contender
    if "loglikelihood" not in contender.engine.capabilities or contender.chat is None:
        return f"the {contender.engine.name} engine tells no log-likelihoods"
    chat, context = contender.chat, contender.engine.context
    made: list[dict[str, float]] = []
    step = max(1, _AT_ONCE // len(labels))
    for at in range(0, len(rows), step):
        asked = [
            [
                answer_ids(chat, with_shots(row.prompt, system.shots), (Message("assistant", label),), row.tools)
                for label in labels
            ]
            for row in rows[at : at + step]
        ]
        fits = [context is None or all(len(a) + len(b) <= context for a, b in one) for one in asked]
        flat = [pair for one, fit in zip(asked, fits, strict=True) if fit for pair in one]
        found = iter(contender.engine.loglikelihood(flat, adapter=contender.adapter) if flat else [])
        for fit in fits:
            made.append(shares({label: next(found).total for label in labels}) if fit else {})
    return made
