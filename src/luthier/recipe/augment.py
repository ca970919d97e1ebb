"""What may be asked of augmentation: new rows from seeds, harder or other wordings of rows, answers of a teacher.

The defaults of Self-Instruct are the published ones (Wang et al. 2023, arXiv 2212.10560, and the code that came with
it); where a number is from the code alone its key says so. Nothing is generated here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Union

from pydantic import Field, model_validator

from luthier.recipe.spec import ByName, Choice, OneOrMany, Share, Spec

UNFIT = (
    "image", "images", "graph", "graphs", "picture", "pictures", "file", "files", "map", "maps", "draw", "plot",
    "go to",
)  # fmt: skip
"""Words of tasks that a language model cannot do (the published list)."""


class RemoteSpec(Spec):
    """A model behind an OpenAI-compatible API. Its host must stand in ``privacy.egress`` unless it is this machine."""

    url: str = Field(min_length=8)
    """The API's root, e.g. ``http://127.0.0.1:8000/v1``."""
    model: str = Field(min_length=1)
    """The model's name as the server lists it."""
    key: str | None = None
    """NAME of the environment variable that holds the API key; left out, none is sent."""
    concurrency: int = Field(default=8, ge=1, le=256)
    """Requests in flight at once."""


class SelfInstructSpec(Spec):
    """New tasks from seed tasks (Self-Instruct). The published numbers are the defaults."""

    demonstrations: int = Field(default=8, ge=1, le=64)
    """Tasks shown in a prompt (published: 8). Fewer are shown where they do not fit the model's context."""
    machine_made: int = Field(default=2, ge=0, le=64)
    """How many of them may be machine-made, once there are any (published: 2, so 6 seeds)."""
    batch: int = Field(default=5, ge=1, le=256)
    """Requests per batch (published: 5). A batch is written to the journal whole or not at all."""
    classification_only: bool = False
    """Show only classification seeds, under their own header, to get more such tasks."""
    temperature: float = Field(default=0.7, ge=0.0, le=2.0)
    """Of the requests for new tasks (published: 0.7)."""
    top_p: float = Field(default=0.5, gt=0.0, le=1.0)
    """Of the requests for new tasks (published: 0.5)."""
    max_tokens: int = Field(default=1024, ge=8)
    """Longest answer to a request for new tasks (published: 1,024); one that is cut is dropped whole."""
    last_item: int = Field(default=16, ge=2, le=200)
    """The list of tasks ends before this number (published: 16)."""
    min_words: int = Field(default=4, ge=1)
    """Shortest task in words between spaces (published: three or fewer are dropped)."""
    max_words: int = Field(default=150, ge=1)
    """Longest task in words (published: more than 150 are dropped)."""
    unfit_words: tuple[str, ...] = UNFIT
    """Tasks with one of these words are dropped (published list; Alpaca adds video, audio, music …)."""
    unfit_starts: tuple[str, ...] = ("Write a program",)
    """Tasks that begin like this are dropped (published)."""
    ascii_start: bool = True
    """Drop tasks whose first character is not ASCII (published, from the code); set false for other scripts."""
    similar: Share = Field(default=0.7, gt=0.0, le=1.0)
    """A task with a larger ROUGE-L F1 to any seed or kept task is dropped (published: 0.7)."""
    nearest: int = Field(default=10, ge=1, le=100)
    """How many nearest tasks are noted with each kept one (published: 10)."""
    classify_tokens: int = Field(default=3, ge=1)
    """Longest answer to "is it classification?" (published: 3, greedy)."""
    yes_examples: int = Field(default=12, ge=0)
    """Classification tasks shown in that question (published: 12)."""
    no_examples: int = Field(default=19, ge=0)
    """Other tasks shown in that question (published: 19)."""
    instance_demonstrations: int = Field(default=4, ge=1, le=64)
    """Seeds shown with their instances when instances are asked for (ours: the paper's fixed prompts are longer)."""
    instances: int = Field(default=5, ge=1, le=50)
    """Most instances of a task (published: 5)."""
    label_tokens: int = Field(default=300, ge=8)
    """Longest answer when instances of a classification task are asked for (published: 300, greedy)."""
    output_tokens: int = Field(default=350, ge=8)
    """Longest answer when instances of another task are asked for (published: 350, greedy)."""
    patience: int = Field(default=20, ge=1)
    """Stop after this many batches in a row without a new task: the model cannot do it."""

    @model_validator(mode="after")
    def _some_seed(self) -> SelfInstructSpec:
        if self.machine_made >= self.demonstrations:
            raise ValueError("machine_made must leave room for at least one seed among the demonstrations")
        return self


class Operator(Choice):
    """A way to make a new row from one row: one Spec here, one function in ``luthier.augment.operators``."""

    family: ClassVar[str] = "operator"
    kind: str
    """Its name."""


class Deepen(Operator):
    """Ask for more depth and more steps of thought (Evol-Instruct, in-depth)."""

    runs: ClassVar[str] = "luthier.augment.operators:deepen"
    kind: Literal["deepen"] = "deepen"
    """deepen"""


class Constrain(Operator):
    """Add a requirement that the answer must meet (Evol-Instruct, in-depth)."""

    runs: ClassVar[str] = "luthier.augment.operators:constrain"
    kind: Literal["constrain"] = "constrain"
    """constrain"""


class Concretise(Operator):
    """Put particular things, numbers or places for general ones (Evol-Instruct, in-depth)."""

    runs: ClassVar[str] = "luthier.augment.operators:concretise"
    kind: Literal["concretise"] = "concretise"
    """concretise"""


