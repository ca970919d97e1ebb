"""The packaged guard suites (held side) and replay rows (train side), both checked against each other and the
training text.

Promise: no guard item shares more than half of its word 8-grams with a large sample of the training text or with the
replay rows; items are unlike each other; the same seed gives byte-identical files.
"""

from __future__ import annotations

import gzip
import io
import json
import random
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

from tokenizers import Tokenizer
from tools.nano.world import Item, Message

from tools.nano import coverage, mixture

SUITE_VERSION = 3
T = TypeVar("T")


class Drawn(NamedTuple):
    """Held-out material with the coverage figures that belong in the card."""

    items: list[Item]
    texts: list[str]
    mean_coverage: float
    greatest_coverage: float
    refused: int


def draw(seen: coverage.Seen, skills: Sequence[str], per_skill: int, documents: int, seed: str = "guard") -> Drawn:
    """Held-out items and documents, none above the coverage limit, none twice."""
    figures: list[float] = []
    refused = 0
    taken: set[str] = set()

    def pick(make: Callable[[int], T], words: Callable[[T], str], count: int) -> list[T]:
        nonlocal refused
        found: list[T] = []
        k = 0
        while len(found) < count:
            candidate = make(k)
            k += 1
            text = words(candidate)
            if text in taken:
                continue
            share = seen.coverage(text)
            if share > coverage.MOST:
                refused += 1
                continue
            taken.add(text)
            figures.append(share)
            found.append(candidate)
        return found

    items: list[Item] = []
    for name in skills:
        items += pick(lambda k, name=name: mixture.item("held", name, f"{seed}/{k}"), Item.text, per_skill)
    texts = pick(lambda k: mixture.text("held", f"{seed}/{k}"), str, documents)
    return Drawn(items, texts, sum(figures) / len(figures), max(figures), refused)


def write_suites(folder: Path, drawn: Drawn) -> None:
    """`skills.jsonl.gz` and `text.jsonl.gz`."""
    numbers: dict[str, int] = {}
    rows = []
    for item in drawn.items:
        numbers[item.skill] = numbers.get(item.skill, 0) + 1
        rows.append(
            {
                "id": f"{item.skill}-{numbers[item.skill]:04d}",
                "skill": item.skill,
                "messages": item.messages,
                "answer": item.answer,
            }
        )
    write_rows(folder / "skills.jsonl.gz", rows)
    write_rows(folder / "text.jsonl.gz", [{"id": f"text-{k:04d}", "text": t} for k, t in enumerate(drawn.texts, 1)])


def replay(
    count: int, skills: Sequence[str], tokenizer: Tokenizer, documents: float = 0.15, echoes: float = 0.1,
    seed: str = "replay",
) -> list[dict[str, object]]:  # fmt: skip
    """Train-side rows to mix into a fine-tuning run: the skills in equal parts, some documents, and some lists of any
    tokens to repeat (a run that sees no more of copying than the words of its job forgets how to copy others)."""
    texts, lists = int(count * documents), int(count * echoes)
    rows: list[dict[str, object]] = echo_rows(lists, tokenizer, seed)
    for k in range(count - texts - lists):
        name = skills[k % len(skills)]
        rows.append({"messages": mixture.item("train", name, f"{seed}/{k}").chat(), "skill": name})
    rows += [{"text": mixture.text("train", f"{seed}/{k}")} for k in range(texts)]
    return sorted(rows, key=lambda row: coverage.fingerprint(json.dumps(row)))  # a fixed mixed order


def echo_rows(count: int, tokenizer: Tokenizer, seed: str) -> list[dict[str, object]]:
    """Lists of three to ten random tokens that begin a word, with the request to repeat them."""
    spelt = [tokenizer.decode([k]) for k in range(tokenizer.get_vocab_size())]
    words = [text for text in spelt if text[:1] == " " and text[1:].isalpha()]
    rows: list[dict[str, object]] = []
    for k in range(count):
        rng = random.Random(f"{seed}/echo/{k}")
        payload = "-" + "".join(rng.choice(words) for _ in range(rng.randint(3, 10)))
        asked = f"{rng.choice(('Repeat:', 'Copy this:', 'Say again:', 'Copy:'))} {payload}"
        rows.append({"messages": [{"role": "user", "content": asked}, {"role": "assistant", "content": payload}]})
    return rows


def row_text(row: dict[str, object]) -> str:
    if "text" in row:
        return str(row["text"])
    messages: list[Message] = row["messages"]  # type: ignore[assignment]
    return "\n".join(message["content"] for message in messages)


def write_rows(path: Path, rows: Iterable[dict[str, object]]) -> None:
    """Gzipped JSON lines without a time stamp, so that equal rows give equal bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb", mtime=0, filename="") as handle:
        for row in rows:
            handle.write((json.dumps(row, ensure_ascii=False) + "\n").encode())
    path.write_bytes(buffer.getvalue())


def read_rows(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in gzip.decompress(path.read_bytes()).decode().splitlines()]


def read_items(path: Path) -> list[Item]:
    return [Item(str(r["skill"]), r["messages"], str(r["answer"])) for r in read_rows(path)]  # type: ignore[arg-type]
