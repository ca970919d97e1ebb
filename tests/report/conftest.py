"""A story as a quickstart run would tell it, with invented numbers."""
# ruff: noqa: E501 (rows of an invented account read best on lines of their own)

from __future__ import annotations

import json
import math
import random
from typing import Any

import pytest

from luthier.records import SuiteResult, Verdict, VerdictKind
from luthier.report import Figure, Metric, Shown, Stage, Story, System

SYSTEM = "Triage as JSON. intent: delivery, cancel, refund … reply: one sentence."


def result(suite: str, role: str, **values: Any) -> SuiteResult:
    given: dict[str, Any] = {
        "metric": "json_fields", "unit": "%", "n": 240, "reference_name": "base", "reference": 4.2, "candidate": 88.8,
        "delta": 84.6, "low": 79.3, "high": 89.1, "bound": 80.4, "margin": 0.0, "alpha": 0.05, "status": "improved",
        "reason": "all three fields right: +84.6 points over base on 240 items",
    }  # fmt: skip
    return SuiteResult(suite=suite, role=role, **{**given, **values})


def a_verdict() -> Verdict:
    skills = ["arithmetic", "classify", "copy", "dialogue", "extract", "facts", "qa", "rewrite", "sort"]
    return Verdict(
        VerdictKind.PROMOTE,
        "better than every baseline, and every regression suite held",
        (
            result(
                "test", "target", reference_name="words", reference=57.1, delta=31.7, low=25.1,
                high=38.0, bound=26.2, reason="all three fields right: +31.7 points over words on 240 items",
                slices={f: {"n": 240, "reference": 70.4, "candidate": 94.2} for f in ("intent", "urgency", "product")},
            ),
            result("test", "target", reference_name="few_shot", reference=11.3, delta=77.5, low=71.4, high=82.9, bound=72.5),
            result("test", "target"),
            result("test", "target", metric="rouge_l reply", status="described", delta=30.0),
            result(
                "skills", "regression", metric="exact", n=2400, reference=91.25, candidate=90.875, delta=-0.375, low=-1.31,
                high=0.56, bound=-1.16, margin=2.0, status="held", reason="a loss of 2 points is excluded",
                slices={s: {"n": 266, "reference": 93.1 - i, "candidate": 92.7 - i} for i, s in enumerate(skills)},
            ),
            result(
                "text", "regression", metric="bits_per_byte", unit="bits/byte", n=400, reference=1.4123,
                candidate=1.4179, delta=-0.397, low=-0.71, high=-0.09, bound=-0.66, margin=2.0, status="held",
                reason="a loss of 2 percent is excluded",
            ),
        ),
        facts={
            "alpha": 0.05, "useful": 2.0, "forecast": {"joint_power": 0.93, "skills": {"power": 0.95, "n": 2400}},
            "test_use": 1, "test_use_told": "1st use of this test set", "margins": {"skills": 2.0, "text": 2.0},
            "systems": {"base": {"title": "base"}, "few_shot": {"title": "base + 3 examples"}, "words": {"title": "words + logistic regression"}},
        },
    )  # fmt: skip


