"""What becomes of personal data: tags, pseudonyms, rows set aside, or nothing."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from typing import Any, get_args

import pytest

from luthier.data import build, prepare
from luthier.recipe.data import DataSpec, PersonalKind, PersonalSpec
from luthier.store import Store
from luthier.text import personal

ANNA, CARD, TOKEN = "anna.berg@posteo.de", "4111 1111 1111 1111", "ghp_" + "aB3dE6gH9" * 4


def rows() -> list[dict[str, Any]]:
    said = [f"question number {n} about thing {n * 7}?" for n in range(40)]
    made = [{"prompt": text, "completion": f"Answer {n} it is."} for n, text in enumerate(said)]
    made[3]["prompt"] += f" Write to {ANNA}"
    made[4]["completion"] += f" {ANNA.upper()} is told."
    made[5]["prompt"] += f" card {CARD}"
    made[6]["completion"] += f" token {TOKEN}"
    return made


def built(folder: Path, how: Any, **more: Any) -> Any:
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, rows())) + "\n")
    spec = DataSpec.model_validate({"source": "rows.jsonl", "personal": how, "dedupe": {"near": None}, **more})
    return build(spec, folder=folder, secret=bytes(range(32)))


def text(made: Any) -> str:
    return json.dumps([e.to_dict() for side in (made.train, made.validation, made.test) for e in side])


def test_kinds_of_the_recipe_are_those_that_are_found() -> None:
    assert set(get_args(PersonalKind)) == set(personal.KINDS) == set(personal.TOLD) == set(PersonalSpec().find)


def test_tags_are_the_default(tmp_path: Path) -> None:
    made = built(tmp_path, "redact")
    assert DataSpec(source=("x",)).personal == PersonalSpec(kind="redact")
    assert made.report["personal"] == {"card": 1, "email": 2, "secret": 1}
    assert text(made).count("[EMAIL]") == 2 and "[SECRET]" in text(made) and "posteo" not in text(made).lower()


def test_pseudonyms_are_the_same_for_the_same_person(tmp_path: Path) -> None:
    made = built(tmp_path, "pseudonymise")
    whole = text(made)
    assert ANNA not in whole and CARD not in whole and TOKEN not in whole and "[" + "EMAIL]" not in whole
    addresses = [span.value for e in (*made.train, *made.validation, *made.test) for m in e.messages
                 for span in personal.find(m.content) if span.kind == "email"]  # fmt: skip
    assert len(addresses) == 2 and len(set(addresses)) == 1
    assert made.report["personal"] == {"card": 1, "email": 2, "secret": 1}


def test_rows_are_set_aside_and_told(tmp_path: Path) -> None:
    made = built(tmp_path, "reject")
    assert [row["rule"] for row in made.quarantine] == ["personal.found"] * 4
    (step,) = [s for s in made.report["steps"] if s["name"] == "personal data"]
    assert step["removed"] == 4 and step["kinds"] == {"card": 1, "email": 2, "secret": 1}
    assert len(made.train) + len(made.validation) + len(made.test) == 36
    one = built(tmp_path, {"kind": "reject", "find": "card"})
    assert [row["why"] for row in one.quarantine] == ["holds personal data: 1 card"] and ANNA in text(one)


def test_kept_as_they_are(tmp_path: Path) -> None:
    made = built(tmp_path, "keep")
    assert ANNA in text(made) and CARD in text(made) and made.report["personal"] == {}


def test_a_misspelt_kind_is_refused() -> None:
    with pytest.raises(ValueError, match="find"):
        DataSpec.model_validate({"source": "x", "personal": {"kind": "redact", "find": ["emails"]}})
    with pytest.raises(ValueError):
        DataSpec.model_validate({"source": "x", "personal": "mask"})


def test_the_key_of_pseudonyms_stays_in_the_store(tmp_path: Path) -> None:
    (tmp_path / "rows.jsonl").write_text("\n".join(map(json.dumps, rows())) + "\n")
    spec = DataSpec.model_validate({"source": "rows.jsonl", "personal": "pseudonymise"})
    store, other = Store.open(tmp_path / "one"), Store.open(tmp_path / "two")
    first = prepare(spec, store=store, folder=tmp_path)
    assert store.secret("pseudonyms") == Store.open(tmp_path / "one").secret("pseudonyms") != other.secret("pseudonyms")
    assert prepare(spec, store=store, folder=tmp_path).digest == first.digest
    assert prepare(spec, store=other, folder=tmp_path).digest != first.digest
    (path,) = (tmp_path / "one" / ".luthier" / "secrets").iterdir()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    key = path.read_bytes()
    assert all(key not in p.read_bytes() for p in first.path.rglob("*") if p.is_file())
    path.write_bytes(b"half")
    with pytest.raises(Exception, match="damaged"):
        store.secret("pseudonyms")
