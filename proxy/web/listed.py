"""What a project's page lists: the files that are allowed, and a tombstone for every version that is not.

A *tombstone* is a file whose address carries the reason and leads to the refusal, marked as yanked with
the reason, so that ranges resolve to what is allowed and exact pins are told why. Where nothing at all
is allowed the tombstones are not yanked: installers would not show yanked ones. See ``tests/e2e``.
"""

from __future__ import annotations

from packaging.utils import NormalizedName

from proxy.listings import Listing
from proxy.model import ReleaseFile, Verdict
from proxy.policy import telling
from proxy.policy.listing import Judged
from proxy.simple.addresses import path_of
from proxy.simple.render import Row

UNKNOWN_VERSION = "9999"
"""The version of a tombstone where no real one may be looked up: it satisfies open ranges."""


def rows(listing: Listing) -> list[Row]:
    """Return what the page shows: allowed files, and a tombstone for every version that is withheld."""
    composition = listing.composition
    shown = [_allowed(judged) for judged in composition.allowed]
    yanked = bool(shown)
    withheld = [
        _tombstone(listing.project, version, judged.verdict, yanked=yanked)
        for version, judged in composition.withheld.items()
    ]
    if not shown and not withheld:
        verdict = composition.verdict
        if not verdict.allowed:
            version = f"{UNKNOWN_VERSION}+{telling.label(verdict)}"
            withheld = [_tombstone(listing.project, version, verdict, yanked=False)]
    return shown + withheld


def _allowed(judged: Judged) -> Row:
    return Row(judged.file, f"../../files{path_of(judged.file.url)}")


def _tombstone(project: NormalizedName, version: str, verdict: Verdict, *, yanked: bool) -> Row:
    """Return a made-up wheel that fits every interpreter, so that every installer chooses it and reads why."""
    filename = f"{project.replace('-', '_')}-{version}-py3-none-any.whl"
    file = ReleaseFile(
        filename=filename,
        version=version,
        kind="wheel",
        url="",
        sha256=None,
        yanked=telling.headline(verdict) if yanked else None,
        metadata="",
    )
    return Row(file, f"../../refused/{telling.slug(verdict)}/{filename.replace('+', '%2B')}")
