"""Recorded demand judged again, under the policy in force and under a changed one: what would break, what would open.

Decided here:

* Both policies are asked now, about the same facts, so the same policy never makes a difference.
* Nothing is asked of the upstream: files are those of kept pages and of approvals. Of a project whose page is not
  kept, what no approval knows is not judged, unless its name alone is refused either way; and that is said.
* What leads to a tombstone stands for its version (it would be served when a file of that version would), or for
  the project where no version was known.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from msgspec import structs
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
    sides = [_Side(project, known, policy, at, status) for policy in (before, after)]
    for line in lines:
        verdicts = [side.verdict(line, kept=page is not None) for side in sides]
        yield Replayed(line, *(verdicts if None not in verdicts else (None, None)))


def _known(lines: Iterable[Wanted], page: ProjectPage | None, pinned: Iterable[ReleaseFile]) -> tuple[ReleaseFile, ...]:
    """Return what is known of the files wanted, each once by name and digest; yanking is the page's to say."""
    names = {line.filename for line in lines}
    versions = {line.version for line in lines if line.filename and not line.sha256}
    listed, pins = (
        [file for file in files if file.filename in names or file.version in versions]
        for files in (page.files if page else (), pinned)
    )
    yanked = {file.filename: file.yanked for file in listed}
    found = {(file.filename, file.sha256): file for file in listed}
    for pin in pins:
        said = yanked.get(pin.filename, pin.yanked)
        found[pin.filename, pin.sha256] = pin if said == pin.yanked else replace(pin, yanked=said)
    return tuple(found.values())


class _Side:
    """One project under one policy: every known file judged, the name alone once somebody asks."""

    def __init__(
        self, project: NormalizedName, known: Sequence[ReleaseFile], policy: PolicySnapshot, at: datetime, status: str
    ) -> None:
        self._asked = Subject(project, status=status), policy, at
        self._whole: Verdict | None = None
        self._named: defaultdict[str, list[tuple[str | None, Verdict]]] = defaultdict(list)
        self._versions: defaultdict[str, list[tuple[str | None, Verdict]]] = defaultdict(list)
        verdicts = judge_files(known, Basis.of(project, policy, at, status), policy, at)
        for file, verdict in zip(known, verdicts, strict=True):
            self._named[file.filename].append((file.sha256, verdict))
            self._versions[file.version].append((file.sha256, verdict))

    def verdict(self, line: Wanted, *, kept: bool) -> Verdict | None:
        """Return the verdict on a line: on its file, else on its version, else on its name where that suffices."""
        if line.version and (found := self._of_file(line)):
            return found
        whole = self._of_name()
        if not line.version or not whole.allowed:
            return whole
        # What a kept page does not list is served to nobody, whatever the policy: a verdict without a permit.
        return structs.replace(whole, findings=()) if kept else None

    def _of_file(self, line: Wanted) -> Verdict | None:
        found = [verdict for sha256, verdict in self._named.get(line.filename, ()) if line.sha256 in {"", sha256}]
        if not found and not line.sha256:
            found = [verdict for _, verdict in self._versions.get(line.version, ())]
        return next((verdict for verdict in found if verdict.allowed), found[0] if found else None)

    def _of_name(self) -> Verdict:
        self._whole = self._whole or judge(*self._asked)
        return self._whole
