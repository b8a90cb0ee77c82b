"""Resolutions that run: each its actor's own, few at once, each ending by itself, kept for a while afterwards.

They live in memory: one that a restart ended is started again.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from packaging.utils import NormalizedName

from admin.actions.granting import Draft, Outcome
from admin.actions.wishes import Unknown, Unusable, Wish
from admin.closure import Node, Target
from proxy.errors import GateError
from proxy.model import Actor, Finding

log = logging.getLogger(__name__)

AT_ONCE = 4
OF_ONE = 2
KEPT_FOR = timedelta(minutes=15)
KEPT_AT_MOST = 50

State = Literal["running", "ready", "failed", "cancelled"]


@dataclass(frozen=True, slots=True)
class Step:
    """One version of a closure: its approval as drafted and what that opens, None where it is served already."""

    node: Node
    draft: Draft | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True, slots=True)
class Closure:
    """What a requirement needs. ``passed_over`` are look-alikes that were met on the way and are not in it."""

    steps: tuple[Step, ...]
    revision: int
    passed_over: tuple[Finding, ...] = ()


@dataclass(slots=True)
class Resolution:
    """One resolution: what was asked for, what it looked at so far, and what it came to."""

    id: str
    owner: str
    wish: Wish
    targets: Sequence[Target]
    started: datetime
    state: State = "running"
    ended: datetime | None = None
    looked_at: dict[NormalizedName, None] = field(default_factory=dict)
    closure: Closure | None = None
    problem: GateError | None = None
    granting: asyncio.Lock = field(default_factory=asyncio.Lock)

    def seen(self, project: NormalizedName) -> None:
        """Note that a project was looked at."""
        self.looked_at[project] = None


Work = Callable[[Resolution], Coroutine[object, object, Closure]]


class Resolutions:
    """Starts, finds and cancels resolutions. Made and used on one event loop."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._kept: dict[str, Resolution] = {}
        self._tasks: dict[str, asyncio.Task[Closure]] = {}

    def start(self, actor: Actor, wish: Wish, targets: Sequence[Target], work: Work) -> Resolution:
        """Begin a resolution for its actor. Raises Unusable where too many run."""
        self._forget()
        running = [self._kept[identity] for identity in self._tasks]
        if len(running) >= AT_ONCE or sum(one.owner == actor.id for one in running) >= OF_ONE:
            raise Unusable("As many resolutions run as may. Wait until one has ended, or cancel yours.")
        resolution = Resolution(secrets.token_hex(8), actor.id, wish, targets, self._clock())
        self._kept[resolution.id] = resolution
        task = self._tasks[resolution.id] = asyncio.create_task(work(resolution))
        task.add_done_callback(lambda ended: self._ended(resolution, ended))
        return resolution

    def of(self, actor: Actor, identity: str) -> Resolution:
        """Return an actor's own resolution. Raises Unknown where there is none."""
        self._forget()
        found = self._kept.get(identity)
        if found is None or found.owner != actor.id:
            raise Unknown(f"You have no resolution {identity[:40]!r}: it was another's, or ended a while ago.")
        return found

    async def cancel(self, actor: Actor, identity: str) -> Resolution:
        """End a resolution that runs, and what it started, before returning. Raises Unknown."""
        resolution = self.of(actor, identity)
        await self._end([task for task in [self._tasks.get(identity)] if task])
        return resolution

    async def close(self) -> None:
        """End them all."""
        await self._end(list(self._tasks.values()))

    async def _end(self, tasks: list[asyncio.Task[Closure]]) -> None:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _ended(self, resolution: Resolution, task: asyncio.Task[Closure]) -> None:
        del self._tasks[resolution.id]
        resolution.ended = self._clock()
        if task.cancelled():
            resolution.state = "cancelled"
        elif error := task.exception():
            resolution.state, resolution.problem = "failed", _told(error)
        else:
            resolution.state, resolution.closure = "ready", task.result()

    def _forget(self) -> None:
        """Drop what ended a while ago, and the oldest of what is too much."""
        for identity in self._stale():
            del self._kept[identity]

    def _stale(self) -> list[str]:
        at = self._clock()
        over = [one for one in self._kept.values() if one.ended]
        too_many = over[: max(len(self._kept) - KEPT_AT_MOST, 0)]
        return [one.id for one in over if one in too_many or (one.ended and one.ended + KEPT_FOR <= at)]


def _told(error: BaseException) -> GateError:
    """Return why a resolution failed; a defect of ours stands in the log as well."""
    if isinstance(error, GateError):
        return error
    log.error("A resolution failed.", exc_info=error)
    return GateError(f"The resolution failed ({type(error).__name__}). Tell the people who run this gate.")
