"""Pieces of a stream never have to be taken back and join to the whole."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from luthier.engines.detokenise import TextStream, cut_at_stop


def utf8(ids: Sequence[int]) -> str:
    """One id per byte: the hardest tokenizer for a stream."""
    return bytes(ids).decode("utf-8", "replace")


def run(text: str, stop: Sequence[str] = ()) -> tuple[list[str], str, bool]:
    stream = TextStream(utf8, stop)
    pieces = []
    for byte in text.encode():
        pieces.append(stream.add(byte))
        if stream.stopped:
            break
    last, whole = stream.finish()
    return [*pieces, last], whole, stream.stopped


@given(st.text(max_size=40))
def test_pieces_join_to_the_text(text: str) -> None:
    pieces, whole, stopped = run(text)
    assert "".join(pieces) == whole == text
    assert not stopped


@given(
    st.text(alphabet="ab€", max_size=30),
    st.lists(st.text(alphabet="ab€", min_size=1, max_size=3), min_size=1, max_size=3),
)
def test_the_text_ends_before_the_first_stop_string(text: str, stop: list[str]) -> None:
    pieces, whole, stopped = run(text, stop)
    # the stop string that is complete first ends the text; of those complete at once, the one that begins first
    ends = [i for i in range(len(text) + 1) if any(text[:i].endswith(s) for s in stop)]
    expected = text if not ends else cut_at_stop(text[: ends[0]], stop)[0]
    assert whole == expected
    assert "".join(pieces) == whole
    assert stopped == bool(ends)


def test_a_character_in_the_making_is_held_back() -> None:
    stream = TextStream(utf8)
    assert [stream.add(b) for b in "€!".encode()] == ["", "", "€", "!"]


def test_the_beginning_of_a_stop_string_is_held_back_until_it_is_none() -> None:
    stream = TextStream(utf8, ["STOP"])
    assert [stream.add(b) for b in b"a STaS"] == ["a", " ", "", "", "STa", ""]
    assert stream.finish() == ("S", "a STaS")


def test_an_answer_that_ends_inside_a_character_shows_the_mark() -> None:
    stream = TextStream(utf8)
    assert stream.add("€".encode()[0]) == ""
    assert stream.finish() == ("\ufffd", "\ufffd")
