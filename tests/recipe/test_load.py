"""The recipe language: what is written is what is read, and every mistake is answered with a place and a fix."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pytest
from pydantic.json_schema import models_json_schema

from luthier.errors import ExitCode, LuthierError, MissingExtra, UsageError
from luthier.recipe import ChainSpec, LoraTuning, Recipe, load_recipe, make_recipe

GOOD = """\
luthier: 1
name: support
model: {base: nano}
data:
  source: rows.jsonl
  split: {test: 15%}
train:
  tuning: lora
  epochs: 2
evaluate:
  target: [json_fields, {kind: json_field, field: intent, metric: macro_f1}]
  regression: [skills, {suite: text, margin: 1.5}]
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "r.yaml"
    path.write_text(text)
    return path


def test_reads_values_and_where_they_came_from(tmp_path: Path) -> None:
    path = write(tmp_path, GOOD)
    loaded = load_recipe(path, ["train.tuning.r=4", "seed=7"])
    recipe = loaded.recipe
    assert recipe.data.source == ("rows.jsonl",)
    assert recipe.data.split.test == pytest.approx(0.15)
    assert isinstance(recipe.train.tuning, LoraTuning) and recipe.train.tuning.r == 4
    assert recipe.seed == 7
    assert [m.kind for m in recipe.evaluate.target] == ["json_fields", "json_field"]
    assert [(s.suite, s.margin) for s in recipe.evaluate.regression] == [("skills", None), ("text", 1.5)]
    assert loaded.origins["train.epochs"] == f"{path}:9"
    assert loaded.origins["train.tuning.r"] == "--set"
    assert loaded.folder == tmp_path


def test_a_recipe_is_frozen_and_survives_json() -> None:
    recipe = make_recipe({"model": {"base": "nano"}, "data": {"source": "x"}}).recipe
    with pytest.raises(Exception, match="frozen"):
        recipe.seed = 3  # type: ignore[misc]
    assert Recipe.model_validate_json(recipe.model_dump_json()) == recipe


@pytest.mark.parametrize(
    ("change", "what", "fix"),
    [
        (("epochs: 2", "lr: 1"), "unknown key train.lr", "train.learning_rate"),
        (("  epochs: 2", "  epoch: 2"), "unknown key train.epoch", "train.epochs"),
        (("epochs: 2", "epochs: -1"), "train.epochs cannot be -1", ""),
        (("epochs: 2", "epochs: many"), "train.epochs cannot be 'many'", ""),
        (("tuning: lora", "tuning: {kind: lora, rank: 8}"), "unknown key train.tuning.rank", "known"),
        (("tuning: lora", "tuning: dora"), "train.tuning cannot be", ""),
        (("15%", "95%"), "data.split.test cannot be", ""),
        (("model: {base: nano}", "model: {}"), "model.base is missing", ""),
        (("name: support", "name: 'a/b'"), "name cannot be 'a/b'", ""),
        (("luthier: 1", "luthier: 2"), "luthier cannot be 2", ""),
        (("  source: rows.jsonl", "  source: []"), "data.source cannot be []", ""),
        (("kind: json_field,", "kind: json_fild,"), "evaluate.target.1 cannot be", ""),
    ],
)
def test_mistakes_are_refused_with_place_and_fix(tmp_path: Path, change: tuple[str, str], what: str, fix: str) -> None:
    assert change[0] in GOOD
    path = write(tmp_path, GOOD.replace(*change, 1))
    with pytest.raises(UsageError) as caught:
        load_recipe(path)
    error = caught.value
    assert what in error.what
    assert error.where.startswith(f"{path}:")
    assert fix in error.fix
    assert error.exit_code == ExitCode.USAGE


def test_files_that_are_no_recipes(tmp_path: Path) -> None:
    binary = tmp_path / "b.yaml"
    binary.write_bytes(b"\xff\xfe\x00\x01" * 10)
    for path, what in [
        (tmp_path / "none.yaml", "no such recipe"),
        (tmp_path, "folder"),
        (binary, "UTF-8"),
        (write(tmp_path, "a: [1,\nb: 2"), "not valid YAML"),
    ]:
        with pytest.raises(LuthierError, match=what):
            load_recipe(path)
    with pytest.raises(UsageError, match="version"):
        load_recipe(write(tmp_path, GOOD.replace("luthier: 1\n", "")))


def test_bad_overrides() -> None:
    base = {"model": {"base": "nano"}, "data": {"source": "x"}}
    for item in ("epochs", "=3", "train.epochs=[1"):
        with pytest.raises(UsageError):
            make_recipe(base, [item])
    with pytest.raises(UsageError, match=r"unknown key train\.epoch"):
        make_recipe(base, ["train.epoch=3"])


def test_schema_is_exported_with_every_key_documented() -> None:
    schema = json.loads(json.dumps(models_json_schema([(s, "validation") for s in (Recipe, ChainSpec)])[1]))
    undocumented = [
        f"{name}.{key}"
        for name, spec in schema["$defs"].items()
        for key, field in spec.get("properties", {}).items()
        if not field.get("description")
        and not schema["$defs"].get(field.get("$ref", "").rpartition("/")[2], {}).get("description")
    ]
    assert not undocumented


def test_errors_cross_process_borders() -> None:
    for error in (
        LuthierError("a", where="b", why="c", fix="d", details={"k": 1}),
        MissingExtra("x", extra="y", task="z"),
    ):
        copy = pickle.loads(pickle.dumps(error))
        assert type(copy) is type(error) and copy.render() == error.render()


def test_the_environment_fills_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("LUTHIER_NOT_SET", raising=False)
    monkeypatch.setenv("WHERE", "/data")
    path = write(tmp_path, GOOD.replace("rows.jsonl", "'${WHERE}/a.jsonl'"))
    assert load_recipe(path).recipe.data.source == ("/data/a.jsonl",)
    path = write(tmp_path, GOOD.replace("rows.jsonl", "'${LUTHIER_NOT_SET:-here}/a.jsonl'"))
    assert load_recipe(path).recipe.data.source == ("here/a.jsonl",)
    path = write(tmp_path, GOOD.replace("rows.jsonl", "'${LUTHIER_NOT_SET}/a.jsonl'"))
    with pytest.raises(UsageError, match="LUTHIER_NOT_SET is not set") as caught:
        load_recipe(path)
    assert caught.value.where == f"{path}:5"
