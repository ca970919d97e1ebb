"""The streaming check: the same findings by every way of reading, in bounded state, with nothing lost."""

from __future__ import annotations

import gzip
import io
import json
import random
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from luthier.data import check, sweep, twins
from luthier.data.render import Renderer
from luthier.errors import LuthierError
from luthier.recipe.data import DataSpec
from luthier.rows import blocks


def rows_of_all_kinds(count: int, seed: int = 3) -> list[Any]:
    rng = random.Random(seed)
    words = [f"word{n}" for n in range(300)]
    rows: list[Any] = []
    for n in range(count):
        asked, answer = " ".join(rng.choices(words, k=8)) + "?", " ".join(rng.choices(words, k=9)) + "."
        row: Any = {"prompt": asked, "completion": answer, "id": n}
        kind = n % 25
        changed = {1: {"completion": ""}, 5: {"completion": "one, two, three, four and then,"}, 6: {"prompt": 5}}
        added = {3: " write to anna@example.org", 7: "\x07", 10: " key hf_" + "aBcDeFgHiJ" * 4}
        row |= changed.get(kind, {})
        row["completion"] += added.get(kind, "")
        if kind in (2, 8):
            row["prompt"] += {2: " CafÃ©", 8: " Größe – naïve café?"}[kind]
        if kind in (4, 9):
            row = {4: '{"prompt": "broken', 9: ""}[kind]
        rows.append(row)
    return rows


def put(path: Path, rows: list[Any], *, ascii_only: bool = False) -> None:
    text = "\n".join(r if isinstance(r, str) else json.dumps(r, ensure_ascii=ascii_only) for r in rows) + "\n"
    path.write_bytes(gzip.compress(text.encode()) if path.suffix == ".gz" else text.encode())


def told(report: Any) -> list[tuple[int, str, str]]:
    return sorted((f.origin.line, f.rule, f.path) for f in report.findings)


def test_every_way_of_reading_finds_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of_all_kinds(400)
    put(tmp_path / "a.jsonl", rows)
    put(tmp_path / "b.jsonl.gz", rows)
    put(tmp_path / "c.jsonl", rows, ascii_only=True)
    (tmp_path / "d.json").write_text(json.dumps([r for r in rows if isinstance(r, dict)]))
    whole = check(["a.jsonl"], folder=tmp_path)
    assert whole.rows == 400 - 16 and whole.usable == 400 - 16 - 3 * 16
    assert whole.counts["personal.email"] == whole.counts["content.mojibake"] == whole.counts["personal.secret"] == 16
    assert [told(check([name], folder=tmp_path)) for name in ("b.jsonl.gz", "c.jsonl")] == [told(whole)] * 2
    monkeypatch.setattr(blocks.blocks, "__defaults__", (700,))
    assert told(check(["a.jsonl"], folder=tmp_path)) == told(whole)
    monkeypatch.setattr(sweep, "SHARED", 0)
    assert told(check(["a.jsonl"], folder=tmp_path, workers=2)) == told(whole)
    assert told(check(["b.jsonl.gz"], folder=tmp_path, workers=2)) == told(whole)
    monkeypatch.setattr("luthier.data.scan.reader", lambda layout: None)
    assert told(check(["a.jsonl"], folder=tmp_path)) == told(whole)
    other = check(["d.json"], folder=tmp_path).counts
    assert other == {rule: number for rule, number in whole.counts.items() if rule != "row.json"}


def test_standard_input_is_checked_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = rows_of_all_kinds(60)
    put(tmp_path / "a.jsonl", rows)
    piped = io.BytesIO((tmp_path / "a.jsonl").read_bytes())
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(piped)))  # type: ignore[arg-type]
    assert told(check(["-"])) == told(check(["a.jsonl"], folder=tmp_path))


def test_a_row_that_is_too_large_is_one_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("luthier.rows.blocks", "luthier.rows.read"):
        monkeypatch.setattr(sys.modules[module], "LARGEST_ROW", 5000)
    good = {"prompt": "What?", "completion": "This."}
    put(tmp_path / "a.jsonl", [good, {**good, "completion": "x" * 9000}, {**good, "prompt": "Why?"}])
    for size in (64, 1000, 1 << 20):
        monkeypatch.setattr(blocks.blocks, "__defaults__", (size,))
        report = check(["a.jsonl"], folder=tmp_path)
        assert told(report) == [(2, "row.huge", "")] and (report.rows, report.usable) == (3, 2), size


