"""Recorded demand judged again, under the policy in force and under a changed one: what would break, what would open.

Decided here:

* Both policies are asked now, about the same facts, so the same policy never makes a difference.
* Nothing is asked of the upstream: files are those of kept pages and of approvals. Of a project whose page is not
  kept, what no approval knows is not judged, unless its name alone is refused either way; and that is said.
* What leads to a tombstone stands for its version (it would be served when a file of that version would), or for
  the project where no version was known.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime

from packaging.utils import NormalizedName

from proxy.model import ProjectPage, ReleaseFile, Subject, Verdict, Wanted
from proxy.policy.judge import Basis, judge, judge_files
from proxy.policy.snapshot import PolicySnapshot


@dataclass(frozen=True, slots=True)
class Replayed:
    """A line of demand with its two verdicts, None where it cannot be judged."""

    line: Wanted
    before: Verdict | None
    after: Verdict | None

    @property
    def breaks(self) -> bool:
        """Whether the change refuses what is served now."""
        return bool(self.before and self.after and self.before.allowed and not self.after.allowed)

    @property
    def opens(self) -> bool:
        """Whether the change serves what is refused now."""
        return bool(self.before and self.after and self.after.allowed and not self.before.allowed)

    @property
    def judged(self) -> bool:
        """Whether enough was known to say."""
        return self.before is not None


@dataclass(frozen=True, slots=True)
class Replay:
    """What a change does to recorded demand: who would break, what would open, and what nobody can say."""

    breaks: tuple[Replayed, ...]
    opens: tuple[Replayed, ...]
    unjudged: tuple[Replayed, ...]
    lines: int

    @classmethod
    def of(cls, replayed: Iterable[Replayed]) -> Replay:
        """Sort out what was replayed, the most wanted first."""
        every = sorted(replayed, key=lambda item: (-item.line.count, item.line.project, item.line.filename))
        return cls(
            tuple(item for item in every if item.breaks),
            tuple(item for item in every if item.opens),
            tuple(item for item in every if not item.judged),
            len(every),
        )


def replay(
    project: NormalizedName,
    lines: Iterable[Wanted],
    page: ProjectPage | None,
    before: PolicySnapshot,
    after: PolicySnapshot,
    at: datetime,
) -> Iterator[Replayed]:
    """Judge what was wanted of one project in one channel, under two views of that channel."""
    lines = tuple(lines)
    known = _known(lines, page, [*before.pinned(project).values(), *after.pinned(project).values()])
    status = page.status if page else "active"
    sides = [_Side.of(project, known, policy, at, status) for policy in (before, after)]
    for line in lines:
        verdicts = [side.verdict(line, known, kept=page is not None) for side in sides]
        yield Replayed(line, *(verdicts if None not in verdicts else (None, None)))


def _known(lines: Iterable[Wanted], page: ProjectPage | None, pinned: Iterable[ReleaseFile]) -> tuple[ReleaseFile, ...]:
    """Return what is known of the files wanted, each once by name and digest; yanking is the page's to say."""
    names = {line.filename for line in lines}
    versions = {line.version for line in lines if line.filename and not line.sha256}
    listed = [file for file in page.files if file.filename in names or file.version in versions] if page else []
    yanked = {file.filename: file.yanked for file in listed}
    found = {(file.filename, file.sha256): file for file in listed}
    for file in pinned:
        found[file.filename, file.sha256] = replace(file, yanked=yanked.get(file.filename, file.yanked))
    return tuple(found.values())


@dataclass(frozen=True, slots=True)
class _Side:
    """One project under one policy: as a name, and file by file in the order of what is known."""

    whole: Verdict
    files: tuple[Verdict, ...]

    @classmethod
    def of(
        cls, project: NormalizedName, known: Iterable[ReleaseFile], policy: PolicySnapshot, at: datetime, status: str
    ) -> _Side:
        whole = judge(Subject(project, status=status), policy, at)
        basis = Basis.of(project, policy, at, status)
        return cls(whole, tuple(judge_files(known, basis, policy, at)))

    def verdict(self, line: Wanted, known: Iterable[ReleaseFile], *, kept: bool) -> Verdict | None:
        """Return the verdict on a line: on its file, else on its version, else on its name where that suffices."""
        if not line.version:
            return self.whole
        pairs = list(zip(known, self.files, strict=True))
        named = [v for f, v in pairs if f.filename == line.filename and line.sha256 in {"", f.sha256}]
        found = named or [v for f, v in pairs if f.version == line.version and not line.sha256]
        best = next((verdict for verdict in found if verdict.allowed), found[0] if found else None)
        if best is not None or not self.whole.allowed:
            return best or self.whole
        # What a kept page does not list is served to nobody, whatever the policy: a verdict without a permit.
        return replace(self.whole, findings=()) if kept else None
