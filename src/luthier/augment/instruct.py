"""Self-Instruct: new tasks from seeds, classified, filled with instances, filtered (Wang et al. 2023).

In turn: a batch of numbered-list prompts; each new task is judged and compared with all seeds and kept tasks, in the
order it came; a kept task is asked about ("is it classification?") and then filled, label first or input first. What is
pending is done before new tasks are asked for. The paper's penalty on repeated words is not sent: engines here have
none, and the similarity limit does its work.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from luthier.augment import filters, prompts
from luthier.augment.seeds import Seed, chat, labels_of, shared_system
from luthier.augment.similar import Pool
from luthier.augment.toward import Fills, Hole
from luthier.augment.way import Answer, Asker, Step, largest_that_fits, row, seed_of
from luthier.engines import Request
from luthier.errors import LuthierError
from luthier.recipe.augment import AlarmSpec, SelfInstructSpec
from luthier.text import family_name


@dataclass(frozen=True)
class Task:
    """A kept machine-made task. ``seed`` is the seed that it is nearest to: it stays on that one's side of a split."""

    id: str
    instruction: str
    seed: str
    nearest: tuple[tuple[str, float], ...]
    mean: float
    shown: tuple[str, ...]
    classification: bool | None = None
    filled: bool = False
    hole: str | None = None


