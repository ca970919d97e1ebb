"""Deal rows to train, validation and test so that nothing alike is torn apart.

Rows are first joined: near-duplicate questions, equal questions, equal groups and families (a row with those generated
from it) make one component. A component's side is decided by a salted hash of its smallest name (its smallest group
value, or the smallest hash of a question if it has no group), so it depends neither on the order of rows nor on other
components: adding rows moves no old row, unless a new row joins an old component under a smaller name or joins two
components, or (in very small data) the side would otherwise have been empty. Shares hold in expectation, in every
stratum. Generated rows are never tested on: where their component is, they leave.

With a previous dataset nothing old moves at all: a component takes the side of its old rows, and new rows that would
join two sides are set aside (see ``bridges``). Folds cut the same places into equal parts. By time, the newest rows
become the test set instead, and what is like them leaves training.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from luthier.data.bridges import Joined, bridges
from luthier.data.family import families, is_child, ties, was_made
from luthier.data.funnel import Loss
from luthier.errors import LuthierError
from luthier.recipe.data import SplitSpec
from luthier.records import Example
from luthier.similar import Groups
from luthier.text import normalise, words


@dataclass(frozen=True)
class Sides:
    """Row numbers of each side, in reading order; ``losses`` left training because they are like a test row.

    ``set_aside`` would have joined two sides of the previous dataset; ``inherited`` counts rows that kept their side.
    """

    train: tuple[int, ...]
    validation: tuple[int, ...]
    test: tuple[int, ...]
    losses: tuple[Loss, ...]
    set_aside: tuple[Loss, ...]
    inherited: int
    components: int
    largest: int
    rule: str


def components_of(examples: Sequence[Example], found: Groups) -> list[int]:
    """Component number of each row: near-duplicate links joined with equal groups and with families."""
    joined = Joined()
    holders: dict[str, int] = {}
    component = found.component.tolist()
    for row, example in enumerate(examples):
        for tie in ties(example):
            joined.join(component[row], holders.setdefault(tie, component[row]))
    return [joined.root(number) for number in component]


def deal(
    examples: Sequence[Example],
    names: Sequence[str],
    found: Groups,
    keep: Sequence[int],
    spec: SplitSpec,
    *,
    given: bool,
    previous: Mapping[str, str] = MappingProxyType({}),
    tested: Collection[str] = (),
) -> Sides:
    """The sides of the rows ``keep``; the other rows only help to join components (they left as duplicates).

    ``names`` are stable names of the rows' questions; ``given`` says that a test set was given, so none is cut;
    ``previous`` is the side of each name in a dataset made before. ``tested`` are the families of rows that are tested
    on and need not stand here: rows of a given test set, and of the previous dataset's.

    Raises:
        LuthierError: one component is larger than the training share, or a side would be empty.
    """
    component = components_of(examples, found)
    sides = {row: previous[name] for row, name in enumerate(names) if name in previous}
    asked_to_leave, component = bridges(examples, found, component, sides)
    set_aside = tuple(asked_to_leave[row] for row in keep if row in asked_to_leave)
    keep = [row for row in keep if row not in asked_to_leave]
    members: dict[int, list[int]] = defaultdict(list)
    for row in keep:
        members[component[row]].append(row)
    largest = max(members.values(), key=len)
    test_share = 0.0 if given else 1 / spec.folds if spec.folds else spec.test
    held = (0.0 if spec.by_time else test_share) + spec.validation
    real = {number: [row for row in rows if not is_child(examples[row])] for number, rows in members.items()}
    _check_room(examples, list(real.values()), held, test_share)
    if spec.by_time and not given and spec.test > 0:
        test, rest, losses = _by_time(examples, component, keep, spec)
    else:
        test, rest, losses = [], list(keep), []
    born = [row for row in rest if was_made(examples[row]) and families(examples[row])[0] in tested]
    losses += [Loss(examples[row], "leak.family", "made from a row of the test set") for row in born]
    rest = sorted(set(rest) - set(born)) if born else rest
    places = _places(examples, names, component, spec.salt)
    inherited = {component[row]: side for row, side in sides.items() if row not in asked_to_leave}
    dealt = {component[row] for row in rest}
    open_ = sorted(dealt - inherited.keys(), key=lambda c: places[c])
    testable = {c for c in open_ if real[c]}  # generated rows whose seed is not here are for training
    on_test, on_validation = _held_out(
        open_, testable, places, spec, 0.0 if spec.by_time else test_share, filled=set(inherited.values())
    )
    on_test |= {c for c in dealt if inherited.get(c) == "test"}
    on_validation |= {c for c in dealt if inherited.get(c) == "validation"}
    why = "made from a row of the test set, or alike: a verdict is passed on real rows only"
    losses += [
        Loss(examples[row], "leak.family", why) for row in rest if component[row] in on_test and is_child(examples[row])
    ]
    test += [row for row in rest if component[row] in on_test and not is_child(examples[row])]
    validation = [row for row in rest if component[row] in on_validation]
    held_out = on_test | on_validation
    train = [row for row in rest if component[row] not in held_out]
    if not train or (test_share > 0 and not test):
        side = "train on" if not train else "test on"
        raise LuthierError(
            f"no rows are left to {side} after the split",
            where="data.split",
            why=f"{len(keep)} rows in {len(members)} groups of alike rows are too few for these shares",
            fix="add rows, lower data.split.test or data.split.validation, or give a test set with data.test",
        )
    return Sides(
        tuple(train),
        tuple(validation),
        tuple(sorted(test)),
        tuple(losses),
        set_aside,
        sum(component[row] in inherited for row in (*train, *validation, *test)),
        len(members),
        len(largest),
        _rule(spec, given),
    )


def _held_out(
    open_: Sequence[int],
    testable: Collection[int],
    places: Mapping[int, float],
    spec: SplitSpec,
    test_share: float,
    *,
    filled: Collection[str],
) -> tuple[set[int], set[int]]:
    """Components of the test and the validation side by their places, smallest place first in ``open_``.

    Only ``testable`` ones may be tested on. Where a side would be empty (too few rows for the threshold) the smallest
    place stands in, unless the side is ``filled`` with rows from before.
    """
    if spec.folds:
        fold = spec.fold - 1
        # every component in one fold exactly
        on_test = {c for c in open_ if c in testable and int(places[c] * spec.folds) == fold}
        behind = {c: (places[c] - spec.fold / spec.folds) % 1 for c in open_ if c not in on_test}
        return on_test, {c for c, place in behind.items() if place < spec.validation}
    on_test = {c for c in open_ if c in testable and places[c] < test_share}
    if test_share > 0 and not on_test and "test" not in filled:
        on_test = set([c for c in open_ if c in testable][:1])
    rest = [c for c in open_ if c not in on_test]
    on_validation = {c for c in rest if places[c] < test_share + spec.validation}
    if spec.validation > 0 and not on_validation and "validation" not in filled and len(rest) > 1:
        on_validation = set(rest[:1])
    return on_test, on_validation


def _rule(spec: SplitSpec, given: bool) -> str:
    parts = ["test set given" if given else f"test: newest {spec.test:.0%} by {spec.by_time}" if spec.by_time else
             f"test: fold {spec.fold} of {spec.folds} by salted hash" if spec.folds else
             f"test {spec.test:.0%} by salted hash"]  # fmt: skip
    parts.append(f"validation {spec.validation:.0%} by salted hash")
    parts.append("near-duplicates" + (f" and equal {', '.join(spec.group_by)}" if spec.group_by else "") + " together")
    parts += [f"rows of {spec.previous} keep their sides"] if spec.previous else []
    return "; ".join(parts)


def _places(examples: Sequence[Example], names: Sequence[str], component: Sequence[int], salt: str) -> dict[int, float]:
    """Place in [0, 1) of each component. A generated row names one only where it stands without its seed."""
    smallest: dict[int, tuple[int, str]] = {}
    for row, number in enumerate(component):
        group = examples[row].group
        if group is not None:
            name = (0, group)
        else:
            name = (2, families(examples[row])[0]) if is_child(examples[row]) else (1, names[row])
        if number not in smallest or name < smallest[number]:
            smallest[number] = name
    return {number: _place(salt, f"{kind}{name}") for number, (kind, name) in smallest.items()}


def name_of(example: Example) -> str:
    """A name of the row's question that no other row influences; a part of a split chat has the whole chat's."""
    if "part_of" in example.meta:
        return str(example.meta["part_of"])
    key = normalise(example.asked) or example.asked
    return hashlib.blake2b(key.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


def _place(salt: str, name: str) -> float:
    digest = hashlib.blake2b(f"{salt}\0{name}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64


def _by_time(
    examples: Sequence[Example], component: Sequence[int], keep: Sequence[int], spec: SplitSpec
) -> tuple[list[int], list[int], list[Loss]]:
    dated = sorted((examples[row].time or "", row) for row in keep if not is_child(examples[row]))
    count = max(1, round(spec.test * len(dated)))
    cut = dated[-count][0]
    # rows of one moment stay together
    test = [row for row in keep if cut and (examples[row].time or "") >= cut and not is_child(examples[row])]
    if not test:
        raise LuthierError(
            "no rows are left to test on",
            where="data.split.by_time",
            why=f"too few rows have a date in {spec.by_time} that can be read",
            fix="write dates like 2026-11-23",
        )
    holder = {component[row]: row for row in reversed(test)}
    chosen = set(test)
    rest: list[int] = []
    losses: list[Loss] = []
    for row in keep:
        if row in chosen:
            continue
        if component[row] in holder:
            partner = examples[holder[component[row]]]
            why = f"alike or of one group with the newer {partner.origin}, which is in the test set"
            losses.append(Loss(examples[row], "leak.time", why, partner))
        else:
            rest.append(row)
    return test, rest, losses


def _one_template(examples: Sequence[Example], rows: Sequence[int], total: int, held: float) -> LuthierError:
    sample = [examples[row] for row in rows[:20]]
    group = sample[0].group
    if group is not None and all(example.group == group for example in sample):
        what = f"{len(rows):,} of {total:,} rows belong to one group: {group}"
    else:
        what = f"{len(rows):,} of {total:,} rows follow one template: {template_of([e.asked for e in sample])}"
    return LuthierError(
        what,
        where=sample[0].origin or "data.split",
        why=f"alike rows stay on one side, so {held:.0%} cannot be held out",
        fix="give a test set with data.test, or raise data.leak_similarity",
    )


def _check_room(examples: Sequence[Example], real: Sequence[Sequence[int]], held: float, test_share: float) -> None:
    """Whether something can be held out: no component is too large, and not every row was generated."""
    largest, total = max(real, key=len), sum(map(len, real))
    if held > 0 and len(largest) > (1 - held) * total and total > 1:
        raise _one_template(examples, largest, total, held)
    if test_share > 0 and not total:
        raise LuthierError(
            "all rows were generated, so none can be tested on",
            where="data.source",
            why="a verdict is passed on real rows only",
            fix="name the seeds beside them, or give a test set with data.test",
        )


def template_of(texts: Sequence[str], longest: int = 160) -> str:
    """The words that texts share, in the order of the first, with "…" where they differ."""
    common = set.intersection(*(set(words(text)) for text in texts))
    out: list[str] = []
    for word in words(texts[0]):
        if word in common:
            out.append(word)
        elif not out or out[-1] != "…":
            out.append("…")
    text = " ".join(out)
    return text if len(text) <= longest else text[: longest - 1] + "…"
