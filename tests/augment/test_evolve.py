"""Operators: each reason to drop a child, what children carry, and how a newcomer adds one."""

from __future__ import annotations

import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import ClassVar, Literal

import pytest

from luthier import registry
from luthier.augment import Asker, Journal, Seed, generate
from luthier.augment.evolve import Evolve, answer_rule, rewriting_rule
from luthier.augment.operators import Rewriting
from luthier.engines import Request
from luthier.engines.scripted import ScriptedEngine
from luthier.recipe.augment import AugmentSpec, EvolveSpec, Operator, Paraphrase
from luthier.records import Completion

SPEC = EvolveSpec()


@pytest.mark.parametrize(
    ("text", "reason", "rule"),
    [
        ("Name three rivers of Spain and their lengths.", "stop", None),
        ("", "stop", "evolve.empty"),
        ("Name three rivers of", "length", "evolve.cut"),
        ("Rewritten Prompt: name three rivers of Spain.", "stop", "evolve.leak"),
        ("As in the given prompt, name three rivers.", "stop", "evolve.leak"),
        ("NAME three rivers!", "stop", "evolve.copy"),
    ],
)
def test_rewritings_are_dropped_for_a_reason(text: str, reason: Literal["stop", "length"], rule: str | None) -> None:
    assert rewriting_rule("Name three rivers.", Completion(text=text, finish_reason=reason)) == rule


def test_words_of_the_prompt_are_no_leak_where_the_row_itself_has_them() -> None:
    assert rewriting_rule("What is a rewritten prompt?", Completion(text="Why write a rewritten prompt?")) is None


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("Tajo, Ebro, Duero.", None),
        ("", "answer.empty"),
        ("I am sorry, I cannot help.", "answer.sorry"),
        ("Sorry " + "word " * 79, None),  # 80 words: long enough to be an answer
        ("Sorry " + "word " * 78, "answer.sorry"),
        ("I would do it, if you could.", "answer.hollow"),
        ("!!! ...", "answer.hollow"),
        ("A sorrynado is a storm.", None),
    ],
)
def test_answers_are_dropped_for_a_reason(text: str, rule: str | None) -> None:
    assert answer_rule(Completion(text=text), SPEC) == rule
    assert answer_rule(Completion(text=text or "x", finish_reason="length"), SPEC) == "answer.cut"
    assert answer_rule(None, SPEC) == "answer.refused"


def evolve(spec: EvolveSpec, seeds: Sequence[Seed], asker: Asker, folder: Path, rows: int = 1000) -> Journal:
    generate(AugmentSpec(rows=rows, self_instruct=None, evolve=spec), seeds, asker, folder, seed=0)
    return Journal.read(folder)


def rows_of(journal: Journal) -> list[dict]:  # type: ignore[type-arg]
    return [made for line in journal.lines for made in line.get("rows", ())]


def test_children_carry_their_seeds_family_over_all_rounds(
    seeds: Sequence[Seed], asker: Asker, tmp_path: Path
) -> None:
    made = rows_of(evolve(EvolveSpec(rounds=3), seeds, asker, tmp_path))
    own = {seed.id: seed.family for seed in seeds}
    parents = set(own)
    assert {m["augmented"]["round"] for m in made} == {1, 2, 3}
    for one in made:
        facts = one["augmented"]
        assert own[facts["seed"]] == facts["family"] and facts["parents"][0] in parents
        parents.add(one["id"])
    assert any(m["augmented"]["parents"][0] not in own for m in made)  # a child of a child


def test_an_equal_rewriting_is_no_gain_and_its_parent_goes_on(
    seeds: Sequence[Seed], saying: Callable[..., Asker], tmp_path: Path
) -> None:
    asker = saying(rewrite=["Tell me something else entirely."], judge=["Equal"], answer=["Fine it is."])
    journal = evolve(EvolveSpec(rounds=2), seeds[:3], asker, tmp_path)
    gone = [item["rule"] for line in journal.lines for item in line.get("gone", ())]
    assert rows_of(journal) == [] and gone == ["evolve.no_gain"] * 6  # three rows in two rounds


def test_a_paraphrase_keeps_the_answer_and_must_mean_the_same(
    seeds: Sequence[Seed], saying: Callable[..., Asker], tmp_path: Path
) -> None:
    spec = EvolveSpec(operators=(Paraphrase(style="a hurried customer's words"),), rounds=1)
    asker = saying(rewrite=["hey tell me", "quick, say it", "come on then"], judge=["Equal", "Different", "Equal."])
    journal = evolve(spec, seeds[:3], asker, tmp_path)
    made, gone = rows_of(journal), [i["rule"] for line in journal.lines for i in line.get("gone", ())]
    assert gone == ["evolve.changed"] and len(made) == 2
    answers = {seed.id: seed.instances[0].output for seed in seeds}
    for one in made:
        assert one["messages"][-1]["content"] == answers[one["augmented"]["seed"]]
    assert not any(line["kind"] == "answer" for line in journal.lines)  # nothing had to be answered


def shout(spec: Shout, request: str) -> Rewriting:
    return Rewriting(f"Below is a request. Shout: {request}", keeps_answer=spec.keeps)


class Shout(Operator):
    """In capitals."""

    runs: ClassVar[str] = "tests_shout:shout"
    kind: Literal["shout"] = "shout"
    keeps: bool = True


def test_every_operator_can_be_named_and_a_newcomer_edits_no_list() -> None:
    known = [name for name in registry.names("operator") if name != "shout"]
    assert known == ["broaden", "concretise", "constrain", "deepen", "paraphrase"]
    spec = EvolveSpec.model_validate({"operators": known})
    for operator in spec.operators:
        asked = registry.get("operator", operator.kind).load()(operator, "Name a river.")
        assert "Name a river." in asked.prompt and asked.keeps_answer == (operator.kind == "paraphrase")


def test_a_newcomers_operator_is_one_spec_and_one_function(
    seeds: Sequence[Seed], monkeypatch: pytest.MonkeyPatch
) -> None:
    module = types.ModuleType("tests_shout")
    module.shout = shout  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "tests_shout", module)

    def model(request: Request) -> str:
        return request.messages[-1].content.rpartition("Shout: ")[2].upper() + "!! NOW"

    asker = Asker(ScriptedEngine(model))
    spec = EvolveSpec(rounds=1, judge=False).model_copy(update={"operators": (Shout(),)})
    way = Evolve(spec, seeds[:2], asker, wanted=5, seed=0)
    step = way.step()
    assert step is not None
    rows = way.conclude(step, asker.engine.generate(step.requests))["rows"]
    assert {r["augmented"]["by"] for r in rows} == {"shout"} and all(
        r["messages"][0]["content"].endswith("!! NOW") for r in rows
    )
