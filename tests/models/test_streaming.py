"""Frozen layers that stay in their file: the same gradients, and less resident memory than the model is large."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from luthier.models.streaming import streams

WORK = """
import hashlib, json, sys, threading, time
from contextlib import nullcontext
from pathlib import Path
import numpy as np, torch
from transformers import AutoModelForCausalLM
from peft import LoraConfig, get_peft_model
from luthier.models.streaming import streamed
from luthier.train.batches import Row, collate
from luthier.train.loss import TokenLoss

folder, streaming = sys.argv[1], sys.argv[2] == "streamed"
torch.set_num_threads(1)
torch.manual_seed(0)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).requires_grad_(False)
model = get_peft_model(model, LoraConfig(r=4, target_modules=["q_proj", "o_proj"], task_type="CAUSAL_LM"))
for name, p in model.named_parameters():
    if "lora_B" in name:
        torch.nn.init.normal_(p, std=0.02)

def resident():
    text = Path("/proc/self/status").read_text()
    return int(text.split("VmRSS:")[1].split()[0]) * 1024

row = Row("r", np.arange(24), np.arange(8, 24), np.arange(16), None)
batch = collate([row])
before, most, going = resident(), 0, True

def look():
    global most
    while going:
        most = max(most, resident() - before)
        time.sleep(0.005)

watching = threading.Thread(target=look)
watching.start()
model.train()
with streamed(model) if streaming else nullcontext(0) as covered:
    for _ in range(2):
        TokenLoss(model).backward(batch, 8.0)
going = False
watching.join()
sha = hashlib.sha256()
for _, p in model.named_parameters():
    if p.grad is not None:
        sha.update(p.grad.numpy().tobytes())
print(json.dumps({"most": most, "covered": covered, "gradients": sha.hexdigest()}))
"""


def work(folder: Path, how: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, "-c", WORK, str(folder), how], capture_output=True, text=True, check=False,
        env={"OMP_NUM_THREADS": "1", "PYTHONPATH": ":".join(sys.path), "PATH": "/usr/bin:/bin"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    found: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return found


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="what is resident is read from /proc")
def test_a_model_of_three_times_the_cap_trains_under_it_with_the_same_gradients(tmp_path: Path) -> None:
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    made = LlamaForCausalLM(LlamaConfig(
        vocab_size=512, hidden_size=512, num_hidden_layers=24, intermediate_size=1536, num_attention_heads=8,
        num_key_value_heads=4, tie_word_embeddings=True,
    ))  # fmt: skip
    size = sum(p.numel() * 4 for p in made.parameters())
    made.save_pretrained(tmp_path)
    assert streams(tmp_path)
    cap = size // 3
    streamed, whole = work(tmp_path, "streamed"), work(tmp_path, "whole")
    assert streamed["gradients"] == whole["gradients"]
    assert int(str(streamed["covered"])) > 0.9 * size
    assert int(str(streamed["most"])) < cap < size < int(str(whole["most"]))


def test_weights_of_another_format_cannot_stay(tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    assert not streams(tmp_path), "no weights"
    save_file({"a": torch.zeros(4)}, tmp_path / "model.safetensors")
    assert streams(tmp_path)
    save_file({"b": torch.zeros(4, dtype=torch.bfloat16)}, tmp_path / "more.safetensors")
    assert not streams(tmp_path)