def an_account() -> dict[str, Any]:
    def row(n: int, text: str, why: str, partner: str = "") -> dict[str, str]:
        return {
            "id": f"{n:016x}", "origin": f"train.jsonl:{n}", "text": text, "why": why,
            "partner_id": f"{n + 1:016x}" if partner else "", "partner": partner,
        }  # fmt: skip

    steps: list[dict[str, Any]] = [
        {"name": "read", "rule": "1 file: every row has a list 'messages' of turns with role and content", "removed": 0, "left": 1250},
        {"name": "unreadable", "rule": "a row is one JSON object, or one line of a table, in UTF-8", "removed": 3, "left": 1247,
         "examples": [row(88, '{"messages": [{"role": "user", "content": "The lamp is', "the line ends in the middle of a string")]},
        {"name": "invalid", "rule": "a question, an answer to learn from, roles in order", "removed": 2, "left": 1245,
         "examples": [row(411, "Where is my parcel?", "the last message is from the user")]},
        {"name": "personal data", "rule": "e-mail addresses, phone, card and IBAN numbers become tags like [PHONE]", "removed": 0,
         "changed": 2, "left": 1245, "examples": [row(97, "Call me on [PHONE] after six, the Lirra does not lock.", "")]},
        {"name": "exact duplicates", "rule": "same normalised question and answer", "removed": 41, "left": 1204,
         "examples": [row(120 + i, "My Tamsi shows 40 degrees and it is winter.", "same as an earlier row", "train.jsonl:14: My Tamsi shows 40 degrees and it is winter!") for i in range(3)]},
        {"name": "near-duplicates", "rule": "Jaccard of word 3-grams ≥ 0.8", "removed": 29, "left": 1175,
         "examples": [row(230 + i, "Hello, my Brumo leaks onto the shelf since Monday, what can I do about it?", "Jaccard 0.86", "train.jsonl:77: Hi, my Brumo leaks onto the shelf since Monday, what can I do about it?") for i in range(3)]},
        {"name": "conflicts", "rule": "same question, different labels", "removed": 0, "left": 1175},
        {"name": "in the test set", "rule": "rows of train that equal or nearly equal a test row", "removed": 3, "left": 1172,
         "examples": [row(700 + i, "I cancelled on Tuesday and still got a bill for the Veska.", "Jaccard 1.00 with a test row", "test.jsonl:12") for i in range(3)]},
        {"name": "too long", "rule": "at most 512 tokens", "removed": 0, "left": 1172},
        {"name": "replay", "rule": "25% of the training rows are replayed", "removed": 0, "changed": 352, "left": 1172},
    ]  # fmt: skip
    return {
        "rows": {"read": 1250, "train": 1407, "validation": 117, "test": 240, "replay": 352, "removed": 73, "quarantined": 5},
        "shape": {"name": "chat", "reason": "every row has a list 'messages' of turns with role and content"},
        "steps": steps,
        "certificate": {"threshold": 0.8, "shingle": 3, "pairs_checked": 365_760, "highest": 0.71, "above": 0},
        "tokens": {"train": {"rows": 1407, "median": 96, "p95": 141, "max": 190, "trained_share": 0.31}},
        "split": {"rule": "salted hash of the component", "components": 1130, "largest_component": 7},
    }  # fmt: skip


def a_training() -> dict[str, Any]:
    rng = random.Random(1)
    history = []
    for step in range(341):
        entry: dict[str, Any] = {"step": step}
        if step:
            rate = 2.5e-3 * min(step / 20, 0.5 * (1 + math.cos(math.pi * max(step - 20, 0) / 320)))
            loss = 0.24 + 2.4 * math.exp(-step / 42) + rng.gauss(0, 0.05)
            entry |= {"loss": loss, "rate": rate, "norm": rng.uniform(0.4, 1.2)}
        if step % 34 == 0:
            entry["val"] = 0.30 + 2.3 * math.exp(-step / 45) + (0.0002 * max(step - 250, 0))
            entry["probe"] = {"skills accuracy": 91.2 - 0.6 * math.exp(-abs(step - 120) / 60)}
        history.append(entry)
    return {"steps": 340, "best_step": 272, "best_loss": 0.31, "history": history}


def items() -> list[Shown]:
    def said(intent: str, urgency: str, product: str, reply: str) -> str:
        return json.dumps({"intent": intent, "urgency": urgency, "product": product, "reply": reply})

    out = []
    asked = [
        ("Hi Wrenholt, Ticket 5521 is mine as well. My wife noticed in the spring that the Korvo loses the sound halfway through a call.", "fault", "Corvo"),
        ("I can't complain about my Tamsi, but the page tells me that my user name is taken. It is mine!", "account", "none"),
        ("Where is my parcel? The Brumo was to come last week, guests arrive tonight.", "delivery", "Brumo"),
        ("Please stop the order with the two Pilos before it leaves, I found one in the attic.", "cancel", "Pilo"),
        ("The Lirra shuts me out since the update, I am standing in the rain!", "fault", "Lirra"),
    ]  # fmt: skip
    for n, (question, intent, product) in enumerate(asked * 3):
        right = said(intent, "high" if n % 2 else "normal", product, f"I am sorry, let us look at your {product} together.")
        status = ("fixed", "fixed", "wrong", "right", "fixed", "broken")[n % 6]
        wrong = said(intent, "low", product, f"Thank you for writing about the {product}.")
        base_right = status in ("right", "broken")
        answers = {
            "base": right if base_right else f"The {product} is a thing. It is in the house.",
            "few_shot": said("billing", "normal", product, "We will look at it."),
            "tuned": right if status in ("fixed", "right") else wrong,
        }
        out.append(Shown(f"{n:016x}", question, right, answers, status, origin=f"test.jsonl:{n + 1}", slice=intent))  # type: ignore[arg-type]
    return out


