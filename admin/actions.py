"""The security team's verbs. Each checks the role, shows what would happen, and commits one change.

Decided here:

* Approved means these bytes: the files that match now are frozen by digest, together with the digest
  of their metadata. What appears later waits for a look, unless the approval is a standing one.
* Nothing is approved that would not be served at all for a reason the approver has not met: a
  look-alike must be acknowledged by the name it resembles.
* A reason is not optional.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName

from admin import auth
from admin.auth import Issued
from admin.closure import Node, Resolver, Target
from admin.roles import ROLES, Permission, demand
from proxy.errors import GateError
from proxy.gateway import Gateway
from proxy.live import Live
from proxy.model import (
    Actor,
    Approval,
    Ask,
    AuditEvent,
    Change,
    Code,
    Entry,
    Finding,
    HandedOut,
    Origin,
    Prohibition,
    ProjectPage,
    ReleaseFile,
    Terms,
    Token,
    Waiver,
)
from proxy.policy import changes
from proxy.policy.judge import OVERRULABLE
from proxy.policy.listing import Composition, compose
from proxy.policy.rules.approved import admits
from proxy.policy.snapshot import Grant
from proxy.policy.versions import covers
from proxy.policy.versions import specifier as read_specifier
from proxy.simple import names
from proxy.store import Store
from proxy.upstream.origins import origin_of

WAIVER_DAYS_AT_MOST = 180


class Unusable(GateError):
    """What was asked for cannot be done; the message says what to say instead."""


class NeedsAcknowledgement(GateError):
    """An approver must overrule a finding by name first. ``say`` is what to add."""

    def __init__(self, finding: Finding, say: str) -> None:
        super().__init__(f"{finding.sentence} If you mean it, acknowledge it: --acknowledge {say}")
        self.finding, self.say = finding, say


@dataclass(frozen=True, slots=True)
class Wish:
    """What an approver asks for, as written."""

    requirement: str
    reason: str
    standing: bool = False
    prereleases: bool = False
    sdists: bool = False
    acknowledge: tuple[str, ...] = ()
    until: datetime | None = None
    ticket: str = ""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an approval opens, what of it is still withheld, and what the range would hold but was left out."""

    approval: Approval
    revision: int
    composition: Composition
    left_out: tuple[str, ...] = ()
    event: AuditEvent | None = None

    @property
    def opened(self) -> list[str]:
        """The names of the approved files that are served."""
        return [judged.file.filename for judged in self.composition.allowed if judged.file in self.approval.files]


@dataclass(frozen=True, slots=True)
class Draft:
    """An approval that is not granted yet, and the page it was made from."""

    approval: Approval
    page: ProjectPage
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Closure:
    """What a requirement needs, and what approving the missing part did or would do."""

    nodes: tuple[Node, ...]
    outcomes: tuple[Outcome, ...]
    revision: int


