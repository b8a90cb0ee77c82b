"""Reviews: what the API and the pages tell of a project and of who asked for it.

The facts are made by :mod:`proxy.policy.reviewing`; their shape stands here for the OpenAPI document.
"""

from __future__ import annotations

from typing import NotRequired

from typing_extensions import TypedDict

from admin.actions import Review
from admin.schemas.inbox import AskOut, DemandOut, ask_data, demand_data
from proxy.policy.explaining import ReasonData


class LookAlikeOut(TypedDict):
    """The project that a name imitates; ``level`` is "refused" or "advice"."""

    target: str
    level: str
    sentence: str


class RhythmOut(TypedDict):
    """How often a project releases."""

    releases: int
    undated: int
    first: str | None
    latest: str | None
    last_year: int
    median_days: float | None


class AgeOut(TypedDict):
    """When something was uploaded; None where the index does not say."""

    uploaded: str | None
    age_days: int | None


class MatchOut(TypedDict):
    """An advisory that matches a version; ``score`` and ``fixed`` are None where it does not say."""

    id: str
    severity: str | None
    score: float | None
    malicious: bool
    summary: str
    fixed: str | None


class VersionOut(AgeOut):
    """A version: its answer now, what it has of files, and whether approving would open it."""

    version: str
    allowed: bool
    codes: list[str]
    advisories: list[MatchOut]
    files: dict[str, int]
    yanked: str | None
    opens: bool


class VersionsOut(TypedDict):
    """The newest versions, and how many more there are."""

    shown: list[VersionOut]
    more: int


class ListedOut(AgeOut):
    """A file of the release that is reviewed."""

    filename: str
    kind: str
    size: int | None
    requires_python: str | None
    yanked: str | None
    provenance: bool
    sha256: str | None
    allowed: bool


ProvenanceOut = TypedDict("ProvenanceOut", {"with": int, "of": int})


class LinkOut(TypedDict):
    """An address that a project names."""

    label: str
    url: str


class DescribedOut(TypedDict):
    """What a release says of itself; ``silence`` is why that is not ``known``."""

    known: bool
    silence: NotRequired[str]
    summary: NotRequired[str]
    licence: NotRequired[str | None]
    spdx: NotRequired[bool]
    requires_python: NotRequired[str | None]
    people: NotRequired[list[str]]
    links: NotRequired[list[LinkOut]]


class NeededOut(TypedDict):
    """Something that a release needs, and how an installer would be answered."""

    requirement: str
    project: str
    specifier: str
    marker: str
    verdict: str
    version: str | None
    reasons: list[ReasonData]
    problem: str


class ReviewOut(TypedDict):
    """What a reviewer needs to know of a project and one release of it, who asked for it, and who was refused it."""

    project: str
    version: str
    channel: str
    revision: int
    status: str
    allowed: bool
    reasons: list[ReasonData]
    in_the_way: list[ReasonData]
    look_alike: LookAlikeOut | None
    rank: int | None
    rhythm: RhythmOut
    versions: VersionsOut
    formats: dict[str, int]
    files: list[ListedOut]
    provenance: ProvenanceOut
    described: DescribedOut
    needs: list[NeededOut]
    unreadable: list[str]
    requests: list[AskOut]
    refused: DemandOut | None


def review_data(review: Review) -> dict[str, object]:
    """Return a review as JSON data: the facts, the wishes that wait, and what was refused (None: nothing)."""
    return review.data | {
        "requests": [ask_data(ask) for ask in review.asks],
        "refused": next((demand_data(line) for line in review.demand), None),
    }
