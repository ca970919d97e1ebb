"""Two pitfalls and their cures, on the built-in base: does each monitor say what happened, and does the cure hold?

The recipes are recipes/pitfall-*.yaml; each arm is a whole run (data, training, export, evaluation, gate). Prints what
the monitors said, the target and the guard, and as its last line JSON.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from luthier.pipeline.run import run_recipe
from luthier.pipeline.stages import read
from luthier.recipe import load_recipe
from luthier.store import Store

RECIPES = Path(__file__).resolve().parent.parent / "recipes"
REPLAY = "data.replay={source: nano, share: 10%}"
ARMS: dict[str, tuple[str, list[str]]] = {
    "overfit": ("pitfall-overfit.yaml", []),
    "overfit, monitor stops": ("pitfall-overfit.yaml", ["train.watch.overfitting=stop"]),
    "forget": ("pitfall-forget.yaml", []),
    "forget, replay 10%": ("pitfall-forget.yaml", [REPLAY]),
    "forget, replay 10% + anchor 3": ("pitfall-forget.yaml", [REPLAY, "train.anchor=3"]),
    "forget, replay 10% in 4 sets + anchor 10": (
        "pitfall-forget.yaml", [REPLAY, "data.replay.sets=4", "train.anchor=10"],
    ),
    "forget, cured": ("pitfall-forget-cured.yaml", []),
    "the cured recipe without replay and anchor": ("pitfall-forget-cured.yaml", ["data.replay=null", "train.anchor=0"]),
}


def run(arm: str, home: Path) -> dict[str, Any]:
    """One arm; what its training and its verdict came to."""
    name, changes = ARMS[arm]
    os.environ["LUTHIER_HOME"] = str(home)
    store = Store.open()
    began = time.monotonic()
    outcome = run_recipe(load_recipe(RECIPES / name, changes), store)
    trained = read(store.get(outcome.run.made["train"][-1]), "history.json")
    lines = [r.to_dict() for r in outcome.verdict.results]
    keys = ("role", "reference", "candidate", "delta", "low", "high", "bound", "margin", "n", "status")
    return {
        "arm": arm, "seconds": round(time.monotonic() - began, 1), "verdict": outcome.verdict.kind.value,
        "steps": trained["steps"], "best_step": trained["best_step"], "stopped": trained["stopped"],
        "best_loss": trained["best_loss"],
        "diagnosis": {d["kind"]: d["said"] for d in trained["diagnosis"]},
        "lines": [{k: line[k] for k in keys} for line in lines],
        "scales": [
            {"scale": p.scale, "target": p.target.candidate, "kept": [k.delta for k in p.kept], "passes": p.passes}
            for p in (outcome.frontier.points if outcome.frontier else ())
        ],
    }  # fmt: skip


def main() -> int:
    """Run the arms that are named (all of them without names)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("arms", nargs="*", default=list(ARMS))
    wanted = parser.parse_args().arms
    done = {}
    load = os.getloadavg()[0]
    for arm in wanted:
        with tempfile.TemporaryDirectory() as folder:
            done[arm] = made = run(arm, Path(folder))
        print(f"{arm}: {made['steps']} steps, best {made['best_step']}, {made['stopped']}, {made['verdict']}")
        for line in made["lines"]:
            print(f"  {line['role']} {line['reference']:.1f} -> {line['candidate']:.1f} {line['status']} n={line['n']}")
        for point in made["scales"]:
            kept = ", ".join(f"{delta:+.1f}" for delta in point["kept"])
            word = "passes" if point["passes"] else "does not pass"
            print(f"  at {point['scale']:.0%}: target {point['target']:.1f}, general rows {kept}: {word}")
        for said in made["diagnosis"].values():
            print(f"  {said}")
        sys.stdout.flush()
    kinds = {arm: sorted(made["diagnosis"]) for arm, made in done.items()}
    guards, targets = (
        {arm: line["status"] for arm, made in done.items() for line in made["lines"] if line["role"] == role}
        for role in ("regression", "target")
    )
    cures = [a for a in done if a.startswith("forget,")]
    holds = (  # of the arms that were run
        all("overfitting" in kinds[a] and done[a]["best_step"] < done[a]["steps"] for a in done if a.startswith("over"))
        and all("forgetting" in kinds[a] for a in done if a == "forget")
        and all(guards[a] == "broken" for a in done if a == "forget")
        and (not cures or any(guards[a] == "held" and targets[a] == "improved" for a in cures))
    )
    loads = [round(load, 1), round(os.getloadavg()[0], 1)]
    print(json.dumps({"bench": "pitfalls", "figures": done, "targets": {}, "holds": holds, "load": loads}))
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
