"""Look-alikes among what is approved and what it needs: met by name, or the approval stops.

Decided here:

* A dependency that looks like another project stops the approval of what needs it, as if it were approved itself.
* What an approver acknowledges stays acknowledged (:class:`~proxy.model.Acknowledgement`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime

from msgspec import structs
from packaging.utils import NormalizedName

from admin.actions.wishes import NeedsAcknowledgement, Unusable
from proxy.model import Acknowledgement, Approval, Code, Effect, Finding, Subject
from proxy.policy.changes import acknowledgements
from proxy.policy.folding import imitates, malformed
from proxy.policy.rules.similar_name import similar_name
from proxy.policy.snapshot import PolicySnapshot
from proxy.simple.names import normal


def met(
    approval: Approval, needs: Mapping[str, str], snapshots: Iterable[PolicySnapshot], at: datetime
) -> list[Acknowledgement]:
    """Return the look-alikes that an approval acknowledges: its project's name, and the names it ``needs``.

    ``needs`` holds the file that says so by name as written; ``snapshots`` are the policy before and with the approval.
    Raises NeedsAcknowledgement for one that is not acknowledged, Unusable for a name that only passes for one.
    """
    found: dict[str, Acknowledgement] = {}
    named = {approval.project: "", **_projects(needs)}
    for snapshot in snapshots:
        for project, file in named.items():
            for finding in _look_alikes(project, snapshot, at):
                entry = _acknowledged(approval, project, finding, file)
                found[entry.id] = entry
    return list(found.values())


def acknowledged(approval: Approval, snapshots: Iterable[PolicySnapshot], at: datetime) -> list[Acknowledgement]:
    """Return what an approval acknowledges of its own project's name, and no more than it resembles."""
    meant = {found.evidence["target"] for seen in snapshots for found in _look_alikes(approval.project, seen, at)}
    return [entry for entry in acknowledgements(approval, approval.project) if entry.target in meant]


def unread(project: str, count: int) -> str:
    """Say of how many wheels nobody read what they need."""
    return f"What {count} wheels of {project} need was not read, so no look-alike was looked for among that."


def _projects(needs: Mapping[str, str]) -> dict[NormalizedName, str]:
    """Return what is needed by normal name; what is no name in any spelling is left to the installer."""
    projects: dict[NormalizedName, str] = {}
    for name, file in needs.items():
        project = normal(name)
        if project:
            projects.setdefault(project, file)
        elif imitates(name):
            raise Unusable(f"{file} needs what is no project: {malformed(name)}")
    return projects


def _look_alikes(project: NormalizedName, snapshot: PolicySnapshot, at: datetime) -> Iterator[Finding]:
    return (found for found in similar_name(Subject(project), snapshot, at) if found.effect is Effect.FORBID)


def _acknowledged(approval: Approval, project: NormalizedName, finding: Finding, file: str) -> Acknowledgement:
    target = finding.evidence["target"]
    for entry in acknowledgements(approval, project):
        if entry.target == target:
            return entry
    needed = structs.replace(finding, sentence=f"{file} needs {project}, and {finding.sentence}") if file else finding
    raise NeedsAcknowledgement(needed, f"{Code.LOOK_ALIKE}:{target}")
