"""``luthier.train(model, rows)``: the stages data, train and export for a program or a notebook.

The same recipe language, store and keys as on the command line: rows are checked, cleaned and split, a killed call goes
on when it is made again, and what was made can be chatted with, served and traced. Nothing is printed.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.pipeline import stages
from luthier.pipeline.classify import classifier
from luthier.pipeline.job import Job, ProgressLike
from luthier.pipeline.run import running
from luthier.recipe import LoadedRecipe, make_recipe
from luthier.records import Message, Verdict

if TYPE_CHECKING:
    from luthier.engines import Engine
    from luthier.store import Artifact, Store

WHERE = "luthier.train(…, rows)"


@dataclass
class Tuned:
    """What :func:`fine_tune` made.

    ``run`` is the run's id, which ``luthier chat``, ``serve``, ``why`` and ``predict`` take; ``history`` one entry a
    step (step, loss in nats a trained token, rate, norm; ``val`` where it was measured). Close it, or use it in a
    ``with`` block, to give the memory of ``generate`` back.
    """

    run: str
    history: list[dict[str, Any]]
    best_loss: float | None
    artifacts: Mapping[str, Artifact]
    rows: Mapping[str, int]
    _loaded: LoadedRecipe
    _store: Store
    _engine: Engine | None = field(default=None, repr=False)

    @property
    def adapter(self) -> Path | None:
        """The folder of the adapter in peft's layout; None after full tuning."""
        found = self.artifacts.get("adapter")
        return None if found is None else found.path

    @property
    def model(self) -> Path | None:
        """The folder of the whole model, where one was exported (full tuning, or export formats with ``merged``)."""
        found = self.artifacts.get("model")
        return None if found is None else found.path

    def generate(
        self, prompts: str | Sequence[Any], *, max_tokens: int = 256, temperature: float = 0.0, seed: int | None = None,
        tuned: bool = True,
    ) -> Any:  # fmt: skip
        """Answers of the tuned model (``tuned=False``: of its base).

        Args:
            prompts: a question; a chat as a list of messages (``{"role": …, "content": …}``); or a list of either,
                which is answered as a batch.
            max_tokens, temperature, seed: as in a request; temperature 0 is greedy and repeatable.

        Returns:
            The text of the answer (of a classifier: the likeliest label), or a list of them.
        """
        from luthier.engines import Request

        single = isinstance(prompts, str) or (bool(prompts) and isinstance(prompts[0], Mapping))
        chats = [_chat(p) for p in ([prompts] if single else prompts)]
        engine = self._opened(base=not tuned)
        name = "tuned" if tuned and "tuned" in engine.adapters else None
        settings: dict[str, Any] = {"max_tokens": max_tokens, "temperature": temperature, "seed": seed, "adapter": name}
        made = engine.generate([Request(messages=chat, **settings) for chat in chats])
        return made[0].text if single else [one.text for one in made]

    def evaluate(self) -> Verdict:
        """The verdict on what was made, beside its baselines, on the test rows that were held out, as ``luthier run``
        gives it: each result with n and interval. Answers are kept: asking again costs nothing.

        Raises:
            LuthierError: there are no test rows with a question and an answer.
        """
        job = Job(self._loaded, self._store)
        data = self.artifacts["dataset"]
        sides = stages.sides_of(data)
        stages.refuse_unjudged(job, sides)
        shipped = {kind: a for kind, a in self.artifacts.items() if kind in ("adapter", "model")}
        with running(job) as run:
            ledger, verdict = stages.judged(job, data, sides, shipped)
            run.finish("done", until="eval", verdict=verdict.kind.value, ledger=ledger.id)
        return verdict

    def close(self) -> None:
        """Give back what ``generate`` holds."""
        if self._engine is not None:
            self._engine.close()
            self._engine = None

    def __enter__(self) -> Tuned:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _opened(self, *, base: bool) -> Engine:
        from luthier.engines.embedded import EmbeddedEngine
        from luthier.models.load import load
        from luthier.models.source import resolve

        job = Job(self._loaded, self._store)
        labels = job.makes == "classifier"
        if base and (self.adapter is None or labels or job.base.new_tokens):
            why = "new tokens" if job.base.new_tokens else "full tuning"
            why = "a classifier has another head" if labels else f"{why} changed its weights"
            raise LuthierError(
                "the base is not at hand", where="generate(tuned=False)", why=why, fix="luthier chat BASE"
            )
        made = self.adapter or self.model
        if self._engine is None and labels and made is not None:
            self._engine = classifier(made, base=job.base, device=job.device, name=self.run)
        elif self._engine is None and self.adapter is not None:
            loaded = load(job.base, device=job.device, chat_template=job.chat_template)
            self._engine = EmbeddedEngine(loaded, {"tuned": self.adapter})
        elif self._engine is None:
            assert self.model is not None
            self._engine = EmbeddedEngine(load(resolve(self.model), device=job.device))
        return self._engine


