"""What an attacker tried against a running gate, each once a hole, each shut."""

from __future__ import annotations

import contextlib
import json
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx
import pytest

from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Answer, Upstream

SAME = {"sec-fetch-site": "same-origin"}


def test_where_files_come_from_is_settled_by_the_first_page_even_when_that_is_the_index_itself(
    index: Upstream, make_gate: MakeGate
) -> None:
    index.relative = True
    gate = make_gate()
    index.release("flask", "3.0.0")
    gate.approve("flask")
    index.release("click", "8.0").extra["url"] = "http://127.0.0.1:1/secret/click-8.0-py3-none-any.whl"
    assert gate.approve("click")["still_withheld"][0]["reasons"][0]["code"] == "foreign-origin"
    assert len(gate.facts("origins", "list")) == 1


def test_a_prohibition_that_cannot_be_judged_is_not_taken(index: Upstream, gate: Gatehouse) -> None:
    wheel = index.release("flask", "3.0.0")
    gate.approve("flask")
    long = ",".join(f"!=0.0.{number}" for number in range(40))
    gate.facts("prohibit", f"flask{long}", "--reason", "all but those")
    assert gate.get(f"/files{wheel.path}").status_code == 403
    longer = ",".join(f"!=0.0.{number}" for number in range(300))
    assert gate.cli("prohibit", f"flask{longer}", "--reason", "x").returncode == 2


@pytest.mark.parametrize("until", ["2030-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"])
def test_an_end_that_is_no_moment_is_refused(gate: Gatehouse, index: Upstream, until: str) -> None:
    index.release("click", "8.0")
    body = {"requirement": "click", "reason": "x", "until": until}
    assert gate.admin("POST", "/approvals", json=body).status_code == 422
    assert gate.admin("GET", "/audit/events", params={"since": until}).status_code == 422


def test_numbers_and_texts_beyond_reason_are_no_crash(gate: Gatehouse) -> None:
    huge = "9" * 30
    for path in (f"/audit/events?before={huge}", f"/audit/decisions?before={huge}"):
        assert gate.admin("GET", path).status_code == 422
    wild = json.dumps({"requirement": "click", "reason": "x\ud800"})
    answer = gate.admin("POST", "/approvals", content=wild, headers={"content-type": "application/json"})
    assert answer.status_code in {422, 400}
    with httpx.Client(base_url=f"{gate.url}/admin", trust_env=False, verify=False, headers=SAME) as browser:
        browser.post("/sign-in", data={"token": gate.token})
        for before in ("\u00b2", huge, "9" * 5000):
            assert browser.get("/audit", params={"before": before}).status_code == 200
        assert browser.post("/approve", data={"do": "grant", "revision": "\u00b2"}).status_code == 422
    assert "Traceback" not in gate.output()


@pytest.mark.parametrize("host", ["evil.example", "[::1", "a b", "evil.example:99999"])
def test_no_host_header_is_reflected(gate: Gatehouse, host: str) -> None:
    for path in ("/healthz/", "/admin", "/explain/flask/"):
        answer = gate.get(path, host=host)
        assert host not in answer.headers.get("location", "")
        assert answer.status_code < 500


def test_a_session_ends_with_its_token_and_is_good_for_pages_only(gate: Gatehouse) -> None:
    issued = gate.admin("POST", "/tokens", json={"name": "bob", "role": "approver", "days": 1}).json()
    with httpx.Client(base_url=gate.url, trust_env=False, verify=False, headers=SAME) as browser:
        browser.post("/admin/sign-in", data={"token": issued["secret"]})
        session = browser.cookies["wicketgate_session"]
        assert browser.get("/admin/").status_code == 200
        bearer = {"authorization": f"Bearer {session}"}
        assert (
            httpx.get(f"{gate.url}/admin/api/v1/whoami", headers=bearer, trust_env=False, verify=False).status_code
            == 401
        )
        assert browser.post("/admin/sign-in", data={"token": session}).status_code == 403
        gate.facts("token", "withdraw", issued["id"], "--reason", "stolen")
        assert browser.get("/admin/").status_code == 303


def test_internal_patterns_are_spelt_as_names_are(gate: Gatehouse, index: Upstream) -> None:
    gate.admin("PATCH", "/terms", json={"internal": ["Acme_*", "CORP-*", "acme.tools"], "reason": "ours"})
    assert gate.admin("GET", "/terms").json()["internal"] == ["acme-*", "corp-*", "acme-tools"]
    assert gate.admin("POST", "/approvals", json={"requirement": "Acme_Tools", "reason": "x"}).status_code == 422
    assert not index.asked("acme")


def test_two_changes_of_the_terms_at_once_lose_nothing(gate: Gatehouse) -> None:
    for _ in range(5):
        gate.admin("PATCH", "/terms", json={"internal": [], "minimum_age_days": 7, "reason": "reset"})
        bodies = ({"internal": ["a-*"], "reason": "x"}, {"minimum_age_days": 30, "reason": "y"})
        with ThreadPoolExecutor(2) as pool:
            asked = pool.map(lambda body: gate.admin("PATCH", "/terms", json=body).status_code, bodies)
            answers = list(asked)
        terms = gate.admin("GET", "/terms").json()
        taken = (terms["internal"] == ["a-*"]) + (terms["minimum_age_days"] == 30)
        assert taken == answers.count(200), "whoever was told 200 was not overwritten"


