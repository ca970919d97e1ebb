"""``examples/plain_sft.py`` and the trainer are two writings of one thing: the same losses, step for step."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from luthier.recipe.train import TrainSpec

FILE = Path(__file__).resolve().parents[2] / "examples" / "plain_sft.py"


@pytest.fixture(scope="module")
def plain() -> ModuleType:
    spec = importlib.util.spec_from_file_location("plain_sft", FILE)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@dataclass(frozen=True)
class Sample:
    ids: tuple[int, ...]
    trained: tuple[bool, ...]
    example_id: str = "x"


def test_it_is_short_and_needs_nothing_of_ours() -> None:
    text = FILE.read_text()
    assert len(text.splitlines()) < 150
    assert "import luthier" not in text and "from luthier" not in text


@pytest.mark.parametrize("micro_tokens", [48, 130], ids=["several passes a step", "one pass a step"])
def test_both_give_the_same_losses_and_weights(
    plain: ModuleType, fit: Callable[..., Any], make_model: Callable[..., Any], make_rows: Callable[..., Any],
    make_plan: Callable[..., Any], tmp_path: Path, micro_tokens: int,
) -> None:  # fmt: skip
    rows = make_rows(30)
    spec = TrainSpec(epochs=6, batch_tokens=130, micro_tokens=micro_tokens, learning_rate=0.01, checkpoints=0)
    model, result, _ = fit(spec, rows, [], tmp_path, model=make_model(dtype=torch.float64))
    theirs = make_model(dtype=torch.float64)
    losses = plain.train(
        theirs, [(list(r.ids), list(r.trained)) for r in rows], epochs=6, peak=0.01, batch_tokens=130,
        micro_tokens=result.plan.micro_tokens,
    )  # fmt: skip
    assert len(losses) == result.steps > 10
    assert [h["loss"] for h in result.history if h["step"]] == pytest.approx(losses, rel=1e-9)
    named = dict(theirs.named_parameters())
    assert all(torch.allclose(p, named[n], rtol=0, atol=1e-9) for n, p in model.named_parameters())


def test_it_masks_a_chat_as_the_tool_does(plain: ModuleType, lab7m: Path) -> None:
    chat = pytest.importorskip("luthier.models.chat")
    from transformers import AutoTokenizer

    from luthier.records.chat import Message
    from luthier.records.example import Example

    messages = [
        {"role": "system", "content": "Be short."}, {"role": "user", "content": "Which is larger, 3 or 4?"},
        {"role": "assistant", "content": "4"}, {"role": "user", "content": "And of 9 and 2?"},
        {"role": "assistant", "content": "9, of course."},
    ]  # fmt: skip
    tokenizer = AutoTokenizer.from_pretrained(lab7m)
    ids, trained = plain.encode(tokenizer, messages)
    said = tokenizer.decode([i for i, t in zip(ids, trained, strict=True) if t])
    assert said == f"4{tokenizer.eos_token}9, of course.{tokenizer.eos_token}"
    example = Example(messages=tuple(Message(m["role"], m["content"]) for m in messages))
    (ours,) = chat.ChatFormat(tokenizer).samples(example)
    kept = len(ours.ids)
    assert (list(ours.ids), list(ours.trained)) == (ids[:kept], trained[:kept])
    assert not any(trained[kept:])


@pytest.mark.slow
def test_the_command_line_trains_an_adapter(lab7m: Path, tmp_path: Path) -> None:
    data = tmp_path / "chats.jsonl"
    turn = {"messages": [{"role": "user", "content": "Say yes."}, {"role": "assistant", "content": "yes"}]}
    data.write_text("".join(json.dumps(turn) + "\n" for _ in range(8)))
    done = subprocess.run(
        [sys.executable, str(FILE), str(data), "--base", str(lab7m), "--out", str(tmp_path / "out"), "--epochs", "4",
         "--learning-rate", "2e-3", "--batch-tokens", "64"], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    losses = [float(line.rsplit(" ", 1)[1]) for line in done.stdout.splitlines() if line.startswith("step")]
    assert losses[-1] < losses[0]
    assert (tmp_path / "out" / "adapter_model.safetensors").is_file()
