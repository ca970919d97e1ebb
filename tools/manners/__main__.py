"""Write the preference data: training pairs with a stated share of flipped labels, and clean test pairs; apart from
both, pairs for a reward model that only measures.

    python -m tools.manners recipes/data            about a second; the same bytes every time

Better is what helps: polite, well-formed, about this order and this trouble. Worse is one of five: rude, wrong (another
product, number or remedy), terse, rambling, garbled. Lengths are drawn so that length alone tells at most 60%: rude
replies get as many sentences as good ones, terse ones are balanced by rambling ones. Test letters name products that
no training letter names. A summary with the share that length explains is printed.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from collections import Counter
from pathlib import Path
from typing import Any

from tools.manners import words

PAIRS, TEST, JUDGE = 1800, 300, 1200
NOISE = 0.08
"""Share of the training pairs whose labels are flipped."""
FAULTS = {"rude": 0.3, "wrong": 0.2, "terse": 0.15, "rambling": 0.2, "garbled": 0.15}
SEED = 606


def case(rng: random.Random, products: tuple[str, ...]) -> dict[str, Any]:
    """What a letter is about."""
    return {
        "product": rng.choice(products), "number": str(rng.randrange(1000, 10_000)), "place": rng.choice(words.PLACES),
        "day": rng.choice(words.DAYS), "trouble": rng.choice(sorted(words.TROUBLES)),
    }  # fmt: skip


def letter(rng: random.Random, of: dict[str, Any]) -> str:
    """What the customer writes."""
    begin = rng.choice(words.BEGINNINGS)
    trouble = rng.choice(words.TROUBLES[of["trouble"]])
    parts = [f"{begin} {trouble}.", rng.choice(words.NUMBERED), rng.choice(words.ASKS)]
    if rng.random() < 0.5:
        parts[1], parts[2] = parts[2], parts[1]
    return f"{rng.choice(words.GREETINGS)} {' '.join(parts)}".format(**of)


def good(rng: random.Random, of: dict[str, Any]) -> str:
    """A reply that helps."""
    opening = rng.choice((words.THANKS, words.SORRY))
    parts = [rng.choice(opening), rng.choice(words.LOOKED), rng.choice(words.ACTIONS[of["trouble"]])]
    if rng.random() < 0.35:
        parts.pop(1 if rng.random() < 0.5 else 0)
    if rng.random() < 0.5:
        parts.append(rng.choice(words.CLOSINGS))
    return " ".join(parts).format(**of)


def bad(rng: random.Random, fault: str, of: dict[str, Any], better: str) -> str:
    """A reply with one fault."""
    if fault == "rude":
        parts = [rng.choice(words.RUDE), rng.choice(words.LOOKED), rng.choice(words.ACTIONS[of["trouble"]]),
                 rng.choice(words.RUDE)]  # fmt: skip
        return " ".join(parts[: rng.choice((2, 3, 4))] + [rng.choice(words.RUDE)] * rng.choice((0, 1))).format(**of)
    if fault == "wrong":
        other = dict(of)
        which = rng.choice(("product", "trouble", "number"))
        if which == "product":
            other["product"] = rng.choice([p for p in words.PRODUCTS if p != of["product"]])
        elif which == "number":
            other["number"] = str(rng.randrange(1000, 10_000))
        else:
            other["trouble"] = rng.choice([t for t in sorted(words.TROUBLES) if t != of["trouble"]])
        made = [rng.choice(words.SORRY + words.THANKS), rng.choice(words.LOOKED),
                rng.choice(words.ACTIONS[other["trouble"]])]  # fmt: skip
        return " ".join(made + [rng.choice(words.CLOSINGS)] * rng.choice((0, 1))).format(**other)
    if fault == "terse":
        return " ".join(rng.sample(words.TERSE, rng.choice((1, 1, 2))))
    if fault == "rambling":
        return " ".join(rng.sample(words.RAMBLING, rng.choice((2, 3, 4))))
    said = better.split()
    way = rng.choice(("shuffled", "doubled", "cut"))
    if way == "shuffled":
        rng.shuffle(said)
        return " ".join(said)
    if way == "doubled":
        return " ".join(w for word in said for w in [word] * rng.choice((1, 2, 3)))
    return " ".join(said[:1] + [w for w in said[1:] if rng.random() < 0.6])


def pairs(count: int, products: tuple[str, ...], rng: random.Random, noise: float) -> list[dict[str, Any]]:
    """So many pairs, no two letters alike; ``fault`` and ``flipped`` are for reading, not for training."""
    rows: list[dict[str, Any]] = []
    seen: set[str] = set()
    while len(rows) < count:
        of = case(rng, products)
        asked = letter(rng, of)
        if asked in seen:
            continue
        seen.add(asked)
        fault = rng.choices(list(FAULTS), list(FAULTS.values()))[0]
        better = good(rng, of)
        worse = bad(rng, fault, of, better)
        if worse == better:
            continue
        flipped = rng.random() < noise
        chosen, rejected = (worse, better) if flipped else (better, worse)
        rows.append({"prompt": asked, "chosen": chosen, "rejected": rejected, "fault": fault, "flipped": flipped})
    return rows


def summary(rows: list[dict[str, Any]]) -> str:
    """What length alone would tell, and what is in it."""
    clean = [(r["rejected"], r["chosen"]) if r["flipped"] else (r["chosen"], r["rejected"]) for r in rows]
    sizes = [(len(a.split()), len(b.split())) for a, b in clean]
    longer = sum(a > b for a, b in sizes) + sum(a == b for a, b in sizes) / 2
    faults = ", ".join(f"{n} {name}" for name, n in sorted(Counter(r["fault"] for r in rows).items()))
    flipped = sum(r["flipped"] for r in rows)
    share = longer / len(rows)
    return f"{len(rows)} pairs, {flipped} flipped; the better answer is the longer one in {share:.1%}; {faults}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    made = {
        "manners": pairs(PAIRS, words.PRODUCTS, random.Random(SEED), NOISE),
        "manners-test": pairs(TEST, words.HELD_PRODUCTS, random.Random(SEED + 1), 0.0),
        "manners-judge": pairs(JUDGE, words.PRODUCTS, random.Random(SEED + 2), NOISE),
    }
    for name, rows in made.items():
        text = "".join(json.dumps(row) + "\n" for row in rows)
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        print(f"{name}: {summary(rows)}")


if __name__ == "__main__":
    main()
