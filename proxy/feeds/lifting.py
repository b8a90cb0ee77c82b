"""What a record in force says that another one with its id would not say any more, and what is told of it. Pure.

Decided here:

* A record says less where it affects fewer versions of a project than it did, in whatever way (no entry of it, another
  ecosystem, GIT ranges alone, a range that ends sooner), or is rated lower than it was, or as nothing. What has no
  rating may get one.
* Malware says less where it is no malware any more; its rating does not matter.
* Records that are one matter (aliases) are judged together. So a record says less where it calls itself another's alias
  no longer, which stays so where that is malware; and a low rating that it brings for others, unrated so far, is one.
* A record that was withdrawn already says nothing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Final

from packaging.utils import NormalizedName

from proxy.model import Advisory, Affected, Change
from proxy.policy import changes, spans
from proxy.policy.severity import RATINGS

_LOW: Final = frozenset({"none", "low"})
NAMED_AT_MOST = 50
"""How many records one alert names."""

Lifted = tuple[tuple[str, NormalizedName], ...]
"""Records of malware by id, each with a project that it withholds no longer."""


def says_less(known: Advisory, new: Advisory) -> bool:
    """Whether ``new`` leaves open something that ``known`` withholds."""
    if known.withdrawn is not None:
        return False
    if known.malicious and not new.malicious:
        return True
    if not known.malicious and _is_rated_lower(known, new):
        return True
    if not set(known.aliases) <= set(new.aliases):
        return True
    before, after = _by_project(known), _by_project(new)
    return any(not spans.holds(spans.spans(after[name]), spans.spans(said)) for name, said in before.items())


def lets_malware_go(known: Advisory, new: Advisory) -> bool:
    """Whether what says less is malware, or called itself another name of some."""
    return known.malicious or any(name.startswith("MAL-") for name in set(known.aliases) - set(new.aliases))


def softens(new: Advisory, others: Iterable[Advisory]) -> bool:
    """Whether a record gives a low rating to ``others`` that it says to be the same, and that were withheld unrated."""
    return new.severity.rating in _LOW and any(
        other.severity.rating == "unknown" and other.withdrawn is None for other in others
    )


def ended(known: Advisory) -> Lifted:
    """Return what ends with a record, where it is malware and was in force."""
    if not known.malicious or known.withdrawn is not None:
        return ()
    return tuple((known.id, project) for project in dict.fromkeys(entry.project for entry in known.affected))


def _is_rated_lower(known: Advisory, new: Advisory) -> bool:
    before, after = known.severity.rating, new.severity.rating
    return RATINGS[after] < RATINGS[before] and (before != "unknown" or after == "none")


def _by_project(record: Advisory) -> Mapping[NormalizedName, list[Affected]]:
    found: defaultdict[NormalizedName, list[Affected]] = defaultdict(list)
    for entry in record.affected:
        found[entry.project].append(entry)
    return found


def news(lifted: Lifted, kept: Collection[str]) -> Iterator[Change]:
    """Yield what the team must hear of malware: reports that count no more, and those of which a source says less."""
    if lifted:
        named = _named([f"{name} ({project})" for name, project in lifted])
        sentence = f"The source took reports of malware back, which withhold nothing any more: {named}."
        step = "What was approved of these projects is served again. If you do not believe it: wicketgate prohibit NAME"
        yield changes.report("feed:malware:lifted", "", f"{sentence} {step}", lifted=named)
    if kept:
        named = _named(kept)
        sentence = f"The source says less than it did of reports of malware, which withhold what they did: {named}."
        step = "If the source is right, two people may dispute a report: wicketgate waive NAME ID"
        yield changes.report("feed:malware:kept", "", f"{sentence} {step}", kept=named)


def _named(names: Collection[str]) -> str:
    more = len(names) - NAMED_AT_MOST
    return ", ".join(list(names)[:NAMED_AT_MOST]) + (f" and {more} more" if more > 0 else "")
