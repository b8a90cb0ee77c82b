"""Look-alike names: what imitates a known or approved project is refused with the name that was meant.

An approval alone does not silence this rule; an acknowledgement does, that names what the name resembles. It is
made with an approval and outlives it. An approved name is itself one to be protected.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from proxy.model import Acknowledgement, Code, Effect, Finding, Subject
from proxy.policy.similarity import Resemblance
from proxy.policy.snapshot import PolicySnapshot


def similar_name(subject: Subject, snapshot: PolicySnapshot, _at: datetime) -> Iterator[Finding]:
    """Forbid block-level look-alikes, advise on the weaker ones and on what the team acknowledged."""
    names = snapshot.names
    # An approved project must not be cleared by its own approval: it is held against the popular names.
    index = names.popular if subject.project in snapshot.grants else names.protected or names.popular
    if index is None or subject.project in names.known:
        return
    found = index.look(subject.project)
    if found.level != "none" and found.target:
        yield _finding(found, found.target, snapshot.acknowledged.get((subject.project, found.target)))


def _finding(found: Resemblance, target: str, met: Acknowledgement | None) -> Finding:
    evidence = {"target": target, "mechanism": found.mechanism or "", "score": f"{found.score:.2f}"}
    if met:
        return Finding(Code.LOOK_ALIKE, Effect.ADVISE, f"{found.sentence} Acknowledged by {met.by}.", evidence=evidence)
    effect = Effect.FORBID if found.level == "block" else Effect.ADVISE
    step = f"Did you mean {target}? Try: pip install {target}"
    return Finding(Code.LOOK_ALIKE, effect, found.sentence, step, evidence=evidence)
