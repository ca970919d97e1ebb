"""``luthier plan``: what would run, what is cached, what it needs, and why each value is what it is.

Arithmetic only, unless a probe is asked for: the rows are read and counted, the base's sizes come from its
configuration. Nothing is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from luthier.errors import LuthierError, UsageError, did_you_mean
from luthier.pipeline.forecast import Forecast, forecast
from luthier.pipeline.inherit import Earlier, inherited
from luthier.pipeline.job import Job
from luthier.pipeline.stages import TrainInput, sides_of, train_input
from luthier.recipe import ChainSpec, LoadedRecipe, Recipe
from luthier.recipe.train import REWARDED

if TYPE_CHECKING:
    from luthier.store import Store
    from luthier.train.devices import Card
    from luthier.train.probe import Probed

@dataclass(frozen=True, slots=True)
class Line:
    """One value with its reason and where it came from."""

    key: str
    value: str
    reason: str
    origin: str


@dataclass(frozen=True)
class Plan:
    """Everything that ``luthier plan`` shows."""

    stages: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    facts: dict[str, Any]
    warnings: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """JSON form."""
        return {
            "stages": dict(self.stages), "values": [asdict(line) for line in self.lines], "facts": self.facts,
            "warnings": list(self.warnings),
        }  # fmt: skip

    def render(self) -> str:
        """The page for a terminal."""
        keys, values = (max(len(getattr(line, f)) for line in self.lines) for f in ("key", "value"))
        out = [f"  {name:<9} {text}" for name, text in self.stages] + [""]
        out += [f"  {x.key:<{keys}}  {x.value:<{min(values, 26)}}  {x.reason}  ({x.origin})" for x in self.lines]
        out += [""] + [f"  warning   {text}" for text in self.warnings]
        return "\n".join(out).rstrip()


@dataclass(frozen=True, slots=True)
class Rate:
    """What an hour of the device costs, in a currency of the user's."""

    amount: float
    currency: str = ""

    @classmethod
    def read(cls, text: str) -> Rate:
        """``1.20``, ``EUR 1.20``, ``1.20 EUR/h``.

        Raises:
            UsageError: it is no amount.
        """
        found = re.fullmatch(
            r"\s*([^\d\s.,]*)\s*(\d+(?:\.\d+)?)\s*([^\d\s/]*)\s*(?:/\s*(?:h|hour))?\s*", text, re.IGNORECASE
        )
        if found is None or (found[1] and found[3]):
            raise UsageError(f"{text!r} is no rate", where="--rate", fix='an amount an hour, as "1.20 EUR"')
        return cls(float(found[2]), found[1] or found[3])

    def cost(self, seconds: float) -> str:
        """In words."""
        amount = self.amount * seconds / 3600
        sign = f" {self.currency}" if self.currency else ""
        return f"{amount:,.2f}{sign} at {self.amount:g}{sign} an hour (your rate)"


def plan_recipe(
    loaded: LoadedRecipe, store: Store, *, card: Card | None = None, rate: Rate | None = None, probe: bool = False,
    job_of: Callable[..., Job] = Job,
) -> Plan:  # fmt: skip
    """Work everything out; run nothing, or with ``probe`` a few steps that are thrown away.

    Args:
        loaded: the recipe.
        store: where what is known already is looked up.
        card: plan for this device, which need not be here.
        rate: what an hour of it costs.
        probe: load the base and measure memory and time.
        job_of: makes the job of the recipe.

    Raises:
        LuthierError: the recipe could not run: no rows, no model, a training that does not fit.
    """
    from luthier import track

    if probe and card is not None:
        raise UsageError(
            "a probe measures on this machine, not on a card of the table", where="--probe --device",
            fix="leave one of them out",
        )  # fmt: skip
    job = job_of(loaded, store, card=card)
    track.admit(job.recipe.track, job.recipe.privacy.egress)
    sides, digest = _dataset(job)
    given = train_input(job, sides, digest)
    if probe and given.answers:
        raise UsageError(
            f"a probe of {loaded.recipe.train.method.kind} is not offered", where="--probe",
            why="how long its answers become is not known before", fix="luthier plan without --probe",
        )  # fmt: skip
    asked = forecast(job, given)
    earlier = inherited(job, sides)
    sizes, plan = job.sizes, given.plan
    stages = [("data", _state(job, job.data_key, "dataset")), ("train", _state(job, given.key, "training"))]
    stages += [("export", _state(job, job.export_key(given.key), "model"))]
    trained_tokens, all_tokens = given.tokens()
    tokens = all_tokens * plan.steps / max(plan.steps_an_epoch, 1)
    work = asked.operations
    probed = _probe(job, given, sides) if probe else None
    seconds = asked.seconds if probed is None else probed.seconds(plan, given.fed())
    facts: dict[str, Any] = {
        "base": job.base.name, "architecture": sizes.architecture, "parameters": sizes.parameters,
        "trainable": sizes.trainable, "trainable_share": sizes.share,
        "device": job.device if card is None else card.name,
        "rows": {side: len(rows) for side, rows in sides.items()}, "tokens": int(tokens),
        "trained_token_share": trained_tokens / max(all_tokens, 1), "operations": work, "minutes": seconds / 60,
        "memory": asked.needs.to_dict() if asked.needs is not None else None, "memory_free": job.place.memory,
        "probed": None if probed is None else asdict(probed),
    }  # fmt: skip
    size = f"{sizes.architecture}, {sizes.parameters / 1e6:,.1f}M parameters"
    time = f"{work / 1e12:,.1f} TFLOP; about {_minutes(seconds)} {asked.basis if probed is None else 'as probed'}"
    lines = [
        Line("model.base", job.base.name, size, _origin(job, "model.base")),
        Line(
            "train.tuning", loaded.recipe.train.tuning.kind,
            f"{sizes.share:.2%} of parameters trained ({sizes.trainable:,})", _origin(job, "train.tuning"),
        ),
        *_backend(job),
        *(Line(f"train.{k}", _show(r.value), r.reason, r.origin) for k, r in plan.decided.items()),
        *_written(job),
        *(Line("evaluate.inherit", name, told, _origin(job, "evaluate.inherit")) for name, told in earlier.told()),
        *_trackers(job),
        *_room(job, given, asked, probed),
        Line("needs", f"{tokens:,.0f} tokens", time, "planner" if probed is None else "probe"),
    ]  # fmt: skip
    if rate is not None:
        facts["cost"] = rate.amount * seconds / 3600
        lines.append(Line("cost", rate.cost(seconds), "training only", "--rate"))
    return Plan(tuple(stages), tuple(lines), facts, tuple(_warnings(job, sides, earlier)))


