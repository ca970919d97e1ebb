"""Write the rows of a job whose answers can be checked: of two people, name and age of the older one, as a JSON
object.

    python -m tools.ages recipes/data            about a second; the same bytes every time

Arithmetic is the comparison of two numbers from 2 to 79, format is the object with its two keys. The names of the test
rows and their pairs of ages stand in no training row. Besides the two ages a text says something else of each person.
"""

from __future__ import annotations

import argparse
import gzip
import json
import random
from pathlib import Path
from typing import Any

TRAIN, TEST = 1600, 300
SEED = 707
YOUNGEST, OLDEST = 2, 79
NAMES = ("Freya", "Dora", "Gavin", "Hugo", "Iris", "Jules", "Kurt", "Lena", "Emil", "Chris", "Bjorn", "Katya", "Oda",
         "Selma", "Antonia", "Maggie", "Yusuf", "Edith", "Carl", "Ibrahim", "Sheila", "Raymond", "Gemma", "Tim", "Nora",
         "Paul", "Rosa", "Simon", "Tessa", "Victor", "Wanda", "Anna", "Boris", "Clara", "David", "Elsa")  # fmt: skip
HELD_NAMES = ("Sibyl", "Steth", "Dev", "Yvonne", "Walter", "Maria", "Oskar", "Linda", "Felix", "Greta")
"""Only in the test rows."""
AGED = ("{n} is {x} years of age.", "{n} is {x} years old.", "{n} has lived for {x} years.", "{n} is {x}.",
        "{n} had a birthday and is {x} now.")  # fmt: skip
BESIDES = ("{n} works as a {job}.", "{n} lives in {town}.", "{n} has a {pet}.", "{n} loves {hobby}.",
           "The number of {n} is in the book.", "{n} is invited for {day}.")  # fmt: skip
WORDS = {
    "job": ("surgeon", "baker", "journalist", "teacher", "painter", "pilot", "gardener", "lawyer", "sailor", "cook"),
    "town": ("Marlow", "Oakham", "Linden", "Whitby", "Ashford", "Redhill", "Milford", "Kingsley", "Harwich", "Penrose"),
    "pet": ("heron", "lamb", "cat", "parrot", "tortoise", "dog", "rabbit", "pony", "goose", "hamster"),
    "hobby": ("tango", "ballet", "chess", "sailing", "singing", "knitting", "cycling", "skating", "rowing", "judo"),
    "day": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
ASKS = ("Tell me name and age of who is older, all in one JSON object.", "Who is older? Give name and age in JSON.",
        "Name and age of the older one, as JSON.", "Write JSON with name and age of the older of the two.",
        "Which of them is older? JSON with name and age, please.")  # fmt: skip


def row(rng: random.Random, names: tuple[str, ...], *, held: bool) -> dict[str, Any]:
    """One question and its answer."""
    while True:
        ages = rng.sample(range(YOUNGEST, OLDEST + 1), 2)
        if is_held(*ages) == held:
            break
    people = dict(zip(rng.sample(names, 2), ages, strict=True))
    said = [rng.choice(AGED).format(n=n, x=x) for n, x in people.items()]
    for n in people:
        words = {kind: rng.choice(some) for kind, some in WORDS.items()}
        said.insert(rng.randrange(len(said) + 1), rng.choice(BESIDES).format(n=n, **words))
    name = max(people, key=lambda n: people[n])
    text, ask = " ".join(said), rng.choice(ASKS)
    prompt = f"Text: {text}\n{ask}" if rng.random() < 0.5 else f"{ask}\n\nText: {text}"
    return {"prompt": prompt, "completion": json.dumps({"name": name, "age": people[name]})}


def is_held(a: int, b: int) -> bool:
    """Whether this pair of ages belongs to the test rows: one in ten does."""
    return (min(a, b) * 31 + max(a, b) * 17) % 10 == 3


def rows(count: int, seed: int, *, held: bool) -> list[dict[str, Any]]:
    """So many, no two alike."""
    rng = random.Random(seed)
    made: dict[str, dict[str, Any]] = {}
    while len(made) < count:
        one = row(rng, HELD_NAMES if held else NAMES, held=held)
        made.setdefault(one["prompt"], one)
    return list(made.values())


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the rows of the job of ages.")
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    for name, count, held in (("ages", TRAIN, False), ("ages-test", TEST, True)):
        made = rows(count, SEED + held, held=held)
        text = "".join(json.dumps(r) + "\n" for r in made)
        (folder / f"{name}.jsonl.gz").write_bytes(gzip.compress(text.encode(), mtime=0))
        print(f"{name}: {count} rows")


if __name__ == "__main__":
    main()
