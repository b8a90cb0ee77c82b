"""What the gate measures of itself, in Prometheus' text format, for whoever may read the index.

Decided here:

* Nothing is counted here: each scrape asks the parts for what they know now.
* Without advisory data its ages are infinite, so that an alarm on them rings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from math import inf

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from proxy.audit.figures import Gauge
from proxy.errors import StoreError
from proxy.live import Live
from proxy.model import Token
from proxy.policy import age
from proxy.web.exposition import CONTENT_TYPE, Family, write
from proxy.web.readers import Readers, for_readers


class Metrics:
    """The one page ``/metrics``. ``failures`` says how often advisory data was not taken since the process began."""

    def __init__(
        self,
        live: Live,
        failures: Callable[[], int],
        waiting: Callable[[], int],
        record: Callable[[], Iterable[Gauge]],
        readers: Readers,
        clock: Callable[[], datetime],
    ) -> None:
        self._live, self._failures, self._waiting, self._record = live, failures, waiting, record
        self._readers, self._clock = readers, clock

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/metrics", for_readers(self._readers, self.page))]

    async def page(self, _request: Request, _token: Token) -> Response:
        """Answer a scrape."""
        try:
            text = await asyncio.to_thread(lambda: write(self.collect()))
        except StoreError as error:
            return Response(f"{error}\n", 503, media_type="text/plain")
        return Response(text, headers={"content-type": CONTENT_TYPE, "cache-control": "no-store"})

    def collect(self) -> Iterator[Family]:
        """Yield every metric as of now."""
        snapshot = self._live.snapshot
        feed, judged = snapshot.feed, age.age(snapshot.feed, snapshot.terms, self._clock())
        yield _gauge("policy_revision", "The revision of the policy in force.", snapshot.revision)
        yield _gauge("decisions_waiting", "Decision records that are not committed yet.", self._waiting())
        yield _gauge("advisory_records", "Advisory records in force.", feed.records if feed else 0)
        yield _gauge(
            "advisory_content_age_seconds", "Age of the newest content of the advisory data.", _seconds(judged.content)
        )
        yield _gauge(
            "advisory_sync_age_seconds", "Time since the last successful sync of advisory data.", _seconds(judged.sync)
        )
        yield _gauge("advisory_level", "0 fresh, 1 old, 2 stale, 3 no advisory data.", age.LEVELS.index(judged.level))
        failed = "Times that advisory data was not taken."
        yield Family("wicketgate_advisory_sync_failures_total", failed, "counter", (((), self._failures()),))
        yield from map(_family, self._record())
        if feed:
            about = (("source", feed.source), ("sha256", feed.sha256), ("newest", feed.newest.isoformat()))
            yield Family("wicketgate_advisory_data_info", "The advisory data in force.", "gauge", ((about, 1),))


def _gauge(name: str, text: str, value: float) -> Family:
    return Family(f"wicketgate_{name}", text, "gauge", (((), value),))


def _family(gauge: Gauge) -> Family:
    label = gauge.label
    samples = tuple((((label, name),) if label else (), value) for name, value in gauge.values.items())
    return Family(f"wicketgate_{gauge.name}", gauge.help, "gauge", samples)


def _seconds(time: timedelta | None) -> float:
    return inf if time is None else time.total_seconds()
