"""From what observe mode let through to the approvals that would have let it through: proposed, weighed, checked.

Decided here:

* An approval is proposed for each release, with the very files that were handed out, by digest.
* What its approver would have to overrule (an age, a resemblance) stands in it, to be read.
* What an approval cannot open (a vulnerability wants a waiver, say) is told apart, and not proposed.
* A file whose bytes are not known any more is told, and not proposed.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import Approval, Code, Finding, ProjectPage, ReleaseFile, Verdict, Wanted
from proxy.policy.changes import acknowledgements
from proxy.policy.document.applying import Hand, draft
from proxy.policy.document.entries import ApprovalEntry
from proxy.policy.judge import OVERRULABLE, Basis, judge_files
from proxy.policy.risk import Risk, risk
from proxy.policy.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True)
class Proposal:
    """A release that was let through: what would approve it, how much to look at it, and who wanted it.

    ``still`` is what would withhold it all the same.
    """

    entry: ApprovalEntry
    files: tuple[ReleaseFile, ...]
    risk: Risk
    count: int
    clients: tuple[str, ...]
    last: datetime
    still: tuple[Finding, ...] = ()

    @property
    def version(self) -> str:
        """The release's version."""
        return self.files[0].version


@dataclass(frozen=True, slots=True)
class Proposals:
    """What can be adopted, what needs more than an approval (the riskiest first), and what is not known any more."""

    adoptable: tuple[Proposal, ...]
    withheld: tuple[Proposal, ...]
    unknown: tuple[Wanted, ...]


def enforced(policy: PolicySnapshot) -> PolicySnapshot:
    """Return a channel's policy as it would be without observe mode."""
    return replace(policy, terms=replace(policy.terms, mode="enforce"))


def propose(
    project: NormalizedName,
    lines: Iterable[Wanted],
    page: ProjectPage | None,
    policy: PolicySnapshot,
    at: datetime,
) -> tuple[list[Proposal], list[Wanted]]:
    """Return what would approve the releases of one project, and the lines whose files are not known.

    ``policy`` is the channel's, enforced; what it serves is proposed no more.
    """
    listed = {(file.filename, file.sha256): file for file in (page.files if page else ())}
    listed |= {(file.filename, file.sha256): file for file in policy.pinned(project).values()}
    releases: defaultdict[str, list[tuple[ReleaseFile, Wanted]]] = defaultdict(list)
    unknown: list[Wanted] = []
    for line in lines:
        file = listed.get((line.filename, line.sha256))
        if file is None:
            unknown.append(line)
        else:
            releases[file.version].append((file, line))
    status = page.status if page else "active"
    found = (_proposal(project, release, policy, at, status) for release in releases.values())
    return [proposal for proposal in found if proposal], unknown


def _proposal(
    project: NormalizedName,
    release: Sequence[tuple[ReleaseFile, Wanted]],
    policy: PolicySnapshot,
    at: datetime,
    status: str,
) -> Proposal | None:
    basis = Basis.of(project, policy, at, status)
    verdicts = list(judge_files([file for file, _ in release], basis, policy, at))
    refused = [(*pair, verdict) for pair, verdict in zip(release, verdicts, strict=True) if not verdict.allowed]
    if not refused:
        return None
    files = tuple(dict.fromkeys(file for file, _, _ in refused))
    lines = [line for _, line, _ in refused]
    clients = tuple(sorted({client for line in lines for client in line.clients}))
    findings = [finding for verdict in verdicts for finding in verdict.findings]
    count = sum(line.count for line in lines)
    entry = _entry(project, files, [verdict for _, _, verdict in refused], lines[0].channel)
    entry = replace(entry, reason=f"Adopted from observe mode: {count} downloads by {len(clients)} clients")
    weighed = risk(project, files, findings, len(clients), policy.names, at)
    return Proposal(entry, files, weighed, count, clients, max(line.last for line in lines))


def _entry(
    project: NormalizedName, files: Sequence[ReleaseFile], verdicts: Iterable[Verdict], channel: str
) -> ApprovalEntry:
    kinds = {file.kind for file in files}
    met = {_overruled(finding) for verdict in verdicts for finding in verdict.refusals if finding.code in OVERRULABLE}
    return ApprovalEntry(
        project,
        f"=={files[0].version}",
        "",
        channel,
        sdists="sdist" in kinds,
        legacy="legacy" in kinds,
        yanked=any(file.yanked is not None for file in files),
        acknowledged=tuple(sorted(met)),
        files=tuple(sorted((file.filename, file.sha256 or "") for file in files)),
    )


def _overruled(finding: Finding) -> str:
    target = finding.evidence.get("target") if finding.code is Code.LOOK_ALIKE else None
    return f"{finding.code.value}:{target}" if target else finding.code.value


def checked(
    proposals: Iterable[Proposal],
    unknown: Iterable[Wanted],
    policy: PolicySnapshot,
    status: Callable[[NormalizedName], str],
    at: datetime,
) -> Proposals:
    """Judge every proposal as if all were approved, and tell apart those that would open nothing."""
    every = sorted(proposals, key=lambda proposal: (-proposal.risk.score, proposal.entry.project, proposal.version))
    hand = Hand("adopt", "", at, lambda kind: f"{kind}:adopted")
    approvals = [_approval(number, proposal, hand) for number, proposal in enumerate(every)]
    met = (entry for approval in approvals for entry in acknowledgements(approval, approval.project))
    after = policy.amended([*approvals, *met], (), policy.revision)
    judged = [replace(proposal, still=_still(proposal, after, status, at)) for proposal in every]
    return Proposals(
        tuple(proposal for proposal in judged if not proposal.still),
        tuple(proposal for proposal in judged if proposal.still),
        tuple(unknown),
    )


def _approval(number: int, proposal: Proposal, hand: Hand) -> Approval:
    return replace(draft(proposal.entry, hand), id=f"adopted:{number}", files=proposal.files)


def _still(
    proposal: Proposal, after: PolicySnapshot, status: Callable[[NormalizedName], str], at: datetime
) -> tuple[Finding, ...]:
    project = proposal.entry.project
    basis = Basis.of(project, after, at, status(project))
    verdicts = judge_files(proposal.files, basis, after, at)
    return tuple({finding.sentence: finding for verdict in verdicts for finding in verdict.refusals}.values())
