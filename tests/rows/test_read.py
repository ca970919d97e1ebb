"""Reading: every row with its file and line; a bad row is told, a bad file is refused."""

from __future__ import annotations

import gzip
import io
import json
from pathlib import Path

import polars
import pytest

from luthier.errors import LuthierError
from luthier.rows import Raw, expand, read, write_jsonl
from luthier.rows import read as read_module  # noqa: F401 - the function; the module is patched by name below

ROW = {"prompt": "Wo ist der Bär?", "completion": "Im Wald 🐻"}


def put(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def rows(folder: Path, *sources: str) -> list[Raw]:
    return list(read(sources, folder=folder))


def lines(*values: object) -> str:
    return "".join(json.dumps(value, ensure_ascii=False) + "\n" for value in values)


def test_the_same_rows_from_every_layout(tmp_path: Path) -> None:
    import zstandard

    text = lines(ROW, ROW)
    put(tmp_path, "a.jsonl", text)
    put(tmp_path, "b.jsonl.gz", gzip.compress(text.encode()))
    put(tmp_path, "c.jsonl.zst", zstandard.compress(text.encode()))
    put(tmp_path, "d.json", json.dumps([ROW, ROW], indent=2))
    put(
        tmp_path,
        "e.csv",
        f"prompt,completion\r\n{ROW['prompt']},{ROW['completion']}\r\n" + f"{ROW['prompt']},{ROW['completion']}\r\n",
    )
    put(
        tmp_path,
        "f.tsv",
        f"prompt\tcompletion\n{ROW['prompt']}\t{ROW['completion']}\n{ROW['prompt']}\t{ROW['completion']}\n",
    )
    polars.DataFrame([ROW, ROW]).write_parquet(tmp_path / "g.parquet")
    put(tmp_path, "h.json", json.dumps({"data": [ROW, ROW]}))
    put(tmp_path, "i.jsonl", b"\xef\xbb\xbf" + text.encode())
    put(tmp_path, "j.json", text)
    put(
        tmp_path,
        "k.csv",
        f"prompt;completion\n{ROW['prompt']};{ROW['completion']}\n{ROW['prompt']};{ROW['completion']}\n",
    )
    for file in sorted(tmp_path.iterdir()):
        found = rows(tmp_path, file.name)
        assert [raw.value for raw in found] == [ROW, ROW], file.name
        assert {raw.origin.file for raw in found} == {file.name}


def test_lines_are_those_of_an_editor(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", lines(ROW) + "\n\n" + lines(ROW))
    put(tmp_path, "b.csv", 'q,a\n"two\nlines",x\n\nplain,y\n')
    put(tmp_path, "c.json", '[\n  {"a": 1,\n   "b": 2},\n\n  {"a": 3}\n]')
    assert [raw.origin.line for raw in rows(tmp_path, "a.jsonl")] == [1, 4]
    assert [(raw.origin.line, raw.value) for raw in rows(tmp_path, "b.csv")] == [
        (2, {"q": "two\nlines", "a": "x"}),
        (5, {"q": "plain", "a": "y"}),
    ]
    assert [raw.origin.line for raw in rows(tmp_path, "c.json")] == [2, 5]


@pytest.mark.parametrize(
    ("line", "rule", "says"),
    [
        (b'{"a": [1,', "row.json", "column 10"),
        (b"hello", "row.json", "not JSON"),
        (b"[1, 2]", "row.object", "a list"),
        (b'"text"', "row.object", "a text"),
        (b"{}", "row.object", "empty object"),
        (b"null", "row.object", "None"),
        (b'{"a": "caf\xe9"}', "row.encoding", "0xE9 at column 11"),
        (b"[" * 100_000, "row.json", ""),
    ],
)
def test_a_bad_line_is_told_and_the_others_are_read(tmp_path: Path, line: bytes, rule: str, says: str) -> None:
    put(tmp_path, "a.jsonl", lines(ROW).encode() + line + b"\n" + lines(ROW).encode())
    good, bad, also_good = rows(tmp_path, "a.jsonl")
    assert good.value == also_good.value == ROW
    assert bad.value is None and bad.problem is not None
    assert (bad.problem.rule, str(bad.problem.origin)) == (rule, "a.jsonl:2")
    assert says in bad.problem.message
    assert len(bad.problem.render()) < 400


def test_nan_counts_as_null_and_the_last_of_two_keys_wins(tmp_path: Path) -> None:
    put(tmp_path, "a.jsonl", '{"a": NaN, "b": -Infinity}\n{"a": 1, "a": 2}\n')
    assert [raw.value for raw in rows(tmp_path, "a.jsonl")] == [{"a": None, "b": None}, {"a": 2}]


def test_a_huge_row_is_told_and_does_not_fill_the_memory(tmp_path: Path) -> None:
    huge = json.dumps({"text": "x" * (17 << 20)})
    put(tmp_path, "a.jsonl", lines(ROW) + huge + "\n" + lines(ROW) + huge)
    first, second, third, last = rows(tmp_path, "a.jsonl")
    assert first.value == third.value == ROW
    for raw, line in ((second, 2), (last, 4)):
        assert raw.problem is not None and raw.problem.rule == "row.huge" and raw.origin.line == line
        assert "17.0 MiB" in raw.problem.message and len(str(raw.problem.row)) <= 300


def test_csv_rows_that_do_not_fit_the_header_are_told(tmp_path: Path) -> None:
    put(tmp_path, "a.csv", b"q,a\none,1\ntwo\nthree,3,3\ncaf\xe9,4\nfive,5\n")
    found = rows(tmp_path, "a.csv")
    assert [raw.problem.rule if raw.problem else raw.value for raw in found] == [
        {"q": "one", "a": "1"}, "row.columns", "row.columns", "row.encoding", {"q": "five", "a": "5"},
    ]  # fmt: skip
    assert found[1].origin.line == 3 and "1 columns, the header has 2" in found[1].problem.message  # type: ignore[union-attr]


def test_a_list_that_breaks_off_keeps_the_rows_before(tmp_path: Path) -> None:
    put(tmp_path, "a.json", '[{"a": 1},\n{"a": 2},\n{"a": ')
    put(tmp_path, "b.json", '[{"a": 1},\n{"a": 2}')
    for name in ("a.json", "b.json"):
        one, two, broken = rows(tmp_path, name)
        assert (one.value, two.value) == ({"a": 1}, {"a": 2})
        assert broken.problem is not None and broken.problem.rule == "row.json"


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("a.jsonl", b"", "no rows in a.jsonl"),
        ("a.jsonl", b"\n \n", "no rows in a.jsonl"),
        ("a.csv", b"q,a\n", "no rows in a.csv"),
        ("a.json", b"[]", "no rows in a.json"),
        ("a.jsonl", bytes(range(256)) * 40, "a.jsonl is not a text file"),
        ("a.jsonl", b"PK\x03\x04rest", "spreadsheet"),
        ("a.jsonl", '{"a": 1}'.encode("utf-16"), "UTF-16"),
        ("a.jsonl.gz", b"not gzip", "a.jsonl.gz"),
        ("a.jsonl.gz", gzip.compress(b'{"a": 1}\n' * 9999)[:-30], "breaks off"),
        ("a.jsonl.zst", b"not zstandard", "a.jsonl.zst"),
        ("a.parquet", b"not parquet", "Parquet"),
        ("a.csv", b"q,q\n1,2\n", "two columns are called 'q'"),
        ("a.xlsx", b"PK", "unknown kind of file: .xlsx"),
        ("a.json", b'[{"a": "caf\xe9"}]', "UTF-8"),
    ],
)
def test_a_file_that_is_no_data_is_refused_in_words(tmp_path: Path, name: str, content: bytes, says: str) -> None:
    put(tmp_path, name, content)
    with pytest.raises(LuthierError) as refused:
        rows(tmp_path, name)
    assert says in refused.value.render()
    assert refused.value.where


