"""How old the advisory data is, judged in one place for every voice: rule, page, report, metric, alert.

Decided here:

* Two ages count, that of the newest content and that of the last successful sync; the worse one decides.
  Content alone would call a feed fresh that stopped, a sync alone one that repeats itself.
* From ``warn_stale_after`` on the data is old, from ``alarm_stale_after`` on it is stale. No data is
  worse than any.

Must not know: what the age leads to.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Literal

from proxy.model import FeedState, Terms

Level = Literal["fresh", "old", "stale", "none"]

LEVELS: Final[tuple[Level, ...]] = ("fresh", "old", "stale", "none")
"""Every level, the best first."""

BLIND: Final = frozenset[Level]({"stale", "none"})
"""The levels at which news may have been missed."""

_SHOWN_OF_A_DIGEST: Final = 12


@dataclass(frozen=True, slots=True)
class Age:
    """The ages of what is known, None where nothing is.

    ``until`` is when time alone makes it worse; None where it cannot get worse.
    """

    level: Level
    content: timedelta | None = None
    sync: timedelta | None = None
    until: datetime | None = None


def age(feed: FeedState | None, terms: Terms, at: datetime) -> Age:
    """Judge the data in force by the terms."""
    if feed is None:
        return Age("none")
    content, sync = at - feed.newest, at - feed.synced
    stale_at = stale_from(feed, terms)
    old_at = min(min(feed.newest, feed.synced) + terms.warn_stale_after, stale_at)
    if at >= stale_at:
        return Age("stale", content, sync)
    if at >= old_at:
        return Age("old", content, sync, stale_at)
    return Age("fresh", content, sync, old_at)


def stale_from(feed: FeedState, terms: Terms) -> datetime:
    """Return the moment at which the data becomes stale, or did."""
    return min(feed.newest, feed.synced) + terms.alarm_stale_after


def sentence(feed: FeedState | None, terms: Terms, at: datetime) -> str:
    """Say how much is known, how old it is and by which digest it can be told: what follows "Advisory data:"."""
    if feed is None:
        return "none: nothing is known to be safe."
    level = age(feed, terms, at).level
    word = "" if level == "fresh" else f"{level.upper()}: "
    return (
        f"{word}{feed.records} records from {feed.source}, the newest {_span(at - feed.newest)} old,"
        f" taken in {_span(at - feed.synced)} ago, SHA-256 {feed.sha256[:_SHOWN_OF_A_DIGEST]}."
    )


def _span(time: timedelta) -> str:
    """Return a span in the largest unit that still says something: minutes, hours or days."""
    minutes = max(int(time.total_seconds() // 60), 0)
    for unit, size in (("days", 2 * 24 * 60), ("hours", 2 * 60)):
        if minutes >= size:
            return f"{minutes // (size // 2)} {unit}"
    return "1 minute" if minutes == 1 else f"{minutes} minutes"