def fine_tune(
    model: Any,
    rows: Any,
    *,
    tokenizer: Any = None,
    recipe: Mapping[str, Any] | None = None,
    home: str | Path | None = None,
    progress: ProgressLike | None = None,
    **train: Any,
) -> Tuned:
    """Fine-tune a model on rows; ``luthier.train`` is the same function.

    Args:
        model: a loaded transformers model (it is not changed), a folder, a hub id, or ``"nano"``.
        rows: a list of dictionaries or texts, a pandas or polars data frame, a ``datasets.Dataset``, or the name of a
            file: in any layout that ``data.source`` reads.
        tokenizer: of a loaded model; left out, the one that stands where the model was loaded from.
        recipe: further keys of the recipe: ``{"data": {"map": …}, "evaluate": {"target": "exact"}, "seed": 1}``.
        home: the folder of results; left out, as on the command line (``LUTHIER_HOME``, else the working directory).
        progress: takes bars and lines; None is silent.
        train: keys of ``train``: ``epochs=1, tuning={"kind": "lora", "r": 8}, learning_rate=1e-3``.

    Raises:
        LuthierError: the model or the rows cannot be used, with the reason and what to do.
        UsageError: there is no such key.
    """
    from luthier.store import Store

    store = Store.open(home)
    base, filed = _base(store, model, tokenizer)
    with _source(store, rows) as source:
        loaded = make_recipe(_asked(base, str(source), recipe or {}, train))
        job = Job(loaded, store, progress)
        with running(job) as run:
            if filed is not None:
                run.attach("base", filed)
            data = stages.dataset(job)
            sides = stages.sides_of(data)
            given = stages.train_input(job, sides, data.digest)
            trained = stages.training(job, data, given, sides)
            shipped = stages.delivered(job, data, trained, job.export_key(given.key))
            run.finish("done", until="export")
    made = stages.read(trained, "history.json")
    return Tuned(
        run.id, made["history"], made["best_loss"], {**shipped, "dataset": data}, dict(data.meta["rows"]), loaded, store
    )


