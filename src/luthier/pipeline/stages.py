"""The stages in their order, each behind its key: found, or made and filed.

Each function takes the job and what came before, and gives an artifact. None of them looks into another room's work
beyond what the room hands out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from luthier import registry
from luthier.errors import LuthierError, did_you_mean
from luthier.pipeline import classify, juries, probes
from luthier.pipeline.forecast import forecast
from luthier.pipeline.job import Job
from luthier.pipeline.keys import package_version
from luthier.pipeline.raters import open_raters
from luthier.recipe.train import ClassifyMethod, RewardedMethod, TrainSpec
from luthier.records import Verdict
from luthier.store import Artifact

if TYPE_CHECKING:
    from luthier.evaluate.frontier import Frontier
    from luthier.models.chat import Sample
    from luthier.models.load import Loaded
    from luthier.pipeline.inherit import Earlier
    from luthier.score.reward import Scorer
    from luthier.train.loop import TrainResult
    from luthier.train.plan import Facts, TrainPlan


TELL_EVERY = 50
"""Steps of training after which one looks at what happens beside the job."""


# ---- data


def dataset(job: Job) -> Artifact:
    """The dataset: read, checked, cleaned, de-duplicated, split."""
    from luthier.data import prepare

    key = job.data_key
    found = job.store.find(key, "dataset")
    if found is None:
        with job.store.lock(key):
            found = job.store.find(key, "dataset")
            if found is None:
                with open_raters(job) as raters:
                    found = prepare(
                        job.recipe.data, store=job.store, run=job.run, seed=job.recipe.seed, folder=job.folder,
                        key=key, chat=job.chat, max_length=job.max_length, known=job.known_sources, raters=raters,
                        compared=job.compared,
                    )  # fmt: skip
    attach(job, "data", found)
    return found


# ---- train


@dataclass(frozen=True)
class TrainInput:
    """Rows as token ids, and what was decided from their lengths."""

    plan: TrainPlan
    facts: Facts
    train: list[Any]
    validation: list[Any]
    key: str
    replayed: frozenset[str] = frozenset()
    replay_sets: int = 1
    trained_share: float = 1.0
    answers: int = 0
    """Answers that an epoch learns from, to each prompt, where the model learns from its own."""

    def lengths(self) -> list[int]:
        """Tokens of each training row that are fed to the model."""
        from luthier.train import batches, compared

        if self.answers:  # prompts with the longest answers that may be drawn
            return list(self.facts.train_tokens)
        return [
            compared.input_length(one) if isinstance(one, compared.Pair | compared.Thumb) else batches.input_length(one)
            for one in self.train
        ]

    def fed(self) -> int:
        """Tokens that an epoch feeds to the model."""
        return self.tokens()[1] if self.answers else sum(self.facts.train_tokens)

    def tokens(self) -> tuple[int, int]:
        """Tokens of an epoch that carry loss, and all that are read; of replayed rows one set. Of answers that are yet
        to be drawn: as many as the rows' own have."""
        from luthier.train.compared import Pair, Thumb, compared_row

        trained = everything = 0.0
        for one in self.train:
            if not self.answers and not isinstance(one, Pair | Thumb):
                part = 1 / self.replay_sets if one.example_id in self.replayed else 1.0
                trained, everything = trained + part * sum(one.trained), everything + part * len(one.ids)
            elif self.answers:
                trained += self.answers * one.reference_tokens
                everything += self.answers * (len(one.ids) + one.reference_tokens)
            else:
                made = compared_row(one)
                trained, everything = trained + len(made.targets), everything + len(made.inputs)
        return round(trained), round(everything)


def train_input(job: Job, sides: Mapping[str, Sequence[Any]], dataset_digest: str) -> TrainInput:
    """Render the rows and derive the training plan. Loads no weights.

    Raises:
        LuthierError: the rows are not what the method learns from, or the recipe's backend cannot learn from them.
        MissingExtra: the recipe's backend is not installed.
    """
    given = _train_input(job, sides, dataset_digest)
    if job.recipe.train.backend == "trl":
        from luthier.train.backend_trl import installed, refuse_weights

        installed()
        refuse_weights([*given.train, *given.validation])
    return given


