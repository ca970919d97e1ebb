"""Roll-outs: a model's own answers to prompts, drawn through an engine; the same for the same seed, step and prompt.

Answers are drawn at temperature 1 over the whole vocabulary, so that they are answers of the very model that learns
from them. Which prompts a step answers, and each answer's random numbers, follow from (seed, round, prompt) alone: no
state has to be kept for a run that is killed. Without torch. Not here: what answers are worth (``score.reward``), what
is learned from them (``rl``).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from luthier.engines import Engine, Request
from luthier.errors import LuthierError
from luthier.recipe.train import RewardedMethod
from luthier.records import Completion, Message
from luthier.score.reward import Answered
from luthier.train.batches import Row

LONGER = 1.5
"""How many times the longest reference an answer may be, where the recipe does not say."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A prompt to learn from: as token ids and as the chat that it renders, with the row's own answer
    (``reference_tokens`` long) for the rewards that compare with it."""

    ids: tuple[int, ...]
    messages: tuple[Message, ...]
    reference: str
    reference_tokens: int
    example_id: str


@dataclass(frozen=True, slots=True)
class Drawn:
    """One answer of the model. ``ids`` hold the token that ended it, if one did (``ended``); ``logprobs`` are the
    engine's own for each of them, in nats. ``row_id`` names it among the answers of its step."""

    asked: Asked
    row_id: str
    ids: tuple[int, ...]
    logprobs: tuple[float, ...]
    text: str
    ended: bool

    @property
    def answered(self) -> Answered:
        """As a Scorer sees it."""
        return Answered(self.asked.messages, self.text, self.asked.reference)


def answer_limit(method: RewardedMethod, asked: Sequence[Asked]) -> int:
    """Tokens that an answer may have, the one that ends it included."""
    if method.max_tokens is not None:
        return method.max_tokens
    return math.ceil(LONGER * max(a.reference_tokens for a in asked))


def prompts_of(round_number: int, count: int, each: int, seed: int) -> list[int]:
    """Numbers of the prompts of one round: every prompt comes once an epoch, in an order that only (seed, epoch)
    decide; the last round of an epoch may have fewer."""
    an_epoch = -(-count // each)
    epoch, place = divmod(round_number, an_epoch)
    order = np.random.Generator(np.random.PCG64((seed, epoch, 0x5E7))).permutation(count)
    return [int(i) for i in order[place * each : (place + 1) * each]]


def draw(
    engine: Engine, asked: Sequence[Asked], *, adapter: str | None, each: int, limit: int, seed: int, round_number: int
) -> list[Drawn]:  # fmt: skip
    """``each`` answers to each prompt, in their order; each answer's random numbers are its own."""
    wanted = [
        (a, f"{a.example_id}.{k}", seed_of(seed, round_number, a.example_id, k)) for a in asked for k in range(each)
    ]
    requests = [
        Request(token_ids=a.ids, max_tokens=limit, temperature=1.0, seed=own, adapter=adapter, logprobs=True)
        for a, _, own in wanted
    ]
    said = engine.generate(requests)
    return [_drawn(engine, a, name, answer) for (a, name, _), answer in zip(wanted, said, strict=True)]


def likeliest(engine: Engine, asked: Sequence[Asked], *, adapter: str | None, limit: int) -> list[Completion]:
    """The greedy answer to each prompt: what a user would get."""
    return engine.generate([Request(token_ids=a.ids, max_tokens=limit, adapter=adapter) for a in asked])


def seed_of(seed: int, round_number: int, example_id: str, number: int) -> int:
    """Of one answer's random numbers."""
    name = f"{seed} {round_number} {example_id} {number}".encode()
    return int.from_bytes(hashlib.blake2b(name, digest_size=8).digest(), "big") >> 1


def answer_row(name: str, prompt: Sequence[int], answer: Sequence[int]) -> Row:
    """An answer behind its prompt as arrays: its own tokens are trained, nothing else."""
    ids = np.array([*prompt, *answer], dtype=np.int64)
    at = np.arange(len(prompt) - 1, len(ids) - 1)
    return Row(name, ids[:-1], at, ids[at + 1], None)


def _drawn(engine: Engine, asked: Asked, name: str, said: Completion) -> Drawn:
    ids, logprobs = said.token_ids, said.logprobs
    if said.stop_id is not None and said.stop_logprob is not None and logprobs is not None:
        ids, logprobs = (*ids, said.stop_id), (*logprobs, said.stop_logprob)
    if not ids or logprobs is None or len(logprobs) != len(ids) or len(ids) != said.completion_tokens:
        raise LuthierError(
            f"the {engine.name} engine does not tell which tokens it drew", where=f"row {asked.example_id}",
            why="a model learns from the tokens of its answers and their probabilities, not from text",
            fix="draw the answers with the embedded engine",
        )  # fmt: skip
    return Drawn(asked, name, ids, logprobs, said.text, said.finish_reason == "stop")
