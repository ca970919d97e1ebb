"""Put a trained nano where Luthier ships it: model folder, replay rows, guard suites, card with measured scores.

Order of things: draw the guards, refuse items that training text or replay rows cover, keep only skills the model is
able at, measure, write. The card holds only numbers measured here.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

from tools.nano.world import SKILLS

from tools.nano import coverage, guards, mixture, rough, score

MODEL_FILES = (
    "config.json",
    "generation_config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)
ABLE = 0.6
"""A skill under this held-out accuracy is left out of the guard suite: what nano cannot do cannot break."""
LEAST_ITEMS = 4_800
"""With 10% of the items changing sides by chance, a margin of two points and one-sided 5%, a measured loss of up to 1.2
points is called held with this many, of up to 0.9 with half of them."""
LIMIT_BYTES = 12_000_000


def scores_by_skill(model: object, tokenizer: object, items: Sequence[score.Item]) -> dict[str, tuple[int, int]]:
    """Hits and number of items per skill."""
    right = score.exact(model, tokenizer, items)  # type: ignore[arg-type]
    table: dict[str, tuple[int, int]] = {}
    for item, ok in zip(items, right, strict=True):
        hits, n = table.get(item.skill, (0, 0))
        table[item.skill] = (hits + ok, n + 1)
    return table


def quickstart_messages() -> list[str]:
    """What customers write in the test set of the quickstart job, for which nano is the base."""
    path = Path(__file__).parents[2] / "src" / "luthier" / "pipeline" / "quickstart" / "test.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    return [message["content"] for row in rows for message in row["messages"] if message["role"] == "user"]


def package(
    run: Path,
    models: Path,
    suites: Path,
    *,
    per_skill: int,
    documents: int,
    training_samples: int,
    replay_rows: int,
    notes: Path | None,
    able_from: float = ABLE,
) -> None:
    """Copy `run/model` and its company into place. Raises ValueError when the folder would outgrow LIMIT_BYTES."""
    plan = json.loads((run / "plan.json").read_text())
    models.mkdir(parents=True, exist_ok=True)
    for name in MODEL_FILES:
        shutil.copyfile(run / "model" / name, models / name)
    model, tokenizer = score.load(models)

    # able or not is measured on held-out items of another seed than the guards', so that no guard is chosen by luck
    trained = [name for name in SKILLS if name in plan["skills"]]
    trial = [mixture.item("held", name, f"able/{k}") for name in trained for k in range(100)]
    able = [name for name, (hits, n) in scores_by_skill(model, tokenizer, trial).items() if hits / n >= able_from]

    rows = guards.replay(replay_rows, trained, tokenizer)
    rough_rows = rough.rows_of(rough.rough(rows), model, tokenizer)
    texts = coverage.training_texts(plan["seed"], training_samples, plan["chunk_samples"])
    seen = coverage.Seen(itertools.chain(texts, map(guards.row_text, [*rows, *rough_rows])))
    if not able:
        raise ValueError(f"no skill reaches {able_from:.0%} on held-out items: train longer before packaging")
    drawn = guards.draw(seen, able, max(per_skill, -(-LEAST_ITEMS // len(able))), documents)
    guards.write_rows(models / "replay.jsonl.gz", rows)
    guards.write_rows(models / "rough.jsonl.gz", rough_rows)
    guards.write_suites(suites, drawn)

    started = time.monotonic()
    table = scores_by_skill(model, tokenizer, drawn.items)
    bits = score.bits_per_byte(model, tokenizer, drawn.texts)
    seconds = time.monotonic() - started
    sample = drawn.items[:: max(1, len(drawn.items) // 100)]
    agree = sum(
        (score.greedy(model, tokenizer, item) == item.answer) == ok
        for item, ok in zip(sample, score.exact(model, tokenizer, sample), strict=True)
    )
    left_out = {name: figures for name, figures in scores_by_skill(model, tokenizer, trial).items() if name not in able}
    tokens = sum(len(score.prompt_ids(tokenizer, item)) for item in drawn.items) / len(drawn.items)
    job = [seen.coverage(text) for text in quickstart_messages()]
    measured = {
        "parameters": sum(p.numel() for p in model.parameters()),
        "vocabulary": tokenizer.get_vocab_size(),
        "skills": {k: list(v) for k, v in table.items()},
        "left_out": {k: list(v) for k, v in left_out.items()},
        "able_from": able_from,
        "not_taught": [name for name in SKILLS if name not in trained],
        "bits_per_byte": sum(b for b, _ in bits) / sum(n for _, n in bits),
        "documents": len(bits),
        "scoring_seconds": round(seconds, 1),
        "mean_prompt_tokens": round(tokens, 1),
        "greedy_agreement": [agree, len(sample)],
        "coverage": {
            "training_samples": training_samples,
            "grams": len(seen.hashes),
            "mean": drawn.mean_coverage,
            "greatest": drawn.greatest_coverage,
            "refused": drawn.refused,
            "quickstart_items": len(job),
            "quickstart_mean": sum(job) / len(job),
            "quickstart_greatest": max(job),
        },
        "sha256": hashlib.sha256((models / "model.safetensors").read_bytes()).hexdigest(),
        "plan": plan,
    }
    (run / "measured.json").write_text(json.dumps(measured, indent=2) + "\n")
    from tools.nano import card

    (models / "CARD.md").write_text(card.model_card(measured, notes.read_text() if notes else ""))
    (suites / "README.md").write_text(card.suites_readme(measured))
    size = sum(path.stat().st_size for path in models.iterdir())
    if size > LIMIT_BYTES:
        raise ValueError(
            f"{models} holds {size:,} bytes, more than {LIMIT_BYTES:,}: make the model or the replay smaller"
        )
    print(card.table(measured["skills"]))
    print(f"{size:,} bytes in {models}; bits per byte {measured['bits_per_byte']:.3f}; scored in {seconds:.1f} s")