def learner(train: TrainSpec) -> Callable[..., TrainResult]:
    """The function that carries a training out: the method's own, or the backend's."""
    if train.backend == "trl":
        from luthier.train import backend_trl

        return backend_trl.run
    return registry.get("method", train.method.kind).load()


def _train_input(job: Job, sides: Mapping[str, Sequence[Any]], dataset_digest: str) -> TrainInput:
    if job.compared is not None:
        return _compared_input(job, sides, dataset_digest)
    if isinstance(job.recipe.train.method, ClassifyMethod):
        return _labelled_input(job, job.recipe.train.method, sides, dataset_digest)
    if isinstance(job.recipe.train.method, RewardedMethod):
        return _asked_input(job, job.recipe.train.method, sides, dataset_digest)
    from luthier.data import rendering_policy
    from luthier.data.replay import sets_of
    from luthier.train.batches import input_length

    def rendered(side: str) -> list[Sample]:
        policy = rendering_policy(job.recipe.data)
        samples: list[Sample] = []
        for found in job.chat.samples_of(sides[side], max_length=job.max_length, on_overlong=policy):
            if isinstance(found, LuthierError):
                raise found
            samples += found
        return samples

    if job.recipe.train.method.kind == "continued":
        _only_texts(job, [*sides["train"], *sides["validation"]])
    replayed = frozenset(e.id for e in sides["train"] if "replay" in e.meta)
    train, validation = rendered("train"), rendered("validation")
    if job.recipe.train.field_weights:
        train, validation = (_weighed(job, samples, replayed) for samples in (train, validation))
    replay = job.recipe.data.replay
    sets = 1 if replay is None else sets_of(replay, len(sides["train"]) - len(replayed), len(replayed))
    train_tokens = of_an_epoch([(input_length(s), s.example_id in replayed) for s in train], sets)
    share = min(1.0, sum(sum(s.trained) for s in train) / max(1, sum(input_length(s) for s in train)))  # texts: all
    plan, facts = plan_of(job, train_tokens, [input_length(s) for s in validation], share)
    return TrainInput(plan, facts, train, validation, job.train_key(dataset_digest), replayed, sets, share)


def _compared_input(job: Job, sides: Mapping[str, Sequence[Any]], dataset_digest: str) -> TrainInput:
    """Rows that compare answers: each answer behind its prompt, only its own tokens trained."""
    from luthier.models.head import pad_of
    from luthier.records import Preference
    from luthier.train.compared import Pair, Thumb, input_length, scored

    def rendered(row: Any) -> Pair | Thumb:
        def sample(answer: Sequence[Any]) -> Sample:
            return job.chat.answer_sample(row.prompt, answer, row.tools)

        if isinstance(row, Preference):
            pair = Pair(sample(row.chosen), sample(row.rejected), row.id, row.weight, row.margin)
            return pair if job.makes == "model" else scored(pair, pad_of(job.chat.tokenizer))
        return Thumb(sample(row.answer), row.good, row.id, row.weight)

    known = {row.id: row for row in sides["train"]}
    train = [rendered(row) for row in known.values()]
    validation = [rendered(row) for row in {r.id: r for r in sides["validation"]}.values()]
    plan, facts = plan_of(job, [input_length(s) for s in train], [input_length(s) for s in validation], 1.0)
    return TrainInput(plan, facts, train, validation, job.train_key(dataset_digest))


def _labelled_input(
    job: Job, method: ClassifyMethod, sides: Mapping[str, Sequence[Any]], dataset_digest: str
) -> TrainInput:
    """Questions with the numbers of their labels."""
    from luthier.train.batches import input_length

    job.labels = classify.labels_of(sides, job.loaded.origins.get("train.method", "train.method"))
    train, validation = (classify.labelled_rows(job, method, sides[side], side == "train")
                         for side in ("train", "validation"))  # fmt: skip
    lengths = [input_length(s) for s in train]
    share = min(1.0, len(train) / max(1, sum(lengths)))
    plan, facts = plan_of(job, lengths, [input_length(s) for s in validation], share)
    return TrainInput(plan, facts, train, validation, job.train_key(dataset_digest), trained_share=share)


