"""kill -9 at fifty moments of a run, and the same command again: does it always go on, and does it end with the same
bits?

    python bench/kills.py                 fifty kills of a fine-tuning, six each of DPO, a reward model and RL
    python bench/kills.py --job sft       one job: sft, team (two processes), dpo, reward, rl; may be repeated
    python bench/kills.py --kills 5       so many kills of each job
    python bench/kills.py --quick         five kills of each, all in one home, at lines only, no cold restart
    python bench/kills.py --json          the last line only
    python bench/kills.py --quick --folder F --kills 3 -- run colours.yaml      a job of your own, whose files lie in F

The job runs twice undisturbed, once for its bits and times, once to count the lines of Python of each phase; so it is
known too that two undisturbed runs end alike. Then it is killed in homes of its own, several times in each, in every
phase: at a line, counted from the phase's beginning (the process sends itself SIGKILL: the same line under every
load), or by the clock from outside, wherever the processor is then. The moments are seeded. A restart after a kill is a
child forked from one parent that has imported everything and started no thread; the last restart of each home is cold,
a process of its own. What is compared: the contents' digests of every artifact (rows, trained weights with history and
plan, adapter, merged model, ledger), verdict and remedies to the letter, the figures of the report; ``luthier verify``
must be content, ``luthier gc`` must leave no draft, and no process may be left behind. The last line is JSON.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import mmap
import os
import random
import re
import select
import signal
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from verdict import conclude

ROOT = Path(__file__).resolve().parents[1]
LONGEST_ORPHAN = 20.0
"""Seconds that a helper may outlive its killed run: it ends with the work that it is at."""
MODELS = "/site-packages/(torch|transformers)/"
"""Whose lines are counted slowly and write nothing."""
COLD = "from luthier.cli.main import main; main()"


@dataclass(frozen=True)
class Phase:
    """A part of a run: the call that it is, and where in the run this one is (the step), where there are many.

    ``rank`` orders the phases; those with the same alternate.
    """

    name: str
    rank: int
    weight: int
    call: str = ""
    place: Callable[..., int] = lambda *_, **__: 0


PHASES = (
    Phase("data", 0, 6, "luthier.pipeline.stages:dataset"),
    Phase("training begins", 1, 5, "luthier.pipeline.stages:training"),
    Phase("step", 2, 9, "luthier.train.loop:Loop._step", lambda loop: loop.progress.step + 1),
    Phase("evaluation in training", 2, 6, "luthier.train.loop:Loop._evaluate", lambda loop: loop.progress.step),
    Phase("checkpoint", 2, 8, "luthier.train.checkpoint:save", lambda folder, checkpoint: checkpoint.step),
    Phase("filing of the weights", 3, 4),
    Phase("delivery", 4, 4, "luthier.pipeline.stages:delivered"),
    Phase("evaluation", 5, 5, "luthier.pipeline.stages:judged"),
    Phase("report", 6, 2, "luthier.pipeline.stages:reported"),
    Phase("end of the run", 7, 1),
)
NUMBER = {phase.name: number for number, phase in enumerate(PHASES)}
FIT, REPORT = "luthier.train.loop:Loop.fit", "luthier.pipeline.stages:reported"
FOLLOWED = {FIT: "filing of the weights", REPORT: "end of the run"}
"""What begins where these calls end, and lasts as long as what they are called in."""
BOARD = struct.Struct(f"qq{len(PHASES)}q")
"""What a child leaves behind: the phase that it is in, its place, how often each phase was entered."""


@dataclass(frozen=True)
class Seen:
    """One phase of an undisturbed run: its lines of Python and its seconds, without those of phases within."""

    job: str
    phase: int
    place: int
    lines: int
    seconds: float


@dataclass(frozen=True)
class Point:
    """Where to kill: so many lines, or seconds, into a phase at its place. ``turn`` is the job's in a chain of them."""

    job: str
    turn: int
    phase: int
    place: int
    lines: int = 0
    seconds: float = 0.0

    @property
    def order(self) -> tuple[int, int, int, int]:
        """Points of a home are taken in this order: each is still ahead when the one before has struck."""
        return self.turn, PHASES[self.phase].rank, self.place, self.phase

    def told(self) -> str:
        """In a few words."""
        moment = f"line {self.lines:,}" if self.lines else f"after {self.seconds:.3f} s"
        return f"{self.place}, {moment}" if self.place else moment


