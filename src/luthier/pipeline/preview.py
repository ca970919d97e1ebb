"""``luthier data preview``: what each rule of the data stage would take out, before anything is filed or trained on.

The stage runs as it would; only its artifact is not written. What models said of rows is kept, so that the stage
itself, or another preview with other limits, asks nothing twice.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier.data import Prepared, before, build, pseudonym_secret
from luthier.pipeline.inspect import is_recipe
from luthier.pipeline.job import Job, ProgressLike
from luthier.pipeline.raters import open_raters
from luthier.recipe import LoadedRecipe, load_recipe, make_recipe
from luthier.records import Example

if TYPE_CHECKING:
    from luthier.store import Store


@dataclass(frozen=True)
class Preview:
    """Steps of the account with rows to look at, the scores, and clusters of rows that say the same in other words."""

    steps: tuple[dict[str, Any], ...]
    rows: dict[str, int]
    selection: dict[str, Any] | None
    semantic: dict[str, Any] | None
    clusters: tuple[dict[str, Any], ...]
    seconds: float

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "steps": list(self.steps), "rows": self.rows, "selection": self.selection, "semantic": self.semantic,
            "clusters": list(self.clusters), "seconds": round(self.seconds, 2),
        }  # fmt: skip

    def render(self, limit: int) -> list[str]:
        """The page for a terminal, with at most ``limit`` rows a rule."""
        out: list[str] = []
        for step in self.steps:
            taken = f"-{step['removed']:,}" if step["removed"] else "."
            out.append(f"{step['left']:>9,}  {taken:>7}  {step['name']:<24}  {_cut(step['rule'], 90)}")
            for shown in step["examples"][:limit] if step["removed"] else ():
                out.append(f"{'':20}{shown['origin']}  {_cut(shown['text'])}")
                out.append(f"{'':20}  {shown['why']}")
        sides = " / ".join(f"{self.rows[side]:,} {side}" for side in ("train", "validation", "test"))
        out += ["", f"  sides      {sides}"]
        out += self._scores()
        for cluster in self.clusters[:limit]:
            out.append(f"  same       {cluster['kept']}  {_cut(cluster['text'])}")
            out += [f"{'':13}{gone['origin']}  {_cut(gone['text'])}\n{'':15}{gone['why']}" for gone in cluster["gone"]]
        return [*out, f"  nothing was filed ({self.seconds:.1f} s); luthier data RECIPE does it"]

    def _scores(self) -> list[str]:
        if self.selection is None:
            return []
        out = []
        for name, found in self.selection["scores"].items():
            out.append(f"  {name:<10} {found['rows']:,} rows scored, {found['unscored']:,} of them without a score")
            value = "ifd" if name == "likelihood" else "product"
            for part, spread in {value: found["value"], **found["parts"]}.items():
                if spread:
                    told = "  ".join(f"{point} {number:,.3f}" for point, number in spread.items())
                    out.append(f"{'':13}{part:<11} {told}")
        alone = [f"{rule['rule']} {rule['alone']:,}" for rule in self.selection["rules"] if rule["alone"]]
        return [*out, f"  alone      {', '.join(alone)}"] if alone else out


def preview_data(
    target: str, store: Store, overrides: Sequence[str] = (), progress: ProgressLike | None = None
) -> Preview:
    """Run the data stage of a recipe, or of a file of rows with ``nano`` as its base, without filing anything.

    Raises:
        LuthierError: as the stage itself.
    """
    job, began = Job(_recipe(target, overrides), store, progress), time.monotonic()
    spec = job.recipe.data
    with open_raters(job) as raters:
        made = build(
            spec, folder=job.folder, seed=job.recipe.seed, chat=job.chat, max_length=job.max_length,
            secret=pseudonym_secret(spec, store), previous=before(spec, store), known=job.known_sources,
            raters=raters, erased=store.erased(), compared=job.compared,
        )  # fmt: skip
    account = made.report
    return Preview(
        tuple(account["steps"]), account["rows"], account["selection"], account["semantic"],
        tuple(_clusters(made)), time.monotonic() - began,
    )  # fmt: skip


def _recipe(target: str, overrides: Sequence[str]) -> LoadedRecipe:
    if is_recipe(target):
        return load_recipe(target, overrides)
    return make_recipe({"model": {"base": "nano"}, "data": {"source": [target]}}, overrides, Path.cwd())


def _clusters(made: Prepared) -> list[dict[str, Any]]:
    """Rows that left as duplicates in other words, by the row that stayed; the largest cluster first."""
    found: dict[tuple[str, str], list[dict[str, Any]]] = defaultdict(list)
    for loss in made.removed:
        if loss["rule"] == "duplicate.semantic":
            found[loss["partner"]["id"], loss["partner"]["origin"]].append(loss)
    said = {row.id: row.asked for row in (*made.train, *made.validation, *made.test)}
    said |= {row["id"]: _asked(row) for row in made.quarantine if row["id"] in {name for name, _ in found}}
    return [
        {
            "kept": origin, "id": name, "text": said.get(name, ""),
            "gone": [{"origin": one.get("origin", ""), "id": one["id"], "text": _asked(one), "why": one["why"]}
                     for one in gone],
        }
        for (name, origin), gone in sorted(found.items(), key=lambda item: (-len(item[1]), item[0]))
    ]  # fmt: skip


def _asked(loss: dict[str, Any]) -> str:
    return Example.from_dict(loss["row"]).asked


def _cut(text: str, most: int = 160) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= most else flat[: most - 1] + "…"
