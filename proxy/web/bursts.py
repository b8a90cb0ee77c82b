"""Files that one client takes again and again: beyond a burst they are counted, not written one by one.

What builds take is written one by one: fifty jobs behind one address that take a wheel in the same minute, each
with a HEAD and a few ranges before it, are two hundred records. More often than that asks a script, and a record of
each would fill the disk in minutes. Decided here:

* The first of each file and client in a minute is always a record of its own.
* So are the next, up to a bound for the file and a bound for the client; whoever goes through many files meets the
  second. What is beyond is counted by file and client, and no count is lost.
* What an installer says of itself makes no other client of it, nor does an address within an IPv6 /64.
* Each worker process counts for itself: with more of them the bounds are as many times as high.
* Memory is bounded: where there is no room for another file and client, they are counted from their second on.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

MINUTE = timedelta(minutes=1)
PAIRS_AT_MOST = 50_000
"""Files of clients that are told apart in a minute."""


class Bursts:
    """How many times a minute one client's taking of one file is a record of its own."""

    def __init__(self, of_file: int = 200, of_client: int = 20_000) -> None:
        self._of_file, self._of_client = of_file, of_client
        self._begun = datetime.min.replace(tzinfo=UTC)
        self._files: dict[tuple[str, ...], int] = {}
        self._clients: dict[str, int] = {}

    def admits(self, client: str, token: str, file: tuple[str, ...], at: datetime) -> bool:
        """Whether a file that is handed out now is written by itself; ``client`` is an address's network."""
        if not self._begun <= at < self._begun + MINUTE:
            self._begun = at.replace(second=0, microsecond=0)
            self._files.clear()
            self._clients.clear()
        key = (client, token, *file)
        times, spent = self._files.get(key, 0), self._clients.get(client, 0)
        if times >= self._of_file or spent >= self._of_client or (not times and len(self._files) >= PAIRS_AT_MOST):
            return False
        self._files[key], self._clients[client] = times + 1, spent + 1
        return True
