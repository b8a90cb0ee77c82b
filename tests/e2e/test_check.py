"""``wicketgate check`` and ``POST /check``: locks of every kind, judged by a running gate."""

from __future__ import annotations

import os
from pathlib import Path

import httpx
import pytest

from tests.clients import BIN, Bench
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Listed, Upstream


@pytest.fixture
def flask(gate: Gatehouse, index: Upstream) -> Listed:
    """An approved wheel beside a source archive, and a version that nobody approved."""
    listed = index.release("flask", "3.0.0")
    index.sdist("flask", "3.0.0")
    index.release("flask", "4.0.0")
    gate.approve("flask==3.0.0")
    return listed


def posted(gate: Gatehouse, *wanted: dict[str, object]) -> httpx.Response:
    """Ask ``POST /check``."""
    return httpx.post(f"{gate.url}/check", json=wanted, trust_env=False, verify=False, timeout=30)


def test_digests_and_exact_versions_are_judged(gate: Gatehouse, flask: Listed, index: Upstream) -> None:
    source = index.files["flask"][1]
    address = f"https://mirror.example{flask.path}"
    wanted: list[tuple[dict[str, object], str]] = [
        ({"specifier": "==3.0.0"}, "allowed"),
        ({"version": "3.0", "sha256s": [flask.sha256, source.sha256], "urls": [address]}, "allowed"),
        ({"version": "3.0.0", "sha256s": [source.sha256]}, "refused"),
        ({"version": "3.0.0", "sha256s": [flask.sha256, "e" * 64]}, "refused"),
        ({"version": "4.0.0"}, "refused"),
        ({"version": "9"}, "refused"),
    ]
    answer = posted(gate, *({"name": "Flask", **more} for more, _ in wanted)).json()
    results = answer["results"]
    assert [result["verdict"] for result in results] == [verdict for _, verdict in wanted]
    assert answer["url"] == gate.url
    assert results[1]["files"] == [
        {"sha256": flask.sha256, "filename": flask.filename, "served": True},
        {"sha256": source.sha256, "filename": source.filename, "served": False},
    ]
    assert results[1]["instead"] == {address: f"{gate.url}/files{flask.path}"}
    assert [result["reasons"][0]["code"] for result in results[2:5]] == ["sdist", "unknown-file", "not-approved"]
    assert gate.get(f"/files{flask.path}").content == flask.content


@pytest.mark.parametrize(
    "body",
    [{}, [{}], [{"name": "x", "sha256s": ["abc"]}], [{"name": "x", "sha256s": "a" * 64}], [{"name": "x"}] * 2001],
)
def test_what_cannot_be_asked_is_said(gate: Gatehouse, body: object) -> None:
    answer = httpx.post(f"{gate.url}/check", json=body, trust_env=False, verify=False)
    assert answer.status_code == 400
    assert answer.json()["detail"]


def test_a_digest_that_differs_is_refused_by_name_and_line(gate: Gatehouse, flask: Listed, tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"\nflask==3.0.0 --hash=sha256:{'e' * 64}\n")
    done = gate.cli("check", str(path))
    assert done.returncode == 1
    assert f"{path}:2" in done.stdout
    assert "No file of flask in this range has the SHA-256 eeeeeeeeeeeeeeee…" in " ".join(done.stdout.split())
    path.write_text(f"flask==3.0.0 --hash=sha256:{flask.sha256}\n")
    assert gate.cli("check", str(path)).returncode == 0


