"""Files added to approved versions: noticed with and without traffic, waiting once, admitted or declined for good."""

from __future__ import annotations

import asyncio
from pathlib import Path

import httpx

from tests.world.inside import House, house
from tests.world.upstream import Upstream

NOTED, DECLINED = "file:late:noted", "file:late:declined"
BUILD, SDIST = "flask-3.0.0-7-py3-none-any.whl", "flask-3.0.0.tar.gz"


async def waiting(gate: House) -> dict[str, str]:
    """What waits in the inbox, and how it is new."""
    return {late["filename"]: late["differs"] for late in (await gate.admin("GET", "/inbox"))["late_files"]}


async def test_late_files_wait_once_and_are_admitted_by_digest(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        index.release("flask", "3.0.0", build="7", days=8)
        index.sdist("flask", "3.0.0", days=-0.0)
        for _ in range(3):
            assert await gate.served() == ["flask-3.0.0-py3-none-any.whl"]
        assert await waiting(gate) == {
            BUILD: "another build of flask-3.0.0-py3-none-any.whl",
            SDIST: "a source archive",
        }
        (event,) = await gate.events(NOTED)
        assert event["revision"] == (await gate.admin("GET", "/terms"))["revision"], "it moved no policy"
        (outcome,) = await gate.admin("POST", "/inbox/admit", filenames=[BUILD], reason="same code, rebuilt")
        assert outcome["opened"] == [BUILD]
        assert BUILD in await gate.served()
        assert list(await waiting(gate)) == [SDIST]
        (granted, *_) = await gate.events("project:approval:granted")
        assert granted["detail"]["approvals"][0]["exact"]
        assert [name for name, _ in granted["detail"]["approvals"][0]["files"]] == [BUILD]


async def test_what_was_declined_does_not_come_up_again_even_after_a_restart(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        index.release("flask", "3.0.0", build="7")
        await gate.served()
        await gate.admin("POST", "/inbox/admit/decline", filenames=[BUILD], reason="we do not need it")
        assert await waiting(gate) == {}
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.served()
        assert await waiting(gate) == {}
        assert len(await gate.events(NOTED)) == len(await gate.events(DECLINED)) == 1


async def test_what_cannot_be_admitted_changes_nothing(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        late = index.release("flask", "3.0.0", build="7")
        await gate.served()
        wrong = await gate.asked("POST", "/inbox/admit", filenames=[BUILD, "nothing.whl"], reason="x")
        assert (wrong.status_code, "nothing.whl" in wrong.json()["detail"]) == (422, True)
        late.sha256 = "e" * 64
        changed = await gate.asked("POST", "/inbox/admit", filenames=[BUILD], reason="x")
        assert (changed.status_code, "has the digest" in changed.json()["detail"]) == (422, True)
        assert BUILD not in await gate.served()
        assert len(await gate.events("project:approval:granted")) == 1


async def test_the_gate_looks_for_late_files_by_itself(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.admin("POST", "/channels", name="lab", reason="x")
        await gate.approve("flask", channel="lab")
    index.release("flask", "3.0.0", build="7")
    async with house(tmp_path / "gate", index.url) as gate:
        for _ in range(200):
            if found := (await gate.admin("GET", "/inbox"))["late_files"]:
                break
            await asyncio.sleep(0.05)
        assert [(late["filename"], late["channel"]) for late in found] == [(BUILD, "lab")]


async def test_one_button_admits_what_was_ticked(tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as gate:
        await gate.approve("flask")
        index.release("flask", "3.0.0", build="7")
        await gate.served()
        transport = httpx.ASGITransport(app=gate.gate.index)
        same = {"sec-fetch-site": "same-origin"}
        async with httpx.AsyncClient(transport=transport, base_url="http://gate/admin", headers=same) as browser:
            await browser.post("/sign-in", data={"token": gate.token})
            page = (await browser.get("/inbox")).text
            assert f'value="{BUILD}"' in page
            assert "another build of" in page
            form = {"filename": BUILD, "reason": "same code", "do": "admit"}
            foreign = await browser.post("/admit", data=form, headers={"sec-fetch-site": "cross-site"})
            assert foreign.status_code == 403
            assert (await browser.post("/admit", data={**form, "reason": ""})).status_code == 422
            assert (await browser.post("/admit", data=form)).status_code == 303
            assert BUILD not in (await browser.get("/inbox")).text
        assert BUILD in await gate.served()