@dataclass(slots=True)
class Actions:
    """The verbs, for the API, the pages and, through the API, the terminal."""

    store: Store
    live: Live
    gateway: Gateway
    resolver: Resolver
    clock: Callable[[], datetime]

    async def approve(
        self, actor: Actor, wish: Wish, *, dry_run: bool = False, if_revision: int | None = None
    ) -> Outcome:
        """Approve what a requirement matches now. With ``dry_run`` nothing is changed.

        Raises Forbidden, Unusable, NeedsAcknowledgement, UpstreamError, RevisionConflict, StoreError.
        """
        demand(actor, Permission.POLICY_APPROVE)
        self._ends_later(wish)
        draft = await self._draft(actor, wish, *read_requirement(wish.requirement))
        (outcome,) = await self._grant(actor, [draft], dry_run=dry_run, if_revision=if_revision)
        return outcome

    async def approve_closure(
        self,
        actor: Actor,
        wish: Wish,
        targets: Sequence[Target],
        *,
        dry_run: bool = False,
        if_revision: int | None = None,
    ) -> Closure:
        """Approve the newest version that a requirement resolves to, and exactly what it needs, as one change.

        Raises what :meth:`approve` raises, and Unresolved.
        """
        demand(actor, Permission.POLICY_APPROVE)
        self._ends_later(wish)
        read_requirement(wish.requirement)
        draft = _approval(actor, wish, NormalizedName(""), "", self.clock())
        nodes = await self.resolver.resolve(wish.requirement, draft, targets)
        missing = [node for node in nodes if not await self._is_open(node)]
        drafts = [await self._draft(actor, wish, node.project, f"=={node.version}") for node in missing]
        outcomes = await self._grant(actor, drafts, dry_run=dry_run, if_revision=if_revision) if drafts else []
        return Closure(tuple(nodes), tuple(outcomes), (await self.live.current()).revision)

    async def who_has(self, project: str, version: str, sha256: str, advisory: str) -> list[HandedOut]:
        """Return who got a release. Raises Unusable where nothing says which."""
        if advisory:
            record = await asyncio.to_thread(self.store.advisory, advisory)
            if record is None:
                raise Unusable(f"No advisory {advisory[:40]!r} is known.")
            projects = sorted({affected.project for affected in record.affected})
            index = (await self.live.current()).advisories
            had = await asyncio.to_thread(self.store.handed_out, projects)
            return [
                line for line in had if advisory in {m.id for m in index.match(_project(line.project), line.version)}
            ]
        if not project and not sha256:
            raise Unusable("Say which: a project (and version), a digest, or an advisory.")
        return await asyncio.to_thread(self.store.handed_out, [_project(project)] if project else [], version, sha256)

    def _ends_later(self, wish: Wish) -> None:
        if wish.until is not None and wish.until <= self.clock():
            raise Unusable(f"An approval cannot end in the past ({wish.until:%Y-%m-%d %H:%M} UTC).")

    async def _draft(self, actor: Actor, wish: Wish, project: NormalizedName, specifier: str) -> Draft:
        page, at = await self._page(project)
        approval = _approval(actor, wish, project, specifier, at)
        chosen, left_out = _choose(approval, page)
        if not chosen and not wish.standing:
            raise Unusable(_nothing(project, specifier, left_out))
        return Draft(replace(approval, files=chosen), page, left_out)

    async def _grant(
        self, actor: Actor, drafts: Sequence[Draft], *, dry_run: bool, if_revision: int | None
    ) -> list[Outcome]:
        """Show what the drafts would open together, or make it so in one change."""
        if not dry_run:
            drafts = [await self._pinned(draft) for draft in drafts]
        approvals = [draft.approval for draft in drafts]
        asks = [ask for approval in approvals for ask in _answered(self._asks(approval.project), approval)]
        change = changes.grant(approvals, asks)
        snapshot, at = await self.live.current(), self.clock()
        after = changes.apply(snapshot, change)
        compositions = [compose(draft.approval.project, draft.page, after, at) for draft in drafts]
        for composition in compositions:
            _needs_nothing(composition)
        event = None if dry_run else await self._commit(change, actor, at, if_revision)
        revision = event.revision if event else snapshot.revision
        return [
            Outcome(draft.approval, revision, composition, draft.left_out, event)
            for draft, composition in zip(drafts, compositions, strict=True)
        ]

    async def _pinned(self, draft: Draft) -> Draft:
        approval = draft.approval
        files = await self.gateway.pin_metadata(approval.project, approval.files)
        return replace(draft, approval=replace(approval, files=files))

    async def _is_open(self, node: Node) -> bool:
        """Whether a version is served already."""
        composition = (await self.gateway.listing(node.project)).composition
        return any(judged.file.version == node.version for judged in composition.allowed)

    async def revoke(self, actor: Actor, requirement: str, reason: str) -> AuditEvent:
        """End what opens a requirement: whole approvals, or the matching files of frozen ones."""
        demand(actor, Permission.POLICY_APPROVE)
        project, specifier = read_requirement(requirement)
        said(reason)
        snapshot = await self.live.current()
        approvals = [grant.approval for grant in snapshot.grants.get(project, ())]
        if not approvals:
            raise Unusable(f"Nothing of {project} is approved, so there is nothing to revoke.")
        if not specifier:
            return await self._commit(changes.revoke(approvals, reason), actor, self.clock())
        return await self._commit(_narrowed(approvals, specifier, reason), actor, self.clock())

    async def prohibit(self, actor: Actor, requirement: str, reason: str) -> AuditEvent:
        """Never serve a project or a range of it, whatever is approved."""
        demand(actor, Permission.POLICY_PROHIBIT)
        project, specifier = read_requirement(requirement)
        at = self.clock()
        identity = f"prohibition:{secrets.token_hex(8)}"
        entry = Prohibition(identity, project, specifier, actor.name, said(reason), at)
        return await self._commit(changes.prohibit(entry), actor, at)

    async def lift(self, actor: Actor, requirement: str, reason: str) -> AuditEvent:
        """End the prohibitions of exactly this requirement."""
        demand(actor, Permission.POLICY_PROHIBIT)
        project, specifier = read_requirement(requirement)
        snapshot = await self.live.current()
        found = [entry for entry in snapshot.prohibitions.get(project, ()) if entry.specifier == specifier]
        if not found:
            raise Unusable(f"{project}{specifier} is not prohibited in these words.")
        return await self._commit(changes.lift(found, said(reason)), actor, self.clock())

    async def waive(self, actor: Actor, requirement: str, advisory: str, reason: str, days: int) -> AuditEvent:
        """Set one advisory aside for a range of a project, for at most 180 days. Malware is never waived."""
        demand(actor, Permission.POLICY_WAIVE)
        project, specifier = read_requirement(requirement)
        if not 1 <= days <= WAIVER_DAYS_AT_MOST:
            raise Unusable(f"A waiver lasts from 1 to {WAIVER_DAYS_AT_MOST} days.")
        snapshot, at = await self.live.current(), self.clock()
        record = await asyncio.to_thread(self.store.advisory, advisory)
        if record is None or all(affected.project != project for affected in record.affected):
            raise Unusable(
                f"No advisory {advisory[:40]!r} about {project} is known. wicketgate explain {project} names them."
            )
        if snapshot.advisories.is_malicious(project, advisory):
            raise Unusable(f"{advisory} reports malware: that cannot be waived.")
        identity = f"waiver:{secrets.token_hex(8)}"
        until = at + timedelta(days=days)
        entry = Waiver(identity, project, specifier, advisory, actor.name, said(reason), at, until)
        return await self._commit(changes.waive(entry), actor, at)

    async def end_waiver(self, actor: Actor, requirement: str, advisory: str, reason: str) -> AuditEvent:
        """End the waivers of an advisory for a project before their time."""
        demand(actor, Permission.POLICY_WAIVE)
        project, _ = read_requirement(requirement)
        snapshot = await self.live.current()
        found = [waiver for waiver in snapshot.waivers.get(project, ()) if waiver.advisory == advisory]
        if not found:
            raise Unusable(f"{advisory[:40]} is not waived for {project}.")
        return await self._commit(changes.end_waivers(found, said(reason)), actor, self.clock())

    async def decline(self, actor: Actor, project: str, reason: str) -> AuditEvent:
        """Take the wishes for a project out of the inbox."""
        demand(actor, Permission.POLICY_APPROVE)
        asks = self._asks(_project(project))
        if not asks:
            raise Unusable(f"Nobody waits for {project}.")
        return await self._commit(changes.decline(asks, said(reason)), actor, self.clock())

    async def set_terms(self, actor: Actor, terms: Terms, reason: str, if_revision: int | None = None) -> AuditEvent:
        """Change the standing rules."""
        demand(actor, Permission.TERMS_WRITE)
        return await self._commit(changes.set_terms(terms, said(reason)), actor, self.clock(), if_revision)

    async def allow_origin(self, actor: Actor, url: str, reason: str) -> AuditEvent:
        """Let package files come from one more server."""
        demand(actor, Permission.ORIGINS_WRITE)
        at, origin = self.clock(), origin_of(url)
        entry = Origin(f"origin:{origin}", origin, actor.name, at)
        return await self._commit(changes.allow_origin(entry, said(reason)), actor, at)

    async def issue_token(self, actor: Actor, name: str, role: str, valid: timedelta) -> Issued:
        """Issue a token. Nobody gives away what they do not hold themselves."""
        demand(actor, Permission.ACCESS_WRITE)
        for permission in ROLES.get(role, frozenset()):
            demand(actor, permission)
        at = self.clock()
        issued = auth.issue(name, role, at, valid)
        await self._commit(changes.issue(issued.token), actor, at)
        return issued

    async def withdraw_token(self, actor: Actor, identity: str, reason: str) -> AuditEvent:
        """End a token at once, on every worker."""
        demand(actor, Permission.ACCESS_WRITE)
        for token in await asyncio.to_thread(self.store.entries, "token"):
            if isinstance(token, Token) and token.id == identity:
                return await self._commit(changes.withdraw(token, said(reason)), actor, self.clock())
        raise Unusable(f"There is no token {identity[:40]!r}.")

    async def _page(self, project: NormalizedName) -> tuple[ProjectPage, datetime]:
        snapshot = await self.live.names_known()
        if snapshot.is_internal(project):
            raise Unusable(f"{project} is an internal name by the terms: the public index is never asked for it.")
        held = await self.gateway.review(project)
        if held.page is None:
            raise Unusable(f"The upstream index has no project {project}. Look at the spelling.")
        return held.page, self.clock()

    def _asks(self, project: NormalizedName) -> list[Ask]:
        return [entry for entry in self.store.entries("ask") if isinstance(entry, Ask) and entry.project == project]

    async def _commit(self, change: Change, actor: Actor, at: datetime, if_revision: int | None = None) -> AuditEvent:
        """Commit and have the new policy in force before returning."""
        event = await asyncio.to_thread(self.store.commit, change, actor, at, if_revision=if_revision)
        await self.live.current()
        return event


