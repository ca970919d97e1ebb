"""What a judge is worth, from the ledger alone: agreement with people, biases, win rates put right.

Agreement is Cohen's kappa with base rates. A judge whose bound is not shown to be at its floor decides nothing
(:func:`refuse_unproven`). Where people judged a part of the very pairs, the win rate is corrected by them and its bound
is that of the correction (:func:`corrected`). Position bias, flips, the pull of length and of kinship are measured and
shown; length and style are also taken out of the win rate, for reading (:func:`account`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from luthier.errors import LuthierError
from luthier.evaluate.jury import JURY, ballots_of, shown_to_people
from luthier.evaluate.ledger import TEST, Ledger, Row
from luthier.evaluate.systems import BASE, TUNED
from luthier.evaluate.votes import SIDES, Voted
from luthier.recipe.evaluate import JudgeMetric
from luthier.score.judge import PEOPLE
from luthier.stats import (
    Agreement,
    Controlled,
    Interval,
    cohen_kappa,
    controlled_win_rate,
    krippendorff_alpha,
    mean_interval,
    paired_difference,
    prediction_powered,
    style_features,
    wilson,
)
from luthier.text.style import NAMES, style_of

LABELS = {1.0: "first", 0.0: "second", 0.5: "tie"}
ENOUGH = 20
"""Pairs of this evaluation that people must have judged before its win rate is corrected by them."""
FLOOR = float(JudgeMetric.model_fields["min_kappa"].default)
SEED = 20_260_101
RESAMPLES = 1000


@dataclass(frozen=True)
class Calibration:
    """A judge beside people on the same pairs. ``unread`` pairs are those it gave no readable verdict on; they are in
    no other number."""

    agreement: Agreement
    unread: int


def calibration(ledger: Ledger, key: str, rater: str | None = None, *, alpha: float = 0.05) -> Calibration | None:
    """How a judge (the jury, where none is named) agrees with the majority of people; None where nobody judged."""
    suite = shown_to_people(key)
    people = ledger.of(suite, PEOPLE)
    if rater is None:
        rater = JURY if ledger.of(suite, JURY) else next((s for s in ledger.systems(suite) if s != PEOPLE), None)
    said = ledger.of(suite, rater) if rater is not None else {}
    if not people or not said:
        return None
    return _agree(sorted(people), people, said, key, alpha)


def _agree(
    items: Sequence[str], people: Mapping[str, Row], said: Mapping[str, Row], key: str, alpha: float
) -> Calibration:
    pairs = [(said[i].value(key), people[i].value(key)) for i in items]
    read = [(LABELS[a], LABELS[b]) for a, b in pairs if a is not None and b is not None]
    found = cohen_kappa([a for a, _ in read], [b for _, b in read], alpha=alpha)
    return Calibration(found, len(pairs) - len(read))


def refuse_unproven(ledger: Ledger, metric: JudgeMetric, *, alpha: float) -> None:
    """A judge that is not shown to agree with people does not decide.

    Raises:
        LuthierError: no people, or the one-sided bound of kappa is below the floor; it names both.
    """
    found = calibration(ledger, metric.key, alpha=alpha)
    where = f"evaluate.target: {metric.key}"
    if found is None or found.agreement.n < 2:
        raise LuthierError(
            f"{metric.key} may not decide: it was never compared with people", where=where,
            why="a judge's verdict is worth what its agreement with people is",
            fix="luthier eval ask RUN writes pairs for people to judge; or put the judge into evaluate.also",
        )  # fmt: skip
    kappa, n = found.agreement.kappa, found.agreement.n
    if kappa.bound >= metric.min_kappa:
        return
    told = f"kappa {kappa.estimate:.2f}, at least {kappa.bound:.2f}, on {n:,} pairs that people judged"
    if not np.isfinite(kappa.estimate):
        told = f"kappa cannot be told on {n:,} pairs with one and the same verdict"
    weak = not kappa.estimate >= metric.min_kappa
    fix = "take a stronger judge or a clearer rubric" if weak else "have people judge more pairs"
    raise LuthierError(
        f"{metric.key} may not decide: {told}; the floor is {metric.min_kappa:g}", where=where,
        why=f"{found.agreement.accuracy.estimate:.0%} of its verdicts are people's, {found.agreement.chance:.0%} would "
        "be by chance",
        fix=f"{fix}, or put it into evaluate.also: it is shown there and decides nothing",
        details={"kappa": _known(kappa.estimate), "bound": _known(kappa.bound), "floor": metric.min_kappa, "pairs": n},
    )  # fmt: skip


def corrected(ledger: Ledger, metric: JudgeMetric, *, alpha: float) -> Interval | None:
    """By how much what ships wins more than half of its pairs with the base, with people's verdicts in it.

    Prediction-powered, from -0.5 to 0.5. None where people judged fewer than ``ENOUGH`` of these pairs, or the judge
    gives marks. Items that belong together are averaged first, so that n counts those.
    """
    said, told = ledger.of(metric.key, TUNED), ledger.of(PEOPLE, TUNED)
    if metric.how != "pairs":
        return None
    groups: dict[str, list[tuple[float, float | None]]] = {}
    for item, row in said.items():
        value = row.value(metric.key)
        if value is not None:
            label = told[item].value(PEOPLE) if item in told else None
            groups.setdefault(row.cluster or f"i {item}", []).append((value, label))
    labelled = [(float(np.mean([f for f, _ in g])), float(np.mean([y for _, y in g if y is not None])))
                for g in groups.values() if all(y is not None for _, y in g)]  # fmt: skip
    elsewhere = [float(np.mean([f for f, _ in g])) for g in groups.values() if any(y is None for _, y in g)]
    if len(labelled) < ENOUGH:
        return None
    guesses, labels = (np.array(side) - 0.5 for side in zip(*labelled, strict=True))
    return prediction_powered(labels, guesses, np.array(elsewhere) - 0.5, alpha=alpha)


def kappa_told(ledger: Ledger, key: str, alpha: float) -> dict[str, Any]:
    """Kappa with its bound, its base rates and what it rests on; empty where nobody judged."""
    found = calibration(ledger, key, alpha=alpha)
    if found is None:
        return {}
    kappa = found.agreement.kappa
    return {"kappa": _known(kappa.estimate), "bound": _known(kappa.bound), "pairs": found.agreement.n,
            "unread": found.unread, "chance": _known(found.agreement.chance)}  # fmt: skip


# ---- biases


def position(rows: Sequence[Row], key: str) -> tuple[Interval, Interval]:
    """(by how much more often the answer shown first is chosen than the one shown second, share of pairs that flip).

    Both orders of a pair are one item; ties count for neither. In 0..1.
    """
    both = [r.scores[key].parts for r in rows if {"first", "second"} <= r.scores[key].parts.keys()]
    leans = [((2 * p["first"] - 1) - (2 * p["second"] - 1)) / 2 for p in both]
    flips = sum(p["first"] != p["second"] for p in both)
    return mean_interval(leans, spread=1.0), wilson(float(flips), len(both))


def position_beside(said: Sequence[float], people: Sequence[float]) -> Interval:
    """Position bias of verdicts in one order only: how much more the judge leans to the first than people do.

    Values are 1 for the first answer, 0 for the second, 0.5 for a tie, of the same pairs.
    """
    return paired_difference([2 * x - 1 for x in said], [2 * x - 1 for x in people], spread=2.0)


def longer(values: Sequence[float], mine: Sequence[str], other: Sequence[str]) -> Interval:
    """How often the longer answer wins where one does (Wilson). ``values`` are those of mine."""
    won = [
        (v == 1.0) == (len(a) > len(b))
        for v, a, b in zip(values, mine, other, strict=True)
        if v != 0.5 and len(a) != len(b)
    ]
    return wilson(float(sum(won)), len(won))


def self_preference(own: Sequence[float], beside: Sequence[float]) -> Interval:
    """By how much a judge rates its own answers above what others (people, or the other judges) rate them at."""
    return paired_difference(own, beside, spread=1.0)


def controlled(
    values: Sequence[float], mine: Sequence[str], other: Sequence[str], clusters: Sequence[str] | None = None
) -> Controlled:
    """The win rate with length and style taken out; one pair a prompt, or ``clusters`` of them."""
    styles = [[style_of(text).numbers for text in side] for side in (mine, other)]
    features, names = style_features(styles[0], styles[1], NAMES)
    return controlled_win_rate(
        np.asarray(values, dtype=float), features, names, clusters=clusters, resamples=RESAMPLES, seed=SEED
    )


# ---- the account


def account(ledger: Ledger, metric: JudgeMetric, *, alpha: float = 0.05) -> dict[str, Any]:
    """All of it as JSON, for the report: each judge's agreement and biases, and the win rate four ways.

    Shares are 0..1 as ``{"estimate", "low", "high", "n"}``; what cannot be known is None.
    """
    key = metric.key
    facts = ledger.facts.get("judges", {}).get(key, {})
    names = list(facts.get("judges", ()))
    base, tuned = ledger.of(TEST, BASE), ledger.of(TEST, TUNED)
    said = ledger.of(key, TUNED)
    read = sorted(i for i, row in said.items() if row.value(key) is not None)
    values = [said[i].value(key) or 0.0 for i in read]
    texts = [[rows[i].answer or "" for i in read] for rows in (tuned, base)]
    out: dict[str, Any] = {
        "key": key, "how": metric.how, "min_kappa": metric.min_kappa, "items": len(said),
        "unread": len(said) - len(read), "raters": {}, "win_rate": {},
    }  # fmt: skip
    for name in [*names, *([JURY] if len(names) > 1 else [])]:
        out["raters"][name] = _rater(ledger, metric, name, names, alpha)
    if read and metric.how == "pairs":
        named = [said[i].cluster or f"i {i}" for i in read]
        fitted = controlled(values, texts[0], texts[1], named)
        put_right = corrected(ledger, metric, alpha=alpha)
        out["win_rate"] = {
            "counted": _told(mean_interval(values, clusters=named, spread=1.0)), "level": _told(fitted.level),
            "weights": fitted.weights, "corrected": None if put_right is None else _told(put_right, 0.5),
            "method": "" if put_right is None else put_right.method,
        }  # fmt: skip
    return out


def _rater(ledger: Ledger, metric: JudgeMetric, name: str, names: Sequence[str], alpha: float) -> dict[str, Any]:
    key = metric.key
    found = calibration(ledger, key, name, alpha=alpha)
    out: dict[str, Any] = {"agreement": None if found is None else agreement_told(found)}
    ballots = [r for s in (TUNED, BASE) for r in ledger.of(ballots_of(key, name), s).values()]
    suite = shown_to_people(key)
    judged = list(ledger.of(suite, name).values())
    if metric.how == "pairs" and name != JURY and (ballots or judged):
        lean, flips = position([*ballots, *judged], key)
        out |= {"position": _told(lean), "flips": _told(flips)}
    people = ledger.of(suite, PEOPLE)
    both = [(r, people[r.item]) for r in judged if r.item in people and r.value(key) is not None]
    if both:
        texts = [[r.answer or "" for r, _ in both], [r.reference or "" for r, _ in both]]
        out["longer"] = _told(longer([r.value(key) or 0.0 for r, _ in both], *texts))
        out["longer_people"] = _told(longer([p.value(key) or 0.0 for _, p in both], *texts))
    out["kin"] = _kin(ledger, metric, name, names)
    return out


def _kin(ledger: Ledger, metric: JudgeMetric, name: str, names: Sequence[str]) -> dict[str, Any] | None:
    """Whether a judge judges itself, and by how much it rates its own answers above what others rate them at."""
    key = metric.key
    facts = ledger.facts.get("judges", {}).get(key, {})
    own_engine = dict(zip(names, facts.get("engines", ()), strict=False)).get(name, {})
    engines = ledger.facts.get("engines", {})
    own = [
        s for s in (BASE, TUNED)
        if own_engine.get("weights") and (rows := ledger.of(TEST, s))
        and _model(engines.get(next(iter(rows.values())).engine, {})) == _model(own_engine)
    ]  # fmt: skip
    if not own:
        return None
    mine = ledger.of(ballots_of(key, name), TUNED)
    told = ledger.of(PEOPLE, TUNED)
    others = [ledger.of(ballots_of(key, n), TUNED) for n in names if n != name]
    pairs = []
    for item, row in mine.items():
        value = row.value(key)
        beside = [told[item].value(PEOPLE)] if item in told else [rows[item].value(key) for rows in others]
        held = [x for x in beside if x is not None]
        if value is not None and held:
            pairs.append((value, float(np.mean(held))))
    sign = 1.0 if TUNED in own else -1.0
    gap = None
    if len(own) == 1 and pairs:
        gap = self_preference([a for a, _ in pairs], [b for _, b in pairs]).scaled(sign)
    return {"wrote": own, "preference": None if gap is None else _told(gap), "beside": "people" if told else "judges"}


def _model(fingerprint: Mapping[str, Any]) -> tuple[Any, Any]:
    """What of a fingerprint names the model, whatever engine runs it."""
    return fingerprint.get("weights"), fingerprint.get("adapter")


def agreement_told(found: Calibration) -> dict[str, Any]:
    """A calibration as JSON."""
    a = found.agreement
    return {
        "n": a.n, "unread": found.unread, "kappa": _told(a.kappa), "bound": _known(a.kappa.bound),
        "accuracy": _told(a.accuracy), "chance": _known(a.chance),
        "judge": {str(k): v for k, v in a.first.items()}, "people": {str(k): v for k, v in a.second.items()},
        "counts": {f"{x} | {y}": n for (x, y), n in a.counts.items()},
    }  # fmt: skip


def _told(found: Interval, shift: float = 0.0) -> dict[str, Any]:
    estimate, low, high = (_known(x + shift) for x in (found.estimate, found.low, found.high))
    return {"estimate": estimate, "low": low, "high": high, "n": found.n}


def _known(x: float) -> float | None:
    return float(x) if np.isfinite(x) else None


# ---- a file of votes


def account_of_votes(voted: Sequence[Voted], judges: Sequence[str], *, alpha: float = 0.05) -> dict[str, Any]:
    """The account of voters that are models, from one file: everybody else's majority is what people say.

    Each pair was shown in one order, so the pull of position is how much more a judge leans to the first than people
    do on the same pairs.
    """
    names = [n for n in dict.fromkeys(name for one in voted for name in one.votes) if n not in judges]
    people = {}
    for one in voted:
        held = {name: vote for name, vote in one.votes.items() if name not in judges}
        if held:
            people[one.item] = replace(one, votes=held)
    raters = {}
    for name in judges:
        own = {v.item: SIDES[v.votes[name]] for v in voted if name in v.votes and v.item in people}
        raters[name] = _voter(own, people, alpha)
    pairs = {}
    for at, one_name in enumerate(names):
        for other in names[at + 1 :]:
            both = [v.votes for v in people.values() if one_name in v.votes and other in v.votes]
            found = cohen_kappa([v[one_name] for v in both], [v[other] for v in both], alpha=alpha)
            pairs[f"{one_name}, {other}"] = {**_told(found.kappa), "accuracy": _told(found.accuracy)}
    among = krippendorff_alpha([[v.votes.get(n) for n in names] for v in people.values()])
    return {
        "key": "votes", "how": "pairs", "min_kappa": FLOOR, "items": len(people), "unread": 0, "raters": raters,
        "win_rate": {}, "people": {"voters": names, "kappa": pairs, "alpha": _known(among)},
    }  # fmt: skip


def _voter(own: Mapping[str, float], people: Mapping[str, Voted], alpha: float) -> dict[str, Any]:
    items = sorted(own)
    said, told = [own[i] for i in items], [people[i].majority for i in items]
    found = cohen_kappa([LABELS[x] for x in said], [LABELS[x] for x in told], alpha=alpha)
    texts = [[people[i].a for i in items], [people[i].b for i in items]]
    return {
        "agreement": agreement_told(Calibration(found, len(people) - len(items))),
        "position_beside": _told(position_beside(said, told)),
        "longer": _told(longer(said, *texts)), "longer_people": _told(longer(told, *texts)), "kin": None,
    }  # fmt: skip
