"""Files that were added to approved versions later: admitted by digest with one act, or declined for good.

Decided here:

* What is admitted is what was looked at: the digest that stands in the inbox, and the page must still list it.
* All that are named are admitted, or none.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import groupby

from packaging.utils import NormalizedName

from admin.actions.granting import Draft, Granting, Outcome
from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, Wish, said
from admin.roles import Permission, demand
from proxy.model import Actor, AuditEvent, LateFile
from proxy.policy import changes_late


@dataclass(frozen=True, slots=True)
class Late:
    """Late files."""

    hands: Hands
    granting: Granting

    async def waiting(self, actor: Actor) -> list[LateFile]:
        """Return the files that wait. Raises Forbidden, StoreError."""
        demand(actor, Permission.INBOX_READ)
        return await asyncio.to_thread(self.hands.late)

    async def admit(
        self,
        actor: Actor,
        filenames: Sequence[str],
        reason: str,
        acknowledge: Collection[str] = (),
        if_revision: int | None = None,
    ) -> list[Outcome]:
        """Approve exactly these files.

        Raises Forbidden, Unusable, NeedsAcknowledgement, UpstreamError, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_APPROVE)
        drafts = [
            await self._draft(actor, list(files), said(reason), acknowledge)
            for _, files in groupby(sorted(await self._named(filenames), key=_release), key=_release)
        ]
        return await self.granting.grant(actor, drafts, dry_run=False, if_revision=if_revision)

    async def decline(self, actor: Actor, filenames: Sequence[str], reason: str) -> AuditEvent:
        """Take files out of the inbox without approving them. Raises Forbidden, Unusable, StoreError."""
        demand(actor, Permission.POLICY_APPROVE)
        found = await self._named(filenames)
        return await self.hands.commit(changes_late.decline(found, said(reason)), actor)

    async def _named(self, filenames: Sequence[str]) -> list[LateFile]:
        if not filenames:
            raise Unusable("No file was named. Tick those that are meant.")
        waiting = await asyncio.to_thread(self.hands.late)
        for filename in filenames:
            if all(late.file.filename != filename for late in waiting):
                raise Unusable(f"No file {filename[:128]!r} waits in the inbox. wicketgate inbox lists those that do.")
        return [late for late in waiting if late.file.filename in filenames]

    async def _draft(self, actor: Actor, files: list[LateFile], reason: str, acknowledge: Collection[str]) -> Draft:
        """Return the approval of late files of one version, as the page lists them now."""
        channel, project, version = _release(files[0])
        digests = tuple(dict.fromkeys(late.file.sha256 or "" for late in files))
        wish = Wish(f"{project}=={version}", reason, channel=channel, sha256=digests, acknowledge=tuple(acknowledge))
        return await self.granting.draft(actor, wish, project, f"=={version}")


def _release(late: LateFile) -> tuple[str, NormalizedName, str]:
    return late.channel, late.project, late.file.version
