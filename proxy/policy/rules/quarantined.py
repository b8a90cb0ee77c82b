"""What the index itself has quarantined (PEP 792) is not served, whoever approved it before.

It stays so where the page that said it is gone, until the index says otherwise (:class:`~proxy.model.Quarantine`).
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Code, Effect, Finding, Subject
from proxy.policy.snapshot import PolicySnapshot


def quarantined(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Iterator[Finding]:
    """Forbid projects with the status ``quarantined``, and those that had it when the index last spoke of them."""
    if subject.status == "quarantined" or subject.project in snapshot.quarantined:
        yield Finding(
            Code.QUARANTINED,
            Effect.FORBID,
            f"{subject.project} is quarantined by the index: it is suspected of malware.",
            "Do not install it elsewhere. The security team sees when the index lifts this.",
        )
