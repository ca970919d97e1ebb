"""Replay of the built-in base's own rows: at its share, marked, and clean of the quickstart's test set."""

from __future__ import annotations

from pathlib import Path

import pytest

import luthier
from luthier.data import build
from luthier.recipe import load_recipe

PACKAGE = Path(luthier.__file__).parent


@pytest.mark.skipif(
    not (PACKAGE / "models/nano/replay.jsonl.gz").is_file(), reason="nano's replay rows are not packaged"
)
def test_the_quickstart_replays_nanos_own_rows() -> None:
    recipe = load_recipe(PACKAGE / "pipeline/quickstart/recipe.yaml")
    assert recipe.recipe.data.replay is not None
    made = build(recipe.recipe.data, folder=recipe.folder, seed=recipe.recipe.seed)
    replayed = [example for example in made.train if example.meta.get("replay") == "nano"]
    replay, own = recipe.recipe.data.replay, len(made.train) - len(replayed)
    an_epoch = len(replayed) / replay.sets
    assert an_epoch / (own + an_epoch) == pytest.approx(replay.share, abs=0.002)
    assert {str(example.origin).partition(":")[0] for example in replayed} == {"nano"}
    assert any(parent.startswith("source:nano#sha256=") for parent in made.parents)
    assert {bool(example.text) for example in replayed} == {True, False}  # documents and chats
    assert not any(row.get("side") == "replay" for row in made.quarantine)
    assert made.report["certificate"]["max_jaccard"] < 0.8
