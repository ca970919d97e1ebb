"""Every kind of bad input gets the four-line error and a non-zero exit, never a traceback, and nothing is lost."""

from __future__ import annotations

import json
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from luthier.cli.main import run

CHAT = {
    "messages": [
        {"role": "user", "content": "Which colour is the sky over the harbour today?"},
        {"role": "assistant", "content": "grey"},
    ]
}
RECIPE = """\
luthier: 1
name: bad
model: {base: nano}
data: {source: rows.jsonl}
train: {max_steps: 1}
"""


def rows(n: int = 12) -> list[str]:
    subjects = ["cat", "dog", "ferry", "lamp", "river", "stone", "cloud", "bread", "train", "glove", "piano", "window"]
    colours = ["red", "blue", "green", "grey", "white", "black", "brown", "pink", "gold", "teal", "amber", "violet"]
    out = []
    for i in range(n):
        a, b = subjects[i % 12], colours[(5 * i + 1) % 12]
        question = f"{i} things about the {a}: I once painted one in {b}, so which colour has my {a} now, please?"
        out.append(
            json.dumps({"messages": [{"role": "user", "content": question}, {"role": "assistant", "content": b}]})
        )
    return out


@dataclass(frozen=True)
class Case:
    """What is done to a good job, the command, what the error must say, and the exit code."""

    name: str
    spoil: Callable[[Path], object]
    command: tuple[str, ...]
    says: str
    code: int = 1


def write(name: str, text: str | bytes) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())

    return spoil


def recipe(old: str, new: str) -> Callable[[Path], object]:
    assert old in RECIPE, old
    return write("r.yaml", RECIPE.replace(old, new))


def chats(*broken: object) -> str:
    return "\n".join([*rows(), *(json.dumps(b) if not isinstance(b, str) else b for b in broken)]) + "\n"


def nothing(folder: Path) -> None:
    """The command itself is the mistake."""


def model_folder(**files: bytes) -> Callable[[Path], object]:
    def spoil(folder: Path) -> None:
        for name, content in files.items():
            write(f"m/{name.replace('__', '.')}", content)(folder)
        recipe("base: nano", "base: ./m")(folder)

    return spoil


LLAMA = b'{"model_type": "llama", "architectures": ["LlamaForCausalLM"]}'
USER_ONLY = {"messages": [{"role": "user", "content": "is anyone there?"}]}
PAIR = {"prompt": "Say hello", "chosen": "Hello, nice to see you.", "rejected": "No."}
RUN, CHECK = ("run", "r.yaml"), ("check", "rows.jsonl")

