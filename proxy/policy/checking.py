"""What an installer would meet that wants one requirement, perhaps with digests, as a lock has them.

Decided here:

* A digest that no file of the wanted versions has is refused, whatever the other digests are: what the lock was
  made of is not what the gate knows by this name.
* With digests, a version is allowed only where a file that is served has one of them.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from msgspec import structs

from proxy.model import Code, Effect, Finding, Verdict
from proxy.policy.listing import Composition, Judged
from proxy.policy.versions import covers, version


@dataclass(frozen=True, slots=True)
class Checked:
    """The answer to one requirement: the version that would be installed, or the verdict that stands against it.

    ``files`` says of each digest that was asked about which file it is of, None where it is of none that is known.
    ``known`` is False where no version in the range is known, so that nothing could be judged.
    """

    allowed: bool
    version: str | None
    verdict: Verdict
    files: Mapping[str, Judged | None] = field(default_factory=dict)
    known: bool = True


def check(composition: Composition, specifier: str, exact: str = "", sha256s: Collection[str] = ()) -> Checked:
    """Say what an installer would get for a range ("" for any version), or for the version ``exact``."""
    candidates = [judged for judged in composition.files if _is_wanted(judged, specifier, exact)]
    if sha256s and candidates:
        return _by_digest(composition, candidates, sha256s)
    served = next((judged for judged in candidates if judged.verdict.allowed), None)
    if served:
        return Checked(True, served.file.version, served.verdict)
    if candidates:
        newest = candidates[0].file.version
        return Checked(False, newest, composition.withheld[newest].verdict)
    return Checked(False, None, composition.verdict, known=not composition.verdict.allowed)


def _by_digest(composition: Composition, candidates: list[Judged], sha256s: Collection[str]) -> Checked:
    by_digest = {judged.file.sha256: judged for judged in candidates}
    files = {digest: by_digest.get(digest) for digest in sha256s}
    named = [judged for judged in candidates if judged.file.sha256 in files]
    strangers = [_stranger(composition, digest) for digest, judged in files.items() if judged is None]
    served = next((judged for judged in named if judged.verdict.allowed), None)
    best = served or (named or candidates)[0]
    verdict = structs.replace(best.verdict, findings=(*strangers, *best.verdict.findings))
    return Checked(served is not None and not strangers, best.file.version, verdict, files)


def _is_wanted(judged: Judged, specifier: str, exact: str) -> bool:
    if exact:
        return version(judged.file.version) == version(exact)
    return covers(specifier, judged.file.version)


def _stranger(composition: Composition, digest: str) -> Finding:
    project = composition.verdict.subject.project
    return Finding(
        Code.UNKNOWN_FILE,
        Effect.FORBID,
        f"No file of {project} in this range has the SHA-256 {digest[:16]}…",
        "Find out why it differs before anybody installs it, and lock again through the gate.",
        evidence={"sha256": digest},
    )
