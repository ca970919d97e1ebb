"""The page is complete, safe, true to its numbers, and stands with parts missing."""

from __future__ import annotations

import dataclasses
import html
import math
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from luthier.records import Verdict, VerdictKind
from luthier.report import Shown, Story, page, without_rows
from luthier.report.answers import difference
from luthier.report.tables import facts
from luthier.store import Store

VOID = {"meta", "br", "line", "circle", "rect", "path", "polyline"}
ATTACK = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'&--><!--"


class Reader(HTMLParser):
    """Checks that tags are balanced and keeps text, tags and attributes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open, f"not closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-1:]}"
        self.open.pop()

    def handle_data(self, data: str) -> None:
        if not self.open or self.open[-1] not in ("style", "script"):
            self.text.append(data)

    @property
    def words(self) -> str:
        return " ".join(" ".join(self.text).split())


def test_the_page_is_balanced_html_and_tells_its_numbers_with_n_and_interval(story: Story) -> None:
    read = Reader(page(story))
    for said in (
        "PROMOTE", "Better than every baseline", "88.8%", "57.1%", "+31.7", "[+25.1, +38.0]", "n = 240", "n = 2,400",
        "[84.1, 92.2]", "not scored", "margin 2", "1,250", "−41", "−29", "352", "1,407", "best 0.310 at step 272",
        "172,032", "3 min 50 s", "train.jsonl:88", "Jaccard 0.86", "luthier run runs/quickstart-7f3a/recipe.yaml",
        "base:nano", "torch", "2.13.0", "equals what was trained", "402 prompt tokens", "1st use",
    ):  # fmt: skip
        assert said in read.words, said


def test_a_page_without_rows_has_the_verdict_and_the_curves_and_no_text_of_a_row(story: Story) -> None:
    whole, bare = page(story), page(without_rows(story))
    assert story.data is not None
    rows = [row["text"] for step in story.data["steps"] for row in step.get("rows", ())]
    texts = [html.escape(text) for text in (*rows, *(item.question for item in story.examples)) if len(text) > 12]
    assert len(texts) > 5 and sum(text in whole for text in texts) > 5, "the whole page shows them"
    assert [text for text in texts if text in bare] == []
    assert story.verdict.kind.value in bare and bare.count("over steps") == whole.count("over steps") > 1


def test_the_verdict_comes_before_everything_else(story: Story) -> None:
    headings = [tag for tag, _ in Reader(page(story)).tags if tag in ("h1", "h2")]
    assert headings[0] == "h1" and headings.count("h1") == 1
    order = [attrs["id"] for tag, attrs in Reader(page(story)).tags if tag == "section" and "id" in attrs]
    assert order == ["verdict", "data", "training", "answers", "regression", "cost", "origin"]


def test_nothing_is_loaded_from_outside(story: Story) -> None:
    html = page(story)
    assert not re.search(r"(https?:)?//[a-z]|@import|url\(|<link|<iframe|fetch\(|XMLHttp|<img|srcset", html)
    for _, attrs in Reader(html).tags:
        assert "src" not in attrs
        assert (attrs.get("href") or "#").startswith("#")


def poisoned(value: Any) -> Any:
    """The same with an attack in every text."""
    if dataclasses.is_dataclass(value):
        fixed = {"kind", "status", "role", "unit"}
        fields = {f.name: getattr(value, f.name) for f in dataclasses.fields(value)}
        return type(value)(**{k: v if k in fixed else poisoned(v) for k, v in fields.items()})
    if isinstance(value, str):
        return value + ATTACK
    if isinstance(value, dict):
        # keys may be anybody's words too; the plain ones stay beside them, as the page looks for those
        return {name: poisoned(v) for k, v in value.items() for name in (k + ATTACK, k)}
    if isinstance(value, (list, tuple)):
        return type(value)(poisoned(v) for v in value)
    return value


def test_markup_in_any_text_is_shown_and_never_obeyed(story: Story) -> None:
    html = page(poisoned(story))
    read = Reader(html)
    assert [tag for tag, _ in read.tags].count("script") == 1
    assert "img" not in {tag for tag, _ in read.tags}
    assert not any(name.startswith("on") for _, attrs in read.tags for name in attrs)
    assert "alert(1)" not in html.partition("<script>")[2]
    assert read.words.count("onerror=alert(2)") > 100, "it is shown as text"


def test_control_characters_and_lone_surrogates_do_not_break_the_file(told: Callable[..., Story]) -> None:
    item = Shown("1", "\x00\x1b[31m\ud800 \u202e abc", "r", {"tuned": "x\x08"}, "fixed")
    html = page(told(examples=[item]))
    html.encode("utf-8")
    assert "\x00" not in html and "\x1b" not in html
    assert 'dir="auto"' in html, "text that runs the other way stays in its box"


def test_parts_that_were_not_done_are_left_out(told: Callable[..., Story]) -> None:
    verdict = Verdict(VerdictKind.INCONCLUSIVE, "nothing shows a gain: no target", ())
    bare = Story(name="n", run="r-1", finished="", verdict=verdict)
    read = Reader(page(bare))
    assert [a["id"] for t, a in read.tags if t == "section" and "id" in a] == ["verdict"]
    assert "INCONCLUSIVE" in read.words
    for part in ("data", "training", "plan"):
        assert len(page(told(**{part: None}))) < len(page(told()))
    for part in ("examples", "stages", "lineage", "systems", "metrics", "speed", "recipe", "command"):
        Reader(page(told(**{part: type(getattr(told(), part))()})))
    guards_gone = told(verdict=dataclasses.replace(told().verdict, results=told().verdict.results[:3]))
    assert "What must not get worse" not in page(guards_gone)


def test_figures_that_are_not_numbers_are_said_and_not_drawn(told: Callable[..., Story]) -> None:
    verdict = told().verdict
    strange = [
        dataclasses.replace(verdict.results[0], delta=math.nan, low=-math.inf, high=math.inf, bound=-math.inf),
        dataclasses.replace(verdict.results[4], n=0, reference=math.nan, candidate=math.nan),
    ]
    training = {"steps": 1, "best_step": 0, "history": [{"step": 0, "val": None}, {"step": 1, "loss": math.nan}]}
    html = page(told(verdict=dataclasses.replace(verdict, results=tuple(strange)), training=training, speed=[]))
    Reader(html)
    assert "not scored" in html
    assert not re.search(r'(x|y|x1|x2|cx|cy|width|points)="[^"]*(nan|inf)', html)


def test_a_regression_suite_is_drawn_beside_its_margin(story: Story) -> None:
    html = page(story)
    row = html[html.index("<b>skills</b>") :]
    row = row[: row.index("</div>")]
    place = {kind: float(x) for kind, x in re.findall(r'class="(zero|limit|dot)" c?x1?="([\d.]+)%', row)}
    low, high = map(float, re.search(r'class="bar" x1="([\d.]+)%" x2="([\d.]+)%', row).groups())
    assert place["limit"] < low < place["dot"] < high and low < place["zero"] < high
    # -2 … 0 is the margin, -0.375 the difference: the dot stands 81% of the way
    share = (place["dot"] - place["limit"]) / (place["zero"] - place["limit"])
    assert share == pytest.approx((2 - 0.375) / 2, abs=0.01)


def test_the_river_names_every_loss_and_keeps_its_proportions(story: Story) -> None:
    html = page(story)
    river = html[html.index('class="river"') : html.index("leak certificate")]
    for step in story.data["steps"]:  # type: ignore[index]
        assert step["name"] in river or step["name"] == "read"
    assert "nothing found: conflicts, too long" in river
    feet = re.findall(r'class="side-(\w+)" d="M[\d.]+ 0 H[\d.]+ C[\d.]+ 42 [\d.]+ 42 ([\d.]+) 84 H([\d.]+)', river)
    wide = {side: float(right) - float(left) for side, right, left in feet}
    assert wide["train"] / wide["validation"] == pytest.approx((1407 - 352) / 117, rel=0.02)
    assert wide["replay"] / wide["test"] == pytest.approx(352 / 240, rel=0.02)
    assert river.count("<li>") == 12, "at most three rows to look at for each loss"


def test_words_that_differ_from_the_reference_are_marked() -> None:
    assert difference("the red lamp", "the blue lamp") == "the <mark>blue</mark> lamp"
    assert difference("same", "same") == "same"
    assert difference("a b c", " ") == "<em>empty</em>"
    assert "‸" in difference("the red lamp", "the lamp") and "<mark>&lt;b&gt;" in difference("x", "<b>")


def test_every_shown_item_can_be_filtered_by_status(story: Story) -> None:
    tags = Reader(page(story)).tags
    cards = [a["data-status"] for t, a in tags if t == "article"]
    buttons = {a["data-show"] for t, a in tags if t == "button"}
    assert len(cards) == len(story.examples) and set(cards) == buttons - {""}
    assert not any("hidden" in a for t, a in tags if t == "article"), "without scripts all of them are seen"


def test_erasing_a_row_blanks_it_in_the_page(story: Story, tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    run = store.start_run("quickstart", {})
    path = run.dir / "report.html"
    path.write_text(page(story), encoding="utf-8")
    shown = story.examples[0]
    assert "Ticket 5521" in path.read_text() and "train.jsonl:77" in path.read_text()
    same = [item.id for item in story.examples if item.question == shown.question]
    partners = [e["partner_id"] for s in story.data["steps"] for e in s.get("examples", ())]  # type: ignore[index]
    done = store.erase([*same, *filter(None, partners)])
    html = path.read_text()
    assert done.pages and "Ticket 5521" not in html and "train.jsonl:77" not in html
    assert "erased on request" in html and "Hello, my Brumo leaks" in html
    Reader(html)


def test_the_page_is_the_same_for_the_same_story_and_stays_small(told: Callable[..., Story]) -> None:
    history = [{"step": s, "loss": 1 / (1 + s), "rate": 1e-4} for s in range(50_000)]
    long = told(training={"history": history}, speed=[(s, 100.0) for s in range(50_000)])
    assert page(long) == page(long)
    assert len(page(long)) < 200_000


def test_families_of_facts_become_grids_and_single_ones_rows() -> None:
    sides = ("train", "validation", "test")
    lengths = {side: {"total": {"p50": 200, "max": 251}, "rows": n} for n, side in enumerate(sides)}
    read = Reader(facts({**lengths, "max_length": 1024}))
    assert read.words.startswith("train · rows 0 validation · rows 1 test · rows 2 max length 1,024")
    assert read.words.endswith("p50 max train · total 200 251 validation · total 200 251 test · total 200 251")
    labels = {side: {f"label {n}": n for n in range(12)} for side in sides}
    assert "train validation test label 0 0 0 0 label 1 1 1 1" in Reader(facts(labels)).words
