"""Sealing: a signed checkpoint over each chain, every thousand records or every minute, and when the gate stops.

Decided here:

* What was sealed last is compared with the database at every start, from outside of it. A database that says
  otherwise is an alert and an event of the log itself; sealing goes on, since a gate that stops recording helps nobody.
* A chain that was cut off while the gate runs is told once, and not sealed any more until it is started again.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from proxy.alerts import Alerts
from proxy.audit.key import KeyPlace
from proxy.errors import StoreError
from proxy.notices import SYSTEM
from proxy.policy import changes_audit, notes
from proxy.policy.notes import BadNote, Checkpoint, Signer, Trust
from proxy.store import EventFilter, Store
from proxy.store.trail import CHAINS, Chain, Shortened

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
RECORDS = 1000
AGE = timedelta(seconds=60)


class Sealer:
    """Seals both chains with one key."""

    def __init__(
        self, store: Store, place: KeyPlace, alerts: Alerts, restored: Path, clock: Callable[[], datetime]
    ) -> None:
        self._store, self._place, self._alerts, self._clock = store, place, alerts, clock
        self._restored = restored
        self._signer: Signer | None = None
        self._starting, self._started = asyncio.Lock(), False
        self._cut_off: set[Chain] = set()

    async def start(self) -> None:
        """Find or make the key, and compare what was sealed last with the database; once, whoever asks.

        Raises SettingsError, StoreError.
        """
        async with self._starting:
            if self._started:
                return
            instance = self._store.trail.instance
            self._signer = await asyncio.to_thread(self._place.load, instance)
            if self._signer is None:
                await self._make_key(instance)
            for kept in await asyncio.to_thread(self.kept):
                await self._compare(kept)
            if self._restored.exists():
                await self._accept()
            self._started = True

    @property
    def signer(self) -> Signer:
        """The gate's key."""
        if self._signer is None:
            raise StoreError("The audit key is not loaded yet. Try again in a moment.")
        return self._signer

    def trust(self) -> Trust:
        """Return who is believed to have signed checkpoints of this log."""
        return self._place.trust(self.signer)

    def kept(self) -> list[Checkpoint]:
        """Return the checkpoints that are kept beside the key, as far as they are believed."""
        trust, found = self.trust(), []
        for note in self._place.kept():
            try:
                found.append(trust.read(note))
            except BadNote as error:
                log.warning("A checkpoint kept beside the audit key is not believed: %s", error)
        return found

    async def run(self) -> None:
        """Seal when it is time, until cancelled."""
        await asyncio.sleep(LOOK_SECONDS)  # loading the key takes a while: the gate answers before
        await self.start()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            for chain in CHAINS:
                if await asyncio.to_thread(self._due, chain):
                    await self.seal(chain)

    async def seal_all(self) -> None:
        """Seal what is not sealed yet. Raises SettingsError, StoreError."""
        for chain in CHAINS:
            await self.seal(chain)

    async def seal(self, chain: Chain) -> None:
        """Seal one chain as it stands. Raises SettingsError, StoreError; a chain that was cut off is told once."""
        await self.start()
        try:
            sealed = await asyncio.to_thread(self._store.trail.seal, chain, self.signer.sign, self._clock())
        except Shortened as error:
            if chain not in self._cut_off:
                self._cut_off.add(chain)
                await self._alerts.tell(changes_audit.contradicted(chain, str(error), ""), SYSTEM)
            return
        if sealed is not None:
            await self._keep()

    def _due(self, chain: Chain) -> bool:
        latest = self._store.trail.latest(chain)
        fresh = self._store.trail.last(chain) - (latest.size if latest else 0)
        old = latest is None or latest.at + AGE <= self._clock()
        return fresh >= RECORDS or (bool(fresh) and old)

    async def _make_key(self, instance: str) -> None:
        trail = self._store.trail
        sealed_before = any(trail.latest(chain) for chain in CHAINS)
        earlier = await asyncio.to_thread(_known_keys, self._store) if sealed_before else ""
        self._signer = await asyncio.to_thread(self._place.make, instance, earlier)
        change = changes_audit.made_key(self._signer.verifiers.splitlines(), instead=sealed_before)
        await (self._alerts.tell if sealed_before else self._alerts.record)(change, SYSTEM)

    async def _accept(self) -> None:
        """Go on from a database that was restored on purpose: say so, and let its checkpoints be the last ones."""
        made = (await asyncio.to_thread(self._restored.read_text)).strip()
        await self._alerts.tell(changes_audit.restored(made), SYSTEM)
        await self._keep()
        self._restored.unlink()

    async def _compare(self, kept: Checkpoint) -> None:
        """Tell when the database is not what this checkpoint says it was."""
        problem = await asyncio.to_thread(self._problem, kept)
        if problem:
            await self._alerts.tell(changes_audit.contradicted(kept.chain, problem, kept.text), SYSTEM)

    def _problem(self, kept: Checkpoint) -> str:
        chain: Chain = "events" if kept.chain == "events" else "decisions"
        last = self._store.trail.last(chain)
        said = "It was cut off or rewritten, or restored from an older backup: wicketgate audit verify"
        if last < kept.size:
            return f"The log of {chain} ends at {last}, although a checkpoint over {kept.size} was signed. {said}"
        root = self._store.trail.root(chain, kept.size)
        if root is not None and root != kept.root:
            return f"The log of {chain} is not the one that a checkpoint over {kept.size} was signed for. {said}"
        return ""

    async def _keep(self) -> None:
        """Keep what was sealed last of each chain beside the key, out of reach of who has the database alone."""
        latest = [await asyncio.to_thread(self._store.trail.latest, chain) for chain in CHAINS]
        try:
            await asyncio.to_thread(self._place.keep, [sealed.note for sealed in latest if sealed])
        except OSError as error:
            log.error("The last checkpoint cannot be kept beside the audit key: %s", error)


def _known_keys(store: Store) -> str:
    """Return the verifier keys that events name: those that sealed this log before its key was lost."""
    found = store.events(EventFilter(tag="audit:key"))
    said = [event.detail.get("keys") for event in reversed(found)]
    lines = [str(line) for keys in said if isinstance(keys, list) for line in keys]
    mine = notes.origin_of(store.trail.instance, "")
    return "".join(f"{line}\n" for line in dict.fromkeys(lines) if line.startswith(mine) and _readable(line))


def _readable(line: str) -> bool:
    try:
        return bool(Trust.of(line))
    except BadNote:
        return False
