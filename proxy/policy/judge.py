"""The one decision. Every door asks here: may it be looked up, listed, downloaded, why was it refused.

Invariants, each with a property in ``tests/policy/test_judge.py``:

1. No permit means no.
2. One more forbid never opens anything.
3. The order of rules cannot matter.
4. A rule that fails is a forbid.
5. Judging many files together gives what judging each alone gives, and judging again what was judged
   before, until the hour that the verdict itself names.
6. Neither observe mode nor an emergency opens what is :data:`DANGEROUS`.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs
from packaging.utils import NormalizedName

from proxy.model import Code, Effect, Finding, ReleaseFile, Subject, Verdict
from proxy.policy.rules import CONCERNS, RULES, Rule, Scope
from proxy.policy.rules.approved import in_force
from proxy.policy.snapshot import Grant, PolicySnapshot

OVERRULABLE = frozenset({Code.LOOK_ALIKE, Code.TOO_NEW, Code.FROZEN})
"""What an approver may overrule by acknowledging it. Nothing else gives way to an ordinary approval."""

DANGEROUS = frozenset(
    {
        Code.MALWARE,
        Code.PROHIBITED,
        Code.INTERNAL,
        Code.QUARANTINED,
        Code.CHANGED,
        Code.INCONSISTENT,
        Code.NO_DIGEST,
        Code.FOREIGN_ORIGIN,
        Code.RULE_FAILED,
    }
)
"""What is withheld whatever the mode and whoever approved it: malware, prohibitions, and bytes nobody can vouch for."""


def judge(subject: Subject, snapshot: PolicySnapshot, at: datetime) -> Verdict:
    """Answer for one subject with every finding of every rule."""
    found = [finding for scope in Scope for finding in _run(_rules(scope), subject, snapshot, at)]
    return _weighed(found, subject, snapshot, _live(subject.project, snapshot, at))


@dataclass(frozen=True, slots=True)
class Basis:
    """What verdicts about the files of one project stand on besides the file and the hour.

    Files that are the same have the same verdict on equal bases, until the verdict's ``until``.
    """

    subject: Subject
    view: PolicySnapshot
    advisories: bytes | None
    shared: tuple[Finding, ...]

    @classmethod
    def of(cls, project: NormalizedName, snapshot: PolicySnapshot, at: datetime, status: str = "active") -> Basis:
        """Ask the rules about the project itself once for all its files."""
        subject = Subject(project, status=status)
        shared = _run(_rules(Scope.PROJECT), subject, snapshot, at)
        return cls(subject, snapshot.about(project), snapshot.advisories.packed.get(project), tuple(shared))


def judge_files(
    files: Sequence[ReleaseFile], basis: Basis, snapshot: PolicySnapshot, at: datetime
) -> Iterator[Verdict]:
    """Answer for many files of one project, asking the wider rules once for all that share them.

    A rule that can tell which files concern it is asked of those alone.
    ``snapshot`` is the one that the basis was made of, or one with an equal basis.
    """
    project = basis.subject.project
    view = replace(basis.view, revision=snapshot.revision, advisories=snapshot.advisories)
    of_version, of_all, of_some = _rules(Scope.VERSION), *_rules_of_files(files, project, view, at)
    live = _live(project, view, at)
    heard = live or view.terms.mode == "observe"
    status = basis.subject.status
    by_version: dict[str, tuple[Finding, ...]] = {}
    for file in files:
        subject = Subject(project, file.version, file, status)
        wider = by_version.get(file.version)
        if wider is None:
            wider = by_version[file.version] = (*basis.shared, *_run(of_version, subject, view, at))
        found = (*wider, *_run(of_some.get(id(file), of_all), subject, view, at))
        yield _weighed(found, subject, view, live) if heard else Verdict(subject, view.revision, found)


def may_ask_upstream(verdict: Verdict, snapshot: PolicySnapshot) -> bool:
    """Whether an installer's wish for this project may reach the upstream index.

    Only names that are approved or on the list of known projects are looked up, and of those
    neither internal names nor look-alikes: an unknown name tells the world what the company makes.
    In observe mode every name is asked for that is not dangerous by itself.
    """
    project = verdict.subject.project
    if {finding.code for finding in verdict.refusals} & {Code.INTERNAL, Code.LOOK_ALIKE, Code.RULE_FAILED}:
        return False
    return project in snapshot.grants or project in snapshot.names.known or snapshot.terms.mode == "observe"


def _rules(scope: Scope) -> list[Rule]:
    return [rule for reach, rule in RULES if reach is scope]


def _rules_of_files(
    files: Sequence[ReleaseFile], project: NormalizedName, snapshot: PolicySnapshot, at: datetime
) -> tuple[list[Rule], dict[int, list[Rule]]]:
    """Return the rules that every file is asked of, and all of its rules for each file that more of them concern."""
    rules = _rules(Scope.FILE)
    more: dict[int, set[Rule]] = {}
    for rule in rules:
        for file in _concerned(rule, files, project, snapshot, at):
            more.setdefault(id(file), set()).add(rule)
    every = frozenset(rule for rule in rules if rule not in CONCERNS)
    of_some = {key: [rule for rule in rules if rule in every or rule in own] for key, own in more.items()}
    return [rule for rule in rules if rule in every], of_some


def _concerned(
    rule: Rule, files: Sequence[ReleaseFile], project: NormalizedName, snapshot: PolicySnapshot, at: datetime
) -> Sequence[ReleaseFile]:
    """Return the files that a rule must be asked of, if it is not asked of all anyway: all where it cannot tell."""
    concern = CONCERNS.get(rule)
    if concern is None:
        return ()
    try:
        return concern(files, project, snapshot, at)
    except Exception:  # noqa: BLE001  whatever it dies of, the rule itself is asked, of every file
        return files


def _run(rules: Iterable[Rule], subject: Subject, snapshot: PolicySnapshot, at: datetime) -> list[Finding]:
    """Run rules. The failure of one is our defect, and closes the gate for this subject."""
    found: list[Finding] = []
    for rule in rules:
        try:
            found.extend(rule(subject, snapshot, at))
        except Exception as failure:  # noqa: BLE001  whatever a rule dies of, the answer is no
            found.append(_failed(rule, failure))
    return found


def _failed(rule: Rule, failure: Exception) -> Finding:
    name = getattr(rule, "__name__", "rule")
    sentence = f"The rule {name} could not judge this: {type(failure).__name__}."
    return Finding(Code.RULE_FAILED, Effect.FORBID, sentence, "Tell the people who run this gate.")


def _live(project: NormalizedName, snapshot: PolicySnapshot, at: datetime) -> list[Grant]:
    """Return the approvals in force that may overrule anything."""
    live = (grant for grant in snapshot.grants.get(project, ()) if in_force(grant, at))
    return [grant for grant in live if grant.approval.acknowledged or grant.approval.emergency]


def _weighed(found: Sequence[Finding], subject: Subject, snapshot: PolicySnapshot, live: list[Grant]) -> Verdict:
    """Return the verdict that findings come to, once approvers and the mode have been heard."""
    if any(finding.effect is Effect.FORBID for finding in found):
        found = [said for finding in found for said in _overruled(finding, subject, live)]
        if snapshot.terms.mode == "observe":
            found = [_OBSERVED, *(_observed(finding) for finding in found)]
    return Verdict(subject, snapshot.revision, tuple(found))


_OBSERVED = Finding(
    Code.OBSERVED, Effect.PERMIT, "Observe mode: this is served, and recorded as refused by the policy."
)


def _observed(finding: Finding) -> Finding:
    held = finding.effect is not Effect.FORBID or finding.code in DANGEROUS
    return finding if held else structs.replace(finding, effect=Effect.OBSERVE)


def _overruled(finding: Finding, subject: Subject, live: list[Grant]) -> Iterator[Finding]:
    """Turn a forbid that an approver met and acknowledged into advice that says so.

    One that only an emergency sets aside is followed by the emergency itself, which the record then names.
    """
    overruling = None
    if finding.effect is Effect.FORBID and finding.code not in DANGEROUS:
        able = [grant for grant in live if _acknowledges(grant, finding, subject.file)]
        overruling = min(able, key=lambda grant: grant.approval.emergency, default=None)
    if overruling is None:
        yield finding
        return
    approval = overruling.approval
    until = min(filter(None, (finding.until, approval.until)), default=None)
    word = "Set aside in an emergency by" if approval.emergency else "Acknowledged by"
    sentence = f"{finding.sentence} {word} {approval.by}."
    yield structs.replace(finding, effect=Effect.ADVISE, sentence=sentence, until=until)
    if approval.emergency:
        yield structs.replace(overruling.permit, effect=Effect.ADVISE)


def _acknowledges(grant: Grant, finding: Finding, file: ReleaseFile | None) -> bool:
    approval = grant.approval
    # It is for the files that were looked at, never for what a standing range lets in later.
    if file is None:
        return approval.emergency
    known = approval.emergency or (finding.code in OVERRULABLE and finding.code in approval.acknowledged)
    return known and file.filename in grant.pins
