"""The engine that runs a model in this process: continuous batching on a CPU or one accelerator, adapters by name.

Promises: a request's greedy tokens do not depend on what else is in the batch (up to ties closer than rounding), a seed
gives the same answer in any company, and the model is left as it was found. Prompts are rendered by ``models.chat``,
the same code that rendered the training rows.
"""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
import queue
import threading
import weakref
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from luthier.engines import likelihood, tree
from luthier.engines.constrain import Constraint, Constraints
from luthier.engines.decode import Job
from luthier.engines.detokenise import TextStream
from luthier.engines.kvcache import attention_kinds
from luthier.engines.protocol import Capability, ContextOverflow, OnDone, Request, unknown_adapter
from luthier.engines.sampling import Uniforms
from luthier.engines.scheduler import Measure, Scheduler, Scoring
from luthier.engines.spelling import Spelling
from luthier.engines.workers import Flag, Work, Workers, processes_for
from luthier.errors import LuthierError
from luthier.models.allocator import keep_freed_memory
from luthier.records import Completion, TokenScores

_SCORE_TOKENS_CPU = 1408
"""Activations of a small model stay in the cache, and several processes get about as much each; 768 to 2,048 are
equally fast within a tenth."""
_SCORE_TOKENS = 16_384
_TRIED_ROWS = 2
"""Rows of common beginnings on which a model is tried once; each of their items is read alone, too."""
_PREFIX_WORTH = 16
"""Fewer common tokens than this are read anew for each row: one more forward pass costs as much."""
_SAME_PROMPT_WORTH = 256
"""Tokens that reading a prompt once for all its answers must save: it is then read in a pass of its own."""


