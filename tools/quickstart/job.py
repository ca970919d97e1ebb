"""The whole job as text: its two files, the answer key of the planted faults, and the page that describes it."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tools.quickstart.baseline import FIELDS, bag_of_words, clean
from tools.quickstart.by_hand import TICKETS
from tools.quickstart.company import INSTRUCTION, INTENTS, PRODUCT_LABELS, PRODUCTS, URGENCIES
from tools.quickstart.faults import AnswerKey, plant
from tools.quickstart.rows import BY_HAND_IN_TEST, TEST_ROWS, chat, draw_sides
from tools.quickstart.similarity import largest_component, shingles

SEED = 20261128


@dataclass(frozen=True)
class Job:
    """What is written: lines without their line ends."""

    train_lines: list[str]
    test_lines: list[str]
    planted: AnswerKey


def build(seed: int = SEED) -> Job:
    """Draw, plant and serialise; pure, and the same for the same seed."""
    sides = draw_sides(seed, TICKETS)
    train_lines, planted = plant(sides, seed + 1)
    test_lines = [json.dumps(chat(ticket), ensure_ascii=False) for ticket in sides.test]
    return Job(train_lines, test_lines, planted)


def write(job: Job, packaged: Path, beside: Path) -> None:
    """Write the data and its page to `packaged`, the answer key to `beside`."""
    packaged.mkdir(parents=True, exist_ok=True)
    _write(packaged / "train.jsonl", "".join(f"{line}\n" for line in job.train_lines))
    _write(packaged / "test.jsonl", "".join(f"{line}\n" for line in job.test_lines))
    _write(packaged / "README.md", page(job))
    _write(beside / "planted.json", json.dumps(job.planted, indent=1) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def loads(lines: list[str]) -> list[object]:
    """Parse lines; one that is not JSON becomes None."""
    rows: list[object] = []
    for line in lines:
        try:
            rows.append(json.loads(line))
        except ValueError:
            rows.append(None)
    return rows


def page(job: Job) -> str:
    """README.md of the packaged data, with the counts and the baseline as measured on it."""
    train, test = loads(job.train_lines), loads(job.test_lines)
    score = bag_of_words(train, test)
    train_rows, test_rows = clean(train), clean(test)
    messages = [message for message, _ in train_rows + test_rows]
    component = largest_component([shingles(message) for message in messages])
    values = {"intent": INTENTS, "urgency": URGENCIES, "product": PRODUCT_LABELS}
    counts = []
    for name in FIELDS:
        in_train = Counter(answer[name] for _, answer in train_rows)
        in_test = Counter(answer[name] for _, answer in test_rows)
        counts += [f"| {name} | {value} | {in_train[value]} | {in_test[value]} |" for value in values[name]]
    faults = [f"| {kind} | {len(found)} |" for kind, found in job.planted.items()]
    products = ", ".join(f"{product.name} ({product.kind})" for product in PRODUCTS)
    return PAGE.format(
        train=len(job.train_lines),
        test=TEST_ROWS,
        by_hand=len(TICKETS),
        by_hand_test=BY_HAND_IN_TEST,
        products=products,
        instruction=INSTRUCTION,
        counts="\n".join(counts),
        faults="\n".join(faults),
        joint=f"{score.joint:.1%}",
        intent=f"{score.by_field['intent']:.1%}",
        urgency=f"{score.by_field['urgency']:.1%}",
        product=f"{score.by_field['product']:.1%}",
        component=component,
        component_share=f"{component / len(messages):.2%}",
        length=round(sum(map(len, messages)) / len(messages)),
    )


PAGE = """\
# The quickstart job: triage for Wrenholt's support desk

Wrenholt is an invented company that makes connected home devices: {products}.
Customers write; the desk wants each message sorted, with a first answer. {train} lines in `train.jsonl` (planted
faults included), {test} clean lines in `test.jsonl`, which no tool may alter. {by_hand} messages were written one by
one ({by_hand_test} of them in test), the others are composed by a seeded generator from several hundred hand-written
pieces. Nothing was copied from a real desk; every name and number is invented (phone numbers come from ranges kept
free for drama). Licence: Apache-2.0.

One row is a chat: a system message (the instruction), the customer's message, and the answer as JSON on one line with
the keys `intent`, `urgency`, `product`, `reply` in that order. The instruction is the same in each row:

> {instruction}

Messages have {length} characters on average. The first three fields are judged by exact match (all three right at
once); the reply is free text and is scored apart.

## What the labels mean

**intent** is what the customer asks for in the end, not all that is mentioned. A wish that is refused, given up or
taken back does not count ("I don't want my money back, send me a new one" is `replacement`).

- `delivery`: where a parcel is, when it comes, that it did not come.
- `cancel`: stop an order or a part of it before it is sent, also where it is overdue.
- `refund`: money back for something returned, to be returned, or cancelled earlier.
- `replacement`: another one, the right one, a missing part, an exchange.
- `how_to`: how to use or set up something that is not broken.
- `fault`: something does not work as it should; asked to mend it, or only told.
- `billing`: charges, invoices, vouchers, ways to pay, plans; also a wrong charge that should be put right.
- `account`: login, profile, personal data, and to whose account a device belongs.

**urgency** is what the writer needs in the end.

- `high`: danger, somebody shut out, somebody in the account or money going right now, a date today or tomorrow, or it
  is called urgent and meant so.
- `low`: the writer says that it can wait, or names a date more than two weeks away.
- `normal`: all else: no word about time, or a date between (a weekday, the weekend, next week).

Where two things pull apart, the writer's conclusion decides ("guests come tonight, but we can do without it" is
`low`). Anger, capitals, dates in the past and dangers that are denied change nothing.

**product** is the device that the request is about, called by its name (misspelt, in lower case) or by its kind ("the
door lock" is Lirra: Wrenholt makes one device of each kind). Other devices are often mentioned and do not count. When
the request is about an order, the app, the website or the account as such, it is `none`, whatever else is mentioned.

## Counts (rows that can be read; train before cleaning)

| field | value | train | test |
|---|---|---|---|
{counts}

## Planted faults in `train.jsonl`

`tools/quickstart/planted.json` lists the line of each one.

| fault | lines |
|---|---|
{faults}

Near-duplicate means: Jaccard of at least 0.8 on word 3-shingles of the customer's message. The largest group of rows
joined by that is {component} rows ({component_share} of all).

## How hard it is

Words and logistic regression (TF-IDF of 1- and 2-grams, one classifier a field, `tools/quickstart/baseline.py`), fit on
`train.jsonl` as it is: all three fields right on **{joint}** of test (intent {intent}, urgency {urgency}, product
{product}).

## Make it again

`python -m tools.quickstart` from the root of the repository writes the same bytes.
"""