def _asked_input(
    job: Job, method: RewardedMethod, sides: Mapping[str, Sequence[Any]], dataset_digest: str
) -> TrainInput:
    """Prompts that the model answers itself, each with its row's own answer to compare with."""
    from luthier.train.rollout import Asked, answer_limit

    def asked(side: str) -> list[Asked]:
        made = []
        for row in sides[side]:
            if row.text is not None or not row.prompt:
                continue  # a text asks nothing
            ids = job.chat.prompt_ids(row.prompt, row.tools)
            answer = len(job.chat.text_ids(row.answer)) + 1 if row.answer else 0
            made.append(Asked(tuple(ids), row.prompt, row.answer, answer, row.id))
        return made

    train, validation = asked("train"), asked("validation")
    if not train:
        raise LuthierError(
            "no row asks anything", where="train.method", why="the model answers prompts, and plain texts have none",
            fix="train.method: continued learns from texts",
        )  # fmt: skip
    limit = answer_limit(method, train)
    longest = max(len(a.ids) for a in train)
    if longest + limit > job.max_length:
        raise LuthierError(
            f"the longest prompt has {longest:,} tokens, and an answer may have {limit:,}: more than "
            f"{job.max_length:,}", where="train.method.max_tokens", why="what does not fit cannot be answered",
            fix="a smaller max_tokens, or shorter prompts",
        )  # fmt: skip
    lengths = [len(a.ids) + limit for a in train]
    share = limit * len(train) / sum(lengths)
    plan, facts = plan_of(job, lengths, [len(a.ids) + limit for a in validation], share)
    return TrainInput(
        plan, facts, train, validation, job.train_key(dataset_digest), trained_share=share,
        answers=method.group * method.iterations,
    )  # fmt: skip


def plan_of(
    job: Job, train_tokens: Sequence[int], validation_tokens: Sequence[int], trained_share: float = 1.0
) -> tuple[TrainPlan, Facts]:
    """The training plan for rows of these lengths in tokens, and what it was made from. Loads no weights.

    Raises:
        LuthierError: it does not fit the device.
    """
    from luthier.pipeline.demand import demand, refused
    from luthier.train.plan import DoesNotFit, Facts, ModelFacts, derive

    sizes = job.sizes
    facts = Facts(
        model=ModelFacts(
            hidden=sizes.hidden, layers=sizes.layers, intermediate=sizes.intermediate, vocabulary=sizes.vocabulary,
            context=sizes.context, parameters=sizes.parameters, trainable=sizes.trainable,
        ),
        device=job.place, train_tokens=train_tokens, validation_tokens=validation_tokens,
        demand=demand(job, job.recipe.train, trained_share),
    )  # fmt: skip
    try:
        return derive(job.recipe.train, facts, seed=job.recipe.seed, origins=job.loaded.origins), facts
    except DoesNotFit as error:
        raise refused(job, facts, error, trained_share) from None


def _only_texts(job: Job, rows: Sequence[Any]) -> None:
    """Continued training reads texts; replayed rows may be chats.

    Raises:
        LuthierError: other rows are chats.
    """
    chats = sum(e.text is None and "replay" not in e.meta for e in rows)
    if chats:
        raise LuthierError(
            f"{chats:,} of {len(rows):,} rows are chats, and continued training reads plain texts",
            where=job.loaded.origins.get("train.method", "train.method"),
            why="of a chat only the assistant's tokens are learned", fix="train.method: sft",
        )  # fmt: skip


def _weighed(job: Job, samples: list[Sample], replayed: frozenset[str]) -> list[Sample]:
    """The samples with the tokens of their answers' fields weighed; replayed rows as they are.

    Raises:
        LuthierError: a field that the recipe names is in no answer.
    """
    from luthier.models.fields import weigh_fields

    weights, seen, made = job.recipe.train.field_weights, set[str](), []
    for sample in samples:
        if sample.example_id not in replayed:
            sample, found = weigh_fields(sample, job.chat.tokenizer, weights)
            seen |= found
        made.append(sample)
    if samples and (missing := sorted(weights.keys() - seen)):
        where = job.loaded.origins.get("train.field_weights", "train.field_weights")
        raise LuthierError(
            f"no answer has a field {missing[0]!r}", where=where,
            why="the answers are no JSON objects" if not seen else f"their fields are {', '.join(sorted(seen))}",
            fix=did_you_mean(missing[0], seen) or "leave it out",
        )  # fmt: skip
    return made