def make_story(**changes: Any) -> Story:
    rng = random.Random(5)
    figures = {
        "base": Figure(4.2, 2.3, 7.5, 240), "few_shot": Figure(11.3, 7.8, 15.9, 240), "words": Figure(57.1, 50.7, 63.2, 240),
        "tuned": Figure(88.8, 84.1, 92.2, 240),
    }  # fmt: skip
    whole: dict[str, Any] = {
        "name": "quickstart",
        "run": "quickstart-7f3a",
        "finished": "2026-02-11T14:03:22Z",
        "verdict": a_verdict(),
        "systems": [
            System("base", "base", "nano as it is", 78),
            System("few_shot", "base + 3 examples", "3 examples of the job as earlier turns", 402),
            System("words", "words + logistic regression", "TF-IDF of one and two words; labels only, no reply"),
            System("tuned", "tuned", "merged model through the embedded engine", 78, ships=True),
        ],
        "metrics": [
            Metric("intent, urgency and product all right", figures, decides=True, key="json_fields"),
            Metric("intent, macro-F1", {k: Figure(min(f.value + 6, 97), f.low + 5, min(f.high + 6, 99), 240) for k, f in figures.items()}),
            Metric("urgency right", {k: Figure(min(f.value + 9, 96), f.low + 8, min(f.high + 9, 98), 240) for k, f in figures.items()}),
            Metric("ROUGE-L of the reply", {"base": Figure(9.1, 8.0, 10.3, 240), "few_shot": Figure(21.0, 19, 23, 240), "words": Figure(None), "tuned": Figure(63.4, 60.1, 66.7, 240)}),
        ],
        "data": an_account(),
        "training": a_training(),
        "speed": [(s, 9200 + 900 * math.sin(s / 17) + rng.gauss(0, 300)) for s in range(1, 341)],
        "plan": {
            "steps": 340,
            "decided": {
                "learning_rate": {"value": 2.5e-3, "reason": "5e-5 · 10 · (2000 / 256)^0.78: narrow models want larger steps", "origin": "planner"},
                "micro_tokens": {"value": 4096, "reason": "fits with 20% to spare", "origin": "planner"},
                "warmup_steps": {"value": 20, "reason": "6% of 340 steps", "origin": "default, recipe/train.py"},
                "memory": {"value": "1.1 GiB", "reason": "weights, optimiser, activations", "origin": "planner"},
            },
        },
        "measured": {"memory": "0.9 GiB"},
        "examples": items(),
        "parity": {
            "model": {"holds": True, "probes": 32, "checks": [
                {"name": "greedy tokens", "holds": True, "measured": {"different": 0}, "bound": {"different": 0}},
                {"name": "log-probabilities", "holds": True, "measured": {"max_difference": 0.0031}, "bound": {"max_difference": 0.0184}},
            ]},
        },
        "stages": [Stage("data", 3.1), Stage("train", 148.4, "340 steps, 1.9M tokens"), Stage("export", 6.2), Stage("evaluate", 71.9, "240 test rows × 4 systems, 2,800 guard items")],
        "lineage": [
            "model-3f2a91c0d4e5  model · 4.1 MiB",
            "├─ made by quickstart-7f3a  run · done · PROMOTE",
            "└─ from training-91bb02cd11aa  training · lora",
            "   ├─ from dataset-77aa01beef00  dataset · train 1,407",
            "   │  ├─ from source:train.jsonl  sha256 ab12cd34ef56",
            "   │  └─ from source:test.jsonl  sha256 99ffab120034",
            "   └─ from base:nano  sha256 0011223344aa",
        ],
        "environment": {"python": "3.11.7", "system": "Linux", "machine": "x86_64", "libraries": {"torch": "2.13.0", "transformers": "5.1.0", "peft": "0.18.0"}, "threads": 2},
        "recipe": "luthier: 1\nname: quickstart\nmodel: {base: nano}\ndata:\n  source: train.jsonl\n  test: test.jsonl\ntrain: {method: sft, tuning: lora, epochs: 5}\n",
        "command": "luthier run runs/quickstart-7f3a/recipe.yaml",
        "notes": {"parameters trained": "172,032 of 2.1M (8.2%)", "trained tokens": "612,400", "test set": "1st use"},
    }  # fmt: skip
    return Story(**{**whole, **changes})


@pytest.fixture
def story() -> Story:
    return make_story()


@pytest.fixture
def told():
    """The same with parts changed."""
    return make_story
