"""The gate's own supply: a small set of packages, each pinned by hash, and nothing beside them is needed or loaded."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from proxy import locks
from tests.world.upstream import Upstream

TREE = Path(__file__).parents[2]
UNUSED = frozenset({"click-default-group", "pip", "pycparser", "tabulate", "tzdata"})
"""What packages of the lock ask for and nothing here loads: what sqlite-utils' own command needs, time zones for
where a system has none, and a parser of C for those who compile."""

NEWCOMER = """
import asyncio, sys
from importlib.metadata import packages_distributions
from packaging.utils import canonicalize_name

locked, owners = set(sys.argv[3].split()), packages_distributions()

class Strangers:
    def find_spec(self, name, path=None, target=None):
        held = {canonicalize_name(owner) for owner in owners.get(name.partition(".")[0], ())}
        if held and not held & locked:
            raise ModuleNotFoundError(f"{name} is not in the lock", name=name)

sys.meta_path.insert(0, Strangers())
from pathlib import Path
from click.testing import CliRunner
from proxy import extras
extras.installed = lambda library: False
from proxy.cli import main
from tests.world.inside import house

async def first_minutes():
    async with house(Path(sys.argv[1]), sys.argv[2]) as gate:
        assert await gate.served() == []
        await gate.approve("flask")
        assert await gate.served() == ["flask-3.0.0-py3-none-any.whl"]
        for page in ("/", "/metrics", "/admin/sign-in", "/explain/flask", "/admin/api/openapi.json"):
            assert (await gate.get(page)).status_code == 200, page

asyncio.run(first_minutes())

import importlib, pkgutil
import admin, proxy
for package in (proxy, admin):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name.endswith("__main__"):
            continue
        try:
            importlib.import_module(module.name)
        except ModuleNotFoundError as error:
            if (error.name or "").partition(".")[0] not in extras.MISSING:
                raise
print("done")
"""


def pins(name: str) -> dict[str, locks.Locked]:
    reading = locks.read(name, (TREE / name).read_bytes())
    assert not reading.faults
    return {locked.project: locked for locked in reading.locked}


def test_at_run_time_there_are_at_most_thirty_packages() -> None:
    assert len(pins("requirements.txt")) <= 30


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_every_pin_is_one_version_with_its_digests(name: str) -> None:
    assert [pin for pin in pins(name).values() if not pin.specifier.startswith("==") or not pin.sha256s] == []


def test_the_tests_run_on_what_is_shipped() -> None:
    tested = pins("requirements-test.txt")
    assert {name: tested[name].specifier for name in pins("requirements.txt")} == {
        name: pin.specifier for name, pin in pins("requirements.txt").items()
    }


def test_whatever_a_package_asks_for_is_locked_or_known_to_be_unused() -> None:
    locked = set(pins("requirements.txt"))
    asked = [Requirement(text) for name in [*locked, "wicketgate"] for text in requires(name) or ()]
    wanted = {canonicalize_name(need.name) for need in asked if not need.marker or need.marker.evaluate({"extra": ""})}
    assert wanted - locked == UNUSED


def test_the_first_minutes_need_nothing_that_is_not_locked(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    command = [
        sys.executable,
        "-c",
        NEWCOMER,
        str(tmp_path / "gate"),
        index.url,
        " ".join(["wicketgate", *pins("requirements.txt")]),
    ]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=TREE, timeout=120)
    assert done.stdout == "done\n", done.stderr


def test_no_form_is_read_in_the_way_that_needs_another_package() -> None:
    sources = [path for room in ("proxy", "admin") for path in (TREE / room).rglob("*.py")]
    assert [path.name for path in sources if "request.form(" in path.read_text("utf-8")] == []
