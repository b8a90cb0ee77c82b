"""The pages of the record: searched by facts, words and days, paged both ways, and searches kept under a name."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import pytest

from proxy import app
from tests.world.inside import House, house
from tests.world.person import SAME
from tests.world.upstream import Upstream


@pytest.fixture
async def gate(tmp_path: Path, index: Upstream) -> AsyncIterator[House]:
    index.release("flask", "1.0")
    async with house(tmp_path / "gate", index.url) as made:
        await made.client.post("/admin/sign-in", data={"token": made.token}, headers=SAME)
        yield made


async def look(gate: House, path: str, status: int = 200) -> str:
    answer = await gate.client.get(f"/admin{path}", headers=SAME)
    assert answer.status_code == status, answer.text
    return answer.text


def link(page: str, text: str) -> str:
    found = re.search(rf'href="/admin([^"]*)">{text}</a>', page)
    return unescape(found[1]) if found else ""


def numbers(page: str) -> list[int]:
    return [int(found) for found in re.findall(r'aria-label="Event (\d+)"', page)]


async def test_changes_are_found_by_who_what_and_when(gate: House) -> None:
    await gate.approve("flask")
    await gate.admin("POST", "/prohibitions", requirement="left-pad<9", reason="a curious reason")
    everything = await look(gate, "/audit")
    for query in (
        "text=curious+reason",
        "tag=project:prohibition",
        "project=left-pad",
        "since=2020-01-01&text=curious",
    ):
        assert len(numbers(await look(gate, f"/audit?{query}"))) == 1, query
    for query in ("text=nowhere", "actor=eve", "until=2020-01-01", "client=10.9.9.9", "channel=lab"):
        assert "Nothing in the record is so" in await look(gate, f"/audit?{query}"), query
    for query in ("since=yesterday", "sha256=xyz", f"actor={'a' * 200}"):
        assert 'role="alert">Look at ' in await look(gate, f"/audit?{query}", 422), query
    (seq,) = numbers(await look(gate, "/audit?tag=project:prohibition"))
    shown = await look(gate, f"/audit/{seq}")
    assert "was added" in shown
    assert "&lt;9" in shown, "what is shown is text"
    assert seq in numbers(everything)
    for unknown in ("999999", "x", "0", "9" * 40):
        await look(gate, f"/audit/{unknown}", 404)


async def test_the_record_is_paged_both_ways(gate: House) -> None:
    for number in range(60):
        await gate.admin("POST", "/prohibitions", requirement=f"left-pad<{number + 1}", reason="x")
    first = await look(gate, "/audit?tag=project:prohibition")
    assert (len(numbers(first)), link(first, "Newer")) == (50, "")
    second = await look(gate, link(first, "Older"))
    assert (len(numbers(second)), link(second, "Older")) == (10, "")
    assert max(numbers(second)) < min(numbers(first))
    assert numbers(await look(gate, link(second, "Newer"))) == numbers(first)


async def test_what_was_refused_is_found_and_the_search_is_kept(gate: House) -> None:
    await gate.approve("flask")
    assert (await gate.get("/simple/flask/")).status_code == 200
    await gate.get("/simple/nowhere/")
    await gate.gate.decisions.flush(app.now(), everything=True)
    page = await look(gate, "/audit/decisions?verdict=refused&text=nowhere")
    assert "the page of" in page
    assert "flask" not in page.partition("<tbody>")[2]
    assert "Nothing in the record" in await look(gate, "/audit/decisions?verdict=refused&code=malware")
    await look(gate, "/audit/decisions?verdict=perhaps", 422)

    kept = {"do": "save", "name": "refusals", "about": "decisions", "verdict": "refused", "text": "nowhere"}
    done = await gate.client.post("/admin/audit/queries", data=kept, headers=SAME)
    assert done.headers["location"] == "/admin/audit/decisions?text=nowhere&verdict=refused"
    (query,) = await gate.admin("GET", "/audit/queries")
    assert (query["wanted"], query["shared"]) == ({"verdict": "refused", "text": "nowhere"}, False)
    assert link(await look(gate, "/audit"), "refusals") == "/audit/decisions?text=nowhere&verdict=refused"
    for wrong in (kept | {"verdict": "perhaps"}, kept | {"name": ""}):
        assert (await gate.client.post("/admin/audit/queries", data=wrong, headers=SAME)).status_code == 422
    gone = {"do": "drop", "id": query["id"]}
    assert (await gate.client.post("/admin/audit/queries", data=gone, headers=SAME)).status_code == 303
    assert (await gate.client.post("/admin/audit/queries", data=gone, headers=SAME)).status_code == 404
    assert await gate.admin("GET", "/audit/queries") == []