CASES = [
    # the command
    Case("unknown verb", nothing, ("trian",), "no such command", 2),
    Case("unknown option", nothing, ("run", "r.yaml", "--fast"), "no such option", 2),
    Case("missing argument", nothing, ("run",), "missing argument", 2),
    Case("override without a value", nothing, (*RUN, "--set", "seed"), "not an override", 2),
    Case("override of an unknown key", nothing, (*RUN, "--set", "train.epoch=2"), "unknown key train.epoch", 2),
    # the recipe
    Case("no such recipe", nothing, ("run", "nope.yaml"), "no such recipe"),
    Case("recipe is a folder", nothing, ("run", "."), "folder"),
    Case("recipe is binary", write("r.yaml", b"\xff\xfe\x00\x01\x02" * 9), RUN, "UTF-8"),
    Case("recipe is not YAML", write("r.yaml", "a: [1,\nb"), RUN, "not valid YAML"),
    Case("recipe is a list", write("r.yaml", "- a\n- b\n"), RUN, "mapping"),
    Case("recipe without version", recipe("luthier: 1\n", ""), RUN, "version", 2),
    Case("recipe of a later version", recipe("luthier: 1", "luthier: 9"), RUN, "luthier cannot be 9", 2),
    Case("unknown key", recipe("max_steps: 1", "lr: 1"), RUN, "unknown key train.lr", 2),
    Case("impossible value", recipe("max_steps: 1", "epochs: -3"), RUN, "train.epochs cannot be -3", 2),
    # the rows
    Case("missing data file", recipe("rows.jsonl", "none.jsonl"), RUN, "none.jsonl"),
    Case("empty data file", write("rows.jsonl", ""), RUN, "no rows"),
    Case("folder without data", recipe("rows.jsonl", "emptyfolder/"), RUN, "emptyfolder"),
    Case("binary data file", write("rows.jsonl", bytes(range(256)) * 40), RUN, "rows.jsonl"),
    Case("broken JSON at a line", write("rows.jsonl", chats('{"messages": [')), CHECK, "rows.jsonl:13"),
    Case("wrong role", write("rows.jsonl", chats({"messages": [{"role": "boss", "content": "x"}]})), CHECK, ":13"),
    Case("answer missing", write("rows.jsonl", chats(USER_ONLY)), CHECK, ":13"),
    Case(
        "answer empty",
        write("rows.jsonl", chats({"messages": [CHAT["messages"][0], {"role": "assistant", "content": " "}]})),
        CHECK,
        ":13",
    ),
    Case(
        "content is a number",
        write("rows.jsonl", chats({"messages": [{"role": "user", "content": 5}, CHAT["messages"][1]]})),
        CHECK,
        ":13",
    ),
    Case(
        "a huge row",
        write("rows.jsonl", chats({"messages": [{"role": "user", "content": "x" * (17 << 20)}]})),
        CHECK,
        ":13",
    ),
    Case("nothing but bad rows", write("rows.jsonl", (json.dumps(USER_ONLY) + "\n") * 5), RUN, "answer"),
    Case("a table of unknown shape", write("rows.jsonl", '{"colour": "red", "size": 3}\n' * 9), RUN, "shape"),
    Case("preference pairs for sft", write("rows.jsonl", (json.dumps(PAIR) + "\n") * 9), RUN, "preference"),
    Case(
        "a mapped column that is not there",
        lambda f: (
            write("t.csv", "subject,reply\nhello,hi there\nbye,see you\n")(f),
            recipe("{source: rows.jsonl}", "{source: t.csv, map: {prompt: body, completion: reply}}")(f),
        ),
        RUN,
        "body",
    ),
    Case(
        "a group column that is not there",
        recipe("rows.jsonl", "rows.jsonl, split: {group_by: customer}"),
        RUN,
        "customer",
    ),
    Case("a test set that is not there", recipe("rows.jsonl", "rows.jsonl, test: t.jsonl"), RUN, "t.jsonl"),
    Case(
        "a replay file that is not there", recipe("rows.jsonl", "rows.jsonl, replay: {source: o.jsonl}"), RUN, "o.jsonl"
    ),
    Case("train is nothing but test", recipe("rows.jsonl", "rows.jsonl, test: rows.jsonl"), RUN, "left"),
    Case("every row is too long", recipe("max_steps: 1", "max_steps: 1, max_length: 8"), RUN, "long"),
    # the model
    Case("weights of a field that answers lack", recipe("max_steps: 1", "max_steps: 1, field_weights: {reply: 20%}"),
         RUN, "no answer has a field 'reply'"),
    Case("no such model folder", recipe("base: nano", "base: ./m"), RUN, "no such folder"),
    Case("a folder that is no model", model_folder(readme__txt=b"hello"), RUN, "config.json"),
    Case("pickled weights", model_folder(config__json=LLAMA, pytorch_model__bin=b"\x80\x04"), RUN, "safetensors"),
    Case("broken weights", model_folder(config__json=LLAMA, model__safetensors=b"\x00" * 64), RUN, "m"),
    Case("no hub to be reached", recipe("base: nano", "base: someone/some-model"), RUN, "someone/some-model"),
    Case("no such model to chat with", nothing, ("chat", "nonesuch", "-m", "hi"), "nonesuch"),
    # evaluation
    Case(
        "a suite that is not there",
        recipe("train: {max_steps: 1}", "evaluate: {regression: [s.jsonl]}"),
        RUN,
        "s.jsonl",
    ),
    # the machine
    Case("unknown id", nothing, ("why", "adapter-ffffffffffff"), "adapter-ffffffffffff"),
    Case("a run that is not there", nothing, ("gate", "nope"), "nope"),
    Case("a file to predict that is not there", nothing, ("predict", "nano", "none.jsonl"), "none.jsonl"),
]


@pytest.fixture
def job(home: Path) -> Path:
    """A good job in an empty folder."""
    (home / "rows.jsonl").write_text(chats())
    (home / "r.yaml").write_text(RECIPE)
    (home / "emptyfolder").mkdir()
    return home


@pytest.mark.parametrize("case", CASES, ids=lambda c: c.name)
def test_bad_input_is_refused_in_four_lines(case: Case, job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case.spoil(job)
    code = run(list(case.command))
    captured = capsys.readouterr()
    said = captured.err + captured.out
    assert code == case.code, said
    assert case.says in said
    assert "Traceback" not in said and "Luthier itself failed" not in said, said
    if case.command[0] != "check":
        lines = [line for line in captured.err.splitlines() if line.startswith(("error:", "  at:", "  why:", "  fix:"))]
        assert lines and lines[0].startswith("error: ") and len(lines) <= 4, said
        assert any(line.startswith(("  fix:", "  at:")) for line in lines), said


def test_port_in_use(job: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert run(["serve", "nano", "--port", str(port)]) == 1
    said = capsys.readouterr().err
    assert str(port) in said and "fix:" in said and "Traceback" not in said


def test_missing_extra(job: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "bitsandbytes", None)
    assert run([*RUN, "--set", "train.tuning=qlora"]) == 1
    said = capsys.readouterr().err
    assert "luthier[qlora]" in said and "Traceback" not in said


def _as_user(uid: int, arguments: list[str], folder: Path) -> tuple[int, str]:
    """Run a command in a child process under another uid: root may write everywhere, so root proves nothing."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        code = 70
        try:
            sys.stdout = sys.stderr = os.fdopen(writer, "w", buffering=1)
            os.setgid(uid)
            os.setuid(uid)
            os.chdir(folder)
            code = run(arguments)
        finally:
            os._exit(code)
    os.close(writer)
    with os.fdopen(reader) as pipe:
        said = pipe.read()
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), said


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become an unprivileged user")
def test_read_only_folder(job: Path) -> None:
    folder = job
    while folder != folder.parent and folder != Path("/tmp"):
        folder.chmod(0o755)
        folder = folder.parent
    code, said = _as_user(65534, list(RUN), job)
    assert code == 1, said
    assert "fix:" in said and "Traceback" not in said and "itself failed" not in said, said
