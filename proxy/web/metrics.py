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

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from prometheus_client.metrics_core import CounterMetricFamily, GaugeMetricFamily, InfoMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from proxy.audit.figures import Gauge
from proxy.errors import StoreError
from proxy.live import Live
from proxy.model import Token
from proxy.policy import age
from proxy.web.readers import Readers, for_readers


class Metrics(Collector):
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
        self._registry = CollectorRegistry(auto_describe=False)
        self._registry.register(self)

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/metrics", for_readers(self._readers, self.page))]

    async def page(self, request: Request, _token: Token) -> Response:
        """Answer a scrape, in the format that it accepts."""
        encode, kind = _encoder(request.headers.get("accept", ""))
        try:
            text = await asyncio.to_thread(encode, self._registry)
        except StoreError as error:
            return Response(f"{error}\n", 503, media_type="text/plain")
        return Response(text, headers={"content-type": kind, "cache-control": "no-store"})

    def collect(self) -> Iterator[Metric]:
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
        yield CounterMetricFamily(
            "wicketgate_advisory_sync_failures", "Times that advisory data was not taken.", self._failures()
        )
        yield from map(_family, self._record())
        if feed:
            about = {"source": feed.source, "sha256": feed.sha256, "newest": feed.newest.isoformat()}
            yield InfoMetricFamily("wicketgate_advisory_data", "The advisory data in force.", about)


def _encoder(accept: str) -> tuple[Callable[[CollectorRegistry], bytes], str]:
    """Return the writer of the format that is accepted, the plain one where nobody understands what that is."""
    try:
        return choose_encoder(accept)
    except (TypeError, ValueError):  # the library compares "version=x" with numbers
        return choose_encoder("")


def _gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"wicketgate_{name}", text, value)


def _family(gauge: Gauge) -> GaugeMetricFamily:
    labels = [gauge.label] if gauge.label else []
    family = GaugeMetricFamily(f"wicketgate_{gauge.name}", gauge.help, labels=labels)
    for name, value in gauge.values.items():
        family.add_metric([name] if labels else [], value)
    return family


def _seconds(time: timedelta | None) -> float:
    return inf if time is None else time.total_seconds()
