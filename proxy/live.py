"""The snapshot in force: hear of a change, load the parts that moved, swap one reference.

Requests read the snapshot, never the database. :meth:`Live.current` is called by every request; it
compares two integers, and only when the bell says that something happened does it wait for the load,
so a change is in force on every worker before the command that made it returns.

With the database out of order the last snapshot goes on serving, for a while: a revocation could be missed. After
``max_lag`` seconds in which nobody could tell whether it is still the one in force, :meth:`Live.demand_sure` refuses.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime, timedelta

from packaging.utils import NormalizedName

from proxy.errors import StoreError
from proxy.model import FeedState, NamesList, Token
from proxy.policy.credentials import Credentials
from proxy.policy.ranges import AdvisoryIndex
from proxy.policy.similarity import NameIndex
from proxy.policy.snapshot import Names, PolicySnapshot
from proxy.store import Kept, Store
from proxy.store.bell import Bell

log = logging.getLogger(__name__)

WATCH_SECONDS = 1.0
MAX_LAG = 60.0
LEAST_DOUBT = timedelta(minutes=1)
"""A smaller change of a doubt is none."""


class Live:
    """Holds the one snapshot of this process. ``max_lag`` is in seconds; 0 means that it never gets too old.

    ``doubt`` says by how much the clock may be wrong, which the snapshot carries.
    """

    def __init__(
        self, store: Store, bell: Bell, max_lag: float = MAX_LAG, doubt: Callable[[], timedelta] = timedelta
    ) -> None:
        self._store, self._bell, self._max_lag, self._doubt = store, bell, max_lag, doubt
        self._snapshot = PolicySnapshot()
        self._seq = 0
        self._sure_at = time.monotonic()
        self.trouble = ""
        """Why nobody can tell whether the snapshot is the one in force, "" where that is known."""
        self._loaded = False
        self._loading, self._catching_up = asyncio.Lock(), asyncio.Lock()
        self._names_ready = asyncio.Event()
        self.credentials = Credentials()
        self.names_list: NamesList | None = None
        self._learnt: NamesList | None = None
        self._names_moved = asyncio.Event()
        self._names_learnt = asyncio.Event()

    @property
    def snapshot(self) -> PolicySnapshot:
        """The snapshot as it stands, without asking whether the policy moved."""
        return self._snapshot

    @property
    def loaded(self) -> bool:
        """Whether the policy was ever loaded."""
        return self._loaded

    def token(self, sha256: str, at: datetime) -> Token | None:
        """Return the token in force whose secret has this digest."""
        return self.credentials.token(sha256, at)

    def at_hand(self) -> PolicySnapshot | None:
        """Return the snapshot if it is the one in force, None if the policy moved: :meth:`current` loads it then."""
        return None if self._moved() or self._overdue() else self._doubted()

    def _doubted(self) -> PolicySnapshot:
        doubt = self._doubt()
        if abs(doubt - self._snapshot.doubt) >= LEAST_DOUBT:
            self._snapshot = replace(self._snapshot, doubt=doubt)
        return self._snapshot

    def _moved(self) -> bool:
        return self._bell.read() > self._seq

    def _overdue(self) -> bool:
        return bool(self._max_lag) and time.monotonic() - self._sure_at > self._max_lag

    async def current(self, _project: NormalizedName | None = None) -> PolicySnapshot:
        """Return the snapshot in force, loading it first when the policy moved.

        When the store cannot be read it is the last one; whoever serves by it asks :meth:`demand_sure` as well. One
        request tries, and as long as there is trouble only the watch does: nobody else waits for a sick disk.
        """
        if (self._moved() or self._overdue()) and not self.trouble:
            async with self._catching_up:
                if (self._moved() or self._overdue()) and not self.trouble:
                    await self._catch_up()
        return self._doubted()

    def demand_sure(self) -> None:
        """Raise StoreError when the snapshot is so old that a revocation could have been missed."""
        if problem := self.closed:
            raise StoreError(problem)

    @property
    def closed(self) -> str:
        """Why nothing is served by this snapshot any more, "" where it is."""
        if not self._overdue():
            return ""
        seconds = int(time.monotonic() - self._sure_at)
        return f"Nothing is served: for {seconds} s nobody could tell whether something was revoked. {self.trouble}"

    async def _catch_up(self) -> None:
        """Load what moved, or remember why that cannot be done now. Told once, and once when it is over."""
        try:
            await self.refresh()
        except StoreError as error:
            self._not_sure(error)

    def _not_sure(self, error: StoreError) -> None:
        if not self.trouble:
            log.error("The policy cannot be read, and goes on as it was for %d s: %s", self._max_lag, error)
        self.trouble = str(error)

    async def refresh(self) -> None:
        """Load what changed since the last load. Raises StoreError."""
        async with self._loading:
            kept = await asyncio.to_thread(self._store.load, self._seq)
            self.credentials = self.credentials.amended(kept.puts, kept.ends)
            self._take_names(kept)
            fresh = self._snapshot.amended(kept.puts, kept.ends, kept.revision)
            if _brings_advisories(kept):
                packed = await asyncio.to_thread(self._store.packed_advisories)
                fresh = replace(fresh, advisories=AdvisoryIndex.from_packed(packed))
            # The names index is swapped in by another task meanwhile: take it from where it is now.
            self._snapshot = replace(fresh, names=self._snapshot.names.protecting(fresh.grants))
            self._seq, self._loaded = kept.seq, True
            self._be_sure()

    def _be_sure(self) -> None:
        self._sure_at = time.monotonic()
        if self.trouble:
            log.warning("The policy can be read again.")
            self.trouble = ""

    async def learn_names(
        self, popular: Iterable[str], build: asyncio.Future[NameIndex], of: NamesList | None = None
    ) -> None:
        """Take in the names of a list, the most popular first, when their index is built.

        Until then the list before it recognises look-alikes; at the start, what is known by name counts at once.
        """
        known = {name: rank for rank, name in enumerate(popular, 1)}
        if not self._names_ready.is_set():
            self._snapshot = replace(self._snapshot, names=Names(known))
        index = await build
        names = Names(known, popular=index, protected=index).protecting(self._snapshot.grants)
        self._snapshot = replace(self._snapshot, names=names)
        self._learnt = of
        self._names_ready.set()
        self._names_learnt.set()

    async def names_learnt(self) -> None:
        """Wait until the list of names that was chosen last recognises look-alikes."""
        while self._learnt != self.names_list:
            self._names_learnt.clear()
            await self._names_learnt.wait()

    async def other_names(self, than: NamesList | None) -> None:
        """Wait until another list of names than this one is in force."""
        while self.names_list == than:
            self._names_moved.clear()
            await self._names_moved.wait()

    def _take_names(self, kept: Kept) -> None:
        for entry in kept.puts:
            if isinstance(entry, NamesList):
                self.names_list = entry
                self._names_moved.set()

    async def names_known(self, _project: NormalizedName | None = None) -> PolicySnapshot:
        """Wait until look-alikes can be recognised, then return the snapshot in force."""
        await self._names_ready.wait()
        return await self.current()

    async def watch(self) -> None:
        """Mend a bell that was not rung (a crash between commit and ring), every second."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            await self.look()

    async def look(self) -> None:
        """Ask the database which event is the newest, and load what moved. Never raises for a sick one."""
        try:
            newest = await asyncio.to_thread(self._store.newest)
        except StoreError as error:
            self._not_sure(error)
            return
        if newest == self._seq:
            self._be_sure()
        else:
            self._bell.ring(newest)
            await self._catch_up()


def _brings_advisories(kept: Kept) -> bool:
    return any(isinstance(entry, FeedState) for entry in kept.puts)