def of_an_epoch(rows: Sequence[tuple[int, bool]], sets: int) -> list[int]:
    """Lengths of the rows that an epoch takes, the longest among them: of the replayed ones every ``sets``-th by
    length."""
    own = [length for length, replayed in rows if not replayed]
    return own + sorted((length for length, replayed in rows if replayed), reverse=True)[::sets]


def sides_of(data: Artifact) -> dict[str, list[Any]]:
    """The rows of a dataset by side: examples, pairs or thumbs."""
    from luthier.data import examples, judged_rows

    if data.meta.get("answers") in ("pairs", "thumbs"):
        return {side: judged_rows(data, side) for side in ("train", "validation", "test")}
    return {side: examples(data, side) for side in ("train", "validation", "test")}


def training(job: Job, data: Artifact, given: TrainInput, sides: Mapping[str, Sequence[Any]]) -> Artifact:
    """The trained tensors with plan and history; a killed training goes on where its last checkpoint stands."""
    found = job.store.find(given.key, "training")
    if found is None:
        with job.store.lock(given.key):
            found = job.store.find(given.key, "training") or _train(job, data, given, sides)
        job.store.clear_workdir(given.key)
    attach(job, "train", found)
    return found


def _train(job: Job, data: Artifact, given: TrainInput, sides: Mapping[str, Sequence[Any]]) -> Artifact:
    from luthier.models.state import save_trained
    from luthier.train.machine import peak_memory
    from luthier.train.probe import FirstSteps
    from luthier.train.work import answer_tokens

    method = learner(job.recipe.train)
    probed = probes.probes(job, data, sides) if given.plan.watch_rows else None
    watched = [e for e in probes.read(probed)[: probes.WATCHED] if e.text or e.answer.strip()]
    general = [s for e in watched for s in job.chat.samples(e, max_length=job.max_length)]
    assert job.run is not None
    with peak_memory(job.device) as taken, job.bar("train", given.plan.steps) as bar:

        def on_step(info: Any) -> None:
            val = f"  val {info.val:.3f}" if info.val is not None else ""
            if given.answers and info.val is not None:  # of answers it is minus what they are worth
                val = f"  reward {-info.val:.3f}"
            bar.update(info.step, info.steps, f"loss {info.loss:.3f}{val}  {info.tokens_per_s:,.0f} tok/s")
            if info.step % TELL_EVERY == 0:
                job.beside()

        loaded = prepared_base(job)
        answers = answer_tokens(given.plan, given.facts.mean_tokens)
        first = FirstSteps(job.run, given.plan, given.fed(), answers)
        result = method(
            job.recipe.train, given.plan, loaded=loaded, train=given.train, validation=given.validation, run=first,
            workdir=job.store.workdir(given.key), seed=job.recipe.seed, on_step=on_step,
            **method_arguments(job, given, general, sides),
        )  # fmt: skip
    by = {"backend": f"trl {package_version('trl')}"} if job.recipe.train.backend == "trl" else {}
    record = {
        **by, "steps": result.steps, "best_step": result.best_step, "best_loss": result.best_loss,
        "first_loss": result.first_loss,
        "interpolated_loss": result.interpolated_loss, "stopped": result.stopped, "tokens": result.tokens,
        "trainable": job.sizes.trainable, "parameters": job.sizes.parameters, "share": job.sizes.share,
        "tuning": job.recipe.train.tuning.kind, "diagnosis": [f.to_dict() for f in result.diagnosis],
        "skipped": [dict(s) for s in result.skipped],
    }  # fmt: skip
    watch = job.recipe.train.watch
    job.run.note(
        training={
            "seconds": result.seconds, "resumed_at": result.resumed_at, "bytes": taken.bytes,
            "expected": None if first.expected is None else asdict(first.expected),
        },
        forecast=forecast(job, given).to_dict(),
    )  # fmt: skip
    with job.store.draft("training") as draft:
        save_trained(loaded.model, draft.path / "weights.safetensors")
        write(draft.path / "history.json", {**record, "history": [dict(h) for h in result.history]})
        write(draft.path / "plan.json", result.plan.to_dict(reasons=False))
        watched_too = (probed.id,) if probed and watch.forgetting == "stop" else ()
        parents = (data.id, *job.parents, *job.paid_by, *watched_too)
        return draft.commit(parents=parents, key=given.key, meta=record, run=job.run)


