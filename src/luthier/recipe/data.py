"""What the data stage may be asked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from luthier.recipe.augment import RemoteSpec
from luthier.recipe.select import ParentSpec, SelectSpec, Semantic
from luthier.recipe.spec import ByName, OneOrMany, Share, Spec

ShapeName = Literal[
    "auto", "messages", "sharegpt", "alpaca", "prompt_completion", "classification", "text", "preference", "ranked",
    "kto", "table",
]  # fmt: skip
Speaker = Literal["system", "user", "assistant", "skip"]


def _as_cells(value: Any) -> Any:
    """Values as a table would show them: true, 4, text; nothing is the empty cell."""
    values = value if isinstance(value, list | tuple) else [value]
    return [_as_cell(cell) for cell in values]


def _as_cell(value: Any) -> Any:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return f"{value:g}" if isinstance(value, int | float) else value


class FilterSpec(Spec):
    """Which cells of a column count: these values, or numbers from ``min`` to ``max`` (both included)."""

    values: Annotated[tuple[str, ...], BeforeValidator(_as_cells)] = ()
    """The values, as text; ``{language: [en, de]}`` is short for ``{language: {values: [en, de]}}``."""
    min: float | None = None
    """The smallest number that counts; without it there is no lower end."""
    max: float | None = None
    """The largest number that counts; without it there is no upper end."""

    @model_validator(mode="after")
    def _something(self) -> FilterSpec:
        if not self.values and self.min is None and self.max is None:
            raise ValueError("a filter needs values, or min or max")
        if self.values and (self.min is not None or self.max is not None):
            raise ValueError("a filter has values or a range, not both")
        return self


def _as_filter(value: Any) -> Any:
    return value if isinstance(value, dict | FilterSpec) else {"values": value}


Wanted = Annotated[FilterSpec, BeforeValidator(_as_filter)]
"""Lets a filter be written as its value or list of values."""


class TurnSpec(Spec):
    """One turn of a chat that stands in columns of its own."""

    role: str = Field(min_length=1)
    """Who speaks: ``user``, ``assistant``, ``system``, or a template with ``{{column}}`` that names the speaker."""
    content: str = Field(min_length=1)
    """What is said: a column name or a template. A row in which it is empty does not have this turn."""

    @field_validator("role")
    @classmethod
    def _known(cls, role: str) -> str:
        if role not in ("user", "assistant", "system") and "{{" not in role:
            raise ValueError("write user, assistant, system, or {{column}} for the column that names the speaker")
        return role


class TurnListSpec(Spec):
    """All turns of a chat as a list in one column, under names of its own."""

    column: str = Field(min_length=1)
    """The column that holds the list."""
    role: str = Field(min_length=1)
    """Key of the speaker in each element of the list."""
    content: str = Field(min_length=1)
    """Key of the text in each element of the list."""


class MapSpec(Spec):
    """How the columns of a plain table become a chat, or two answers to compare. Templates name columns in double
    braces; a nested field is named with dots, ``{{user.name}}``."""

    prompt: str | None = Field(default=None, min_length=1)
    """What the user says: a column name, or text with ``{{column}}`` in it."""
    completion: str | None = Field(default=None, min_length=1)
    """What the assistant should answer: a column name or a template."""
    system: str | None = None
    """A system message: fixed text, or a template with ``{{column}}`` in it."""
    label: str | None = None
    """The column that holds a class label, when the job is classification."""
    turns: tuple[TurnSpec, ...] = ()
    """In place of prompt and completion, a chat of several turns, each with role and content."""
    turns_in: TurnListSpec | None = None
    """In place of prompt and completion, the one column that holds all turns as a list."""
    roles: dict[str, Speaker] = Field(default_factory=dict)
    """What the speakers named by a column mean, e.g. ``{agent: assistant}``; ``skip`` leaves their turns out."""
    chosen: str | None = None
    """In place of completion, the better of two answers: a column name or a template. A person's edit belongs here."""
    rejected: str | None = None
    """The worse of two answers, e.g. what stood there before the edit."""
    thumb: str | None = None
    """The column that says whether the completion was liked: true or false, up or down, 1 or 0."""
    answers: Annotated[tuple[str, ...], OneOrMany] = ()
    """In place of completion, two or more answers to rank: column names or templates."""
    ratings: Annotated[tuple[str, ...], OneOrMany] = ()
    """One column for each of ``answers`` with its rating; more is better."""
    votes: Annotated[tuple[str, ...], OneOrMany] = ()
    """Columns of people who say which of ``answers`` is best: its number (1 is the first) or its column's name. Empty,
    0 and ``tie`` are no vote; each answer is rated by the votes it got."""

    @model_validator(mode="after")
    def _one_form(self) -> MapSpec:
        answers = [name for name in ("completion", "chosen", "rejected", "answers") if getattr(self, name)]
        if self.turns or self.turns_in is not None:
            if self.prompt is not None or answers or self.thumb or self.label or (self.turns and self.turns_in):
                raise ValueError("turns (or turns_in) stand alone, with system and roles beside them only")
            return self
        if self.prompt is None:
            raise ValueError("a mapping needs prompt and completion, or turns")
        if answers not in (["completion"], ["chosen", "rejected"], ["answers"]):
            raise ValueError("after prompt, a mapping needs completion, or chosen and rejected, or answers")
        if self.completion is None and (self.thumb or self.label):
            raise ValueError("thumb and label go with completion")
        if not self.answers and (self.ratings or self.votes):
            raise ValueError("ratings and votes go with answers")
        if self.answers and (len(self.answers) < 2 or bool(self.ratings) == bool(self.votes)):
            raise ValueError("two or more answers need ratings or votes")
        if self.ratings and len(self.ratings) != len(self.answers):
            raise ValueError("ratings needs one column for each of answers")
        if self.thumb is not None and self.label is not None:
            raise ValueError("thumb and label exclude each other: a row is judged or classified")
        return self


