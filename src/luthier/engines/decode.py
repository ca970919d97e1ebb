"""One batch of answers in the making: rows join, take one token a step, and leave when they are done.

A lane serves one adapter (or the base). Its result for a row does not depend on the other rows: padding is masked by
position, each row has its own random stream, and rows only share matrix multiplications. Mixed adapters in one batch
would be a token-indexed layer below this; nothing here would change but the lane's key.

Not here: who is asked next, threads (scheduler.py); what an answer means.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from transformers.cache_utils import Cache, DynamicCache

from luthier.engines.constrain import Constraint
from luthier.engines.detokenise import TextStream
from luthier.engines.kvcache import RowCache, attention_kinds
from luthier.engines.sampling import Uniforms, choose, chosen_logprobs
from luthier.errors import LuthierError
from luthier.models.prefix import prefix_cache, read_prefix
from luthier.records import Completion
from luthier.records.completion import FinishReason

_PREFILL_TOKENS = 8192
"""Prompt tokens worked on at once when nothing is being decoded."""
_PREFILL_TOKENS_BUSY = 2048
"""The same while rows are being decoded, so that streams do not stall for long."""


@dataclass(eq=False, slots=True)
class Job:
    """One request, rendered, on its way to an answer. Its first ``prefix`` ids are shared with its neighbours."""

    ids: tuple[int, ...]
    limit: int
    stop_ids: frozenset[int]
    adapter: str | None
    decode: Callable[[Sequence[int]], str]
    on_finish: Callable[[Completion], None]
    on_error: Callable[[BaseException], None]
    temperature: float = 0.0
    top_p: float = 1.0
    uniforms: Uniforms | None = None
    want_logprobs: bool = False
    constraint: Constraint | None = None
    prefix: int = 0
    text: TextStream | None = None
    on_text: Callable[[str], None] | None = None
    cancel: threading.Event | None = None
    closed: threading.Event | None = None
    began: float = field(default_factory=time.perf_counter)
    made: list[int] = field(default_factory=list)
    logprobs: list[float] = field(default_factory=list)
    sampled: int = 0
    stop: tuple[int, float | None] | None = None
    error: LuthierError | None = None
    """What ended this job alone; :meth:`completion` raises it."""

    @property
    def length(self) -> int:
        """Tokens whose keys and values are in the cache once the newest token is its input."""
        return len(self.ids) + max(0, len(self.made) - 1)

    @property
    def cancelled(self) -> bool:
        return any(event is not None and event.is_set() for event in (self.cancel, self.closed))

    def take(self, token: int, logprob: float | None) -> FinishReason | None:
        """Add a sampled token; the reason if it was the last."""
        if self.error is not None:
            return "stop"
        self.sampled += 1
        if token in self.stop_ids:
            self.stop = (token, logprob)
            return "stop"
        self.made.append(token)
        if self.constraint is not None:
            self.constraint.take(token)
        if logprob is not None:
            self.logprobs.append(logprob)
        if self.text is not None:
            piece = self.text.add(token)
            if piece and self.on_text is not None:
                self.on_text(piece)
            if self.text.stopped:
                return "stop"
        return "length" if self.sampled >= self.limit else None

    def completion(self, reason: FinishReason) -> Completion:
        """The answer so far; hands the last piece to a listening stream."""
        if self.error is not None:
            raise self.error
        if self.text is not None:
            piece, text = self.text.finish()
            if piece and self.on_text is not None:
                self.on_text(piece)
            if self.text.stopped:
                reason = "stop"
        else:
            text = self.decode(self.made)
        stop_id, stop_logprob = self.stop or (None, None)
        return Completion(
            text=text,
            token_ids=tuple(self.made),
            finish_reason=reason,
            prompt_tokens=len(self.ids),
            completion_tokens=self.sampled,
            logprobs=tuple(self.logprobs) if self.want_logprobs else None,
            seconds=time.perf_counter() - self.began,
            stop_id=stop_id,
            stop_logprob=stop_logprob,
        )


Finished = tuple[Job, FinishReason]


class Lane:
    """The rows of one adapter. Methods run on the engine's thread, in inference mode, with that adapter active."""

    def __init__(self, model: Any, *, pad_id: int) -> None:
        self._model = model
        self._device = next(model.parameters()).device
        self._pad = pad_id
        layers, self._limited = attention_kinds(model.config)
        self._cache = RowCache(layers)
        self._prefix: tuple[tuple[int, ...], Cache] | None = None
        self.rows: list[Job] = []

    def join(self, jobs: Sequence[Job]) -> list[Finished]:
        """Read the prompts of new rows and take their first tokens; returns those that are done already."""
        finished: list[Finished] = []
        for group in _groups(jobs, _PREFILL_TOKENS_BUSY if self.rows else _PREFILL_TOKENS):
            finished += self._prefill(group)
        return finished

    def step(self) -> list[Finished]:
        """One token for every row; returns the rows that are done, which have left."""
        finished: list[Finished] = [(job, "cancelled") for job in self.rows if job.cancelled]
        for job, _ in finished:
            self._leave(job)
        if not self.rows:
            return finished
        lengths = [job.length for job in self.rows]
        longest = max(lengths)
        self._cache.narrow(longest)
        self._cache.reserve(len(self.rows), longest + 1)
        length_B1 = torch.tensor(lengths, device=self._device)[:, None]
        ids_B1 = torch.tensor([[job.made[-1]] for job in self.rows], device=self._device)
        column_C = torch.arange(longest + 1, device=self._device)
        mask_BC = column_C[None, :] >= longest - length_B1
        out = self._model(
            input_ids=ids_B1,
            attention_mask=mask_BC,
            position_ids=length_B1,
            past_key_values=self._cache,
            use_cache=True,
        )
        self._cache.advance()
        return finished + self._sample(out.logits[:, -1], list(self.rows))

    def fail(self) -> list[Job]:
        """Give up on every row (the model raised); the lane is empty and usable again."""
        jobs, self.rows = self.rows, []
        self._cache.clear()
        return jobs

    def _prefill(self, jobs: Sequence[Job]) -> list[Finished]:
        shared = 0 if self._limited else min(job.prefix for job in jobs)
        cache: Cache
        if shared:
            cache = prefix_cache(self._shared_prefix(jobs[0].ids[:shared]), len(jobs))
        else:
            cache = DynamicCache()
        tails = [job.ids[shared:] for job in jobs]
        width = max(map(len, tails))
        ids_BT = torch.full((len(jobs), width), self._pad, dtype=torch.long)
        mask_BC = torch.zeros((len(jobs), shared + width), dtype=torch.bool)
        mask_BC[:, :shared] = True
        for i, tail in enumerate(tails):
            ids_BT[i, width - len(tail) :] = torch.tensor(tail)
            mask_BC[i, shared + width - len(tail) :] = True
        position_BC = (mask_BC.long().cumsum(-1) - 1).clamp(min=0)
        out = self._model(
            input_ids=ids_BT.to(self._device),
            attention_mask=mask_BC.to(self._device),
            position_ids=position_BC[:, shared:].to(self._device),
            past_key_values=cache,
            use_cache=True,
            logits_to_keep=1,
        )
        self._cache.put(cache, [len(job.ids) for job in jobs], shared)
        self.rows.extend(jobs)
        return self._sample(out.logits[:, -1], list(jobs))

    def _shared_prefix(self, ids: tuple[int, ...]) -> Cache:
        if self._prefix is None or self._prefix[0] != ids:
            self._prefix = (ids, read_prefix(self._model, ids))
        return self._prefix[1]

    def _sample(self, logits_BV: Tensor, jobs: list[Job]) -> list[Finished]:
        chosen_B = choose(
            _held(logits_BV, jobs),
            [job.temperature for job in jobs],
            [job.top_p for job in jobs],
            [job.uniforms.at(job.sampled) if job.uniforms else 0.0 for job in jobs],
        )
        logprobs: list[float | None] = [None] * len(jobs)
        if any(job.want_logprobs for job in jobs):
            values = chosen_logprobs(logits_BV, chosen_B).tolist()
            logprobs = [v if job.want_logprobs else None for v, job in zip(values, jobs, strict=True)]
        finished: list[Finished] = []
        for job, token, logprob in zip(jobs, chosen_B.tolist(), logprobs, strict=True):
            if (reason := job.take(token, logprob)) is not None:
                finished.append((job, reason))
                self._leave(job)
        return finished

    def _leave(self, job: Job) -> None:
        row = self.rows.index(job)
        self._cache.drop(row)
        last = self.rows.pop()
        if last is not job:
            self.rows[row] = last
        if not self.rows:
            self._cache.clear()


def _held(logits_BV: Tensor, jobs: Sequence[Job]) -> Tensor:
    """The logits, with -inf where a row's constraint allows no token. A row whose constraint fails ends alone."""
    held = [(i, job.constraint) for i, job in enumerate(jobs) if job.constraint is not None]
    if not held:
        return logits_BV
    logits_BV = logits_BV.clone()
    for i, constraint in held:
        try:
            allowed_V = constraint.allowed().to(logits_BV.device)
        except LuthierError as error:
            jobs[i].error = error
            continue
        logits_BV[i].masked_fill_(~allowed_V, float("-inf"))
    return logits_BV


def _groups(jobs: Sequence[Job], budget: int) -> list[list[Job]]:
    """Jobs with equal prefixes together, cut so that a padded group holds at most ``budget`` tokens (or one job)."""
    groups: list[list[Job]] = []
    longest = 0
    for job in jobs:
        length = len(job.ids) - job.prefix
        mate = groups[-1][0] if groups else None
        together = mate is not None and mate.ids[: mate.prefix] == job.ids[: job.prefix]
        if together and max(longest, length) * (len(groups[-1]) + 1) <= budget:
            groups[-1].append(job)
            longest = max(longest, length)
        else:
            groups.append([job])
            longest = length
    return groups
