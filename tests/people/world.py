"""What the tests of people share: a clock that is moved by hand, and a store with somebody in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from proxy.live import Live
from proxy.model import Account, Actor, Change
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT

SYSTEM = Actor("system", "system", "a test", "system")
ADA = Account("account:ada", "ada", "approver", "owner", AT, AT, password="$argon2id$x")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        return self.at

    def move(self, **by: float) -> None:
        self.at += timedelta(**by)


@dataclass(frozen=True, slots=True)
class World:
    """A store, what is in force of it, and a clock."""

    store: SqliteStore
    live: Live
    clock: Clock

    async def put(self, *entries: Account) -> None:
        """Put entries in force."""
        self.store.commit(Change("access:account:made", "", "a test", entries), SYSTEM, self.clock())
        await self.live.current()


@asynccontextmanager
async def world(path: Path) -> AsyncIterator[World]:
    """Open one in a folder."""
    store = SqliteStore(path)
    live = Live(store, store.bell)
    await live.refresh()
    yield World(store, live, Clock())
    store.close()
