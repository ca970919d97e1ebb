"""The whole way with the second backend: the same recipe, the steps made by TRL."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run
from luthier.errors import LuthierError
from luthier.store import Artifact, Store

Luthier = Callable[..., tuple[int, Any]]
BY_TRL = ("--set", "train.backend=trl", "--set", "train.anchor=0")


def trained_by(made: Any) -> Artifact:
    """The training of a run."""
    store = Store.open()
    (found,) = store.run(made["run"]).made["train"]
    return store.get(found)


def test_what_trl_cannot_do_is_refused_before_anything_is_read(
    colours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The recipe has an anchor."""
    assert run(["run", "colours.yaml", "--set", "train.backend=trl"]) == 2
    told = capsys.readouterr().err
    assert "anchor: TRL has no loss" in told and "train.backend: luthier" in told and "Traceback" not in told


def test_the_plan_says_who_makes_the_steps(colours: Path, luthier: Luthier) -> None:
    pytest.importorskip("trl", reason="the plan refuses a backend that is not there")
    code, plan = luthier("plan", "colours.yaml", *BY_TRL)
    (line,) = [v for v in plan["values"] if v["key"] == "train.backend"]
    assert code == 0 and line["value"] == "trl" and "needs and time below are of Luthier's own loop" in line["reason"]


def test_trl_that_is_not_there_is_named_with_its_extra(
    colours: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from importlib.metadata import PackageNotFoundError

    from luthier.train import backend_trl

    def absent(name: str) -> str:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(backend_trl, "version", absent)
    assert run(["plan", "colours.yaml", *BY_TRL]) == 1
    told = capsys.readouterr().err
    assert "trl is not installed" in told and "pip install 'luthier[trl]'" in told
    monkeypatch.setattr(backend_trl, "version", lambda name: "1.9.3")
    with pytest.raises(LuthierError, match=r"trl 1\.9\.3 is too old"):
        backend_trl.installed()


@pytest.mark.slow
def test_the_same_recipe_by_trl_to_a_verdict(colours: Path, no_egress: list[Any], luthier: Luthier) -> None:
    pytest.importorskip("trl")
    code, made = luthier("run", "colours.yaml", *BY_TRL)
    assert code in (0, 10, 11) and made["verdict"]["results"]
    store = Store.open()
    trained = trained_by(made)
    assert trained.meta["backend"].startswith("trl 1.")
    history = json.loads(trained.file("history.json").read_text())["history"]
    assert [h["step"] for h in history] == list(range(9)) and {"loss", "rate", "norm"} <= history[3].keys()
    assert any("val" in h for h in history[1:]) and any("general_loss" in h.get("probe", {}) for h in history)
    for kind in ("adapter", "model"):
        assert json.loads(store.get(made["artifacts"][kind]).file("parity.json").read_text())["holds"]
    assert "not by Luthier" in Path(made["report"]).read_text()
    code, told = luthier("why", made["artifacts"]["adapter"])
    assert code == 0 and "backend trl 1." in json.dumps(told)

    # the other backend's training is another artifact of the same rows, and differs by rounding only
    _, ours = luthier("run", "colours.yaml", "--set", "train.anchor=0")
    assert ours["artifacts"]["dataset"] == made["artifacts"]["dataset"]
    other = trained_by(ours)
    assert other.id != trained.id and "backend" not in other.meta
    own = json.loads(other.file("history.json").read_text())["history"]
    assert [h["loss"] for h in own[1:]] == pytest.approx([h["loss"] for h in history[1:]], abs=1e-4)
    assert own[-1]["val"] == pytest.approx(history[-1]["val"], abs=1e-4)
