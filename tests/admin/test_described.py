"""What the OpenAPI document promises of every operation alike, and that the operations keep it."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from tests.world.inside import House, house
from tests.world.upstream import Upstream

UNSAFE = {"post", "put", "patch", "delete"}
POLICY = {
    *(f"post /v1/{path}" for path in ("approvals", "approvals/revoke", "approvals/closures/{identity}/approve")),
    *(f"post /v1/{path}" for path in ("prohibitions", "prohibitions/lift", "waivers", "waivers/end", "imports")),
    *(f"post /v1/{path}" for path in ("emergencies", "emergencies/{identity}/review", "inbox/admit", "inbox/approve")),
    *(f"post /v1/{path}" for path in ("channels", "origins", "policy/apply", "proposals/{identity}/confirm")),
    *(f"delete /v1/{path}" for path in ("emergencies/{identity}", "channels/{name}", "names/acknowledged/{name}")),
    "patch /v1/terms",
    "put /v1/names",
}
"""What changes the policy: it takes the revision that was seen."""
WHY = {"reason": "x"}
OTHER = {
    *(f"post /v1/advisories/{path}" for path in ("sync", "import")),  # a feed is compared, and overwrites nobody
    *(f"post /v1/inbox/{path}" for path in ("decline", "admit/decline")),  # wishes are no policy
    *(f"post /v1/{path}" for path in ("policy/plan", "simulate", "approvals/closures", "audit/verify")),  # they look
    *(f"post /v1/accounts/{{identity}}/{path}" for path in ("reset", "role", "disable", "enable")),
    *(f"post /v1/{path}" for path in ("accounts", "tokens", "oidc/rules", "audit/queries", "audit/checkpoints")),
    *(f"delete /v1/{path}" for path in ("tokens/{identity}", "sessions/{identity}", "audit/queries/{identity}")),
    *(f"delete /v1/{path}" for path in ("oidc/rules/{name}", "approvals/closures/{identity}")),
    "post /v1/proposals/{identity}/reject",
    "post /v1/requests",
}


@pytest.fixture
async def gate(tmp_path: Path, index: Upstream) -> AsyncIterator[House]:
    for project in ("flask", "numpy", "click"):
        index.release(project, "3.0.0")
    async with house(tmp_path / "gate", index.url) as made:
        yield made


async def test_the_document_says_of_every_operation_what_it_takes_and_how_it_refuses(gate: House) -> None:
    document = (await gate.get("/admin/api/openapi.json")).json()
    jsonschema_rs.meta.validate({"$schema": "https://json-schema.org/draft/2020-12/schema", **document["components"]})
    assert document["openapi"].startswith("3.1.")
    operations = {
        f"{method} {path}": said for path, found in document["paths"].items() for method, said in found.items()
    }
    changing = {name for name in operations if name.partition(" ")[0] in UNSAFE}
    assert changing == POLICY | OTHER
    for name, operation in operations.items():
        taken = {
            parameter["name"].lower() for parameter in operation.get("parameters", ()) if parameter["in"] == "header"
        }
        assert ("idempotency-key" in taken) is (name in changing), name
        assert ("if-match" in taken) is (name in POLICY), name
        assert set(operation["responses"]["4XX"]["content"]) == {"application/problem+json"}
        for kind, content in operation.get("requestBody", {"content": {}})["content"].items():
            assert "example" in content or kind == "application/zip", name
            if kind == "application/json":
                whole = {**content["schema"], "components": document["components"]}
                jsonschema_rs.validate(whole, content["example"])
                assert content["example"], name


async def test_the_document_names_what_every_operation_answers(gate: House) -> None:
    document = (await gate.get("/admin/api/openapi.json")).json()
    for path, found in document["paths"].items():
        for method, operation in found.items():
            done = {status: said for status, said in operation["responses"].items() if not status.endswith("XX")}
            assert done, (method, path)
            for status, said in done.items():
                assert said["content"], (method, path, status)
                json = said["content"].get("application/json", {"schema": {"$ref": "a text"}})["schema"]
                named = json.get("items", json) if status != "202" else {"$ref": "waits"}
                assert "$ref" in named or named == {"type": "string"}, (method, path, status, json)


async def test_what_other_rooms_make_is_as_the_document_says(gate: House) -> None:
    """Reviews and reports are answered as they were made, and not held to their shape on the way out."""
    document = (await gate.get("/admin/api/openapi.json")).json()
    await gate.approve("flask")
    await gate.admin("POST", "/approvals/revoke", requirement="flask", reason="x")
    await gate.admin("POST", "/prohibitions", requirement="click<1", reason="x")
    await gate.admin("POST", "/emergencies", requirement="numpy", reason="x")
    period = "since=2020-01-01T00:00:00Z&until=2099-01-01T00:00:00Z"
    report = await gate.admin("GET", f"/reports?{period}")
    assert all(report[name] for name in ("approvals", "revoked", "exceptions", "prohibitions"))
    for name, told in (("ReportOut", report), ("ReviewOut", await gate.admin("GET", "/review/flask"))):
        shape = {"$ref": f"#/components/schemas/{name}", "unevaluatedProperties": False}
        jsonschema_rs.validate({**shape, "components": document["components"]}, told)


async def test_what_changes_the_policy_takes_a_revision_and_tells_the_new_one(gate: House) -> None:
    ada = gate.member("ada", "approver")
    document = 'format = 1\nfragment = true\n[terms]\nminimum_age = "3d"'
    lock = {"name": "requirements.txt", "content": "click==3.0.0"}

    async def ask(method: str, path: str, body: dict[str, Any], revision: int, token: str) -> Any:
        headers = {"authorization": f"Bearer {token}", "if-match": f'"{revision}"'}
        return await gate.client.request(method, f"/admin/api/v1{path}", headers=headers, json=body or None)

    await gate.approve("numpy", dry_run=True)  # the gate learns where files come from, which is a change too
    emergency = ""
    for method, path, body in (
        ("POST", "/approvals", {"requirement": "flask"} | WHY),
        ("POST", "/approvals/revoke", {"requirement": "flask"} | WHY),
        ("POST", "/inbox/approve", {"wishes": [{"requirement": "flask", "reason": "x"}]}),
        ("POST", "/prohibitions", {"requirement": "left-pad"} | WHY),
        ("POST", "/prohibitions/lift", {"requirement": "left-pad"} | WHY),
        ("POST", "/imports", {"files": [lock]} | WHY),
        ("PATCH", "/terms", {"minimum_age_days": 5} | WHY),
        ("POST", "/channels", {"name": "research"} | WHY),
        ("PATCH", "/terms", {"minimum_age_days": 6, "channel": "research"} | WHY),
        ("DELETE", "/channels/research?reason=x", {}),
        ("POST", "/origins", {"url": "https://files.example"} | WHY),
        ("POST", "/policy/apply", {"document": document} | WHY),
        ("POST", "/emergencies", {"requirement": "numpy"} | WHY),
        ("DELETE", "/emergencies/{emergency}?reason=x", {}),
    ):
        where = path.replace("{emergency}", emergency)
        terms = await gate.asked("GET", "/terms")
        revision: int = terms.json()["revision"]
        assert terms.headers["etag"] == f'"{revision}"'
        stale = await ask(method, where, body, revision - 1, gate.token)
        assert (stale.status_code, stale.headers.get("etag")) == (412, None), (path, stale.text)
        done = await ask(method, where, body, revision, gate.token)
        assert done.is_success, (path, done.text)
        assert done.headers["etag"] == f'"{revision + 1}"', path
        emergency = done.json().get("id", "") if path == "/emergencies" else emergency

    finding = {"finding": "x"}
    headers = {"authorization": f"Bearer {ada}", "if-match": '"1"'}
    url = f"/admin/api/v1/emergencies/{emergency}/review"
    assert (await gate.client.post(url, headers=headers, json=finding)).status_code == 412
    for said in ('"x"', 'W/"1"', "-1", '"1', "9" * 19):
        bad = await gate.client.post(url, headers={**headers, "if-match": said}, json=finding)
        assert bad.status_code == 422, said


async def test_a_method_that_is_not_taken_is_told_every_one_that_is(gate: House) -> None:
    answer = await gate.asked("PUT", "/terms")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, PATCH")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_the_loop_that_serves_pages_makes_nothing_of_what_the_api_needs(
    gate: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[int] = []

    def noting(kind: Any) -> None:
        make = kind.__init__

        def noted(*its: Any, **more: Any) -> None:
            made.append(threading.get_ident())
            make(*its, **more)

        monkeypatch.setattr(kind, "__init__", noted)

    noting(TypeAdapter)
    noting(GenerateJsonSchema)
    for method, path in (("GET", "/v1/advisories/status"), ("PUT", "/v1/terms"), ("GET", "/openapi.json")):
        await gate.client.request(method, f"/admin/api{path}", headers={"authorization": f"Bearer {gate.token}"})
    assert made
    assert threading.get_ident() not in made
