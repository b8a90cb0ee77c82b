"""From refused to installed: real pip, real uv, a real server, a local index."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.clients import PIPS, Bench, Ran
from tests.world import packages
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Answer, Upstream

Install = Callable[[Bench, str, str], Ran]
INSTALLERS: dict[str, Install] = {
    "pip": lambda bench, index, wanted: bench.pip("26.3", index, *wanted.split()),
    "uv": lambda bench, index, wanted: bench.uv(index, *wanted.split()),
}


@pytest.fixture(params=INSTALLERS)
def install(request: pytest.FixtureRequest, bench: Bench, gate: Gatehouse) -> Callable[..., Ran]:
    """Install through the gate."""
    installer = INSTALLERS[request.param]
    return lambda wanted, index=gate.index: installer(bench, index, wanted)


@pytest.fixture
def web_framework(index: Upstream) -> None:
    """A project with dependencies, in the shape of a well-known one."""
    index.release("flask", "3.0.0", ["werkzeug>=3", "click>=8"])
    index.release("werkzeug", "3.0.0", ["markupsafe"])
    index.release("click", "8.1.0")
    index.release("markupsafe", "2.1.0")


@pytest.mark.usefixtures("web_framework")
def test_refused_approved_with_what_it_needs_and_installed(
    install: Callable[..., Ran], gate: Gatehouse, bench: Bench
) -> None:
    assert install("flask").code != 0
    preview = gate.approve("flask", "--with-dependencies", "--dry-run")
    assert [node["project"] for node in preview["closure"]] == ["click", "flask", "markupsafe", "werkzeug"]
    assert install("flask").code != 0, "a preview opens nothing"
    granted = gate.approve("flask", "--with-dependencies")
    assert granted["granted"]
    done = install("flask")
    assert done.code == 0, done.output
    assert bench.imports("flask")
    events = gate.facts("audit", "list")["events"]
    assert [event["tag"] for event in events].count("project:approval:granted") == 1
    assert gate.facts("audit", "verify")["intact"]


@pytest.mark.usefixtures("web_framework")
def test_every_pip_installs_what_is_approved_reading_metadata_beside_the_wheels(gate: Gatehouse, bench: Bench) -> None:
    gate.approve("flask", "--with-dependencies")
    for version in PIPS:
        done = bench.pip(version, gate.index, "--force-reinstall", "--no-cache-dir", "flask")
        assert done.code == 0, f"pip {version}: {done.output}"
        assert bench.imports("markupsafe")


def test_a_range_takes_the_version_that_is_allowed(
    install: Callable[..., Ran], index: Upstream, gate: Gatehouse
) -> None:
    index.release("flask", "3.0.0")
    index.release("flask", "3.1.0")
    gate.approve("flask==3.0.0")
    done = install("flask>=3")
    assert done.code == 0, done.output
    assert "3.0.0" in done.output


def test_a_vulnerable_version_is_withheld_and_the_next_one_taken(
    install: Callable[..., Ran], index: Upstream, gate: Gatehouse
) -> None:
    index.release("flask", "2.3.1")
    index.release("flask", "2.3.2")
    index.release("flask", "2.3.3", days=1)
    gate.approve("flask")
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.3.2"}]}]
    gate.advisory("PYSEC-2026-1", "flask", ranges=ranges)
    done = install("flask")
    assert done.code == 0, done.output
    assert "2.3.2" in done.output, "2.3.1 is vulnerable and 2.3.3 is too new"
    refused = install("flask==2.3.1")
    assert refused.code != 0
    assert "PYSEC-2026-1" in refused.output
    assert "Use_2.3.2_or_later" in refused.output


def test_what_a_client_cached_is_recalled(install: Callable[..., Ran], index: Upstream, gate: Gatehouse) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    assert install("flask").code == 0
    gate.facts("revoke", "flask", "--reason", "it turned bad")
    again = install("--reinstall flask") if "uv" in str(install) else install("--force-reinstall flask")
    assert again.code != 0
    assert "flask_is_not_approved" in again.output or "approval" in again.output


def test_a_file_added_after_the_approval_waits(install: Callable[..., Ran], index: Upstream, gate: Gatehouse) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    late = index.release("flask", "3.0.0", build="7")
    gate.cli("approve", "flask==3.0.0", "--reason", "refresh the page", "--dry-run")
    page = gate.get("/simple/flask/", accept="application/vnd.pypi.simple.v1+json").json()
    assert [file["filename"] for file in page["files"]] == ["flask-3.0.0-py3-none-any.whl"]
    refused = gate.get(f"/files{late.path}")
    assert (refused.status_code, refused.json()["reasons"][0]["code"]) == (403, "late-file")
    assert install("flask").code == 0


def test_a_standing_approval_lets_later_versions_in_once_they_are_old_enough(
    install: Callable[..., Ran], index: Upstream, gate: Gatehouse
) -> None:
    gate_options = ["--standing"]
    index.release("flask", "3.0.0")
    gate.approve("flask>=3,<4", *gate_options)
    index.release("flask", "3.1.0", days=8)
    index.release("flask", "3.2.0", days=6)
    index.release("flask", "4.0.0")
    gate.cli("approve", "flask", "--reason", "refresh the page", "--dry-run")
    done = install("flask")
    assert done.code == 0, done.output
    assert "3.1.0" in done.output


def test_an_exact_hash_is_enforced_and_a_lock_keeps_working(bench: Bench, index: Upstream, gate: Gatehouse) -> None:
    listed = index.release("flask", "3.0.0")
    gate.approve("flask")
    lock = bench.folder / "requirements.txt"
    lock.write_text(f"flask @ {gate.url}/files{listed.path}#sha256={listed.sha256}\n")
    done = bench.pip("26.3", gate.index, "-r", str(lock))
    assert done.code == 0, done.output


def test_a_gate_that_never_saw_the_page_answers_a_file_of_a_lock(index: Upstream, gate: Gatehouse) -> None:
    listed = index.release("flask", "3.0.0")
    gate.approve("flask")
    gate.stop()
    for path in (gate.data_dir / "cache").rglob("*"):
        if path.is_file():
            path.unlink()
    gate.restart()
    assert gate.get(f"/files{listed.path}").content == listed.content


def test_resolving_runs_no_package_code_and_asks_nobody_else(index: Upstream, gate: Gatehouse, bench: Bench) -> None:
    proof = bench.folder / "proof"
    index.misbehave(
        "/evil-1.0.tar.gz", Answer(body=packages.building_sdist("evil", "1.0", f"open({str(proof)!r}, 'w')"))
    )
    for number, address in enumerate(
        [
            f"{index.files_origin}/evil-1.0.tar.gz",
            f"{gate.url}/latest/meta-data/evil-1.0-py3-none-any.whl",
            "file:///etc/passwd",
        ]
    ):
        index.release(f"parent{number}", "1.0", [f"evil @ {address}"])
        refused = gate.cli("approve", f"parent{number}", "--with-dependencies", "--reason", "x")
        assert refused.returncode == 2, refused.stdout
    assert not proof.exists()
    assert not index.asked("evil")
