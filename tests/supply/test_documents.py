"""The documents say what is: every command in them exists, every row of the threats names its control and its test."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import click
import httpx
import pytest

from proxy.cli import main
from proxy.cli.serving import FLAGS, OPTIONS
from tests.conftest import MakeGate
from tests.supply.test_locks import TREE
from tests.world.gatehouse import free_port

DOCS = TREE / "data" / "docs"
PAGES = sorted([*DOCS.glob("*.md"), TREE / "README.md"])
TEST = re.compile(r"(tests/[\w/]+\.py)::(\w+)")
MODULE = re.compile(r"`((?:proxy|admin)(?:\.\w+)+)`")
FAULTS = (
    "killed at any moment",
    "a journal that lost lines",
    "no power",
    "upstream or file host away",
    "disk full",
    "directory read-only",
    "database locked",
    "database damaged",
    "database missing or foreign",
    "database rolled back",
    "database of a newer version",
    "cache file damaged or swapped",
    "cache file written to while it is sent",
    "audit cannot be written",
    "descriptors exhausted",
    "frozen and thawed",
    "two on one directory",
    "told to stop",
    "revoked, or malware reported",
    "backup touched",
    "feed away",
    "feed stale or missing",
    "upstream differs from the pin",
    "clock jumps",
)
ROWS = (
    *map(str, range(1, 31)),
    *(f"F{n}" for n in range(6, 13)),
    *(f"P{n}" for n in range(1, 8)),
    *(f"C{n}" for n in range(1, 17)),
    *(f"H{n}" for n in range(1, 5)),
    *FAULTS,
)


def threats() -> dict[str, str]:
    lines = (DOCS / "threats.md").read_text().splitlines()
    rows = [line for line in lines if line.startswith("| ") and not line.startswith(("| row", "| fault", "| ---"))]
    found = [(line.split("|")[1].strip(), line) for line in rows]
    assert len(dict(found)) == len(found), "no row stands twice"
    return dict(found)


@cache
def functions(path: str) -> frozenset[str]:
    file = TREE / path
    tree = ast.parse(file.read_text()) if file.exists() else ast.Module([], [])
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def missing_tests(text: str) -> list[str]:
    return [f"{path}::{name}" for path, name in TEST.findall(text) if name not in functions(path)]


def test_every_row_of_the_threats_is_there() -> None:
    assert tuple(threats()) == ROWS


@pytest.mark.parametrize("row", ROWS)
def test_a_row_names_a_control_that_exists_and_a_test_that_exists(row: str) -> None:
    text = threats()[row]
    modules = MODULE.findall(text)
    assert modules, "it names no module"
    places = {name: TREE / name.replace(".", "/") for name in modules}
    assert [
        name for name, place in places.items() if not place.with_suffix(".py").exists() and not place.is_dir()
    ] == []
    assert TEST.search(text), "it names no test"
    assert missing_tests(text) == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_names_and_links_is_there(page: Path) -> None:
    text = page.read_text()
    if page.name != "threats.md":
        assert missing_tests(text) == []
    links = [link for link in re.findall(r"\]\(([^)#]+)\)", text) if "://" not in link]
    assert [link for link in links if not (page.parent / link).exists()] == []


def commands(page: Path) -> Iterator[str]:
    """Every command of the gate that a page shows, in a block or in a line."""
    text = page.read_text()
    for line in re.findall(r"(?m)^ {4,}(.*)$", text):
        yield from (part.partition("#")[0].strip() for part in line.split(";"))
    yield from (" ".join(shown.split()) for shown in re.findall(r"`([^`]+)`", text))


SHOWN = sorted(
    {
        (page.name, command.removeprefix(".venv/bin/"))
        for page in PAGES
        for command in commands(page)
        if command.startswith("wicketgate ")
    }
)


@pytest.mark.parametrize(("page", "command"), SHOWN)
def test_a_command_that_is_shown_is_one(page: str, command: str) -> None:
    """As click reads it: verbs, options, and what they take. Nothing is run."""
    _, *words = shlex.split(command.replace("…", "x"))
    found: click.Command = main
    context = click.Context(main, info_name="wicketgate")
    while isinstance(found, click.Group) and words and not words[0].startswith("-"):
        verb = words.pop(0)
        below = found.get_command(context, verb)
        assert below is not None, f"{page}: there is no {verb}"
        found = below
    known = {name for parameter in found.get_params(context) for name in (*parameter.opts, *parameter.secondary_opts)}
    assert {word.partition("=")[0] for word in words if word.startswith("--")} - known == set(), page


def test_every_setting_has_its_line() -> None:
    told = set(re.findall(r"`--([a-z-]+)`", (DOCS / "operations.md").read_text()))
    assert {name for name, _ in (*OPTIONS, *FLAGS)} - told - {"revocation-max-lag"} == set()


def test_every_alert_and_figure_in_the_table_is_one_of_the_gates() -> None:
    text = (DOCS / "operations.md").read_text()
    named = set(re.findall(r"`([a-z-]+:[a-z-]+:[a-z-]+)`", text))
    code = "".join(path.read_text() for room in ("proxy", "admin") for path in (TREE / room).rglob("*.py"))
    assert len(named) > 10
    assert {tag for tag in named if f'"{tag}"' not in code} == set()
    figures = {name.removeprefix("wicketgate_") for name in re.findall(r"`(wicketgate_\w+)", text)}
    assert {name for name in figures if f'"{name}"' not in code} == set()


def test_the_admin_may_have_an_address_of_its_own(make_gate: MakeGate) -> None:
    """Then nothing of it is where installers are, and no file where people sign in."""
    port = free_port()
    gate = make_gate("--admin-port", str(port))
    assert gate.get("/admin/sign-in").status_code == 404
    apart = f"http://127.0.0.1:{port}"
    assert httpx.get(f"{apart}/admin/sign-in", trust_env=False).status_code == 200
    for path in ("/files/a/b/c.whl", "/simple/flask/"):
        assert httpx.get(f"{apart}{path}", trust_env=False).status_code == 404