class ThreadSpec(Spec):
    """One row is one message: rows are joined by ``id`` and put in order."""

    id: str
    """Column that tells which conversation a row belongs to."""
    order: str | None = None
    """Column to sort by inside a conversation (a number or a time); without it the order of the file counts."""
    role: str
    """Column with the speaker."""
    content: str
    """Column with the text."""
    roles: dict[str, Speaker] = Field(default_factory=dict)
    """What the speakers in the role column mean, e.g. ``{agent: assistant, customer: user}``; ``skip`` leaves their
    messages out."""
    system: str | None = None
    """A system message: fixed text, or a template with ``{{column}}`` of the conversation's first row."""


class SplitSpec(Spec):
    """How rows are dealt to train, validation and test. Near-duplicates and groups always stay on one side."""

    test: Share = Field(default=0.1, ge=0.0, lt=0.9)
    """Share held out for the verdict; ignored when ``data.test`` names a file."""
    validation: Share = Field(default=0.08, ge=0.0, lt=0.9)
    """Share held out for early stopping."""
    group_by: Annotated[tuple[str, ...], OneOrMany] = ()
    """Columns whose equal values keep rows together (a customer, a document)."""
    parents: ParentSpec | None = None
    """Columns that name a row and the row it was made from; both stay together."""
    by_time: str | None = None
    """Column with a date or time: the newest rows become the test set."""
    salt: str = "luthier"
    """Changes which rows fall on which side; the same salt always deals the same way."""
    previous: str | None = None
    """A dataset made before (its id or alias): its rows keep their sides, and a new row that would join rows of two
    sides is set aside and named."""
    folds: int | None = Field(default=None, ge=2, le=50)
    """Cross-validation: cut the groups of alike rows into so many parts; ``fold`` is tested, ``test`` is ignored."""
    fold: int = Field(default=1, ge=1)
    """Which of the ``folds`` is the test set, from 1 on."""

    @model_validator(mode="after")
    def _one_way(self) -> SplitSpec:
        if self.folds is None and self.fold != 1:
            raise ValueError("fold needs folds: into how many parts the rows are cut")
        if self.folds is not None and self.fold > self.folds:
            raise ValueError(f"fold is {self.fold}, but there are {self.folds} folds")
        ways = [name for name in ("folds", "previous", "by_time") if getattr(self, name) is not None]
        if len(ways) > 1:
            raise ValueError(f"{' and '.join(ways)} exclude each other: each decides the test set")
        return self


class DedupeSpec(Spec):
    """Which duplicates are removed."""

    exact: bool = True
    """Remove rows that are equal after normalising (NFKC, case, runs of punctuation and space)."""
    near: Annotated[float, Field(gt=0.3, le=1.0)] | None = 0.8
    """Remove rows whose word 3-shingles have at least this Jaccard similarity; null keeps them."""
    semantic: Semantic | None = None
    """Find rows that say the same in other words, by ``data.vectors``: a cosine similarity such as 0.95; null does not
    look."""


PersonalKind = Literal["email", "phone", "card", "iban", "ip", "id", "secret"]


class PersonalSpec(Spec):
    """What becomes of personal data and secrets in training rows. A given test set is never altered."""

    kind: Literal["keep", "redact", "pseudonymise", "reject"] = "redact"
    """Leave it; put a tag like [EMAIL] in its place; put a made-up value, the same for the same value; or set the row
    aside."""
    find: Annotated[tuple[PersonalKind, ...], OneOrMany] = Field(
        default=("email", "phone", "card", "iban", "ip", "id", "secret"), min_length=1
    )
    """What is looked for: e-mail addresses, phone, card and account numbers, public IP addresses, national numbers of
    persons, keys and passwords."""


