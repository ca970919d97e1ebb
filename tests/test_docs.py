"""The documentation is part of the product: reference pages are current, every command in a page exists."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from luthier.cli.main import app
from luthier.recipe import load_chain, load_recipe

ROOT = Path(__file__).resolve().parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def verbs() -> dict[str, set[str]]:
    """Every verb with its options; a verb of a group is called by both names ("augment run")."""
    import typer

    found = {}
    commands = dict(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    while commands:
        name, command = commands.popitem()
        short = getattr(command, "commands", {}).get(getattr(command, "STAGE", None), command)  # data RECIPE
        options = {o for p in short.params for o in getattr(p, "opts", ()) if o.startswith("-")}
        found[name] = options | {"--help", "-h"}
        commands |= {f"{name} {verb}": inner for verb, inner in getattr(command, "commands", {}).items()}
    return found


def commands(page: Path) -> list[tuple[int, list[str]]]:
    """(line, words) of each luthier command in the page's console blocks."""
    found, inside = [], False
    for number, line in enumerate(page.read_text().splitlines(), 1):
        if line.startswith("```"):
            inside = line.startswith("```console") and not inside
        elif inside and (match := re.match(r"\s*\$?\s*(?:\.venv/bin/)?luthier\s+(.*)", line)):
            found.append((number, shlex.split(match[1], comments=True)))
    return found


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_commands_in_pages_exist(page: Path) -> None:
    known = verbs()
    for line, words in commands(page):
        verb, *rest = words
        if rest and f"{verb} {rest[0]}" in known:
            verb = f"{verb} {rest.pop(0)}"
        assert verb in known, f"{page.name}:{line}: there is no verb {verb}"
        for word in rest:
            if word.startswith("-") and not word.lstrip("-").isdigit():
                assert word.partition("=")[0] in known[verb], f"{page.name}:{line}: luthier {verb} has no {word}"


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_in_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text()):
        if not re.match(r"[a-z]+:", target):
            assert (page.parent / target).exists(), f"{page.name}: {target} is not there"


def test_reference_pages_are_current() -> None:
    script = ROOT / "tools" / "docs" / "reference.py"
    done = subprocess.run([sys.executable, str(script), "--check"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}\nmake docs writes them"


@pytest.mark.parametrize("path", sorted((ROOT / "recipes").glob("*.yaml")), ids=lambda p: p.name)
def test_recipes_are_valid_and_say_how_to_run_them(path: Path) -> None:
    chain = load_chain(path)
    assert (load_recipe(path).recipe if chain is None else chain).name == path.stem
    head = path.read_text().split("\nluthier:")[0]
    assert f"luthier run recipes/{path.name}" in head and "Hardware:" in head
    assert yaml.safe_load(path.read_text())["luthier"] == 1
