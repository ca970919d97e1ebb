"""From a name that a person types to a reward model that scores, and who it is without opening it.

Names as of ``resolve``: a run, an artifact id or prefix, an alias, a local folder or a hub id.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

from luthier.errors import LuthierError
from luthier.pipeline.helper import Identity, identity
from luthier.pipeline.resolve import Named, find

if TYPE_CHECKING:
    from luthier.models.source import ModelSource
    from luthier.score.reward_model import RewardModel
    from luthier.store import Store


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
    from luthier.models.adapters import ADAPTER_WEIGHTS, load_adapter
    from luthier.models.load import load
    from luthier.models.source import file_hash, resolve
    from luthier.score.reward_model import RewardModel

    if not (folder / ADAPTER_WEIGHTS).is_file():
        return RewardModel(load(resolve(folder), device=device, makes="reward"), name)
    template = folder / "chat_template.jinja"
    loaded = load(base, device=device, chat_template=template if template.is_file() else None, makes="reward")
    adapter = hashlib.sha256((file_hash(folder / ADAPTER_WEIGHTS) or "").encode()).hexdigest()
    return RewardModel(load_adapter(loaded, folder, "reward"), name, adapter)


def _named(store: Store, ref: str, folder: Path | None) -> Named:
    from luthier.models import adapters, reward

    place = str((folder / ref).resolve()) if folder is not None and ref.startswith(".") else ref
    named = find(store, place)
    scores = reward.in_files(named.source) if named.adapter is None else adapters.scores(named.adapter)
    if not scores:
        raise LuthierError(
            f"{ref} is no reward model", where=ref,
            why="it writes answers; only a model with a scalar head scores them", fix="train one: train.method: reward",
        )  # fmt: skip
    return named
