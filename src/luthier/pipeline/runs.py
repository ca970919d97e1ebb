"""Runs as rows: listed and filtered, many side by side, and two of them to the last key.

Reads run folders and artifacts' manifests; runs nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from luthier.errors import LuthierError, UsageError
from luthier.records import SuiteResult, Verdict, VerdictKind
from luthier.report.runs import Compared, Line
from luthier.store.merkle import root_of
from luthier.store.run import leaves

if TYPE_CHECKING:
    from luthier.store import Artifact, Run, Store

_AGE = re.compile(r"^([1-9][0-9]{0,4}) ?(minute|hour|day|week)s?$")
_ABSENT = "–"


@dataclass(frozen=True)
class Row:
    """A run in one line."""

    run: Run

    @property
    def base(self) -> str:
        return str(self.run.recipe.get("model", {}).get("base", ""))

    @property
    def method(self) -> str:
        """What was learned how: ``sft lora``."""
        train = self.run.recipe.get("train", {})
        return " ".join(_kind(train.get(key)) for key in ("method", "tuning") if train.get(key)).strip()

    @property
    def verdict(self) -> str:
        return str(self.run.facts.get("verdict") or "")

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {**self.run.to_dict(), "base": self.base, "method": self.method, "verdict": self.verdict or None}


def listed(
    store: Store, *, status: str | None = None, verdict: str | None = None, base: str | None = None,
    method: str | None = None, since: str | None = None,
) -> list[Row]:  # fmt: skip
    """Runs that fit every filter given, newest first.

    Args:
        status: running, done, failed, interrupted.
        verdict: PROMOTE, REJECT, INCONCLUSIVE, in any case; or ``none``.
        base: part of the base's name, in any case.
        method: a word of the method: ``dpo``, ``lora``.
        since: a date (``2026-11-03``), a time, or an age (``2 days``, ``90 minutes``).

    Raises:
        UsageError: a filter that nothing could fit.
    """
    after = None if since is None else _since(since)
    _known("--status", status, ("running", "done", "failed", "interrupted"))
    _known("--verdict", verdict, (*(kind.value.lower() for kind in VerdictKind), "none"))
    found = []
    for row in map(Row, store.runs()):
        fits = (
            (status is None or row.run.status == status.lower())
            and (verdict is None or (row.verdict or "none").lower() == verdict.lower())
            and (base is None or base.lower() in row.base.lower())
            and (method is None or set(method.lower().split()) <= set(row.method.lower().split()))
            and (after is None or _time(row.run.started) >= after)
        )
        found += [row] if fits else []
    return found


def _known(option: str, value: str | None, known: Sequence[str]) -> None:
    if value is not None and value.lower() not in known:
        raise UsageError(f"{option} {value}: no run is ever that", fix=f"one of {', '.join(known)}")


def _since(text: str) -> datetime:
    if match := _AGE.match(text.strip()):
        return datetime.now(UTC) - timedelta(**{f"{match[2]}s": int(match[1])})
    try:
        return _time(text.strip())
    except ValueError:
        raise UsageError(f"--since {text} is no time", fix="2026-11-03, 2026-11-03T18:00, or 2 days") from None


def _time(text: str) -> datetime:
    """A time; without a zone it is UTC, as everything in a run's folder is."""
    found = datetime.fromisoformat(text.replace("Z", "+00:00"))
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _kind(value: Any) -> str:
    return str(value.get("kind", "")) if isinstance(value, Mapping) else str(value)


# ---- many runs side by side


def compare_runs(store: Store, refs: Sequence[str]) -> Compared:
    """Two runs or more.

    Raises:
        LuthierError: a name that no run has; UsageError for fewer than two runs.
    """
    runs = list({run.id: run for run in map(store.run, refs)}.values())
    if len(runs) < 2:
        raise UsageError("a comparison needs two runs or more", fix="luthier runs lists them")
    lines = tuple(_line(store, run) for run in runs)
    asked = [_asked(run, line) for run, line in zip(runs, lines, strict=True)]
    keys = list(dict.fromkeys(key for one in asked for key in one))
    values = {key: tuple(one.get(key, _ABSENT) for one in asked) for key in keys}
    differing = {key: found for key, found in values.items() if len(set(found)) > 1 and not _of_a_kind(key, values)}
    return Compared(lines, differing, len(values) - len(differing))


def _of_a_kind(key: str, values: Mapping[str, tuple[str, ...]]) -> bool:
    """Whether a key is one of a kind that some runs do not have (``r`` where others are ``full``), and the same in all
    that have it: then the kind is what differs."""
    kinds = values.get(f"{key.rpartition('.')[0]}.kind", ("",))
    return not key.endswith(".kind") and len(set(kinds)) > 1 and len(set(values[key]) - {_ABSENT}) == 1


