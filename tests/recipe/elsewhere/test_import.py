"""Configurations of LLaMA-Factory, axolotl and TRL become recipes that ask for what the tool would have done.

The configurations beside this file are written after the tools' own examples, with the keys that those have.
"""

from __future__ import annotations

import ast
import importlib.util
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from luthier.cli.main import run
from luthier.errors import LuthierError
from luthier.recipe import LoraTuning, QloraTuning, Recipe, load_recipe
from luthier.recipe.elsewhere import Imported, bring

HERE = Path(__file__).resolve().parent
FILES = ("llama_factory_sft.yaml", "llama_factory_dpo.yaml", "axolotl_lora.yml", "axolotl_kto.yaml", "trl_sft.yaml",
         "trl_dpo.json")  # fmt: skip
SETS = {"trl_dpo.json": ("model.base=nano", "data.source=data/pairs.jsonl")}

QUESTIONS = ("Which colour is the {}?", "My {} is broken, what now?", "How do I send the {} back to you, please?",
             "Is there a smaller {} in your shop?")  # fmt: skip
THINGS = ("ferry", "lamp", "river", "stone", "cloud", "bread", "train", "glove", "piano", "window")


def asked() -> list[str]:
    return [question.format(thing) for thing in THINGS for question in QUESTIONS]


def chat(role: str, content: str, names: tuple[str, str]) -> Callable[[str, int], list[dict[str, str]]]:
    return lambda q, n: [{role: names[0], content: q}, {role: names[1], content: f"answer {n % 3}"}]


ROWS: dict[str, Callable[[str, int], dict[str, Any]]] = {
    "tickets": lambda q, n: {"subject": f"No. {n}", "body": q, "reply": f"answer {n % 3}", "rules": "Be brief."},
    "more": lambda q, n: {"subject": f"Ticket {n}", "body": f"Again: {q}", "reply": "later", "rules": ""},
    "alpaca": lambda q, n: {"instruction": q, "input": "", "output": f"answer {n % 3}"},
    "chats": lambda q, n: {"conversations": chat("from", "value", ("human", "gpt"))(q, n)},
    "openai": lambda q, n: {"messages": chat("role", "content", ("user", "assistant"))(q, n)},
    "own": lambda q, n: {"thread": chat("who", "said", ("customer", "agent"))(q, n)},
    "pairs": lambda q, n: {"question": q, "better": f"answer {n % 3}", "worse": "no idea"},
    "thumbs": lambda q, n: {"question": q, "reply": f"answer {n % 3}", "liked": n % 2 == 0},
    "texts": lambda q, n: {"text": f"{q} It is number {n} of the catalogue, and stands on shelf {n % 7}."},
}


@pytest.fixture
def place(home: Path) -> Path:
    """A folder with the configurations, dataset_info.json and its rows; commands are given in it."""
    for name in FILES:
        shutil.copy(HERE / name, home / name)
    (home / "data").mkdir()
    shutil.copy(HERE / "data" / "dataset_info.json", home / "data")
    for name, row in ROWS.items():
        text = "".join(json.dumps(row(q, n)) + "\n" for n, q in enumerate(asked()))
        (home / "data" / f"{name}.jsonl").write_text(text)
    return home


def taken(path: Path, *sets: str) -> tuple[Imported, Recipe]:
    made = bring(path, overrides=sets)
    made.write()
    return made, load_recipe(made.path).recipe


def edited(path: Path, **changes: Any) -> Path:
    """A copy with keys changed; None takes one out."""
    values = {**yaml.safe_load(path.read_text()), **changes}
    copy = path.with_name(f"edited-{path.stem}.yaml")
    copy.write_text(yaml.safe_dump({k: v for k, v in values.items() if v is not None}))
    return copy


@pytest.mark.parametrize("name", FILES)
def test_every_key_is_accounted_for(place: Path, name: str) -> None:
    """Carried, named with a reason, or without a value: none is passed over."""
    made, _ = taken(place / name, *SETS.get(name, ()))
    text = (place / name).read_text()
    values = json.loads(text) if name.endswith("json") else yaml.safe_load(text)
    told = {x.key for x in (*made.changes, *made.harmless)} | set(made.empty)
    origins = " ".join(c.origin for c in made.carried)
    read = {key for key in values if re.search(rf"\b{key}\b", origins)}
    as_here = {"dataset_dir", "load_in_4bit", "packing", "sample_packing", "assistant_only_loss", "truncation_mode",
               "label_smoothing", "val_set_size"}  # fmt: skip
    assert set(values) - told - read <= as_here  # used for what it says, or what Luthier does anyway
    assert all(x.why for x in (*made.changes, *made.harmless))


