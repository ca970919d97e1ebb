"""Where a base comes from, and what is refused before anything heavy is loaded."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from luthier.errors import LuthierError
from luthier.models.source import digest_of, resolve


def test_a_local_folder_is_named_by_its_last_part(tiny: Path) -> None:
    source = resolve(str(tiny))
    assert (source.name, source.kind, source.folder, source.revision) == (tiny.name, "local", tiny, None)
    assert str(tiny.parent) not in source.uri, "lineage must not carry a path of this machine"
    assert source.uri == f"base:{tiny.name}#sha256={source.digest}"


def test_the_digest_follows_weights_tokenizer_and_template_only(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(tiny, copy)
    before = digest_of(copy)
    assert before == digest_of(tiny), "where a model stands is not part of what it is"
    (copy / "NOTES.md").write_text("hello")
    assert digest_of(copy) == before
    for name in ("model.safetensors", "tokenizer.json", "chat_template.jinja", "config.json"):
        kept = (copy / name).read_bytes()
        (copy / name).write_bytes(kept + b" ")
        assert digest_of(copy) != before, name
        (copy / name).write_bytes(kept)


def refused(base: object) -> LuthierError:
    with pytest.raises(LuthierError) as caught:
        resolve(str(base))
    assert caught.value.fix
    return caught.value


def test_pickled_weights_are_refused(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "old"
    shutil.copytree(tiny, copy)
    (copy / "model.safetensors").rename(copy / "pytorch_model.bin")
    assert "only safetensors" in refused(copy).what


def test_a_missing_shard_is_named(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "half"
    shutil.copytree(tiny, copy)
    index = {"weight_map": {"a": "model.safetensors", "b": "model-00002-of-00002.safetensors"}}
    (copy / "model.safetensors.index.json").write_text(json.dumps(index))
    error = refused(copy)
    assert error.what.startswith("1 of 2") and error.where.endswith("model-00002-of-00002.safetensors")


def test_an_adapter_is_not_a_base(tmp_path: Path) -> None:
    (tmp_path / "adapter_config.json").write_text("{}")
    assert "an adapter, not a whole model" in refused(tmp_path).what


def test_a_misspelt_folder_names_the_right_one(tiny: Path) -> None:
    assert refused(tiny.parent / (tiny.name + "x")).fix == f"did you mean {tiny.name}?"


def test_code_that_comes_with_a_model_is_not_run_unless_asked(tiny: Path, tmp_path: Path) -> None:
    copy = tmp_path / "coded"
    shutil.copytree(tiny, copy)
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps({**config, "auto_map": {"AutoModelForCausalLM": "m.Model"}}))
    assert "remote_code" in refused(copy).fix
    assert resolve(copy, remote_code=True).remote_code


def test_a_hub_that_cannot_be_reached_is_said_with_a_way_out() -> None:
    error = refused("nobody/such-a-model")  # tests run with HF_HUB_OFFLINE=1
    assert error.what == "the model hub cannot be reached for nobody/such-a-model"
    assert "nano" in error.fix


@pytest.mark.parametrize("name", ["two words", "a/b/c"])
def test_what_is_neither_a_folder_nor_an_id_is_said_at_once(name: str) -> None:
    assert "neither a folder nor a hub id" in refused(name).what


def test_a_path_is_never_looked_for_on_the_hub() -> None:
    assert refused("./nobody/such-a-model").what == "no such folder"


def test_looking_for_a_base_imports_no_torch(tiny: Path) -> None:
    code = (
        f"import sys; from luthier.models.source import resolve; resolve({str(tiny)!r});"
        "import luthier.models.chat, luthier.models.load, luthier.models.adapters;"
        "print([m for m in ('torch', 'transformers', 'peft', 'huggingface_hub') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_nano_is_built_in() -> None:
    from importlib.resources import files

    if not Path(str(files("luthier.models") / "nano" / "model.safetensors")).is_file():
        pytest.skip("the built-in base has not been made yet")
    source = resolve("nano")
    assert (source.kind, source.name) == ("builtin", "nano")
    assert sum(p.stat().st_size for p in source.folder.iterdir()) < 14 * 2**20
