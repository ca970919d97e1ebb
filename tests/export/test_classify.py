"""A classifier that is delivered gives, in the standard layout and read by others, the probabilities that were
trained."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.export.conftest import corrupt_merged, train_a_little
from tests.export.test_deliver import PROBES, send

from luthier.engines import Request
from luthier.engines.classifier import ClassifierEngine
from luthier.errors import LuthierError
from luthier.export import ParityError
from luthier.models import adapters, head
from luthier.models.load import load
from luthier.models.source import resolve
from luthier.pipeline.classify import classifier
from luthier.recipe.recipe import ExportSpec
from luthier.recipe.train import FullTuning, LoraTuning, QloraTuning
from luthier.store import Store

LABELS = ("broken", "late", "refund")
EXACT = ExportSpec(dtype="fp32")


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(tmp_path / "home")


@pytest.fixture
def trained_labels(base: Path) -> Callable[..., Any]:
    def make(tuning: Any) -> Any:
        quantised = tuning if isinstance(tuning, QloraTuning) else None
        loaded = load(resolve(base), device="cpu", quantised=quantised, makes="classifier", labels=LABELS)
        prepared = adapters.prepare(loaded, tuning, seed=0)
        train_a_little(prepared.model, 0.01 if isinstance(tuning, FullTuning) else 0.1)
        return prepared.loaded

    return make


def asked(loaded: Any) -> list[list[int]]:
    return [loaded.chat.prompt_ids(e.prompt) for e in PROBES[8:14]]


@pytest.mark.parametrize("tuning", [LoraTuning(r=4), FullTuning()], ids=["lora", "full"])
def test_others_read_the_probabilities_that_were_trained(
    tuning: Any, trained_labels: Any, base: Path, store: Store
) -> None:
    from peft import PeftModel
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    loaded = trained_labels(tuning)
    rows = asked(loaded)
    ours = head.logits(loaded, rows)
    assert len(ours[0]) == 3 and ours[0] != ours[1]
    made = send(store, loaded, tuning, EXACT)
    folder = made.model.path
    config = json.loads((folder / "config.json").read_text())
    assert config["architectures"] == ["LlamaForSequenceClassification"]
    assert config["id2label"] == {str(i): name for i, name in enumerate(LABELS)}
    assert config["label2id"] == {name: i for i, name in enumerate(LABELS)} and config["pad_token_id"] is not None
    assert config["problem_type"] == "single_label_classification"
    assert made.model.meta["makes"] == "classifier" and made.model.meta["labels"] == list(LABELS)

    tokenizer = AutoTokenizer.from_pretrained(folder)
    batch = tokenizer.pad({"input_ids": rows}, return_tensors="pt")

    def read(model: Any) -> list[list[float]]:
        with torch.no_grad():
            found: list[list[float]] = model.eval()(**batch).logits.tolist()
        return found

    theirs = [read(AutoModelForSequenceClassification.from_pretrained(folder))]
    if made.adapter is not None:
        bare = AutoModelForSequenceClassification.from_pretrained(
            base, num_labels=3, dtype=torch.float32, pad_token_id=tokenizer.pad_token_id
        )
        theirs.append(read(PeftModel.from_pretrained(bare, made.adapter.path)))
    for found in theirs:
        assert [x for row in found for x in row] == pytest.approx([x for row in ours for x in row], abs=5e-5)

    expected = torch.tensor(ours).softmax(-1)
    for artifact in made.artifacts:
        engine = classifier(artifact.path, base=loaded.source, name="job")
        answers = engine.generate([Request(messages=e.prompt) for e in PROBES[8:14]])
        for answer, row in zip(answers, expected, strict=True):
            assert answer.text == LABELS[int(row.argmax())]
            assert [answer.labels[name] for name in LABELS] == pytest.approx(row.log().tolist(), abs=1e-4)


def test_four_bits_are_trained_beside_and_the_head_stays_whole(trained_labels: Any, store: Store) -> None:
    pytest.importorskip("bitsandbytes")
    tuning = QloraTuning(r=4)
    loaded = trained_labels(tuning)
    assert head.head_of(loaded.model.get_base_model()).original_module.weight.is_floating_point()
    assert send(store, loaded, tuning).certificates["model"].holds


@pytest.mark.parametrize("what", ["head", "layer"])
def test_a_classifier_that_answers_otherwise_is_not_delivered(
    what: str, trained_labels: Any, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    at = "score.weight" if what == "head" else "model.layers.1.self_attn.q_proj.weight"
    corrupt_merged(monkeypatch, at)
    with pytest.raises(ParityError):
        send(store, trained_labels(LoraTuning(r=4)), LoraTuning(r=4))
    assert not list(store.artifacts("adapter"))


def test_what_has_labels_neither_writes_nor_takes_others(trained_labels: Any, base: Path, store: Store) -> None:
    made = send(store, trained_labels(LoraTuning(r=4)), LoraTuning(r=4))
    whole = resolve(made.model.path)
    with pytest.raises(LuthierError, match="is a classifier") as told:
        load(whole, device="cpu")
    assert "luthier predict" in (told.value.fix or "")
    with pytest.raises(LuthierError, match="makes a classifier of its base"):
        adapters.load_adapter(load(resolve(base), device="cpu"), made.adapter.path, "job")
    with pytest.raises(LuthierError, match="has other labels: broken, late, refund"):
        load(whole, device="cpu", makes="classifier", labels=("late", "broken", "refund"))
    further = load(whole, device="cpu", makes="classifier", labels=LABELS)
    kept = head.head_of(further.model).weight.clone()
    head.begin_head(further, 1)
    assert torch.equal(head.head_of(further.model).weight, kept), "training goes on with the head in the files"
    other = load(resolve(base), device="cpu", makes="classifier", labels=("a", "b", "c"))
    with pytest.raises(LuthierError, match="belongs to a head with other outputs"):
        adapters.load_adapter(other, made.adapter.path, "job")


def test_the_engine_answers_alike_in_any_company_and_refuses_what_it_cannot(trained_labels: Any) -> None:
    """What every engine promises, where there is nothing to decode."""
    import threading

    from luthier.engines import ContextOverflow, Engine, TokenEngine, Unsupported
    from luthier.engines.protocol import EngineClosed
    from luthier.records import Completion, Message

    loaded = trained_labels(LoraTuning(r=4))
    engine = ClassifierEngine(loaded)
    assert isinstance(engine, Engine) and isinstance(engine, TokenEngine)
    assert engine.fingerprint()["engine"] == engine.name.split()[0] == "classifier"
    requests = [Request(messages=e.prompt, temperature=0.7) for e in PROBES[:11]]
    requests[3] = Request(messages=(Message("user", "x" * 60),))
    alone = [engine.generate([r])[0] for r in requests]
    done: dict[int, str] = {}
    together = engine.generate(requests, lambda i, c: done.update({i: c.text}))
    assert [c.text for c in together] == [c.text for c in alone] == [done[i] for i in range(11)]
    assert [c.labels[LABELS[0]] for c in together] == pytest.approx([c.labels[LABELS[0]] for c in alone], abs=1e-5)
    assert engine.prompt_ids(requests[0]) == tuple(asked_ids(loaded, 0)) and together[0].prompt_tokens
    *pieces, last = engine.stream(requests[0])
    assert isinstance(last, Completion) and pieces == [last.text] == [alone[0].text]
    cancel = threading.Event()
    cancel.set()
    assert engine.generate(requests[:1], cancel=cancel)[0].finish_reason == "cancelled"
    with pytest.raises(ContextOverflow, match="context holds 256"):
        engine.generate([requests[0], Request(messages=(Message("user", "much " * 300),))])
    with pytest.raises(Unsupported):
        engine.loglikelihood([((1,), (2,))])
    with pytest.raises(LuthierError, match="no adapter named"):
        engine.generate([Request(messages=PROBES[0].prompt, adapter="job")])
    engine.close()
    with pytest.raises(EngineClosed):
        engine.generate(requests[:1])


def asked_ids(loaded: Any, number: int) -> list[int]:
    ids: list[int] = loaded.chat.prompt_ids(PROBES[number].prompt)
    return ids
