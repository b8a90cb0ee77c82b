"""What is served of each project now, and where that is kept until something moves.

Decided here:

* A listing is good for one revision of the policy, one list of names and one doubt of the clock, until the upstream's
  page is due, time alone may change a verdict, or something was learnt of the project.
* Listings are bounded in number and by what they hold; the longest kept goes first.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote

from packaging.utils import NormalizedName

from proxy.learnt import Learnt
from proxy.model import ReleaseFile
from proxy.policy.listing import Composition, Judged, compose
from proxy.policy.similarity import NameIndex
from proxy.policy.snapshot import PolicySnapshot
from proxy.shelf import Held
from proxy.simple.addresses import path_of

LISTINGS_AT_MOST = 2_000
"""Listings kept in memory; the oldest goes first."""

ROWS_AT_MOST = 60_000
"""Judged files in all of them, about 1 kB each; those of long addresses count as more."""

ADDRESS_BYTES = 256


@dataclass(slots=True)
class Listing:
    """One project as it is served now, judged with ``names`` and in ``doubt`` of the clock.

    ``moves`` tells it from what was learnt of the project since; ``bodies`` and ``heads`` are the doors' own:
    finished pages by representation, and what goes before small files by path.
    """

    project: NormalizedName
    composition: Composition
    revision: int
    good_until: datetime
    moves: int
    names: NameIndex | None
    doubt: timedelta
    stale: bool = False
    by_path: dict[str, Judged] = field(default_factory=dict)
    bodies: dict[tuple[bytes, bytes, bytes], object] = field(default_factory=dict)
    heads: dict[str, object] = field(default_factory=dict)

    def known_path(self, url: str) -> str | None:
        """Return the path behind ``/files`` of the file that is at the path of ``url``, whatever its host."""
        judged = self.by_path.get(unquote(path_of(url)))
        return path_of(judged.file.url) if judged else None


class Listings:
    """The listings that are kept."""

    def __init__(self, learnt: Learnt, clock: Callable[[], datetime]) -> None:
        self._learnt, self._clock = learnt, clock
        self._kept: OrderedDict[str, Listing] = OrderedDict()
        self._rows = 0

    def ready(self, project: str, snapshot: PolicySnapshot) -> Listing | None:
        """Return a project's listing if it is there, of this revision and list of names, and still good."""
        listing = self._kept.get(project)
        if listing is None or listing.revision != snapshot.revision or self._clock() >= listing.good_until:
            return None
        same = listing.moves == self._learnt.moves(listing.project) and listing.names is snapshot.names.popular
        return listing if same and listing.doubt == snapshot.doubt else None

    def before(self, project: str) -> Composition | None:
        """Return what a project last came to, however long ago."""
        last = self._kept.get(project)
        return last.composition if last else None

    def keep(self, listing: Listing) -> Listing:
        """Keep a listing in place of its project's last; the longest kept leave where there is no room."""
        self.drop(listing.project)
        self._kept[listing.project] = listing
        self._rows += _rows(listing)
        while len(self._kept) > 1 and (len(self._kept) > LISTINGS_AT_MOST or self._rows > ROWS_AT_MOST):
            self._rows -= _rows(self._kept.popitem(last=False)[1])
        return listing

    def drop(self, project: str) -> None:
        """Forget a project's listing."""
        dropped = self._kept.pop(project, None)
        self._rows -= _rows(dropped) if dropped else 0


@dataclass(frozen=True, slots=True)
class Work:
    """Everything that a listing is made from, for whichever thread makes it."""

    project: NormalizedName
    held: Held
    snapshot: PolicySnapshot
    at: datetime
    first: Mapping[str, ReleaseFile]
    before: Composition | None
    moves: int

    def listing(self) -> Listing:
        """Judge and index. Pure, and slow for large pages."""
        held, revision, names = self.held, self.snapshot.revision, self.snapshot.names.popular
        composition = compose(self.project, held.page, self.snapshot, self.at, first=self.first, before=self.before)
        until = min(filter(None, (held.good_until, composition.until)))
        by_path = {_unquoted(path_of(judged.file.url)): judged for judged in composition.files}
        doubt = self.snapshot.doubt
        return Listing(self.project, composition, revision, until, self.moves, names, doubt, held.stale, by_path)


def _unquoted(path: str) -> str:
    return unquote(path) if "%" in path else path  # five thousand times a page


def _rows(listing: Listing) -> int:
    return 1 + sum(1 + _length(judged.file) // ADDRESS_BYTES for judged in listing.composition.files)


def _length(file: ReleaseFile) -> int:
    return len(file.url) + len(file.provenance or "") + len(file.yanked or "")