class Broaden(Operator):
    """A new, rarer request of the same domain and difficulty (Evol-Instruct, in-breadth)."""

    runs: ClassVar[str] = "luthier.augment.operators:broaden"
    kind: Literal["broaden"] = "broaden"
    """broaden"""


class Paraphrase(Operator):
    """The same request in other words, with the same answer: the model learns not to hang on one wording."""

    runs: ClassVar[str] = "luthier.augment.operators:paraphrase"
    kind: Literal["paraphrase"] = "paraphrase"
    """paraphrase"""
    style: str = "another person's words"
    """Whose words: "a hurried customer", "formal English", "with typing errors" …"""


if TYPE_CHECKING:
    AnyOperator = Operator
else:  # every operator above, so that a new one needs no list to be edited
    AnyOperator = Annotated[Union[tuple(Operator.__subclasses__())], Field(discriminator="kind"), ByName]  # noqa: UP007


class EvolveSpec(Spec):
    """Rows made from rows by operators (Evol-Instruct, Xu et al. 2023, arXiv 2304.12244)."""

    operators: Annotated[tuple[AnyOperator, ...], OneOrMany] = (Deepen(), Constrain(), Concretise(), Broaden())
    """Which operators are drawn from, each as its name or with its keys."""
    rounds: int = Field(default=4, ge=1, le=20)
    """How often a row is evolved in turn (published: 4). A row whose child failed goes on as it is."""
    batch: int = Field(default=5, ge=1, le=256)
    """Requests per batch; a batch is written to the journal whole or not at all."""
    judge: bool = True
    """Ask the model whether the new request says something new (published); of a paraphrase, whether it means
    the same."""
    temperature: float = Field(default=0.7, ge=0.0, le=2.0)
    """Of rewriting; answers and judgements are greedy."""
    max_tokens: int = Field(default=512, ge=8)
    """Longest rewriting or answer; a cut one is dropped."""
    sorry_words: int = Field(default=80, ge=0)
    """An answer with "sorry" and fewer words than this is a refusal and is dropped (published: 80)."""


class LabelSpec(Spec):
    """A teacher answers rows that have no answer."""

    samples: int = Field(default=1, ge=1, le=64)
    """Answers per row. With more than one, how far they agree decides which rows a person sees first."""
    temperature: float = Field(default=0.7, ge=0.0, le=2.0)
    """Of all samples but the first, which is greedy."""
    max_tokens: int = Field(default=512, ge=1)
    """Longest answer; a cut one is dropped."""
    agreement: Literal["auto", "exact", "rouge_l"] = "auto"
    """How two answers are compared; ``auto`` is exact where all have at most three words, else ROUGE-L F1."""
    system: str | None = None
    """A system message for the teacher; it is not part of the rows."""
    batch: int = Field(default=16, ge=1, le=512)
    """Rows per batch; a batch is written to the journal whole or not at all."""


class AlarmSpec(Spec):
    """When new rows are getting alike (collapse)."""

    window: int = Field(default=50, ge=4)
    """The last kept tasks that are compared with the first as many."""
    distinct: Share = Field(default=0.7, gt=0.0, le=1.0)
    """Alarm when the share of distinct word pairs falls below this part of what it was at the start."""
    similarity: float = Field(default=0.1, gt=0.0, le=1.0)
    """Alarm when the mean ROUGE-L to the nearest task rises by more than this."""
    stop: bool = False
    """Stop at an alarm; otherwise it is only shown."""


class AugmentSpec(Spec):
    """Rows made by a model, kept apart until a person approves them."""

    engine: str | RemoteSpec | None = None
    """Who writes or answers: a run, a model, a folder, a hub id, ``nano``, ``./file.py:function``, or ``{url, model,
    key}``; left out, ``model.base``."""
    form: Literal["chat", "completion"] = "chat"
    """``chat`` puts the prompt into a user message (tuned models, remote ones); ``completion`` continues the published
    prompt as raw text, which pure base models want and only engines with token ids can do."""
    rows: int = Field(default=100, ge=1)
    """New rows wanted from each way that is on."""
    self_instruct: SelfInstructSpec | None = SelfInstructSpec()
    """New tasks from the seeds; null turns it off."""
    toward: str | None = None
    """A coverage file, ``{"holes": [{name, cells, rows, wanted}]}``: new tasks are asked for its holes, most where most
    rows are missing, and the work ends when all are filled or given up."""
    evolve: EvolveSpec | None = None
    """Harder, other or reworded rows from the seeds; null: none."""
    label: LabelSpec = LabelSpec()
    """How a teacher answers (``luthier augment label``)."""
    alarm: AlarmSpec = AlarmSpec()
    """When new rows are getting alike."""
    review: Literal["all", "disagreements", "none"] = "all"
    """Which rows wait for a person: all, only labelled rows whose samples disagree (others pass), or none."""
    agree: Share = Field(default=0.8, ge=0.0, le=1.0)
    """Mean agreement of samples from which a labelled row passes when only disagreements are reviewed."""

    @model_validator(mode="after")
    def _some_way(self) -> AugmentSpec:
        if self.self_instruct is None and self.evolve is None:
            raise ValueError("both ways are off: turn on self_instruct or evolve")
        if self.toward is not None and self.self_instruct is None:
            raise ValueError("toward steers new tasks: it needs self_instruct")
        return self