def _targets(job: Job, sides: Mapping[str, Sequence[Any]]) -> list[Scorer]:
    """What the evaluation will judge by and nobody is rewarded for: written, or detected from the answers."""
    from luthier.pipeline.reward import open_reward
    from luthier.score import detect
    from luthier.score.reward import scorer

    wanted = job.judged_by.target or detect([r.answer for r in sides["test"]]).target
    models = partial(open_reward, job.store, folder=job.folder)
    made = [scorer(spec, folder=job.folder, models=models) for spec in wanted]
    paid = {r.scorer.fingerprint for r in job.rewards}
    return [s for s in made if s.fingerprint not in paid]


def method_arguments(
    job: Job, given: TrainInput, general: Sequence[Any], sides: Mapping[str, Sequence[Any]]
) -> dict[str, Any]:
    """What a method takes besides rows and plan: what its answers are judged by, which rows are replayed, and those on
    which forgetting is seen."""
    if given.answers:
        return {"rewards": job.rewards, "targets": _targets(job, sides), "general": general}
    if job.compared is not None:
        return {}
    return {"replayed": given.replayed, "replay_sets": given.replay_sets, "general": general}


def prepared_base(job: Job) -> Loaded:
    """The base, loaded and made ready for training as the recipe says."""
    from luthier.models.adapters import continue_adapter, prepare
    from luthier.models.load import load

    loaded = load(
        job.base, quantised=job.quantised, device=job.device, chat_template=job.chat_template, makes=job.makes,
        labels=job.labels,
    )  # fmt: skip
    prepared = prepare(loaded, job.recipe.train.tuning, job.recipe.seed).loaded
    if job.start is not None:
        continue_adapter(prepared.model, job.start[0], job.base.digest)
    return prepared


# ---- export


def kinds_wanted(job: Job) -> list[str]:
    """What ships: ``adapter`` (all weights have none), ``model``."""
    kinds = {"adapter": "adapter", "merged": "model"}
    full = job.recipe.train.tuning.kind == "full"
    return [kinds[f] for f in job.recipe.export.formats if not (f == "adapter" and full)]


def delivered(job: Job, data: Artifact, trained: Artifact, key: str) -> dict[str, Artifact]:
    """What ships, by kind (``adapter``, ``model``), each with its parity certificate."""
    wanted = kinds_wanted(job)
    found = {kind: a for kind in wanted if (a := job.store.find(key, kind)) is not None}
    if len(found) < len(wanted):
        with job.store.lock(key):
            found = _deliver(job, data, trained, key)
    for artifact in found.values():
        attach(job, "export", artifact)
    return found


def _deliver(job: Job, data: Artifact, trained: Artifact, key: str) -> dict[str, Artifact]:
    from luthier.data import examples
    from luthier.export import deliver

    loaded = trained_model(job, trained)
    probes = [e for side in ("test", "validation", "train") for e in examples(data, side) if e.messages]
    made = deliver(
        job.recipe.export, loaded=loaded, tuning=job.recipe.train.tuning, store=job.store, run=job.run,
        parents=(trained.id, data.id, *job.parents), key=key, probes=probes, card=_card(job, data),
        chat_template=job.chat_template,
    )  # fmt: skip
    return {a.kind: a for a in made.artifacts}


def trained_model(job: Job, trained: Artifact) -> Loaded:
    """What is delivered: the trained weights, or the recipe's share of their change."""
    from luthier.models.adapters import trainable_state
    from luthier.models.state import go_back, load_trained, start_of

    loaded = prepared_base(job)
    scale = job.recipe.export.scale
    start = start_of(trainable_state(loaded.model)) if scale < 1 else {}
    load_trained(loaded.model, trained.path / "weights.safetensors")
    go_back(trainable_state(loaded.model), start, scale)
    loaded.model.eval()
    return loaded