def test_a_file_that_breaks_off_says_where(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl.gz", rows_of_all_kinds(9000))
    whole = (tmp_path / "a.jsonl.gz").read_bytes()
    (tmp_path / "a.jsonl.gz").write_bytes(whole[: len(whole) - 2000])
    with pytest.raises(LuthierError, match="breaks off") as refused:
        check(["a.jsonl.gz"], folder=tmp_path)
    assert refused.value.fix == "copy or download it again"


def test_the_state_is_eight_bytes_a_row(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", [{"prompt": f"question {n}?", "completion": f"answer {n}"} for n in range(5000)])
    from luthier.data.answers import AnswerKind
    from luthier.data.scan import Look, Scan
    from luthier.rows import Layout, SourceFile, detect

    look = Look(Layout(detect([{"prompt": "a", "completion": "b"}])), AnswerKind("text"), ())
    (block,) = blocks.blocks(SourceFile("a.jsonl", tmp_path / "a.jsonl", "json"))
    seen = Scan(look).block(block)
    assert sum(array.nbytes for array in (*seen.lines, *seen.sieves)) == 8 * 5000
    assert not seen.findings and not seen.good and not seen.mended


def test_findings_are_counted_beyond_those_that_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "a.jsonl", [{"prompt": f"q{n}", "completion": "  x"} for n in range(1500)])
    report = check(["a.jsonl"], folder=tmp_path)
    assert report.counts["answer.space"] == 1500
    assert sum(f.rule == "answer.space" for f in report.findings) == 1000
    assert report.to_dict()["findings_left_out"] == sum(report.counts.values()) - len(report.findings) >= 500
    monkeypatch.setattr(blocks.blocks, "__defaults__", (9000,))
    monkeypatch.setattr(sweep, "SHARED", 0)
    assert check(["a.jsonl"], folder=tmp_path, workers=2).to_dict() == report.to_dict()  # the first of the file


def test_rows_that_repeat_or_vary_are_told_with_their_partner(tmp_path: Path) -> None:
    rows = [{"prompt": f"What is {n}?", "completion": f"It is the number {n}."} for n in range(50)]
    rows += [
        {"prompt": "what is 7", "completion": "it is the number 7"},  # a copy
        {"prompt": "What is 9?", "completion": "Nine."},  # another answer
        {"prompt": "What is 5 + 3?", "completion": "8"}, {"prompt": "What is 5 - 3?", "completion": "2"},
        {"prompt": "A part of it?", "completion": "a"}, {"prompt": "Apart of it?", "completion": "b"},
    ]  # fmt: skip
    put(tmp_path / "a.jsonl", rows)
    report = check(["a.jsonl"], folder=tmp_path)
    assert report.counts == {"answer.varies": 2, "row.duplicate": 1} and report.usable == len(rows)
    by_line = {f.origin.line: f for f in report.findings}
    assert set(by_line) == {51, 10, 52}
    assert "a.jsonl:8" in by_line[51].message and by_line[51].value == "what is 7"
    assert "a.jsonl:52" in by_line[10].message and "a.jsonl:10" in by_line[52].message


@pytest.mark.parametrize("field", [False, True])
def test_conflicting_labels_set_all_of_them_aside(tmp_path: Path, field: bool) -> None:
    def answer(label: str, n: int) -> str:
        return json.dumps({"kind": label, "say": f"words {n}"}) if field else label

    rows = [{"prompt": f"text {n}", "completion": answer("ab"[n % 2], n)} for n in range(60)]
    rows += [{"prompt": "Text 4!", "completion": answer("b", 99)}]
    put(tmp_path / "one.jsonl", rows[:40])
    put(tmp_path / "two.jsonl", rows[40:])
    report = check(["one.jsonl", "two.jsonl"], folder=tmp_path)
    assert report.counts["label.conflict"] == report.errors == 2 and report.usable == 59
    assert {str(f.origin) for f in report.findings} == {"one.jsonl:5", "two.jsonl:21"}


def test_threads_are_joined_before_they_are_checked(tmp_path: Path) -> None:
    lines = ["chat,at,who,say"]
    turns = ((1, "user", "hi"), (2, "assistant", ""))
    lines += [f"{n},{at},{who},{say} {n}" for n in range(9) for at, who, say in turns]
    (tmp_path / "log.csv").write_text("\n".join(lines).replace("assistant, 3", "assistant,") + "\n")
    spec = DataSpec.model_validate({
        "source": "log.csv", "thread": {"id": "chat", "order": "at", "role": "who", "content": "say"}
    })  # fmt: skip
    report = check(spec.source, spec, folder=tmp_path)
    assert report.rows == 18 and report.counts["answer.empty"] == 1 and report.usable == 8


KEYS = st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), max_size=14)