def test_llama_factory_sft(place: Path) -> None:
    made, recipe = taken(place / "llama_factory_sft.yaml")
    assert made.tool == "LLaMA-Factory" and "stage" in made.reason
    tuning = recipe.train.tuning
    assert type(tuning) is LoraTuning
    assert (tuning.r, tuning.alpha, tuning.dropout, tuning.rslora, tuning.loraplus_lr_ratio) == (8, 32, 0.05, True, 16)
    assert tuning.targets == ("q_proj", "v_proj") and tuning.modules_to_save == ("embed_tokens",)
    train = recipe.train
    assert (train.epochs, train.learning_rate, train.schedule, train.warmup) == (3, 1e-4, "cosine", 0.1)
    assert (train.batch_rows, train.weight_decay, train.max_length, train.precision) == (16, 0.1, 512, "bf16")
    assert recipe.seed == 7 and train.patience == 0 and recipe.data.split.validation == 0.1
    assert recipe.data.source == ("data/tickets.jsonl", "data/more.jsonl")
    assert recipe.data.map is not None and recipe.data.map.prompt == "{{subject}}\n{{body}}"
    assert recipe.data.map.system == "{{rules}}"
    assert {x.key for x in made.changes} == {"max_samples", "template"}
    assert train.neftune_alpha == 5
    text = made.path.read_text()
    assert "r: 8  # lora_rank, line 9" in text and "per_device_train_batch_size and gradient_accumulation_steps" in text
    assert "max_samples: 1000" in text


def test_llama_factory_dpo(place: Path) -> None:
    made, recipe = taken(place / "llama_factory_dpo.yaml")
    method = recipe.train.method.model_dump()
    assert (method["kind"], method["beta"], method["label_smoothing"], method["sft"]) == ("dpo", 0.2, 0.1, 0.5)
    tuning = recipe.train.tuning
    assert isinstance(tuning, QloraTuning) and tuning.targets == "all-linear" and not tuning.double_quant
    assert tuning.alpha == 32  # twice the rank, LLaMA-Factory's default
    assert recipe.train.warmup_steps == 20 and recipe.train.precision == "bf16"
    assert "ref_model" in {x.key for x in made.changes}
    assert recipe.data.map is not None and recipe.data.map.chosen == "better"


@pytest.mark.parametrize(
    ("changes", "look"),
    [
        ({"pref_loss": "simpo", "simpo_gamma": 1.2}, lambda m: (m["kind"], m["margin"]) == ("simpo", 1.2)),
        ({"pref_loss": "orpo"}, lambda m: (m["kind"], m["sft"]) == ("orpo", 0.5)),
        ({"pref_loss": "hinge", "dpo_label_smoothing": None}, lambda m: (m["kind"], m["loss"]) == ("dpo", "hinge")),
        ({"pref_loss": "ipo"}, lambda m: m["kind"] == "ipo"),
        ({"stage": "kto", "dataset": "thumbs", "pref_loss": None, "kto_chosen_weight": 0.7},
         lambda m: (m["kind"], m["beta"], m["desirable"]) == ("kto", 0.2, 0.7)),
        ({"stage": "pt", "dataset": "texts"}, lambda m: m["kind"] == "continued"),
        ({"stage": "sft", "dataset": "alpaca_en"}, lambda m: m["kind"] == "sft"),
    ],
)  # fmt: skip
def test_each_stage_of_llama_factory(place: Path, changes: dict[str, Any], look: Callable[..., bool]) -> None:
    _, recipe = taken(edited(place / "llama_factory_dpo.yaml", **changes))
    assert look(recipe.train.method.model_dump())


@pytest.mark.parametrize(
    ("name", "shape", "column"),
    [("alpaca_en", "alpaca", None), ("chats", "sharegpt", None), ("openai", "messages", None),
     ("own_roles", "auto", "thread")],
)  # fmt: skip
def test_data_sets_of_llama_factory(place: Path, name: str, shape: str, column: str | None) -> None:
    _, recipe = taken(edited(place / "llama_factory_sft.yaml", dataset=name))
    assert recipe.data.shape == shape
    if column is not None:
        assert recipe.data.map is not None and recipe.data.map.turns_in is not None
        assert recipe.data.map.turns_in.column == column
        assert recipe.data.map.roles == {"customer": "user", "agent": "assistant"}


