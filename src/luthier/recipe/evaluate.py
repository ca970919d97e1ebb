"""What the evaluation stage and the gate may be asked."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from luthier.recipe.augment import RemoteSpec
from luthier.recipe.spec import ByName, Choice, OneOrMany, Spec


class MetricSpec(Choice):
    """A number computed from answers to the test rows; higher is better."""

    family: ClassVar[str] = "metric"


class ExactMetric(MetricSpec):
    """The whole answer equals the reference (outer white space ignored)."""

    runs: ClassVar[str] = "luthier.score.text:exact"
    kind: Literal["exact"] = "exact"
    """exact"""


class RougeLMetric(MetricSpec):
    """ROUGE-L F1 of the answer, or of one JSON field of it, over Unicode words."""

    runs: ClassVar[str] = "luthier.score.text:rouge_l"
    kind: Literal["rouge_l"] = "rouge_l"
    """rouge_l"""
    field: str | None = None
    """Compare only this field of a JSON answer."""


class JsonFieldsMetric(MetricSpec):
    """Every named field of the JSON answer equals the reference's."""

    runs: ClassVar[str] = "luthier.score.json:fields"
    kind: Literal["json_fields"] = "json_fields"
    """json_fields"""
    fields: tuple[str, ...] = ()
    """The fields that must be right; empty means all fields of the reference."""


class JsonFieldMetric(MetricSpec):
    """One field of the JSON answer: accuracy or macro-F1 over its values."""

    runs: ClassVar[str] = "luthier.score.json:field"
    kind: Literal["json_field"] = "json_field"
    """json_field"""
    field: str
    """The field to compare."""
    metric: Literal["accuracy", "macro_f1"] = "accuracy"
    """How values are summed up; macro_f1 weighs each value alike."""


class LabelMetric(MetricSpec):
    """The answer is a class label: accuracy or macro-F1."""

    runs: ClassVar[str] = "luthier.score.label:label"
    kind: Literal["label"] = "label"
    """label"""
    metric: Literal["accuracy", "macro_f1"] = "accuracy"
    """How labels are summed up."""


class PreferenceMetric(MetricSpec):
    """How often the better of two answers is preferred, on held-out comparisons; ties count half."""

    runs: ClassVar[str] = "luthier.score.preference:preference"
    kind: Literal["preference"] = "preference"
    """preference"""
    by: Literal["reward", "log_prob"] = "reward"
    """What the tuned model prefers: the answer that training made likelier against the base (``reward``, DPO's implicit
    reward), or the one that is likelier as such (``log_prob``). The base is always judged by log-probability."""


