"""Policies and documents at random, for properties."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

from hypothesis import strategies as st
from packaging.utils import NormalizedName

from proxy.model import Approval, Channel, Entry, Prohibition, ReleaseFile, Terms, Waiver
from proxy.policy.changes import apply
from proxy.policy.document.applying import Hand, change, draft
from proxy.policy.document.comparing import Step, compare, laid_over
from proxy.policy.document.entries import ApprovalEntry, Document
from proxy.policy.document.exporting import export
from proxy.policy.freezing import freeze
from proxy.policy.snapshot import PolicySnapshot
from tests.policy.facts import AT, approval, snapshot, wheel

projects = st.sampled_from([NormalizedName(name) for name in ("flask", "numpy", "left-pad")])
channels = st.sampled_from(["", "research", "lab"])
ranges = st.sampled_from(["", "<4,>=3", "==3.0"])
reasons = st.sampled_from(["needed", 'say "why" \\ \U0001f40d', "a # b = [c]", "'"])
moments = st.sampled_from([AT, AT + timedelta(days=30), datetime(8999, 12, 31, 23, 59, 59, 999999, UTC)])
durations = st.sampled_from(
    [timedelta(0), timedelta(days=7), timedelta(hours=36), timedelta(seconds=1, microseconds=5)]
)
words = st.sampled_from([(), ("acme-*",), ("x", "internal-*", "acme-*")])
terms = st.builds(
    Terms,
    mode=st.sampled_from(["enforce", "observe"]),
    minimum_age=durations,
    ages=st.dictionaries(projects, durations, max_size=2),
    freeze=st.none() | moments,
    internal=words,
    licences=st.sampled_from([(), ("MIT", "Apache-2.0")]),
    publishers=st.sampled_from([{}, {"numpy": "GitHub:numpy/numpy"}]),
)
flags = st.booleans()
digests = st.sampled_from(["a" * 64, "b" * 64])


def _approval(project: NormalizedName, digest: str | None, **facts: Any) -> Approval:
    files = [wheel("3.0", project.replace("-", "_"), sha256=digest)] if digest else []
    if not files or facts["standing"]:
        facts["exact"] = False
    return approval(*files, project=project, **facts)


approvals = st.builds(
    _approval,
    projects,
    st.none() | digests,
    specifier=ranges,
    reason=reasons,
    channel=channels,
    standing=flags,
    sdists=flags,
    acknowledged=st.sampled_from([(), ("too-new",), ("look-alike:numpy", "frozen")]),
    until=st.none() | moments,
    ticket=st.just("") | reasons,
    emergency=st.sampled_from([False, False, True]),
    exact=flags,
)
prohibitions = st.builds(Prohibition, st.just(""), projects, ranges, st.just("ada"), reasons, st.just(AT), channels)
waivers = st.builds(
    Waiver,
    id=st.just(""),
    project=projects,
    specifier=ranges,
    advisory=st.just("X-1"),
    by=st.just("ada"),
    reason=reasons,
    at=st.just(AT),
    until=moments,
    channel=channels,
    owner=st.sampled_from(["ada", "the web team"]),
    justification=st.sampled_from(["", "component_not_present"]),
)
own = st.sampled_from([(), ("minimum_age",), ("internal", "mode")])


def _policy(
    standing: Terms, of_channels: list[tuple[Terms, tuple[str, ...]]], said: list[Approval | Prohibition | Waiver]
) -> PolicySnapshot:
    opened: list[Entry] = [
        Channel(f"channel:{name}", name, base, *terms_and_sets, "ada", "a test", AT)
        for (name, base), terms_and_sets in zip((("research", ""), ("lab", "research")), of_channels, strict=True)
    ]
    numbered = [replace(entry, id=f"{type(entry).__name__.lower()}:{n}") for n, entry in enumerate(said)]
    return snapshot(standing, *opened, *numbered)


policies = st.builds(
    _policy,
    terms,
    st.lists(st.tuples(terms, own), min_size=2, max_size=2),
    st.lists(approvals | approvals | prohibitions | waivers, max_size=5),
)
"""Policies with everything in them that a document speaks of, and emergencies, of which it does not."""

documents = policies.map(export)
_numbers = count()
HAND = Hand("grace", "token:1", AT, lambda kind: f"{kind}:new:{next(_numbers)}")


def frozen(steps: Iterable[Step], listed: Iterable[ReleaseFile] = ()) -> dict[ApprovalEntry, Approval]:
    """What new approvals freeze: the files that they list, wherever an index has them, else what matches."""
    found = {}
    for step in steps:
        if isinstance(step.after, ApprovalEntry):
            entry = step.after
            known = [
                wheel(filename.split("-")[1], entry.project, filename=filename, sha256=sha256)
                for filename, sha256 in entry.files
            ]
            found[entry] = freeze(draft(entry, HAND), entry.files, known, listed).approval
    return found


def applied(policy: PolicySnapshot, document: Document) -> PolicySnapshot:
    """The policy once a document was applied."""
    wanted = laid_over(export(policy), document)
    steps = compare(export(policy), wanted)
    return apply(policy, change(policy, wanted, steps, frozen(steps), HAND, "a test"))
