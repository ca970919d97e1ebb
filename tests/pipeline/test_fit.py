"""``luthier.train(model, rows)``: what a program gives, what it gets, and that nothing of it is changed."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import luthier
from luthier.errors import LuthierError, UsageError
from luthier.pipeline.fit import _lines

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "python.md"
EXAMPLE = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)[0]
ROWS = [{"prompt": f"Which colour is the {t}?", "completion": "Call the desk."} for t in ("ferry", "lamp", "river")]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def made(place: Path) -> Iterator[dict[str, Any]]:
    """What the documented example leaves in a program."""
    names: dict[str, Any] = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUTHIER_HOME", str(place))
        exec(compile(EXAMPLE, str(GUIDE), "exec"), names)
    yield names
    names["tuned"].close()


def test_the_documented_example_gives_what_it_says(made: dict[str, Any]) -> None:
    tuned = made["tuned"]
    assert (tuned.adapter / "adapter_model.safetensors").is_file() and tuned.model is None
    assert tuned.rows["train"] >= 30 and tuned.rows["test"] >= 3
    losses = [entry["loss"] for entry in tuned.history if "loss" in entry]
    assert losses[-1] < 0.5 * losses[0] and tuned.best_loss is not None and tuned.best_loss < losses[0]
    assert made["answer"] == "Please call the desk." and made["answers"] == ["Please call the desk."] * 2
    assert made["before"] != "Please call the desk."


def test_the_loaded_model_is_not_changed(made: dict[str, Any]) -> None:
    from transformers import AutoModelForCausalLM

    fresh = AutoModelForCausalLM.from_pretrained(made["folder"]).state_dict()
    now = made["model"].state_dict()
    assert fresh.keys() == now.keys() and all(tensor.equal(fresh[name]) for name, tensor in now.items())


def test_the_verdict_is_the_gates(made: dict[str, Any]) -> None:
    target = next(r for r in made["verdict"].results if r.role == "target")
    assert target.candidate == 100.0 and target.n == made["tuned"].rows["test"]
    assert target.low <= target.delta <= target.high


def test_other_verbs_know_what_was_made(made: dict[str, Any], place: Path, monkeypatch: pytest.MonkeyPatch,
                                        capsys: pytest.CaptureFixture[str]) -> None:  # fmt: skip
    from luthier.cli.main import run

    monkeypatch.setenv("LUTHIER_HOME", str(place))
    assert run(["chat", made["tuned"].run, "-m", "Is there a smaller cloud in your shop?"]) == 0
    assert capsys.readouterr().out.strip() == "Please call the desk."
    assert run(["why", made["tuned"].run, "--json"]) == 0 and run(["verify"]) == 0
    assert not list(place.rglob("rows.jsonl")), "a copy of the rows was left behind"


def test_the_same_call_again_trains_nothing(made: dict[str, Any], place: Path) -> None:
    again = luthier.train(
        made["model"], made["rows"], tokenizer=made["tokenizer"], home=place, epochs=2, evaluations=2,
        learning_rate=5e-3,
    )
    assert again.adapter == made["tuned"].adapter and again.history == made["tuned"].history


def frames() -> dict[str, Callable[[], Any]]:
    def pandas() -> Any:
        return pytest.importorskip("pandas").DataFrame(ROWS)

    def polars() -> Any:
        return pytest.importorskip("polars").DataFrame(ROWS)

    def dataset() -> Any:
        return pytest.importorskip("datasets").Dataset.from_list(ROWS)

    return {"pandas": pandas, "polars": polars, "datasets": dataset, "generator": lambda: iter(ROWS)}


@pytest.mark.parametrize("kind", frames())
def test_every_kind_of_rows_is_the_same_rows(kind: str) -> None:
    assert _lines(frames()[kind]()) == _lines(ROWS)


def test_a_missing_cell_is_no_text_and_an_array_is_a_list() -> None:
    pandas, numpy = pytest.importorskip("pandas"), pytest.importorskip("numpy")
    turns = numpy.array([{"role": "user", "content": "Hm?"}], dtype=object)
    frame = pandas.DataFrame([{"a": "x", "b": 1.5, "c": pandas.NA, "d": turns}, {"a": None, "d": turns}])
    read = [json.loads(line) for line in _lines(frame).splitlines()]
    assert read[0] == {"a": "x", "b": 1.5, "c": None, "d": [{"role": "user", "content": "Hm?"}]}
    assert read[1]["a"] is None and read[1]["b"] is None


WRONG: dict[str, tuple[Callable[[], Any], str]] = {
    "no rows": (lambda: luthier.train("nano", []), "there are no rows"),
    "a number": (lambda: luthier.train("nano", 3), "int is no rows"),
    "splits": (lambda: luthier.train("nano", {"train": ROWS}), "its splits: train"),
    "no row": (lambda: luthier.train("nano", [1]), "int is no row"),
    "no model": (lambda: luthier.train(object(), ROWS), "object is no transformers model"),
    "a key": (lambda: luthier.train("nano", ROWS, epoch=1), "unknown key train.epoch"),
    "a file": (lambda: luthier.train("nano", "nope.jsonl"), "nope.jsonl"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_trained_is_refused_in_words(case: str, home: Path) -> None:
    call, says = WRONG[case]
    with pytest.raises((LuthierError, UsageError), match=says):
        call()


def test_the_api_imports_no_torch_before_it_trains() -> None:
    code = (
        "import sys, luthier\n"
        "luthier.train, luthier.fine_tune, luthier.Tuned\n"
        "import luthier.train.plan\n"
        "assert callable(luthier.train) and luthier.train.plan.derive\n"
        "assert not {'torch', 'transformers', 'pandas', 'datasets'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
