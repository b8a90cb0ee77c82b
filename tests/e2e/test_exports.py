"""What is approved, exported: and what real installers make of it."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from tests.clients import BIN, CLIENTS, Bench
from tests.conftest import MakeGate
from tests.world import packages
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Listed, Upstream, now


@pytest.fixture
def approved(gate: Gatehouse, index: Upstream) -> None:
    """A small approved set: two versions, a pre-release, a source archive, a system's own wheel, a withheld one."""
    index.release("flask", "2.0.0")
    index.release("flask", "3.0.0", ["click"])
    index.release("flask", "3.1.0rc1", ["click"])
    index.release("click", "8.1.0")
    index.sdist("click", "8.1.0")
    index.release("young", "1.0", days=1)
    wheel = packages.wheel("windows-only", "1.0")
    index.publish(
        Listed("windows-only", "1.0", "windows_only-1.0-cp311-cp311-win_amd64.whl", wheel, now().replace(2020))
    )
    gate.approve("flask", "--prereleases")
    gate.approve("click", "--sdists")
    gate.approve("young")
    gate.approve("windows-only")


def exported(gate: Gatehouse, kind: str, *words: str) -> str:
    """What the command line writes."""
    done = gate.cli("export", "--format", kind, *words)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.usefixtures("approved")
def test_constraints_name_the_newest_version_that_is_served(gate: Gatehouse, bench: Bench) -> None:
    text = exported(gate, "constraints")
    pins = [line for line in text.splitlines() if not line.startswith("#")]
    assert pins == ["click==8.1.0", "flask==3.0.0", "windows-only==1.0"]
    assert "# young: nothing is served. " in text
    assert exported(gate, "constraints") == text
    path = bench.folder / "constraints.txt"
    path.write_text(text)
    done = bench.pip("26.3", gate.index, "-c", str(path), "flask")
    assert done.code == 0, done.output
    assert "flask-3.0.0" in done.output


@pytest.mark.usefixtures("approved")
def test_a_pylock_is_installed_by_uv_from_the_gate_alone(gate: Gatehouse, bench: Bench, index: Upstream) -> None:
    path = bench.folder / "pylock.toml"
    done = gate.cli("export", "--format", "pylock", "--output", str(path))
    assert done.returncode == 0, done.stderr
    lock = Pylock.from_dict(tomllib.loads(path.read_text()))
    assert [str(package.name) for package in lock.packages] == ["click", "flask", "windows-only"]
    index.requests.clear()
    words = ["pip", "sync", "--python", bench.python, "--no-build", "--no-config", str(path)]
    synced = bench.run([str(BIN / "uv"), *words])
    assert synced.code == 0, synced.output
    assert bench.imports("flask")
    assert not bench.imports("windows_only")
    assert gate.cli("check", str(path)).returncode == 0


@pytest.mark.usefixtures("approved")
def test_a_pylock_is_installed_by_pip(gate: Gatehouse, bench: Bench) -> None:
    path = bench.folder / "pylock.toml"
    path.write_text(exported(gate, "pylock"))
    pip = [str(CLIENTS / "pip-26.3" / "pip"), "--python", bench.python, "install", "--no-input"]
    done = bench.run([bench.python, *pip, "-r", str(path)])
    assert done.code == 0, done.output
    assert bench.imports("flask")


@pytest.mark.usefixtures("approved")
def test_a_cyclonedx_names_every_version_and_comes_back_as_it_was(
    gate: Gatehouse, make_gate: MakeGate, tmp_path: Path
) -> None:
    path = tmp_path / "approved.cdx.json"
    path.write_text(exported(gate, "cyclonedx"))
    document = json.loads(path.read_text())
    assert sorted(part["purl"] for part in document["components"]) == [
        "pkg:pypi/click@8.1.0",
        "pkg:pypi/flask@2.0.0",
        "pkg:pypi/flask@3.0.0",
        "pkg:pypi/flask@3.1.0rc1",
        "pkg:pypi/windows-only@1.0",
    ]
    assert exported(gate, "cyclonedx") == path.read_text(), "the same policy, the same bytes"
    other = make_gate(name="other")
    other.facts("import", str(path), "--reason", "as the other gate", "--sdists")
    here = exported(gate, "constraints").splitlines()[1:4]
    there = exported(other, "constraints").splitlines()[1:4]
    assert here == there


def test_an_export_is_of_one_channel_and_of_what_is_approved(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "2.0.0")
    index.release("flask", "3.0.0")
    gate.facts("channels", "open", "research", "--reason", "looser")
    gate.approve("flask==2.0.0")
    gate.approve("flask==3.0.0", "--channel", "research")
    gate.facts("terms", "--mode", "observe", "--reason", "a gentle first week")
    assert "flask==2.0.0" in exported(gate, "constraints"), "what is observed is not approved"
    in_channel = exported(gate, "pylock", "--channel", "research")
    assert f"{gate.url}/research/files/" in in_channel
    assert 'version = "3.0.0"' in in_channel
    assert gate.cli("export", "--format", "pylock", "--channel", "nowhere").returncode == 2


def test_nothing_approved_is_a_valid_export(gate: Gatehouse) -> None:
    assert exported(gate, "constraints").startswith("# The newest version")
    assert not Pylock.from_dict(tomllib.loads(exported(gate, "pylock"))).packages
    assert "components" not in json.loads(exported(gate, "cyclonedx"))
    answer = gate.admin("GET", "/export", params={"format": "cyclonedx"})
    assert answer.headers["content-disposition"] == 'attachment; filename="approved.cdx.json"'
    assert gate.admin("GET", "/export", params={"format": "spdx"}).status_code == 422


def test_a_file_that_cannot_be_written_is_said(gate: Gatehouse, tmp_path: Path) -> None:
    done = gate.cli("export", "--format", "pylock", "--output", str(tmp_path / "nowhere" / "x.toml"))
    assert (done.returncode, "Say another --output" in done.stderr) == (2, True)
