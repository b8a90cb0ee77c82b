"""What arrived against what is in force: what is new, what changed, what to refuse as a whole. Pure.

Decided here:

* A *withdrawn* record unblocks, a *missing* one does not. What vanished from a full export is
  reported and stays in force until a person drops it: an export that lost a record and one that was
  tampered with look the same.
* A record takes the place of the one in force with its id only if it is not older. The year 1 is no
  date: such a record may be new, so it counts when a full export brings it.
* A record that says less than the one in force (:mod:`proxy.feeds.lifting`) takes its place and counts as a loss,
  like one that is withdrawn: what empties records is no better than what loses them. One of **malware** does
  not: it is joined with the one in force, which stays at the widest that was ever said, until it is withdrawn
  or two people dispute it.
* A mended record never takes the place of another: it is joined with it
  (:func:`proxy.feeds.mending.join`). Leaving it out instead is safe as well.
* A record whose text cannot be read has not vanished; what was in force under its name stays.
* An export is refused when more than a share of what is in force would vanish, be withdrawn or say less at once,
  when more than a share of it is broken, or when it is older than what is in force. Single records that would
  take away as much are refused as well, and the export is fetched whole.

Must not know: the store, the network, the clock.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Final

from proxy.errors import FeedRefused
from proxy.feeds.archive import KEPT, stem
from proxy.feeds.lifting import Lifted, ended, lets_malware_go, says_less, softens
from proxy.feeds.mending import join
from proxy.feeds.osv import NO_DATE, Entry, Reading, unpacked
from proxy.model import Advisory

FAULTS_AT_MOST = 100
"""How many faults are told one by one."""

_TAKEN: Final = frozenset({"added", "changed"})
_FULL: Final = "A full export can be read instead."

InForce = Mapping[str, tuple[datetime, str, bytes]]
"""``modified``, digest and the packed whole of every record in force, by id."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Ids of a reading, by what they are to what is in force. Each id stands in one tuple.

    ``added`` and ``changed`` are to be put, ``withdrawn`` (they unblock) and ``narrowed`` (they say less) too,
    ``damaged`` and ``kept`` (malware that would say less) to be joined with what is in force. ``vanished`` and
    ``older`` stay as they are. ``unchanged`` counts.
    """

    added: tuple[str, ...]
    changed: tuple[str, ...]
    withdrawn: tuple[str, ...]
    narrowed: tuple[str, ...]
    damaged: tuple[str, ...]
    kept: tuple[str, ...]
    vanished: tuple[str, ...]
    older: tuple[str, ...]
    unchanged: int

    @property
    def puts(self) -> tuple[str, ...]:
        """The ids to put as they are."""
        return self.added + self.changed + self.withdrawn + self.narrowed

    @property
    def joins(self) -> tuple[str, ...]:
        """The ids to join with what is in force."""
        return self.damaged + self.kept


@dataclass(frozen=True, slots=True)
class Compared:
    """A reading compared with what is in force: everything that taking it needs, besides its records.

    ``in_force`` counts the records that are, ``records`` those and the reading's together, ``faults`` what was
    wrong, of which ``said`` tells the first. ``newest`` and ``sha256`` are the reading's. ``lifted`` is the malware
    that is withdrawn and withholds no longer when this is taken, ``dropped`` the malware that vanished: it stays,
    whoever confirms the loss of the rest.
    """

    plan: Plan
    in_force: int
    records: int
    faults: int
    said: tuple[str, ...]
    newest: datetime
    sha256: str
    lifted: Lifted = ()
    dropped: Lifted = ()

    @property
    def wanted(self) -> tuple[str, ...]:
        """The ids of the records that taking it needs: to put, or to join with what is in force."""
        return self.plan.puts + self.plan.joins

    def lifting_nothing(self) -> Compared:
        """Return the same with the malware that it takes back kept as it is in force."""
        held = tuple(dict.fromkeys(name for name, _ in self.lifted))
        left = tuple(name for name in self.plan.withdrawn if name not in held)
        return replace(self, plan=replace(self.plan, withdrawn=left, kept=self.plan.kept + held), lifted=())


def compare(old: InForce, reading: Reading, *, full: bool) -> Compared:
    """Compare a reading with what is in force. Raises FeedRefused where too much of it is broken."""
    refuse_if_broken(reading)
    found = plan(old, reading, full=full)
    return Compared(
        found,
        in_force=len(old),
        records=len(old.keys() | reading.entries.keys()),
        faults=len(reading.faults),
        said=tuple(f"{fault.member}: {fault.problem}" for fault in reading.faults[:FAULTS_AT_MOST]),
        newest=reading.newest,
        sha256=reading.sha256,
        lifted=_ended(old, found.withdrawn),
        dropped=_ended(old, found.vanished),
    )


def _ended(old: InForce, ids: tuple[str, ...]) -> Lifted:
    return tuple(pair for name in ids for pair in ended(unpacked(old[name][2])))


def plan(old: InForce, reading: Reading, *, full: bool) -> Plan:
    """Compare a reading with what is in force. Only a full one can tell what vanished."""
    found: dict[str, list[str]] = {}
    for name, entry in reading.entries.items():
        kind = _kind(old.get(name), entry)
        found.setdefault("narrowed" if kind in _TAKEN and _softens(old, name, entry) else kind, []).append(name)
    present = reading.entries.keys() | {stem(fault.member) for fault in reading.faults}
    vanished = sorted(old.keys() - present) if full else []
    return Plan(
        added=tuple(found.get("added", ())),
        changed=tuple(found.get("changed", ())),
        withdrawn=tuple(found.get("withdrawn", ())),
        narrowed=tuple(found.get("narrowed", ())),
        damaged=tuple(found.get("damaged", ())),
        kept=tuple(found.get("kept", ())),
        vanished=tuple(vanished),
        older=tuple(found.get("older", ())),
        unchanged=len(found.get("unchanged", ())),
    )


def _kind(old: tuple[datetime, str, bytes] | None, entry: Entry) -> str:
    if old is None:
        return "added"
    modified, digest, packed = old
    if digest == entry.digest:
        return "unchanged"
    if NO_DATE < entry.modified < modified:
        return "older"
    if entry.mended:
        return "damaged"
    return _edited(unpacked(packed), digest, entry)


def _softens(old: InForce, name: str, entry: Entry) -> bool:
    """Whether a record has a rating for others in force, which it did not say to be the same before."""
    if entry.withdrawn:
        return False
    new = entry.advisory
    before = unpacked(old[name][2]).aliases if name in old else ()
    gained = (alias for alias in new.aliases if alias in old and alias not in before)
    return softens(new, (unpacked(old[alias][2]) for alias in gained))


def _edited(known: Advisory, digest: str, entry: Entry) -> str:
    """Say what a sound record is to ``known``, which is in force with this digest and another text."""
    if entry.withdrawn:
        return "withdrawn" if known.withdrawn is None else "changed"
    new = entry.advisory
    if not says_less(known, new):
        return "changed"
    if not lets_malware_go(known, new):
        return "narrowed"
    return "unchanged" if Entry.of(join(known, new)).digest == digest else "kept"


def to_fetch(old: InForce, modified_ids: bytes) -> tuple[str, ...]:
    """Return the ids that OSV's ``modified_id.csv`` shows as new or newer than what is in force.

    It cannot show what vanished, nor what changed without a new ``modified``: those take a full
    export. Raises FeedRefused where it is no such list.
    """
    rows = dict(_rows(modified_ids))
    if not rows:
        raise FeedRefused(f"The list of modified advisories is empty. {KEPT} {_FULL}")
    return tuple(name for name, modified in rows.items() if name not in old or modified > old[name][0])


def _rows(modified_ids: bytes) -> Iterator[tuple[str, datetime]]:
    for number, line in enumerate(modified_ids.decode("utf-8", "replace").splitlines(), 1):
        modified, _, name = line.partition(",")
        try:
            time = datetime.fromisoformat(modified)
        except ValueError as error:
            sentence = f"Line {number} of the list of modified advisories cannot be read: {error}."
            raise FeedRefused(f"{sentence} {KEPT} {_FULL}") from error
        yield name.rpartition("/")[2].strip(), time if time.tzinfo else time.replace(tzinfo=UTC)


def is_whole(in_force: int, found: Plan, *, most: float = 0.10, few: int = 5) -> bool:
    """Whether a reading holds what is in force, or nearly: else it says nothing of how old the rest is."""
    return len(found.vanished) <= _may_go(in_force, most, few)


def _may_go(in_force: int, most: float, few: int) -> float:
    return max(few, most * in_force)


def refuse_if_shrunk(in_force: int, found: Plan, *, most: float = 0.10, few: int = 5) -> None:
    """Raise FeedRefused when too much would be lost at once: vanished, newly withdrawn, or narrowed.

    ``in_force`` counts records, ``most`` is a share of them; up to ``few`` may always go.
    """
    lost = len(found.vanished) + len(found.withdrawn) + len(found.narrowed)
    if lost > _may_go(in_force, most, few):
        raise FeedRefused(
            f"The advisory data lost {lost} of {in_force} records ({len(found.vanished)} are missing,"
            f" {len(found.withdrawn)} withdrawn, {len(found.narrowed)} say less than they did);"
            f" at most {most:.0%} may go at once. {KEPT}"
            " If this is right, import it by hand and confirm the loss."
        )


def refuse_if_broken(reading: Reading, *, most: float = 0.10, few: int = 5) -> None:
    """Raise FeedRefused when more than a share of the members is broken; ``few`` may always be."""
    broken = {fault.member for fault in reading.faults}
    if len(broken) > max(few, most * len(reading.entries)):
        raise FeedRefused(
            f"{len(broken)} records of the advisory data are broken, beside {len(reading.entries)} read"
            f" (the first is {reading.faults[0].member}: {reading.faults[0].problem}). {KEPT}"
            " Fetch it again; if it stays so, tell whoever provides it."
        )


def refuse_if_older(in_force: datetime, newest: datetime) -> None:
    """Raise FeedRefused when the newest record is older than the newest in force: a step back in time."""
    if newest < in_force:
        raise FeedRefused(
            f"The advisory data is older than what is in force: its newest record is of"
            f" {newest:%Y-%m-%d %H:%M} UTC, the newest in force of {in_force:%Y-%m-%d %H:%M} UTC."
            f" {KEPT} If this is right, import it by hand and confirm the loss."
        )