def test_a_data_set_of_the_hub_keeps_its_revision_and_split(place: Path) -> None:
    _, recipe = taken(edited(place / "llama_factory_sft.yaml", dataset="hub_rows"))
    assert recipe.data.source == ("hub:owner/name@abc:en/train_sft*",)


def test_rows_of_two_mappings_are_not_mixed(place: Path) -> None:
    made, recipe = taken(edited(place / "llama_factory_sft.yaml", dataset="tickets,alpaca_en"))
    assert recipe.data.source == ("data/tickets.jsonl",)
    assert any("alpaca_en are left out" in note for note in made.notes)


def test_axolotl_lora(place: Path) -> None:
    made, recipe = taken(place / "axolotl_lora.yml")
    assert made.tool == "axolotl"
    tuning, train = recipe.train.tuning, recipe.train
    assert type(tuning) is LoraTuning and (tuning.r, tuning.alpha, tuning.targets) == (32, 16, "all-linear")
    assert train.batch_tokens == 2 * 4 * 256 and train.batch_rows is None  # packed: a row is a pack
    assert (train.warmup_steps, train.evaluations, train.checkpoints, train.patience) == (10, 16, 4, 3)
    assert (train.epochs, train.precision, recipe.seed) == (4, "auto", 42)
    assert recipe.data.source == ("data/chats.jsonl",) and recipe.data.shape == "sharegpt"
    assert {x.key for x in made.changes} == {
        "chat_template", "cosine_min_lr_ratio", "loss_watchdog_threshold", "loss_watchdog_patience", "special_tokens",
    }  # fmt: skip
    assert train.neftune_alpha == 5
    assert {"deepspeed", "gradient_checkpointing", "train_on_inputs", "optimizer"} <= {x.key for x in made.harmless}
    assert {"wandb_project", "fp16", "lora_model_dir"} <= set(made.empty)


def test_axolotl_kto_on_the_hub(place: Path) -> None:
    _, recipe = taken(place / "axolotl_kto.yaml")
    method = recipe.train.method.model_dump()
    assert (method["kind"], method["beta"], method["desirable"]) == ("kto", 0.5, 0.2)
    assert isinstance(recipe.train.tuning, QloraTuning) and recipe.train.tuning.targets == ("q_proj", "k_proj")
    assert recipe.data.source == ("hub:argilla/ultrafeedback-binarized-preferences-cleaned-kto",)
    assert recipe.model.base == "meta-llama/Llama-3.2-1B" and recipe.train.batch_rows == 2


def test_keys_of_a_data_set_are_told_too(place: Path) -> None:
    pairs = {"path": "data/pairs.jsonl", "type": "chat_template.default", "field_chosen": "better", "shards": 4}
    made, recipe = taken(edited(place / "axolotl_lora.yml", rl="dpo", datasets=[pairs]))
    told = " ".join(made.notes)
    assert "field_chosen: better has no counterpart" in told and "shards: 4 has no counterpart" in told
    assert recipe.train.method.kind == "dpo" and "type" not in told


def test_axolotl_prompts_and_templates_of_ones_own(place: Path) -> None:
    own = {"field_instruction": "subject", "field_input": "body", "field_output": "reply", "system_prompt": "Be brief.",
           "format": "{instruction}: {input}"}  # fmt: skip
    template = "{% for m in messages %}{{ m.content }}{% endfor %}"
    path = edited(
        place / "axolotl_lora.yml", datasets=[{"path": "data/tickets.jsonl", "type": own}], chat_template="jinja",
        chat_template_jinja=template, adapter=None, lora_r=None,
    )  # fmt: skip
    _, recipe = taken(path)
    assert recipe.data.map is not None and recipe.data.map.prompt == "{{subject}}: {{body}}"
    assert recipe.data.map.system == "Be brief." and recipe.train.tuning.kind == "full"
    assert (place / str(recipe.model.chat_template)).read_text().strip() == template


