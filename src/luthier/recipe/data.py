"""What the data stage may be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from luthier.recipe.spec import OneOrMany, Share, Spec

ShapeName = Literal["auto", "messages", "sharegpt", "alpaca", "prompt_completion", "classification", "text", "table"]


class MapSpec(Spec):
    """How the columns of a plain table become a chat. Templates name columns in double braces."""

    prompt: str = Field(min_length=1)
    """What the user says: a column name, or text with ``{{column}}`` in it."""
    completion: str = Field(min_length=1)
    """What the assistant should answer: a column name or a template."""
    system: str | None = None
    """A system message: fixed text, or a template with ``{{column}}`` in it."""
    label: str | None = None
    """The column that holds a class label, when the job is classification."""


class ThreadSpec(Spec):
    """One row is one message: rows are joined by ``id`` and put in order."""

    id: str
    """Column that tells which conversation a row belongs to."""
    order: str
    """Column to sort by inside a conversation (a number or a time)."""
    role: str
    """Column with the speaker."""
    content: str
    """Column with the text."""
    roles: dict[str, Literal["system", "user", "assistant"]] = Field(default_factory=dict)
    """What the speakers in the role column mean, e.g. ``{agent: assistant, customer: user}``."""


class SplitSpec(Spec):
    """How rows are dealt to train, validation and test. Near-duplicates and groups always stay on one side."""

    test: Share = Field(default=0.1, ge=0.0, lt=0.9)
    """Share held out for the verdict; ignored when ``data.test`` names a file."""
    validation: Share = Field(default=0.08, ge=0.0, lt=0.9)
    """Share held out for early stopping."""
    group_by: Annotated[tuple[str, ...], OneOrMany] = ()
    """Columns whose equal values keep rows together (a customer, a document)."""
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


class ReplaySpec(Spec):
    """Old or general rows mixed into training so that the model does not forget."""

    source: Annotated[tuple[str, ...], OneOrMany]
    """Files of rows to replay, or ``nano`` for rows of the built-in base's own training."""
    share: Share = Field(default=0.05, ge=0.0, lt=0.9)
    """Share of the training rows that are replayed ones."""


class ContaminationSpec(Spec):
    """How evaluation items are looked for in the training rows. It reports, it takes nothing out."""

    packs: Annotated[tuple[str, ...], OneOrMany] = ()
    """Benchmark packs (``luthier pack`` makes them) to check besides the test set."""
    profile: Literal["luthier", "gpt3", "llama2", "tulu3"] = "luthier"
    """The rule that decides what is clean, suspect or dirty; the report shows the others too."""


class DataSpec(Spec):
    """Where the rows are and what is done to them."""

    source: Annotated[tuple[str, ...], OneOrMany] = Field(min_length=1)
    """Files, folders or globs: JSONL (plain, .gz, .zst), JSON, CSV, TSV, Parquet."""
    test: Annotated[tuple[str, ...], OneOrMany] = ()
    """A test set of your own. It is never altered; rows of train that stand in it are removed from train."""
    shape: ShapeName = "auto"
    """The layout of the rows; ``auto`` detects it and says why."""
    map: MapSpec | None = None
    """For plain tables: which columns are the question and the answer."""
    thread: ThreadSpec | None = None
    """For message logs: how rows are joined into chats."""
    system: str | None = None
    """A system message put before every chat that has none."""
    split: SplitSpec = SplitSpec()
    """How rows are dealt to train, validation and test."""
    dedupe: DedupeSpec = DedupeSpec()
    """Which duplicates are removed."""
    leak_similarity: float = Field(default=0.8, gt=0.3, le=1.0)
    """Train rows this similar (Jaccard) to a test row are removed from train."""
    on_unanswered: Literal["refuse", "quarantine"] = "quarantine"
    """Rows without an answer to learn from: stop, or set them aside."""
    on_overlong: Literal["drop", "keep_end"] = "drop"
    """Rows longer than ``train.max_length`` tokens: set aside, or cut at the front so that the answer stays."""
    personal: Literal["keep", "redact"] = "redact"
    """Phone numbers, e-mail addresses and card numbers in training rows: keep, or replace by a tag."""
    replay: ReplaySpec | None = None
    """Old or general rows mixed into training against forgetting."""
    contamination: ContaminationSpec = ContaminationSpec()
    """How test items and benchmark packs are looked for in the training rows."""

    @model_validator(mode="after")
    def _one_way(self) -> DataSpec:
        if self.map is not None and self.thread is not None:
            raise ValueError("map and thread exclude each other: a row is either a whole chat or one message")
        if self.test and self.split.folds is not None:
            raise ValueError("test and split.folds exclude each other: each decides the test set")
        return self
