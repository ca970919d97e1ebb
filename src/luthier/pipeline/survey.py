"""``luthier data report``: the rows of files or of a recipe, told as a page, as lines and as JSON.

A recipe brings its mapping, filters, base and longest row. Without a base rows are measured in words. Scores of models
and vectors of texts come in from outside: a file of scores by row, a function. What ``data.select`` asked a model about
a recipe's rows is shown without being named.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from luthier.data.prepare import SCORES
from luthier.data.survey import Ruler, Tell, survey
from luthier.data.survey_rows import MOST
from luthier.errors import LuthierError, UsageError
from luthier.pipeline.inspect import is_recipe
from luthier.pipeline.sources import known_sources
from luthier.recipe import load_recipe
from luthier.recipe.data import DataSpec
from luthier.registry import load_user_function
from luthier.store import Store
from luthier.store.disk import write_whole

if TYPE_CHECKING:
    from luthier.data.tokens import ChatFormat
    from luthier.pipeline.job import Job, ProgressLike
    from luthier.records import Example
    from luthier.similar.clusters import Embed

_OURS = "made by Luthier"


def survey_target(
    targets: Sequence[str],
    *,
    base: str | None = None,
    limit: int | None = None,
    scores: Sequence[Path] = (),
    embed: str | None = None,
    most: int = MOST,
    progress: ProgressLike | None = None,
) -> dict[str, Any]:
    """The account of a recipe's training sources, or of files.

    Args:
        base: whose tokens rows are measured in; a recipe has its own.
        limit: the longest row that training takes, in these tokens; a recipe has its own.
        scores: files of JSON lines with a row's ``id`` and numbers (``value``, ``parts``, or fields of their own).
        embed: ``./file.py:function`` from a list of texts to one vector each.

    Raises:
        LuthierError: something cannot be read; UsageError: a recipe stands beside files.
    """
    with progress.bar("report") if progress is not None else nullcontext() as bar:
        tell = bar.update if bar is not None else lambda done, of, what: None
        return _account(targets, base, limit, scores, embed, most, tell)


def _account(
    targets: Sequence[str], base: str | None, limit: int | None, scores: Sequence[Path], embed: str | None, most: int,
    tell: Tell,
) -> dict[str, Any]:  # fmt: skip
    vectors = _embedder(embed) if embed is not None else None
    told = {name: found for path in scores for name, found in read_scores(path).items()}
    recipes = [target for target in targets if is_recipe(target)]
    if recipes and len(targets) > 1:
        raise UsageError("a recipe is reported on alone", where=recipes[0], fix="name either a recipe or files")
    if recipes:
        from luthier.pipeline.job import Job

        loaded = load_recipe(recipes[0])
        spec = loaded.recipe.data
        known = known_sources(Store.open, spec.source, loaded.folder)
        if spec.select is not None or base is None:
            job = Job(loaded, Store.open())
        if spec.select is not None:
            told = {**_selected(job), **told}
        ruler: Ruler | None = _recipe_ruler(job) if base is None else _ruler(base, limit)
        account = survey(
            spec.source, spec, folder=loaded.folder, known=known, ruler=ruler, embed=vectors, scores=told, most=most,
            tell=tell,
        )  # fmt: skip
        return {**account, "recipe": recipes[0]}
    known = known_sources(Store.open, targets, Path.cwd())
    spec = DataSpec(source=tuple(targets))
    ruler = _ruler(base, limit) if base is not None or limit is not None else None
    return survey(targets, spec, known=known, ruler=ruler, embed=vectors, scores=told, most=most, tell=tell)


def write_page(path: Path, text: str) -> None:
    """Write a page; only pages of ours are replaced.

    Raises:
        UsageError: something else stands there.
    """
    _replace(path, text, lambda there: _OURS in there[-2000:])


def write_holes(path: Path, account: dict[str, Any]) -> None:
    """Write the holes as a file that steering reads; only such a file is replaced.

    Raises:
        UsageError: something else stands there.
    """
    text = json.dumps({"holes": account["coverage"]["holes"]}, ensure_ascii=False, indent=2) + "\n"
    _replace(path, text, lambda there: there.startswith('{\n  "holes": ['))


def _replace(path: Path, text: str, ours: Callable[[str], bool]) -> None:
    if path.exists() and not (path.is_file() and ours(path.read_text(encoding="utf-8", errors="replace"))):
        raise UsageError(f"{path} is there already", where=path, why="it is no report", fix="choose another name")
    path.parent.mkdir(parents=True, exist_ok=True)
    write_whole(path, text.encode())


def read_scores(path: Path) -> dict[str, dict[str, float]]:
    """Name of the score -> row id -> number, from JSON lines; lines without a number are passed over.

    Raises:
        LuthierError: the file is missing, or a line is no score.
    """
    found: dict[str, dict[str, float]] = {}
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise LuthierError(f"no scores can be read: {error.strerror or error}", where=path) from None
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
            name = str(row.pop("id"))
            parts = row.pop("parts", {})
            fields = {**row, **parts}
        except (ValueError, KeyError, TypeError, AttributeError):
            raise LuthierError(
                "not a score of a row", where=f"{path}:{number}", why="a line is an object with id and numbers",
                fix='write lines like {"id": "3f2a…", "value": 0.71}',
            ) from None  # fmt: skip
        for key, value in fields.items():
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                called = str(row.get("scorer", path.stem)) if key == "value" else key
                found.setdefault(called, {})[name] = float(value)
    return found


def _selected(job: Job) -> dict[str, dict[str, float]]:
    """What models said of the rows of this recipe's dataset, if it was made."""
    made = job.store.find(job.data_key, "dataset")
    return read_scores(made.file(SCORES)) if made is not None and SCORES in made.files else {}


def _recipe_ruler(job: Job) -> Ruler:
    return _of_chat(job.chat, str(job.recipe.model.base), job.max_length)


def _ruler(base: str | None, limit: int | None) -> Ruler:
    from luthier.models.load import load_chat
    from luthier.models.source import resolve

    name = base or "nano"
    return _of_chat(load_chat(resolve(name)), name, limit)


def _of_chat(chat: ChatFormat, base: str, limit: int | None) -> Ruler:
    def measure(example: Example) -> int | None:
        try:
            return sum(len(sample.ids) for sample in chat.samples(example)) or None
        except LuthierError:
            return None

    return Ruler(f"tokens of {Path(base).name}", measure, limit)


def _embedder(ref: str) -> Embed:
    function = load_user_function(ref, base=Path.cwd()).function

    def embed(texts: Sequence[str]) -> Any:
        vectors = np.asarray(function(list(texts)), dtype=np.float32)
        if vectors.ndim != 2 or len(vectors) != len(texts):
            raise LuthierError(
                f"{ref} gave {'x'.join(map(str, vectors.shape))} numbers for {len(texts):,} texts", where="--embed",
                fix="give one vector for each text",
            )  # fmt: skip
        return vectors

    return embed