class JudgeMetric(MetricSpec):
    """A model judges the answers: each against the base's in both orders, or one by one with marks."""

    runs: ClassVar[str] = "luthier.score.judge:judge"
    kind: Literal["judge"] = "judge"
    """judge"""
    name: str = Field(default="judge", pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    """What this judge is called in ledger, verdict and report; two judges in one recipe need two names."""
    engine: Annotated[tuple[str | RemoteSpec, ...], OneOrMany] = Field(min_length=1)
    """Who judges: a run, a model, a folder, a hub id, ``nano``, ``./file.py:function``, or ``{url, model, key}``; a
    list of several is a jury."""
    how: Literal["pairs", "marks"] = "pairs"
    """``pairs``: every answer against the base's, in both orders; an answer that wins only in one of them ties.
    ``marks``: every answer by itself, from 1 to 5."""
    rubric: str | None = Field(default=None, min_length=1)
    """What makes an answer good, in a sentence or two; left out: whether it is right, does what was asked, and
    helps."""
    reference: bool = False
    """Show the judge the row's own answer to compare with."""
    people: str | None = None
    """Pairs that people judged (JSONL, from ``luthier eval votes`` or ``{question, a, b, votes}``): the judge is
    compared with them, and where they judged pairs of this very evaluation its win rate is corrected by them. A judge
    that decides needs some."""
    min_kappa: float = Field(default=0.4, gt=-1.0, lt=1.0)
    """A judge decides nothing unless its agreement with people beyond chance (Cohen's kappa, one-sided bound at
    ``alpha``) is shown to be at least this."""
    max_tokens: int = Field(default=256, ge=4)
    """Longest reason and verdict of a judge that writes them (one with log-probabilities writes nothing)."""

    @property
    def key(self) -> str:
        """Its name in a ledger."""
        return "judge" if self.name == "judge" else f"judge({self.name})"


class PeopleMetric(MetricSpec):
    """What people said of the answers, read back by ``luthier eval votes``."""

    runs: ClassVar[str] = "luthier.score.judge:people"
    kind: Literal["people"] = "people"
    """people"""


AnyMetric = Annotated[
    ExactMetric | RougeLMetric | JsonFieldsMetric | JsonFieldMetric | LabelMetric | PreferenceMetric | JudgeMetric
    | PeopleMetric,
    Field(discriminator="kind"), ByName,
]  # fmt: skip


def _suite(value: Any) -> Any:
    return {"suite": value} if isinstance(value, str) else value


class RegressionSpec(Spec):
    """A suite that must not get worse than ``margin``."""

    suite: str
    """``skills`` and ``text`` are built in (made for the nano base); else a JSONL file of rows of one kind:
    ``{messages, answer}``, ``{text}``, ``{prompt, options, answer}`` or ``{good, bad}``; or a task in YAML that says
    how the rows of a file become such rows."""
    margin: float | None = Field(default=None, gt=0)
    """Largest loss that is accepted: points of accuracy (default 2.0) or percent of bits per byte (default 2.0)."""
    pool: str | None = Field(default=None, min_length=1)
    """Suites of one pool share one test: the margin holds for all their items together (the more suites, the surer a
    harmless model passes), and each suite alone must only keep within its floor."""
    floor: float = Field(default=10.0, gt=0)
    """Within a pool: the largest loss of this suite alone, in the margin's unit."""


AnyRegression = Annotated[RegressionSpec, BeforeValidator(_suite)]


class EvaluateSpec(Spec):
    """What "better" means and what must not get worse."""

    target: Annotated[tuple[AnyMetric, ...], OneOrMany] = ()
    """Metrics on the test rows that must beat the best baseline; empty: detected from the answers."""
    need: Literal["all", "any"] = "all"
    """Which targets must be improved: all of them (each tested at alpha), or any one of them (Holm's correction)."""
    also: Annotated[tuple[AnyMetric, ...], OneOrMany] = ()
    """Metrics that are shown beside the target and decide nothing."""
    regression: Annotated[tuple[AnyRegression, ...], OneOrMany] = ()
    """Suites that must hold: the candidate may not be worse than the base by more than a margin."""
    baselines: tuple[Literal["base", "few_shot", "words"], ...] = ("base", "few_shot", "words")
    """What the tuned model must beat: the base as it is, the base with examples in the prompt, words + logistic
    regression (where the answer has labels)."""
    shots: int = Field(default=3, ge=1, le=64)
    """Examples in the prompt of the few_shot baseline."""
    max_tokens: int | None = Field(default=None, ge=1)
    """Longest generated answer; left out, 1.5 times the longest reference answer."""
    max_items: int | None = Field(default=None, ge=2)
    """Evaluate a seeded sample of at most this many test rows; left out, all of them."""
    alpha: float = Field(default=0.05, gt=0, lt=0.5)
    """One-sided error rate of each decision. A test set that judged other candidates before has less of it left:
    alpha / (k (k - 1)) for the targets of the k-th candidate."""

    @property
    def judges(self) -> tuple[JudgeMetric, ...]:
        """The metrics that ask a judge."""
        return tuple(m for m in (*self.target, *self.also) if isinstance(m, JudgeMetric))

    @model_validator(mode="after")
    def _judges(self) -> EvaluateSpec:
        keys = [m.key for m in self.judges]
        for key in dict.fromkeys(keys):
            if len({m for m in self.judges if m.key == key}) > 1:
                raise ValueError(f"target and also: two judges are called {key!r}; give one of them a name")
        for judge in self.target:
            if isinstance(judge, JudgeMetric) and judge.people is None:
                raise ValueError(
                    f"target: {judge.key} decides, but was never compared with people: name pairs that they judged "
                    "(people: votes.jsonl), or put it into also"
                )
        if self.judges and "base" not in self.baselines:
            raise ValueError("baselines: a judge compares with the base's answers; base must be among them")
        return self

    @model_validator(mode="after")
    def _pools(self) -> EvaluateSpec:
        names = {s.suite for s in self.regression}
        for pool in dict.fromkeys(s.pool for s in self.regression if s.pool):
            if pool in names:
                raise ValueError(f"regression: the pool {pool!r} has the name of a suite; call it otherwise")
            if len({s.margin for s in self.regression if s.pool == pool}) > 1:
                raise ValueError(f"regression: the suites of the pool {pool!r} name different margins; a pool has one")
        return self
