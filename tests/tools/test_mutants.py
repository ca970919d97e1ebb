"""`make mutants` proves something only while each of its defects still fits the code."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from tools.mutants.table import MUTANTS, Mutant

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda m: m.name.replace(" ", "-"))
def test_its_place_and_its_witness_are_there(mutant: Mutant) -> None:
    text = (ROOT / "src" / "luthier" / mutant.file).read_text(encoding="utf-8")
    assert text.count(mutant.old) == 1
    ast.parse(text.replace(mutant.old, mutant.new))  # a defect that does not even parse would prove nothing
    file, _, name = mutant.test.partition("::")
    tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def test_every_defect_has_a_name_of_its_own() -> None:
    assert len({m.name for m in MUTANTS}) == len(MUTANTS) >= 12
