"""Self-Instruct as it runs: the published numbers in its requests, what is noted, and when it ends."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from luthier.augment import Asker, Journal, Seed, generate
from luthier.augment.instruct import SelfInstruct
from luthier.augment.seeds import from_examples
from luthier.augment.way import largest_that_fits
from luthier.engines import Request, Unsupported
from luthier.engines.scripted import ScriptedEngine
from luthier.errors import LuthierError
from luthier.recipe.augment import AlarmSpec, AugmentSpec, SelfInstructSpec
from luthier.records import Example, Message

Model = Callable[[Request], str]


class Recording:
    """A scripted model that keeps what it was asked."""

    def __init__(self, model: Model) -> None:
        self.requests: list[Request] = []
        self._model = model

    def __call__(self, request: Request) -> str:
        self.requests.append(request)
        return self._model(request)


def test_requests_carry_the_published_numbers(real_seeds: Sequence[Seed], model: Model, tmp_path: Path) -> None:
    asked_for = Recording(model)
    generate(AugmentSpec(rows=40), real_seeds, Asker(ScriptedEngine(asked_for)), tmp_path, seed=42)
    lists = [r for r in asked_for.requests if r.messages[-1].content.startswith("Come up with a series")]
    assert len(lists) % 5 == 0  # five requests a batch
    for request in lists:
        shown = re.findall(r"^(\d+)\. ", request.messages[-1].content, re.MULTILINE)
        assert shown == [str(n) for n in range(1, 9)]
        assert (request.temperature, request.top_p, request.max_tokens) == (0.7, 0.5, 1024)
    asked = [r for r in asked_for.requests if "Is it classification?" in r.messages[-1].content]
    for request in asked:
        said = re.findall(r"Is it classification\? (Yes|No)", request.messages[-1].content)
        assert (said.count("Yes"), said.count("No")) == (12, 19)
        assert (request.temperature, request.max_tokens) == (0.0, 3)
    filled = {r.max_tokens: r for r in asked_for.requests if r.max_tokens in (300, 350)}
    assert filled[300].messages[-1].content.startswith("Given the classification task")
    assert filled[350].messages[-1].content.startswith("Come up with examples")
    assert all(r.stop == ("Example 6", "Task:") and r.temperature == 0.0 for r in filled.values())


def test_two_of_eight_shown_tasks_are_machine_made_once_there_are_any(
    seeds: Sequence[Seed], asker: Asker, tmp_path: Path
) -> None:
    generate(AugmentSpec(rows=60), seeds, asker, tmp_path, seed=1)
    own = {seed.id for seed in seeds}
    made: set[str] = set()
    for line in Journal.read(tmp_path).lines:
        if line["kind"] == "tasks":
            for item in line["kept"]:
                assert len(item["shown"]) == 8
                machine = [name for name in item["shown"] if name not in own]
                assert len(machine) == min(2, len(made)) and set(machine) <= made
            made |= {item["id"] for item in line["kept"]}
    assert len(made) > 8


def test_each_row_says_where_it_came_from(seeds: Sequence[Seed], asker: Asker, tmp_path: Path) -> None:
    generate(AugmentSpec(rows=12), seeds, asker, tmp_path, seed=1)
    own = {seed.id: seed for seed in seeds}
    rows = [made for line in Journal.read(tmp_path).lines for made in line.get("rows", ())]
    assert len(rows) >= 12 and len({made["id"] for made in rows}) == len(rows)
    for made in rows:
        facts = made["augmented"]
        assert facts["by"] == "self_instruct" and facts["family"] == own[facts["seed"]].family
        assert 0 < len(facts["nearest"]) <= 10 and facts["nearest"][0][1] >= facts["mean_similarity"]
        assert facts["nearest_text"]


def test_labels_come_first_for_classification_and_inputs_first_for_the_rest(
    seeds: Sequence[Seed], saying: Callable[..., Asker]
) -> None:
    way = SelfInstruct(
        SelfInstructSpec(batch=2), seeds,
        saying(tasks=["9. Decide if soup is hot.\n10. Name the bones of a whale.", ""], classify=["Yes", "No"],
               clf=["Class label: hot\nIt steams."], gen=["Output: rib"]),
        wanted=2, seed=0,
    )  # fmt: skip
    rows = []
    while (step := way.step()) is not None:
        line = {"kind": step.kind, **way.conclude(step, way._asker.engine.generate(step.requests))}
        way.apply(line)
        rows += line.get("rows", [])
    told = [(r["messages"][0]["content"], r["messages"][1]["content"]) for r in rows]
    assert told == [("Decide if soup is hot.\n\nIt steams.", "hot"), ("Name the bones of a whale.", "rib")]


def test_seeds_with_labels_get_children_with_one_of_their_labels(saying: Callable[..., Asker]) -> None:
    texts = {"My card did not arrive.": "lost", "The card is late.": "lost", "How do I top up?": "money"}
    rows = [
        Example(messages=(Message("system", "Answer with one of: lost, money"), Message("user", text),
                          Message("assistant", label)), label=label)
        for text, label in texts.items()
    ]  # fmt: skip
    asker = saying(
        tasks=["9. Where is my new card?\n10. Please add ten euros now.\n11. Why is it so cold?", ""],
        gen=["Output: lost", "Output: money", "Output: weather"],
    )
    way = SelfInstruct(SelfInstructSpec(batch=1), from_examples(rows), asker, wanted=2, seed=0)
    made, gone = [], []
    while (step := way.step()) is not None and step.kind != "classify":
        line = {"kind": step.kind, **way.conclude(step, asker.engine.generate(step.requests))}
        way.apply(line)
        made += line.get("rows", [])
        gone += [item["rule"] for item in line["gone"]]
    assert [(one["messages"][1]["content"], one["label"]) for one in made] == [
        ("Where is my new card?", "lost"), ("Please add ten euros now.", "money"),
    ]  # fmt: skip
    assert all(one["messages"][0]["role"] == "system" for one in made) and gone == ["answer.label"]


def test_seeds_that_augmentation_made_are_passed_over() -> None:
    plain = Example(messages=(Message("user", "Why?"), Message("assistant", "So.")))
    own = Example(messages=plain.messages, meta={"augmented": {"by": "deepen", "family": "abc"}})
    turns = Example(messages=(*plain.messages, *plain.messages))
    assert [seed.id for seed in from_examples([own, plain, turns, Example(text="A text.")])] == [plain.id]


def test_a_model_that_finds_nothing_ends_after_its_patience(
    seeds: Sequence[Seed], saying: Callable[..., Asker], tmp_path: Path
) -> None:
    spec = AugmentSpec(self_instruct=SelfInstructSpec(patience=3, batch=2))
    worked = generate(spec, seeds, saying(tasks=["Sorry."]), tmp_path, seed=0)
    assert worked.reason == "exhausted" and worked.figures.judged == 6 and worked.figures.kept == 0
    assert worked.figures.reasons == {"instruction.short": 6}


def test_classification_seeds_only_need_marked_seeds(seeds: Sequence[Seed], asker: Asker, tmp_path: Path) -> None:
    only = SelfInstructSpec(classification_only=True)
    generate(AugmentSpec(rows=5, self_instruct=only), seeds, asker, tmp_path, seed=0)
    marked = {seed.id for seed in seeds if seed.classification}
    shown = {s for line in Journal.read(tmp_path).lines for k in line.get("kept", ()) for s in k["shown"]}
    assert not (shown & {seed.id for seed in seeds}) - marked
    with pytest.raises(LuthierError, match="no seed is marked"):
        plain = [seed for seed in seeds if not seed.classification]
        SelfInstruct(only, plain, asker, wanted=1, seed=0)


def test_the_collapse_alarm_rings_and_can_stop_the_run(seeds: Sequence[Seed], tmp_path: Path) -> None:
    things = [f"{w}{n}" for w in ("oak", "elm", "fir", "ash", "yew") for n in range(40)]

    def model(request: Request) -> str:
        text = request.messages[-1].content
        if text.startswith("Come up with a series"):
            model.asked += 1  # type: ignore[attr-defined]
            n = model.asked  # type: ignore[attr-defined]
            if n <= 20:
                return f"9. Tell {things[n]} about {things[n + 20]} near {things[n + 40]} with {things[n + 60]}"
            a, b, c, d = things[n * 4 % 196 :][:4]
            return f"9. Tell all about the same {a} {b} {c} {d} of the old tree"
        return "Output: yes" if text.startswith("Come up with examples") else "No"

    model.asked = 0  # type: ignore[attr-defined]
    spec = AugmentSpec(
        rows=120, self_instruct=SelfInstructSpec(batch=1), alarm=AlarmSpec(window=20, stop=True, distinct=0.9)
    )
    worked = generate(spec, seeds, Asker(ScriptedEngine(model)), tmp_path, seed=0)
    assert worked.reason == "collapse" and worked.figures.rows < 120
    collapse = worked.figures.collapse
    assert collapse is not None and collapse.alarm and collapse.distinct[1] < 0.9 * collapse.distinct[0]


def test_raw_text_needs_an_engine_that_takes_it(seeds: Sequence[Seed], model: Model, tmp_path: Path) -> None:
    asker = Asker(ScriptedEngine(model), form="completion")
    with pytest.raises(Unsupported, match="raw text"):
        generate(AugmentSpec(form="completion"), seeds, asker, tmp_path, seed=0)


def test_fewer_tasks_are_shown_where_they_do_not_fit(asker: Asker) -> None:
    class Narrow:
        def fits(self, request: Request) -> bool:
            return len(request.messages[0].content) <= 30

    request, count = largest_that_fits(
        Narrow(),  # type: ignore[arg-type]
        lambda n: asker.request("x" * 10 * n, max_tokens=5) if n else asker.request("none", max_tokens=5),
        8,
    )
    assert count == 3 and len(request.messages[0].content) == 30


def test_other_settings_do_not_go_on_in_the_same_journal(
    seeds: Sequence[Seed], asker: Asker, model: Model, tmp_path: Path
) -> None:
    generate(AugmentSpec(rows=3), seeds, asker, tmp_path, seed=0)
    generate(AugmentSpec(rows=9), seeds, asker, tmp_path, seed=0)  # more rows is no other setting
    for spec, other_seeds, seed in (
        (AugmentSpec(rows=9, self_instruct=SelfInstructSpec(similar=0.5)), seeds, 0),
        (AugmentSpec(rows=9), seeds[1:], 0),
        (AugmentSpec(rows=9), seeds, 1),
    ):
        with pytest.raises(LuthierError, match="begun with another"):
            generate(spec, other_seeds, asker, tmp_path, seed=seed)
    with pytest.raises(LuthierError, match="begun with another engine"):
        generate(AugmentSpec(rows=9), seeds, Asker(ScriptedEngine(model, name="other")), tmp_path, seed=0)


def test_the_seed_decides_the_draws(seeds: Sequence[Seed], asker: Asker, tmp_path: Path) -> None:
    texts = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        (tmp_path / name).mkdir()
        generate(AugmentSpec(rows=6), seeds, asker, tmp_path / name, seed=seed)
        texts.append([json.dumps(line) for line in Journal.read(tmp_path / name).lines])
    assert texts[0] == texts[1] != texts[2]


def test_what_is_recorded_is_not_asked_again(seeds: Sequence[Seed], model: Model, tmp_path: Path) -> None:
    asked_for = Recording(model)
    asker = Asker(ScriptedEngine(asked_for))
    generate(AugmentSpec(rows=10), seeds, asker, tmp_path, seed=0)
    whole = len(asked_for.requests)
    assert generate(AugmentSpec(rows=10), seeds, asker, tmp_path, seed=0).reason == "done"
    assert len(asked_for.requests) == whole
    generate(AugmentSpec(rows=40), seeds, asker, tmp_path, seed=0)
    more = len(asked_for.requests) - whole
    asked_for.requests.clear()
    (tmp_path / "anew").mkdir()
    generate(AugmentSpec(rows=40), seeds, asker, tmp_path / "anew", seed=0)
    assert len(asked_for.requests) == whole + more
