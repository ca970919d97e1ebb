"""Everything that a report tells, as plain data. What a run did not do is simply absent.

Mappings are taken as the stages write them: ``data`` is a data set's account, ``training`` its history, ``plan`` a
training plan, ``parity`` the certificates. All text in here may be written by strangers; the page escapes every piece.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from luthier.records import Verdict

Status = Literal["fixed", "broken", "right", "wrong", "better", "worse", "same"]
"""Of an item, base beside tuned: wrong → right, right → wrong, right or wrong both times; the last three for scores
between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its 95% interval and number of items; ``value`` None means not scored. In the metric's unit."""

    value: float | None
    low: float | None = None
    high: float | None = None
    n: int = 0


@dataclass(frozen=True, slots=True)
class System:
    """One thing that answered: ``name`` is its key in figures and answers. ``prompt_tokens`` is the mean of a request.

    ``ships`` marks what was judged; ``note`` says what belongs to its prompt or engine.
    """

    name: str
    title: str
    note: str = ""
    prompt_tokens: float | None = None
    ships: bool = False


@dataclass(frozen=True, slots=True)
class Metric:
    """One row of the comparison. ``figures`` by system name; ``decides`` for targets, false for what is only shown.

    ``key`` is the metric's name in the verdict, so that the verdict can be told with the title too; ``note`` is printed
    beside the title (a signature).
    """

    title: str
    figures: Mapping[str, Figure]
    unit: str = "%"
    decides: bool = False
    key: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Shown:
    """One test item with everybody's answer (by system name). ``id`` is the row's: erasing the row blanks it here."""

    id: str
    question: str
    reference: str
    answers: Mapping[str, str]
    status: Status
    origin: str = ""
    why: str = ""
    slice: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """What one stage took. ``seconds`` None: it was known already and reused."""

    name: str
    seconds: float | None
    note: str = ""


@dataclass(frozen=True)
class Story:
    """One run, ready to be drawn.

    Args:
        name, run, finished: what it is called, its id, when it ended (ISO 8601).
        verdict: the gate's answer; its lines carry the paired differences, margins and intervals.
        systems, metrics: everybody on the test rows, with intervals.
        data: the data set's account: ``rows``, ``steps`` (with up to three rows to look at), ``certificate`` ….
        training: ``{"steps", "best_step", "best_loss", "history": [{"step", "loss", "rate", "val"?, "probe"?}]}``.
        speed: (step, tokens a second) pairs.
        plan: a training plan with ``decided`` reasons; ``measured`` what was found instead of predicted, by plan key.
        confusion: by classification and system ``{"labels", "counts"}``: true classes down, said ones across.
        examples: items to look at.
        parity: certificates by what was delivered.
        rewards: what a reward model is like on the test pairs, as ``evaluate.rewards`` describes it.
        judges: accounts of the judges that were asked (``evaluate.reliability``).
        frontier: ``{"points": [{"scale", "passes", "target", "kept"}], "best"}``: the adapter at part of its strength.
        stages: time by stage, in order.
        lineage: lines of a tree.
        environment: versions and machine; may be nested one level.
        recipe: its text; ``command`` makes the same again.
        notes: facts worth a line each (tokens trained, parameters, test-set use …), by label.
    """

    name: str
    run: str
    finished: str
    verdict: Verdict
    systems: Sequence[System] = ()
    metrics: Sequence[Metric] = ()
    data: Mapping[str, Any] | None = None
    training: Mapping[str, Any] | None = None
    speed: Sequence[tuple[int, float]] = ()
    plan: Mapping[str, Any] | None = None
    measured: Mapping[str, Any] = field(default_factory=dict)
    confusion: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    examples: Sequence[Shown] = ()
    parity: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    rewards: Mapping[str, Any] | None = None
    frontier: Mapping[str, Any] | None = None
    judges: Sequence[Mapping[str, Any]] = ()
    stages: Sequence[Stage] = ()
    lineage: Sequence[str] = ()
    environment: Mapping[str, Any] = field(default_factory=dict)
    recipe: str = ""
    command: str = ""
    notes: Mapping[str, str] = field(default_factory=dict)


def without_rows(story: Story) -> Story:
    """The same without what shows text of rows: answers, the data's story, slices (named by values) and what the advice
    says of them."""
    results = tuple(replace(result, slices={}) for result in story.verdict.results)
    verdict = replace(story.verdict, results=results, facts={}, advice=())
    return replace(story, verdict=verdict, examples=(), data=None)
