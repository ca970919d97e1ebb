"""``luthier check`` and ``convert``: rows of a recipe or of files, and which of their tokens would be trained."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from luthier.data import CheckReport, Renderer, Rewritten, build, check, pseudonym_secret, rewrite
from luthier.errors import LuthierError
from luthier.pipeline.sources import known_sources
from luthier.recipe import COMPARES, LoadedRecipe, load_recipe
from luthier.recipe.data import DataSpec, DedupeSpec, SplitSpec
from luthier.store import Store


def is_recipe(target: str) -> bool:
    """Whether a name on the command line means a recipe rather than data."""
    return Path(target).suffix in (".yaml", ".yml")


def check_target(
    target: str, base: str | None = None, *, mend: bool = False, mend_to: Path | None = None
) -> CheckReport:
    """Every row of a recipe's sources and test set, or of files; rendered too where a base is named.

    A recipe has a base of its own and a longest row: its rows are measured by these, whatever ``base`` says.
    """
    if is_recipe(target):
        loaded = load_recipe(target)
        data = loaded.recipe.data
        known = known_sources(Store.open, data.source, loaded.folder)
        render = _recipe_renderer(loaded) if base is not None else None
        return check(
            data.source, data, folder=loaded.folder, known=known, render=render, mend=mend, mend_to=mend_to,
            compared=loaded.recipe.train.method.kind in COMPARES,
        )  # fmt: skip
    return check([target], render=_renderer(base) if base is not None else None, mend=mend, mend_to=mend_to)


def _renderer(base: str) -> Renderer:
    from luthier.models.load import load_chat
    from luthier.models.source import resolve

    return Renderer(load_chat(resolve(base)))


def _recipe_renderer(loaded: LoadedRecipe) -> Renderer:
    from luthier.pipeline.job import Job

    job = Job(loaded, Store.open())
    return Renderer(job.chat, job.max_length)


def convert_target(
    target: str, out: str, to: str, *, lose: Sequence[str] = (), columns: bool = False, force: bool = False
) -> Rewritten:
    """The rows of a recipe's sources (with its map, thread, filters and system message) or of files, in a layout."""
    sources: Sequence[str] = [target]
    spec, folder, known = None, Path.cwd(), None
    if is_recipe(target):
        loaded = load_recipe(target)
        spec, sources, folder = loaded.recipe.data, loaded.recipe.data.source, loaded.folder
        known = known_sources(Store.open, sources, folder)
    return rewrite(sources, out, to, lose=lose, columns=columns, force=force, spec=spec, folder=folder, known=known)


def mask_lines(target: str, base: str, rows: int) -> list[dict[str, Any]]:
    """The first rows as pieces of text with "is trained", through the base's own chat template."""
    from luthier.models.load import load_chat
    from luthier.models.source import resolve

    loaded: LoadedRecipe | None = load_recipe(target) if is_recipe(target) else None
    if loaded is not None:
        from luthier.pipeline.job import Job

        store = Store.open()
        chat, folder, spec = Job(loaded, store).chat, loaded.folder, loaded.recipe.data
        secret = pseudonym_secret(spec, store)
    else:
        chat, folder, spec = load_chat(resolve(base)), Path.cwd(), DataSpec(source=(target,))
        secret = None
    spec = spec.model_copy(
        update={
            "split": SplitSpec(test=0, validation=0),
            "test": (),
            "replay": None,
            "dedupe": DedupeSpec(exact=False, near=None),
        }
    )
    known = known_sources(Store.open, spec.source, folder)
    out = []
    for example in build(spec, folder=folder, secret=secret, known=known).train:
        try:
            samples = chat.samples(example)
        except LuthierError:
            continue
        for sample in samples:
            out.append(
                {
                    "origin": str(example.origin), "tokens": len(sample.ids), "trained": sum(sample.trained),
                    "pieces": [[text, trained] for text, trained in chat.show_mask(sample)],
                }
            )  # fmt: skip
        if len(out) >= rows:
            break
    return out[:rows]
