"""A search for real, on the built-in base: shared, judged on validation rows, killed and gone on with, and read."""

from __future__ import annotations

import glob
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.search.conftest import job

from luthier.cli.main import run
from luthier.recipe import FullTuning, LoraTuning, load_recipe
from luthier.store import Store

pytest.importorskip("optuna", reason="optuna is not installed: pip install 'luthier[search]'")


def found(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    assert run(["search", *arguments, "--json"]) == 0
    told: dict[str, Any] = json.loads(capsys.readouterr().out)
    return told


def test_the_base_is_loaded_once_and_the_same_bits_after_every_training() -> None:
    import torch

    from luthier.models.load import load
    from luthier.models.shared import SharedBase
    from luthier.models.source import resolve

    shared = SharedBase(lambda: load(resolve("nano"), device="cpu"))
    before = {name: tensor.clone() for name, tensor in shared.loaded.model.state_dict().items()}
    for tuning in ({"r": 4}, {"r": 8, "targets": "all-linear", "dora": True}, {"r": 2, "dropout": 0.1}):
        with shared.lend(LoraTuning.model_validate(tuning), 0) as prepared:
            trained = [p for p in prepared.model.parameters() if p.requires_grad]
            assert trained
            with torch.no_grad():
                for p in trained:
                    p.add_(0.1)
    assert shared.loads == 1
    after = shared.loaded.model.state_dict()
    assert after.keys() == before.keys() and all(after[name].equal(before[name]) for name in before)
    assert not any(p.requires_grad for p in shared.loaded.model.parameters())
    for whole in (LoraTuning(r=4, init="pissa"), LoraTuning(modules_to_save=("embed_tokens",)), FullTuning()):
        with shared.lend(whole, 0) as prepared, torch.no_grad():
            for p in (p for p in prepared.model.parameters() if p.requires_grad):
                p.add_(0.1)
    assert shared.loads == 4 and all(shared.loaded.model.state_dict()[name].equal(before[name]) for name in before)


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any], set[str]]:
    """A search of three trials: its folder, what it came to, and the rows whose losses were read."""
    from luthier.search import search
    from luthier.train import rowloss

    folder, seen, real = tmp_path_factory.mktemp("desks"), set[str](), rowloss.row_losses

    def looking(model: Any, samples: Any, **keys: Any) -> list[float]:
        seen.update(s.example_id for s in samples)
        return real(model, samples, **keys)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rowloss, "row_losses", looking)
        found = search(load_recipe(job(folder, rows=160, trials=3)), Store.open(folder))
    return folder, found.to_dict(), seen


