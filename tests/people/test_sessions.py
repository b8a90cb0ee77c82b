"""Sessions: how long they last, what ends them, and that an id that was planted is worth nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from admin import auth
from admin.people.sessions import ABSOLUTE, FRESH, IDLE, UNFINISHED, Guest, Sessions
from proxy.policy import changes
from proxy.store import EventFilter
from tests.people.world import ADA, SYSTEM, World, world

GUEST = Guest("192.0.2.1", "a browser")


@pytest.fixture
async def here(tmp_path: Path) -> AsyncIterator[World]:
    async with world(tmp_path) as made:
        await made.put(ADA)
        yield made


@pytest.fixture
def sessions(here: World) -> Sessions:
    return Sessions(here.store, here.live, here.clock)


async def test_a_session_is_found_by_its_secret_which_nobody_keeps(here: World, sessions: Sessions) -> None:
    secret, opened = await sessions.open(ADA, "full", "totp", GUEST)
    found = await sessions.find(secret, "192.0.2.2")
    assert found is not None
    assert (found.actor.id, found.actor.role, found.actor.address) == ("account:ada", "approver", "192.0.2.2")
    assert await sessions.find(auth.digest(secret), "") is None
    assert await sessions.find("", "") is None
    kept = (here.store._directory / "wicketgate.db").read_bytes()
    kept += (here.store._directory / "wicketgate.db-wal").read_bytes()
    assert secret.encode() not in kept
    assert opened.session.sha256.encode() in kept


async def test_thirty_idle_minutes_end_it(here: World, sessions: Sessions) -> None:
    secret, _ = await sessions.open(ADA, "full", "totp", GUEST)
    for _ in range(5):
        here.clock.move(minutes=29)
        assert await sessions.find(secret, ""), "use keeps it"
    here.clock.move(seconds=IDLE.total_seconds())
    assert await sessions.find(secret, "") is None
    here.clock.move(minutes=-IDLE.total_seconds() / 60)
    assert await sessions.find(secret, "") is None, "and it does not come back"


async def test_twelve_hours_end_it_however_it_is_used(here: World, sessions: Sessions) -> None:
    secret, _ = await sessions.open(ADA, "full", "totp", GUEST)
    for _ in range(47):
        here.clock.move(minutes=15)
        assert await sessions.find(secret, "")
    here.clock.move(minutes=15)
    assert await sessions.find(secret, "") is None


async def test_proving_oneself_again_does_not_lengthen_it(here: World, sessions: Sessions) -> None:
    secret, opened = await sessions.open(ADA, "full", "totp", GUEST)
    here.clock.move(minutes=20)
    signed = await sessions.find(secret, "")
    assert signed is not None
    assert not signed.fresh(here.clock())
    again = await sessions.renew(signed, "totp")
    renewed = await sessions.find(again, "")
    assert renewed is not None
    assert renewed.fresh(here.clock())
    assert renewed.session.until == opened.session.opened + ABSOLUTE
    assert await sessions.find(secret, "") is None, "the id before it is worth nothing"
    here.clock.move(seconds=FRESH.total_seconds() + 1)
    assert not renewed.fresh(here.clock())


async def test_a_sign_in_that_is_not_finished_lasts_five_minutes(here: World, sessions: Sessions) -> None:
    secret, half = await sessions.open(ADA, "password", "password", GUEST)
    assert not here.store.events(EventFilter(tag="access:session:opened")), "nobody is in yet"
    assert not await sessions.all()
    whole = await sessions.renew(half, "totp")
    assert whole != secret
    assert await sessions.find(secret, "") is None
    (event,) = here.store.events(EventFilter(tag="access:session:opened"))
    assert secret not in str(event)
    assert whole not in str(event)
    secret, _ = await sessions.open(ADA, "password", "password", GUEST)
    here.clock.move(seconds=UNFINISHED.total_seconds())
    assert await sessions.find(secret, "") is None


@pytest.mark.parametrize("changed", [{"version": 2}, {"disabled": True}, {"version": 2, "role": "reader"}])
async def test_a_change_of_the_account_ends_every_session(
    here: World, sessions: Sessions, changed: dict[str, object]
) -> None:
    secrets = [(await sessions.open(ADA, "full", "totp", GUEST))[0] for _ in range(2)]
    await here.put(replace(ADA, **changed))  # type: ignore[arg-type]
    assert [await sessions.find(secret, "") for secret in secrets] == [None, None]
    assert not await sessions.all()


async def test_a_tokens_session_ends_with_the_token(here: World, sessions: Sessions) -> None:
    issued = auth.issue("first run", "owner", here.clock(), timedelta(hours=2))
    here.store.commit(changes.issue(issued.token), SYSTEM, here.clock())
    await here.live.current()
    secret, _ = await sessions.open(issued.token, "full", "token", GUEST)
    found = await sessions.find(secret, "")
    assert found is not None
    assert found.account is None
    here.store.commit(changes.withdraw(issued.token, "gone"), SYSTEM, here.clock())
    assert await sessions.find(secret, "") is None


async def test_a_tokens_session_is_used_where_the_token_may_be(here: World, sessions: Sessions) -> None:
    issued = auth.issue("terminal", "owner", here.clock(), timedelta(hours=2))
    bound = replace(issued.token, networks=("192.0.2.0/28", "2001:db8::/64"))
    here.store.commit(changes.issue(bound), SYSTEM, here.clock())
    await here.live.current()
    secret, _ = await sessions.open(bound, "full", "token", GUEST)
    for elsewhere in ("198.51.100.7", "192.0.2.16", "2001:db8:1::1", ""):
        assert await sessions.find(secret, elsewhere) is None
    for there in ("192.0.2.1", "::ffff:192.0.2.9", "2001:db8::7"):
        assert await sessions.find(secret, there), "whoever took the cookie elsewhere did not end it"


async def test_ending_one_ends_it_everywhere_and_is_told(here: World, sessions: Sessions) -> None:
    secret, signed = await sessions.open(ADA, "full", "totp", GUEST)
    other, _ = await sessions.open(ADA, "full", "passkey", GUEST)
    await sessions.end(signed, signed.actor)
    assert await sessions.find(secret, "") is None
    assert await Sessions(here.store, here.live, here.clock).find(other, "")
    (event,) = here.store.events(EventFilter(tag="access:session:closed"))
    assert event.detail["session"] == signed.session.id
