"""``luthier runs``: found by what they are, compared by what was not the same, told apart to the last key."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run as command
from luthier.recipe import make_recipe
from luthier.store import Run, Store

Luthier = Callable[..., tuple[int, Any]]


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """One home for all tests here: they add runs and change none."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LUTHIER_HOME", str(home))
        patch.chdir(home)
        yield home


@pytest.fixture
def luthier(shared: Path, capsys: pytest.CaptureFixture[str]) -> Luthier:
    def call(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = command([*arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def made(name: str, *overrides: str, verdict: str = "", gain: float = 10.0, loss: float = 1.0, rows: str = "ab") -> Run:
    """A run that ended, as the pipeline writes one."""
    store = Store.open()
    given = {"name": name, "model": {"base": "nano"}, "data": {"source": "rows.jsonl"},
             "train": {"tuning": "lora"}}  # fmt: skip
    recipe = make_recipe(given, overrides).recipe.model_dump(mode="json")
    run = store.start_run(name, recipe, {"seed": 0, "threads": 2})
    lines = "".join(json.dumps({"id": c, "messages": [{"role": "user", "content": c}]}) + "\n" for c in rows)
    data = store.put(
        "dataset", {"train.jsonl": lines.encode()}, parents=["source:rows.jsonl#sha256=" + "0" * 64],
        meta={"rows": {"train": len(rows)}}, run=run, rows=["train.jsonl"],
    )  # fmt: skip
    trained = store.put("training", {"w": name.encode()}, parents=[data], meta={"best_loss": loss, "x": rows}, run=run)
    run.attach("data", data)
    run.attach("train", trained)
    for step in range(1, 41):
        run.metric(step, loss=loss + 1 / step, learning_rate=1e-3, tokens_per_s=1000.0 + step)
        if step % 10 == 0:
            run.metric(step, val=loss + 2 / step)
    if verdict:
        line = {
            "suite": "test", "role": "target", "metric": "exact", "unit": "%", "n": 120, "reference_name": "base",
            "reference": 40.0, "candidate": 40.0 + gain, "delta": gain, "low": gain - 4, "high": gain + 4,
            "bound": gain - 3, "margin": 0.0, "alpha": 0.05, "status": "improved", "reason": "", "n_needed": None,
            "test": "", "slices": {},
        }  # fmt: skip
        found = {"verdict": verdict, "reason": "because", "results": [line], "advice": [], "facts": {}}
        (run.dir / "verdict.json").write_text(json.dumps(found))
    run.finish("done" if verdict else "failed", **({"verdict": verdict, "seconds": {"train": 61.0}} if verdict else {}))
    return run


@pytest.fixture(scope="module")
def three(shared: Path) -> tuple[Run, Run, Run]:
    small = made("small", "train.tuning.r=4", verdict="PROMOTE", gain=12.0, loss=0.8)
    large = made("large", "train.tuning.r=16", verdict="REJECT", gain=2.0, loss=0.9)
    pairs = made("pairs", "train.method=dpo", "model.base=./mine")
    return small, large, pairs


@pytest.mark.parametrize(
    ("filters", "expected"),
    [
        ([], {"small", "large", "pairs"}),
        (["--verdict", "promote"], {"small"}),
        (["--verdict", "none"], {"pairs"}),
        (["--status", "done"], {"small", "large"}),
        (["--base", "MINE"], {"pairs"}),
        (["--method", "sft lora"], {"small", "large"}),
        (["--method", "dpo"], {"pairs"}),
        (["--since", "5 minutes"], {"small", "large", "pairs"}),
        (["--since", "2999-01-01"], set()),
        (["--verdict", "reject", "--base", "mine"], set()),
    ],
)
def test_runs_are_found_by_what_they_are(
    three: Any, luthier: Luthier, filters: list[str], expected: set[str]
) -> None:
    code, found = luthier("runs", *filters)
    assert code == 0 and {one["name"] for one in found} & {"small", "large", "pairs"} == expected
    assert [one["started"] for one in found] == sorted((one["started"] for one in found), reverse=True)


@pytest.mark.parametrize("filters", [["--verdict", "good"], ["--status", "gone"], ["--since", "yesterday"]])
def test_a_filter_that_nothing_could_fit_is_refused_with_what_could(
    three: Any, capsys: pytest.CaptureFixture[str], filters: list[str]
) -> None:
    assert command(["runs", *filters]) == 2
    assert "fix:" in capsys.readouterr().err


def test_the_list_for_people(three: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["runs", "--method", "lora"]) == 0
    out = capsys.readouterr().out
    assert all(one.id in out for one in three) and "sft lora" in out and "PROMOTE" in out
    assert command(["runs", "--since", "2999-01-01"]) == 0
    assert "no run fits" in capsys.readouterr().out


def test_compare_names_what_was_not_the_same_and_what_came_of_it(three: Any, luthier: Luthier) -> None:
    small, large, _ = three
    code, found = luthier("runs", "compare", small.id, large.id)
    assert code == 0
    assert found["differing"] == [{"key": "train.tuning.r", "values": ["4", "16"]}] and found["same"] > 40
    assert [one["target"]["delta"] for one in found["runs"]] == [12.0, 2.0]
    assert [one["validation_loss"] for one in found["runs"]] == [0.8, 0.9]
    assert found["runs"][0]["dataset_root"] == found["runs"][1]["dataset_root"] != ""
    assert found["runs"][0]["seconds"] == 61.0 and found["runs"][0]["tokens_per_s"] == 1021.0


def test_a_key_that_only_one_kind_has_is_no_difference_of_its_own(three: Any, luthier: Luthier) -> None:
    whole = made("whole", "train.tuning=full")
    _, found = luthier("runs", "compare", three[0].id, three[1].id, whole.id)
    keys = {one["key"]: one["values"] for one in found["differing"]}
    assert keys == {"train.tuning.kind": ["lora", "lora", "full"], "train.tuning.r": ["4", "16", "–"]}


class _Links(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [v for k, v in attrs if k in ("src", "href") and v]


def test_the_page_draws_each_run_over_the_steps_and_over_what_differed(three: Any, luthier: Luthier) -> None:
    other = made("other", "train.tuning.r=8", verdict="PROMOTE", gain=7.0, rows="abc")
    code, found = luthier("runs", "compare", *(one.id for one in three), other.id, "--page", "side.html")
    page = Path("side.html").read_text()
    assert code == 0 and found["page"] == "side.html"
    links = _Links()
    links.feed(page)
    assert all(link.startswith("#") for link in links.links), "it opens offline"
    charts = dict(re.findall(r'aria-label="([^"]+)">(.*?)</svg>', page))
    assert all(charts["Validation loss over steps"].count(f'polyline class="line r{n}"') == 1 for n in (1, 2, 3, 4))
    gains = charts["Gain on the target over train.tuning.r"]
    assert re.findall(r'class="xtick"[^>]*>([^<]+)<', gains)[:3] == ["4", "8", "16"], "settings in their own order"
    assert gains.count("<circle") == 3 and gains.count('<line class="line r') == 3, "a point and an interval each"
    assert "Gain on the target over dataset" in charts


def test_a_comparison_needs_two_runs(three: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["runs", "compare", three[0].id, three[0].id]) == 2
    assert command(["runs", "compare", three[0].id, "nobody-0000"]) == 1
    assert "no run is called" in capsys.readouterr().err


def test_diff_of_two_runs_says_exactly_what_differed(three: Any, luthier: Luthier) -> None:
    small, large, _ = three
    code, found = luthier("diff", small.id, large.id)
    told = {(one["group"], one["key"]): (one["a"], one["b"]) for one in found["runs"]["differences"]}
    assert code == 0 and told[("recipe", "train.tuning.r")] == ("4", "16")
    assert {key for group, key in told if group == "recipe"} == {"name", "train.tuning.r"}
    assert not {group for group, _ in told} & {"data", "code", "environment"}
    assert told[("result", "verdict")] == ("PROMOTE", "REJECT")
    other = made("other", "train.tuning.r=4", rows="abc")
    _, found = luthier("diff", small.id, other.id)
    told = {(one["group"], one["key"]): (one["a"], one["b"]) for one in found["runs"]["differences"]}
    assert told[("data", "rows")] == ("2", "3") and ("data", "root") in told


def test_diff_of_a_run_with_itself_finds_nothing(three: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["diff", three[0].id, three[0].id]) == 0
    assert "the same: recipe, data, code, environment, result" in capsys.readouterr().out


def test_stop_and_send_refuse_what_makes_no_sense(three: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert command(["runs", "stop", three[0].id]) == 2
    assert "is not running" in capsys.readouterr().err
    assert command(["runs", "send", three[0].id]) == 2
    assert "has no tracker" in capsys.readouterr().err


def test_watching_a_run_that_has_ended_tells_its_end_and_exits_as_it_did(
    three: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    assert [command(["runs", "watch", one.id]) for one in three] == [0, 10, 1]
    assert "PROMOTE" in capsys.readouterr().out
