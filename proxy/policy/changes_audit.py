"""What happens to the record itself, as changes: gaps, keys, results of verifying, segments, exports, saved queries.

None of it moves a verdict, so none of it raises the revision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from proxy.model import Change, SavedQuery
from proxy.policy.ledger import Flaw

FLAWS_TOLD = 20
VERIFIED, FLAWED = "audit:log:verified", "audit:log:flawed"


def gap(lost: int, files: Sequence[str], *, machine: bool) -> Change:
    """Say that decisions of a process that died could not be read back: the log has a gap of that many.

    ``machine``: all of the machine stopped at once, and how many were lost with its last second nobody knows.
    """
    said = f"{lost} decision records of an earlier crash could not be read back: the log has a gap"
    if machine:
        said = "The machine stopped at once: decision records of its last second may be missing"
    return _said("audit:decisions:gap", said, lost=lost, journals=list(files), machine=machine)


def made_key(verifiers: Sequence[str], *, instead: bool) -> Change:
    """Say with which key the log is sealed from now on; ``instead``: of another, which is not at hand."""
    if not instead:
        return _said("audit:key:made", "The log is sealed with a key that was made now", keys=list(verifiers))
    said = "The key that sealed the log is not there. It is sealed with a new one from now on"
    return _said("audit:key:replaced", said, keys=list(verifiers))


def verified(flaws: Sequence[Flaw], events: int, decisions: int) -> Change:
    """Say how the log was found."""
    detail: dict[str, object] = {"events": events, "decisions": decisions}
    if not flaws:
        return _said(VERIFIED, "Nothing in the log was altered", **detail)
    told = [f"{flaw.seq}: {flaw.problem}" for flaw in flaws[:FLAWS_TOLD]]
    said = f"The log was altered: {flaws[0].problem}"
    return _said(FLAWED, said, flaws=told, **detail)


def contradicted(chain: str, problem: str, note: str) -> Change:
    """Say that the log is not what a checkpoint says that is kept outside the database."""
    return _said("audit:log:contradicted", problem, chain=chain, checkpoint=note)


def restored(made: str) -> Change:
    """Say that the database was restored, from a backup of that time ("" where nobody knows)."""
    said = f"The gate goes on from a restored database{made and f', as of {made}'}"
    return _said("audit:log:restored", said, made=made)


def archived(first: int, last: int, file: str, sha256: str) -> Change:
    """Say that decisions left the database, and for which file."""
    said = f"Decisions {first} to {last} were moved to {file}"
    return _said("audit:segment:archived", said, first=first, last=last, file=file, file_sha256=sha256)


def exported(what: str, form: str, period: Mapping[str, str]) -> Change:
    """Say that somebody took a copy of the record."""
    return _said("audit:log:exported", f"{what} as {form}", what=what, format=form, **period)


def export_failing(destination: str, problem: str) -> Change:
    """Say that a destination does not take the record; what it lacks is kept for it."""
    said = f"{destination} does not take the record; it is kept until it does: {problem}"
    return _said("audit:export:failing", said, destination=destination)


def export_recovered(destination: str) -> Change:
    """Say that a destination takes the record again."""
    return _said("audit:export:recovered", f"{destination} takes the record again", destination=destination)


def save_query(query: SavedQuery) -> Change:
    """Keep a search under a name."""
    detail = {"about": query.about, "shared": query.shared, "wanted": dict(query.wanted)}
    return Change("audit:query:saved", "", query.name, puts=(query,), detail=detail, policy=False)


def drop_query(query: SavedQuery) -> Change:
    """Forget a search that was kept."""
    return Change("audit:query:dropped", "", query.name, ends=(query.id,), policy=False)


def _said(tag: str, reason: str, **detail: object) -> Change:
    return Change(tag, "", reason, detail=detail, policy=False)
