"""The whole way with the second backend: the same recipe, the steps made by TRL."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from tests.end_to_end import test_preferences, test_rewards

from luthier.cli.main import run
from luthier.errors import LuthierError
from luthier.models import products
from luthier.pipeline.run import run_until
from luthier.recipe import load_recipe
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
def test_the_same_recipe_by_trl_to_a_verdict(
    colours: Path, no_egress: list[Any], luthier: Luthier, monkeypatch: pytest.MonkeyPatch
) -> None:
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

    # the other backend's training is another artifact of the same rows, and differs by rounding only: with the products
    # that TRL has, as AdamW takes a whole step where other products round a gradient to the other side of zero
    monkeypatch.setattr(products, "multiplies_apart", lambda: False)
    other = run_until("train", load_recipe(colours, ["train.anchor=0", "train.precision=fp32"]), store)
    assert other.id != trained.id and "backend" not in other.meta and other.parents == trained.parents
    own = json.loads(other.file("history.json").read_text())["history"]
    assert [h["loss"] for h in own[1:]] == pytest.approx([h["loss"] for h in history[1:]], abs=1e-4)
    assert own[-1]["val"] == pytest.approx(history[-1]["val"], abs=1e-4)
    ends = [load_file(a.path / "weights.safetensors") for a in (trained, other)]
    for name, tensor in ends[0].items():
        assert torch.allclose(tensor, ends[1][name], rtol=0, atol=1e-4), name


@pytest.mark.slow
@pytest.mark.parametrize("method", ["dpo", "kto", "reward"])
def test_comparisons_by_trl_to_an_adapter(method: str, home: Path, no_egress: list[Any]) -> None:
    """Half of the rows a thumb up, the others one down, for kto."""
    pytest.importorskip("trl")
    recipe = test_preferences.write_job(home)
    if method == "kto":
        rows = [json.loads(line) for line in (home / "rows.jsonl").read_text().splitlines()]
        made = [{"prompt": r["prompt"], "completion": r["chosen" if i % 2 else "rejected"], "label": bool(i % 2)}
                for i, r in enumerate(rows)]  # fmt: skip
        (home / "rows.jsonl").write_text("".join(json.dumps(r) + "\n" for r in made))
        (home / "test.jsonl").write_text("".join(json.dumps(r) + "\n" for r in made[:12]))
    keys = ["train.backend=trl", f"train.method={method}"]
    adapter = run_until("export", load_recipe(recipe, keys), Store.open())
    (trained,) = Store.open().artifacts("training")
    history = json.loads(trained.file("history.json").read_text())["history"]
    assert trained.meta["backend"].startswith("trl 1.") and trained.meta["steps"] == 6
    seen = {"dpo": "chosen_logp", "kto": "rejected_logp", "reward": "accuracy"}[method]
    told = [seen in h for h in history[1:]]  # a step of few thumbs may hold none of one kind
    assert any(told) and (all(told) or method == "kto") and "val" in history[-1]
    assert json.loads(adapter.file("parity.json").read_text())["holds"]


@pytest.mark.slow
def test_rewards_by_trl_to_a_verdict(home: Path, no_egress: list[Any], luthier: Luthier) -> None:
    """The rewards of the recipe, one of them a function of the user's own, are what TRL is told."""
    pytest.importorskip("trl")
    recipe = test_rewards.write_job(home)
    code, made = luthier("run", str(recipe), "--set", "train.backend=trl", "--set", "train.checkpoints=0")
    assert code in (0, 10, 11), made
    trained = trained_by(made)
    history = json.loads(trained.file("history.json").read_text())["history"]
    assert trained.meta["backend"].startswith("trl 1.") and trained.meta["steps"] == 6 and len(history) == 7
    assert all({"./rewards.py:grade", "exact", "kl", "reward"} <= h.keys() for h in history[1:])
    adapter = Store.open().get(made["artifacts"]["adapter"])
    assert json.loads(adapter.file("parity.json").read_text())["holds"]
