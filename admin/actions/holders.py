"""Who got a release: asked by project and version, by digest, or by an advisory that matches it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, read_project
from proxy.model import HandedOut


@dataclass(frozen=True, slots=True)
class Holders:
    """Those who were handed something out."""

    hands: Hands

    async def who_has(self, project: str, version: str, sha256: str, advisory: str) -> list[HandedOut]:
        """Return who got a release. Raises Unusable where nothing says which, and StoreError."""
        if advisory:
            return await self._who_has_what_matches(advisory)
        if not project and not sha256:
            raise Unusable("Say which: a project (and version), a digest, or an advisory.")
        projects = [read_project(project)] if project else []
        return await asyncio.to_thread(self.hands.store.handed_out, projects, version, sha256)

    async def _who_has_what_matches(self, advisory: str) -> list[HandedOut]:
        record = await asyncio.to_thread(self.hands.store.advisory, advisory)
        if record is None:
            raise Unusable(f"No advisory {advisory[:40]!r} is known.")
        projects = sorted({affected.project for affected in record.affected})
        index = (await self.hands.live.current()).advisories
        had = await asyncio.to_thread(self.hands.store.handed_out, projects)
        return [
            line for line in had if advisory in {m.id for m in index.match(read_project(line.project), line.version)}
        ]
