"""A scan over a whole file, part by part and in order: rows of most files one by one, JSON lines in blocks, and large
files of JSON lines by several processes, of whose blocks only a few are under way at any time."""

from __future__ import annotations

import gc
import threading
import zlib
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from functools import cache
from gzip import BadGzipFile
from itertools import islice
from multiprocessing import get_all_start_methods, get_context
from typing import TypeVar

from luthier.data.scan import Keyed, Look, Scan, Seen
from luthier.rows import Raw, SourceFile, read_file
from luthier.rows.blocks import Block, Lines, blocks, has_lines, raw_of

PART = 2000
"""Rows of a part, where there are no blocks."""
SHARED = 16 << 20
"""Bytes from which on a file is read by several processes."""
Part = TypeVar("Part")
Task = tuple[Block, tuple[int, ...]]


def by_rows(raws: Iterable[Raw], look: Look) -> Iterator[Seen]:
    """Look at rows that come one by one."""
    scan, left = Scan(look), iter(raws)
    while part := list(islice(left, PART)):
        yield scan.rows(part)


def by_blocks(file: SourceFile, look: Look, workers: int, found: list[Block]) -> Iterator[Seen]:
    """Look at a file of JSON lines. Its blocks are added to ``found`` where they can be read again by their places.

    Raises:
        LuthierError: the file breaks off.
    """

    def tasks() -> Iterator[Task]:
        for block in blocks(file):
            if block.data is None:
                found.append(block)
            yield block, ()

    try:
        yield from _shared(tasks(), _look, look, _processes(file, workers))
    except (OSError, EOFError, BadGzipFile, zlib.error):
        for _ in read_file(file):  # the reader of single rows says where the file breaks
            pass
        raise


def again(file: SourceFile, look: Look, lines: set[int], workers: int, known: Sequence[Block]) -> Iterator[Keyed]:
    """Exact keys of the rows at some lines of a file, whose blocks may be known."""
    if not has_lines(file):
        yield Scan(look).compare(raw for raw in read_file(file) if raw.origin.line in lines)
        return
    yield from _shared(_wanted(known or blocks(file), lines), _compare, look, _processes(file, workers))


def rows_at(file: SourceFile, lines: set[int], known: Sequence[Block]) -> Iterator[Raw]:
    """The rows at some lines of a file, whose blocks may be known."""
    if not has_lines(file):
        yield from (raw for raw in read_file(file) if raw.origin.line in lines)
        return
    for block, here in _wanted(known or blocks(file), lines):
        yield from _rows(block, here)


def _wanted(known: Iterable[Block], lines: set[int]) -> Iterator[Task]:
    ordered, at = sorted(lines), 0
    for block in known:
        start = at
        while at < len(ordered) and ordered[at] < block.first + block.lines:
            at += 1
        if at > start:
            yield block, tuple(ordered[start:at])
        if at == len(ordered):
            return


def _rows(block: Block, lines: tuple[int, ...]) -> Iterator[Raw]:
    found = Lines(block)
    return (raw_of(block.name, line, found[line - block.first]) for line in lines)


def _look(scan: Scan, task: Task) -> Seen:
    return scan.block(task[0])


def _compare(scan: Scan, task: Task) -> Keyed:
    return scan.compare(_rows(*task))


def _processes(file: SourceFile, workers: int) -> int:
    assert file.path is not None
    return workers if file.path.stat().st_size >= SHARED else 1


def _shared(
    tasks: Iterator[Task], does: Callable[[Scan, Task], Part], look: Look, workers: int
) -> Iterator[Part]:
    _keep_memory()
    if workers < 2:
        scan = Scan(look)
        yield from (does(scan, task) for task in tasks)
        return
    # a fork starts at once, but is not safe beside other threads
    fork = threading.active_count() == 1 and "fork" in get_all_start_methods()
    context = get_context("fork" if fork else "spawn")
    with ProcessPoolExecutor(workers, mp_context=context, initializer=_start, initargs=(look,)) as pool:
        waiting: deque[Future[Part]] = deque()
        for task in tasks:
            waiting.append(pool.submit(_run, does, task))
            if len(waiting) > 2 * workers:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


_scan: Scan | None = None


def _start(look: Look) -> None:
    global _scan
    _keep_memory()
    gc.freeze()  # what stood there before is no garbage: to look at it would even copy its pages
    _scan = Scan(look)


@cache
def _keep_memory() -> None:
    """Let the C library keep what a block took for the next one: once a piece of this size was given back, it does.

    Otherwise it returns megabytes to the system after each block and fetches them again, page by page.
    """
    bytes(24 << 20)


def _run(does: Callable[[Scan, Task], Part], task: Task) -> Part:
    assert _scan is not None
    return does(_scan, task)