def test_trl_sft(place: Path) -> None:
    made, recipe = taken(place / "trl_sft.yaml")
    assert made.tool == "TRL" and recipe.train.method.kind == "sft"
    tuning, train = recipe.train.tuning, recipe.train
    assert type(tuning) is LoraTuning and (tuning.r, tuning.alpha, tuning.targets) == (64, 16, "all-linear")
    assert tuning.dropout == 0.05  # TRL's default, which is not Luthier's
    assert (train.schedule, train.warmup, train.clip, train.batch_rows) == ("constant", 0, 0.3, 8)
    assert recipe.data.on_overlong == "keep_end" and recipe.data.source == ("data/openai.jsonl",)
    assert "dropout: 0.05  # TRL's default" in made.path.read_text()
    assert not made.changes


def test_trl_dpo_as_json(place: Path) -> None:
    """A dump of DPOConfig: no model and no data in it, which are given, and every default written out."""
    made, recipe = taken(place / "trl_dpo.json", *SETS["trl_dpo.json"])
    method = recipe.train.method.model_dump()
    assert (method["kind"], method["loss"], method["beta"]) == ("dpo", "hinge", 0.05)
    assert (recipe.train.max_steps, recipe.train.epochs, recipe.train.learning_rate) == (200, 1000, 1e-6)
    assert recipe.train.tuning.kind == "full" and recipe.train.batch_rows == 4
    assert {x.key for x in made.changes} == {"f_divergence_type", "adam_beta2"}
    with pytest.raises(LuthierError, match="names no model") as stopped:
        bring(place / "trl_dpo.json")
    assert "--set model.base=" in stopped.value.fix


WRONG: list[tuple[str, str, str, str]] = [
    ("name: tune\nnothing: here\n", "not a configuration that Luthier knows", "", "x.yaml"),
    ("model:\n  _component_: torchtune.models.llama3\n", "not a configuration that Luthier knows", "torchtune", ""),
    ("luthier: 1\nmodel: {base: nano}\n", "this is a recipe already", "", ""),
    ("base_model: nano\n  adapter: lora\n", "not valid YAML", "", ":2"),
    ("- base_model\n- adapter\n", "a configuration is a mapping of keys", "", ""),
    ("stage: sft\nmodel_name_or_path: nano\ndataset: nope\n", "does not know the data set 'nope'", "", ""),
    ("stage: sft\nmodel_name_or_path: nano\ndataset: tickets\ndataset_dir: elsewhere\n",
     "elsewhere/dataset_info.json was not found", "", ":4"),
    ("stage: sft\nmodel_name_or_path: nano\ndataset: scripted\n", "names script_url", "", ""),
    ("stage: ppo\nmodel_name_or_path: nano\ndataset: tickets\n", "stage: ppo cannot become a recipe", "", ":1"),
    ("stage: sft\nfinetuning_type: freeze\nmodel_name_or_path: nano\n", "freeze cannot become", "", ":2"),
    ("base_model: nano\nrl: grpo\ndatasets: [{path: a.jsonl}]\n", "rl: grpo cannot become a recipe", "", ":2"),
    ("base_model: nano\nadapter: lora\nmicro_batch_size: 1\ndatasets: [{path: data/chats.jsonl}]\nlora_dropout: 1.5\n",
     "train.tuning.dropout cannot be 1.5", "", "lora_dropout, line 5"),
    ("base_model: nano\nadapter: lora\ndatasets: [{path: data/chats.jsonl}]\nlearning_rate: fast\n",
     "learning_rate cannot be 'fast'", "", ":4"),
    ("num_generations: 8\ndataset_name: a/b\nmodel_name_or_path: nano\n", "num_generations: 8 cannot become", "", ""),
]  # fmt: skip


@pytest.mark.parametrize(("text", "what", "why", "where"), WRONG)
def test_what_is_wrong_is_said_with_its_line(place: Path, text: str, what: str, why: str, where: str) -> None:
    (place / "x.yaml").write_text(text)
    with pytest.raises(LuthierError) as stopped:
        bring(place / "x.yaml")
    error = stopped.value
    assert what in error.what and why in error.why and where in error.where and (error.fix or error.why)
    assert not (place / "x.luthier.yaml").exists()


def test_a_misspelt_key_is_named_with_the_nearest_one(place: Path) -> None:
    made, _ = taken(edited(place / "axolotl_lora.yml", neftune_noise_alpa=3))
    why = next(x.why for x in made.changes if x.key == "neftune_noise_alpa")
    assert "did you mean neftune_noise_alpha?" in why