class EmbeddedEngine:
    """Runs ``loaded`` (what ``models.load.load`` gives). See :class:`luthier.engines.Engine` for the methods.

    Args:
        loaded: model, tokenizer, source, chat format.
        adapters: name to folder in peft's layout; loaded now. Adapters that the model already holds keep their names.
        max_batch: rows decoded at once; more wait.
        score_tokens: padded tokens of one log-likelihood batch (default: 1,408 on a CPU, 16,384 on an accelerator). It
            decides rounding, so it is part of the fingerprint.
        aside: where it serves the model better, calls with much to do are shared out to forked copies of this process
            with a thread each (``workers``). For engines whose weights and adapters stay as they are at the first call.
            Batches of log-likelihoods are the same, and a request's answer does not depend on its company.

    The engine owns the model while it is busy: one engine per model, whose base is asked with ``adapter=None``.
    Raises Unsupported for architectures whose memory is not keys and values, LuthierError for adapters that do not fit.
    """

    def __init__(
        self,
        loaded: Any,
        adapters: Mapping[str, Path | str] | None = None,
        *,
        max_batch: int = 64,
        score_tokens: int | None = None,
        aside: bool = False,
    ) -> None:
        if max_batch < 1 or (score_tokens is not None and score_tokens < 1):
            raise ValueError(f"max_batch and score_tokens must be positive, got {max_batch} and {score_tokens}")
        if loaded.device.type == "cpu":
            keep_freed_memory()
        self._adapter_digests: dict[str, str] = {}
        if adapters:
            from luthier.models.adapters import load_adapter

            for name, folder in adapters.items():
                loaded = load_adapter(loaded, Path(folder), name)
                self._adapter_digests[name] = _adapter_digest(Path(folder))
        self._loaded = loaded
        self._model = loaded.model
        self._chat = loaded.chat
        _, limited = attention_kinds(self._model.config)
        self._trees: bool | None = False if limited else None  # not tried yet; a window counts columns, not depths
        self._heads: bool | None = None
        self._score_tokens = score_tokens or (_SCORE_TOKENS_CPU if loaded.device.type == "cpu" else _SCORE_TOKENS)
        self._spelling = Spelling(loaded)
        text_config = self._model.config.get_text_config(decoder=True)
        self._context: int | None = getattr(text_config, "max_position_embeddings", None)
        self._vocabulary = int(text_config.vocab_size)
        pad = loaded.tokenizer.pad_token_id
        self._start_id = self._spelling.start_id
        self._stop_ids = frozenset(self._chat.stop_ids)
        self._constraints = Constraints(loaded.tokenizer, vocabulary=self._vocabulary, stop_ids=self._stop_ids)
        pad_id = pad if pad is not None else self._start_id
        self._schedule = partial(Scheduler, self._model, pad_id=pad_id, max_batch=max_batch)
        self._scheduler = self._schedule()
        processes = processes_for(int(text_config.hidden_size), loaded.device.type) if aside else 1
        self._workers = Workers(processes, _begin(weakref.ref(self))) if processes > 1 else None
        self._finalizer = weakref.finalize(self, _end, self._scheduler, self._workers)

    @property
    def name(self) -> str:
        return f"embedded {self._loaded.source.name}"

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset(("generate", "stream", "loglikelihood", "adapters", "token_ids", "embed", "schema"))

    @property
    def context(self) -> int | None:
        return self._context

    @property
    def adapters(self) -> tuple[str, ...]:
        return tuple(getattr(self._model, "peft_config", {}))

    @property
    def start_id(self) -> int:
        """The token put in place of an empty context: beginning of text, else end of document, as in training."""
        return self._start_id

    @property
    def opening(self) -> tuple[int, ...]:
        """The beginning-of-text token, where the tokenizer puts one before a text."""
        return self._spelling.opening

    def fingerprint(self, adapter: str | None = None) -> dict[str, Any]:
        self._known(adapter)
        return {
            "engine": "embedded",
            "weights": self._loaded.source.digest,
            "dtype": str(self._loaded.dtype).removeprefix("torch."),
            "quantised": self._loaded.quantised,
            "device": self._loaded.device.type,
            "template": self._chat.digest,
            "adapter": self._adapter_digests.get(adapter, f"in memory: {adapter}") if adapter else None,
            "score_tokens": self._score_tokens,
        }

    def generate(
        self, requests: Sequence[Request], on_done: OnDone | None = None, *, cancel: threading.Event | None = None
    ) -> list[Completion]:
        """Answer all, in the order asked. Raises ContextOverflow (naming the request) before any is answered."""
        answers: list[Completion | None] = [None] * len(requests)
        errors: list[BaseException] = []
        finished = threading.Semaphore(0)
        abandoned = threading.Event()

        def finish(index: int) -> Callable[[Completion], None]:
            def take(completion: Completion) -> None:
                answers[index] = completion
                try:
                    if on_done is not None:
                        on_done(index, completion)
                except Exception as error:
                    errors.append(error)
                    abandoned.set()
                finally:
                    finished.release()

            return take

        def fail(error: BaseException) -> None:
            errors.append(error)
            finished.release()

        stop = cancel if cancel is not None else abandoned
        jobs = [
            self._job(request, where=f"request {i + 1} of {len(requests)}", finish=finish(i), fail=fail, cancel=stop)
            for i, request in enumerate(requests)
        ]
        if self._workers is not None and len(jobs) > 1:
            return self._generate_aside(self._workers, requests, [job.ids for job in jobs], on_done, cancel)
        # long prompts first: a longer row that joins later would have to push the others aside
        jobs.sort(key=lambda job: -len(job.ids))
        _mark_prefix(jobs)
        self._scheduler.submit(jobs)
        try:
            for _ in jobs:
                finished.acquire()
        except BaseException:
            stop.set()
            raise
        if errors:
            raise errors[0]
        return [answer for answer in answers if answer is not None]

    def stream(self, request: Request, *, cancel: threading.Event | None = None) -> Iterator[str | Completion]:
        """Pieces of text, then the Completion. Checked and queued now; closing the iterator cancels it."""
        pieces: queue.SimpleQueue[str | Completion | BaseException] = queue.SimpleQueue()
        job = self._job(request, where="", finish=pieces.put, fail=pieces.put, cancel=cancel or threading.Event())
        job.closed = threading.Event()  # its own: ``cancel`` may be shared by streams that go on
        job.text = job.text or TextStream(self.decode)
        job.on_text = pieces.put
        self._scheduler.submit([job])
        return _pieces(pieces, job.closed)

    def loglikelihood(
        self, items: Sequence[tuple[Sequence[int], Sequence[int]]], *, adapter: str | None = None
    ) -> list[TokenScores]:
        """Score continuations. An empty context is replaced by :attr:`start_id`, which itself is not scored.

        Raises ContextOverflow for an item longer than the context (``likelihood.document_items`` cuts documents).
        """
        likelihood.check(items, self._context)
        for heads in (True, False):
            batches = self._shared(items, heads)
            if batches is not None and self._reads_alike(items, batches):
                return self._read(items, adapter, tree.score, batches)
        return self._read(items, adapter, likelihood.score)

    def _shared(self, items: Sequence[likelihood.Item], heads: bool) -> list[likelihood.Batch] | None:
        """Batches in which what items share is read once; None where that saves too little or changes what is read."""
        if self._trees is False or (heads and self._heads is False):
            return None
        return tree.batches(
            items, self._start_id, token_budget=self._score_tokens, vocabulary=self._vocabulary, heads=heads
        )

    def _reads_alike(self, items: Sequence[likelihood.Item], batches: Sequence[likelihood.Batch]) -> bool:
        """Whether this model says the same of items in trees as one by one, and behind a head that was read before;
        each tried once, on rows that share much."""
        headed = [batch for batch in batches if batch.head is not None]
        if headed:  # rows behind a head are trees; where they are not read alike, trees alone may be
            if self._heads is None:
                self._heads = self._alike(items, headed)
                self._trees = self._trees or self._heads or None
            return self._heads
        branching = tree.branching(items, batches, self._start_id) if self._trees is None else []
        if branching:
            self._trees = self._alike(items, branching)
        return self._trees is not False

    def _alike(self, items: Sequence[likelihood.Item], batches: Sequence[likelihood.Batch]) -> bool:
        tried = max(batches, key=lambda batch: len(batch.items) / len(batch.rows))
        rows = tried.rows[:_TRIED_ROWS]
        some = [items[i] for i in tried.items[: sum(rows)]]
        head = tree.Head(tried.head.ids) if tried.head is not None else None  # the base reads; an adapter may be asked
        batch = likelihood.Batch(tuple(range(len(some))), rows, head)
        try:
            together = [x.total for x in self._read(some, None, tree.score, [batch])]
        except (AttributeError, TypeError, ValueError, RuntimeError):  # takes no such mask, positions, or cache
            return False
        alone = [x.total for x in self._read(some, None, likelihood.score)]
        near = 1e-3 if str(self._loaded.dtype) == "torch.float32" else 0.1
        return all(abs(a - b) <= near for a, b in zip(together, alone, strict=True))

    def embed(self, texts: Sequence[str], *, adapter: str | None = None) -> list[tuple[float, ...]]:
        """The mean over a text's tokens of what the model makes of each; of a text longer than the context, its start.

        A model that only learnt to go on with text gives rough vectors; one made for embedding is better.
        """
        items = [((self._start_id, *ids)[: self._context], ()) for ids in self.encode_all(texts)]
        found: list[tuple[float, ...]] = self._read(items, adapter, likelihood.pooled)
        return found

    def _read(
        self,
        items: Sequence[likelihood.Item],
        adapter: str | None,
        measure: Measure,
        batches: Sequence[likelihood.Batch] | None = None,
    ) -> list[Any]:
        self._known(adapter)
        if batches is None:
            batches = likelihood.plan(items, token_budget=self._score_tokens, vocabulary=self._vocabulary)
        scoring = Scoring(items, deque(batches), adapter, self._start_id, [None] * len(items), measure)
        if not items:
            return []
        if self._workers is not None and len(batches) > 1:
            return self._read_aside(self._workers, scoring)
        self._scheduler.score(scoring)
        try:
            scoring.done.wait()
        except BaseException:
            scoring.batches.clear()
            raise
        if scoring.error is not None:
            raise scoring.error
        return scoring.scores

    def _read_aside(self, workers: Workers, scoring: Scoring) -> list[Any]:
        batches = list(scoring.batches)
        tasks = [
            _Reading([scoring.items[i] for i in batch.items], scoring.adapter, scoring.measure, batch.rows, batch.head)
            for batch in batches
        ]

        def heard(number: int, found: list[Any]) -> None:
            for index, one in zip(batches[number].items, found, strict=True):
                scoring.scores[index] = one

        workers.share(tasks, heard)
        return scoring.scores

    def _generate_aside(
        self, workers: Workers, requests: Sequence[Request], ids: Sequence[tuple[int, ...]], on_done: OnDone | None,
        cancel: threading.Event | None,
    ) -> list[Completion]:  # fmt: skip
        answers: list[Completion | None] = [None] * len(requests)
        parts = _dealt(ids, workers.count)
        tasks = [
            _Answering([dataclasses.replace(requests[i], messages=(), tools=(), token_ids=ids[i]) for i in part])
            for part in parts
        ]

        def heard(number: int, told: tuple[int, Completion]) -> None:
            index = parts[number][told[0]]
            answers[index] = told[1]
            if on_done is not None:
                on_done(index, told[1])

        workers.share(tasks, heard, cancel.is_set if cancel is not None else lambda: False)
        return [answer for answer in answers if answer is not None]

    def using(self, adapter: str | None) -> OneAdapter:
        """The same engine with this adapter (None: the base) for every request that names none."""
        self._known(adapter)
        return OneAdapter(self, adapter)

    def prompt_ids(self, request: Request) -> tuple[int, ...]:
        """The token ids that the model would see."""
        return self._spelling.prompt_ids(request)

    def encode(self, text: str) -> tuple[int, ...]:
        """Plain text as token ids: nothing added, and what looks like a control token stays text."""
        return self._spelling.encode(text)

    def encode_all(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        """:meth:`encode` of several, on all processors."""
        return self._spelling.encode_all(texts)

    def decode(self, ids: Sequence[int]) -> str:
        """Token ids as the text that an answer with these ids has."""
        return self._spelling.decode(ids)

    @property
    def load(self) -> tuple[int, int]:
        """(requests being answered, requests waiting)."""
        return self._scheduler.load

    def close(self) -> None:
        self._finalizer()

    def __enter__(self) -> EmbeddedEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _known(self, adapter: str | None) -> None:
        if adapter is not None and adapter not in self.adapters:
            raise unknown_adapter(adapter, self.adapters)

    def _constraint(self, schema: Mapping[str, Any] | None) -> Constraint | None:
        if schema is None:
            return None
        with self._spelling.lock:
            return self._constraints(schema)

    def _job(
        self,
        request: Request,
        *,
        where: str,
        finish: Callable[[Completion], None],
        fail: Callable[[BaseException], None],
        cancel: threading.Event,
    ) -> Job:
        self._known(request.adapter)
        ids = self.prompt_ids(request)
        room = (self._context or 2**31) - len(ids)
        if room < 1:
            raise ContextOverflow(len(ids), self._context or 0, where=where)
        if max(ids) >= self._vocabulary or min(ids) < 0:
            fix = "use this model's tokenizer"
            raise LuthierError("a token id is outside the model's vocabulary", where=where, fix=fix)
        return Job(
            ids=ids,
            limit=room if request.max_tokens is None else min(request.max_tokens, room),
            stop_ids=self._stop_ids,
            adapter=request.adapter,
            decode=self.decode,
            on_finish=finish,
            on_error=fail,
            temperature=request.temperature,
            top_p=request.top_p,
            uniforms=Uniforms(request.seed) if request.temperature > 0 else None,
            want_logprobs=request.logprobs,
            constraint=self._constraint(request.schema),
            text=TextStream(self.decode, request.stop) if request.stop else None,
            cancel=cancel,
        )


class OneAdapter:
    """An engine seen through one of its adapters. Closing it leaves the engine open."""

    def __init__(self, engine: EmbeddedEngine, adapter: str | None) -> None:
        self._engine = engine
        self._adapter = adapter

    @property
    def name(self) -> str:
        return f"{self._engine.name} + {self._adapter}" if self._adapter else self._engine.name

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._engine.capabilities

    @property
    def context(self) -> int | None:
        return self._engine.context

    @property
    def adapters(self) -> tuple[str, ...]:
        return self._engine.adapters

    def fingerprint(self, adapter: str | None = None) -> dict[str, Any]:
        return self._engine.fingerprint(adapter or self._adapter)

    def generate(
        self, requests: Sequence[Request], on_done: OnDone | None = None, *, cancel: threading.Event | None = None
    ) -> list[Completion]:
        return self._engine.generate([self._with(r) for r in requests], on_done, cancel=cancel)

    def stream(self, request: Request, *, cancel: threading.Event | None = None) -> Iterator[str | Completion]:
        return self._engine.stream(self._with(request), cancel=cancel)

    def loglikelihood(
        self, items: Sequence[tuple[Sequence[int], Sequence[int]]], *, adapter: str | None = None
    ) -> list[TokenScores]:
        return self._engine.loglikelihood(items, adapter=adapter or self._adapter)

    def embed(self, texts: Sequence[str], *, adapter: str | None = None) -> list[tuple[float, ...]]:
        return self._engine.embed(texts, adapter=adapter or self._adapter)

    @property
    def start_id(self) -> int:
        return self._engine.start_id

    @property
    def opening(self) -> tuple[int, ...]:
        return self._engine.opening

    def prompt_ids(self, request: Request) -> tuple[int, ...]:
        return self._engine.prompt_ids(request)

    def encode(self, text: str) -> tuple[int, ...]:
        return self._engine.encode(text)

    def encode_all(self, texts: Sequence[str]) -> list[tuple[int, ...]]:
        return self._engine.encode_all(texts)

    def decode(self, ids: Sequence[int]) -> str:
        return self._engine.decode(ids)

    def close(self) -> None:
        """Nothing: the engine belongs to whoever made it."""

    def _with(self, request: Request) -> Request:
        return request if request.adapter else dataclasses.replace(request, adapter=self._adapter)


@dataclasses.dataclass(frozen=True)
class _Reading:
    """One batch that a copy of this process reads."""

    items: Sequence[likelihood.Item]
    adapter: str | None
    measure: Measure
    rows: tuple[int, ...]
    head: tree.Head | None


@dataclasses.dataclass(frozen=True)
class _Answering:
    """Requests that a copy of this process answers."""

    requests: Sequence[Request]


def _begin(this: weakref.ref[EmbeddedEngine]) -> Callable[[], Work]:
    """What a copy of this process does with its engine."""

    def begin() -> Work:
        engine = this()
        assert engine is not None
        engine._workers = None
        engine._scheduler = engine._schedule()  # the first process's own may have been forked in the middle of a word
        engine._spelling.lock = threading.Lock()
        heads: list[tree.Head] = []

        def work(task: _Reading | _Answering, tell: Callable[[Any], None], flag: Flag) -> None:
            if isinstance(task, _Answering):
                stop: Any = flag
                engine.generate(task.requests, lambda index, said: tell((index, said)), cancel=stop)
            else:
                if heads and task.head is not None and heads[0].number == task.head.number:
                    head: tree.Head | None = heads[0]  # this process has read it
                else:
                    head = task.head
                    heads[:] = [head] if head is not None else []
                batch = likelihood.Batch(tuple(range(len(task.items))), task.rows, head)
                tell(engine._read(task.items, task.adapter, task.measure, [batch]))

        return work

    return begin


def _end(scheduler: Scheduler, workers: Workers | None) -> None:
    scheduler.stop()
    if workers is not None:
        workers.end()


def _dealt(ids: Sequence[tuple[int, ...]], count: int) -> list[list[int]]:
    """Requests by number in so many parts, alike in number and length; equal prompts stay together."""
    parts: list[list[int]] = [[] for _ in range(count)]
    order = sorted(range(len(ids)), key=lambda i: (-len(ids[i]), ids[i], i))
    for _, alike in itertools.groupby(order, key=lambda i: ids[i]):
        min(parts, key=len).extend(alike)
    return [sorted(part) for part in parts if part]


def _pieces(
    source: queue.SimpleQueue[str | Completion | BaseException], closed: threading.Event
) -> Iterator[str | Completion]:
    try:
        while True:
            piece = source.get()
            if isinstance(piece, BaseException):
                raise piece
            yield piece
            if isinstance(piece, Completion):
                return
    finally:
        closed.set()


def _mark_prefix(jobs: Sequence[Job]) -> None:
    """Tell the jobs of one call how many ids they begin with together, if it is worth it: all of them (system prompt,
    examples), or those that ask for several answers to one prompt."""
    if len(jobs) < 2 or len({job.adapter for job in jobs}) > 1:
        return
    least, greatest = min(job.ids for job in jobs), max(job.ids for job in jobs)
    common = 0
    for a, b in zip(least, greatest, strict=False):  # in dictionary order, these two differ where any two do
        if a != b:
            break
        common += 1
    common = min(common, min(len(job.ids) for job in jobs) - 1)
    if common >= _PREFIX_WORTH:
        for job in jobs:
            job.prefix = common
    for ids, alike in itertools.groupby(jobs, key=lambda job: job.ids):
        same = list(alike)
        if (len(same) - 1) * (len(ids) - 1 - same[0].prefix) >= _SAME_PROMPT_WORTH:
            for job in same:
                job.prefix = len(ids) - 1


def _adapter_digest(folder: Path) -> str:
    digest = hashlib.sha256()
    for name in ("adapter_config.json", "adapter_model.safetensors"):
        with (folder / name).open("rb") as file:
            digest.update(name.encode() + hashlib.file_digest(file, "sha256").digest())
    return digest.hexdigest()
