"""Judges against people: PandaLM's 999 pairs with three annotators and two models, and small models as judges.

    python bench/judges.py [--small nano] [--small FOLDER] [--pages FOLDER]

Reads the pairs where LUTHIER_TEST_DATA (or ../shared) has them. Printed: agreement among the people and of each model
with their majority, once with labels as they stand in the files (the known figures) and once with a tie read as a tie
and what cannot be read left out, as Luthier does; the pull of position and of length; each model's win rate put right
by 200 of people's votes; and what a small model is worth as a judge. ``--pages`` writes the pages of it. The last line
is JSON.
"""

from __future__ import annotations

import argparse
import gzip
import json
import os
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from luthier.evaluate.jury import calibrate, seated, shown_to_people
from luthier.evaluate.ledger import Ledger
from luthier.evaluate.reliability import account, account_of_votes, calibration
from luthier.evaluate.votes import SIDES, Voted
from luthier.recipe.evaluate import JudgeMetric
from luthier.report.judges import judge_lines, judges_page
from luthier.score.judge import Juror
from luthier.stats import cohen_kappa, krippendorff_alpha, mean_interval, prediction_powered

HERE = Path(__file__).resolve().parent
KNOWN = {
    "people 1-2": 0.852, "people 1-3": 0.879, "people 2-3": 0.862,
    "gpt-3.5-turbo accuracy": 0.693, "gpt-3.5-turbo kappa": 0.470,
    "pandalm-7b accuracy": 0.668, "pandalm-7b kappa": 0.435,
}  # fmt: skip
VOTES = {"0": "tie", "1": "a", "2": "b", "Tie": "tie"}


def rows(name: str) -> list[dict[str, Any]]:
    folder = Path(os.environ.get("LUTHIER_TEST_DATA") or HERE.parent.parent / "shared") / "realdata" / "preference"
    path = folder / f"pandalm_test_{name}.jsonl.gz"
    if not path.is_file():
        sys.exit(f"not available: {path.name} (set LUTHIER_TEST_DATA)")
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        return sorted(map(json.loads, lines), key=lambda row: row["idx"])


def read() -> tuple[dict[str, list[str]], list[Voted]]:
    """Labels as they stand in the files by rater, and the pairs with everybody's vote."""
    people = rows("3annotators")
    said = {f"person {i}": [str(r[f"annotator{i}"]) for r in people] for i in (1, 2, 3)}
    said["gpt-3.5-turbo"] = [str(r["gpt_result"]) for r in rows("judge_gpt-3.5-turbo")]
    said["pandalm-7b"] = [str(r["pandalm_result"]) for r in rows("judge_pandalm-7b")]
    voted = []
    for at, row in enumerate(people):
        votes = {who: VOTES[labels[at]] for who, labels in said.items() if labels[at] in VOTES}
        text = "\n".join(filter(None, (row["instruction"], row["input"])))
        voted.append(Voted(text, str(row["response1"]), str(row["response2"]), votes, name=str(row["idx"])))
    return said, voted


def as_in_the_files(said: dict[str, list[str]]) -> dict[str, float]:
    """The known figures: equal labels are equal signs."""
    found = {}
    for a, b in ((1, 2), (1, 3), (2, 3)):
        found[f"people {a}-{b}"] = cohen_kappa(said[f"person {a}"], said[f"person {b}"]).kappa.estimate
    majority = [Counter(three).most_common(1)[0][0] for three in by_people(said)]
    for judge in ("gpt-3.5-turbo", "pandalm-7b"):
        one = cohen_kappa(said[judge], majority)
        found |= {f"{judge} accuracy": one.accuracy.estimate, f"{judge} kappa": one.kappa.estimate}
    return found


def by_people(said: dict[str, list[str]]) -> list[tuple[str, ...]]:
    return list(zip(*(said[f"person {i}"] for i in (1, 2, 3)), strict=True))


def corrected(voted: Sequence[Voted], judge: str, labelled: int = 200, draws: int = 200) -> dict[str, float]:
    """Share of the first answer's wins: people's, the judge's, and the judge's put right by a few of people's."""
    both = [(SIDES[v.votes[judge]], people_only(v).majority) for v in voted if judge in v.votes]
    said, truth = (np.array(side) for side in zip(*both, strict=True))
    rng = np.random.default_rng(0)
    held, errors, alone = 0, [], []
    for _ in range(draws):
        order = rng.permutation(len(said))
        few, rest = order[:labelled], order[labelled:]
        one = prediction_powered(truth[few], said[few], said[rest])
        held += one.low <= truth.mean() <= one.high
        errors.append(one.se)
        alone.append(mean_interval(truth[few]).se)
    return {
        "people": float(truth.mean()), "judge": float(said.mean()), "covered": held / draws,
        "se": float(np.mean(errors)), "se_people_alone": float(np.mean(alone)),
    }  # fmt: skip


