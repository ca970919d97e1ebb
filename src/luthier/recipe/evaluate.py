"""What the evaluation stage and the gate may be asked."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, model_validator

from luthier.recipe.augment import RemoteSpec
from luthier.recipe.spec import ByName, Choice, OneOrMany, Share, Spec

Said = Literal["accuracy", "macro_f1", "micro_f1", "weighted_f1", "mcc"]
Probable = Literal["auc", "average_precision", "ece", "brier"]


class MetricSpec(Choice):
    """A number computed from answers to the test rows; higher is better unless it says otherwise."""

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


class Rouge1Metric(MetricSpec):
    """ROUGE-1 F1: words in common, in any order, of the answer or of one JSON field of it."""

    runs: ClassVar[str] = "luthier.score.text:rouge_1"
    kind: Literal["rouge_1"] = "rouge_1"
    """rouge_1"""
    field: str | None = None
    """Compare only this field of a JSON answer."""


class Rouge2Metric(MetricSpec):
    """ROUGE-2 F1: pairs of neighbouring words in common, of the answer or of one JSON field of it."""

    runs: ClassVar[str] = "luthier.score.text:rouge_2"
    kind: Literal["rouge_2"] = "rouge_2"
    """rouge_2"""
    field: str | None = None
    """Compare only this field of a JSON answer."""


class RougeLsumMetric(MetricSpec):
    """ROUGE-Lsum F1: ROUGE-L line by line, for summaries, of the answer or of one JSON field of it."""

    runs: ClassVar[str] = "luthier.score.text:rouge_lsum"
    kind: Literal["rouge_lsum"] = "rouge_lsum"
    """rouge_lsum"""
    field: str | None = None
    """Compare only this field of a JSON answer."""


class BleuMetric(MetricSpec):
    """BLEU of all answers together, by sacrebleu; its signature is printed. Needs the extra ``metrics``."""

    runs: ClassVar[str] = "luthier.score.translation:bleu"
    kind: Literal["bleu"] = "bleu"
    """bleu"""
    tokenize: Literal["13a", "intl", "zh", "char", "none"] = "13a"
    """sacrebleu's tokeniser: 13a for European languages, zh for Chinese, char for scripts without spaces."""


class ChrfMetric(MetricSpec):
    """chrF of all answers together, by sacrebleu; its signature is printed. Needs the extra ``metrics``."""

    runs: ClassVar[str] = "luthier.score.translation:chrf"
    kind: Literal["chrf"] = "chrf"
    """chrf"""
    word_order: int = Field(default=2, ge=0, le=4)
    """Words beside characters: 2 is chrF++, 0 plain chrF."""


class EmbeddingMetric(MetricSpec):
    """How near the answer's meaning is to the reference's: the cosine of their vectors by a local encoder."""

    runs: ClassVar[str] = "luthier.score.meaning:embedding"
    kind: Literal["embedding"] = "embedding"
    """embedding"""
    encoder: str
    """A folder (``./minilm``), a hub id or ``nano``; best one that was made for similarity."""


class BertScoreMetric(MetricSpec):
    """BERTScore F1 of the answer by a local encoder: each token beside the nearest of the other text; not rescaled."""

    runs: ClassVar[str] = "luthier.score.meaning:bert_score"
    kind: Literal["bert_score"] = "bert_score"
    """bert_score"""
    encoder: str
    """A folder (``./roberta``), a hub id or ``nano``."""
    layer: int | None = Field(default=None, ge=1)
    """The layer whose vectors are compared; left out, the last. Scores of different layers do not compare."""


class NumberMetric(MetricSpec):
    """The number that the answer ends with equals the reference's: ``#### 18``, ``\\boxed{18}``, or the last one."""

    runs: ClassVar[str] = "luthier.score.number:number"
    kind: Literal["number"] = "number"
    """number"""
    tolerance: float = Field(default=0.0, ge=0, lt=1)
    """Share of the reference by which an answer may be off; 0 asks for the same number."""


class FormatMetric(MetricSpec):
    """The answer has a form: a JSON object, or what a pattern says."""

    runs: ClassVar[str] = "luthier.score.manner:form"
    kind: Literal["format"] = "format"
    """format"""
    pattern: str | None = None
    """Regular expression that the whole answer must match; left out, it must be a JSON object."""


class RefusalMetric(MetricSpec):
    """Whether the answer declines to help, by its first words; fewer refusals are better unless ``wanted``."""

    runs: ClassVar[str] = "luthier.score.manner:refusal"
    kind: Literal["refusal"] = "refusal"
    """refusal"""
    wanted: bool = False
    """Whether these questions ought to be refused."""


