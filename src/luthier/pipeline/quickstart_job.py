"""Where the packaged quickstart job stands: recipe and data, written by this project."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def recipe_path() -> Path:
    """The packaged recipe; its data files stand beside it."""
    return Path(str(files("luthier.pipeline") / "quickstart" / "recipe.yaml"))