def _asked(base: str, source: str, recipe: Mapping[str, Any], train: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe: what was given, and an adapter alone where one is trained."""
    asked = {"luthier": 1, **recipe}
    asked["model"] = {**dict(recipe.get("model", {})), "base": base}
    asked["data"] = {**dict(recipe.get("data", {})), "source": source}
    asked["train"] = {**dict(recipe.get("train", {})), **train}
    tuning = asked["train"].get("tuning", "lora")
    full = (tuning.get("kind") if isinstance(tuning, Mapping) else tuning) == "full"
    asked["export"] = {"formats": "merged" if full else "adapter", **dict(recipe.get("export", {}))}
    return asked


def _base(store: Store, model: Any, tokenizer: Any) -> tuple[str, Artifact | None]:
    """What the recipe calls the base; a model in memory is filed once, by its content."""
    if isinstance(model, str | Path):
        text = str(model)
        return (str(Path(text).resolve()) if Path(text).is_dir() else text), None
    from luthier.models import given

    given.refuse_other(model)
    tokenizer = tokenizer if tokenizer is not None else given.tokenizer_of(model)
    digest = given.fingerprint(model, tokenizer)
    key = f"base-{digest}"
    found = store.find(key, "base")
    if found is None:
        with store.lock(key), store.draft("base", expect_bytes=_bytes(model)) as draft:
            given.write(model, tokenizer, draft.path)
            name = Path(str(getattr(model.config, "_name_or_path", "") or "model")).name or "model"
            found = draft.commit(parents=(f"base:{name}#sha256={digest}",), key=key, meta={"name": name})
    return str(found.path), found


def _bytes(model: Any) -> int:
    return sum(p.numel() * p.element_size() for p in model.parameters())


def _source(store: Store, rows: Any) -> AbstractContextManager[Path]:
    """A file with the rows, while the dataset is made from it; what is kept of them is the dataset."""
    if isinstance(rows, str | Path):
        return nullcontext(Path(rows).resolve() if Path(rows).exists() else Path(rows))
    return _Written(store, _lines(rows))


class _Written(AbstractContextManager[Path]):
    """Rows as a file of the store's scratch; their name is their content, so that the same rows are the same job."""

    def __init__(self, store: Store, text: str) -> None:
        self._store, self._text = store, text
        self._key = f"rows-{hashlib.sha256(text.encode()).hexdigest()}"

    def __enter__(self) -> Path:
        path = self._store.workdir(self._key) / "rows.jsonl"
        path.write_text(self._text, encoding="utf-8")
        return path

    def __exit__(self, *_: object) -> None:
        self._store.clear_workdir(self._key)


def _lines(rows: Any) -> str:
    """The rows as JSON lines.

    Raises:
        LuthierError: there are none, or they are no rows.
    """
    made = [_row(row) for row in _listed(rows)]
    if not made:
        raise LuthierError("there are no rows to learn from", where=WHERE)
    return "".join(json.dumps(row, ensure_ascii=False, default=_plain) + "\n" for row in made)


def _listed(rows: Any) -> Iterable[Any]:
    if hasattr(rows, "to_dicts"):  # polars
        return list(rows.to_dicts())
    if hasattr(rows, "iloc"):  # pandas: a missing cell is not a number there
        return [{k: _cell(v) for k, v in row.items()} for row in rows.to_dict("records")]
    if hasattr(rows, "to_list"):  # datasets.Dataset
        return list(rows.to_list())
    if isinstance(rows, Mapping) or not isinstance(rows, Iterable):
        splits = f" (its splits: {', '.join(map(str, rows))})" if isinstance(rows, Mapping) else ""
        raise LuthierError(
            f"{type(rows).__name__} is no rows{splits}", where=WHERE,
            fix="give a list, a data frame, a datasets.Dataset (one split of a DatasetDict), or a file's name",
        )  # fmt: skip
    return rows


def _cell(value: Any) -> Any:
    missing = type(value).__name__ in ("NAType", "NaTType") or (isinstance(value, float) and value != value)
    return None if missing else value


def _plain(value: Any) -> Any:
    """What JSON does not know: arrays and numbers of numpy, then dates and the like as text."""
    return value.tolist() if hasattr(value, "tolist") else str(value)


def _row(row: Any) -> Mapping[str, Any]:
    if isinstance(row, str):
        return {"text": row}
    if isinstance(row, Mapping):
        return dict(row)
    if isinstance(row, Sequence) and row and all(isinstance(turn, Mapping) for turn in row):
        return {"messages": list(row)}
    raise LuthierError(
        f"{type(row).__name__} is no row", where=WHERE, why="a row is a dictionary, a text, or a list of messages"
    )


def _chat(prompt: Any) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (Message("user", prompt),)
    return tuple(Message.from_dict(turn) if isinstance(turn, Mapping) else turn for turn in prompt)
