"""Machines: narrowed tokens at the index's door, and CI jobs that bring an ID token of a provider of their own."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from admin.people.exchange import GRANT, ID_TOKEN
from tests.clients import Bench
from tests.world.gatehouse import Gatehouse
from tests.world.provider import Provider
from tests.world.upstream import Upstream


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with Provider() as running:
        yield running


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gatehouse]:
    """A gate whose index wants tokens, with two channels and two approved projects."""
    with Upstream() as upstream:
        upstream.release("flask", "3.0.0")
        upstream.release("requests", "2.0")
        made = Gatehouse(tmp_path_factory.mktemp("tokens") / "gate", upstream.url, "--no-anonymous").start()
        made.approve("flask")
        made.approve("requests")
        made.facts("channels", "open", "research", "--reason", "looser")
        yield made
        made.stop()


def issue(gate: Gatehouse, role: str, *options: str) -> str:
    secret: str = gate.facts("token", "issue", f"a {role}", "--role", role, *options)["secret"]
    return secret


def asks(gate: Gatehouse, path: str, secret: str, method: str = "GET", **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {secret}"}
    return httpx.request(
        method, f"{gate.url}{path}", headers=headers, trust_env=False, verify=False, timeout=60, **more
    )


def test_a_token_of_a_channel_reads_only_there(gate: Gatehouse) -> None:
    secret = issue(gate, "reader", "--channel", "research")
    assert asks(gate, "/research/simple/flask/", secret).status_code == 200
    for path in ("/simple/flask/", "/simple/", "/explain/flask"):
        refused = asks(gate, path, secret)
        assert refused.status_code == 403
        assert "another channel" in refused.text
    default = issue(gate, "reader", "--channel", "")
    assert asks(gate, "/simple/flask/", default).status_code == 200
    assert asks(gate, "/research/simple/flask/", default).status_code == 403
    assert "no channel 'nowhere'" in gate.cli("token", "issue", "x", "--role", "reader", "--channel", "nowhere").stderr


def test_a_token_of_projects_has_those_alone(gate: Gatehouse) -> None:
    secret = issue(gate, "requester", "--project", "Flask*")
    assert asks(gate, "/simple/flask/", secret).status_code == 200
    assert asks(gate, "/simple/requests/", secret).status_code == 403
    page = asks(gate, "/simple/requests/", issue(gate, "reader")).text
    path = page.partition('href="../../')[2].partition('"')[0].partition("#")[0]
    assert asks(gate, f"/{path}", secret).status_code == 403, "nor its file, by its address"
    assert asks(gate, f"/{path}.metadata", secret).status_code == 403
    assert asks(gate, "/explain/requests", secret).status_code == 403
    assert asks(gate, "/explain/requests/request", secret, "POST").status_code == 403
    listed = asks(gate, "/simple/", secret).text
    assert "flask" in listed
    assert "requests" not in listed
    judged = asks(gate, "/check", secret, "POST", json=[{"name": "flask"}, {"name": "requests"}]).json()["results"]
    assert [result["verdict"] for result in judged] == ["allowed", "unknown"]


def test_the_record_tells_tokens_of_one_name_apart(gate: Gatehouse) -> None:
    issued = [gate.facts("token", "issue", "twin", "--role", "reader") for _ in range(2)]
    page = asks(gate, "/simple/requests/", issued[0]["secret"]).text
    path = page.partition('href="../../')[2].partition('"')[0].partition("#")[0]
    for token, times in zip(issued, (1, 2), strict=True):
        for _ in range(times):
            assert asks(gate, f"/{path}", token["secret"]).status_code == 200
    held = [line for line in gate.facts("who-has", "requests") if line["token"] == "twin"]
    assert {line["token_id"]: line["count"] for line in held} == {issued[0]["id"]: 1, issued[1]["id"]: 2}
    assert f"twin ({issued[1]['id']})" in gate.cli("who-has", "requests").stdout
    mine = gate.facts("audit", "decisions", "--token-name", issued[1]["id"], "--what", "file")["decisions"]
    assert [(record["token"], record["token_id"]) for record in mine] == [("twin", issued[1]["id"])] * 2
    assert gate.cli("audit", "verify").returncode == 0


def test_a_bound_token_opens_nothing_of_the_admin(gate: Gatehouse) -> None:
    for options in (["--channel", "research"], ["--project", "flask"]):
        answer = asks(gate, "/admin/api/v1/approvals", issue(gate, "requester", *options))
        assert answer.status_code == 403
        assert "bound to a part of the index" in answer.json()["detail"]
        refused = gate.cli("token", "issue", "x", "--role", "approver", *options)
        assert "Take the role reader or requester" in refused.stderr


def test_a_token_is_used_from_its_networks_alone(gate: Gatehouse) -> None:
    here = issue(gate, "approver", "--network", "127.0.0.0/8", "--network", "2001:db8::/32")
    elsewhere = issue(gate, "approver", "--network", "10.0.0.0/8")
    for path in ("/simple/flask/", "/admin/api/v1/terms"):
        assert asks(gate, path, here).status_code == 200
        assert asks(gate, path, elsewhere).status_code == 403
    assert gate.cli("token", "issue", "x", "--role", "reader", "--network", "everywhere").returncode == 2


def test_a_scope_narrows_a_role_and_never_widens_it(gate: Gatehouse) -> None:
    auditing = issue(gate, "approver", "--scope", "audit:read")
    assert asks(gate, "/admin/api/v1/audit/events", auditing).status_code == 200
    refused = asks(gate, "/admin/api/v1/approvals", auditing, "POST", json={"requirement": "flask", "reason": "x"})
    assert refused.status_code == 403
    assert "a token for audit:read" in refused.json()["detail"]
    assert asks(gate, "/simple/flask/", auditing).status_code == 403, "it is not for reading the index"
    assert asks(gate, "/simple/flask/", issue(gate, "approver", "--scope", "read")).status_code == 200
    wider = gate.cli("token", "issue", "x", "--role", "reader", "--scope", "policy:approve")
    assert "does not include policy:approve" in wider.stderr


def test_a_reader_reads_and_a_requester_asks(gate: Gatehouse) -> None:
    wanted = "/explain/numpy/request"
    assert asks(gate, wanted, issue(gate, "reader"), "POST", data={"why": "x"}).status_code == 403
    assert asks(gate, wanted, issue(gate, "requester"), "POST", data={"why": "x"}).status_code == 201
    reading = issue(gate, "requester", "--scope", "read")
    assert asks(gate, wanted, reading, "POST", data={"why": "x"}).status_code == 403


def test_a_token_ends_within_a_year_and_its_last_use_is_known(gate: Gatehouse) -> None:
    assert gate.cli("token", "issue", "x", "--role", "reader", "--days", "366").returncode == 2
    issued = gate.facts("token", "issue", "used", "--role", "reader")
    assert 89 <= (time.mktime(time.strptime(issued["until"][:10], "%Y-%m-%d")) - time.time()) / 86400 <= 91  # noqa: TID251
    asks(gate, "/simple/flask/", issued["secret"])
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        (line,) = [line for line in gate.facts("token", "list") if line["id"] == issued["id"]]
        if line["last_use"]:
            break
        time.sleep(1)
    assert line["last_use"].endswith(":00+00:00"), "to the minute"
    tags = [event["tag"] for event in gate.facts("audit", "list", "--limit", "200")["events"]]
    assert not [tag for tag in tags if "use" in tag.split(":")], "it is no matter of the audit"


# --- CI jobs ---


JOB: dict[str, Any] = {
    "sub": "repo:ours/billing:ref:refs/heads/main",
    "aud": "wicketgate",
    "repository": "ours/billing",
    "ref": "refs/heads/main",
    "ref_protected": True,
}


@pytest.fixture(scope="module")
def rule(gate: Gatehouse, provider: Provider) -> str:
    gate.facts(
        "oidc", "rules", "add", "billing", "--issuer", provider.url, "--audience", "wicketgate",
        "--claim", "repository=ours/*", "--claim", "ref=refs/heads/*", "--claim", "ref_protected=true",
        "--channel", "", "--minutes", "5", "--reason", "builds need no secret",
    )  # fmt: skip
    return "billing"


def exchange(gate: Gatehouse, token: str, **form: str) -> httpx.Response:
    given = {"grant_type": GRANT, "subject_token_type": ID_TOKEN, "subject_token": token, **form}
    return httpx.post(f"{gate.url}/oidc/token", data=given, trust_env=False, verify=False, timeout=60)


def test_a_job_installs_with_its_id_token(gate: Gatehouse, provider: Provider, rule: str, bench: Bench) -> None:
    answer = exchange(gate, provider.mint(**JOB))
    assert answer.status_code == 200, answer.text
    assert answer.headers["cache-control"] == "no-store"
    given = answer.json()
    assert (given["token_type"], given["expires_in"], given["scope"]) == ("Bearer", 300, "reader")
    secret = given["access_token"]
    assert secret.startswith("wgt_ci")
    index = gate.index.replace("http://", f"http://__token__:{secret}@")
    done = bench.uv(index, "flask")
    assert done.code == 0, done.output
    assert asks(gate, "/research/simple/flask/", secret).status_code == 403, "the rule's channel alone"
    assert asks(gate, "/admin/api/v1/terms", secret).status_code == 403
    time.sleep(0.3)
    records = gate.facts("audit", "decisions", "--what", "file")["decisions"]
    assert records[0]["token"] == "billing: repo:ours/billing:ref:refs/heads/main"
    (event, *_) = gate.facts("audit", "list", "--tag", "access:token:exchanged")["events"]
    assert event["detail"]["claims"]["repository"] == "ours/billing"
    assert secret not in json.dumps(event)


def test_what_a_build_brings_leaves_the_policy_alone(gate: Gatehouse, provider: Provider, rule: str) -> None:
    before = gate.admin("GET", "/terms").json()["revision"]
    assert exchange(gate, provider.mint(**JOB)).status_code == 200
    assert gate.admin("GET", "/terms").json()["revision"] == before, "pages that are ready stay ready"


def test_an_id_token_is_exchanged_once(gate: Gatehouse, provider: Provider, rule: str) -> None:
    token = provider.mint(**JOB)
    assert exchange(gate, token).status_code == 200
    again = exchange(gate, token)
    assert again.status_code == 400
    assert again.json() == {"error": "invalid_grant", "error_description": "The ID token was exchanged already."}


ATTACKS: list[tuple[dict[str, Any], str]] = [
    ({"aud": "another"}, "another audience"),
    ({"iss": "https://ci.example"}, "nobody named"),
    ({"repository": "theirs/billing"}, "No rule"),
    ({"repository": "oursx/billing"}, "No rule"),
    ({"repository": None}, "No rule"),
    ({"repository": ["ours/billing"]}, "No rule"),
    ({"ref": "refs/pull/7/merge"}, "No rule"),
    ({"ref_protected": False}, "No rule"),
    ({"exp": 1, "iat": 0}, "expired"),
    ({"exp": 4102444800}, "for too long"),
    ({"jti": None}, "no id"),
    ({"jti": 7}, "no id"),
    ({"sub": None}, "no subject"),
    ({"twist": "none"}, "not signed with"),
    ({"twist": "hs256"}, "not signed with"),
    ({"twist": "stranger"}, "signature"),
    ({"twist": "altered"}, "signature"),
    ({"twist": "kid"}, "does not have"),
]


@pytest.mark.parametrize(("claims", "why"), ATTACKS)
def test_a_job_that_no_rule_means_gets_nothing(
    gate: Gatehouse, provider: Provider, rule: str, claims: dict[str, Any], why: str
) -> None:
    refused = exchange(gate, provider.mint(**{**JOB, **claims}))
    assert refused.status_code == 400
    assert refused.json()["error"] == "invalid_grant"
    assert why in refused.json()["error_description"]


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "é.é.é", "e30.e30.e30", "W10.W10.x", "." * 20_000])
def test_what_is_no_id_token_is_refused_in_words(gate: Gatehouse, rule: str, token: str) -> None:
    assert exchange(gate, token).json()["error"] == "invalid_grant"


def test_another_grant_is_told_how(gate: Gatehouse, provider: Provider, rule: str) -> None:
    refused = exchange(gate, provider.mint(**JOB), grant_type="client_credentials")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_request")
    assert GRANT in refused.json()["error_description"]
    assert httpx.get(f"{gate.url}/oidc/token", trust_env=False, verify=False).status_code == 405


def test_only_issuers_that_somebody_named_are_asked(gate: Gatehouse, rule: str) -> None:
    with Provider() as stranger:
        refused = exchange(gate, stranger.mint(**JOB))
        assert "nobody named" in refused.json()["error_description"]
        assert stranger.asked() == []


def test_a_rule_must_mean_somebody(gate: Gatehouse, provider: Provider) -> None:
    words = ("oidc", "rules", "add", "all", "--issuer", provider.url, "--audience", "x", "--reason", "x")
    assert "Name at least one claim" in gate.cli(*words, "--claim", "repository=*").stderr
    http = [word if word != provider.url else "http://ci.example" for word in words]
    assert "https URL" in gate.cli(*http, "--claim", "repository=ours/*").stderr
    assert gate.cli(*words, "--claim", "repository").returncode == 2


def test_an_issuer_that_is_away_is_believed_by_its_keys_and_a_rule_ends_with_its_tokens(gate: Gatehouse) -> None:
    with Provider() as leaving:
        gate.facts(
            "oidc", "rules", "add", "leaving", "--issuer", leaving.url, "--audience", "wicketgate",
            "--claim", "repository=ours/*", "--reason", "x",
        )  # fmt: skip
        first, second = leaving.mint(**JOB), leaving.mint(**JOB)
        secret = exchange(gate, first).json()["access_token"]
    assert exchange(gate, second).status_code == 200, "its keys are known"
    assert asks(gate, "/research/simple/flask/", secret).status_code == 200
    gate.facts("oidc", "rules", "remove", "leaving", "--reason", "moved")
    assert asks(gate, "/research/simple/flask/", secret).status_code == 401
    assert "leaving" not in {line["name"] for line in gate.facts("oidc", "rules", "list")}


def test_an_issuer_that_never_answered_is_said_so(gate: Gatehouse) -> None:
    with Provider() as gone:
        token = gone.mint(**JOB)
    gate.facts(
        "oidc", "rules", "add", "gone", "--issuer", gone.url, "--audience", "wicketgate",
        "--claim", "repository=ours/*", "--reason", "x",
    )  # fmt: skip
    refused = exchange(gate, token)
    assert refused.status_code == 503
    assert refused.headers["retry-after"] == "30"


@pytest.mark.parametrize("damage", ["head", "body", "checksum"])
def test_a_pass_that_was_altered_is_none(gate: Gatehouse, provider: Provider, rule: str, damage: str) -> None:
    from admin.auth import sealed

    secret = exchange(gate, provider.mint(**JOB)).json()["access_token"]
    body = secret[:-8]
    other = {
        "head": sealed(f"wgt_ci00000000_{body.partition('_ci')[2][9:]}"),
        "body": sealed(f"{body[:-20]}{'A' * 20}"),
        "checksum": f"{body}00000000",
    }[damage]
    assert asks(gate, "/simple/flask/", other).status_code == 401
    assert asks(gate, "/simple/flask/", secret).status_code == 200
