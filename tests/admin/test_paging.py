"""Every list is paged alike: a limit, an opaque cursor, a link to what follows, and the terminal reads to the end."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from proxy.cli import desk as terminal
from proxy.cli.reaching import Way
from tests.conftest import MakeGate
from tests.world.inside import House, house
from tests.world.upstream import Upstream

LISTS = {
    *("approvals", "prohibitions", "waivers", "names/acknowledged", "channels", "origins", "emergencies", "proposals"),
    *("projects", "requests", "tokens", "accounts", "sessions", "oidc/rules"),
    *(f"audit/{name}" for name in ("queries", "who-has", "destinations", "segments")),
}
RECORDS = {"inbox", "audit/events", "audit/decisions", "audit/checkpoints"}
"""Pages with more than a list on them; their cursors are told in the body as well."""
ASKED = {"audit/who-has": "project=flask"}
NAMES = ("click", "flask", "numpy")


@pytest.fixture
async def gate(tmp_path: Path, index: Upstream) -> AsyncIterator[House]:
    for project in NAMES:
        index.release(project, "3.0.0")
    async with house(tmp_path / "gate", index.url) as made:
        yield made


async def pages(gate: House, path: str) -> list[Any]:
    """Every page of a list, as the links lead."""
    url, found = f"/admin/api/v1/{path}", []
    while url:
        answer = await gate.client.get(url, headers={"authorization": f"Bearer {gate.token}"})
        assert answer.status_code == 200, answer.text
        found.append(answer.json())
        url = answer.links["next"]["url"] if "next" in answer.links else ""
    return found


def cursor(*words: str) -> str:
    return base64.urlsafe_b64encode(json.dumps(words).encode()).decode()


async def test_every_list_takes_a_cursor_and_says_so(gate: House) -> None:
    document = (await gate.get("/admin/api/openapi.json")).json()
    reads = {path.removeprefix("/v1/"): found["get"] for path, found in document["paths"].items() if "get" in found}
    linked = {path for path, read in reads.items() if "Link" in read["responses"]["200"].get("headers", {})}
    assert linked == LISTS | RECORDS
    told = {path: read["responses"]["200"].get("content", {}).get("application/json") for path, read in reads.items()}
    assert {path for path, said in told.items() if said and said["schema"].get("type") == "array"} == LISTS, (
        "a list that is not paged grows until it is no answer any more"
    )

    broken = ("x", "!", "bnVsbA==", cursor(), cursor("elsewhere", "flask"), base64.b64encode(b"[" * 2000).decode())
    for path in LISTS:
        for said in ({"after": mark} for mark in broken):
            query = ASKED.get(path, "") + f"&after={said['after']}"
            answer = await gate.asked("GET", f"/{path}?{query}")
            assert answer.status_code == 422, (path, said, answer.text)
            assert "no cursor of this list" in answer.json()["detail"]
    for path in LISTS | RECORDS:
        for limit in ("0", "1001", "-1", "many"):
            answer = await gate.asked("GET", f"/{path}?{ASKED.get(path, '')}&limit={limit}")
            assert answer.status_code == 422, (path, limit)


async def test_pages_are_each_thing_once_while_things_come_and_go(gate: House) -> None:
    for name in NAMES:
        await gate.approve(name)
    whole = await gate.admin("GET", "/approvals")
    assert [line["project"] for line in whole] == list(NAMES)
    assert await pages(gate, "approvals?limit=1") == [[line] for line in whole]
    assert await pages(gate, "approvals?limit=1&project=flask") == [[whole[1]]]

    first = await gate.asked("GET", "/approvals?limit=2")
    await gate.admin("POST", "/approvals/revoke", requirement="click", reason="x")
    (rest,) = await pages(gate, first.links["next"]["url"].removeprefix("/admin/api/v1/"))
    assert rest == whole[2:], "what ended meanwhile shifts nothing"

    for name in NAMES:
        await gate.admin("POST", "/prohibitions", requirement=f"{name}<1", reason="x")
    assert [line["project"] for (line,) in await pages(gate, "prohibitions?limit=1")] == list(NAMES)
    for name in NAMES:
        await gate.admin("POST", "/emergencies", requirement=name, reason="x")
    opened = [line["project"] for (line,) in await pages(gate, "emergencies?limit=1")]
    assert opened == list(reversed(NAMES)), "the newest first"

    changes = await gate.admin("GET", "/audit/events?limit=1000")
    found = await pages(gate, "audit/events?limit=2&tag=project")
    told = [event for page in found for event in page["events"]]
    assert told == [event for event in changes["events"] if event["tag"].startswith("project")]


def test_the_terminal_reads_a_list_to_its_end(make_gate: MakeGate, monkeypatch: pytest.MonkeyPatch) -> None:
    gate = make_gate()
    for name in NAMES:
        body = {"name": name, "role": "reader"}
        assert gate.admin("POST", "/tokens", json=body).status_code == 201
    monkeypatch.setattr(terminal, "LINES_AT_ONCE", 1)
    listed = terminal.Desk(Way(gate.url), gate.token).listed("/tokens")
    assert [line["name"] for line in listed if line["name"] in NAMES] == list(NAMES)
    assert len({line["id"] for line in listed}) == len(listed) > len(NAMES)
