"""The whole way of the data, as a user goes it: one recipe in, a verdict, a report and a served model out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run
from luthier.store import Store

Luthier = Callable[..., tuple[int, Any]]
VERDICT_CODES = {"PROMOTE": 0, "REJECT": 10, "INCONCLUSIVE": 11}


class _Page(HTMLParser):
    """Collects text and addresses of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.links += [v for k, v in attrs if k in ("src", "href") and v]

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def test_one_recipe_to_a_served_model(colours: Path, no_egress: list[Any], luthier: Luthier) -> None:
    code, made = luthier("run", "colours.yaml")
    assert code == VERDICT_CODES[made["verdict"]["verdict"]]
    results = made["verdict"]["results"]
    assert {r["role"] for r in results} == {"target", "regression"}
    assert all(r["n"] > 0 and r["low"] <= r["delta"] <= r["high"] for r in results)
    assert all(r["low"] < r["high"] for r in results), f"no figure without an interval: {results}"

    # what was wrong with the rows is on record
    dataset = Store.open().get(made["artifacts"]["dataset"])
    report = json.loads(dataset.file("report.json").read_text())
    lost = {s["name"]: s["removed"] for s in report["steps"]}
    assert lost["invalid"] == 1 and lost["duplicates"] == 1
    assert report["rows"]["replay"] > 0

    # what ships is proven equal to what was trained
    for kind in ("adapter", "model"):
        parity = json.loads(Store.open().get(made["artifacts"][kind]).file("parity.json").read_text())
        assert parity["holds"] and parity["checks"]

    # the page opens offline and says the verdict
    page = _Page()
    page.feed(Path(made["report"]).read_text())
    assert made["verdict"]["verdict"] in " ".join(page.text)
    assert not [link for link in page.links if link.startswith(("http", "//"))]

    # every id that was printed can be given to why, and leads to the rows
    for ref in (*made["artifacts"].values(), made["run"]):
        code, told = luthier("why", ref)
        assert code == 0 and told
    code, _ = luthier("why", made["artifacts"]["model"])
    assert run(["why", made["artifacts"]["model"]]) == 0

    # the gate says the same from the ledger alone
    code, again = luthier("gate", made["run"])
    assert again["verdict"] == made["verdict"]["verdict"]
    assert luthier("verify")[0] == 0

    # and it can be used
    code, said = luthier("chat", made["run"], "-m", "Ticket 1: the boat by the mill was painted red.")
    assert code == 0 and isinstance(said["answer"], str)
    (colours.parent / "new.jsonl").write_text('{"prompt": "Ticket 7: the lamp was painted blue."}\n' * 3)
    code, done = luthier("predict", made["run"], "new.jsonl", "--max-tokens", "8")
    assert code == 0 and done["answered"] == 3
    code, done = luthier("predict", made["run"], "new.jsonl", "--max-tokens", "8")
    assert done["reused"] == 3


def test_a_second_run_reuses_everything_and_an_edit_only_what_it_touches(colours: Path, luthier: Luthier) -> None:
    _, first = luthier("run", "colours.yaml")
    _, second = luthier("run", "colours.yaml")
    assert second["artifacts"] == first["artifacts"] and second["run"] != first["run"]
    assert second["verdict"]["verdict"] == first["verdict"]["verdict"]
    _, edited = luthier("run", "colours.yaml", "--set", "train.max_steps=4")
    assert edited["artifacts"]["dataset"] == first["artifacts"]["dataset"]
    assert edited["artifacts"]["adapter"] != first["artifacts"]["adapter"]
    _, plan = luthier("plan", "colours.yaml")
    assert plan["stages"]["train"].startswith("cached as training-")
    code, differences = luthier("compare", first["run"], edited["run"])
    assert code == 0 and any(d["key"] == "recipe.train.max_steps" for d in differences["differences"])


def test_two_runs_of_one_recipe_give_the_same_bits(
    home: Path,
    luthier: Luthier,
    write_job: Callable[[Path], Path],
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    digests = []
    for name in ("one", "two"):
        folder = tmp_path_factory.mktemp(name)
        monkeypatch.setenv("LUTHIER_HOME", str(folder))
        monkeypatch.chdir(folder)
        write_job(folder)
        code, _ = luthier("export", "colours.yaml")
        assert code == 0
        adapter = Store.open().artifacts("adapter")[-1].file("adapter_model.safetensors")
        digests.append(hashlib.sha256(adapter.read_bytes()).hexdigest())
    assert digests[0] == digests[1]


def test_the_recipe_that_a_run_wrote_runs_again_from_anywhere(
    colours: Path, luthier: Luthier, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, first = luthier("data", "colours.yaml")
    written = next((colours.parent / "runs").glob("*/recipe.yaml"))
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    _, second = luthier("data", str(written))
    assert second["meta"] == first["meta"]