def test_a_small_search_ends_in_a_table_a_page_and_a_recipe(
    searched: tuple[Path, dict[str, Any], set[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    _, told, _ = searched
    assert [t["number"] for t in told["trials"]] == [0, 1, 2] and told["trials"][0]["values"] == {}
    assert all(t["state"] == "done" and t["operations"] > 0 and t["forgetting"] is not None for t in told["trials"])
    assert len({t["loss"] for t in told["trials"]}) == 3, "trials learned alike"
    page = Path(told["page"]).read_text()
    assert told["said"].split(":")[0] in page and page.count("<svg") == 2
    recipe, values = load_recipe(told["recipe"]).recipe, told["trials"][told["best"]]["values"]
    assert recipe.train.learning_rate == values.get("train.learning_rate", 3e-4)
    assert recipe.name == "desks" and run(["plan", told["recipe"]]) == 0


def test_no_item_of_the_gate_is_read(searched: tuple[Path, dict[str, Any], set[str]]) -> None:
    from luthier.data import examples

    folder, _, seen = searched
    dataset = next(a for a in Store.open(folder).artifacts("dataset"))
    test, validation = ({e.id for e in examples(dataset, side)} for side in ("test", "validation"))
    assert test and validation <= seen and not seen & test
    assert not Store.open(folder).artifacts("ledger")


def test_a_finished_search_is_not_done_again(
    searched: tuple[Path, dict[str, Any], set[str]], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, told, _ = searched
    monkeypatch.setenv("LUTHIER_HOME", str(folder))
    assert found(capsys, str(folder / "desks.yaml"))["trials"] == told["trials"]


@pytest.mark.slow
def test_a_trial_that_cannot_be_trained_is_told_and_the_search_goes_on(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A rate at which no loss stays finite fails alone; and where every trial forgets too much, the one that forgets
    least is taken."""
    space = {"train.learning_rate": [1.0, 0.003], "train.clip": [1e9]}
    recipe = job(home, rows=160, trials=5, space=space, forgetting=1e-9)
    told = found(capsys, str(recipe), "--set", "train.skips=0", "--set", "train.schedule=constant")
    states = [t["state"] for t in told["trials"]]
    assert len(states) == 5 and told["best"] is not None and told["tolerance"] == 1e-9
    assert all(t["why"] for t in told["trials"] if t["state"] == "failed")
    done = [t for t in told["trials"] if t["state"] == "done"]
    kept = [t for t in done if t["forgetting"] <= 1e-9]
    expected = min(kept, key=lambda t: t["loss"]) if kept else min(done, key=lambda t: t["forgetting"])
    assert told["best"] == expected["number"]


def test_what_compares_answers_is_refused(desks: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["search", str(desks), "--set", "train.method=dpo"]) == 1
    assert "a search reads the loss of answers" in capsys.readouterr().err


def test_without_optuna_the_extra_is_named(desks: Path, monkeypatch: pytest.MonkeyPatch,
                                           capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    monkeypatch.setitem(sys.modules, "optuna", None)
    assert run(["search", str(desks)]) == 1
    assert "pip install 'luthier[search]'" in capsys.readouterr().err


# ---- slow: kills


def started(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "luthier.cli.main", "search", *arguments, "--json"]
    return subprocess.Popen(
        command, cwd=folder, env={**os.environ, "LUTHIER_HOME": str(folder)}, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def killed_at(process: subprocess.Popen[str], folder: Path, pattern: str) -> None:
    """SIGKILL as soon as the search has written a file or folder of this pattern into its scratch."""
    limit = time.monotonic() + 240
    whole = str(folder / ".luthier" / "work" / pattern)
    while not (seen := glob.glob(whole)):  # noqa: PTH207  Path.glob raises where folders go while it looks
        assert process.poll() is None, process.communicate()[1]
        if time.monotonic() > limit:
            break
        time.sleep(0.02)
    process.kill()
    _, err = process.communicate()
    assert seen, f"nothing of {pattern} in 240 s: {err}"
    assert process.returncode == -signal.SIGKILL, "it had ended before it was killed"


@pytest.mark.slow
def test_killed_twice_it_ends_as_if_it_had_not_been(tmp_path: Path) -> None:
    """12 trials on the built-in base: kill -9 in the middle of two of them, then to the end. The table is that of a
    search that nobody killed, to the last bit; and what is said of the winner is what its rows show."""
    tables = []
    for name, kills in (("whole", ()), ("killed", (1, 5))):
        folder = tmp_path / name
        folder.mkdir()
        recipe = job(folder, rows=200, trials=12, halving=3)
        for trial in kills:
            killed_at(started(folder, str(recipe)), folder, f"*-{trial}/checkpoints/*")
        out, err = (process := started(folder, str(recipe))).communicate(timeout=280)
        assert process.returncode == 0, err
        tables.append(json.loads(out))
    whole, killed = tables
    for one in tables:
        for trial in one["trials"]:
            trial["seconds"] = 0.0
    assert killed["trials"] == whole["trials"] and killed["said"] == whole["said"]
    assert len(killed["trials"]) == 12 and {t["state"] for t in killed["trials"]} <= {"done", "cut short"}
    gain = killed["gain"]
    beats = gain is not None and gain["low"] > 0
    assert beats == ("beats the recipe" in killed["said"])
    best, default = (killed["trials"][number] for number in (killed["best"], 0))
    assert best is default or best["loss"] < default["loss"] or best["forgetting"] < default["forgetting"]
    recipe = yaml.safe_load(Path(killed["recipe"]).read_text())
    assert recipe["train"]["tuning"]["r"] in (4, 16)


@pytest.mark.slow
def test_a_learning_curve_answers_and_goes_on_after_a_kill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = job(tmp_path, rows=160, curve=[0.25, 0.5, 1.0], repeats=2)
    learns = ("--set", "train.learning_rate=0.005", "--set", "train.epochs=4", "--learning-curve")
    killed_at(started(tmp_path, str(recipe), *learns), tmp_path, "curve-*/0-0.5.json")
    monkeypatch.setenv("LUTHIER_HOME", str(tmp_path))
    told = found(capsys, str(recipe), *learns)
    assert told["answer"] in ("yes", "no", "not clear") and len(told["rows"]) == 3 and len(told["repeats"]) == 2
    assert told["rows"][0] < told["rows"][1] < told["rows"][2] and told["loss"][0] > told["loss"][2]
    assert told["next"]["low"] <= told["next"]["estimate"] <= told["next"]["high"]
    assert "<svg" in Path(told["page"]).read_text() and told["said"] in Path(told["page"]).read_text()
