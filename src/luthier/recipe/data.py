"""What the data stage may be asked."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from luthier.recipe.spec import ByName, OneOrMany, Share, Spec

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


class DedupeSpec(Spec):
    """Which duplicates are removed."""

    exact: bool = True
    """Remove rows that are equal after normalising (NFKC, case, runs of punctuation and space)."""
    near: Annotated[float, Field(gt=0.3, le=1.0)] | None = 0.8
    """Remove rows whose word 3-shingles have at least this Jaccard similarity; null keeps them."""


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
    """Share of the training rows that are replayed ones."""


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
    on_overlong: Literal["drop", "keep_end", "split"] = "drop"
    """Rows longer than ``train.max_length`` tokens: set aside, cut at the front so that the answer stays, or (long
    chats) split between turns into rows that each end with an answer."""
    personal: Annotated[PersonalSpec, ByName] = PersonalSpec()
    """Personal data and secrets in training rows: ``redact``, ``pseudonymise``, ``reject`` or ``keep``, or one of them
    with its keys."""
    replay: ReplaySpec | None = None
    """Old or general rows mixed into training against forgetting."""

    @model_validator(mode="after")
    def _one_way(self) -> DataSpec:
        if self.map is not None and self.thread is not None:
            raise ValueError("map and thread exclude each other: a row is either a whole chat or one message")
        return self