class SelfInstruct:
    """The state of one augmentation by Self-Instruct, and what it asks next."""

    kinds: ClassVar[frozenset[str]] = frozenset({"tasks", "classify", "instances"})

    def __init__(
        self, spec: SelfInstructSpec, seeds: Sequence[Seed], asker: Asker, *, wanted: int, seed: int,
        holes: Sequence[Hole] = (),
    ) -> None:  # fmt: skip
        if spec.classification_only:
            seeds = [s for s in seeds if s.classification]
            if not seeds:
                raise LuthierError(
                    "no seed is marked as classification", where="augment.self_instruct.classification_only",
                    fix='mark seeds with "is_classification": true, or leave the key out',
                )  # fmt: skip
        self._spec, self._seeds, self._asker, self._wanted, self._seed = spec, list(seeds), asker, wanted, seed
        self._system = shared_system(self._seeds)
        self._labels = labels_of(self._seeds)
        self._by_id = {s.id: s for s in self._seeds}
        self._pool = Pool(spec.similar, ((s.id, s.instruction) for s in self._seeds))
        self._holes = {hole.name: hole for hole in holes}
        self._fills = Fills(holes, AlarmSpec(), spec.patience)
        self.tasks: dict[str, Task] = {}
        self._made: set[str] = set()
        self._steps = 0
        self._barren = 0

    # -- what to ask

    @property
    def progress(self) -> tuple[int, int]:
        return min(len(self._made), self._wanted), self._wanted

    def step(self) -> Step | None:
        unasked = [t for t in self.tasks.values() if t.classification is None]
        if unasked:
            return self._classification(unasked[: self._spec.batch])
        unfilled = [t for t in self.tasks.values() if not t.filled]
        if unfilled:
            return self._instances(unfilled[: self._spec.batch])
        if len(self._made) >= self._wanted or self._barren >= self._spec.patience or self._fills.closed:
            return None
        return self._new_tasks()

    @property
    def exhausted(self) -> bool:
        """Whether it stopped because the model finds no new task any more."""
        barren = self._barren >= self._spec.patience and not self._fills.closed
        return len(self._made) < self._wanted and (barren or self._fills.failed)

    def _new_tasks(self) -> Step:
        spec = self._spec
        draw = random.Random(seed_of(self._seed, self._steps))
        built = [self._list_prompt(draw, place) for place in range(spec.batch)]
        return Step("tasks", tuple(one[0] for one in built), tuple(one[1:] for one in built))

    def _list_prompt(self, draw: random.Random, place: int) -> tuple[Request, tuple[str, ...], str | None]:
        """The request, the tasks that it shows, and the hole that it is to fill (if any)."""
        spec = self._spec
        machine = draw.sample(list(self.tasks.values()), min(spec.machine_made, len(self.tasks)))
        human = draw.sample(self._seeds, min(spec.demonstrations - len(machine), len(self._seeds)))
        shown = [(t.id, t.instruction) for t in machine] + [(s.id, s.instruction) for s in human]
        draw.shuffle(shown)
        hole = self._fills.draw(draw)
        in_chat = self._asker.form == "chat"
        stops = [f"\n{spec.last_item}.", f"\n{spec.last_item} ."]
        if not in_chat:  # the published stops; a chat model may put blank lines between its tasks
            stops = ["\n\n", f"\n{spec.last_item}", f"{spec.last_item}.", f"{spec.last_item} ."]

        def build(count: int) -> Request:
            text = prompts.new_tasks(
                [text for _, text in shown[:count]], classification=spec.classification_only, chat=in_chat,
                last=spec.last_item, kind="" if hole is None else hole.told,
            )  # fmt: skip
            return self._asker.request(
                text, max_tokens=spec.max_tokens, temperature=spec.temperature, top_p=spec.top_p,
                seed=seed_of(self._seed, self._steps, place), stop=tuple(stops),
            )  # fmt: skip

        request, count = largest_that_fits(self._asker, build, len(shown))
        return request, tuple(name for name, _ in shown[:count]), None if hole is None else hole.name

    def _classification(self, tasks: Sequence[Task]) -> Step:
        spec = self._spec
        yes = [s.instruction for s in self._seeds if s.classification is True]
        no = [s.instruction for s in self._seeds if s.classification is False]
        if not yes or not no:
            yes, no = list(prompts.YES), list(prompts.NO)
        draw = random.Random(seed_of(self._seed, "classification"))  # the same examples for every task, as published
        yes = draw.sample(yes, min(spec.yes_examples, len(yes)))
        no = draw.sample(no, min(spec.no_examples, len(no)))

        def request(task: Task) -> Request:
            def build(count: int) -> Request:
                share = count / max(1, len(yes) + len(no))
                shown = yes[: round(share * len(yes))], no[: round(share * len(no))]
                text = prompts.is_classification(task.instruction, *shown)
                return self._asker.request(text, max_tokens=spec.classify_tokens, stop=("\n", "Task"))

            return largest_that_fits(self._asker, build, len(yes) + len(no))[0]

        return Step("classify", tuple(map(request, tasks)), tuple(t.id for t in tasks))

    def _instances(self, tasks: Sequence[Task]) -> Step:
        return Step("instances", tuple(map(self._fill, tasks)), tuple(t.id for t in tasks))

    def _fill(self, task: Task) -> Request:
        spec = self._spec
        fitting = [s for s in self._seeds if bool(s.classification) == task.classification and s.instances]
        draw = random.Random(seed_of(self._seed, "instances", task.id))
        drawn = draw.sample(fitting, min(spec.instance_demonstrations, len(fitting)))
        shown = prompts.demonstrations(drawn, most=spec.instances)
        kind = "" if task.hole is None else self._holes[task.hole].told

        def build(count: int) -> Request:
            if task.classification:
                text = prompts.instances_output_first(task.instruction, shown[:count], kind=kind)
            else:
                text = prompts.instances_input_first(task.instruction, shown[:count], most=spec.instances, kind=kind)
            return self._asker.request(
                text,
                max_tokens=spec.label_tokens if task.classification else spec.output_tokens,
                stop=(f"Example {spec.instances + 1}", "Task:"),
            )

        return largest_that_fits(self._asker, build, len(shown))[0]

    # -- what came back

    def conclude(self, step: Step, answers: Sequence[Answer]) -> dict[str, Any]:
        if step.kind == "tasks":
            return self._judged_tasks(step, answers)
        if step.kind == "classify":
            said = [answer is not None and filters.is_yes(answer.text) for answer in answers]
            return {"tasks": dict(zip(step.about, said, strict=True))}
        return self._judged_instances(step, answers)

    def _judged_tasks(self, step: Step, answers: Sequence[Answer]) -> dict[str, Any]:
        kept: list[dict[str, Any]] = []
        gone: list[dict[str, Any]] = []
        before = len(self._pool)
        for (shown, hole), answer in zip(step.about, answers, strict=True):
            if answer is None:
                gone.append({"rule": "response.refused", "text": ""})
                continue
            cut = answer.finish_reason == "length"
            for judged in filters.tasks_in(answer.text, self._spec, cut=cut, chat=self._asker.form == "chat"):
                if judged.rule is not None:
                    gone.append({"rule": judged.rule, "text": judged.text})
                    continue
                near = self._pool.nearest(judged.text, self._spec.nearest)
                if near.too_near:
                    gone.append({"rule": "instruction.similar", "text": judged.text, "nearest": [*near.top[0]]})
                    continue
                name = family_name(judged.text)
                self._pool.add(name, judged.text)
                kept.append(
                    {
                        "id": name, "instruction": judged.text, "seed": near.seed, "shown": list(shown),
                        "mean": round(near.mean, 6),
                        "nearest": [[i, round(v, 6)] for i, v in near.top], **({"hole": hole} if hole else {}),
                    }
                )  # fmt: skip
        self._pool.cut(before)  # only a recorded line counts: apply() adds them again
        holes = [hole for _, hole in step.about if hole]
        return {"kept": kept, "gone": gone, **({"holes": holes} if holes else {})}

    def _judged_instances(self, step: Step, answers: Sequence[Answer]) -> dict[str, Any]:
        rows: list[dict[str, Any]] = []
        gone: list[dict[str, Any]] = []
        for name, answer in zip(step.about, answers, strict=True):
            task = self.tasks[name]
            if answer is None:
                gone.append({"rule": "instances.refused", "text": task.instruction})
                continue
            read = filters.output_first if task.classification else filters.input_first
            judged = filters.judge_instances(read(answer.text), cut=answer.finish_reason == "length")
            if not judged:
                gone.append({"rule": "instances.none", "text": answer.text})
            if self._labels:
                judged = [
                    replace(j, rule="answer.label") if j.rule is None and j.instance.output not in self._labels else j
                    for j in judged
                ]
            gone += [{"rule": j.rule, "text": f"{j.instance.input}\n→ {j.instance.output}"} for j in judged if j.rule]
            good = [j.instance for j in judged if j.rule is None]
            chosen = good
            if len(good) > self._spec.instances:
                draw = random.Random(seed_of(self._seed, "choice", name))
                chosen = [good[i] for i in sorted(draw.sample(range(len(good)), self._spec.instances))]
                gone += [{"rule": "instance.surplus", "text": i.output} for i in good if i not in chosen]
            for instance in chosen:
                made = chat(
                    task.instruction, instance.input, instance.output, system=self._system, labelled=bool(self._labels)
                )
                if made.id in self._made or made.id in self._by_id or any(r["id"] == made.id for r in rows):
                    gone.append({"rule": "row.duplicate", "text": made.asked})
                    continue
                written = sum(r["augmented"].get("hole") == task.hole for r in rows)
                if task.hole is not None and written >= self._fills.missing(task.hole):
                    gone.append({"rule": "hole.full", "text": made.asked})
                    continue
                rows.append(
                    row(
                        made, by="self_instruct", task=task.id, seed=task.seed, family=self._by_id[task.seed].family,
                        parents=list(task.shown), nearest=[list(pair) for pair in task.nearest],
                        mean_similarity=task.mean, classification=task.classification, hole=task.hole,
                        nearest_text=self._text(task.nearest[0][0]) if task.nearest else None,
                    )
                )  # fmt: skip
        return {"tasks": list(step.about), "rows": rows, "gone": gone}

    def _text(self, name: str) -> str:
        return self._by_id[name].instruction if name in self._by_id else self.tasks[name].instruction

    def apply(self, line: Mapping[str, Any]) -> None:
        self._steps += 1
        self._fills.take(line)
        if line["kind"] == "tasks":
            for item in line["kept"]:
                self.tasks[item["id"]] = Task(
                    id=item["id"], instruction=item["instruction"], seed=item["seed"], mean=item["mean"],
                    nearest=tuple((i, v) for i, v in item["nearest"]), shown=tuple(item["shown"]),
                    classification=False if self._labels else None,  # a text with a label is a case, not a task
                    hole=item.get("hole"),
                )  # fmt: skip
                self._pool.add(item["id"], item["instruction"])
            self._barren = 0 if line["kept"] else self._barren + 1
        elif line["kind"] == "classify":
            for name, said in line["tasks"].items():
                self.tasks[name] = replace(self.tasks[name], classification=said)
        else:
            for name in line["tasks"]:
                self.tasks[name] = replace(self.tasks[name], filled=True)
            self._made.update(made["id"] for made in line["rows"])
