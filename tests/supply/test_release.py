"""What is released: its pins against the advisories that ship, its bill of materials, and the image's recipe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from proxy import locks
from proxy.cli import main
from tests.supply.test_locks import TREE, pins

ACCEPTED: dict[str, str] = {}
"""Advisories about pins that stay for now, by id, each with the reason why it cannot be used against the gate."""


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-test.txt"])
def test_no_pin_has_an_advisory(name: str) -> None:
    """The gate asked about itself: its own matching, its own data."""
    asked = [{"name": pin.project, "version": pin.version} for pin in pins(name).values()]
    lines = "".join(f"{json.dumps(question)}\n" for question in [*asked, {"name": "jinja2", "version": "2.4.1"}])
    command = [
        sys.executable,
        "-m",
        "proxy.cli",
        "advisories",
        "match",
        "--database",
        str(TREE / "data/advisories.zip"),
    ]
    done = subprocess.run(command, input=lines, capture_output=True, text=True, check=True, cwd=TREE)
    *answers, known = [json.loads(line) for line in done.stdout.splitlines()]
    assert known["ids"], "an old Jinja2 has some: the data is there"
    assert len(answers) == len(asked)
    assert {
        identity: answer["name"] for answer in answers for identity in answer["ids"] if identity not in ACCEPTED
    } == {}


def test_the_bill_of_materials_names_every_package_with_its_digests(tmp_path: Path) -> None:
    bill = tmp_path / "sbom.cdx.json"
    words = [
        "sbom",
        str(TREE / "requirements.txt"),
        "--name",
        "wicketgate",
        "--version",
        "0.1.0",
        "--output",
        str(bill),
    ]
    done = CliRunner().invoke(main, words)
    assert done.exit_code == 0, done.output
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bill.read_text()) is None
    read = locks.read(bill.name, bill.read_bytes())
    assert {pin.project: (pin.version, set(pin.sha256s)) for pin in read.locked} == {
        name: (pin.version, set(pin.sha256s)) for name, pin in pins("requirements.txt").items()
    }
    first = bill.read_bytes()
    CliRunner().invoke(main, words)
    assert bill.read_bytes() == first, "the same lock, the same bytes"


def test_of_what_is_not_pinned_no_bill_is_written(tmp_path: Path) -> None:
    (tmp_path / "requirements.txt").write_text("flask>=3\n")
    done = CliRunner().invoke(main, ["sbom", str(tmp_path / "requirements.txt"), "--name", "x", "--version", "1"])
    assert done.exit_code == 2
    assert "flask is not pinned" in done.output


def test_the_recipe_of_the_image_is_found_good_by_hadolint() -> None:
    linter = Path(sys.executable).with_name("hadolint")
    if not linter.exists():
        pytest.skip("hadolint is not made for this system")
    done = subprocess.run([linter, str(TREE / "Dockerfile")], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