def people_only(one: Voted) -> Voted:
    return replace(one, votes={who: vote for who, vote in one.votes.items() if who.startswith("person")})


def small_judge(name: str, voted: Sequence[Voted], most: int) -> tuple[dict[str, Any], str]:
    """A small model on the shortest pairs; gives its account and how it was refused."""
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.errors import LuthierError
    from luthier.evaluate.reliability import refuse_unproven
    from luthier.models.load import load
    from luthier.models.source import resolve

    pairs = [people_only(v) for v in voted if v.a != v.b]
    short = sorted(pairs, key=lambda v: (len(v.question) + len(v.a) + len(v.b), v.item))[:most]
    metric = JudgeMetric(engine=(name,), people="votes.jsonl")
    engine = EmbeddedEngine(load(resolve(name)))

    @contextmanager
    def opened(_: JudgeMetric) -> Iterator[list[Juror]]:
        yield [Juror(engine, name=Path(name).name)]

    with seated(metric, opened) as panel:
        made = calibrate(panel, short, None)
        facts = {"judges": {"judge": {"judges": list(panel.names), "engines": panel.fingerprints}}}
    engine.close()
    ledger = Ledger(tuple(made), facts)
    found = calibration(ledger, "judge")
    assert found is not None
    try:
        refuse_unproven(ledger, metric, alpha=0.05)
        refused = ""
    except LuthierError as error:
        refused = error.render()
    told = account(ledger, metric)
    told["items"] = len(ledger.of(shown_to_people("judge"), panel.names[0]))
    return told, refused


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="append", default=[], metavar="MODEL")
    parser.add_argument("--most", type=int, default=48)
    parser.add_argument("--pages", type=Path)
    asked = parser.parse_args()
    said, voted = read()
    found = as_in_the_files(said)
    print("labels as they stand in the files")
    for name, value in found.items():
        print(f"  {name:<24} {value:.4f}   known {KNOWN[name]:.3f}")
    alpha = krippendorff_alpha(by_people(said))
    print(f"  {'alpha of three people':<24} {alpha:.4f}   known 0.8642")
    pages = {"pandalm": [account_of_votes(voted, ["gpt-3.5-turbo", "pandalm-7b"])]}
    print("a tie is a tie, what cannot be read is left out")
    print("\n".join(judge_lines(pages["pandalm"][0])))
    for judge in ("gpt-3.5-turbo", "pandalm-7b"):
        one = corrected(voted, judge)
        print(
            f"  {judge}: first answer wins {100 * one['people']:.1f}% with people, {100 * one['judge']:.1f}% with it; "
            f"put right by 200 labels: 95% intervals cover {one['covered']:.1%}, error {100 * one['se']:.2f} points "
            f"against {100 * one['se_people_alone']:.2f} from the labels alone"
        )
    refusals = {}
    for name in asked.small:
        told, refusals[Path(name).name] = small_judge(name, voted, asked.most)
        pages[Path(name).name] = [told]
        print("\n".join(judge_lines(told)), refusals[Path(name).name], sep="\n")
    if asked.pages is not None:
        asked.pages.mkdir(parents=True, exist_ok=True)
        for name, accounts in pages.items():
            (asked.pages / f"{name}.html").write_text(judges_page(accounts, name), encoding="utf-8")
    targets = tomllib.loads((HERE / "targets.toml").read_text())["judges"]
    figures: dict[str, Any] = {"off_known": max(abs(found[n] - known) for n, known in KNOWN.items()), "alpha": alpha}
    if refusals:
        figures["small_judges_let_through"] = sum(not text for text in refusals.values())
    targets = {name: bar for name, bar in targets.items() if name in figures}
    holds = all(figures[name] <= bar["at_most"] for name, bar in targets.items())
    print(json.dumps({"bench": "judges", "figures": figures, "targets": targets, "holds": holds}))
    return 0 if holds else 1


if __name__ == "__main__":
    raise SystemExit(main())
