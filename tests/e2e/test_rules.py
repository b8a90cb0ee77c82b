"""The rules as developers meet them: real pip and uv through a real gate, the terms set at the terminal."""

from __future__ import annotations

from tests.clients import Bench, Ran
from tests.world import packages
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Listed, Upstream

OURS = "GitHub:pallets/flask"


def both(bench: Bench, gate: Gatehouse, wanted: str) -> list[Ran]:
    """Install with pip and with uv, whatever was installed before."""
    pip = bench.pip("26.3", gate.index, "--force-reinstall", wanted)
    return [pip, bench.uv(gate.index, "--reinstall", wanted)]


def installed(bench: Bench, gate: Gatehouse, wanted: str) -> None:
    """Both installers get it."""
    for done in both(bench, gate, wanted):
        assert done.code == 0, done.output


def refused(bench: Bench, gate: Gatehouse, wanted: str, sentence: str) -> None:
    """Neither installer gets it, and both print why."""
    for done in both(bench, gate, wanted):
        assert done.code != 0, done.output
        assert sentence in " ".join(done.output.split()), done.output


def test_every_special_kind_of_file_needs_a_word_of_its_own(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    index.release("flask", "3.0.0")
    early, taken_back = index.release("flask", "3.1.0rc1"), index.release("flask", "2.9.0")
    taken_back.yanked = "it lost data"
    source = index.sdist("flask", "3.0.0")
    old = index.publish(Listed("flask", "2.8.0", "flask-2.8.0.zip", packages.wheel("flask", "2.8.0"), source.uploaded))
    special = {"pre-release": early, "yanked": taken_back, "sdist": source, "legacy-format": old}
    assert sorted(gate.approve("flask")["left_out"]) == sorted(listed.filename for listed in special.values())
    for code, listed in special.items():
        answer = gate.get(f"/files{listed.path}")
        assert (answer.status_code, answer.json()["reasons"][0]["code"]) == (403, code)
    refused(bench, gate, "flask==3.1.0rc1", "is_a_pre-release")
    refused(bench, gate, "flask==2.9.0", "was_yanked_by_its_maintainers")
    gate.approve("flask", "--prereleases", "--yanked", "--sdists", "--legacy")
    assert {gate.get(f"/files{listed.path}").status_code for listed in special.values()} == {200}
    for version in ("3.1.0rc1", "2.9.0"):
        installed(bench, gate, f"flask=={version}")
    assert "[yanked] flask-2.9.0-py3-none-any.whl" in gate.cli("explain", "flask==2.9.0").stdout
    index.status["flask"] = {"status": "quarantined", "reason": "malware"}
    gate.cli("approve", "flask", "--reason", "refresh the page", "--dry-run")
    refused(bench, gate, "flask", "flask_is_quarantined_by_the_index")


def test_a_range_opens_what_pep_440_says_and_nothing_beside_it(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    for version in ("1.0", "1.0.post1", "1.0+cpu", "1.1", "1!0.5"):
        index.release("odd", version)
    for wanted, versions in (
        ("odd==1.0", ["1.0", "1.0+cpu"]),
        ("odd===1.0", ["1.0"]),
        ("odd==1.0.*", ["1.0", "1.0+cpu", "1.0.post1"]),
        ("odd>1.0", ["1!0.5", "1.1"]),
        ("odd==1!0.*", ["1!0.5"]),
        ("odd==1.0.post1", ["1.0.post1"]),
    ):
        assert sorted(gate.approve(wanted, "--dry-run")["versions"]) == versions, wanted
    gate.approve("odd===1.0+cpu")
    gate.approve("odd==1!0.5")
    installed(bench, gate, "odd==1.0+cpu")
    installed(bench, gate, "odd==1!0.5")
    refused(bench, gate, "odd==1.0.post1", "odd_1.0.post1_is_not_approved")


def test_the_age_that_a_project_needs_is_its_own(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    index.release("flask", "3.0.0", days=3)
    gate.approve("flask")
    refused(bench, gate, "flask", "flask-3.0.0-py3-none-any.whl_was_uploaded_on")
    shown = gate.cli("terms", "--age", "Flask=2", "--dry-run")
    assert "Approved files that are opened then (1):" in shown.stdout, shown.stderr
    gate.facts("terms", "--age", "Flask=2", "--reason", "we know its authors")
    installed(bench, gate, "flask")
    gate.facts("terms", "--age", "flask=", "--reason", "no more")
    refused(bench, gate, "flask", "it_is_too_new_until")
    gate.approve("flask", "--acknowledge", "too-new")
    installed(bench, gate, "flask")
    (released, *_) = gate.facts("audit", "list", "--tag", "project:approval:granted")["events"]
    assert (released["actor"]["name"], released["detail"]["approvals"][0]["acknowledged"]) == ("first run", ["too-new"])
    undated, ahead = index.release("click", "8.0"), index.release("click", "9.0", days=-30)
    undated.extra["upload-time"] = None
    held = gate.approve("click")["still_withheld"]
    assert {file["filename"] for file in held} == {undated.filename, ahead.filename}
    refused(bench, gate, "click==8.0", "has_no_upload_time")
    refused(bench, gate, "click==9.0", "claims_to_be_uploaded_on")


def test_a_freeze_holds_back_what_came_later_until_somebody_looks(
    gate: Gatehouse, index: Upstream, bench: Bench
) -> None:
    index.release("flask", "3.0.0", days=30)
    index.release("flask", "3.1.0", days=10)
    gate.approve("flask")
    gate.facts("terms", "--freeze", "2020-01-01", "--reason", "an outbreak")
    refused(bench, gate, "flask", "withholds_what_came_later")
    gate.approve("flask==3.1.0", "--acknowledge", "frozen")
    installed(bench, gate, "flask==3.1.0")
    gate.facts("terms", "--freeze", "now", "--reason", "everything until today is fine")
    installed(bench, gate, "flask==3.0.0")
    gate.facts("terms", "--freeze", "off", "--reason", "over")
    assert gate.facts("terms")["freeze"] is None


def test_a_fix_passes_before_its_age_and_the_severity_that_refuses_is_a_term(
    gate: Gatehouse, index: Upstream, bench: Bench
) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask>=3", "--standing")
    index.release("flask", "3.0.1", days=1)
    index.release("flask", "3.0.2", days=1)
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "3.0.1"}]}]
    gate.advisory("PYSEC-2026-1", "flask", ranges=ranges)
    gate.cli("approve", "flask", "--reason", "refresh the page", "--dry-run")
    refused(bench, gate, "flask==3.0.1", "it_is_too_new_until")
    gate.facts("terms", "--fixes", "pass", "--reason", "fixes are in a hurry")
    for done in both(bench, gate, "flask"):
        assert done.code == 0, done.output
        assert "3.0.1" in done.output, "the release after the fix waits"
    said = gate.facts("explain", "flask==3.0.1")["reasons"]
    (fix,) = [reason for reason in said if reason["code"] == "fix-released-early"]
    assert fix["evidence"]["fixes"] == "PYSEC-2026-1"
    codes = [
        r["codes"] for r in gate.facts("audit", "decisions", "--what", "file")["decisions"] if r["version"] == "3.0.1"
    ]
    assert ["approved", "fix-released-early"] in codes
    index.release("six", "1.0")
    gate.approve("six")
    medium = [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:R/S:U/C:N/I:L/A:N"}]
    gate.advisory("PYSEC-2026-2", "six", versions=["1.0"], severity=medium)
    refused(bench, gate, "six", "PYSEC-2026-2_severity_medium_CVSS_4.3")
    gate.facts("terms", "--refuse-severity", "high", "--reason", "those below we look at every week")
    installed(bench, gate, "six")


def test_a_licence_that_is_not_accepted_is_refused_with_its_name(
    gate: Gatehouse, index: Upstream, bench: Bench
) -> None:
    index.release("flask", "3.0.0", licence="GPL-3.0-only")
    index.release("click", "8.0", licence="MIT OR GPL-3.0-only")
    said = gate.cli("approve", "flask", "--reason", "x")
    assert "licence: GPL-3.0-only" in said.stdout, said.stderr
    gate.approve("click")
    gate.facts("terms", "--licence", "mit", "--licence", "Apache-2.0", "--reason", "legal said so")
    installed(bench, gate, "click")
    refused(bench, gate, "flask", "flask-3.0.0-py3-none-any.whl_is_licensed_under_GPL-3.0-only_which_is_not_accepted")
    index.release("six", "1.0")
    gate.approve("six")
    refused(bench, gate, "six", "The_licence_of_six-1.0-py3-none-any.whl_is_unknown")
    gate.facts("terms", "--accept-unknown-licence", "--reason", "we look at those ourselves")
    installed(bench, gate, "six")


def test_provenance_is_asked_for_where_the_terms_say_so(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    index.release("flask", "3.0.0", publisher=OURS)
    index.release("click", "8.0")
    said = gate.cli("approve", "flask", "--reason", "x")
    assert f"publisher: {OURS} (signatures not verified)" in said.stdout, said.stderr
    assert f"publisher: {OURS}" in gate.cli("explain", "flask==3.0.0").stdout
    gate.approve("click")
    terms = ["--provenance", "*", "--publisher", f"flask={OURS}", "--reason", "we want to know"]
    gate.facts("terms", *terms)
    installed(bench, gate, "flask")
    refused(bench, gate, "click", "comes_without_provenance")
    gate.facts("terms", "--publisher", "flask=GitHub:somebody/else", "--reason", "it moved")
    refused(bench, gate, "flask", "was_published_by_GitHub_pallets_flask_and_not_by_GitHub_somebody_else")


def test_a_late_file_is_admitted_and_installed(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    late = index.release("flask", "3.0.0", build="7")
    gate.cli("approve", "flask", "--reason", "refresh the page", "--dry-run")
    assert gate.get(f"/files{late.path}").json()["reasons"][0]["code"] == "late-file"
    listed = gate.cli("inbox")
    assert late.filename in listed.stdout
    assert "another build of" in listed.stdout
    assert gate.cli("admit", "nothing.whl", "--reason", "x").returncode == 2
    admitted = gate.cli("admit", late.filename, "--reason", "the same code, rebuilt")
    assert f"Admitted to flask==3.0.0: {late.filename}" in admitted.stdout, admitted.stderr
    installed(bench, gate, "flask")
    assert gate.get(f"/files{late.path}").content == late.content
    assert gate.facts("inbox")["late_files"] == []


def test_exact_files_are_installed_and_nothing_beside_them(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    wheel, _ = index.release("flask", "3.0.0"), index.release("flask", "3.1.0")
    assert "has the digest" in gate.cli("approve", "flask", "--sha256", "e" * 64, "--reason", "x").stderr
    gate.approve("flask", "--sha256", wheel.sha256)
    installed(bench, gate, "flask")
    refused(bench, gate, "flask==3.1.0", "flask_3.1.0_is_not_approved")


def test_a_wheel_that_lies_about_itself_is_not_installed(gate: Gatehouse, index: Upstream, bench: Bench) -> None:
    wheel = index.release("flask", "3.0.0", padding=300_000)
    other = index.release("flask", "3.0.0", ["evil"], padding=300_000)
    index.files["flask"].remove(other)
    wheel.content, wheel.sha256 = other.content, other.sha256
    gate.approve("flask")
    assert bench.pip("26.3", gate.index, "flask").code != 0
    assert not bench.imports("flask")
    refused(bench, gate, "flask", "is_not_what_it_says")
    assert len(gate.facts("audit", "list", "--tag", "file:facts:inconsistent")["events"]) == 1


def test_a_project_of_which_nothing_is_served_any_more_is_refused_with_the_reason(
    gate: Gatehouse, index: Upstream
) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    assert gate.cli("prohibit", "flask==3.0.0", "--reason", "it was malware").returncode == 0
    said = gate.cli("explain", "flask")
    assert (said.returncode, "flask: refused" in said.stdout) == (1, True)
    assert "it was malware" in said.stdout
    short = gate.facts("explain", "flask==3.0")
    assert (short["version"], short["known"]) == ("3.0.0", True)
    unknown = gate.cli("explain", "flask==99")
    assert (unknown.returncode, "no such version" in unknown.stdout) == (1, True)
    assert "no such version" in gate.get("/explain/flask/99").text
