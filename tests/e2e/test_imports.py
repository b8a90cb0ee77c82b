"""From a lock to an approved policy: previewed, imported as one change, installed through the gate, withdrawn."""

from __future__ import annotations

import json
import time
from pathlib import Path

import httpx
import pytest

from tests.clients import Bench
from tests.world.gatehouse import Gatehouse
from tests.world.locking import refused_files, through_the_gate
from tests.world.upstream import Answer, Listed, Upstream

SERVICE = ("flask", "itsdangerous")
PINNED = ["click", "flask", "itsdangerous", "markupsafe", "werkzeug"]


@pytest.fixture
def web_service(index: Upstream) -> None:
    """What a small web service is made of; wheels and a source archive."""
    index.release("flask", "3.0.0", ["werkzeug>=3", "click>=8"])
    index.release("werkzeug", "3.0.0", ["markupsafe"])
    index.release("click", "8.1.0")
    index.release("markupsafe", "2.1.0")
    index.release("itsdangerous", "2.2.0")
    index.sdist("itsdangerous", "2.2.0")


@pytest.mark.usefixtures("web_service")
def test_a_uv_lock_is_imported_installed_and_one_of_it_withdrawn(
    gate: Gatehouse, index: Upstream, bench: Bench
) -> None:
    lock = bench.uv_lock(index.url, *SERVICE)
    before = gate.facts("check", str(lock))
    assert {result["verdict"] for result in before["results"]} == {"refused"}
    preview = gate.facts("import", str(lock), "--reason", "the web service", "--dry-run")
    assert not preview["granted"]
    assert gate.facts("check", str(lock))["results"][0]["verdict"] == "refused", "a preview opens nothing"
    done = gate.cli("import", str(lock), "--reason", "the web service", "--if-revision", str(preview["revision"]))
    assert done.returncode == 0, done.stderr
    assert "Imported 5 of 5 releases, 5 files, as one change" in done.stdout
    assert "1 source archives or others left out" in done.stdout
    assert "[5/5] " in done.stderr
    through_the_gate(gate, lock)
    checked = gate.cli("check", str(lock))
    assert checked.returncode == 0, checked.stdout
    synced = bench.uv_sync(lock)
    assert synced.code == 0, synced.output
    assert all(bench.imports(name) for name in PINNED)
    gate.facts("revoke", "click", "--reason", "it turned bad")
    again = bench.uv_sync(lock, "--reinstall")
    assert again.code != 0
    assert refused_files(gate) == {"click"}
    (refused,) = [result for result in gate.facts("check", str(lock))["results"] if result["verdict"] != "allowed"]
    assert (refused["name"], refused["reasons"][0]["code"]) == ("click", "not-approved")
    events = gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    assert [event["detail"]["source"] for event in events] == [f"{lock} (uv)"]
    assert gate.facts("audit", "verify")["intact"]


@pytest.mark.usefixtures("web_service")
def test_requirements_with_digests_are_imported_installed_and_one_of_them_withdrawn(
    gate: Gatehouse, index: Upstream, bench: Bench
) -> None:
    path = bench.compiled(index.url, *SERVICE)
    done = gate.facts("import", str(path), "--reason", "the web service", "--sdists")
    assert [release["project"] for release in done["releases"]] == PINNED
    (itsdangerous,) = [release for release in done["releases"] if release["project"] == "itsdangerous"]
    assert len(itsdangerous["outcome"]["opened"]) == 2, "the source archive is named too, and was permitted"
    installed = bench.pip("26.3", gate.index, "--require-hashes", "-r", str(path))
    assert installed.code == 0, installed.output
    gate.facts("revoke", "werkzeug==3.0.0", "--reason", "it turned bad")
    again = bench.pip("26.3", gate.index, "--require-hashes", "--force-reinstall", "--no-cache-dir", "-r", str(path))
    assert again.code != 0
    assert "werkzeug_is_not_approved" in again.output
    assert refused_files(gate) == {"werkzeug"}


