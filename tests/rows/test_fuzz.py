"""Whatever stands in a file, the answer is rows, findings or a refusal in words: never another exception."""

from __future__ import annotations

import gzip
import io
import json
import os
import tempfile
from pathlib import Path
from typing import Any

import polars
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from luthier.errors import LuthierError
from luthier.recipe.data import MapSpec
from luthier.records import Example, Origin
from luthier.rows import (
    RULES,
    Finding,
    Layout,
    Raw,
    compares,
    detect,
    propose_map,
    read,
    to_compared,
    to_examples,
)
from luthier.rows.shape import explicit

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    "messages conversations role content from value tools tool_calls function name arguments system weight text label "
    "instruction input output history prompt completion question answer chosen rejected context answers ranks ratings "
    "rank rating kto_tag edited original margin annotators rejected_response preferred_output non_preferred_output"
)
KEYS = st.sampled_from(NAMES.split())
SAID = ["user", "assistant", "gpt", "tool", "function_call", "{}", "Human: a\n\nAssistant: b"]
TURN = st.dictionaries(
    KEYS,
    JSON | st.sampled_from(SAID),
    max_size=5,
)
ROW = st.dictionaries(KEYS, JSON | st.lists(TURN | JSON, max_size=4), max_size=5)
SHAPES = [
    "messages", "sharegpt", "alpaca", "prompt_completion", "classification", "text", "preference", "ranked", "kto",
]  # fmt: skip
KINDS = ["jsonl", "json", "csv", "tsv", "parquet", "arrow", "jsonl.gz", "jsonl.zst"]


def packed(kind: str) -> bytes:
    """A good file of a kind, to be damaged."""
    rows = [{"prompt": f"question {n}, \u00e9", "completion": "a\nb"} for n in range(12)]
    frame, out = polars.DataFrame(rows), io.BytesIO()
    lines = "".join(json.dumps(row) + "\n" for row in rows).encode()
    if kind == "parquet":
        frame.write_parquet(out)
    elif kind == "arrow":
        frame.write_ipc_stream(out)
    elif kind in ("csv", "tsv"):
        frame.write_csv(out, separator="," if kind == "csv" else "\t")
    else:
        plain = json.dumps(rows).encode() if kind == "json" else lines
        packers = {"jsonl.gz": gzip.compress, "jsonl.zst": zstandard.ZstdCompressor().compress}
        return packers.get(kind, bytes)(plain)
    return out.getvalue()


WHOLE = {kind: packed(kind) for kind in KINDS}


@st.composite
def damaged(draw: st.DrawFn) -> tuple[str, bytes]:
    """A good file with a few stretches replaced, taken out or put in; or any bytes at all."""
    kind = draw(st.sampled_from(KINDS))
    if draw(st.integers(0, 3)) == 0:
        return kind, draw(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
    content = bytearray(WHOLE[kind])
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        length = draw(st.integers(0, 12) | st.integers(0, len(content)))
        content[start : start + length] = draw(st.binary(max_size=12))
    return kind, bytes(content)


def read_damaged(file: tuple[str, bytes]) -> None:
    kind, content = file
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"f.{kind}").write_bytes(content)
        try:
            found = list(read([f"f.{kind}"], folder=Path(folder)))
        except LuthierError as refused:
            assert refused.what and refused.where
            return
    assert found and all((raw.value is None) != (raw.problem is None) for raw in found)
    assert all(raw.problem is None or (raw.problem.rule in RULES and raw.problem.render()) for raw in found)
    convert_any([raw.value for raw in found if raw.value is not None], "auto")