def _room(job: Job, given: TrainInput, asked: Forecast, probed: Probed | None) -> Iterator[Line]:
    """What it takes of the device's memory, what a probe found, and what else would fit."""
    from luthier.pipeline.demand import other_tunings
    from luthier.train.memory import size

    if asked.needs is None:
        return
    where = job.card.title if job.card is not None else f"this {job.place.kind}"
    free = f" of {size(job.place.memory)} free on {where}" if job.place.memory else ""
    yield Line("needs", f"{size(asked.needs.total)}{free}", asked.needs.render(), "planner")
    if probed is not None and probed.bytes is not None:
        said = f"predicted {size(asked.needs.total)}"
        if probed.fits_tokens is not None:
            said += f"; the largest pass did not fit: train.micro_tokens: {probed.fits_tokens}"
        yield Line("needs", f"{size(probed.bytes)} measured", said, "probe")
    tried = list(other_tunings(job, given.facts, given.trained_share))
    fit, rest = [t.render() for t in tried if t.fits], [t.render() for t in tried if not t.fits]
    if fit:
        yield Line("also fits", ", ".join(fit), "one row at a time, activations recomputed", "planner")
    if rest:
        yield Line("does not fit", ", ".join(rest), "one row at a time, activations recomputed", "planner")


def _probe(job: Job, given: TrainInput, sides: Mapping[str, Sequence[Any]]) -> Probed:
    """Measure a few steps of the planned training on this machine."""
    from luthier.pipeline.stages import learner, method_arguments, prepared_base
    from luthier.train.probe import probe

    more = method_arguments(job, given, given.train[: given.plan.watch_rows], sides)  # as long as general rows, about
    return probe(
        learner(job.recipe.train), job.recipe.train, given.plan,
        load=lambda: prepared_base(job), device=job.device, train=given.train, lengths=given.lengths(),
        validation=given.validation, seed=job.recipe.seed,
        replayed=[getattr(row, "example_id", "") in given.replayed for row in given.train], more=more,
    )  # fmt: skip


def explain_key(key: str) -> str:
    """What a recipe key means, from its own documentation.

    Raises:
        UsageError: there is no such key.
    """
    from luthier.recipe.load import nested_models

    models: list[type[BaseModel]] = [Recipe, ChainSpec]
    parts = [part for part in key.split(".") if not part.isdigit()]
    for depth, part in enumerate(parts):
        owners = [m for m in models if part in m.model_fields]
        if not owners:
            known = [name for m in models for name in m.model_fields]
            raise UsageError(
                f"there is no key {key}", where=".".join(parts[: depth + 1]), fix=did_you_mean(part, known)
            )
        field = owners[0].model_fields[part]
        models = [inner for m in owners for inner in nested_models(m.model_fields[part].annotation)]
    text = " ".join((field.description or "").split())
    choices = [
        f"  {m.model_fields['kind'].default}: {(m.__doc__ or '').strip().splitlines()[0]}"
        for m in models
        if "kind" in m.model_fields
    ]
    inner = [
        f"  {name}: {' '.join((f.description or '').split())}"
        for m in models
        if "kind" not in m.model_fields
        for name, f in m.model_fields.items()
    ]
    default = "" if field.is_required() or isinstance(field.default, BaseModel) else f" Default: {field.default}."
    return "\n".join([f"{key}: {text}{default}", *choices, *inner])


