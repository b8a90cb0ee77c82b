"""Importing what a lock pins: shown first, then granted as one change.

Decided here:

* The files whose digests the lock names are frozen, and no others of their version; all of it where it names none.
* Source archives, legacy formats and yanked files need their own permission, as in any approval.
* What names no exact version, or no file of an index, is a fault. One fault leaves everything as it was, unless
  faulty entries are to be skipped.
* What an approval opens already, as far as this one would, is not granted again.
* Pages are asked for a few at a time, and how far it is gets told.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from admin.actions.granting import Draft, Granting, Outcome, unmet
from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, Wish, ends_later, said
from admin.roles import Permission, demand
from proxy.errors import GateError
from proxy.locks import Reading, Where
from proxy.locks.pins import Pin, pins, unpinnable
from proxy.model import Actor, Approval, AuditEvent
from proxy.policy.rules.approved import in_force
from proxy.policy.snapshot import PolicySnapshot
from proxy.policy.versions import covers

AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Step:
    """How far an import is: so many releases of all are looked at, this project's last."""

    done: int
    of: int
    project: str


@dataclass(frozen=True, slots=True)
class Fault:
    """Why one entry cannot be imported. ``acknowledge`` is what an approver may add to overrule it."""

    where: Where
    sentence: str
    project: str = ""
    version: str = ""
    acknowledge: str = ""


@dataclass(frozen=True, slots=True)
class Item:
    """One release of a file: its draft, and what that would open; no outcome where it is open already."""

    pin: Pin
    draft: Draft
    outcome: Outcome | None = None

    @property
    def fault(self) -> Fault | None:
        """What must be acknowledged before it can be granted, None where nothing must."""
        missing = unmet(self.outcome.composition) if self.outcome else None
        return Fault(self.pin.where, str(missing), self.pin.project, self.pin.version, missing.say) if missing else None


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did or would do, release by release, and its faults. ``event`` is None where nothing was done."""

    items: tuple[Item, ...]
    faults: tuple[Fault, ...]
    revision: int
    event: AuditEvent | None = None


class Faulty(Unusable):
    """An import of which some entries cannot be done, so that none was."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__(f"Nothing was imported: {len(faults)} entries cannot be. Mend them, or say --skip-faulty.")
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Imports:
    """Approvals of everything that a file pins, as one change."""

    hands: Hands
    granting: Granting

    async def bring_in(
        self,
        actor: Actor,
        wish: Wish,
        reading: Reading,
        progress: Callable[[Step], None],
        *,
        dry_run: bool = False,
        skip_faulty: bool = False,
        if_revision: int | None = None,
    ) -> Imported:
        """Approve what a file pins. With ``dry_run`` nothing is changed, and faults are told with the rest.

        Raises Forbidden, Unusable, Faulty, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_APPROVE)
        ends_later(wish, self.hands.clock())
        said(wish.reason)
        shown = await self._shown(actor, wish, reading, progress)
        if dry_run:
            return shown
        if shown.faults and not skip_faulty:
            raise Faulty(shown.faults)
        return await self._granted(actor, shown, f"{reading.file} ({reading.kind})", if_revision)

    async def _shown(self, actor: Actor, wish: Wish, reading: Reading, progress: Callable[[Step], None]) -> Imported:
        """Return what importing everything would do."""
        policy = await self.hands.policy(wish.channel)
        drafted = await self._drafted(actor, wish, pins(reading), progress)
        items = [item for item in drafted if isinstance(item, Item)]
        missing = [item for item in items if not _is_open(item.draft.approval, policy, self.hands.clock())]
        outcomes = await self.granting.foresee([item.draft for item in missing]) if missing else []
        by_pin = dict(zip((item.pin for item in missing), outcomes, strict=True))
        weighed = tuple(Item(item.pin, item.draft, by_pin.get(item.pin)) for item in items)
        faults = [
            *(Fault(remark.where, remark.sentence) for remark in unpinnable(reading)),
            *(fault for fault in drafted if isinstance(fault, Fault)),
            *(item.fault for item in weighed if item.fault),
        ]
        return Imported(weighed, tuple(faults), policy.revision)

    async def _granted(self, actor: Actor, shown: Imported, source: str, if_revision: int | None) -> Imported:
        """Grant what is new and has no fault; nothing is committed where there is nothing such."""
        new = [item for item in shown.items if item.outcome and not item.fault]
        known = [item for item in shown.items if not item.outcome]
        if not new:
            return Imported(tuple(known), shown.faults, shown.revision)
        drafts = [item.draft for item in new]
        outcomes = await self.granting.grant(actor, drafts, dry_run=False, if_revision=if_revision, source=source)
        granted = [Item(item.pin, item.draft, outcome) for item, outcome in zip(new, outcomes, strict=True)]
        return Imported((*granted, *known), shown.faults, outcomes[0].revision, outcomes[0].event)

    async def _drafted(
        self, actor: Actor, wish: Wish, wanted: Sequence[Pin], progress: Callable[[Step], None]
    ) -> list[Item | Fault]:
        """Make a draft of each release, a few at a time; a fault where none can be made."""
        turn, done = asyncio.Semaphore(AT_ONCE), iter(range(1, len(wanted) + 1))

        async def drafted(pin: Pin) -> Item | Fault:
            async with turn:
                try:
                    draft = await self.granting.draft(actor, wish, pin.project, f"=={pin.version}", pin.sha256s)
                    return Item(pin, _narrowed(draft))
                except GateError as error:
                    return Fault(pin.where, str(error), pin.project, pin.version)
                finally:
                    progress(Step(next(done), len(wanted), pin.project))

        return list(await asyncio.gather(*map(drafted, wanted)))


def _narrowed(draft: Draft) -> Draft:
    """Return a draft with no more of its page than it speaks of: a hundred whole pages would fill the memory."""
    approval = draft.approval
    files = tuple(file for file in draft.page.files if covers(approval.specifier, file.version))
    return replace(draft, page=replace(draft.page, files=files))


def _is_open(wanted: Approval, policy: PolicySnapshot, at: datetime) -> bool:
    """Whether approvals in force froze the same files already, as long and with as much acknowledged."""
    as_wide = [
        grant
        for grant in policy.grants.get(wanted.project, ())
        if in_force(grant, at)
        and set(wanted.acknowledged) <= set(grant.approval.acknowledged)
        and _ends_no_sooner(grant.approval.until, wanted.until)
    ]
    pinned = {(name, pin.sha256) for grant in as_wide for name, pin in grant.pins.items()}
    return all((file.filename, file.sha256) in pinned for file in wanted.files)


def _ends_no_sooner(one: datetime | None, other: datetime | None) -> bool:
    return one is None or (other is not None and one >= other)