def read_requirement(text: str) -> tuple[NormalizedName, str]:
    """Return project and specifier of a requirement (PEP 508). Raises Unusable with what to write instead."""
    try:
        requirement = Requirement(text)
    except InvalidRequirement as error:
        first = str(error).partition("\n")[0]
        raise Unusable(f"{text[:80]!r} is not a requirement: {first}. Write for example 'flask>=3,<4'") from error
    if requirement.url or requirement.marker or requirement.extras:
        raise Unusable("Write a name and a version range only, without URL, extras or markers: 'flask>=3,<4'")
    specifier = str(requirement.specifier)
    if read_specifier(specifier) is None:
        raise Unusable(f"That range is too long to be judged ({len(specifier)} characters). Write a shorter one.")
    return _project(requirement.name), specifier


def said(reason: str) -> str:
    """Return a written reason, or raise Unusable: no change goes without one."""
    text = "".join(letter if letter.isprintable() else " " for letter in reason).strip()
    if not text or len(text) > 2000:
        raise Unusable('Give a reason (at most 2,000 characters): --reason "why". The auditor will ask for it.')
    return text


def _approval(actor: Actor, wish: Wish, project: NormalizedName, specifier: str, at: datetime) -> Approval:
    """Return an approval as wished, without files yet."""
    return Approval(
        id=f"approval:{secrets.token_hex(8)}",
        project=project,
        specifier=specifier,
        files=(),
        by=actor.name,
        reason=said(wish.reason),
        at=at,
        standing=wish.standing,
        prereleases=wish.prereleases,
        sdists=wish.sdists,
        acknowledged=tuple(sorted({_acknowledgement(text) for text in wish.acknowledge})),
        until=wish.until,
        ticket=wish.ticket,
    )