def _card(job: Job, data: Artifact) -> Any:
    from luthier.export.card import Card

    rows = {
        f"{side} rows": n for side, n in data.meta["rows"].items() if side in ("train", "validation", "test", "replay")
    }
    return Card(
        name=job.recipe.name, base=job.base.name, base_revision=job.base.revision, licence=job.base.licence,
        tuning=job.recipe.train.tuning.kind, data=rows, lineage={"dataset": data.id},
        recipe=job.recipe.model_dump(
            mode="json", exclude_defaults=True, exclude={"data": {"source", "test"}, "track": True}
        ),
    )  # fmt: skip


# ---- evaluate and judge


def refuse_unjudged(job: Job, sides: Mapping[str, Sequence[Any]]) -> None:
    """Before hours of training: what could not be evaluated after them.

    Raises:
        LuthierError: no test row has a question and an answer, a metric or suite cannot be computed here, or a judge
            that decides does not agree with people.
    """
    from luthier.evaluate import askable, load_suite, refuse_unmeasurable

    spec = job.judged_by
    suites = [load_suite(s, folder=job.folder) for s in spec.regression]
    _ = job.scored_by, job.paid_by
    if job.compared is not None:
        refuse_unmeasurable(spec, suites)
    else:
        refuse_unmeasurable(spec, suites, sides["train"], askable(sides["test"]))
        juries.refuse_unproven(job)


def ledger_key(job: Job, data: Artifact, candidate: Artifact, earlier: Earlier) -> str:
    """The key of the evaluation of what ships, guarded by these earlier jobs."""
    from luthier.evaluate import encoders, load_suite

    spec = job.judged_by
    suites = [load_suite(s, folder=job.folder).digest for s in spec.regression]
    suites += [one.suite.digest for one in earlier.guards]
    return job.evaluate_key(data.digest, candidate.digest, [*suites, *encoders(spec, job.folder)])


def judged(
    job: Job, data: Artifact, sides: Mapping[str, Sequence[Any]], shipped: Mapping[str, Artifact]
) -> tuple[Artifact, Verdict]:
    """The ledger of what ships beside its baselines, and the verdict on it."""
    from luthier.evaluate import gate, read_ledger
    from luthier.pipeline.inherit import inherited
    from luthier.pipeline.judge import uses

    spec = job.judged_by
    candidate = shipped.get("model") or shipped["adapter"]
    earlier = inherited(job, sides)
    key = ledger_key(job, data, candidate, earlier)
    found = job.store.find(key, "ledger")
    if found is None:
        with job.store.lock(key):
            found = job.store.find(key, "ledger") or _evaluate(job, data, sides, candidate, earlier, key)
    attach(job, "evaluate", found)
    return found, gate(read_ledger(found), spec, test_use=uses(job.store, found))