class RepetitionMetric(MetricSpec):
    """The share of runs of words that stood in the answer before; less is better."""

    runs: ClassVar[str] = "luthier.score.manner:repetition"
    kind: Literal["repetition"] = "repetition"
    """repetition"""
    words: int = Field(default=4, ge=1, le=16)
    """Length of a run."""


class LengthMetric(MetricSpec):
    """Words in the answer; shown, and decides nothing (``limits.length`` does)."""

    runs: ClassVar[str] = "luthier.score.manner:length"
    kind: Literal["length"] = "length"
    """length"""


class JsonFieldsMetric(MetricSpec):
    """Every named field of the JSON answer equals the reference's."""

    runs: ClassVar[str] = "luthier.score.json:fields"
    kind: Literal["json_fields"] = "json_fields"
    """json_fields"""
    fields: tuple[str, ...] = ()
    """The fields that must be right; empty means all fields of the reference."""


class JsonFieldMetric(MetricSpec):
    """One field of the JSON answer: accuracy, an F1 over its values, or MCC."""

    runs: ClassVar[str] = "luthier.score.json:field"
    kind: Literal["json_field"] = "json_field"
    """json_field"""
    field: str
    """The field to compare."""
    metric: Said = "accuracy"
    """How values are summed up; macro_f1 weighs each value alike, weighted_f1 by how often it occurs."""


class LabelMetric(MetricSpec):
    """The answer is a class label: what was said, or how probable each label was."""

    runs: ClassVar[str] = "luthier.score.label:label"
    kind: Literal["label"] = "label"
    """label"""
    metric: Said | Probable = "accuracy"
    """How labels are summed up. ``auc``, ``average_precision``, ``ece`` (calibration error) and ``brier`` are read from
    the log-probability of each label, which the engine must tell."""


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


class CodeMetric(MetricSpec):
    """The code in the answer passes the row's tests, run in a sandbox (HumanEval's and MBPP's columns)."""

    runs: ClassVar[str] = "luthier.score.code:code"
    kind: Literal["code"] = "code"
    """code"""
    seconds: float = Field(default=10.0, gt=0, le=600)
    """Longest time that one answer and its tests may take."""
    memory: int = Field(default=512, ge=64, le=65536)
    """Most memory that they may take, in MB."""


class InstructionsMetric(MetricSpec):
    """Every instruction of the row that a program can check is followed (IFEval's columns and kinds)."""

    runs: ClassVar[str] = "luthier.score.instructions:instructions"
    kind: Literal["instructions"] = "instructions"
    """instructions"""
    loose: bool = False
    """Also pass an answer that follows them without its first or last line, or without asterisks."""


class RewardModelMetric(MetricSpec):
    """What a reward model says of the answer, on its own scale (``train.method: reward`` makes one); its weights belong
    to the key of what is scored by it. Judge by another one than the answers were trained by."""

    runs: ClassVar[str] = "luthier.score.reward_model:metric"
    kind: Literal["reward_model"] = "reward_model"
    """reward_model"""
    model: str = Field(min_length=1)
    """A run, an artifact, an alias, a folder (relative to the recipe with a leading dot) or a hub id."""


AnyMetric = Annotated[
    ExactMetric | RougeLMetric | Rouge1Metric | Rouge2Metric | RougeLsumMetric | BleuMetric | ChrfMetric
    | NumberMetric | EmbeddingMetric | BertScoreMetric | JsonFieldsMetric | JsonFieldMetric | LabelMetric
    | FormatMetric | RefusalMetric | RepetitionMetric | LengthMetric | PreferenceMetric | CodeMetric
    | InstructionsMetric | RewardModelMetric | JudgeMetric | PeopleMetric,
    Field(discriminator="kind"), ByName,
]  # fmt: skip


def _suite(value: Any) -> Any:
    return {"suite": value} if isinstance(value, str) else value


def _split(value: Any) -> Any:
    return {"test": value} if isinstance(value, str) else value


