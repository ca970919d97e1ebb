"""The one thread that owns a model: requests come in from anywhere, join running batches, and leave when done.

Each turn of the loop lets waiting requests join (if rows are free), takes one token for every row of every lane, and
scores one batch of log-likelihood items, so that a long evaluation does not silence a stream. When nothing is left the
model is put back as it was found before the last caller is told.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from luthier.engines import likelihood
from luthier.engines.decode import Finished, Job, Lane
from luthier.engines.protocol import EngineClosed
from luthier.engines.switch import AdapterSwitch
from luthier.records.completion import FinishReason

Measure = Callable[..., list[Any]]
"""Reads one batch: (model, items, start_id, and rows and head where the batch has them) to one result an item."""


@dataclass(eq=False, slots=True)
class Scoring:
    """A call in progress that reads given texts: log-likelihoods, or vectors (``measure`` reads one batch)."""

    items: Sequence[likelihood.Item]
    batches: deque[likelihood.Batch]
    adapter: str | None
    start_id: int
    scores: list[Any]
    measure: Measure = likelihood.score
    done: threading.Event = field(default_factory=threading.Event)
    error: BaseException | None = None


class Scheduler:
    """Owns ``model`` from the first request to :meth:`stop`. All public methods may be called from any thread."""

    def __init__(self, model: Any, *, pad_id: int, max_batch: int) -> None:
        self._model = model
        self._pad = pad_id
        self._max_batch = max_batch
        self._switch = AdapterSwitch(model)
        self._lanes: dict[str | None, Lane] = {}
        self._waiting: deque[Job] = deque()
        self._scorings: deque[Scoring] = deque()
        self._wake = threading.Condition()
        self._thread: threading.Thread | None = None
        self._stopped = False

    def submit(self, jobs: Sequence[Job]) -> None:
        """Queue jobs in this order. Raises EngineClosed after :meth:`stop`."""
        self._queue(lambda: self._waiting.extend(jobs))

    def score(self, scoring: Scoring) -> None:
        """Queue such a call; its ``done`` is set when all batches are through or one failed."""
        self._queue(lambda: self._scorings.append(scoring))

    def stop(self) -> None:
        """End the thread after its current step; whatever is unfinished gets EngineClosed."""
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout=60)

    @property
    def load(self) -> tuple[int, int]:
        """(rows being decoded, requests waiting)."""
        return sum(len(lane.rows) for lane in list(self._lanes.values())), len(self._waiting)

    def _queue(self, put: Callable[[], None]) -> None:
        with self._wake:
            if self._stopped:
                raise EngineClosed("embedded")
            put()
            if self._thread is None or not self._thread.is_alive():  # not alive: this process is a fork of its owner
                self._thread = threading.Thread(target=self._run, name="luthier-engine", daemon=True)
                self._thread.start()
            self._wake.notify()

    def _run(self) -> None:
        with torch.inference_mode():
            while True:
                with self._wake:
                    self._wake.wait_for(lambda: self._stopped or self._waiting or self._scorings)
                    if self._stopped:
                        break
                self._work()
        for job in [*self._waiting, *(j for lane in self._lanes.values() for j in lane.fail())]:
            job.on_error(EngineClosed("embedded"))
        for scoring in self._scorings:
            scoring.error = EngineClosed("embedded")
            scoring.done.set()
        self._switch.rest()

    def _work(self) -> None:
        """Turn the loop until nothing is left to do."""
        while not self._stopped:
            tell: list[Callable[[], None]] = []
            for adapter, joining in self._admit().items():
                tell += [_telling(job, "cancelled") for job in joining if job.cancelled]
                tell += self._turn(adapter, [job for job in joining if not job.cancelled])
            for adapter, lane in list(self._lanes.items()):
                if lane.rows:
                    tell += self._turn(adapter)
            tell += self._score_one()
            with self._wake:
                idle = not self._waiting and not self._scorings and not any(lane.rows for lane in self._lanes.values())
            if idle:
                # a cached prefix must not outlive this: the weights may be trained before the next request
                self._lanes.clear()
                self._switch.rest()
            for say in tell:
                say()
            if idle:
                return

    def _admit(self) -> dict[str | None, list[Job]]:
        """Waiting jobs that may join now, by adapter. Free rows are saved up a little, to read prompts together."""
        with self._wake:
            free = self._max_batch - sum(len(lane.rows) for lane in self._lanes.values())
            if not self._waiting or free < min(len(self._waiting), max(1, self._max_batch // 4)):
                return {}
            taken = [self._waiting.popleft() for _ in range(min(free, len(self._waiting)))]
        by_adapter: dict[str | None, list[Job]] = {}
        for job in taken:
            by_adapter.setdefault(job.adapter, []).append(job)
        return by_adapter

    def _turn(self, adapter: str | None, joining: Sequence[Job] = ()) -> list[Callable[[], None]]:
        """Let jobs join an adapter's lane, or take a step of it. An exception ends the jobs of that lane only."""
        lane = self._lanes.get(adapter)
        try:
            self._switch.use(adapter)
            if lane is None:
                lane = self._lanes[adapter] = Lane(self._model, pad_id=self._pad)
            finished: list[Finished] = lane.join(joining) if joining else lane.step()
        except Exception as error:
            lost = {id(job): job for job in [*joining, *(lane.fail() if lane else [])]}
            self._lanes.pop(adapter, None)
            return [_telling_error(job, error) for job in lost.values()]
        return [_telling(job, reason) for job, reason in finished]

    def _score_one(self) -> list[Callable[[], None]]:
        if not self._scorings:
            return []
        scoring = self._scorings[0]
        try:
            if scoring.batches:
                batch = scoring.batches.popleft()
                self._switch.use(scoring.adapter)
                items = [scoring.items[i] for i in batch.items]
                more: dict[str, Any] = {"rows": batch.rows} if batch.rows else {}
                if batch.head is not None:
                    more["head"] = batch.head
                scores = scoring.measure(self._model, items, start_id=scoring.start_id, **more)
                for index, found in zip(batch.items, scores, strict=True):
                    scoring.scores[index] = found
        except Exception as error:
            scoring.error = error
            scoring.batches.clear()
        if scoring.batches:
            return []
        with self._wake:
            self._scorings.popleft()
        return [scoring.done.set]


def _telling(job: Job, reason: FinishReason) -> Callable[[], None]:
    def tell() -> None:
        try:
            completion = job.completion(reason)
        except Exception as error:
            job.on_error(error)
        else:
            job.on_finish(completion)

    return tell


def _telling_error(job: Job, error: BaseException) -> Callable[[], None]:
    return lambda: job.on_error(error)