class Marks:
    """Put around the calls of the phases in a child: says where it is, and dies at a point."""

    def __init__(self, board: mmap.mmap, point: Point | None, bell: int, *, count: bool, skipped: str) -> None:
        self.board, self.point, self.bell, self.count = board, point, bell, count
        self.skips = cache(lambda path: bool(skipped and re.search(skipped, path)))
        self.owner, self.job = os.getpid(), ""
        self.stack: list[list[Any]] = []
        self.entered = [0] * len(PHASES)
        self.left = 0 if point is None else point.lines
        self.seen: list[Seen] = []

    def install(self) -> None:
        for number, phase in enumerate(PHASES):
            if phase.call:
                self._wrap(phase.call, number, phase.place)
        self._wrap(FIT, None, lambda *_: 0)

    def _wrap(self, call: str, number: int | None, place: Callable[..., int]) -> None:
        module, _, path = call.partition(":")
        owner: Any = importlib.import_module(module)
        *outer, name = path.split(".")
        for part in outer:
            owner = getattr(owner, part)
        function = getattr(owner, name)

        def marked(*arguments: Any, **named: Any) -> Any:
            if os.getpid() != self.owner:
                return function(*arguments, **named)
            if number == NUMBER["data"]:
                self.job = arguments[0].recipe.name
            if number is not None:
                self._enter(number, place(*arguments, **named))
            try:
                return function(*arguments, **named)
            finally:
                if number is not None:
                    self._leave()
                if call in FOLLOWED:
                    self._follow(NUMBER[FOLLOWED[call]])

        setattr(owner, name, marked)

    def _enter(self, number: int, place: int) -> None:
        """Lines and seconds are the innermost phase's."""
        self._pause()
        self.entered[number] += 1
        self.stack.append([number, place, 0, 0.0, time.monotonic()])
        self._go_on(began=True)

    def _follow(self, number: int) -> None:
        """What is around the call that has ended turns into another phase."""
        if self.stack:
            self._leave()
        self._enter(number, 0)

    def _leave(self) -> None:
        self._pause()
        ended = self.stack.pop()
        if self._here(ended) and self.left:
            self._die()  # it was shorter than it was before
        self._note(ended)
        if self.stack:
            self._go_on()

    def _note(self, ended: list[Any]) -> None:
        self.seen.append(Seen(self.job, *ended[:4]))

    def _here(self, frame: list[Any]) -> bool:
        return self.point is not None and [self.job, *frame[:2]] == [self.point.job, self.point.phase, self.point.place]

    def _pause(self) -> None:
        sys.settrace(None)
        if self.stack:
            self.stack[-1][3] += time.monotonic() - self.stack[-1][4]

    def _go_on(self, *, began: bool = False) -> None:
        top = self.stack[-1]
        top[4] = time.monotonic()
        BOARD.pack_into(self.board, 0, top[0], top[1], *self.entered)
        if not self.count and not self._here(top):
            return
        if began and self.point is not None and not self.point.lines:
            os.write(self.bell, b"!")
        if self.count or self.left:
            sys.settrace(self._trace)

    def _trace(self, frame: Any, event: str, _: Any) -> Any:
        if event == "call" and self.skips(frame.f_code.co_filename):
            return None
        if event == "line" and os.getpid() == self.owner:
            self.stack[-1][2] += 1
            if self.left and self.stack[-1][2] >= self.left:
                self._die()
        return self._trace

    def _die(self) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def told(self) -> list[list[Any]]:
        """What was seen, for a file; phases that are still entered are noted as they stand."""
        self._pause()
        while self.stack:
            self._note(self.stack.pop())
        return [[s.job, s.phase, s.place, s.lines, s.seconds] for s in self.seen]


@dataclass
class Ended:
    """How a child ended: its exit code (minus the signal), seconds, the phase that it was in, the processes that it
    left behind and how long they lived."""

    code: int
    seconds: float
    phase: str
    orphans: int = 0
    orphan_seconds: float = 0.0


