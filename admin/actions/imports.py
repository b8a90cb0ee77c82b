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
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from packaging.utils import NormalizedName

from admin.actions.granting import Draft, Granting, Outcome, unmet
from admin.actions.hands import Hands
from admin.actions.wishes import Unusable, Wish, ends_later, said
from admin.roles import Permission, demand
from proxy.errors import GateError
from proxy.locks import Locked, Reading, Where
from proxy.model import Actor, Approval, AuditEvent
from proxy.policy.rules.approved import in_force
from proxy.policy.snapshot import PolicySnapshot

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
class Release:
    """One version of a project as a file pins it: with these digests, or with none."""

    project: NormalizedName
    version: str
    where: Where
    sha256s: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did or would do: ``new`` releases with their outcomes, those that were ``open`` before, faults."""

    new: tuple[tuple[Release, Outcome], ...]
    open: tuple[Release, ...]
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
        policy = await self.hands.policy(wish.channel)
        releases, faults = _releases(reading)
        drafts, more = await self._drafts(actor, wish, releases, progress)
        missing = [(one, draft) for one, draft in drafts if not _is_open(draft.approval, policy, self.hands.clock())]
        known = tuple(one for one, draft in drafts if (one, draft) not in missing)
        outcomes = await self.granting.foresee([draft for _, draft in missing]) if missing else []
        unacknowledged = list(_unacknowledged(missing, outcomes))
        faults += more + unacknowledged
        if faults and not dry_run and not skip_faulty:
            raise Faulty(faults)
        bad = {(fault.project, fault.version) for fault in unacknowledged}
        good = [(one, draft) for one, draft in missing if (one.project, one.version) not in bad]
        new = tuple((one, outcome) for (one, _), outcome in zip(missing, outcomes, strict=True))
        shown = Imported(new, known, tuple(faults), (await self.hands.live.current()).revision)
        if dry_run or not good:
            return shown if dry_run else replace(shown, new=())
        return await self._granted(actor, good, shown, if_revision, f"{reading.file} ({reading.kind})")

    async def _granted(
        self,
        actor: Actor,
        good: Sequence[tuple[Release, Draft]],
        shown: Imported,
        if_revision: int | None,
        source: str,
    ) -> Imported:
        drafts = [draft for _, draft in good]
        outcomes = await self.granting.grant(actor, drafts, dry_run=False, if_revision=if_revision, source=source)
        new = tuple((one, outcome) for (one, _), outcome in zip(good, outcomes, strict=True))
        return replace(shown, new=new, revision=outcomes[0].revision, event=outcomes[0].event)

    async def _drafts(
        self, actor: Actor, wish: Wish, releases: Sequence[Release], progress: Callable[[Step], None]
    ) -> tuple[list[tuple[Release, Draft]], list[Fault]]:
        """Make a draft of each release, a few at a time; the faults of those of which none can be made."""
        turn, done = asyncio.Semaphore(AT_ONCE), iter(range(1, len(releases) + 1))

        async def drafted(one: Release) -> Draft | Fault:
            async with turn:
                try:
                    return await self.granting.draft(actor, wish, one.project, f"=={one.version}", one.sha256s)
                except GateError as error:
                    return Fault(one.where, str(error), one.project, one.version)
                finally:
                    progress(Step(next(done), len(releases), one.project))

        found = list(zip(releases, await asyncio.gather(*map(drafted, releases)), strict=True))
        drafts = [(one, draft) for one, draft in found if isinstance(draft, Draft)]
        return drafts, [fault for _, fault in found if isinstance(fault, Fault)]


def _releases(reading: Reading) -> tuple[list[Release], list[Fault]]:
    """Return each release that a file pins, once, and what in it is no release of an index."""
    faults = [Fault(remark.where, remark.sentence) for remark in reading.faults]
    code = (address for address in reading.addresses if address.kind == "code")
    faults += [Fault(found.where, f"{found.url} is no file of an index, so it cannot be approved.") for found in code]
    found: dict[tuple[NormalizedName, str], Release] = {}
    for locked in reading.locked:
        if problem := _unpinned(locked):
            faults.append(Fault(locked.where, problem, locked.project))
            continue
        key = locked.project, locked.version
        before = found.setdefault(key, Release(*key, locked.where))
        found[key] = replace(before, sha256s=before.sha256s | set(locked.sha256s))
    return list(found.values()), faults


def _unpinned(locked: Locked) -> str:
    """Return why an entry pins nothing that could be frozen, "" where it does."""
    if not locked.version:
        return (
            f"{locked.project}{locked.specifier} names no exact version. Lock it first (uv lock, pip-compile), "
            f"or approve the range: wicketgate approve '{locked.project}{locked.specifier}'"
        )
    if locked.direct and not locked.sha256s:
        return f"{locked.project} is taken from an address without a digest, so nothing says which bytes are meant."
    return ""


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


def _unacknowledged(drafted: Iterable[tuple[Release, Draft]], outcomes: Iterable[Outcome]) -> Iterator[Fault]:
    for (one, _), outcome in zip(drafted, outcomes, strict=True):
        if missing := unmet(outcome.composition):
            yield Fault(one.where, str(missing), one.project, one.version, missing.say)
