"""Whose account one may change, and who counts as a person, on a whole gate in this process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.world.inside import House, house
from tests.world.upstream import Upstream


@pytest.fixture
async def gate(tmp_path: Path, index: Upstream) -> AsyncIterator[House]:
    async with house(tmp_path / "gate", index.url) as made:
        yield made


async def says(gate: House, secret: str, method: str, path: str, **body: Any) -> httpx.Response:
    """Ask the admin API as somebody."""
    return await replace(gate, token=secret).asked(method, path, **body)


async def test_nobody_changes_an_account_that_holds_more(gate: House) -> None:
    carol, dan = gate.member("carol", "administrator"), gate.member("dan", "auditor")
    for name, role in (("olga", "owner"), ("abe", "approver")):
        gate.member(name, role)
    await gate.admin("POST", "/accounts/abe/disable", reason="away")
    await gate.admin("POST", "/accounts", name="pia", role="owner", reason="invited, and not here yet")
    before = await gate.admin("GET", "/accounts")
    tries: list[tuple[str, dict[str, str]]] = [
        ("/accounts/olga/reset", {}),
        ("/accounts/abe/reset", {}),
        ("/accounts/abe/enable", {}),
        ("/accounts/olga/role", {"role": "reader"}),
        ("/accounts/olga/disable", {}),
        ("/accounts", {"name": "pia", "role": "reader"}),
        ("/accounts/dan/role", {"role": "approver"}),
        ("/accounts", {"name": "eve", "role": "owner"}),
    ]
    for path, body in tries:
        for secret in (carol, dan):
            answer = await says(gate, secret, "POST", path, reason="x", **body)
            assert answer.status_code == 403, (path, answer.text)
    for verb, body in (("role", {"role": "reader"}), ("disable", {})):
        answer = await says(gate, carol, "POST", f"/accounts/carol/{verb}", reason="x", **body)
        assert answer.status_code == 422, "nor their own"
    assert await gate.admin("GET", "/accounts") == before


async def test_the_token_of_the_host_is_nobody_while_two_people_can_decide(gate: House) -> None:
    ada, _ = gate.member("ada", "owner"), gate.member("bob", "owner")
    await gate.admin("PATCH", "/terms", two_person=["people"], reason="two pairs of eyes")
    wish = {"role": "owner", "reason": "works here"}
    refused = await gate.asked("POST", "/accounts", name="eve", **wish)
    assert (refused.status_code, "belongs to no account" in refused.json()["detail"]) == (403, True)
    issued = await gate.admin("POST", "/tokens", name="grace", role="administrator")
    alone = await says(gate, ada, "POST", "/accounts/bob/disable", reason="left")
    assert alone.status_code == 202, "else whoever has ada's token would be everybody"
    assert (await says(gate, ada, "POST", "/accounts/bob/role", role="reader", reason="x")).status_code == 202
    assert (await says(gate, ada, "POST", "/accounts/bob/reset", reason="x")).status_code == 202
    await gate.admin("POST", "/accounts/bob/disable", reason="left")
    lesser = await says(gate, issued["secret"], "POST", "/accounts", name="eve", role="administrator", reason="x")
    assert (lesser.status_code, "belongs to no account" in lesser.json()["detail"]) == (403, True), "the host's alone"
    waiting = await gate.asked("POST", "/accounts", name="eve", **wish)
    assert waiting.status_code == 202, "one person is left, who could never let in a second"
    proposal = waiting.json()["proposal"]
    path, digest = f"/proposals/{proposal['id']}/confirm", proposal["digest"]
    assert (await gate.asked("POST", path, digest=digest)).status_code == 403
    assert (await says(gate, ada, "POST", path, digest=digest)).status_code == 200
    await gate.admin("POST", "/accounts/ada/disable", reason="left")
    refused = await says(gate, issued["secret"], "POST", "/accounts", name="flo", role="administrator", reason="x")
    assert refused.status_code == 403, "nobody is left, and that is the host's to mend"
    assert (await gate.asked("POST", "/accounts", name="flo", **wish)).status_code == 201, "nobody is left"
    assert (await gate.admin("POST", "/audit/verify", checkpoints=""))["intact"]


async def test_what_somebody_proposed_who_was_disabled_since_is_not_confirmed(gate: House) -> None:
    ada, bob = gate.member("ada", "owner"), gate.member("bob", "owner")
    await gate.admin("PATCH", "/terms", two_person=["people"], reason="two pairs of eyes")
    waiting = await says(gate, bob, "POST", "/accounts", name="eve", role="owner", reason="works here")
    proposal = waiting.json()["proposal"]
    await gate.admin("POST", "/accounts/bob/disable", reason="a stolen laptop")
    path, digest = f"/proposals/{proposal['id']}/confirm", proposal["digest"]
    refused = await says(gate, ada, "POST", path, digest=digest)
    assert (refused.status_code, "is disabled" in refused.json()["detail"]) == (422, True)


async def test_two_who_shut_somebody_out_at_once_do_not_leave_one_alone(gate: House) -> None:
    ada, bob = gate.member("ada", "owner"), gate.member("bob", "owner")
    gate.member("cy", "owner")
    await gate.admin("PATCH", "/terms", two_person=["look-alike"], reason="two pairs of eyes")
    tries = ((ada, "bob"), (bob, "cy"))
    both = (says(gate, who, "POST", f"/accounts/{name}/disable", reason="x") for who, name in tries)
    first, second = sorted(answer.status_code for answer in await asyncio.gather(*both))
    assert (first, second in {202, 401}) == (200, True), "the second finds two, or was shut out itself"


async def test_an_administrator_does_not_end_the_token_of_the_host(gate: House) -> None:
    carol = gate.member("carol", "administrator")
    host = next(token for token in await gate.admin("GET", "/tokens") if token["role"] == "owner")
    path = f"/tokens/{host['id']}"
    assert (await says(gate, carol, "DELETE", f"{path}?reason=x")).status_code == 403
    assert (await gate.asked("DELETE", f"{path}?reason=x")).status_code == 200, "it ends itself"