@dataclass
class Home:
    """One folder of runs that are killed, and what came of it: how each child ended, the last one, the steps that were
    made in all."""

    folder: Path
    points: list[Point] = field(default_factory=list)
    ended: list[tuple[Point, Ended]] = field(default_factory=list)
    last: Ended | None = None
    steps: int = 0

    @property
    def struck(self) -> list[tuple[Point, Ended]]:
        """The kills; a child whose phase was over before ended by itself."""
        return [(point, ended) for point, ended in self.ended if ended.code == -signal.SIGKILL]

    @property
    def seconds(self) -> float:
        """Of all its runs."""
        return sum(e.seconds for _, e in self.ended) + (0.0 if self.last is None else self.last.seconds)

    def told(self) -> str:
        """In a line."""
        where = ", ".join(f"{ended.phase} {point.told()}" for point, ended in self.struck)
        return f"{where}; {self.seconds:.1f} s in all"


class Parent:
    """The process with everything imported; its children are the runs.

    Args:
        work: where the job's files lie; homes are made in it.
        command: what ``luthier`` is asked to do there.
        skipped: lines of files whose path holds this do not count.
    """

    def __init__(self, work: Path, command: Sequence[str], skipped: str = "") -> None:
        self.work, self.command, self.skipped = work, list(command), skipped
        self.board = mmap.mmap(-1, BOARD.size)

    def child(
        self, home: Path, point: Point | None = None, *, count: bool = False, command: Sequence[str] = ()
    ) -> Ended:
        """Run the command in ``home``, to its end or to the point."""
        home.mkdir(exist_ok=True)
        began = time.monotonic()
        hear, bell = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(hear)
            self._be_a_run(home, point, bell, count, list(command) or self.command)
        os.close(bell)
        if point is not None and point.seconds and self._rang(hear):
            time.sleep(point.seconds)
            os.kill(pid, signal.SIGKILL)  # not waited for: the process id is still ours
        os.close(hear)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        seconds = time.monotonic() - began
        number = BOARD.unpack_from(self.board)[0]
        left, lived = wait_for_group(pid)
        return Ended(code, seconds, PHASES[number].name, left, lived)

    def _rang(self, hear: int) -> bool:
        """Waits for the phase to begin; False where the child ended without."""
        select.select([hear], [], [])
        return os.read(hear, 1) == b"!"

    def _be_a_run(self, home: Path, point: Point | None, bell: int, count: bool, command: list[str]) -> None:
        os.setsid()
        code = 70
        try:
            os.environ["LUTHIER_HOME"] = str(home)
            os.chdir(self.work)
            sys.stdout = sys.stderr = (home / "log").open("a")
            marks = Marks(self.board, point, bell, count=count, skipped=self.skipped)
            marks.install()
            code = run_command(command)
            if point is None:
                (home / "seen.json").write_text(json.dumps(marks.told()))
            sys.stdout.flush()
        finally:
            os._exit(code)

    def cold(self, home: Path) -> Ended:
        """The command as a person gives it: a process of its own that imports what it needs."""
        began = time.monotonic()
        environment = {**os.environ, "LUTHIER_HOME": str(home)}
        with (home / "log").open("a") as log:
            done = subprocess.run(
                [sys.executable, "-c", COLD, *self.command], cwd=self.work, env=environment, stdout=log, stderr=log,
                check=False,
            )  # fmt: skip
        return Ended(done.returncode, time.monotonic() - began, "")


def run_command(command: list[str]) -> int:
    from luthier.cli.main import run

    return run(command)


def wait_for_group(group: int, longest: float = LONGEST_ORPHAN) -> tuple[int, float]:
    """Processes of a child that outlived it, and for how long they did (at most ``longest`` seconds)."""
    began, most = time.monotonic(), 0
    while time.monotonic() - began < longest:
        alive = sum(1 for stat in Path("/proc").glob("[0-9]*/stat") if _in_group(stat, group))
        most = max(most, alive)
        if not alive:
            return most, time.monotonic() - began if most else 0.0
        time.sleep(0.005)
    return most, longest


def _in_group(stat: Path, group: int) -> bool:
    try:
        fields = stat.read_text().rpartition(")")[2].split()
    except OSError:
        return False
    return int(fields[3]) == group and fields[0] not in "ZX"


# ---- what is the same


TIMES = re.compile(
    r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?Z?|"
    r"\d[\d.,]*\s*(ms|s|min|seconds|minutes|tok/s|tokens/s|KiB|MiB|GiB)\b"
)