class ReplaySpec(Spec):
    """Old or general rows mixed into training so that the model does not forget."""

    source: Annotated[tuple[str, ...], OneOrMany]
    """Files of rows to replay, or ``nano`` for rows of the built-in base's own training."""
    share: Share = Field(default=0.05, ge=0.0, lt=0.9)
    """Share of an epoch's rows that are replayed ones."""
    sets: int = Field(default=1, ge=1, le=1000)
    """So many sets of rows, each of that share, of which every epoch replays the next: as many sets as there are epochs
    show the model only rows that it has not seen in this run, at no more cost."""


class ContaminationSpec(Spec):
    """How evaluation items are looked for in the training rows. It reports, it takes nothing out."""

    packs: Annotated[tuple[str, ...], OneOrMany] = ()
    """Benchmark packs (``luthier pack`` makes them) to check besides the test set."""
    profile: Literal["luthier", "gpt3", "llama2", "tulu3"] = "luthier"
    """The rule that decides what is clean, suspect or dirty; the report shows the others too."""


class DataSpec(Spec):
    """Where the rows are and what is done to them."""

    source: Annotated[tuple[str, ...], OneOrMany] = Field(min_length=1)
    """Files, folders or globs: JSONL (plain, .gz, .zst), JSON, CSV, TSV, Parquet, Arrow; ``-`` is standard input;
    ``hub:OWNER/NAME`` is a data set of the hub, with ``@REVISION`` and ``:FILES`` if you like."""
    test: Annotated[tuple[str, ...], OneOrMany] = ()
    """A test set of your own. It is never altered; rows of train that stand in it are removed from train."""
    shape: ShapeName = "auto"
    """The layout of the rows; ``auto`` detects it and says why."""
    map: MapSpec | None = None
    """For plain tables: which columns are the question and the answer."""
    thread: ThreadSpec | None = None
    """For message logs: how rows are joined into chats."""
    keep: dict[str, Wanted] = Field(default_factory=dict)
    """Only rows with these values are used: ``{language: en, stars: {min: 4}}``; several columns must all fit. A test
    set of your own is taken whole."""
    drop: dict[str, Wanted] = Field(default_factory=dict)
    """Rows with one of these values are left out: ``{status: [spam, test]}``. They are counted, not set aside."""
    system: str | None = None
    """A system message put before every chat that has none."""
    split: SplitSpec = SplitSpec()
    """How rows are dealt to train, validation and test."""
    dedupe: DedupeSpec = DedupeSpec()
    """Which duplicates are removed."""
    vectors: str | RemoteSpec = "words"
    """How texts are compared by meaning: ``words`` (TF-IDF of words and their parts, reduced by SVD; nothing is
    loaded), or who embeds them: a run, a model, a folder, a hub id, ``nano``, or ``{url, model, key}``."""
    leak_similarity: float = Field(default=0.8, gt=0.3, le=1.0)
    """Train rows this similar (Jaccard) to a test row are removed from train."""
    on_unanswered: Literal["refuse", "quarantine"] = "quarantine"
    """Rows without an answer to learn from: stop, or set them aside."""
    on_overlong: Literal["drop", "keep_end", "split"] = "drop"
    """Rows longer than ``train.max_length`` tokens: set aside, cut at the front so that the answer stays, or split:
    chats between turns into rows that each end with an answer, plain texts into consecutive pieces. Left out, it is
    ``split`` where ``train.method`` is ``continued``."""
    personal: Annotated[PersonalSpec, ByName] = PersonalSpec()
    """Personal data and secrets in training rows: ``redact``, ``pseudonymise``, ``reject`` or ``keep``, or one of them
    with its keys."""
    replay: ReplaySpec | None = None
    """Old or general rows mixed into training against forgetting."""
    select: SelectSpec | None = None
    """Which training rows are worth their place, by what a model says of them and by variety; null keeps all."""
    contamination: ContaminationSpec = ContaminationSpec()
    """How test items and benchmark packs are looked for in the training rows."""

    def unfiltered(self) -> DataSpec:
        """The same without keep and drop, as a test set is read."""
        return self.model_copy(update={"keep": {}, "drop": {}})

    @model_validator(mode="after")
    def _one_way(self) -> DataSpec:
        if self.map is not None and self.thread is not None:
            raise ValueError("map and thread exclude each other: a row is either a whole chat or one message")
        if self.test and self.split.folds is not None:
            raise ValueError("test and split.folds exclude each other: each decides the test set")
        return self