def test_who_may_not_read_the_index_learns_nothing_elsewhere(make_gate: MakeGate, index: Upstream) -> None:
    gate = make_gate("--no-anonymous")
    index.release("flask", "3.0.0")
    gate.approve("flask")
    index.requests.clear()
    assert gate.get("/explain/flask").status_code == 401
    assert gate.get("/explain/flask/3.0.0").status_code == 401
    assert (
        httpx.post(f"{gate.url}/check", json=[{"name": "requests"}], trust_env=False, verify=False).status_code == 401
    )
    assert (
        httpx.post(f"{gate.url}/explain/flask/request", data={"why": "x"}, trust_env=False, verify=False).status_code
        == 401
    )
    assert not index.requests
    assert gate.cli("explain", "flask").returncode == 0


def test_credentials_of_the_advisory_source_are_shown_nowhere(make_gate: MakeGate, index: Upstream) -> None:
    source = index.url.replace("http://", "http://bob:hunter2@").replace("/simple/", "/nowhere.zip")
    gate = make_gate("--advisories", source)
    assert gate.cli("advisories", "sync").returncode == 2
    everything = gate.output() + gate.get("/readyz").text + json.dumps(gate.facts("audit", "list"))
    assert "hunter2" not in everything
    assert any("authorization" in request.headers for request in index.asked("/nowhere.zip"))


def test_what_a_client_asks_for_cannot_move_the_auditors_cursor(gate: Gatehouse) -> None:
    gate.get("/refused/x/%1b%5B2J%0aFORGED")
    gate.get("/files/x/%1b%5B2J%0aFORGED")
    time.sleep(0.3)
    shown = gate.cli("audit", "decisions").stdout
    assert "\x1b" not in shown
    assert not any(line.startswith("FORGED") for line in shown.splitlines())


def test_one_page_cannot_flood_the_audit(index: Upstream, gate: Gatehouse) -> None:
    index.release("flask", "3.0.0")
    gate.approve("flask")
    for number in range(100):
        index.release("click", f"8.{number}").extra["url"] = (
            f"http://h{number}.example/click-8.{number}-py3-none-any.whl"
        )
    gate.approve("click")
    assert len(gate.facts("audit", "list", "--tag", "upstream:origin:refused")["events"]) == 5


def test_one_address_cannot_fill_the_inbox(gate: Gatehouse) -> None:
    with httpx.Client(trust_env=False, verify=False) as client:
        answers = [
            client.post(f"{gate.url}/explain/flask/request", data={"specifier": f"=={number}"}).status_code
            for number in range(205)
        ]
    assert answers.count(201) == 200
    assert set(answers[200:]) == {429}


def test_bodies_are_bounded(gate: Gatehouse) -> None:
    large = b"[" + b" " * (5 << 20) + b"]"
    assert (
        httpx.post(
            f"{gate.url}/check", content=b"[" + b" " * (2 << 20) + b"]", trust_env=False, verify=False
        ).status_code
        == 200
    )
    endless = (b"[" * 65536 for _ in range(64))
    for path, content in (
        ("/check", large),
        ("/admin/sign-in", large),
        ("/admin/api/v1/approvals", large),
        ("/check", endless),
    ):
        with contextlib.suppress(httpx.TransportError):  # the gate may hang up before everything was sent
            assert (
                httpx.post(
                    f"{gate.url}{path}", content=content, headers=SAME, trust_env=False, verify=False
                ).status_code
                >= 400
            )
    assert gate.get("/healthz").status_code == 200
    assert _peak(gate) < 400 << 20


def test_heads_are_bounded_in_size(gate: Gatehouse) -> None:
    with pytest.raises(httpx.TransportError):
        gate.get("/simple/flask/", accept="x" * (1 << 20))
    assert gate.get("/healthz").status_code == 200


def test_a_quarantine_is_not_lifted_by_a_page_that_is_none(index: Upstream, make_gate: MakeGate) -> None:
    gate = make_gate("--index-ttl", "0")
    wheel = index.release("flask", "3.0.0")
    gate.approve("flask")
    index.status["flask"] = {"status": "quarantined", "reason": "malware"}
    assert gate.get(f"/files{wheel.path}").status_code == 403
    for body in (b"<html>captive portal</html>", b"plain garbage", b'{"files": []}', b""):
        index.misbehave("/simple/flask/", Answer(200, {"content-type": "text/html"}, body))
        assert gate.get(f"/files{wheel.path}").status_code == 403, body
    index.behave()
    index.status.clear()
    time.sleep(0.1)


@pytest.mark.parametrize(
    "body",
    [
        b'{"meta":{"api-version":"1.0"},"files":[' + b"1," * 4_000_000 + b"1]}",
        b'{"files":[' + b'{"filename":"","url":""},' * 400_000 + b"{}]}",
        b"<a " + b"a " * 4_000_000 + b">",
        b"<a href=x.whl>" * 600_000,
        b'{"files":' + b"[" * 1_000_000,
    ],
)
def test_pages_that_would_grow_are_not_read(index: Upstream, gate: Gatehouse, body: bytes) -> None:
    index.misbehave("/simple/requests/", Answer(200, {"content-type": "application/json"}, body))
    before = _peak(gate)
    assert gate.admin("POST", "/approvals", json={"requirement": "requests", "reason": "x"}).status_code in {422, 502}
    assert _peak(gate) - before < 300 << 20


def test_an_administrator_cannot_make_an_approver(gate: Gatehouse) -> None:
    secret = gate.facts("token", "issue", "admin", "--role", "administrator")["secret"]
    refused = gate.cli("token", "issue", "puppet", "--role", "approver", WICKETGATE_TOKEN=secret)
    assert (refused.returncode, "does not include" in refused.stderr) == (2, True)
    assert gate.cli("token", "issue", "ci", "--role", "reader", WICKETGATE_TOKEN=secret).returncode == 0


def _peak(gate: Gatehouse) -> int:
    """The most memory the gate ever had, in bytes."""
    status = Path(f"/proc/{gate.process_id}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmHWM")).split()[1]) << 10