def convert_any(rows: list[dict[str, Any]], shape: str) -> None:
    """Every row becomes one record or one error, whatever layout it is taken for."""
    raws = [Raw(Origin("f.jsonl", number), row) for number, row in enumerate(rows, 1)]
    for chosen in (detect(rows), *([explicit(shape, rows)] if shape != "auto" else [])):
        layout = Layout(chosen, group_by=("label",), time="name")
        made = list(to_compared(raws, layout) if chosen.compares else to_examples(raws, layout))
        errors = [f for f in made if isinstance(f, Finding) and f.severity == "error" and f.rule != "kto.balance"]
        records = [item for item in made if not isinstance(item, Finding)]
        assert len(errors) + len(records) == len(rows)  # no row is lost
        for record in records:
            json.dumps(record.to_dict())
            assert type(record).from_dict(record.to_dict()).id == record.id
        assert all(finding.render() and finding.to_dict() for finding in errors)


@settings(max_examples=200, deadline=None)
@given(file=damaged())
def test_any_bytes_give_rows_or_a_refusal(file: tuple[str, bytes]) -> None:
    read_damaged(file)


@settings(max_examples=150, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=4), shape=st.sampled_from(SHAPES))
def test_any_json_gives_records_or_findings(rows: list[dict[str, Any]], shape: str) -> None:
    convert_any(rows, shape)


LONG = int(os.environ.get("LUTHIER_FUZZ", "1500"))
"""Inputs of each long form below; 1,500 of both take three minutes on a core shared with other work."""


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(max_examples=LONG, deadline=None, suppress_health_check=list(HealthCheck))
@given(file=damaged())
def test_any_bytes_at_length(file: tuple[str, bytes]) -> None:
    read_damaged(file)


@pytest.mark.slow
@pytest.mark.timeout(0)
@settings(max_examples=LONG, deadline=None, suppress_health_check=list(HealthCheck))
@given(rows=st.lists(ROW, min_size=1, max_size=4), shape=st.sampled_from(SHAPES))
def test_any_json_at_length(rows: list[dict[str, Any]], shape: str) -> None:
    convert_any(rows, shape)


TEMPLATE = KEYS | st.builds("{{{{{}}}}}".format, KEYS | st.text(max_size=5)) | st.text(max_size=8)
MAPPING = st.fixed_dictionaries(
    {},
    optional={
        "prompt": TEMPLATE, "completion": TEMPLATE, "system": TEMPLATE, "label": KEYS, "chosen": TEMPLATE,
        "rejected": TEMPLATE, "thumb": KEYS, "answers": st.lists(KEYS, max_size=3), "votes": st.lists(KEYS, max_size=2),
        "turns": st.lists(st.fixed_dictionaries({"role": TEMPLATE, "content": TEMPLATE}), max_size=3),
        "turns_in": st.fixed_dictionaries({"column": KEYS, "role": KEYS, "content": KEYS}),
        "roles": st.dictionaries(st.text(max_size=4), st.sampled_from(["user", "assistant", "skip"]), max_size=2),
    },
)  # fmt: skip


@settings(max_examples=200, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=3), keys=MAPPING)
def test_any_mapping_of_any_rows_gives_records_or_findings(rows: list[dict[str, Any]], keys: dict[str, Any]) -> None:
    try:
        layout = Layout(detect(rows), map=MapSpec.model_validate(keys))
    except ValidationError:
        return
    raws = [Raw(Origin("f.jsonl", number), row) for number, row in enumerate(rows, 1)]
    made = list(to_compared(raws, layout) if compares(layout) else to_examples(raws, layout))
    assert all(not isinstance(item, Finding) or (item.rule in RULES and item.render()) for item in made)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.dictionaries(st.text(max_size=6), JSON, max_size=4), max_size=6))
def test_any_table_gives_a_mapping_or_a_refusal(rows: list[dict[str, Any]]) -> None:
    try:
        spec, reason = propose_map(rows)
    except LuthierError:
        return
    assert spec.completion in {key for row in rows for key in row} and reason


def test_the_fuzz_reaches_usable_rows() -> None:
    row = {"messages": [{"role": "user", "content": "x"}, {"role": "gpt", "content": "y"}]}
    (made,) = to_examples([Raw(Origin("f", 1), row)], Layout(detect([row])))
    assert isinstance(made, Example)
    with pytest.raises(LuthierError):
        propose_map([])
