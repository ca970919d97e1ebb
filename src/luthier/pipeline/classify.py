"""A classifier among the stages: its labels, its rows, what it is judged by, and the engine that answers with it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from luthier.errors import LuthierError
from luthier.recipe.evaluate import EvaluateSpec, LabelMetric
from luthier.recipe.train import ClassifyMethod

if TYPE_CHECKING:
    from luthier.engines.classifier import ClassifierEngine
    from luthier.models.load import Loaded
    from luthier.models.source import ModelSource
    from luthier.pipeline.job import Job
    from luthier.recipe.train import Makes
    from luthier.records import Example
    from luthier.train.labelled import Labelled

MOST_LABELS = 500
SHOWN = ("macro_f1", "mcc", "auc", "ece", "brier")
"""What a classifier is shown by beside its accuracy."""


def labels_of(sides: Mapping[str, Sequence[Example]], where: str = "train.method") -> tuple[str, ...]:
    """The labels of a job, sorted: the answers on all of its sides, outer white space ignored.

    Raises:
        LuthierError: a row has no label, or the answers are no labels.
    """
    rows = [e for side in ("train", "validation", "test") for e in sides[side]]
    if bare := [e for e in rows if e.text is not None or not e.prompt]:
        raise LuthierError(
            f"{len(bare):,} of {len(rows):,} rows have no question with an answer", where=where,
            why="a classifier reads a question, and the answer is its label",
            fix="name the columns: data.map.prompt and data.map.answer",
        )  # fmt: skip
    found = sorted({text for e in rows if (text := e.answer.strip())})
    if not 2 <= len(found) <= MOST_LABELS:
        raise LuthierError(
            f"the answers are {len(found):,} different texts, which are no labels", where=where,
            why=f"a classifier has an output for each, and 2 to {MOST_LABELS} can be told apart",
            fix="name the column of the labels: data.map.answer; or train.method: sft, which writes answers",
        )  # fmt: skip
    return tuple(found)


def labelled_rows(job: Job, method: ClassifyMethod, rows: Sequence[Example], weigh: bool) -> list[Labelled]:
    """Questions as token ids with the numbers of their labels. Rows without a label, or of weight 0, are left out;
    with ``weigh`` the rest count as the method says."""
    from luthier.models.head import pad_of
    from luthier.train.labelled import balanced, labelled

    number = {name: i for i, name in enumerate(job.labels)}
    usable = [e for e in rows if e.answer.strip() and e.messages[-1].weight]
    each = [number[e.answer.strip()] for e in usable]
    weights = balanced(each) if weigh and method.class_weights == "balanced" else {}
    pad, made = pad_of(job.chat.tokenizer), []
    for example, label in zip(usable, each, strict=True):
        # longer ones are there only where data.on_overlong cuts them: at the front, so that the end stays
        ids = job.chat.prompt_ids(example.prompt, example.tools)[-job.max_length :]
        weight = weights.get(label, 1.0) * example.messages[-1].weight
        made.append(labelled(ids, label, example.id, pad=pad, weight=weight))
    return made


def judged_by(spec: EvaluateSpec) -> EvaluateSpec:
    """The spec with what a classifier is judged by where the recipe leaves it out: accuracy, and beside it macro-F1,
    MCC, AUC, calibration error and Brier score."""
    if spec.target:
        return spec
    also = spec.also or tuple(LabelMetric(metric=name) for name in SHOWN)
    return spec.model_copy(update={"target": (LabelMetric(),), "also": also})


def headed(folder: Path, *, base: ModelSource, makes: Makes, device: str | None = None) -> tuple[Loaded, str | None]:
    """A reward model or a classifier from its files: a whole one, or an adapter beside ``base``, with its digest."""
    from luthier.models.adapters import ADAPTER_WEIGHTS, labels_of, load_adapter
    from luthier.models.load import load
    from luthier.models.source import file_hash, resolve

    if not (folder / ADAPTER_WEIGHTS).is_file():
        return load(resolve(folder), device=device, makes=makes), None
    template = folder / "chat_template.jinja"
    loaded = load(
        base, device=device, chat_template=template if template.is_file() else None, makes=makes,
        labels=(labels_of(folder) or ()) if makes == "classifier" else (),
    )  # fmt: skip
    adapter = hashlib.sha256((file_hash(folder / ADAPTER_WEIGHTS) or "").encode()).hexdigest()
    return load_adapter(loaded, folder, "tuned"), adapter


def classifier(folder: Path, *, base: ModelSource, name: str, device: str | None = None) -> ClassifierEngine:
    """The engine of a classifier from its files."""
    from luthier.engines.classifier import ClassifierEngine

    loaded, adapter = headed(folder, base=base, makes="classifier", device=device)
    return ClassifierEngine(loaded, name, adapter)