def test_missing_files_and_empty_folders_are_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    put(tmp_path, "notes/readme.md", "hello")
    for source, says in (
        ("none.jsonl", "no such file"),
        ("empty", "no data files in empty"),
        ("notes/", "notes"),
        ("x/*.csv", "nothing matches"),
    ):
        with pytest.raises(LuthierError, match=says):
            rows(tmp_path, source)


def test_folders_and_globs_are_read_in_order_and_once(tmp_path: Path) -> None:
    for name in ("d/b.jsonl", "d/a.jsonl", "d/sub/c.csv", "d/.hidden.jsonl", "d/notes.txt", "e.jsonl"):
        put(tmp_path, name, "q,a\n1,2\n" if name.endswith("csv") else lines(ROW))
    assert [file.name for file in expand(["d"], folder=tmp_path)] == ["d/a.jsonl", "d/b.jsonl", "d/sub/c.csv"]
    assert [file.name for file in expand(["d/*.jsonl", "d", "e.jsonl"], folder=tmp_path)] == [
        "d/a.jsonl", "d/b.jsonl", "d/sub/c.csv", "e.jsonl",
    ]  # fmt: skip
    assert [file.name for file in expand([str(tmp_path / "e.jsonl")], folder=tmp_path)] == ["e.jsonl"]
    assert [file.name for file in expand([str(tmp_path / "d" / "*.jsonl")], folder=tmp_path)] == [
        "d/a.jsonl",
        "d/b.jsonl",
    ]


@pytest.mark.parametrize(("content", "wanted"), [(lines(ROW), ROW), ("q,a\nhi,yo\n", {"q": "hi", "a": "yo"})])
def test_standard_input_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str, wanted: object) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    (raw,) = rows(tmp_path, "-")
    assert raw.value == wanted and raw.origin.file == "-"


def test_parquet_cells_become_plain_json(tmp_path: Path) -> None:
    from datetime import datetime

    frame = polars.DataFrame(
        {"t": [datetime(2026, 1, 2, 3)], "f": [float("nan")], "l": [[{"role": "user"}]], "n": [None]}
    )
    frame.write_parquet(tmp_path / "a.parquet")
    (raw,) = rows(tmp_path, "a.parquet")
    assert raw.value == {"t": "2026-01-02T03:00:00", "f": None, "l": [{"role": "user"}], "n": None}


def test_writing_is_whole_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "out.jsonl"
    assert write_jsonl(target, [{"a": "ä"}, {"b": "\ud83d"}]) == 2
    assert [raw.value for raw in rows(tmp_path, "out.jsonl")] == [{"a": "ä"}, {"b": "\ud83d"}]

    def breaks() -> object:
        yield {"a": 1}
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError):
        write_jsonl(target, breaks())  # type: ignore[arg-type]
    assert [path.name for path in tmp_path.iterdir()] == ["out.jsonl"]
    assert len(rows(tmp_path, "out.jsonl")) == 2
