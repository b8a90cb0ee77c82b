"""Lists on pages: a hundred entries each, and a link to the next; and what stands where no page is."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from html import unescape
from pathlib import Path

import pytest

from admin.pages import room
from proxy import app
from proxy.model import Account, Change, Proposal
from proxy.store.proposed import digest
from tests.world.inside import SYSTEM, House, house
from tests.world.person import SAME
from tests.world.upstream import Upstream

TAG = "project:approval:granted"
NAMES = ("ada", "bob", "cleo", "dan", "eve")
MORE = re.compile(r'<a href="/admin(/[a-z]+\?[^"]+)">More</a>')


@pytest.fixture
async def gate(tmp_path: Path, index: Upstream, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[House]:
    monkeypatch.setattr(room, "LINES", 2)
    async with house(tmp_path / "gate", index.url) as made:
        for name in NAMES:
            await made.admin("POST", "/tokens", name=f"ci-{name}", role="reader", days=9)
        await made.client.post("/admin/sign-in", data={"token": made.token}, headers=SAME)
        yield made


async def read(gate: House, path: str, shown: str) -> list[list[str]]:
    """What a pattern finds on each page of a list, as the links lead."""
    found = []
    while path:
        answer = await gate.client.get(f"/admin{path}", headers=SAME)
        assert answer.status_code == 200, answer.text
        found.append(re.findall(shown, answer.text))
        following = MORE.search(answer.text)
        path = unescape(following[1]) if following else ""
    return found


async def test_tokens_people_projects_and_proposals_come_page_by_page(gate: House) -> None:
    at, store = app.now(), gate.gate.store
    for number, name in enumerate(NAMES):
        account = Account(f"account:{name}", name, "reader", "a test", at, at)
        store.commit(Change("access:account:made", "", "a test", (account,)), SYSTEM, at)
        await gate.client.post(f"/explain/{name}-lib/request", data={"why": "ours"}, headers=SAME)
        made, until = at + timedelta(seconds=number), at + timedelta(days=1)
        proposed = Proposal(
            id=f"proposal:{name}", tag=TAG, project=f"{name}-lib", reason="ours", puts=(), ends=(), detail="{}",
            words=("approve",), digest=digest(TAG, f"{name}-lib", "ours", (), (), "{}"), seq=1, by="someone",
            by_id="account:someone", principal="account:someone", at=made, until=until,
        )  # fmt: skip
        store.commit(Change("access:proposal:made", "", "a test", (proposed,)), SYSTEM, at)
    pairs = [["ada", "bob"], ["cleo", "dan"], ["eve"]]
    assert await read(gate, "/access", r"<td>ci-([a-z]+)</td>") == pairs
    for path, shown in (
        ("/projects", r">([a-z]+)-lib</a>"),
        ("/proposals", r'<h2 id="p\d">project:approval:granted ([a-z]+)-lib</h2>'),
    ):
        assert await read(gate, path, shown) == pairs, path
    assert await read(gate, "/projects?q=e", r">([a-z]+)-lib</a>") == [["cleo", "eve"]], "and what was looked for stays"
    await gate.client.post("/admin/sign-in", data={"token": gate.token}, headers=SAME)
    assert await read(gate, "/people", r"<tr><td>([a-z]+)</td><td>reader") == pairs


async def test_what_is_no_cursor_is_said(gate: House) -> None:
    for path in ("/people?people=x", "/access?tokens=!", "/proposals?proposals=bnVsbA==", "/projects?projects=flask"):
        answer = await gate.client.get(f"/admin{path}", headers=SAME)
        assert (answer.status_code, "no cursor of this list" in answer.text) == (422, True), path


async def test_where_no_page_is_there_is_the_frame_and_the_way_back(gate: House) -> None:
    answer = await gate.client.get("/admin/nowhere", headers=SAME)
    assert answer.status_code == 404
    assert "There is no page at this address" in answer.text
    assert '<a href="/admin/">Back' in answer.text
    assert '<nav aria-label="Main">' in answer.text
    assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
    gate.client.cookies.clear()
    stranger = await gate.client.get("/admin/no/where", headers=SAME)
    assert (stranger.status_code, "<nav" in stranger.text) == (404, False), "a stranger sees no menu"
    problem = await gate.client.get("/admin/api/v1/nowhere", headers={"authorization": f"Bearer {gate.token}"})
    assert problem.headers["content-type"].startswith("application/problem+json"), "the API answers for its own"
    assert (await gate.client.put("/admin/inbox", headers=SAME)).status_code == 405
