"""What the gate itself puts into the audit: origins learnt or refused, what the index quarantined, and files that are
not what they should be.

Each matter is told once, also across restarts; a page that is read a thousand times does not fill the log.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.alerts import Alerts
from proxy.errors import OriginRefused
from proxy.live import Live
from proxy.model import Actor, Change, LateFile, Origin, ProjectPage, Quarantine, ReleaseFile
from proxy.policy import changes, changes_index, changes_late
from proxy.policy.listing import Composition
from proxy.policy.snapshot import PolicySnapshot
from proxy.shelf import Held
from proxy.upstream.origins import origin_of

log = logging.getLogger(__name__)

SYSTEM = Actor("system", "system", "wicketgate", "system")
TOLD_AT_MOST = 10_000
TOLD_OF_ONE_PAGE = 5
ORIGINS_AT_MOST = 4
"""From how many servers the first page may list its files, to be believed: an index has one or two."""
LATE_AT_MOST = 2_000
"""Late files that are kept, those that were declined included; a page may not fill the inbox."""


class Notices:
    """Knows what was learnt and what was told."""

    def __init__(self, alerts: Alerts, live: Live, own_origin: str, clock: Callable[[], datetime]) -> None:
        self._alerts, self._live, self._own, self._clock = alerts, live, own_origin, clock
        self._told: dict[tuple[str, ...], None] = {}
        self._learning, self._noting = asyncio.Lock(), asyncio.Lock()

    async def origins(self, page: ProjectPage | None, snapshot: PolicySnapshot) -> bool:
        """Learn where files come from with the first page that has any; report what is new later.

        Returns whether anything was learnt, so that the policy moved.
        """
        if page is None or not page.files:
            return False
        beginnings = {file.url[: file.url.find("/", len("https://"))] for file in page.files}  # few, of thousands
        found = {_origin(url) for url in beginnings} - {"", *(origin.url for origin in snapshot.origins)}
        if not any(origin.settled for origin in snapshot.origins):
            return await self._learn(page.project, sorted(found) or [self._own])
        if not found:
            return False
        for origin in sorted(found)[:TOLD_OF_ONE_PAGE]:
            await self._tell(changes.refuse_origin(origin, f"{page.project} lists files at {origin}"), "origin", origin)
        return False

    async def _learn(self, project: NormalizedName, origins: list[str]) -> bool:
        if len(origins) > ORIGINS_AT_MOST:
            named = ", ".join(origins[:TOLD_OF_ONE_PAGE])
            said = f"{project}, the first page that lists files, lists them at {len(origins)} servers: {named}, …"
            step = "None was learnt. Look at the index; then: wicketgate origins allow https://files.example"
            await self._tell(changes.refuse_origin(named, f"{said} {step}"), "first page")
            return False
        async with self._learning:
            snapshot = await self._live.current()
            if not any(origin.settled for origin in snapshot.origins):  # or another page was first
                await self.allow(origins, "Learnt from the first page of the upstream that lists files")
        return True

    async def allow(self, urls: Iterable[str], reason: str, *, settled: bool = True) -> None:
        """Let files come from these origins, as one act of the gate's own."""
        at = self._clock()
        origins = [Origin(f"origin:{url}", url, SYSTEM.name, at, settled) for url in urls]
        await self._alerts.record(changes.allow_origins(origins, reason), SYSTEM)
        log.info("Files may come from %s: %s.", ", ".join(origin.url for origin in origins), reason)

    async def quarantine(self, project: NormalizedName, held: Held) -> bool:
        """Note that the index quarantined a project, or that a page that came later, with files, says otherwise.

        Returns whether the policy moved.
        """
        if held.page is None or (held.page.status != "quarantined" and project not in self._live.snapshot.quarantined):
            return False
        async with self._noting:
            noted = (await self._live.current()).quarantined.get(project)
            if held.page.status == "quarantined":
                change = None if noted else changes_index.quarantine(held.page, self._clock())
            else:
                change = changes_index.release(noted) if noted and _is_later(held, noted) else None
            if change is None:
                return False
            await self._alerts.tell(change, SYSTEM)
            return True

    async def changed(self, project: NormalizedName, files: Iterable[ReleaseFile]) -> None:
        """Report files that the upstream lists with other bytes than were approved."""
        for file in files:
            sentence = f"{file.filename} changed upstream after it was approved; the approved bytes stay in force"
            digest = file.sha256 or "none"
            change = changes.report("file:digest:changed", project, sentence, filename=file.filename, sha256=digest)
            await self._tell(change, "changed", file.filename, digest)

    async def names_damaged(self, sha256: str, problem: str) -> None:
        """Report that the list of popular names that was put in force is not what was taken."""
        await self._tell(changes.report("feed:names:damaged", "", problem, sha256=sha256), "names", sha256)

    async def contradiction(self, project: NormalizedName, file: ReleaseFile, problem: str) -> None:
        """Report a file in which something contradicts its name."""
        await self._unfit(project, file.filename, problem)

    async def unfit(self, project: NormalizedName, composition: Composition) -> None:
        """Report rows of a page that lie, approved files that contradict themselves, and files without a digest."""
        lying = [(row.filename, row.problem) for row in composition.unreadable if row.inconsistent]
        lying += [(j.file.filename, j.file.contradiction) for j in composition.files if j.file.contradiction]
        for filename, problem in lying[:TOLD_OF_ONE_PAGE]:
            await self._unfit(project, filename, problem)
        without = [judged.file.filename for judged in composition.files if judged.file.sha256 is None]
        if without:
            sentence = f"{without[0]} is listed without a SHA-256 digest, and refused; so may be others of {project}"
            await self._tell(changes.report("file:digest:missing", project, sentence), "digest", project)

    async def _unfit(self, project: NormalizedName, filename: str, problem: str) -> None:
        sentence = f"{filename} is not what it says, and refused. {problem}"
        change = changes.report("file:facts:inconsistent", project, sentence, filename=filename, problem=problem)
        await self._tell(change, "inconsistent", project, filename)

    async def late(self, files: Iterable[LateFile]) -> None:
        """Put files that were added to an approved version into the inbox."""
        new = [file for file in files if ("late", file.id) not in self._told]
        if not new:
            return
        kept = {entry.id for entry in await self._alerts.entries("late")}
        room = max(LATE_AT_MOST - len(kept), 0)
        noted = [file for file in new if file.id not in kept][:room]
        if noted:
            await self._alerts.record(changes_late.note(noted), SYSTEM)
        for file in new:
            self._remember("late", file.id)

    async def _tell(self, change: Change, *matter: str) -> None:
        if matter not in self._told:
            self._remember(*matter)
            if not await self._alerts.told(change):
                await self._alerts.tell(change, SYSTEM)

    def _remember(self, *matter: str) -> None:
        if len(self._told) >= TOLD_AT_MOST:
            self._told.pop(next(iter(self._told)))
        self._told[matter] = None


def _is_later(held: Held, noted: Quarantine) -> bool:
    """Whether a page lists files and is younger than the quarantine; another worker may hold one from before it."""
    listed = held.page is not None and bool(held.page.files)
    return listed and not held.stale and held.said_at is not None and held.said_at > noted.at


def _origin(url: str) -> str:
    try:
        return origin_of(url)
    except OriginRefused:
        return ""