def test_exactly_the_files_that_are_named_are_frozen(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    named = index.release("flask", "3.0.0")
    other = index.release("flask", "3.0.0", build="7")
    whole = [index.release("click", "8.1.0"), index.release("click", "8.1.0", build="2")]
    index.release("click", "8.2.0")
    path = tmp_path / "requirements.txt"
    path.write_text(f"flask==3.0.0 --hash=sha256:{named.sha256}\nclick==8.1.0\n")
    assert gate.facts("import", str(path), "--reason", "x")["granted"]
    wanted: list[tuple[Listed, int]] = [(named, 200), (other, 403), *((listed, 200) for listed in whole)]
    assert [gate.get(f"/files{listed.path}").status_code for listed, _ in wanted] == [status for _, status in wanted]
    assert gate.facts("check", "click==8.2.0")["results"][0]["verdict"] == "refused"
    again = gate.facts("import", str(path), "--reason", "x")
    assert not again["granted"]
    assert {release["state"] for release in again["releases"]} == {"open"}


def test_one_fault_and_nothing_is_changed_unless_that_is_said(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    flask = index.release("flask", "3.0.0")
    index.release("reqeusts", "1.0")
    index.sdist("only-source", "1.0")
    path = tmp_path / "requirements.txt"
    path.write_text(
        f"flask==3.0.0 --hash=sha256:{flask.sha256}\n"
        f"click>=8\nflask==3.0.0 --hash=sha256:{'e' * 64}\nreqeusts==1.0\nnowhere==1.0\nonly-source==1.0\n"
        "git+https://git.example/x.git\nx @ https://files.example/x-1.0.tar.gz\nflask>=\n"
    )
    preview = gate.cli("import", str(path), "--reason", "x", "--dry-run")
    assert (preview.returncode, preview.stdout.count("cannot be imported")) == (2, 8)
    refused = gate.cli("import", str(path), "--reason", "x")
    assert refused.returncode == 2
    expected = {
        1: "No file of flask==3.0.0 at the upstream has the SHA-256 eeeeeeeeeeeeeeee…",
        2: "click>=8 names no exact version. Lock it first",
        4: "--acknowledge look-alike:requests",
        5: "has no project nowhere",
        6: "say --sdists",
        7: "is no file of an index",
        8: "from an address without a digest",
        9: "is not a name with a version range",
    }
    for line, sentence in expected.items():
        (said,) = [text for text in refused.stderr.splitlines() if f"{path}:{line}:" in text]
        assert sentence in said
    assert "Nothing was imported: 8 entries cannot be." in refused.stderr
    assert not gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    path.write_text(path.read_text().replace(f" --hash=sha256:{'e' * 64}", ""))
    words = ["--skip-faulty", "--sdists", "--acknowledge", "look-alike:requests"]
    done = gate.facts("import", str(path), "--reason", "x", *words)
    assert done["granted"]
    assert sorted(release["project"] for release in done["releases"]) == ["flask", "only-source", "reqeusts"]
    assert len(done["faults"]) == 5


def test_what_stays_withheld_is_shown_before_and_the_rest_is_opened(
    gate: Gatehouse, index: Upstream, tmp_path: Path
) -> None:
    index.release("flask", "3.0.0", days=1)
    path = tmp_path / "requirements.txt"
    path.write_text("flask==3.0.0\n")
    preview = gate.cli("import", str(path), "--reason", "x", "--dry-run")
    assert preview.returncode == 0
    assert "Still withheld (1 files):" in preview.stdout
    assert "This would import 1 of 1 releases, 0 files" in preview.stdout
    gate.facts("import", str(path), "--reason", "x")
    done = gate.facts("import", str(path), "--reason", "x", "--acknowledge", "too-new")
    assert done["granted"], "what was approved before is approved again with more acknowledged"
    assert gate.facts("check", "-r", str(path))["results"][0]["verdict"] == "allowed"


def test_an_import_into_a_channel_counts_there_alone(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    index.release("flask", "3.0.0")
    path = tmp_path / "requirements.txt"
    path.write_text("flask==3.0.0\n")
    gate.facts("channels", "open", "research", "--reason", "looser")
    gate.facts("import", str(path), "--reason", "x", "--channel", "research")
    assert gate.cli("check", str(path), "--channel", "research").returncode == 0
    assert gate.cli("check", str(path)).returncode == 1
    assert gate.cli("check", str(path), "--channel", "nowhere").returncode == 2


def test_the_api_takes_the_files_and_says_how_far_it_is(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    index.release("click", "8.1.0")
    files = [
        {"name": "reqs/all.txt", "content": "-r base.txt\nclick==8.1.0\n"},
        {"name": "reqs/base.txt", "content": "flask==3.0.0\n"},
    ]
    body = {"files": files, "reason": "x", "dry_run": True}
    plain = gate.admin("POST", "/imports", json=body)
    assert plain.status_code == 201
    assert [release["at"] for release in plain.json()["releases"]] == ["reqs/all.txt:2", "reqs/base.txt:1"]
    streamed = gate.admin("POST", "/imports", json=body, headers={"accept": "application/x-ndjson"})
    *steps, last = map(json.loads, streamed.text.splitlines())
    assert [(step["progress"]["done"], step["progress"]["of"]) for step in steps] == [(1, 2), (2, 2)]
    assert [release["at"] for release in last["result"]["releases"]] == ["reqs/all.txt:2", "reqs/base.txt:1"]
    stale = gate.admin("POST", "/imports", json={**body, "dry_run": False}, headers={"if-match": "0"})
    assert stale.status_code == 412
    missing = gate.admin("POST", "/imports", json={**body, "files": files[:1], "dry_run": False})
    assert missing.status_code == 422
    assert missing.json()["errors"][0]["where"] == {"file": "reqs/all.txt", "line": 1, "entry": ""}


def test_a_large_lock_is_taken_and_a_larger_one_is_not(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    content = "flask==3.0.0\n" + "# padding\n" * 600_000
    body = {"files": [{"name": "requirements.txt", "content": content}], "reason": "x"}
    assert gate.admin("POST", "/imports", json=body).json()["granted"]
    body["files"] = [{"name": f"{number}", "content": content} for number in range(3)]
    assert gate.admin("POST", "/imports", json=body).status_code == 413


def test_a_lock_of_every_kind_is_imported(gate: Gatehouse, index: Upstream, tmp_path: Path) -> None:
    locks: dict[str, tuple[str, str]] = {
        "uv": (
            "uv.lock",
            'version = 1\n[[package]]\nname = "in-uv"\nversion = "1.0"\nsource = {{registry = "https://i.example/simple"}}\n'
            'wheels = [{{url = "https://files.example/x", hash = "sha256:{digest}"}}]\n',
        ),
        "pylock": (
            "pylock.toml",
            'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "in-pylock"\nversion = "1.0"\n'
            '[[packages.wheels]]\nurl = "https://f.example/in_pylock-1.0-py3-none-any.whl"\n'
            'hashes = {{sha256 = "{digest}"}}\n',
        ),
        "poetry": (
            "poetry.lock",
            '[[package]]\nname = "in-poetry"\nversion = "1.0"\nfiles = [{{file = "x.whl", hash = "sha256:{digest}"}}]\n'
            '[metadata]\nlock-version = "2.1"\ncontent-hash = "x"\n',
        ),
        "pdm": (
            "pdm.lock",
            '[metadata]\nlock_version = "4.5.0"\n[[package]]\nname = "in-pdm"\nversion = "1.0"\n'
            'files = [{{file = "x.whl", hash = "sha256:{digest}"}}]\n',
        ),
        "pipfile": (
            "Pipfile.lock",
            '{{"_meta": {{}}, "default": {{"in-pipfile": {{"version": "==1.0", "hashes": ["sha256:{digest}"]}}}}}}',
        ),
        "spdx": (
            "x.spdx.json",
            '{{"spdxVersion": "SPDX-2.3", "packages": [{{'
            '"checksums": [{{"algorithm": "SHA256", "checksumValue": "{digest}"}}], '
            '"externalRefs": [{{"referenceType": "purl", "referenceLocator": "pkg:pypi/in-spdx@1.0"}}]}}]}}',
        ),
        "cyclonedx": (
            "x.cdx.json",
            '{{"bomFormat": "CycloneDX", "components": [{{"purl": "pkg:pypi/in-cyclonedx@1.0", '
            '"hashes": [{{"alg": "SHA-256", "content": "{digest}"}}]}}]}}',
        ),
    }
    for kind, (name, text) in locks.items():
        wheel, other = index.release(f"in-{kind}", "1.0"), index.release(f"in-{kind}", "1.0", build="2")
        path = tmp_path / name
        path.write_text(text.format(digest=wheel.sha256))
        done = gate.facts("import", str(path), "--reason", f"it is in the {kind}")
        assert (done["kind"], done["granted"], done["faults"]) == (kind, True, [])
        statuses = [gate.get(f"/files{listed.path}").status_code for listed in (wheel, other)]
        assert statuses == [200, 403], kind
        assert gate.facts("check", str(path))["results"][0]["verdict"] == "allowed"


def test_an_import_that_is_left_alone_changes_nothing(gate: Gatehouse, index: Upstream) -> None:
    index.release("fast", "1.0")
    index.release("slow", "1.0")
    index.misbehave("/simple/slow/", Answer(404, delay=2.0))
    files = [{"name": "requirements.txt", "content": "fast==1.0\nslow==1.0\n"}]
    headers = {"authorization": f"Bearer {gate.token}", "accept": "application/x-ndjson"}
    body = {"files": files, "reason": "x", "skip_faulty": True}
    url = f"{gate.url}/admin/api/v1/imports"
    with httpx.stream("POST", url, json=body, headers=headers, trust_env=False, verify=False, timeout=30) as answer:
        assert json.loads(next(answer.iter_lines()))["progress"] == {"done": 1, "of": 2, "project": "fast"}
    time.sleep(4)
    assert not gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
