"""Whatever stands in a file, the answer is rows, findings or a refusal in words: never another exception."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.errors import LuthierError
from luthier.records import Example, Origin
from luthier.rows import Finding, Layout, Raw, detect, propose_map, read, to_examples
from luthier.rows.shape import explicit

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
NAMES = (
    "messages conversations role content from value tools tool_calls function name arguments system weight text label "
    "instruction input output history prompt completion question answer chosen rejected context"
)
KEYS = st.sampled_from(NAMES.split())
TURN = st.dictionaries(
    KEYS, JSON | st.sampled_from(["user", "assistant", "gpt", "tool", "function_call", "{}"]), max_size=5
)
ROW = st.dictionaries(KEYS, JSON | st.lists(TURN | JSON, max_size=4), max_size=5)
SHAPES = ["messages", "sharegpt", "alpaca", "prompt_completion", "classification", "text"]


@settings(max_examples=150, deadline=None)
@given(
    content=st.binary(max_size=200) | st.text(max_size=200).map(str.encode),
    kind=st.sampled_from(["jsonl", "json", "csv", "tsv", "parquet", "jsonl.gz", "jsonl.zst"]),
)
def test_any_bytes_give_rows_or_a_refusal(content: bytes, kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / f"f.{kind}").write_bytes(content)
        try:
            found = list(read([f"f.{kind}"], folder=Path(folder)))
        except LuthierError as refused:
            assert refused.what and refused.where
            return
    assert found and all((raw.value is None) != (raw.problem is None) for raw in found)


@settings(max_examples=120, deadline=None)
@given(rows=st.lists(ROW, min_size=1, max_size=4), shape=st.sampled_from(SHAPES))
def test_any_json_gives_examples_or_findings(rows: list[dict[str, Any]], shape: str) -> None:
    raws = [Raw(Origin("f.jsonl", number), row) for number, row in enumerate(rows, 1)]
    for chosen in (detect(rows), explicit(shape, rows)):
        made = list(to_examples(raws, Layout(chosen, group_by=("label",), time="name")))
        errors = [item for item in made if isinstance(item, Finding) and item.severity == "error"]
        examples = [item for item in made if isinstance(item, Example)]
        assert len(errors) + len(examples) == len(rows)  # no row is lost
        for example in examples:
            json.dumps(example.to_dict())
            assert Example.from_dict(example.to_dict()).id == example.id
        assert all(finding.render() and finding.to_dict() for finding in errors)


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
