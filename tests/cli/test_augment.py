"""luthier augment as a user goes it: run, review, file, train; in a terminal, by files, over HTTP, and wrongly.

The model is a function of the user's own file, a server on this machine, and (once, briefly) the built-in base.
"""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from luthier.cli.main import run
from luthier.store import Store

ROOT = Path(__file__).resolve().parents[2]
Luthier = Callable[..., tuple[int, Any]]

MODEL = '''
import hashlib
VERBS = "Describe Explain Compare Repair Summarise Suggest Rewrite Correct Plan Order Draft Sell".split()
THINGS = "river bridge violin garden engine market poem holiday budget planet kitchen bicycle school lamp".split()

def answer(request):
    text = request.messages[-1].content
    n = int(hashlib.sha256(f"{text}{request.seed}".encode()).hexdigest(), 16)
    if text.startswith("Come up with a series"):
        lines = []
        for place in range(7):
            n = n * 6364136223846793005 + 1442695040888963407 & (1 << 128) - 1
            a, b, c = (n >> shift for shift in (5, 25, 45))
            lines.append(f"{9 + place}. {VERBS[a % 12]} the {THINGS[b % 14]} of a {THINGS[c % 14]} {n % 89}.")
        return "\\n".join(lines)
    if "Is it classification?" in text:
        return "No"
    if text.startswith("Come up with examples"):
        return f"Example 1\\nInput: case {n % 997}\\nOutput: result {n % 7}"
    return f"It is {n % 3}."
'''
SEEDS = [
    ("When does the ferry to Skagen leave?", "At 9:15 each morning."),
    ("Which bus goes to the museum?", "Bus 12."),
    ("Tell me how to report a lost bag.", "Fill in the form at the desk."),
    ("Explain how to fold a paper boat.", "Fold the sheet in half twice."),
    ("Write a thank-you note to a teacher.", "Dear teacher, thank you."),
    ("What should I pack for a rainy hike?", "A coat and dry socks."),
    ("Name a song for a slow dance.", "Moon River."),
    ("How long does bread dough rise?", "About an hour."),
    ("Give three facts about otters.", "They swim, play and eat fish."),
    ("Recommend a plant for a dark room.", "A cast-iron plant."),
    ("Translate good morning into Danish.", "God morgen."),
    ("Why is the sky blue at noon?", "Blue light is scattered most."),
]


@pytest.fixture
def shop(home: Path) -> Path:
    """A home with seeds, questions and a model of the user's own."""
    (home / "model.py").write_text(MODEL)
    (home / "seeds.jsonl").write_text("".join(json.dumps({"instruction": q, "output": a}) + "\n" for q, a in SEEDS))
    (home / "questions.jsonl").write_text("".join(json.dumps({"question": q}) + "\n" for q, _ in SEEDS[:5]))
    return home