@settings(max_examples=200, deadline=None)
@given(KEYS)
def test_twins_equal_trying_every_pair(pairs: list[tuple[int, int]]) -> None:
    groups = np.asarray([g for g, _ in pairs], dtype=np.uint64)
    verdicts = np.asarray([v for _, v in pairs], dtype=np.uint64)
    rows = range(len(pairs))
    others = {i: [j for j in rows if pairs[j][0] == pairs[i][0] and pairs[j][1] != pairs[i][1]] for i in rows}
    conflicts = {i: found[0] for i, found in others.items() if found}
    found = twins.conflicting(groups, verdicts, most=99)
    assert dict(zip(found.rows, found.partners, strict=True)) == conflicts and found.count == len(conflicts)
    both = np.asarray([10 * g + v for g, v in pairs], dtype=np.uint64)
    again = twins.repeated(both, most=99)
    wanted = {i: pairs.index(pair) for i, pair in enumerate(pairs) if pairs.index(pair) < i}
    assert dict(zip(again.rows, again.partners, strict=True)) == wanted and again.count == len(wanted)
    counts = Counter(g for g, _ in pairs)
    assert twins.suspects(groups.astype(np.uint32)).tolist() == [i for i in rows if counts[pairs[i][0]] > 1]
    assert len(twins.conflicting(groups, verdicts, most=1).rows) <= 1


def test_a_mended_file_holds_every_usable_row_and_its_neighbour_the_others(tmp_path: Path) -> None:
    rows = rows_of_all_kinds(100)
    put(tmp_path / "a.jsonl", rows)
    before = (tmp_path / "a.jsonl").read_bytes()
    out = tmp_path / "out.jsonl"
    report = check(["a.jsonl"], folder=tmp_path, mend_to=out)
    assert (tmp_path / "a.jsonl").read_bytes() == before
    assert report.written == {"rows": 84, "quarantined": 12} and report.mended_rows == 8
    good = out.read_bytes().splitlines()
    assert len(good) == 84
    untouched = set(before.splitlines())
    assert sum(line not in untouched for line in good) == 8  # all others byte for byte
    bad = [json.loads(line) for line in (tmp_path / "out.quarantine.jsonl").read_bytes().splitlines()]
    assert len(bad) == 12 and all(row["rule"] and row["why"] and row["origin"] and row["id"] for row in bad)
    again = check([str(out)], mend=True)
    assert again.errors == 0 and again.mended_rows == 0
    assert any("CafÃ©" in line for line in report.diff()) and any("Café" in line for line in report.diff())
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl", "out.jsonl", "out.quarantine.jsonl"]


def test_a_mended_file_never_replaces_a_source_and_is_whole_or_absent(tmp_path: Path) -> None:
    put(tmp_path / "a.jsonl", rows_of_all_kinds(30))
    with pytest.raises(LuthierError, match="replace their source"):
        check(["a.jsonl"], folder=tmp_path, mend_to=tmp_path / "a.jsonl")
    with pytest.raises(LuthierError, match="JSON lines"):
        check(["a.jsonl"], folder=tmp_path, mend_to=tmp_path / "a.csv")
    with pytest.raises(LuthierError, match="cannot be written"):
        check(["a.jsonl"], folder=tmp_path, mend_to=tmp_path / "none" / "b.jsonl")
    (tmp_path / "x.jsonl").write_text('{"colour": 1}\n')
    with pytest.raises(LuthierError, match="exists already"):
        check(["a.jsonl"], folder=tmp_path, mend_to=tmp_path / "x.jsonl")
    with pytest.raises(LuthierError, match="unknown shape"):
        check(["a.jsonl", "x.jsonl"], folder=tmp_path, mend_to=tmp_path / "b.jsonl")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.jsonl", "x.jsonl"]


class Format:
    """A chat format that counts words; an answer that says "open" is not closed."""

    stop_ids = frozenset({1})

    class Sample:
        def __init__(self, ids: list[int], trained: list[bool]) -> None:
            self.ids, self.trained = ids, trained

    def samples(self, example: Any, *, max_length: int | None = None, on_overlong: str = "drop") -> list[Any]:
        if "refuse" in example.answer:
            raise LuthierError("the chat template refuses these messages", why="a word")
        asked, said = len(example.asked.split()), len(example.answer.split())
        if "untrained" in example.answer:
            return [self.Sample([0] * 3, [False] * 3)]
        end = 0 if "open" in example.answer else 1
        return [self.Sample([0] * (asked + said) + [end], [False] * asked + [True] * (said + 1))]


def test_rows_are_rendered_where_a_base_is_named(tmp_path: Path) -> None:
    says = ["fine", "refuse", "untrained", "left open", "long " * 40]
    put(tmp_path / "a.jsonl", [{"prompt": f"q {n}", "completion": text.strip()} for n, text in enumerate(says)])
    report = check(["a.jsonl"], folder=tmp_path, render=Renderer(Format(), 20))
    assert {f.origin.line: f.rule for f in report.findings} == {
        2: "render.refused", 3: "render.untrained", 4: "render.turn_end", 5: "render.overlong",
    }  # fmt: skip
    assert report.usable == 2 and report.errors == 3
    assert not check(["a.jsonl"], folder=tmp_path).findings
