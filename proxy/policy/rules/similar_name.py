"""Look-alike names: what imitates a known or approved project is refused with the name that was meant.

An approval alone does not silence this rule; an approval that acknowledges the finding by name does
(see :mod:`proxy.policy.judge`), and from then on the approved name is itself one to be protected.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Code, Effect, Finding, Subject
from proxy.policy.similarity import Resemblance
from proxy.policy.snapshot import PolicySnapshot


def similar_name(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Iterator[Finding]:
    """Forbid block-level look-alikes, advise on the weaker ones."""
    names = snapshot.names
    # An approved project must not be cleared by its own approval: it is held against the popular names.
    index = names.popular if subject.project in snapshot.grants else names.protected or names.popular
    if index is None or subject.project in names.known:
        return
    found = index.look(subject.project)
    if found.level != "none" and found.target:
        yield _finding(found, found.target)


def _finding(found: Resemblance, target: str) -> Finding:
    return Finding(
        Code.LOOK_ALIKE,
        Effect.FORBID if found.level == "block" else Effect.ADVISE,
        found.sentence,
        f"Did you mean {target}? Try: pip install {target}",
        evidence={"target": target, "mechanism": found.mechanism or "", "score": f"{found.score:.2f}"},
    )
