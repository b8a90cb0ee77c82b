"""A change as data, and back: what a proposal keeps until a second person confirms it."""

from __future__ import annotations

import hashlib
import json

from proxy.model import Change, Entry, Proposal
from proxy.policy import ledger
from proxy.store import rows

Puts = tuple[tuple[str, str], ...]


def packed(change: Change) -> tuple[Puts, str, str]:
    """Return a change's entries as kinds and bodies, its detail as JSON, and the digest of the whole."""
    found = [rows.entry_row(entry, 0) for entry in change.puts]
    puts = tuple((str(row["kind"]), str(row["body"])) for row in found)
    detail = ledger.canonical(change.detail).decode()
    return puts, detail, digest(change.tag, change.project, change.reason, puts, change.ends, detail)


def digest(tag: str, project: str, reason: str, puts: Puts, ends: tuple[str, ...], detail: str) -> str:
    """Return the SHA-256 over everything that a change says and does."""
    whole = {
        "tag": tag,
        "project": project,
        "reason": reason,
        "puts": [list(pair) for pair in puts],
        "ends": list(ends),
        "detail": detail,
    }
    return hashlib.sha256(b"wicketgate:proposal:1\n" + ledger.canonical(whole)).hexdigest()


def unpacked(proposal: Proposal) -> Change:
    """Return the change that a proposal keeps. Raises ValueError when it is not what its digest says."""
    known = digest(proposal.tag, proposal.project, proposal.reason, proposal.puts, proposal.ends, proposal.detail)
    if known != proposal.digest:
        raise ValueError(f"The proposal {proposal.id} is not what was proposed: its digest does not fit.")
    puts: tuple[Entry, ...] = tuple(rows.entry_of(kind, body) for kind, body in proposal.puts)
    return Change(proposal.tag, proposal.project, proposal.reason, puts, proposal.ends, json.loads(proposal.detail))
