"""What somebody must hear at once: into the audit, into the log, and out to where the team reads.

Alerts leave the house through Apprise (webhook, e-mail, Slack and a hundred others), one URL for each
place, named by the operator. Each is tried a few times; one that could not be delivered is in the log,
and the audit holds every alert whatever became of it.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

from proxy.errors import StoreError
from proxy.live import Live
from proxy.model import Actor, Change, Entry
from proxy.store import EventFilter, Store

log = logging.getLogger(__name__)

TRIES = 4
FIRST_PAUSE = 2.0
LONGEST_BODY = 8_000
LOOKED_BACK = 1_000


class Messenger(Protocol):
    """Whoever carries a message out of the house."""

    async def send(self, title: str, body: str) -> bool:
        """Deliver a message everywhere; False where any place did not take it."""


class Apprised:
    """Carries messages through Apprise. Making one imports it, which takes a moment."""

    def __init__(self, urls: Sequence[str]) -> None:
        import apprise  # noqa: PLC0415  an extra, and slow to import: only who sends alerts pays for it

        # Whoever answers there does not lead an alert elsewhere.
        self._places = apprise.Apprise(asset=apprise.AppriseAsset(http_redirects=False))
        self.unusable = [url.partition(":")[0] for url in urls if not self._places.add(url)]

    async def send(self, title: str, body: str) -> bool:
        """Deliver a message everywhere; False where any place did not take it."""
        return bool(await self._places.async_notify(title=title, body=body))


class Alerts:
    """Tells of a matter once, everywhere."""

    def __init__(self, store: Store, live: Live, clock: Callable[[], datetime], messenger: Messenger | None) -> None:
        self._store, self._live, self._clock, self._messenger = store, live, clock, messenger
        self._sending: set[asyncio.Task[None]] = set()

    async def tell(self, change: Change, actor: Actor) -> None:
        """Record a report and send it out. Never raises: the caller has served somebody meanwhile."""
        await self.record(change, actor)
        self.announce(change)

    def announce(self, change: Change) -> None:
        """Send out what is in the audit already. Never raises."""
        log.error("%s: %s", change.tag, change.reason)
        if self._messenger is not None:
            task = asyncio.create_task(self._send(self._messenger, change))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def told(self, change: Change) -> bool:
        """Whether this very report stands in the audit already, from before this process started."""
        wanted = EventFilter(project=change.project, tag=change.tag, limit=LOOKED_BACK)
        try:
            events = await asyncio.to_thread(self._store.events, wanted)
        except StoreError as error:
            log.error("The audit cannot be read: %s", error)
            return False
        said = change.detail.items()
        return any(all(event.detail.get(name) == value for name, value in said) for event in events)

    async def entries(self, kind: str) -> list[Entry]:
        """Return what is kept of one kind; nothing while the store cannot be read."""
        try:
            return await asyncio.to_thread(self._store.entries, kind)
        except StoreError as error:
            log.error("What is kept cannot be read: %s", error)
            return []

    async def record(self, change: Change, actor: Actor) -> None:
        """Put a change of the gate itself into the audit and into force."""
        try:
            await asyncio.to_thread(self._store.commit, change, actor, self._clock())
            await self._live.current()
        except StoreError as error:
            # It is in the log already, and what was decided goes on serving.
            log.error("Not in the audit: %s (%s)", change.reason, error)

    async def close(self, grace: float) -> None:
        """Give what is on its way ``grace`` seconds."""
        if self._sending:
            await asyncio.wait(self._sending, timeout=grace)

    async def _send(self, messenger: Messenger, change: Change) -> None:
        pause = FIRST_PAUSE
        for left in range(TRIES - 1, -1, -1):
            if await messenger.send(f"Wicketgate: {change.tag}", _body(change)):
                return
            if left:
                await asyncio.sleep(pause)
                pause *= 4
        log.error("An alert could not be delivered everywhere: %s", change.tag)


def _body(change: Change) -> str:
    """Return an alert as text: its sentence, and a line for each detail."""
    lines = [change.reason]
    for name, value in change.detail.items():
        items = value if isinstance(value, list | tuple) else [value]
        lines += [f"{name}: {item}" for item in items]
    return "\n".join(lines)[:LONGEST_BODY]