@pytest.mark.parametrize(
    ("kind", "words", "name"),
    [
        ("uv", [], "uv.lock"),
        ("pylock", ["export", "--frozen", "--format", "pylock.toml"], "pylock.toml"),
        ("requirements", ["export", "--frozen", "--format", "requirements.txt"], "requirements.txt"),
        ("cyclonedx", ["export", "--frozen", "--format", "cyclonedx1.5"], "bom.json"),
    ],
)
def test_locks_as_uv_writes_them(
    gate: Gatehouse, bench: Bench, index: Upstream, kind: str, words: list[str], name: str
) -> None:
    index.release("flask", "3.0.0", ["click"])
    index.release("click", "8.1.0")
    path = bench.uv_lock(index.url, "flask")
    if words:
        made = bench.run([str(BIN / "uv"), *words, "--directory", str(path.parent), "-o", name])
        assert made.code == 0, made.output
    path = path.parent / name
    gate.approve("flask")
    refused = gate.facts("check", str(path), "--as", kind)
    assert {result["name"]: result["verdict"] for result in refused["results"]} == {
        "flask": "allowed",
        "click": "refused",
    }
    gate.approve("click")
    allowed = gate.facts("check", str(path))
    assert {result["verdict"] for result in allowed["results"]} == {"allowed"}
    assert not allowed["unreadable"]
    if kind == "requirements":
        assert not allowed["detours"]
        return
    ways = {detour["url"]: detour["instead"] for detour in allowed["detours"] if detour["kind"] == "file"}
    assert ways == {
        f"{index.files_origin}{listed.path}": f"{gate.url}/files{listed.path}"
        for files in index.files.values()
        for listed in files
    }
    assert gate.cli("check", str(path)).returncode == 1
    assert f"goes round the gate: {path}" in gate.cli("check", str(path)).stdout


def test_a_lock_made_through_the_gate_passes_and_a_poetry_lock_too(
    gate: Gatehouse, flask: Listed, bench: Bench
) -> None:
    path = bench.uv_lock(gate.index, "flask")
    assert gate.cli("check", str(path)).returncode == 0
    assert bench.poetry(gate.index, "flask").code == 0
    locked = bench.folder / "project" / "poetry.lock"
    assert gate.facts("check", str(locked))["results"][0]["files"][0]["sha256"] == flask.sha256
    assert gate.cli("check", str(locked)).returncode == 0


@pytest.mark.usefixtures("flask")
def test_what_is_given_is_told_apart(gate: Gatehouse, tmp_path: Path) -> None:
    assert gate.cli("check", "flask==3.0.0").returncode == 0
    missing = gate.cli("check", str(tmp_path / "uv.lock"))
    assert (missing.returncode, "There is no file" in missing.stderr) == (2, True)
    assert "There is no file requirements.txt" in gate.cli("check", "requirements.txt").stderr
    broken = tmp_path / "uv.lock"
    broken.write_text("version = 1\n[[package]\n")
    unread = gate.cli("check", str(broken))
    assert unread.returncode == 2
    assert f"not judged: {broken}:2: It is not TOML" in unread.stdout


@pytest.mark.usefixtures("flask")
def test_what_another_platform_would_get_is_judged_as_well(gate: Gatehouse) -> None:
    done = gate.cli("check", "flask==3.0.0", 'evil; sys_platform == "nowhere"')
    assert (done.returncode, "evil" in done.stdout) == (1, True), done.stdout


@pytest.mark.usefixtures("flask")
def test_no_file_is_read_that_nobody_named_and_nothing_of_one_is_printed(
    gate: Gatehouse, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    secret, work = tmp_path_factory.mktemp("elsewhere") / "token", tmp_path / "work"
    secret.write_text("s3cr3t-token\ns3cr3t:x:0\n")
    (work / "below").mkdir(parents=True)
    (work / "inside.txt").write_text("s3cr3t:$6$abc:19000::::::\n-----BEGIN s3cr3t\nflask==3.0.0\n")
    (work / "below" / "link.txt").symlink_to(secret)
    path = work / "below" / "r.txt"
    outside = (os.path.relpath(secret, path.parent), "link.txt", secret, "/dev/zero")
    path.write_text("".join(f"-r {name}\n" for name in (*outside, "../inside.txt")))
    done = gate.cli("check", "-r", str(path))
    assert done.returncode == 2
    assert done.stdout.count("there is no such file that may be read") == 4
    assert f"{work / 'inside.txt'}:1: This line is not a name with a version range" in done.stdout
    assert "s3cr3t" not in done.stdout + done.stderr
    linked = gate.cli("check", str(work / "below" / "link.txt"))
    assert (linked.returncode, "leads out of its folder" in linked.stderr) == (2, True)


def test_a_directory_in_a_lock_is_shown(gate: Gatehouse, tmp_path: Path) -> None:
    lock = tmp_path / "uv.lock"
    lock.write_text('version = 1\n[[package]]\nname = "own"\nversion = "1"\nsource = { directory = "../own" }\n')
    done = gate.cli("check", str(lock))
    assert done.returncode == 0
    assert f"not from an index: {lock}:2 (own): own is taken from a directory (../own)" in done.stdout