def found_in(home: Path) -> dict[str, Any]:
    """What a home holds, by name: digests of the artifacts' contents, verdicts, the reports without times."""
    store = home / ".luthier" / "artifacts"
    found: dict[str, Any] = {"artifacts": sorted(p.name for p in store.iterdir()) if store.is_dir() else []}
    for path in sorted(store.glob("*/*.safetensors")):
        found[f"{path.parent.name.split('-')[0]}/{path.name}"] = hashlib.sha256(path.read_bytes()).hexdigest()
    runs = sorted((home / "runs").iterdir(), key=started, reverse=True)
    for run in runs:  # of one name the first one counts
        name = run.name.rpartition("-")[0]
        for part in ("verdict.json", "remedies.json", "report.html"):
            if (run / part).is_file():
                found[f"{name}/{part}"] = plain((run / part).read_text(encoding="utf-8"), [r.name for r in runs])
    return found


def started(run: Path) -> str:
    """When a run began."""
    began: str = json.loads((run / "run.json").read_text())["started"]
    return began


def unfinished(home: Path) -> list[str]:
    """Runs of a home that are not done. There may be two that are: killed when all was written, the same command is
    another run, which finds everything made."""
    records = (json.loads(path.read_text()) for path in (home / "runs").glob("*/run.json"))
    return [f"run {record['id']} is {record['status']}" for record in records if record["status"] != "done"]


MEASURED = re.compile(
    r'<section id="cost".*?</section>|<figure[^>]*><figcaption><b>Speed .*?</figure>|'
    r"<tr><td>(seconds|memory)</td>.*?</tr>",
    re.DOTALL,
)
"""Of a report: what it took, beside what was planned (not known of a training that was killed), and the speed of each
step."""


def plain(text: str, runs: list[str]) -> str:
    """Without what no two homes share: the ends of the names of runs, clocks and what a clock measured."""
    for run in runs:
        text = text.replace(run, run.rpartition("-")[0])
    return TIMES.sub("…", MEASURED.sub("", text))