def _project(name: str) -> NormalizedName:
    project = names.normal(name)
    if project is None:
        raise Unusable(f"{name[:80]!r} is not the name of a project.")
    return project


def _acknowledgement(text: str) -> str:
    """Return what an approver overrules, checked against what may be."""
    code, _, target = text.strip().partition(":")
    if code not in OVERRULABLE:
        known = ", ".join(sorted(OVERRULABLE))
        raise Unusable(f"{code[:40]!r} cannot be overruled by an approval. These can: {known}")
    if (code == Code.LOOK_ALIKE) != bool(target):
        raise Unusable("A look-alike is acknowledged with the name it resembles: look-alike:requests")
    return f"{code}:{_project(target)}" if target else code


def _choose(approval: Approval, page: ProjectPage) -> tuple[tuple[ReleaseFile, ...], tuple[str, ...]]:
    """Return the files the approval freezes, and the names of those in its range that it leaves out."""
    grant = Grant.of(approval)
    in_range = [file for file in page.files if covers(approval.specifier, file.version)]
    chosen = tuple(file for file in in_range if file.sha256 and admits(grant, file))
    return chosen, tuple(file.filename for file in in_range if file not in chosen)


def _nothing(project: str, specifier: str, left_out: Iterable[str]) -> str:
    names_left = list(left_out)
    if not names_left:
        return f"No file of {project} matches {specifier or 'any version'} at the upstream now."
    hints = "sdists run code on install (--sdists), pre-releases are left out (--prereleases)"
    shown = ", ".join(names_left[:5])
    return f"Of {project}{specifier} only these exist, and they are not approved unless you say so: {shown}; {hints}."


def _needs_nothing(composition: Composition) -> None:
    """Raise NeedsAcknowledgement for a look-alike that the approver has not met."""
    for finding in composition.verdict.refusals:
        if finding.code is Code.LOOK_ALIKE:
            raise NeedsAcknowledgement(finding, f"{Code.LOOK_ALIKE}:{finding.evidence['target']}")


def _answered(asks: list[Ask], approval: Approval) -> list[Ask]:
    """Return the wishes that an approval settles: for any version, or for one it froze."""
    return [
        ask for ask in asks if not ask.specifier or any(covers(ask.specifier, file.version) for file in approval.files)
    ]


def _narrowed(approvals: list[Approval], specifier: str, reason: str) -> Change:
    """Take the files in a range out of the approvals that froze them."""
    puts: list[Entry] = []
    ends: list[str] = []
    for approval in approvals:
        rest = tuple(file for file in approval.files if not covers(specifier, file.version))
        if approval.standing:
            raise Unusable(
                f"The approval {approval.id} is a standing one and would let the range in again. "
                f"Prohibit it instead: wicketgate prohibit '{approval.project}{specifier}' --reason …"
            )
        if len(rest) == len(approval.files):
            continue
        if rest:
            puts.append(replace(approval, files=rest))
        else:
            ends.append(approval.id)
    if not puts and not ends:
        raise Unusable(f"No approved file of {approvals[0].project} is in {specifier}.")
    detail = {"specifier": specifier, "narrowed": [entry.id for entry in puts]}
    return Change("project:approval:revoked", approvals[0].project, reason, tuple(puts), tuple(ends), detail)
