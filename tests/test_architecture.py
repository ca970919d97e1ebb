"""The layering of the house: imports point down, heavy libraries live in one place, --help imports no torch."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "src" / "luthier"

ROW = {
    "errors": 0, "records": 0, "registry": 0,
    "recipe": 1, "stats": 1, "text": 1,
    "store": 2, "rows": 2,
    "models": 3, "engines": 3, "score": 3, "similar": 3, "report": 3,
    "data": 4, "augment": 4, "train": 4, "evaluate": 4, "export": 4, "serve": 4, "annotate": 4, "monitor": 4,
    "launch": 4, "track": 4,
    "pipeline": 5, "search": 5, "flywheel": 5,
    "cli": 6, "studio": 6, "__init__": 6,
}  # fmt: skip
SIBLINGS = {
    ("engines", "models"),
    ("score", "models"),
    ("score", "engines"),
    ("search", "pipeline"),  # a search runs recipes: docs/LOG.md
    ("recipe", "registry"),
    ("records", "errors"),
    ("registry", "errors"),
}
# third-party library -> the rooms that may import it
HOMES = {
    "torch": {"models", "engines", "train", "export"},
    "transformers": {"models", "engines", "export", "train"},  # train: what the trainers of trl call back
    "trl": {"train"},
    "datasets": {"train", "evaluate"},
    "peft": {"models"},
    "bitsandbytes": {"models"},
    "huggingface_hub": {"models"},
    "sqlalchemy": {"store"},
    "polars": {"rows"},
    "sklearn": {"evaluate", "similar", "data"},
    "sacrebleu": {"score"},
    "lm_eval": {"evaluate"},
    "scipy": {"stats", "similar", "evaluate"},
    "fastapi": {"serve"},
    "uvicorn": {"serve"},
    "httpx": {"engines"},
    "llguidance": {"engines"},
    "typer": {"cli"},
    "rich": {"cli", "report"},
    "phonenumbers": {"text"},
    "stdnum": {"text"},
    "yaml": {"recipe", "pipeline"},
    "mlflow": {"track"},
    "wandb": {"track"},
    "trackio": {"track"},
    "tensorboard": {"track"},
    "optuna": {"search"},
}
# third-party library -> the one file that may import it
FILES = {"trl": "train/backend_trl.py"}
LIGHT_ROOMS = {
    "errors",
    "records",
    "registry",
    "recipe",
    "stats",
    "text",
    "store",
    "rows",
    "cli",
    "pipeline",
    "__init__",
}
HEAVY = {
    "torch", "transformers", "peft", "bitsandbytes", "sklearn", "datasets", "trl", "mlflow", "wandb", "trackio",
    "tensorboard",
}  # fmt: skip


def imports(tree: ast.AST, *, top_level: bool) -> Iterator[str]:
    nodes = tree.body if top_level and isinstance(tree, ast.Module) else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            yield node.module


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def room_of(path: Path) -> str:
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize("path", sources(), ids=lambda p: str(p.relative_to(PACKAGE)))
def test_imports_point_down_and_heavy_libraries_stay_home(path: Path) -> None:
    room = room_of(path)
    assert room in ROW, f"room {room} is not in the plan of the house"
    tree = ast.parse(path.read_text())
    for name in imports(tree, top_level=False):
        top, *rest = name.split(".")
        if top == "luthier" and rest:
            other = rest[0]
            allowed = other == room or ROW[other] < ROW[room] or (room, other) in SIBLINGS
            assert allowed, f"{room} (row {ROW[room]}) imports {other} (row {ROW[other]})"
        elif top in HOMES:
            assert room in HOMES[top], f"{top} is imported in {room}; its home is {sorted(HOMES[top])}"
            file = path.relative_to(PACKAGE).as_posix()
            assert FILES.get(top, file) == file, f"{top} is imported in {file}; its place is {FILES[top]}"
    if room in LIGHT_ROOMS:
        for name in imports(tree, top_level=True):
            assert name.split(".")[0] not in HEAVY, f"{room} imports {name} at import time"


def test_every_module_opens_with_its_promise() -> None:
    missing = [str(p.relative_to(PACKAGE)) for p in sources() if not ast.get_docstring(ast.parse(p.read_text()))]
    assert not missing


def test_no_drawer_rooms() -> None:
    names = {p.stem for p in sources()} | {p.name for p in PACKAGE.rglob("*") if p.is_dir()}
    assert not names & {"utils", "util", "common", "helpers", "misc", "base2"}


def test_help_imports_no_heavy_library() -> None:
    code = (
        "import sys\nsys.argv=['luthier','--help']\n"
        "from luthier.cli.main import main\n"
        "try: main()\nexcept SystemExit as e: assert not e.code, e.code\n"
        f"heavy = {sorted(HEAVY | {'numpy', 'polars', 'sqlalchemy', 'fastapi', 'scipy'})}\n"
        "loaded = [m for m in heavy if m in sys.modules]\n"
        "assert not loaded, loaded"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    assert "quickstart" in done.stdout