def _evaluate(
    job: Job, data: Artifact, sides: Mapping[str, Sequence[Any]], candidate: Artifact, earlier: Earlier, key: str
) -> Artifact:
    from luthier import evaluate
    from luthier.engines.embedded import EmbeddedEngine
    from luthier.models.load import load
    from luthier.models.source import resolve
    from luthier.pipeline.reward import open_reward, reward_model

    base = load(job.bare, device=job.device, chat_template=job.chat_template)
    assert job.run is not None
    before = None if job.start is None else "start"
    adapters = {} if job.start is None else {"start": job.start[0]}
    contenders: list[Any]
    engines: list[Any]
    if job.makes == "reward":
        engines = [EmbeddedEngine(base, adapters, aside=True)]
        scorer = reward_model(candidate.path, base=job.base, device=job.device, name=job.recipe.name)
        contenders = [evaluate.Contender(engines[0], base.chat, before), scorer]
    elif job.makes == "classifier":
        tuned = classify.classifier(candidate.path, base=job.base, device=job.device, name=job.recipe.name)
        engines = [EmbeddedEngine(base, adapters), tuned]
        spelt = engines[0] if job.base.new_tokens else None
        contenders = [
            evaluate.Contender(engines[0], base.chat, before), evaluate.Contender(tuned, base.chat, spelt_by=spelt)
        ]
    elif candidate.kind == "model":
        whole = load(resolve(candidate.path), device=job.device)
        engines = [EmbeddedEngine(base, adapters, aside=True), EmbeddedEngine(whole, aside=True)]
        spelt = engines[0] if job.base.new_tokens else None
        contenders = [
            evaluate.Contender(engines[0], base.chat, before),
            evaluate.Contender(engines[1], whole.chat, spelt_by=spelt),
        ]
    elif job.base.new_tokens:
        grown = load(job.base, device=job.device, chat_template=job.chat_template)
        engines = [EmbeddedEngine(base, aside=True), EmbeddedEngine(grown, {"tuned": candidate.path}, aside=True)]
        contenders = [
            evaluate.Contender(engines[0], base.chat),
            evaluate.Contender(engines[1], grown.chat, "tuned", spelt_by=engines[0]),
        ]
    else:
        engines = [EmbeddedEngine(base, {**adapters, "tuned": candidate.path}, aside=True)]
        contenders = [evaluate.Contender(engines[0], base.chat, name) for name in (before, "tuned")]
    suites = [one.suite for one in earlier.guards]
    parents = tuple(dict.fromkeys((data.id, candidate.id, *job.parents, *(one.dataset for one in earlier.guards))))
    try:
        with job.bar("evaluate") as bar:
            if job.compared is not None:
                run = job.run

                def made(workdir: Path) -> evaluate.Ledger:
                    return evaluate.measure_preferences(
                        job.recipe.evaluate, base=contenders[0], tuned=contenders[1], test=sides["test"],
                        train=sides["train"], workdir=workdir, seed=job.recipe.seed, folder=job.folder,
                        progress=bar.update, note=run.event, inherited=suites,
                    )  # fmt: skip

                return evaluate.filed(made, store=job.store, run=job.run, parents=parents, key=key)
            scorers = tuple(one.artifact for one in job.scored_by.values() if one.artifact is not None)
            return evaluate.run(
                job.judged_by, base=contenders[0], tuned=contenders[1], test=sides["test"], train=sides["train"],
                store=job.store, run=job.run, parents=(*parents, *scorers), key=key, inherited=suites,
                seed=job.recipe.seed, folder=job.folder, progress=bar.update,
                open_jury=lambda metric: juries.open_jury(job, metric),
                calibration=lambda metric: juries.calibration_folder(job, metric),
                open_reward=partial(open_reward, job.store, folder=job.folder),
            )  # fmt: skip
    finally:
        for engine in engines:
            engine.close()


# ---- report


def reported(
    job: Job, data: Artifact, given: TrainInput, trained: Artifact, shipped: Mapping[str, Artifact], ledger: Artifact,
    verdict: Verdict, frontier: Frontier | None, seconds: Mapping[str, float],
) -> Path:  # fmt: skip
    """Write the verdict and the page into the run's folder; gives the page."""
    from luthier.pipeline.story import tell
    from luthier.report import page, without_rows
    from luthier.track.follow import WITHOUT_ROWS

    assert job.run is not None
    write(job.run.dir / "verdict.json", verdict.to_dict())
    if job.recipe.evaluate.constrain:
        schema = read(ledger, "facts.json")["schema"]
        (job.run.dir / "answer_schema.json").write_text(schema + "\n", encoding="utf-8")
    story = tell(job, data, given, trained, shipped, ledger, verdict, frontier, seconds)
    path = job.run.dir / "report.html"
    path.write_text(page(story), encoding="utf-8")
    if job.recipe.track:
        (job.run.dir / WITHOUT_ROWS).write_text(page(without_rows(story)), encoding="utf-8")
    return path


# ---- small things


def attach(job: Job, stage: str, artifact: Artifact) -> None:
    """Say in the run that a stage made or reused this."""
    if job.run is not None:
        job.run.attach(stage, artifact)


def write(path: Path, value: Any) -> None:
    """One JSON file, the same bytes for the same value."""
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def read(artifact: Artifact, name: str) -> Any:
    """A JSON file of an artifact."""
    return json.loads(artifact.file(name).read_text(encoding="utf-8"))