def test_the_command_says_it_all_and_overwrites_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["import", "axolotl_lora.yml"]) == 0
    out = capsys.readouterr().out
    assert "axolotl: its keys" in out and "CHANGES THE RESULT" in out and "cosine_min_lr_ratio" in out
    assert "does not matter here" in out and "luthier plan axolotl_lora.luthier.yaml" in out
    path = place / "axolotl_lora.luthier.yaml"
    path.write_text(path.read_text() + "# mine\n")
    assert run(["import", "axolotl_lora.yml"]) == 1
    assert path.read_text().endswith("# mine\n")
    assert run(["import", "axolotl_lora.yml", "-o", "other.yaml", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["tool"] == "axolotl" and {"key", "value", "why", "where"} == set(told["changes"][0])


def test_paths_follow_the_recipe(place: Path) -> None:
    (place / "recipes").mkdir()
    made = bring(place / "llama_factory_sft.yaml", output=place / "recipes" / "mine.yaml")
    made.write()
    loaded = load_recipe(made.path)
    assert all((loaded.folder / source).resolve().is_file() for source in loaded.recipe.data.source)


@pytest.mark.parametrize("name", ["llama_factory_sft.yaml", "llama_factory_dpo.yaml", "axolotl_lora.yml",
                                  "trl_sft.yaml", "trl_dpo.json"])  # fmt: skip
def test_what_was_imported_can_be_planned(place: Path, name: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The whole plan on the built-in base, with the rows found as the configuration says."""
    path = place / name
    sets = ["data.map={prompt: question, chosen: better, rejected: worse}", "train.tuning=lora"]
    if name.endswith("json"):
        made = bring(path, overrides=[*SETS[name], *sets])
    else:
        made = bring(path)
    made.write()
    assert run(["plan", str(made.path), "--json", "--set", "model.base=nano", "--set", "train.max_length=256"]) == 0
    planned = json.loads(capsys.readouterr().out)
    assert planned["facts"]["rows"]["train"] >= 20
    values = {line["key"]: line for line in planned["values"]}
    assert made.path.name in values["train.learning_rate"]["origin"]


# ---- the tools' own keys


def _fields(path: Path) -> set[str]:
    """Annotated fields of the dataclasses of a source file, without importing it."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        item.target.id
        for node in tree.body if isinstance(node, ast.ClassDef)
        for item in node.body if isinstance(item, ast.AnnAssign) and isinstance(item.target, ast.Name)
    }  # fmt: skip


def test_every_key_of_the_installed_trl_is_known(place: Path) -> None:
    """A configuration that writes down every key of SFT's and DPO's trainers holds none that Luthier does not know."""
    found = {name: importlib.util.find_spec(name) for name in ("trl", "transformers")}
    if any(spec is None or spec.origin is None for spec in found.values()):
        pytest.skip("trl is not installed")
    trl, transformers = (Path(str(spec.origin)).parent for spec in found.values() if spec is not None)
    arguments = _fields(transformers / "training_args.py")
    for trainer in ("sft", "dpo", "kto"):
        keys = arguments | _fields(trl / "trainer" / f"{trainer}_config.py") | _fields(trl / "trainer/model_config.py")
        keys |= {"dataset_name", "dataset_config", "dataset_train_split", "dataset_test_split", "dataset_streaming",
                 "ignore_bias_buffers", "datasets", "streaming", "test_split_size"}  # fmt: skip
        known = {"model_name_or_path": "nano", "dataset_name": "data/openai.jsonl"}
        path = place / f"all_{trainer}.yaml"
        path.write_text(yaml.safe_dump({k: known[k] if k in known else _value(k, trainer) for k in sorted(keys)}))
        made = bring(path)
        unknown = [x.key for x in made.changes if "not a key" in x.why]
        assert not unknown
        assert load_or_die(made).train.method.kind == trainer


def _value(key: str, trainer: str) -> Any:
    numbers = {"lora_r": 8, "lora_alpha": 16, "per_device_train_batch_size": 2, "gradient_accumulation_steps": 2,
               "max_length": 128, "beta": 0.1, "desirable_weight": 1.0, "undesirable_weight": 1.0, "seed": 1,
               "learning_rate": 1e-4, "num_train_epochs": 1}  # fmt: skip
    words = {"loss_type": {"sft": "nll", "dpo": "sigmoid", "kto": "kto"}[trainer], "lr_scheduler_type": "linear",
             "optim": "adamw_torch"}  # fmt: skip
    return {**numbers, **words}.get(key, False if key == "bf16" else None if key == "datasets" else 0)


def load_or_die(made: Imported) -> Recipe:
    made.write()
    return load_recipe(made.path).recipe
