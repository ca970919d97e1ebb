"""Learning from what the model's own answers are worth: GRPO, RLOO and PPO; one loop with ``sft``.

Each step answers some prompts several times through an engine that shares the model's weights, has the answers scored,
and makes those likelier that were better than the others to their prompt. The engine's log-probabilities are those of
the model that drew the answers; that the trained model says the same of the same tokens is checked at every round. The
reference of the KL is the model as it stands before step 1 (``reference``). A killed run draws the same answers again;
where several steps are made with the same ones they are kept in the run's folder.

Not here: what an answer is credited with (``credit``, ``ppo``; formulas in ``policy``), drawing (``rollout``), what it
is worth (``score.reward``, handed in), the steps (``loop``), what a hacked reward looks like (``hacking``).
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, nullcontext
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from luthier.engines import Engine
from luthier.errors import LuthierError
from luthier.recipe.train import PpoMethod, RewardedMethod, RlooMethod, TrainSpec
from luthier.score.reward import Answered, Reward, Scorer, graded
from luthier.train import checkpoint, policy, ppo, ranks
from luthier.train.batches import (
    Batch,
    Row,
    Sample,
    collate_answers,
    collate_behind,
    micro_batches,
    row,
    tokens_behind,
)
from luthier.train.credit import Credit, Facts, Groups, Scored, Told
from luthier.train.hacking import HackingWatch
from luthier.train.loop import Loop, Probe, Run, StepInfo, TrainResult, in_order
from luthier.train.loss import Beside, TokenLoss
from luthier.train.monitors import Watch
from luthier.train.plan import TrainPlan
from luthier.train.reference import Start
from luthier.train.rollout import Asked, answer_limit, answer_row, draw, likeliest, prompts_of
from luthier.train.session import (
    CHECKED_ROWS,
    SHORT_WAY_TOLERANCE,
    Loaded,
    beginning,
    folding,
    frozen,
    prepared,
    stepping,
    tell_start,
    trained_parameters,
)

__all__ = ["Asked", "Facts", "answer_limit", "run"]
ROUNDS = "rounds"
AGREEMENT = {"fp32": 1e-3, "bf16": 5e-2}
"""Nats a token, in the mean, by which engine and trainer may differ about the same tokens under the same weights."""
WORTH = 0.75
"""Share of the tokens that reading prompts once may leave, to be worth its larger attention mask."""
FLAT = 0.9
"""Share of prompts whose answers are all worth the same from which on it is told that little can be learned."""


def run(
    spec: TrainSpec, plan: TrainPlan, *, loaded: Loaded, train: Sequence[Asked], validation: Sequence[Asked],
    rewards: Sequence[Reward], run: Run, workdir: Path, seed: int, targets: Sequence[Scorer] = (),
    probe: Probe | None = None, on_step: Callable[[StepInfo], None] | None = None, general: Sequence[Sample] = (),
    engine: Engine | None = None, practice_of: type[Practice] | None = None, loop_of: type[Loop] = Loop,
) -> TrainResult:  # fmt: skip
    """Train ``loaded.model`` in place and leave the best weights on it, in eval mode; arguments as of ``sft.run``.

    ``val`` of the history is minus the mean reward of the greedy answers to the held-out prompts. Its entries hold, of
    each step (means): ``reward``, each part of it by name, ``length`` (tokens), ``ended`` (share that ended by
    themselves), ``flat`` (share of prompts whose answers are all worth the same), ``likes_length``, ``kl`` (nats an
    answer, to the reference), ``kl_weight``, ``entropy`` (nats a token), ``clipped`` (share of tokens, of answers for
    RLOO), ``engine_gap`` (nats a token). Of PPO also ``value`` (mean, when the answers were drawn), ``explained``
    (share of the returns' variance that it explained), ``value_loss`` (a token), ``value_clipped`` (share of tokens).

    Args:
        rewards: what answers are worth; their weighted sum is what is learned from.
        targets: what the evaluation will judge by, to see a reward that is hacked; nothing is learned from them.
        engine: over the same weights; left out, the embedded one.
        practice_of, loop_of: who draws the answers, and who makes the steps.

    Raises:
        Interrupted: Ctrl-C or SIGTERM; call again to go on.
        LuthierError: no answer could be scored, engine and trainer disagree, a loss is not finite, memory; a value head
            has nothing to read.
    """
    method = spec.method
    assert isinstance(method, RewardedMethod)
    with ppo.value_head(loaded.model) if method.critic else nullcontext() as head:
        parameters = trained_parameters(loaded, plan, seed)
        held_out = validation[: plan.validation_rows]
        plan = frozen(plan, spec, [_known(a) for a in train], [_known(a) for a in held_out], parameters, run, workdir)
        device = str(loaded.device)
        with (
            prepared(loaded.model, plan, device),
            folding(loaded.model, plan.precision, device, wanted=loop_of.folds),
            closing(engine or _embedded(loaded)) as answering,
        ):  # fmt: skip
            loss = TokenLoss(loaded.model, autocast=plan.precision == "bf16")
            checked = [beginning(_known(a)) for a in train[:CHECKED_ROWS]]
            difference = loss.check(collate_answers(checked, device), tolerance=SHORT_WAY_TOLERANCE[plan.precision])
            if head is not None:
                ppo.refuse_without_states(loss)
            start = Start(loaded.model)
            practice = (practice_of or Practice)(
                method, loss, answering, rewards, targets, train=train, held_out=held_out, plan=plan, start=start,
                folder=workdir, device=device, head=head, loaded=loaded,
                shares=practice_of is None and _shares(loss, train, device, SHORT_WAY_TOLERANCE[plan.precision]),
            )  # fmt: skip
            tell_start(
                run, plan, parameters, loss, difference, device, rewards=[r.scorer.name for r in rewards],
                prompts="read once for all their answers" if practice.shares else "read for each answer",
            )  # fmt: skip
            # these compare with losses and answers that are learned
            unread = {"overfitting": "off", "memorisation": "off"}
            others = Watch(
                spec.watch.model_copy(update=unread), loss, general=[row(s) for s in general[: plan.watch_rows]],
                held_out=[], train=[], adapter=hasattr(loaded.model, "disable_adapter"),
                tokens=plan.micro_tokens // plan.processes, device=device,
            )  # fmt: skip
            loop = loop_of(
                loaded.model, practice, plan, train=[], validation=[], run=run, folder=workdir / "checkpoints",
                device=device, probe=probe, on_step=on_step, practice=practice,
                watch=HackingWatch(method.hacking, method.kl_limit, others),
            )  # fmt: skip
            with stepping(loaded.model, plan, device):
                result = loop.fit()
            if result.stopped == "hacking" and result.best_loss is None:  # nothing before it was ever judged
                start.put_back()
                result = replace(result, best_step=0)
            return result


@dataclass(frozen=True, slots=True)
class Round:
    """The answers of one round as rows with their facts, by the row's id, and what was seen of them."""

    number: int
    answers: tuple[tuple[str, list[int], list[int]], ...]
    """Each: the row's id, the prompt's token ids, its own."""
    facts: Mapping[str, Facts]
    seen: Mapping[str, float]
    kl_weight: float

    def rows(self) -> list[Row]:
        return [answer_row(*answer) for answer in self.answers]


class Practice:
    """The loop's ``Objective`` and its ``Practice``: makes the rows of a step, and says what they cost.

    Args:
        method: grpo, rloo or ppo.
        loss: of the model.
        engine: draws answers with the same weights.
        rewards, targets: as of :func:`run`.
        train, held_out: prompts.
        plan: of the run; ``plan.seed`` is that of the answers.
        start: the reference.
        folder: where a round is kept that several steps are made with.
        device: of the model.
        loaded: what the model came with.
        head: the value head on the model, for ppo.
        shares: whether a prompt may be read once for all its answers.
    """

    def __init__(
        self, method: RewardedMethod, loss: TokenLoss, engine: Engine, rewards: Sequence[Reward],
        targets: Sequence[Scorer], *, train: Sequence[Asked], held_out: Sequence[Asked], plan: TrainPlan, start: Start,
        folder: Path, device: str, head: ppo.ValueHead | None = None, shares: bool = False, loaded: Any = None,
    ) -> None:  # fmt: skip
        self.loaded = loaded
        self.shares, self._behind = shares, False
        self.method, self.loss, self.engine, self.rewards, self.targets = method, loss, engine, rewards, targets
        self.train, self.held_out, self.plan, self.start, self.folder = train, held_out, plan, start, folder
        self.device = device
        self.adapter = _active_adapter(loss.model)
        self.limit = answer_limit(method, train)
        self.credit = _credit(method, self.limit, head)
        self.facts: Mapping[str, Facts] = {}
        self.kl_weight = method.kl
        self._round: Round | None = None
        self._first = True
        self._tokens, self._answers = 1, 1
        self._seen: list[Tensor] = []

    # ---- making rows

    def window(self, step: int, history: Sequence[Mapping[str, Any]]) -> list[list[Row]]:
        number, iteration = divmod(step - 1, self.method.iterations)
        if self._round is None or self._round.number != number:
            kept = self._kept(number)
            self._round = kept or self._practise(number, self._weight_now(history))
            if kept is None and self.method.iterations > 1 and self.plan.checkpoint_steps:
                self._keep(self._round, step)
        self._first = iteration == 0
        self.facts, self.kl_weight = self._round.facts, self._round.kl_weight
        return self._passes(self._round.rows())

    def _passes(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Passes over the answers of a round: those to one prompt together, where reading it once saves a quarter."""
        each = self.method.group
        groups = [rows[at : at + each] for at in range(0, len(rows), each)]
        lengths = [tokens_behind(group) for group in groups]
        saves = sum(lengths) <= WORTH * sum(len(r.inputs) for r in rows) and max(lengths) <= self.plan.micro_tokens
        self._behind = self.shares and saves
        if not self._behind:
            return in_order(rows, self.plan.micro_tokens)
        cuts = micro_batches(lengths, micro_tokens=self.plan.micro_tokens, seed=0, epoch=0)
        return [[r for i in cut for r in groups[i]] for cut in cuts]

    def _practise(self, number: int, kl_weight: float) -> Round:
        """Draw the answers of a round and have them scored."""
        method = self.method
        chosen = prompts_of(number, len(self.train), method.prompts, self.plan.seed)
        drawn = draw(
            self.engine, [self.train[i] for i in chosen], adapter=self.adapter, each=method.group, limit=self.limit,
            seed=self.plan.seed, round_number=number,
        )  # fmt: skip
        whole, parts = graded(self.rewards, [d.answered for d in drawn])
        of_answers = seen_of(whole, parts, [len(d.ids) for d in drawn], method.group)
        answers = tuple((d.row_id, list(d.asked.ids), list(d.ids)) for d in drawn)
        rows = [answer_row(*answer) for answer in answers]
        rewards_PG = np.array(whole).reshape(-1, method.group)
        with self.start.in_place():
            (reference,) = self._read(rows)
        values = () if self.credit.critic is None else self._read(rows, self.credit.critic)[1]
        logprobs = [d.logprobs for d in drawn]
        facts, told = self.credit.facts(Scored(rewards_PG, logprobs, reference, values, kl_weight))
        seen = {
            **of_answers, "ended": float(np.mean([d.ended for d in drawn])), "kl_weight": kl_weight, **told,
        }  # fmt: skip
        named = {d.row_id: f for d, f in zip(drawn, facts, strict=True)}
        return Round(number, answers, named, seen, kl_weight)

    def _read(self, rows: Sequence[Row], beside: Beside | None = None) -> list[list[list[float]]]:
        """What the model says of the answers' tokens, in eval mode: log-probabilities, then what is read beside them;
        each a list (n,) an answer, in the order of the rows."""
        found: dict[str, list[list[float]]] = {}
        self.loss.model.eval()
        for part in self._passes(rows):
            said = torch.stack(self.loss.read(self.collate(part, self.device), beside)).tolist()
            at = 0
            for r in part:
                found[r.example_id] = [numbers[at : at + len(r.targets)] for numbers in said]
                at += len(r.targets)
        self.loss.model.train()
        return [list(each) for each in zip(*(found[r.example_id] for r in rows), strict=True)]

    def _weight_now(self, history: Sequence[Mapping[str, Any]]) -> float:
        """The weight of the KL: as written, or as the steps before have moved it."""
        last = next((h for h in reversed(history) if "kl_weight" in h), None)
        if self.method.kl_target is None or last is None:
            return self.method.kl
        return policy.next_weight(last["kl_weight"], last["kl"], self.method.kl_target)

    def _keep(self, made: Round, step: int) -> None:
        """Write a round down, and forget those that no checkpoint can ask for: the last two are kept."""
        checkpoint.write_whole(self._file(made.number), json.dumps(asdict(made)))
        oldest = ([0, 0] + [s for s in self.plan.checkpoint_steps if s < step])[-2]
        for path in (self.folder / ROUNDS).glob("*.json"):
            if (int(path.stem) + 1) * self.method.iterations <= oldest:
                path.unlink()

    def _file(self, number: int) -> Path:
        return self.folder / ROUNDS / f"{number:08d}.json"

    def _kept(self, number: int) -> Round | None:
        """A round whose steps were begun before the run was killed: the weights that drew it are gone."""
        path = self._file(number)
        if not path.is_file():
            return None
        kept = json.loads(path.read_text())
        facts = {name: Facts(**f) for name, f in kept["facts"].items()}
        answers = tuple((name, prompt, ids) for name, prompt, ids in kept["answers"])
        return Round(number, answers, facts, kept["seen"], kept["kl_weight"])

    # ---- what rows cost

    def weight(self, rows: Sequence[Row]) -> float:
        return self.credit.weight(rows)

    def begin(self, rows: Sequence[Row]) -> None:
        self._tokens, self._answers = sum(len(r.targets) for r in rows), len(rows)
        self._seen = []

    def collate(self, rows: Sequence[Row], device: torch.device | str) -> Batch:
        return collate_behind(rows, device) if self._behind else collate_answers(rows, device)

    def backward(self, batch: Batch, weight: float) -> Tensor:
        def judge(*told: Tensor) -> Tensor:
            return self._judge(batch, *told) / weight

        return self.loss.backward_through_tokens(batch, judge, self.credit.critic) * weight

    def total(self, batch: Batch) -> Tensor:
        return self._judge(batch, *self.loss.read(batch, self.credit.critic))

    def _judge(self, batch: Batch, said: Tensor, values: Tensor | None = None) -> Tensor:
        """The sum of the losses of a pass from what the model says of its tokens."""
        facts = [self.facts[name] for name in batch.row_ids]
        drawn, reference = (said.new_tensor([x for f in facts for x in getattr(f, k)]) for k in ("drawn", "reference"))
        nats = policy.kl_tokens(said, reference)
        losses, seen = self.credit.losses(Told(batch, said, drawn, nats, values, self.kl_weight), facts)
        with torch.no_grad():
            self._note(said, drawn, nats, seen)
        return losses.sum()

    def _note(self, said: Tensor, drawn: Tensor, nats: Tensor, seen: Sequence[Tensor]) -> None:
        gap = (said - drawn).abs()
        if self._first and float(gap.mean()) > AGREEMENT[self.plan.precision]:
            raise LuthierError(
                f"engine and trainer disagree about the same tokens by {float(gap.mean()):.2g} nats each",
                where=self.engine.name, why="what is learned from would not be what the model does",
                fix="train.precision: fp32; if it stays, report it: they have the same weights",
            )  # fmt: skip
        units = self._answers if isinstance(self.method, RlooMethod) else self._tokens
        self._seen.append(torch.stack([
            nats.sum() / self._answers, -said.sum() / self._tokens, gap.sum() / self._tokens,
            *(number.to(said.dtype) / units for number in seen),
        ]))  # fmt: skip

    def numbers(self) -> dict[str, float]:
        """``entropy`` is −log p of the tokens that were drawn: right in the mean, where the model drew them itself."""
        names = ("kl", "entropy", "engine_gap", *self.credit.numbers)
        passes = torch.stack(self._seen).sum(0).tolist() if self._seen else [0.0] * len(names)
        share = 1 / ranks.place()[1]  # every process has drawn the same answers
        drawn = {name: value * share for name, value in (self._round.seen if self._round else {}).items()}
        return {**drawn, **dict(zip(names, passes, strict=True))}

    # ---- looking at it

    def examine(self) -> dict[str, Any]:
        if not self.held_out:
            return {}
        said = likeliest(self.engine, self.held_out, adapter=self.adapter, limit=self.limit)
        answered = [Answered(a.messages, s.text, a.reference) for a, s in zip(self.held_out, said, strict=True)]
        whole, parts = graded(self.rewards, answered)
        targets = {t.name: [s.value for s in t.scores(answered)] for t in self.targets}
        lengths = [s.completion_tokens for s in said]
        known = [r for r in whole if not math.isnan(r)]
        reward = float(np.mean(known)) if known else 0.0
        held_out = {
            "reward": reward, **({n: float(np.nanmean(v)) for n, v in parts.items()} if len(parts) > 1 else {}),
            "length": float(np.mean(lengths)), "ended": float(np.mean([s.finish_reason == "stop" for s in said])),
            **{n: float(np.mean([v for v in values if v is not None])) for n, values in targets.items()
               if any(v is not None for v in values)},
        }  # fmt: skip
        rewards = [None if math.isnan(r) else r for r in whole]
        return {
            "val": -reward, "held_out": held_out,
            "answers": {"reward": rewards, "length": lengths, "targets": targets},
        }  # fmt: skip

    def remark(self, numbers: Mapping[str, float]) -> str:
        if self._round is None or self.credit.critic is not None:  # a critic compares them with what it expected
            return ""
        return all_the_same(self._round.seen["flat"])


def all_the_same(flat: float) -> str:
    """What is told where answers differ in so few prompts that little can be learned; empty: they differ."""
    if flat < FLAT:
        return ""
    return (
        f"all answers are worth the same in {flat:.0%} of the prompts of the last step, which teach nothing: other "
        "prompts, a reward that knows more than right and wrong, or a larger train.method.group"
    )


def seen_of(
    whole: Sequence[float], parts: Mapping[str, Sequence[float]], lengths: Sequence[int], group: int
) -> dict[str, float]:
    """What is told of the answers of a round, ``group`` to each prompt one after another: their rewards, as a whole and
    in parts (NaN: not scored), and their lengths in tokens.

    Raises:
        LuthierError: no answer could be scored.
    """
    if all(math.isnan(r) for r in whole):
        raise LuthierError(
            "no answer could be scored", where="train.method.rewards",
            why="a reward says of every answer of a step that it cannot judge it",
            fix="look at the rows' own answers: rewards compare with them",
        )  # fmt: skip
    rewards_PG, lengths_PG = (np.array(values, dtype=float).reshape(-1, group) for values in (whole, lengths))
    compared = group > 1 and not np.isnan(rewards_PG).all(1).any()
    spread = np.nanmax(rewards_PG, 1) - np.nanmin(rewards_PG, 1) if compared else None
    return {
        "reward": float(np.nanmean(rewards_PG)), "length": float(lengths_PG.mean()),
        **({n: float(np.nanmean(v)) for n, v in parts.items()} if len(parts) > 1 else {}),
        "flat": float(np.mean(spread == 0)) if spread is not None else 0.0,
        "likes_length": likes_length(rewards_PG, lengths_PG),
    }  # fmt: skip


def likes_length(rewards_PG: np.ndarray, lengths_PG: np.ndarray) -> float:
    """Correlation of reward and length among the answers to one prompt, all prompts together; 0 where one of them does
    not differ."""
    known = ~np.isnan(rewards_PG)
    counts = np.maximum(known.sum(1, keepdims=True), 1)

    def away(values_PG: np.ndarray) -> np.ndarray:
        values = np.where(known, values_PG, 0.0)
        return np.where(known, values - values.sum(1, keepdims=True) / counts, 0.0)

    r, x = away(rewards_PG), away(lengths_PG)
    norm = math.sqrt(float((r**2).sum()) * float((x**2).sum()))
    return float((r * x).sum()) / norm if norm > 0 else 0.0


def _credit(method: RewardedMethod, limit: int, head: ppo.ValueHead | None) -> Credit:
    if isinstance(method, PpoMethod):
        assert head is not None
        return ppo.ActorCritic(method, head)
    return Groups(method, limit)


def _shares(loss: TokenLoss, train: Sequence[Asked], device: str, tolerance: float) -> bool:
    """Whether the model reads answers behind one prompt as it reads each alone: tried on the longest prompt and the
    first ones."""
    longest = max(train, key=lambda a: len(a.ids))
    rows = []
    for asked in (longest, *train[:CHECKED_ROWS]):
        for name, ids in (("a", asked.ids[-8:]), ("b", asked.ids[:5])):
            rows.append(answer_row(name, asked.ids, ids))
    return loss.forks(collate_behind(rows, device), collate_answers(rows, device), tolerance=tolerance)


def _embedded(loaded: Any) -> Engine:
    from luthier.engines.embedded import EmbeddedEngine

    return EmbeddedEngine(loaded)


def _active_adapter(model: Any) -> str | None:
    return str(model.active_adapter) if hasattr(model, "peft_config") else None


def _known(asked: Asked) -> Row:
    """All that decides what a prompt teaches, as a row: its tokens, and its own answer's text as targets."""
    ids = np.asarray(asked.ids, dtype=np.int64)
    text = np.frombuffer(asked.reference.encode("utf-8", "surrogatepass") or b"\0", dtype=np.uint8).astype(np.int64)
    return Row(asked.example_id, ids, np.arange(len(text)), text, None)
