"""Which files an approval freezes: those that match now, or those that somebody lists by digest.

Approved means these bytes, so nothing is frozen that has no SHA-256, and what is listed by digest must be what the
index lists under that name.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from proxy.model import Approval, ReleaseFile
from proxy.policy.rules.approved import admits
from proxy.policy.snapshot import Grant
from proxy.policy.versions import covers


def chosen(approval: Approval, listed: Iterable[ReleaseFile]) -> tuple[tuple[ReleaseFile, ...], tuple[str, ...]]:
    """Return the files that an approval freezes, and the names of those in its range that it leaves out."""
    grant = Grant.of(approval)
    in_range = [file for file in listed if covers(approval.specifier, file.version)]
    found = tuple(file for file in in_range if file.sha256 and admits(grant, file))
    return found, tuple(file.filename for file in in_range if file not in found)


@dataclass(frozen=True, slots=True)
class Frozen:
    """An approval with its files, and a sentence for each that could not be frozen, by its name ("" for all)."""

    approval: Approval
    faults: Mapping[str, str]


def freeze(
    draft: Approval, wanted: Iterable[tuple[str, str]], known: Iterable[ReleaseFile], listed: Iterable[ReleaseFile]
) -> Frozen:
    """Freeze ``wanted`` (file names and digests), from what was frozen before and from what an index lists.

    Without anything wanted what matches is frozen.
    """
    digests = dict(wanted)
    if not digests:
        files, left_out = chosen(draft, listed)
        empty = not files and not draft.standing
        return Frozen(replace(draft, files=files), {"": nothing(draft, left_out)} if empty else {})
    before = {file.filename: file for file in known if digests.get(file.filename) == file.sha256}
    now = {file.filename: file for file in listed}
    grant = Grant.of(draft)
    faults = {name: _fault(grant, now.get(name), digest) for name, digest in digests.items() if name not in before}
    faults = {name: fault for name, fault in faults.items() if fault}
    files = tuple(before.get(name) or now[name] for name in digests if name not in faults)
    return Frozen(replace(draft, files=files), faults)


def _fault(grant: Grant, file: ReleaseFile | None, digest: str) -> str:
    if file is None:
        return "the upstream index does not list it"
    if file.sha256 != digest:
        return f"the upstream index lists it with other bytes: {file.sha256 or 'no SHA-256'}"
    if not grant.approval.exact and not admits(grant, file):
        return "it needs a word more: say sdists, prereleases, yanked or legacy for what it is"
    return ""


def nothing(draft: Approval, left_out: Iterable[str]) -> str:
    """Say why an approval freezes nothing."""
    names_left = list(left_out)
    if not names_left:
        return f"No file of {draft.project} matches {draft.specifier or 'any version'} at the upstream now."
    hints = "say --sdists (they run code on install), --prereleases, --yanked or --legacy for those"
    shown = ", ".join(names_left[:5])
    what = f"{draft.project}{draft.specifier}"
    return f"Of {what} only these exist, and they are not approved unless you say so: {shown}; {hints}."
