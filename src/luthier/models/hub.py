"""The model hub: models and data sets by name. This is the only hub client of the house.

It asks for files by name and sends nothing else. Failures become refusals that say what to do; an earlier download
serves where the hub cannot be reached. What the files are good for is the business of ``source`` and ``hub_rows``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from luthier.errors import LuthierError, did_you_mean

HUB_TIMEOUT_S = 10.0
"""How long the first question to the hub may take before it counts as out of reach."""


@dataclass(frozen=True, slots=True)
class Repository:
    """What is asked for. ``where`` is the key that names it in a recipe, ``otherwise`` what could be named instead."""

    kind: Literal["model", "dataset"]
    name: str
    revision: str | None
    where: str
    otherwise: Sequence[str] = ()

    @property
    def word(self) -> str:
        """What it is called in a sentence."""
        return "model" if self.kind == "model" else "data set"


def snapshot(
    repository: Repository, wanted: Sequence[str], *, unwanted: Sequence[str] = (), whole: str | None
) -> tuple[Path, str]:
    """The folder of a download and its commit.

    Args:
        repository: what to fetch.
        wanted: names or patterns of the files to fetch.
        unwanted: patterns of files that are not fetched though they fit.
        whole: a pattern that an earlier download must hold to serve without a network; None: only a fresh one will do.

    Raises:
        LuthierError: no such repository or revision, access is gated, or the hub cannot be reached.
    """
    _check_name(repository)
    from huggingface_hub import snapshot_download

    # asked by its own name, not by the commit: only so is "main" remembered for a day without network
    what: dict[str, Any] = {
        "repo_id": repository.name, "repo_type": repository.kind, "revision": repository.revision,
        "allow_patterns": list(wanted), "ignore_patterns": list(unwanted),
    }  # fmt: skip
    with _translated(repository):
        try:
            _ask(repository)
            folder = snapshot_download(**what, etag_timeout=HUB_TIMEOUT_S)
        except Exception as error:
            kept = _kept(snapshot_download, what, whole) if whole and _is_unreachable(error) else None
            if kept is None:
                raise
            folder = kept
    path = Path(folder)
    return path, path.name


def file_names(repository: Repository) -> list[str] | None:
    """The names of all files, sorted; None when the hub cannot be reached.

    Raises:
        LuthierError: no such repository or revision, or access is gated.
    """
    _check_name(repository)
    with _translated(repository):
        try:
            return sorted(sibling.rfilename for sibling in _ask(repository).siblings or ())
        except Exception as error:
            if _is_unreachable(error):
                return None
            raise


def _check_name(repository: Repository) -> None:
    if repository.name.count("/") > 1 or any(c.isspace() for c in repository.name):
        raise _no_name(repository)
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("HF_HUB_ETAG_TIMEOUT", str(int(HUB_TIMEOUT_S)))


def _no_name(repository: Repository) -> LuthierError:
    choices = ["OWNER/NAME", "a folder", *repository.otherwise]
    what = f"{repository.name!r} is neither a folder nor a hub id"
    fix = f"write {', '.join(choices[:-1])} or {choices[-1]}"
    return LuthierError(what, where=repository.where, fix=fix)


def _ask(repository: Repository) -> Any:
    """One question: it fails fast and clearly."""
    from huggingface_hub import HfApi

    ask = HfApi().model_info if repository.kind == "model" else HfApi().dataset_info
    return ask(repository.name, revision=repository.revision, timeout=HUB_TIMEOUT_S)


def _kept(snapshot_download: Callable[..., str], what: dict[str, Any], whole: str) -> str | None:
    """An earlier download of the same, if it is whole."""
    try:
        folder = snapshot_download(**what, local_files_only=True)
    except Exception:  # not there, in whatever way this version says so
        return None
    return folder if any(Path(folder).rglob(whole)) else None


def _is_unreachable(error: BaseException) -> bool:
    names = {cls.__name__ for cls in type(error).__mro__}
    known = ("RepositoryNotFoundError", "RevisionNotFoundError", "GatedRepoError", "HFValidationError")
    return not names.intersection(known)


@contextmanager
def _translated(repository: Repository) -> Iterator[None]:
    """Failures of the hub as refusals that say what to do."""
    name, word = repository.name, repository.word
    try:
        yield
    except Exception as error:
        kinds = {cls.__name__ for cls in type(error).__mro__}
        where = f"{repository.where}: {name}"
        if "GatedRepoError" in kinds:
            raise LuthierError(
                f"{name} wants you to accept its terms first",
                where=where,
                why="the hub gives it only to accounts that did",
                fix=f"accept them on the page of {name}, then: hf auth login",
            ) from error
        if "RevisionNotFoundError" in kinds:
            raise LuthierError(
                f"{name} has no revision {repository.revision!r}", where=where, fix="remove it to take the newest"
            ) from error
        if "HFValidationError" in kinds:
            raise _no_name(repository) from error
        if "RepositoryNotFoundError" in kinds:
            near = f" ({did_you_mean(name, repository.otherwise)})" if repository.otherwise else ""
            raise LuthierError(
                f"the hub knows no {word} {name!r}",
                where=where,
                why="it does not exist, or it is private and you are not logged in",
                fix=f"check the name{near}, or: hf auth login",
            ) from error
        instead = {
            "model": "name a local folder (model.base: ./my-model), or use the small built-in base: nano",
            "dataset": "download it where there is a network, and name the folder",
        }
        raise LuthierError(
            f"the model hub cannot be reached for {name}",
            where=where,
            why=f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no answer'}",
            fix=f"connect, or {instead[repository.kind]}",
        ) from error
