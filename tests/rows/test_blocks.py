"""Lines of a block parsed together are what each of them holds alone, whatever stands in its neighbours."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.rows.blocks import Block, Lines

GOOD = b'{"a": "x"}'
LINES = (
    GOOD, b"", b"  ", b"{}", b"[1]", b"null", b"5", b'{"a": NaN}', b'{"a": "\xff"}', b'{"a": "b"}\r',
    b'{"a": [{}', b'{"b": 1}]}', b'{"a": 1},{"b": 2}', b'{"a": 1}],[{"b": 2}', b'{"a": "', b'"}', b"{", b"]", b"[",
)  # fmt: skip


def alone(line: bytes) -> dict[str, Any] | None:
    try:
        value = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    return value if isinstance(value, dict) else None


def lines(data: bytes, first: int = 1) -> Lines:
    return Lines(Block("f.jsonl", first, 0, None, 0, len(data), data))


@settings(deadline=None)
@given(st.lists(st.sampled_from(LINES), min_size=1), st.booleans())
def test_lines_together_are_the_lines_alone(drawn: list[bytes], ends: bool) -> None:
    data = b"\n".join([*drawn, GOOD]) + b"\n" * ends
    found = lines(data)
    assert list(found) == [*drawn, GOOD]
    assert found.rows() == [*map(alone, drawn), alone(GOOD)]


@pytest.mark.parametrize("pair", [(b'{"a": [{}', b'{"b": 1}]}'), (b'{"a": 1},{"b": 2}', b"")])
def test_lines_that_make_each_other_whole_stay_broken(pair: tuple[bytes, bytes]) -> None:
    found = lines(b"\n".join([GOOD, *pair, b'{"a": 1},{"b": 2}', GOOD]) + b"\n")
    assert found.rows() == [alone(GOOD), None, None, None, alone(GOOD)]


def test_a_byte_order_mark_counts_at_the_start_of_a_file_only() -> None:
    data = b"\xef\xbb\xbf" + GOOD
    assert lines(data)[0] == GOOD and lines(data).rows() == [{"a": "x"}]
    assert lines(data, first=9)[0] == data