class RegressionSpec(Spec):
    """A suite that must not get worse than ``margin``."""

    suite: str
    """``skills`` and ``text`` are built in (made for the nano base), and so is ``safety`` (refusals, over-refusals,
    questions without an answer, instructions; off where the base is at chance on it); else a JSONL file of rows of one
    kind:
    ``{messages, answer}``, ``{text}``, ``{prompt, options, answer}`` or ``{good, bad}``; or a task in YAML that says
    how the rows of a file become such rows; or ``lm-eval/NAME``, a benchmark as lm-eval defines it (extra
    ``lm-eval``)."""
    data: Annotated[dict[str, str], BeforeValidator(_split)] = Field(default_factory=dict)
    """Rows of an ``lm-eval`` suite: a JSONL file with the columns of the original rows, or one for each of ``test`` and
    ``train`` (from which examples are drawn); left out, lm-eval looks for them itself."""
    shots: int | None = Field(default=None, ge=0, le=64)
    """Examples before each question of an ``lm-eval`` suite; left out, what its task says (none without
    ``data.train``)."""
    margin: float | None = Field(default=None, gt=0)
    """Largest loss that is accepted: points of accuracy (default 2.0; of ``safety`` 10.0) or percent of bits per byte
    (default 2.0)."""
    pool: str | None = Field(default=None, min_length=1)
    """Suites of one pool share one test: the margin holds for all their items together (the more suites, the surer a
    harmless model passes), and each suite alone must only keep within its floor."""
    floor: float = Field(default=10.0, gt=0)
    """Within a pool: the largest loss of this suite alone, in the margin's unit."""


    @model_validator(mode="after")
    def _benchmark(self) -> RegressionSpec:
        if (self.data or self.shots is not None) and not self.suite.startswith("lm-eval/"):
            raise ValueError("data and shots belong to a suite of lm-eval; a suite of your own names its rows itself")
        if strange := set(self.data) - {"test", "train"}:
            raise ValueError(f"data: {sorted(strange)[0]!r} is no split; write test, and train for examples")
        if self.data and "test" not in self.data:
            raise ValueError("data: names no test rows")
        return self


AnyRegression = Annotated[RegressionSpec, BeforeValidator(_suite)]


class CostLimit(Spec):
    """The price of an answer."""

    most: float = Field(gt=0)
    """Largest price of 1,000 answers, in your currency."""
    prompt: float = Field(default=0.0, ge=0)
    """Price of a million prompt tokens."""
    completion: float = Field(default=0.0, ge=0)
    """Price of a million generated tokens."""

    @model_validator(mode="after")
    def _priced(self) -> CostLimit:
        if not self.prompt and not self.completion:
            raise ValueError("cost: nothing has a price; write prompt and completion, per million tokens")
        return self


class LimitsSpec(Spec):
    """What an answer of the tuned model to a test row may cost, in whatever way; each that is named must hold."""

    latency: float | None = Field(default=None, gt=0)
    """Longest median time of an answer in seconds, as measured while evaluating (answers are made in batches)."""
    length: float | None = Field(default=None, gt=0)
    """Longest answers, as a multiple of the references' length in words, over all rows together."""
    refusal: Share | None = Field(default=None, ge=0, lt=1)
    """Largest share of answers that decline to help."""
    format: Share | None = Field(default=None, gt=0, le=1)
    """Smallest share of answers in the form of the references: a JSON object, one of the labels, or what a ``format``
    metric under ``target`` or ``also`` says."""
    cost: CostLimit | None = None
    """Largest price of an answer, by its tokens."""


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
    inherit: bool = True
    """Test rows of the jobs that were promoted on this base before, or from which this one goes on, are guards too: one
    test over all of them, and a floor for each job. Rows that this job trains on are left out. What the base cannot do
    guards nothing."""
    limits: LimitsSpec = LimitsSpec()
    """What answers may take: time, length, refusals, format, price. The gate rejects a model that is shown to be beyond
    one, and promotes none that is not shown to be within all."""
    baselines: tuple[Literal["base", "few_shot", "words"], ...] = ("base", "few_shot", "words")
    """What the tuned model must beat: the base as it is, the base with examples in the prompt, words + logistic
    regression (where the answer has labels)."""
    shots: int = Field(default=3, ge=1, le=64)
    """Examples in the prompt of the few_shot baseline. Where the target reads JSON its answers are held to the form of
    the training answers (constrained decoding), if its engine can."""
    constrain: bool = False
    """Where the target reads JSON: hold the answers of every system, the tuned one too, to the form of the training
    answers: their fields, and for fields with few values only these. Ask what ships in the same way: response_format
    with the schema that stands beside the report (answer_schema.json)."""
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

    @property
    def reward_models(self) -> tuple[RewardModelMetric, ...]:
        """The metrics that a reward model scores."""
        return tuple(m for m in (*self.target, *self.also) if isinstance(m, RewardModelMetric))

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
    def _decides(self) -> EvaluateSpec:
        if any(isinstance(metric, LengthMetric) for metric in self.target):
            raise ValueError("target: a longer answer is neither better nor worse; write length under evaluate.also")
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