@pytest.fixture
def luthier(capsys: pytest.CaptureFixture[str]) -> Luthier:
    """Run a command with --json; gives the exit code and the parsed output."""

    def call(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = run([*arguments, "--json"])
        return code, json.loads(capsys.readouterr().out)

    return call


def decide(folder: Path, rows: list[dict[str, Any]], **changes: dict[str, Any]) -> str:
    lines = [{"row": row["id"], "do": "approve", **changes.get(f"n{place}", {})} for place, row in enumerate(rows)]
    (folder / "decisions.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return "decisions.jsonl"


def test_from_seeds_to_a_dataset(shop: Path, luthier: Luthier) -> None:
    code, done = luthier("augment", "run", "seeds.jsonl", "--engine", "./model.py:answer", "--rows", "12")
    assert code == 0 and done["ended"] == "done" and done["name"] == "seeds"
    assert done["queue"]["waiting"] >= 12 and done["artifact"] is None and done["figures"]["kept"] >= 12
    code, listed = luthier("augment", "review", "seeds")
    rows = listed["waiting"]
    assert code == 0 and {"id", "messages", "augmented"} <= set(rows[0])
    changes = {"n1": {"do": "edit", "answer": "Better."}, "n2": {"do": "reject", "reason": "dull"}}
    code, filed = luthier("augment", "review", "--decisions", decide(shop, rows[:10], **changes))
    assert code == 0 and filed["source"] == "seeds-augmented"
    assert filed["queue"] | {"rows": 0, "waiting": 0} == {
        "rows": 0, "waiting": 0, "approved": 9, "edited": 1, "rejected": 1,
    }  # fmt: skip
    code, status = luthier("augment", "status", "seeds")
    assert code == 0 and status["source"] == "seeds-augmented" and status["figures"]["topics"]["of"] >= 1

    (shop / "job.yaml").write_text(
        "luthier: 1\nname: job\nmodel: {base: nano}\n"
        "data: {source: [seeds.jsonl, seeds-augmented], split: {test: 20%, validation: 10%}}\n"
    )
    assert luthier("check", "job.yaml")[1]["rows"] == len(SEEDS) + 9
    code, data = luthier("data", "job.yaml")
    counts = data["meta"]["rows"]
    lost = counts["removed"] + counts["quarantined"]
    assert code == 0 and counts["train"] + counts["validation"] + counts["test"] + lost == len(SEEDS) + 9
    dataset = Store.open().get(data["artifact"])
    assert filed["artifact"] in dataset.parents
    tests = [json.loads(line) for line in dataset.file("test.rows.jsonl").read_text().splitlines()]
    assert tests and not any("augmented" in row.get("meta", {}) for row in tests)
    code, why = luthier("why", rows[0]["id"])
    told = [child for child in why["children"] if child["id"] == filed["artifact"]]
    assert code == 0 and told[0]["facts"]["by"] == "self_instruct" and told[0]["facts"]["review"]
    assert luthier("verify")[0] == 0
    # a second look approves more: the name moves on, what was trained on stays
    code, more = luthier("augment", "review", "--decisions", decide(shop, rows[10:12]))
    assert code == 0 and more["artifact"] != filed["artifact"] and Store.open().get(filed["artifact"])


def test_a_queue_outlives_gc_and_filed_rows_are_kept(shop: Path, luthier: Luthier) -> None:
    luthier("augment", "run", "seeds.jsonl", "--engine", "./model.py:answer", "--rows", "3")
    rows = luthier("augment", "review", "seeds")[1]["waiting"]
    _, filed = luthier("augment", "review", "seeds", "--decisions", decide(shop, rows[:1]))
    store = Store.open()
    store.gc(grace_s=0.0, scratch_s=-1.0)
    assert store.get(filed["artifact"]) and luthier("augment", "status", "seeds")[1]["queue"]["approved"] == 1
    store.erase([rows[0]["id"]])  # an erasure removes the queue, and blanks what was filed
    assert luthier("augment", "status", "seeds")[0] == 2
    assert "erased" in store.get(filed["artifact"]).file("approved.rows.jsonl").read_text()


def test_teacher_labels_with_doubt_first_and_the_rest_passing(shop: Path, luthier: Luthier) -> None:
    code, done = luthier(
        "augment", "label", "questions.jsonl", "--teacher", "./model.py:answer", "--samples", "3", "--name", "q",
        "--set", "augment.review=disagreements", "--set", "augment.agree=0.9",
    )  # fmt: skip
    assert code == 0 and done["figures"]["judged"] == 5 and done["figures"]["cost"]["requests"] == 15
    waiting = luthier("augment", "review", "q")[1]["waiting"]
    doubts = [row["augmented"]["agreement"] for row in waiting]
    assert doubts == sorted(doubts) and all(value < 0.9 for value in doubts)
    assert done["passed"] == 5 - len(waiting)
    again = luthier(
        "augment", "label", "questions.jsonl", "--teacher", "./model.py:answer", "--samples", "3", "--name", "q"
    )[1]
    assert again["figures"]["cost"]["requests"] == 15, "nothing was asked twice"


def test_review_in_a_terminal(shop: Path, luthier: Luthier) -> None:
    luthier("augment", "run", "seeds.jsonl", "--engine", "./model.py:answer", "--rows", "6")
    rows = luthier("augment", "review", "seeds")[1]["waiting"]
    editor = shop / "editor.py"
    editor.write_text(
        "import sys\np = sys.argv[1]\nt = open(p).read()\nopen(p, 'w').write(t.replace('result', 'RESULT'))\n"
    )
    pid, terminal = pty.fork()
    if pid == 0:
        environment = {**os.environ, "EDITOR": f"{sys.executable} {editor}", "TERM": "dumb"}
        environment.pop("VISUAL", None)
        os.execve(sys.executable, [sys.executable, "-m", "luthier.cli.main", "augment", "review", "seeds"], environment)
    shown = ""
    # approve, take it back, approve again, edit, reject with a reason, skip, quit; an unknown key is passed over
    for keys in ("a", "u", "a", "e", "r", "not good\n", "xs", "q"):
        shown += _until(terminal, "why? " if keys.endswith("\n") else "[q]uit: ")
        os.write(terminal, keys.encode())
    shown += _until(terminal, None)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0, shown
    assert rows[0]["messages"][0]["content"].split("\n")[0] in shown and "nearest" in shown
    counts = luthier("augment", "status", "seeds")[1]["queue"]
    assert (counts["approved"], counts["edited"], counts["rejected"]) == (2, 1, 1), shown
    filed = Store.open().get("seeds-augmented").file("approved.rows.jsonl").read_text()
    assert "RESULT" in filed and filed.count("\n") == 2


def _until(terminal: int, prompt: str | None) -> str:
    seen = ""
    while prompt is None or not seen.rstrip("\r\n").endswith(prompt):
        try:
            piece = os.read(terminal, 4096).decode(errors="replace")
        except OSError:
            break
        if not piece:
            break
        seen += piece
    return seen


@pytest.fixture
def server() -> Iterator[str]:
    """An OpenAI-compatible server on this machine; gives its URL."""
    names: dict[str, Any] = {}
    exec(MODEL, names)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))

            class Asked:
                messages = (type("M", (), body["messages"][-1]),)
                seed = body.get("seed")

            choice = {"message": {"content": names["answer"](Asked)}, "finish_reason": "stop"}
            data = json.dumps({"choices": [choice], "usage": {"prompt_tokens": 7, "completion_tokens": 3}}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            """Quiet."""

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{http.server_port}/v1"
    http.shutdown()


def test_a_server_on_this_machine_writes(shop: Path, luthier: Luthier, server: str) -> None:
    code, done = luthier("augment", "run", "seeds.jsonl", "--engine", f"{server}#big", "--rows", "5")
    assert code == 0 and done["figures"]["rows"] >= 5
    cost = done["figures"]["cost"]
    assert cost["prompt_tokens"] == 7 * cost["requests"]


def test_a_host_that_the_recipe_does_not_name_is_refused(shop: Path, luthier: Luthier) -> None:
    code, told = luthier("augment", "run", "seeds.jsonl", "--engine", "https://llm.example.org/v1#big")
    assert code == 1 and "llm.example.org" in told["error"]["what"] and "privacy.egress" in told["error"]["fix"]
    recipe = (
        "luthier: 1\nname: far\nmodel: {base: nano}\ndata: {source: seeds.jsonl}\n"
        "augment: {engine: {url: 'https://llm.example.org/v1', model: big}}\nprivacy: {egress: [other.example.org]}\n"
    )
    (shop / "far.yaml").write_text(recipe)
    for verb in ("run", "label"):
        code, told = luthier("augment", verb, "far.yaml")
        assert code == 1 and "llm.example.org" in told["error"]["what"]


def test_the_built_in_base_writes_and_answers_for_real(shop: Path, luthier: Luthier) -> None:
    code, done = luthier("augment", "run", "seeds.jsonl", "--engine", "nano", "--minutes", "0.01")
    assert code == 0 and done["ended"] == "stopped" and done["figures"]["cost"]["prompt_tokens"] > 0
    told = ("--set", "augment.form=completion", "--name", "raw", "--minutes", "0.01")
    code, raw = luthier("augment", "run", "seeds.jsonl", "--engine", "nano", *told)
    assert code == 0 and raw["figures"]["cost"]["requests"] >= 5
    brief = ("--set", "augment.label.max_tokens=8")
    code, done = luthier("augment", "label", "questions.jsonl", "--teacher", "nano", *brief)
    assert code == 0 and done["figures"]["judged"] == 5


WRONG = [
    (["run", "nothing.jsonl"], 1, "no such file"),
    (["run", "empty.jsonl"], 1, "no rows"),
    (["run", "-"], 2, "standard input"),
    (["run", "chat.jsonl", "--engine", "./model.py:answer"], 1, "no rows to start from"),
    (["run", "tasks.jsonl", "--engine", "./model.py:answer"], 1, "seed task cannot be read"),
    (["run", "seeds.jsonl", "--engine", "./model.py:answr"], 1, "no function"),
    (["run", "seeds.jsonl", "--engine", "./model.py:answer", "--name", "a b"], 2, "cannot be a name"),
    (["run", "seeds.jsonl", "--engine", "./model.py:answer", "--set", "augment.form=completion"], 1, "raw text"),
    (["run", "seeds.jsonl", "--set", "augment.self_instruct=null"], 2, "both ways are off"),
    (["run", "seeds.jsonl", "--set", "augment.self_instruct.temprature=1"], 2, "did you mean"),
    (["run", "seeds.jsonl", "--set", "augment.evolve.operators=[deepn]"], 2, "deepen"),
    (["label", "seeds.jsonl", "--teacher", "./model.py:answer", "--set", "augment.form=completion"], 1, "chat form"),
    (["review"], 2, "no queue yet"),
    (["review", "seeds"], 2, "no queue is called"),
    (["status"], 2, "no queue yet"),
    (["status", "seeds"], 2, "no queue is called"),
    (["run"], 2, "missing argument"),
    (["ran", "seeds.jsonl"], 2, "no such command"),
]


@pytest.mark.parametrize(("words", "code", "says"), WRONG, ids=[" ".join(w) for w, _, _ in WRONG])
def test_what_is_wrong_is_told(
    shop: Path, words: list[str], code: int, says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "empty.jsonl").write_text("")
    turns = [{"role": role, "content": "x y z"} for role in ("user", "assistant", "user", "assistant")]
    (shop / "chat.jsonl").write_text(json.dumps({"messages": turns}) + "\n")
    (shop / "tasks.jsonl").write_text(json.dumps({"instruction": "Say it", "instances": [{"input": "x"}]}) + "\n")
    assert run(["augment", *words]) == code
    told = capsys.readouterr().err
    assert "error: " in told and says in told.lower() and "Traceback" not in told


def test_a_decisions_file_counts_as_a_whole(
    shop: Path, luthier: Luthier, capsys: pytest.CaptureFixture[str]
) -> None:
    luthier("augment", "run", "seeds.jsonl", "--engine", "./model.py:answer", "--rows", "3")
    rows = luthier("augment", "review", "seeds")[1]["waiting"]
    for bad, says in (
        ({"row": "feedbeef", "do": "approve"}, "no row"),
        ({"row": rows[1]["id"], "do": "aprove"}, "did you mean approve"),
        ({"row": rows[1]["id"], "do": "reject"}, "needs a reason"),
    ):
        good = {"row": rows[0]["id"], "do": "approve"}
        (shop / "d.jsonl").write_text(json.dumps(good) + "\n" + json.dumps(bad) + "\n")
        assert run(["augment", "review", "seeds", "--decisions", "d.jsonl"]) == 2
        told = capsys.readouterr().err
        assert says in told and "d.jsonl:2" in told
    assert luthier("augment", "status", "seeds")[1]["queue"]["approved"] == 0


def test_a_source_of_another_kind_is_refused(shop: Path, luthier: Luthier) -> None:
    (shop / "job.yaml").write_text(
        "luthier: 1\nname: job\nmodel: {base: nano}\ndata: {source: seeds.jsonl, split: {test: 20%, validation: 10%}}\n"
    )
    _, data = luthier("data", "job.yaml")
    code, told = luthier("data", "job.yaml", "--set", f"data.source=[seeds.jsonl, {data['artifact']}]")
    assert code == 1 and "is a dataset" in told["error"]["what"]
    code, told = luthier("data", "job.yaml", "--set", "data.source=[seeds.jsonl, nothing-augmented]")
    assert code == 1 and "no such file" in told["error"]["what"]


def test_the_commands_of_the_how_to_page_run(shop: Path, luthier: Luthier) -> None:
    """With a model that can write in place of nano, in the order of the page."""
    page = (ROOT / "docs" / "how-to" / "augment.md").read_text()
    commands = [
        shlex.split(line.removeprefix("$ luthier "))
        for block in re.findall(r"```console\n(.*?)```", page, re.DOTALL)
        for line in block.splitlines()
    ]
    assert len(commands) >= 6
    (holes,) = re.findall(r'^\{"holes".*$', page, re.MULTILINE)
    (shop / "coverage.json").write_text(holes)
    for words in commands:
        words = ["./model.py:answer" if word == "nano" else word for word in words]
        if "--decisions" in words:
            decide(shop, luthier("augment", "review", "seeds")[1]["waiting"])
        no_terminal = words == ["augment", "review", "seeds"]
        assert run(words) == (2 if no_terminal else 0), words
    assert Store.open().get("seeds-augmented").meta["rows"] >= 20
    for block in re.findall(r"```json\n(.*?)```", page, re.DOTALL):
        assert all(json.loads(line) for line in block.splitlines())