def _line(store: Store, run: Run) -> Line:
    data = _made(store, run, "data", "dataset")
    training = _made(store, run, "train", "training")
    verdict = _verdict(run)
    metrics = run.metrics()
    speeds = sorted(m["tokens_per_s"] for m in metrics if isinstance(m.get("tokens_per_s"), int | float))
    return Line(
        run=run.id, status=run.status, verdict=str(run.facts.get("verdict") or ""),
        dataset="" if data is None else data.id, root=("" if data is None else root_of(data)) or "",
        rows=None if data is None else data.meta.get("rows", {}).get("train"), target=target_of(verdict),
        kept=kept_of(verdict), loss=None if training is None else training.meta.get("best_loss"),
        speed=speeds[len(speeds) // 2] if speeds else None,
        seconds=sum((run.facts.get("seconds") or {}).values()) or None, curves=curves(metrics),
    )  # fmt: skip


def curves(metrics: Sequence[Mapping[str, Any]]) -> dict[str, list[tuple[float, float]]]:
    """Numbers by name as (step, value), in order of steps; of a step that was done twice, the last."""
    found: dict[str, dict[int, float]] = {}
    for line in metrics:
        for name, value in line.items():
            if name != "step" and isinstance(value, int | float):
                found.setdefault(name, {})[int(line["step"])] = float(value)
    return {name: [(float(step), value) for step, value in sorted(points.items())] for name, points in found.items()}


def target_of(verdict: Verdict | None) -> SuiteResult | None:
    """The line of the verdict that says what was gained."""
    lines = [] if verdict is None else [r for r in verdict.results if r.role == "target" and r.status != "described"]
    return next((r for r in lines if r.reference_name in ("base", "start")), lines[0] if lines else None)


def kept_of(verdict: Verdict | None) -> SuiteResult | None:
    """The regression suite that came nearest to its margin, or went beyond."""
    lines = [] if verdict is None else [r for r in verdict.results if r.role == "regression"]
    return min(lines, key=lambda r: r.bound + r.margin if r.bound == r.bound else 0.0, default=None)


def _verdict(run: Run) -> Verdict | None:
    try:
        return Verdict.from_dict(json.loads((run.dir / "verdict.json").read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _made(store: Store, run: Run, stage: str, kind: str) -> Artifact | None:
    found = [a for name in run.made.get(stage, ()) if (a := store.catalogue.artifact(name)) is not None]
    return next((a for a in reversed(found) if a.kind == kind and a.path.is_dir()), None)


def _asked(run: Run, line: Line) -> dict[str, str]:
    """What decided the run: recipe, data, code, machine. Names and trackers decide nothing."""
    recipe = {k: v for k, v in run.recipe.items() if k not in ("luthier", "name", "track")}
    environment = {**run.environment, **{k: run.facts[k] for k in ("threads",) if k in run.facts}}
    return {
        **dict(flat(recipe)), "dataset": line.dataset or _ABSENT,
        **{f"code.{key}": text[:12] for key, text in run.code.items()},
        **{f"environment.{key}": text for key, text in flat(environment)},
    }  # fmt: skip


def flat(value: Any) -> Iterator[tuple[str, str]]:
    """Nested values as ``a.b`` -> text."""
    for key, found in leaves(value):
        told = ", ".join(map(str, found)) if isinstance(found, list | tuple) else found
        yield key, _ABSENT if told in (None, "") else str(told)


# ---- two runs, to the last key


GROUPS = ("recipe", "data", "code", "environment", "result")


@dataclass(frozen=True)
class Difference:
    """Everything that differs between two runs: group, key, and both values."""

    a: str
    b: str
    rows: tuple[tuple[str, str, str, str], ...]

    def of(self, group: str) -> list[tuple[str, str, str]]:
        """(key, a, b) of one group."""
        return [(key, a, b) for found, key, a, b in self.rows if found == group]

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "a": self.a, "b": self.b,
            "differences": [{"group": g, "key": key, "a": a, "b": b} for g, key, a, b in self.rows],
        }  # fmt: skip


def difference(store: Store, first: Run, second: Run) -> Difference:
    """Recipe, data, code, environment and result of two runs. Times and places are no differences."""
    a, b = (dict(_whole(run, _line(store, run))) for run in (first, second))
    keys = sorted({*a, *b}, key=lambda at: (GROUPS.index(at[0]), at[1]))
    rows = [(*at, a.get(at, _ABSENT), b.get(at, _ABSENT)) for at in keys if a.get(at) != b.get(at)]
    return Difference(first.id, second.id, tuple(rows))


def _whole(run: Run, line: Line) -> Iterable[tuple[tuple[str, str], str]]:
    groups: dict[str, Mapping[str, Any]] = {
        "recipe": {k: v for k, v in run.recipe.items() if k != "luthier"},
        "data": {"dataset": line.dataset, "root": line.root, "rows": line.rows},
        "code": run.code,
        "environment": {**run.environment, **{k: run.facts[k] for k in ("threads",) if k in run.facts}},
        "result": {
            "status": run.status, "verdict": run.facts.get("verdict"), "validation loss": line.loss,
            **{stage: ids for stage, ids in run.made.items() if stage != "data"}, **_figures(run),
        },
    }  # fmt: skip
    for group, found in groups.items():
        yield from (((group, key), text) for key, text in flat(found))


def _figures(run: Run) -> dict[str, str]:
    verdict = _verdict(run)
    return {
        f"{r.role} {r.suite} {r.metric} against {r.reference_name}":
        f"{r.delta:+.4g} [{r.low:+.4g}, {r.high:+.4g}] n={r.n}"
        for r in (verdict.results if verdict else ())
    }


def two_runs(store: Store, first: str, second: str) -> tuple[Run, Run] | None:
    """Both as runs, or None where one of the names means something else."""
    from luthier.store import Run

    try:
        a, b = store.resolve(first), store.resolve(second)
    except LuthierError:
        return None
    return (a, b) if isinstance(a, Run) and isinstance(b, Run) else None
