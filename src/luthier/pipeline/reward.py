"""From a name that a person types to a reward model that scores, who it is without opening it, and a file's rewards.

Names as of ``resolve``: a run, an artifact id or prefix, an alias, a local folder or a hub id.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError
from luthier.pipeline.helper import Identity, identity
from luthier.pipeline.job import ProgressLike
from luthier.pipeline.resolve import Named, find
from luthier.records import Message, Ranking, Thumb

if TYPE_CHECKING:
    from luthier.models.source import ModelSource
    from luthier.score.reward_model import RewardModel
    from luthier.store import Store


_CHUNK = 512


def open_reward(store: Store, ref: str, *, folder: Path | None = None) -> RewardModel:
    """The reward model of that name, loaded. Relative folders start at ``folder``.

    Raises:
        LuthierError: nothing of that name, or a model that writes.
    """
    named = _named(store, ref, folder)
    return reward_model(
        named.adapter or named.source.folder, base=named.source, name=Path(ref).name if "/" in ref else ref
    )  # fmt: skip


def reward_identity(store: Store, ref: str, *, folder: Path) -> Identity:
    """Who it is, for keys and parents; nothing is loaded.

    Raises:
        LuthierError: as :func:`open_reward`.
    """
    _named(store, ref, folder)
    return identity(store, ref, folder=folder)


def reward_model(folder: Path, *, base: ModelSource, name: str, device: str | None = None) -> RewardModel:
    """A reward model from its files: a whole one, or an adapter beside ``base``."""
    from luthier.pipeline.classify import headed
    from luthier.score.reward_model import RewardModel

    loaded, adapter = headed(folder, base=base, makes="reward", device=device)
    return RewardModel(loaded, name, adapter)


def is_reward(store: Store, ref: str) -> bool:
    """Whether that name is a reward model's.

    Raises:
        LuthierError: nothing of that name.
    """
    return find(store, ref).makes == "reward"


def score_file(store: Store, model: str, file: str, *, output: Path | None, progress: ProgressLike) -> dict[str, Any]:
    """The reward of every answer in a file of any shape that training reads, a line a row: ``reward`` of a chat or a
    thumb, ``chosen`` and ``rejected`` of a pair, ``rewards`` of a ranking; null with a reason where there is none.

    Raises:
        LuthierError: the file cannot be read, or holds no answer.
    """
    rows = _answered(file)
    scorer = open_reward(store, model)
    target = output or Path(f"{Path(file).name}.rewards.jsonl")
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    unscored = 0
    with progress.bar("score", len(rows)) as bar, draft.open("w", encoding="utf-8") as out:
        for start in range(0, len(rows), _CHUNK):
            part = rows[start : start + _CHUNK]
            chats = [(row.prompt, answer, row.tools) for row, answers in part for answer in answers]
            found = iter(scorer.of_chats(chats))
            for row, answers in part:
                scores = [next(found) for _ in answers]
                why = next((s.reason for s in scores if s.value is None), "")
                unscored += bool(why)
                line = {"id": str(row.origin or row.id), **_line(row, [s.value for s in scores])}
                out.write(json.dumps({**line, "why": why} if why else line, ensure_ascii=False) + "\n")
            bar.update(start + len(part), len(rows))
    draft.replace(target)
    return {"output": str(target), "scored": len(rows) - unscored, "unscored": unscored}


def _answered(file: str) -> list[tuple[Any, tuple[tuple[Message, ...], ...]]]:
    """Each row with its answers."""
    from luthier.data.load import convert, convert_judged, layout_of, read_tables
    from luthier.recipe import DataSpec
    from luthier.rows import compares

    spec = DataSpec.model_validate({"source": [file]})
    tables = read_tables([file], spec, folder=Path.cwd(), supervised=False)
    compared = [t for t in tables if compares(layout_of(t.file, t.shape, spec))]
    plain = [t for t in tables if not compares(layout_of(t.file, t.shape, spec))]
    found: list[tuple[Any, tuple[tuple[Message, ...], ...]]] = []
    for one in convert(plain, spec).examples if plain else ():
        found.append((one, (one.messages[len(one.prompt) :],)))
    for row in convert_judged(compared, spec).examples if compared else ():
        answers = row.answers if isinstance(row, Ranking) else (row.answer,) if isinstance(row, Thumb) else (
            row.chosen, row.rejected
        )  # fmt: skip
        found.append((row, answers))
    if not found:
        raise LuthierError("there is no answer to score", where=file, fix=f"luthier check {file}")
    return found


def _line(row: Any, values: Sequence[float | None]) -> dict[str, Any]:
    if isinstance(row, Ranking):
        return {"rewards": list(values)}
    return {"reward": values[0]} if len(values) == 1 else {"chosen": values[0], "rejected": values[1]}


def _named(store: Store, ref: str, folder: Path | None) -> Named:
    place = str((folder / ref).resolve()) if folder is not None and ref.startswith(".") else ref
    named = find(store, place)
    if named.makes != "reward":
        does = "gives labels" if named.makes == "classifier" else "writes answers"
        raise LuthierError(
            f"{ref} is no reward model", where=ref,
            why=f"it {does}; only a model with a scalar head scores answers", fix="train one: train.method: reward",
        )  # fmt: skip
    return named
