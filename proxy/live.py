"""The snapshot in force: hear of a change, load the parts that moved, swap one reference.

Requests read the snapshot, never the database. :meth:`Live.current` is called by every request; it
compares two integers, and only when the bell says that something happened does it wait for the load,
so a change is in force on every worker before the command that made it returns.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

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


class Live:
    """Holds the one snapshot of this process."""

    def __init__(self, store: Store, bell: Bell) -> None:
        self._store, self._bell = store, bell
        self._snapshot = PolicySnapshot()
        self._seq = 0
        self._loaded = False
        self._loading = asyncio.Lock()
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
        return self._snapshot if self._bell.read() <= self._seq else None

    async def current(self, _project: NormalizedName | None = None) -> PolicySnapshot:
        """Return the snapshot in force, loading it first when the policy moved.

        When the store cannot be read the last snapshot goes on serving; the watch reports it.
        """
        if self._bell.read() > self._seq:
            try:
                await self.refresh()
            except StoreError as error:
                log.error("The policy moved but cannot be read: %s", error)
        return self._snapshot

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
            try:
                newest = await asyncio.to_thread(self._store.newest)
                if newest != self._seq:
                    self._bell.ring(newest)
                    await self.refresh()
            except StoreError as error:
                log.error("The policy cannot be read: %s", error)


def _brings_advisories(kept: Kept) -> bool:
    return any(isinstance(entry, FeedState) for entry in kept.puts)
