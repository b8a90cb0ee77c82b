"""The table of permissions, and every route of the admin API tried with every role."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest

from admin.roles import ROLES, Forbidden, Permission, demand
from proxy.model import Actor
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

FRAGMENT = 'format = 1\nfragment = true\nrevision = 0\n[terms]\nminimum_age = "99d"'
"""It changes a term, and would be refused to everybody else as stale."""

BODIES: dict[str, object] = {
    "/v1/approvals": {"requirement": "flask", "reason": "x"},
    "/v1/inbox/approve": {"wishes": [{"requirement": "flask", "reason": "x"}]},
    "/v1/approvals/revoke": {"requirement": "flask", "reason": "x"},
    "/v1/prohibitions": {"requirement": "left-pad", "reason": "x"},
    "/v1/prohibitions/lift": {"requirement": "left-pad", "reason": "x"},
    "/v1/requests": {"requirement": "flask", "why": "x"},
    "/v1/inbox/decline": {"projects": ["flask"], "reason": "x"},
    "/v1/approvals/closures": {"requirement": "flask", "reason": "x"},
    "/v1/approvals/closures/{identity}/approve": {},
    "/v1/emergencies": {"requirement": "flask", "reason": "x"},
    "/v1/emergencies/{identity}/review": {"finding": "x"},
    "/v1/inbox/admit": {"filenames": ["flask-3.0.0-py3-none-any.whl"], "reason": "x"},
    "/v1/inbox/admit/decline": {"filenames": ["flask-3.0.0-py3-none-any.whl"], "reason": "x"},
    "/v1/waivers": {"requirement": "flask", "advisory": "X-1", "reason": "x"},
    "/v1/waivers/end": {"requirement": "flask", "advisory": "X-1", "reason": "x"},
    "/v1/imports": {"files": [{"name": "requirements.txt", "content": "flask==1"}], "reason": "x"},
    "/v1/terms": {"reason": "x"},
    "/v1/origins": {"url": "https://files.example", "reason": "x"},
    "/v1/channels": {"name": "research", "reason": "x"},
    "/v1/tokens": {"name": "other", "role": "reader"},
    "/v1/accounts": {"name": "somebody", "role": "reader", "reason": "x"},
    "/v1/accounts/{identity}/reset": {"reason": "x"},
    "/v1/accounts/{identity}/role": {"role": "reader", "reason": "x"},
    "/v1/accounts/{identity}/disable": {"reason": "x"},
    "/v1/accounts/{identity}/enable": {"reason": "x"},
    "/v1/oidc/rules": {
        "name": "jobs",
        "issuer": "https://ci.example",
        "audience": "gate",
        "claims": {"repository": "ours/*"},
        "reason": "x",
    },
    "/v1/proposals/{identity}/confirm": {"digest": "0" * 64},
    "/v1/proposals/{identity}/reject": {"reason": "x"},
    "/v1/policy/plan": {"document": FRAGMENT},
    "/v1/policy/apply": {"document": FRAGMENT, "reason": "x"},
    "/v1/simulate": {"document": FRAGMENT},
    "/v1/audit/verify": {},
    "/v1/audit/queries": {"name": "mine", "about": "events", "wanted": {"tag": "project"}},
}
NEEDS: dict[tuple[str, str], Permission | None] = {
    ("POST", "/v1/approvals"): Permission.POLICY_APPROVE,
    ("POST", "/v1/inbox/approve"): Permission.POLICY_APPROVE,
    ("GET", "/v1/today"): Permission.INBOX_READ,
    ("GET", "/v1/projects"): Permission.INBOX_READ,
    ("GET", "/v1/projects/{project}"): Permission.AUDIT_READ,
    ("GET", "/v1/approvals"): Permission.POLICY_READ,
    ("POST", "/v1/approvals/revoke"): Permission.POLICY_APPROVE,
    ("POST", "/v1/prohibitions"): Permission.POLICY_PROHIBIT,
    ("POST", "/v1/prohibitions/lift"): Permission.POLICY_PROHIBIT,
    ("POST", "/v1/approvals/closures"): Permission.POLICY_APPROVE,
    ("GET", "/v1/approvals/closures/{identity}"): Permission.POLICY_APPROVE,
    ("POST", "/v1/approvals/closures/{identity}/approve"): Permission.POLICY_APPROVE,
    ("DELETE", "/v1/approvals/closures/{identity}"): Permission.POLICY_APPROVE,
    ("GET", "/v1/emergencies"): Permission.POLICY_READ,
    ("POST", "/v1/emergencies"): Permission.EMERGENCY_OPEN,
    ("POST", "/v1/emergencies/{identity}/review"): Permission.EMERGENCY_REVIEW,
    ("DELETE", "/v1/emergencies/{identity}"): Permission.EMERGENCY_OPEN,
    ("GET", "/v1/prohibitions"): Permission.POLICY_READ,
    ("GET", "/v1/waivers"): Permission.POLICY_READ,
    ("POST", "/v1/waivers"): Permission.POLICY_WAIVE,
    ("POST", "/v1/waivers/end"): Permission.POLICY_WAIVE,
    ("GET", "/v1/audit/who-has"): Permission.AUDIT_READ,
    ("PUT", "/v1/names"): Permission.FEED_WRITE,
    ("GET", "/v1/names/acknowledged"): Permission.POLICY_READ,
    ("DELETE", "/v1/names/acknowledged/{name}"): Permission.POLICY_APPROVE,
    ("GET", "/v1/requests"): Permission.REQUEST,
    ("POST", "/v1/requests"): Permission.REQUEST,
    ("GET", "/v1/inbox"): Permission.INBOX_READ,
    ("GET", "/v1/review/{project}"): Permission.INBOX_READ,
    ("POST", "/v1/inbox/decline"): Permission.POLICY_APPROVE,
    ("POST", "/v1/imports"): Permission.POLICY_APPROVE,
    ("GET", "/v1/export"): Permission.POLICY_READ,
    ("POST", "/v1/inbox/admit"): Permission.POLICY_APPROVE,
    ("POST", "/v1/inbox/admit/decline"): Permission.POLICY_APPROVE,
    ("GET", "/v1/terms"): Permission.POLICY_READ,
    ("PATCH", "/v1/terms"): Permission.TERMS_WRITE,
    ("GET", "/v1/channels"): Permission.POLICY_READ,
    ("POST", "/v1/channels"): Permission.TERMS_WRITE,
    ("DELETE", "/v1/channels/{name}"): Permission.TERMS_WRITE,
    ("GET", "/v1/policy/document"): Permission.POLICY_READ,
    ("POST", "/v1/policy/plan"): Permission.AUDIT_READ,
    ("POST", "/v1/policy/apply"): Permission.TERMS_WRITE,
    ("POST", "/v1/simulate"): Permission.AUDIT_READ,
    ("GET", "/v1/adopt"): Permission.AUDIT_READ,
    ("GET", "/v1/origins"): Permission.POLICY_READ,
    ("POST", "/v1/origins"): Permission.ORIGINS_WRITE,
    ("GET", "/v1/advisories/status"): Permission.POLICY_READ,
    ("POST", "/v1/advisories/sync"): Permission.FEED_WRITE,
    ("POST", "/v1/advisories/import"): Permission.FEED_WRITE,
    ("GET", "/v1/audit/events"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/decisions"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/events/{seq}"): Permission.AUDIT_READ,
    ("POST", "/v1/audit/verify"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/key"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/checkpoints"): Permission.AUDIT_READ,
    ("POST", "/v1/audit/checkpoints"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/proof"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/consistency"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/segments"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/export"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/destinations"): Permission.AUDIT_READ,
    ("GET", "/v1/audit/queries"): Permission.AUDIT_READ,
    ("POST", "/v1/audit/queries"): Permission.AUDIT_READ,
    ("DELETE", "/v1/audit/queries/{identity}"): Permission.AUDIT_READ,
    ("GET", "/v1/reports"): Permission.AUDIT_READ,
    ("GET", "/v1/whoami"): None,
    ("GET", "/v1/tokens"): Permission.ACCESS_READ,
    ("POST", "/v1/tokens"): Permission.ACCESS_WRITE,
    ("DELETE", "/v1/tokens/{identity}"): Permission.ACCESS_WRITE,
    ("GET", "/v1/accounts"): Permission.ACCESS_READ,
    ("POST", "/v1/accounts"): Permission.ACCESS_WRITE,
    ("POST", "/v1/accounts/{identity}/reset"): Permission.ACCESS_WRITE,
    ("POST", "/v1/accounts/{identity}/role"): Permission.ACCESS_WRITE,
    ("POST", "/v1/accounts/{identity}/disable"): Permission.ACCESS_WRITE,
    ("POST", "/v1/accounts/{identity}/enable"): Permission.ACCESS_WRITE,
    ("GET", "/v1/sessions"): Permission.ACCESS_READ,
    ("DELETE", "/v1/sessions/{identity}"): Permission.ACCESS_WRITE,
    ("GET", "/v1/oidc/rules"): Permission.ACCESS_READ,
    ("POST", "/v1/oidc/rules"): Permission.ACCESS_WRITE,
    ("DELETE", "/v1/oidc/rules/{name}"): Permission.ACCESS_WRITE,
    ("GET", "/v1/proposals"): Permission.INBOX_READ,
    ("GET", "/v1/proposals/{identity}"): Permission.INBOX_READ,
    ("POST", "/v1/proposals/{identity}/confirm"): Permission.PROPOSAL_DECIDE,
    ("POST", "/v1/proposals/{identity}/reject"): Permission.PROPOSAL_DECIDE,
}
ASKED = {
    "/v1/audit/proof": "seq=1",
    "/v1/audit/consistency": "old=1&new=1",
    "/v1/reports": "since=2026-01-01T00:00:00Z&until=2026-02-01T00:00:00Z",
}
"""What some operations want to be told."""


def address(gate: Gatehouse, path: str) -> str:
    """Where an operation is, with what it wants to be told."""
    asked = ASKED.get(path, "reason=x")
    for mark, said in (("{identity}", "token:x"), ("{name}", "x"), ("{seq}", "1")):
        path = path.replace(mark, said)
    return f"{gate.url}/admin/api{path}?{asked}"


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gatehouse]:
    with Upstream() as upstream:
        made = Gatehouse(tmp_path_factory.mktemp("roles") / "gate", upstream.url).start()
        yield made
        made.stop()


def routes(gate: Gatehouse) -> set[tuple[str, str]]:
    """Every operation that the OpenAPI document names."""
    document = gate.get("/admin/api/openapi.json").json()
    return {(method.upper(), path) for path, found in document["paths"].items() for method in found}


def test_every_route_stands_in_the_table(gate: Gatehouse) -> None:
    assert routes(gate) == set(NEEDS)


def test_every_route_wants_a_token(gate: Gatehouse) -> None:
    for method, path in NEEDS:
        url = address(gate, path)
        for headers in ({}, {"authorization": "Bearer wgt_nonsense"}, {"authorization": f"Basic {gate.token}"}):
            answer = httpx.request(method, url, headers=headers, json=BODIES.get(path), trust_env=False, verify=False)
            assert answer.status_code == 401, (method, path)
            assert answer.headers["content-type"] == "application/problem+json"
            assert guarded(answer), (method, path)


def guarded(answer: httpx.Response) -> bool:
    """Whether an answer is kept by no cache, framed by nobody, and taken for nothing but what it says it is."""
    policy = answer.headers["content-security-policy"]
    kept, kind = answer.headers["cache-control"], answer.headers["x-content-type-options"]
    return (kept, kind) == ("no-store", "nosniff") and "frame-ancestors 'none'" in policy and "unsafe" not in policy


@pytest.mark.parametrize("role", sorted(ROLES.keys() - {"owner"}))
def test_every_role_may_do_what_the_table_says_and_no_more(gate: Gatehouse, role: str) -> None:
    secret = gate.facts("token", "issue", f"a {role}", "--role", role)["secret"]
    for (method, path), needed in NEEDS.items():
        url = address(gate, path)
        answer = httpx.request(
            method,
            url,
            headers={"authorization": f"Bearer {secret}"},
            json=BODIES.get(path),
            trust_env=False,
            verify=False,
            timeout=30,
        )
        permitted = needed is None or needed in ROLES[role]
        assert (answer.status_code == 403) is not permitted, (role, method, path, answer.text)
        assert guarded(answer), (method, path)


def test_what_an_id_names_that_is_not_here_is_told_as_such(gate: Gatehouse) -> None:
    named = {(method, path) for method, path in NEEDS if "{" in path} - {("GET", "/v1/projects/{project}")}
    assert len(named) > 15
    for method, path in named:
        url = address(gate, path.replace("{project}", "nowhere").replace("{seq}", "4711"))
        headers = {"authorization": f"Bearer {gate.token}"}
        answer = httpx.request(method, url, headers=headers, json=BODIES.get(path), trust_env=False, verify=False)
        assert (answer.status_code, answer.json()["status"]) == (404, 404), (method, path, answer.text)
        assert answer.json()["title"] == "Not found", "of something, not of the route"
        assert "ot Found" not in answer.json()["detail"], path


def test_an_id_with_the_end_of_a_line_in_it_is_no_other_address(gate: Gatehouse) -> None:
    for identity in ("%0A", "a%0Ab", "a%0D%0Ab%0A"):
        answer = gate.admin("GET", f"/proposals/{identity}")
        assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
        assert "Nothing waits as" in answer.json()["detail"]


def test_a_role_that_nobody_wrote_down_may_do_nothing() -> None:
    stranger = Actor("token", "token:1", "eve", "superuser")
    for permission in Permission:
        with pytest.raises(Forbidden):
            demand(stranger, permission)


def test_nobody_but_the_first_run_holds_both_halves() -> None:
    for role, permissions in ROLES.items():
        both = {Permission.POLICY_APPROVE, Permission.ACCESS_WRITE} <= permissions
        assert both is (role == "owner")


@pytest.mark.parametrize(
    "body",
    [
        {},
        [],
        "x",
        {"requirement": "flask"},
        {"requirement": "flask", "reason": "x", "approved_by": "me"},
        {"requirement": "f" * 600, "reason": "x"},
        {"requirement": "flask", "reason": "x", "until": "yesterday"},
        {"requirement": "flask", "reason": "x", "acknowledge": ["too-new"] * 9},
    ],
)
def test_bad_input_is_a_problem_that_says_where(gate: Gatehouse, body: object) -> None:
    answer = gate.admin("POST", "/approvals", json=body)
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"]


def test_a_stale_revision_is_a_conflict(gate: Gatehouse) -> None:
    wanted = {"reason": "x", "minimum_age_days": 3}
    answer = gate.admin("PATCH", "/terms", json=wanted, headers={"if-match": "0"})
    assert answer.status_code == 412
    assert "you saw revision 0" in answer.json()["detail"]
