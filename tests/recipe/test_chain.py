"""Recipes of several stages: what each stage is, and what is refused before any of them runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.witness import is_there, leaves

from luthier.errors import UsageError
from luthier.recipe import ChainSpec, LoadedChain, load_chain, load_recipe

CHAIN = """\
luthier: 1
name: rlhf
model: {base: nano}
data: {source: pairs.jsonl}
train: {tuning: {kind: lora, r: 4, alpha: 8}, max_steps: 5}
stages:
  - name: sft
    data: {map: {prompt: prompt, completion: chosen}}
    train: {method: sft}
  - name: reward
    seed: 7
    train: {method: reward, max_steps: 9}
  - name: rl
    on_reject: go_on
    model: {adapter: "stage:sft"}
    train: {method: {kind: grpo, rewards: {by: {kind: reward_model, model: "stage:reward"}}}}
    evaluate: {target: {kind: reward_model, model: "stage:reward"}}
"""


def load(folder: Path, text: str = CHAIN, *overrides: str) -> LoadedChain:
    path = folder / "rlhf.yaml"
    path.write_text(text)
    found = load_chain(path, overrides)
    assert found is not None
    return found


def test_a_stage_is_what_is_at_the_top_with_its_own_keys_over_it(tmp_path: Path) -> None:
    sft, reward, rl = load(tmp_path).stages
    assert [s.loaded.recipe.name for s in (sft, reward, rl)] == ["rlhf-sft", "rlhf-reward", "rlhf-rl"]
    assert [s.loaded.recipe.train.max_steps for s in (sft, reward, rl)] == [5, 9, 5]
    assert [s.loaded.recipe.train.tuning.r for s in (sft, reward, rl)] == [4, 4, 4]  # type: ignore[union-attr]
    assert [s.loaded.recipe.seed for s in (sft, reward, rl)] == [0, 7, 0]
    assert sft.loaded.recipe.data.map is not None and reward.loaded.recipe.data.map is None
    assert [s.on_reject for s in (sft, reward, rl)] == ["stop", "stop", "go_on"]
    assert reward.loaded.origins["train.max_steps"].endswith(":12")
    assert sft.loaded.origins["train.max_steps"].endswith(":5")


def test_a_stage_of_another_kind_takes_nothing_of_the_kind_at_the_top(tmp_path: Path) -> None:
    text = CHAIN.replace("max_steps: 5}", "max_steps: 5, method: {kind: dpo, beta: 0.3}}")
    text = text.replace("train: {method: sft}", "train: {method: {label_smoothing: 0.1}}")
    text = text.replace('model: {adapter: "stage:sft"}', 'model: {adapter: "stage:sft"}\n    data: {replay: null}')
    text = text.replace("    data: {map: {prompt: prompt, completion: chosen}}\n", "")
    sft, reward, _ = load(tmp_path, text).stages
    assert sft.loaded.recipe.train.method.model_dump()["beta"] == 0.3
    assert reward.loaded.recipe.train.method.kind == "reward"


def test_earlier_models_are_put_in_by_name(tmp_path: Path) -> None:
    sft, _, rl = load(tmp_path).stages
    assert rl.uses == {
        "model.adapter": "sft", "train.method.rewards.0.by.model": "reward", "evaluate.target.0.model": "reward",
    }  # fmt: skip
    given = rl.given(lambda key, stage: f"{stage}-made").recipe
    assert given.model.adapter == "sft-made"
    assert given.train.method.rewards[0].by.model == "reward-made"  # type: ignore[union-attr]
    assert given.evaluate.reward_models[0].model == "reward-made"
    assert sft.given(lambda key, stage: "none") is sft.loaded


def test_overrides_of_the_whole_and_of_a_stage(tmp_path: Path) -> None:
    sft, reward, rl = load(tmp_path, CHAIN, "train.max_steps=2", "stages.rl.train.method.group=4").stages
    assert [s.loaded.recipe.train.max_steps for s in (sft, reward, rl)] == [2, 9, 2]
    assert rl.loaded.recipe.train.method.group == 4  # type: ignore[union-attr]
    with pytest.raises(UsageError, match=r"train\.epochs at the top does nothing") as caught:
        load(tmp_path, CHAIN.replace("{method: reward,", "{epochs: 1, method: reward,").replace(
            "{method: sft}", "{epochs: 1, method: sft}").replace(
            "{method: {kind: grpo", "{epochs: 1, method: {kind: grpo"), "train.epochs=2")  # fmt: skip
    assert caught.value.where == "--set"


@pytest.mark.parametrize(
    ("old", "new", "said", "line"),
    [
        ('"stage:sft"', '"stage:sfd"', "names stage:sfd, which is no stage", 15),
        ('"stage:sft"', '"stage:rl"', "which is the stage itself", 15),
        ("model: {base: nano}\ndata", 'model: {base: nano, adapter: "stage:rl"}\ndata', "comes later", 3),
        ('"stage:sft"', '"stage:reward"', "makes a model that scores", 15),
        ('model: "stage:reward"}}}', 'model: "stage:sft"}}}', "makes a model that writes", 16),
        ("name: reward", "name: sft", "two stages are called sft", None),
        ("{method: sft}", "{metod: sft}", "stage sft: unknown key train.metod", 9),
        ("    seed: 7", "    sed: 7", "unknown key stages.1.sed", 11),
        ("{method: sft}", "{method: sft, tuning: full}", "an adapter of another shape", 15),
        ("{method: sft}", "{method: sft, tuning: {r: 8}}", "tuning.r is 8 there and 4 here", 15),
        ('{adapter: "stage:sft"}', '{adapter: "stage:sft", base: other}', "an adapter of nano", 15),
        ("{method: sft}", "{method: sft}\n    export: {formats: merged}", "does not deliver it", 16),
        ('model: {adapter: "stage:sft"}', 'data: {source: "stage:sft"}', "where no model is named", 15),
        ("stages:", "stags:", "unknown key stags", None),
    ],
)  # fmt: skip
def test_what_could_not_run_is_refused_where_it_stands(
    tmp_path: Path, old: str, new: str, said: str, line: int | None
) -> None:
    assert old in CHAIN
    path = tmp_path / "rlhf.yaml"
    path.write_text(CHAIN.replace(old, new, 1))
    with pytest.raises(UsageError) as caught:
        load_chain(path) or load_recipe(path)
    assert said in f"{caught.value.what} {caught.value.why}" and caught.value.fix
    assert line is None or caught.value.where == f"{path}:{line}"


def test_an_override_of_no_stage_and_a_verb_of_one_stage_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no stage rll") as caught:
        load(tmp_path, CHAIN, "stages.rll.seed=1")
    assert "did you mean rl?" in caught.value.fix
    with pytest.raises(UsageError, match="several stages") as caught:
        load_recipe(tmp_path / "rlhf.yaml")
    assert caught.value.where.endswith("rlhf.yaml:6") and "luthier run" in caught.value.fix
    (tmp_path / "one.yaml").write_text("luthier: 1\nmodel: {base: nano}\ndata: {source: rows.jsonl}\n")
    assert load_chain(tmp_path / "one.yaml") is None


HERE, RUN = "tests/recipe/test_chain.py", "tests/end_to_end/test_chain.py"
WITNESSES = {
    "luthier": f"{HERE}::test_what_could_not_run_is_refused_where_it_stands",
    "on_reject": f"{RUN}::test_a_rejected_stage_stops_those_after_it_unless_told_otherwise",
    **dict.fromkeys(
        ("name", "seed", "model", "data", "train", "evaluate"),
        f"{HERE}::test_a_stage_is_what_is_at_the_top_with_its_own_keys_over_it",
    ),
    "export": f"{HERE}::test_what_could_not_run_is_refused_where_it_stands",
    "track": f"{HERE}::test_what_holds_for_the_whole_reaches_every_stage",
    "privacy": f"{HERE}::test_what_holds_for_the_whole_reaches_every_stage",
}


def test_what_holds_for_the_whole_reaches_every_stage(tmp_path: Path) -> None:
    text = CHAIN.replace("stages:", "privacy: {egress: localhost}\ntrack: tensorboard\nstages:")
    for stage in load(tmp_path, text).stages:
        assert stage.loaded.recipe.privacy.egress == ("localhost",)
        assert stage.loaded.recipe.track[0].kind == "tensorboard"
    with pytest.raises(UsageError, match="stage sft: "):
        load(tmp_path, CHAIN.replace("stages:", "privacy: {egres: localhost}\nstages:"))


def test_no_key_is_without_a_witness() -> None:
    assert {key.rpartition(".")[2] for key in leaves(ChainSpec)} == WITNESSES.keys()
    assert all(is_there(test) for test in WITNESSES.values())
