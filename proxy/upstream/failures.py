"""The one table from what a network library raises to what the gate raises."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from proxy.errors import UpstreamAway, UpstreamBroken

AWAY = frozenset({408, 425, 429, 500, 502, 503, 504})
"""Status codes of a server that may do better later (RFC 9110 section 15)."""


@contextmanager
def mapped(origin: str) -> Iterator[None]:
    """Turn every failure of the network into UpstreamAway or UpstreamBroken, with the origin named."""
    try:
        yield
    except (httpx.TimeoutException, TimeoutError) as error:
        raise UpstreamAway(f"{origin} did not answer in time.{_words(error)}") from error
    except (httpx.NetworkError, httpx.ProxyError, OSError) as error:
        raise UpstreamAway(f"{origin} cannot be reached.{_words(error)}") from error
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError, ValueError) as error:
        raise UpstreamBroken(f"{origin} gave an answer that cannot be read.{_words(error)}") from error


def status_error(status: int, origin: str) -> UpstreamAway | UpstreamBroken:
    """Return the error for an answer that brings nothing."""
    if status in AWAY or status >= 500:
        return UpstreamAway(f"{origin} answered {status}.")
    hint = " Look at its credentials." if status in {401, 403, 407} else ""
    return UpstreamBroken(f"{origin} answered {status}, which brings nothing.{hint}")


def _words(error: Exception) -> str:
    """The library's own words, as far as they fit a log line: some quote what the upstream sent."""
    text = "".join(mark if " " <= mark <= "~" else "?" for mark in str(error)[:160])
    return f" ({text})" if text else ""