def _dataset(job: Job) -> tuple[dict[str, list[Any]], str]:
    """The rows of each side: from the store if they stand there, else built in memory. Nothing is asked of a model."""
    from luthier.data import SIDES, before, build, pseudonym_secret, without_models

    found = job.store.find(job.data_key, "dataset")
    if found is not None:
        return sides_of(found), found.digest
    made = build(
        without_models(job.recipe.data), folder=job.folder, seed=job.recipe.seed, chat=job.chat,
        max_length=job.max_length, secret=pseudonym_secret(job.recipe.data, job.store),
        previous=before(job.recipe.data, job.store), known=job.known_sources, erased=job.store.erased(),
        compared=job.compared,
    )  # fmt: skip
    return {side: list(getattr(made, side)) for side in SIDES}, "not built yet"


def _state(job: Job, key: str, kind: str) -> str:
    found = job.store.find(key, kind)
    return f"cached as {found.id}" if found else "would run"


def _origin(job: Job, key: str) -> str:
    return job.loaded.origins.get(key, "default")


def _written(job: Job) -> Iterator[Line]:
    """Keys that the recipe says, which the planner did not turn into something else."""
    dump = job.recipe.model_dump(mode="json")
    for key, origin in job.loaded.origins.items():
        if key.startswith(("data.", "evaluate.", "export.", "privacy.")) and key.count(".") == 1:
            room, name = key.split(".")
            yield Line(key, _show(dump[room].get(name)), "written in the recipe", origin)


def _backend(job: Job) -> Iterator[Line]:
    """Who makes the steps, where it is not Luthier itself."""
    from luthier.pipeline.keys import package_version

    train = job.recipe.train
    if train.backend == "trl":
        told = f"steps by trl {package_version('trl')}; needs and time below are of Luthier's own loop, TRL takes more"
        if train.method.kind in REWARDED:
            told += "; a killed training begins again"
        yield Line("train.backend", "trl", told, _origin(job, "train.backend"))


def _trackers(job: Job) -> Iterator[Line]:
    """Where the numbers are shown."""
    for number, spec in enumerate(job.recipe.track):
        where = f"sent to {', '.join(spec.hosts)}" if spec.hosts else "stays on this machine"
        rows = "with the report's rows" if spec.rows else "numbers, no rows"
        keys = (f"track.{number}", "track")
        origin = next((job.loaded.origins[key] for key in keys if key in job.loaded.origins), "default")
        yield Line("track", spec.kind, f"{where}; {rows}", origin)


def _show(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list) and len(value) > 4:
        return f"{', '.join(map(_show, value[:3]))} … {_show(value[-1])}"
    if isinstance(value, list):
        return ", ".join(map(_show, value))
    if isinstance(value, dict):
        return ", ".join(f"{k}={_show(v)}" for k, v in value.items() if v is not None)
    return str(value)


def _minutes(seconds: float) -> str:
    return f"{seconds:,.0f} s" if seconds < 90 else f"{seconds / 60:,.0f} min"


def _warnings(job: Job, sides: dict[str, list[Any]], earlier: Earlier) -> Iterator[str]:
    from luthier.data import without_models
    from luthier.evaluate import forecast, load_suite, refuse_unmeasurable

    spec = job.judged_by
    suites = [load_suite(s, folder=job.folder) for s in spec.regression]
    guards = [*suites, *(one.suite for one in earlier.guards)]
    ahead = forecast(guards, test_items=min(len(sides["test"]), spec.max_items or 1 << 40), alpha=spec.alpha)
    rows = () if job.compared is not None else (sides["train"], sides["test"])  # whose labels metrics may ask for
    try:
        refuse_unmeasurable(spec, suites, *rows)
    except LuthierError as error:
        told = "; ".join(part for part in (error.what, error.why, error.fix) if part)
        yield f"this run will be refused: {told}"
    if ahead["warning"]:
        yield ahead["warning"]
    data, bare = job.recipe.data, without_models(job.recipe.data)
    if (data.select, data.dedupe) != (bare.select, bare.dedupe) and job.store.find(job.data_key, "dataset") is None:
        yield "rows are counted as if no model took any out: luthier data preview shows what data.select takes"
    if not guards and job.makes == "model":
        yield "no regression suite is named: nothing says what the model must not forget (evaluate.regression)"
    least = ahead["target"]["detectable"]
    if least is not None and least > 5 and not spec.reward_models:  # rewards are no shares
        yield f"{ahead['target']['n']:,} test rows would show a gain of {least:.1f} points or more only (80% power)"


__all__ = ["Line", "Plan", "TrainInput", "explain_key", "plan_recipe"]