def differences(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """Names of what differs, of texts with the first place where they do."""
    return [f"{k}{place(one.get(k), other.get(k))}" for k in sorted(one.keys() | other.keys())
            if one.get(k) != other.get(k)]  # fmt: skip


def place(one: Any, other: Any) -> str:
    if not isinstance(one, str) or not isinstance(other, str):
        return f" ({one!r}, {other!r})"[:300]
    at = next((i for i, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    return f" (…{one[max(0, at - 60) : at + 40]!r}, …{other[at : at + 40]!r})"


def left_over(home: Path) -> list[str]:
    """What only a run that is under way may have, once ``luthier gc`` has given space back: drafts, folders of work."""
    store = home / ".luthier"
    return [
        str(p.relative_to(home)) for folder in ("drafts", "work", "tmp") if (store / folder).is_dir()
        for p in (store / folder).iterdir()
    ]  # fmt: skip


def steps_made(home: Path) -> int:
    """Optimiser steps that the runs of a home wrote down, those done again too."""
    return sum(
        '"loss"' in line for path in (home / "runs").glob("*/metrics.jsonl") for line in path.read_text().splitlines()
    )


# ---- the moments


def quotas(kills: int, phases: Sequence[int]) -> Counter[int]:
    """So many kills over these phases, by their weight; each once at least where there are enough."""
    whole = sum(PHASES[p].weight for p in phases)
    shares = {p: kills * PHASES[p].weight / whole for p in phases}
    given = Counter({p: max(1, int(shares[p])) for p in phases})
    while given.total() > kills:
        given[max(given, key=lambda p: (given[p] - shares[p], -shares[p]))] -= 1
    while given.total() < kills:
        given[max(phases, key=lambda p: shares[p] - given[p])] += 1
    return +given


def draw(seen: Sequence[Seen], kills: int, rng: random.Random, *, clock: bool = True) -> list[Point]:
    """Seeded points: of each phase, so many as its weight says, at lines and (``clock``) by the clock in turns."""
    points = []
    jobs = list(dict.fromkeys(s.job for s in seen))
    phases = sorted({s.phase for s in seen})
    for phase, count in sorted(quotas(kills, phases).items()):
        there = [s for s in seen if s.phase == phase]
        for _ in range(count):
            one = rng.choice(there)
            if clock and len(points) % 2:
                how = {"seconds": max(1e-4, rng.random() * one.seconds)}
            else:
                how = {"lines": rng.randint(1, max(1, one.lines))}
            points.append(Point(one.job, jobs.index(one.job), phase, one.place, **how))
    return points


def dealt(points: Sequence[Point], work: Path, rng: random.Random) -> list[Home]:
    """Each home ends with a kill of another phase, which its cold restart follows; the other kills come before that one
    in homes where there are fewest."""
    last: dict[int, Point] = {}
    for point in points:
        if point.phase not in last or point.order > last[point.phase].order:
            last[point.phase] = point
    homes = [Home(work / f"killed-{n}", [p]) for n, p in enumerate(sorted(last.values(), key=lambda p: p.order))]
    rest = [p for p in points if all(p is not one for one in last.values())]
    rng.shuffle(rest)
    for point in sorted(rest, key=lambda p: p.order[:2], reverse=True):
        fit = [h for h in homes if h.points[-1].order >= point.order]
        home = min(fit, key=lambda h: len(h.points))
        home.points.insert(0, point)
    for home in homes:
        home.points[:-1] = sorted(home.points[:-1], key=lambda p: p.order)
    return homes


# ---- one job


def undisturbed(parent: Parent, *, quick: bool) -> tuple[Ended, dict[str, Any], list[Seen], list[str]]:
    """The command run to its end: how, what it left, its phases; and how two such runs differ (``quick``: there is
    one)."""
    calm = parent.work / "calm"
    first = parent.child(calm, count=quick)
    if first.code not in (0, 10, 11):
        raise SystemExit(f"undisturbed, it ends with {first.code}: {(calm / 'log').read_text()[-3000:]}")
    found, seen = found_in(calm), [Seen(*s) for s in json.loads((calm / "seen.json").read_text())]
    if quick:
        return first, found, seen, []
    again = parent.work / "calm-again"
    second = parent.child(again, count=True)
    lines = [Seen(*s) for s in json.loads((again / "seen.json").read_text())]
    wrong = [f"two undisturbed runs differ in {name}" for name in differences(found, found_in(again))]
    if second.code != first.code:
        wrong.append(f"two undisturbed runs end with {first.code} and {second.code}")
    return first, found, [replace(s, lines=c.lines) for s, c in zip(seen, lines, strict=True)], wrong


def killed(
    work: Path, command: Sequence[str], *, kills: int, seed: int, quick: bool = False,
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:  # fmt: skip
    """Kill the command so often and compare; the job's files lie in ``work``. ``quick``: one undisturbed run, all kills
    at lines (but not of torch and transformers) and in one home, restarts that are forked too.

    Returns:
        ``held`` (every restart went on, every home ended with the undisturbed run's bits), ``wrong`` in words, and
        what was counted.
    """
    parent, rng = Parent(work, command, MODELS if quick else ""), random.Random(seed)
    first, calm, seen, wrong = undisturbed(parent, quick=quick)
    say(f"{' '.join(command)}: undisturbed {first.seconds:.1f} s, {steps_made(work / 'calm')} steps")
    points = draw(seen, kills, rng, clock=not quick)  # a run whose lines are counted has times of its own
    waiting = [Home(work / "killed", sorted(points, key=lambda p: p.order))] if quick else dealt(points, work, rng)
    homes: list[Home] = []
    while waiting:
        for home in waiting:
            wrong += visit(parent, home, calm, first.code, quick=quick)
            say(f"  {home.folder.name}: {home.told()}")
        homes += waiting
        left = 0 if quick else kills - sum(len(home.struck) for home in homes)
        more = draw(seen, left, rng) if left > 0 and len(homes) < kills else []  # what came too late, once more
        waiting = [Home(work / f"killed-{len(homes)}", sorted(more, key=lambda p: p.order))] if more else []
    return {"held": not wrong, "wrong": wrong, "code": first.code, "undisturbed_s": round(first.seconds, 2),
            **account(homes, first, steps_made(work / "calm"), quick=quick),
            "compared": sorted(calm), "artifacts": calm["artifacts"]}  # fmt: skip


def visit(parent: Parent, home: Home, calm: dict[str, Any], code: int, *, quick: bool) -> list[str]:
    """Kill at the points of a home, restart after each, and look at what it holds in the end; gives what is wrong."""
    wrong = []
    for point in home.points:
        ended = parent.child(home.folder, point)
        home.ended.append((point, ended))
        if ended.code not in (-signal.SIGKILL, code):
            wrong.append(f"exit code {ended.code} where {point} was to strike")
        if ended.orphan_seconds >= LONGEST_ORPHAN:
            wrong.append(f"{ended.orphans} processes left behind at {point}")
    home.last = parent.child(home.folder) if quick else parent.cold(home.folder)
    found = found_in(home.folder)
    home.steps = steps_made(home.folder)
    checked = [parent.child(home.folder, command=[verb]).code for verb in ("verify", "gc")]
    if home.last.code != code:
        wrong.append(f"exit code {home.last.code} at the end, {code} undisturbed")
    if any(checked):
        wrong.append(f"luthier verify and gc end with {checked}")
    wrong += [f"{name}: not the same" for name in differences(calm, found)]
    wrong += [f"{name} is left over" for name in left_over(home.folder)] + unfinished(home.folder)
    return [f"{home.folder.name}: {one}" for one in wrong]


def account(homes: Sequence[Home], first: Ended, steps: int, *, quick: bool) -> dict[str, Any]:
    """What was counted over all homes."""
    counted: dict[str, Counter[str]] = {phase.name: Counter() for phase in PHASES}
    for home in homes:
        for point, ended in home.struck:
            counted[ended.phase].update(["kills", "at a line" if point.lines else "by the clock"])
        if home.struck and not quick:
            counted[home.struck[-1][1].phase]["cold"] += 1
    ends = [ended for home in homes for _, ended in home.ended]
    return {
        "kills": sum(len(h.struck) for h in homes), "missed": sum(len(h.ended) - len(h.struck) for h in homes),
        "homes": len(homes), "cold": sum(c["cold"] for c in counted.values()),
        "phases": {name: dict(c) for name, c in counted.items() if c},
        "orphans": sum(e.orphans > 0 for e in ends), "orphan_s": round(max(e.orphan_seconds for e in ends), 3),
        "steps": steps, "steps_again": sum(h.steps - steps for h in homes),
        "seconds_again": round(sum(h.seconds - first.seconds for h in homes), 1),
    }  # fmt: skip


def import_everything() -> None:
    """Imported, nothing run: no thread is started, so children may be forked."""
    import peft  # noqa: F401
    import safetensors.torch  # noqa: F401
    import torch  # noqa: F401
    import transformers  # noqa: F401

    import luthier.data
    import luthier.engines.embedded
    import luthier.evaluate
    import luthier.export
    import luthier.pipeline.run
    import luthier.train.preference
    import luthier.train.reward
    import luthier.train.rl
    import luthier.train.sft  # noqa: F401


# ---- the jobs


SFT = """\
luthier: 1
name: ages
seed: 3
model: {base: nano}
data: {source: rows.jsonl, split: {test: 20%, validation: 10%}, replay: {source: nano, share: 10%}}
train:
  tuning: {kind: lora, r: 4, alpha: 8}
  max_steps: 12
  evaluations: 4
  checkpoints: 4
  batch_tokens: 512
  anchor: 0.5
  processes: PROCESSES
evaluate:
  target: {kind: json_fields, fields: [name, age]}
  regression: [{suite: sums.jsonl, margin: 10}, {suite: prose.jsonl, margin: 10}]
  shots: 2
  max_tokens: 24
"""
PAIRS = """\
luthier: 1
name: manners
model: {base: nano}
data: {source: rows.jsonl, test: test.jsonl, split: {validation: 15%}}
train:
  {method: METHOD, tuning: {kind: lora, r: 4, alpha: 8}, max_steps: 6, evaluations: 2, checkpoints: 6,
   batch_tokens: 512}
export: {formats: adapter}
"""
RL = """\
luthier: 1
name: ages
model: {base: nano}
data: {source: rows.jsonl, test: test.jsonl, split: {validation: 15%}}
train:
  method: {kind: grpo, rewards: [exact], group: 4, prompts: 4, iterations: 2}
  tuning: {kind: lora, r: 4, alpha: 8}
  max_steps: 6
  evaluations: 2
  checkpoints: 6
evaluate: {target: exact, baselines: [base], max_tokens: 24}
export: {formats: adapter}
"""
RECIPES = {
    "sft": SFT.replace("PROCESSES", "1"), "team": SFT.replace("PROCESSES", "2"), "dpo": PAIRS.replace("METHOD", "dpo"),
    "reward": PAIRS.replace("METHOD", "reward"), "rl": RL,
}  # fmt: skip
KILLS = {"sft": 50, "team": 6, "dpo": 6, "reward": 6, "rl": 6}


def write_job(folder: Path, job: str) -> list[str]:
    """Rows, suites and recipe of a job; gives the command. The same bytes every time."""
    folder.mkdir()
    (folder / "job.yaml").write_text(RECIPES[job])
    rows = of_pairs if job in ("dpo", "reward") else of_ages
    for name, lines in rows(whole=job in ("sft", "team")).items():
        (folder / name).write_text("".join(json.dumps(line) + "\n" for line in lines))
    return ["run" if job in ("sft", "team") else "train", "job.yaml"]


def of_pairs(*, whole: bool) -> dict[str, list[Any]]:
    from tools.manners import words
    from tools.manners.__main__ import pairs

    sides = {"rows": (60, words.PRODUCTS), "test": (24, words.HELD_PRODUCTS)}
    return {f"{name}.jsonl": pairs(n, things, random.Random(n), 0.0) for name, (n, things) in sides.items()}


def of_ages(*, whole: bool) -> dict[str, list[Any]]:
    from tools.ages.__main__ import rows

    if not whole:
        return {"rows.jsonl": rows(60, 5, held=False), "test.jsonl": rows(24, 6, held=True)}
    some = rows(90, 5, held=False)
    sums = [{"messages": [{"role": "user", "content": f"How much is {a} plus {b}?"}], "answer": str(a + b)}
            for a in range(5) for b in range(6)]  # fmt: skip
    prose = [{"text": f"The {x} stands near the {y} and waits for rain."} for x in ("boat", "lamp", "door", "coat")
             for y in ("harbour", "market", "garden", "mill", "bridge")]  # fmt: skip
    return {"rows.jsonl": [*some, some[0], {"prompt": "no answer"}], "sums.jsonl": sums, "prose.jsonl": prose}


def table(job: str, told: dict[str, Any]) -> str:
    lines = [f"{job:<24} {'kills':>5} {'at a line':>10} {'by the clock':>13} {'cold restart':>13}"]
    for name, counted in told["phases"].items():
        lines.append(f"  {name:<22} {counted.get('kills', 0):>5} {counted.get('at a line', 0):>10} "
                     f"{counted.get('by the clock', 0):>13} {counted.get('cold', 0):>13}")  # fmt: skip
    lines.append(
        f"  {told['kills']} kills in {told['homes']} homes: " + (
            "every restart went on, every home ended with the same bits" if told["held"] else "; ".join(told["wrong"])
        )
    )  # fmt: skip
    lines.append(
        f"  made again: {told['steps_again']} steps (a run has {told['steps']}) and {told['seconds_again']:.0f} s "
        f"beyond {told['homes']} undisturbed runs of {told['undisturbed_s']:.1f} s; processes outlived their killed "
        f"run {told['orphans']} times, {told['orphan_s']:.2f} s at most"
    )
    return "\n".join(lines)


def main() -> int:
    """The tables, then JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--job", choices=list(RECIPES), action="append", help="only this one; may be repeated")
    parser.add_argument("--kills", type=int, help="of each job (50 of sft, 6 of the others)")
    parser.add_argument("--seed", type=int, default=20)
    parser.add_argument("--folder", type=Path, help="of the files of a job of your own")
    parser.add_argument("--quick", action="store_true", help="one home, no cold restart; 5 kills of each job")
    parser.add_argument("--json", action="store_true", help="the last line only")
    parser.add_argument("command", nargs="*", help="what luthier is asked to do there")
    asked = parser.parse_args()

    def say(text: str) -> None:
        if not asked.json:
            print(text, flush=True)

    sys.path.insert(0, str(ROOT))
    began = time.monotonic()
    import_everything()
    figures: dict[str, Any] = {"load": round(os.getloadavg()[0], 1), "seed": asked.seed}
    with tempfile.TemporaryDirectory() as name:
        for job in ["own"] if asked.folder else asked.job or RECIPES:
            work = asked.folder or Path(name) / job
            command = asked.command if asked.folder else write_job(work, job)
            kills = asked.kills or (5 if asked.quick else KILLS.get(job, 5))
            told = killed(work, command, kills=kills, seed=asked.seed, quick=asked.quick, say=say)
            figures[job] = told
            say(table(job, told))
    jobs = [told for told in figures.values() if isinstance(told, dict)]
    figures["seconds"] = round(time.monotonic() - began, 1)
    found: dict[str, float | None] = {"went_wrong": sum(len(told["wrong"]) for told in jobs)}
    if "sft" in figures and not asked.kills and not asked.quick:
        found["kills"] = figures["sft"]["kills"]
    return conclude("kills", figures, found)


if __name__ == "__main__":
    sys.exit(main())
