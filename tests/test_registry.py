"""Names to functions: built-in Specs, users' own files, and honest refusals."""

from __future__ import annotations

from pathlib import Path

import pytest

import luthier.recipe  # noqa: F401  (registers the built-in names)
from luthier import registry
from luthier.errors import LuthierError, UsageError


def test_built_in_names_are_found_without_a_list() -> None:
    assert {"full", "lora", "qlora"} <= set(registry.names("tuning"))
    assert "json_fields" in registry.names("metric")
    with pytest.raises(UsageError, match="no metric is called 'json_fild'") as caught:
        registry.get("metric", "json_fild")
    assert "json_field" in caught.value.fix


def test_every_registered_target_can_be_loaded() -> None:
    for family in ("metric", "tuning", "method"):
        for name in registry.names(family):
            assert callable(registry.get(family, name).load())


def test_a_users_function_is_loaded_and_hashed(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def grade(x):\n    return x + 1\n")
    found = registry.load_user_function("./mine.py:grade", base=tmp_path)
    assert found.function(1) == 2
    (tmp_path / "mine.py").write_text("def grade(x):\n    return x + 2\n")
    changed = registry.load_user_function("./mine.py:grade", base=tmp_path)
    assert changed.function(1) == 3 and changed.sha256 != found.sha256


def test_a_users_mistakes_are_named(tmp_path: Path) -> None:
    (tmp_path / "bad.py").write_text("import nothing_like_this\n")
    (tmp_path / "ok.py").write_text("def grade(x): ...\n")
    for reference, what in [
        ("./none.py:grade", "no such file"),
        ("./bad.py:grade", "does not import"),
        ("./ok.py:grad", "has no function"),
    ]:
        with pytest.raises(LuthierError, match=what):
            registry.load_user_function(reference, base=tmp_path)
