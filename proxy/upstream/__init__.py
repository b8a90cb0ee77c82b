"""The upstream: a package index and the hosts that its files lie on, asked politely, never believed.

* :mod:`proxy.upstream.origins`: where bytes may come from. Pure.
* :mod:`proxy.upstream.breaker`: when an origin is left alone for a moment.
* :mod:`proxy.upstream.network`: connections; the address is checked before it is connected to.
* :mod:`proxy.upstream.wire`: one connection, as the HTTP library wants it.
* :mod:`proxy.upstream.arrivals`: how much of it may be in memory at once.
* :mod:`proxy.upstream.body`: answers read under a cap, decoded and counted.
* :mod:`proxy.upstream.client`: pages, files and metadata, with every failure mapped to our errors.

Nothing here knows what is approved. Bytes are handed on unverified: whoever keeps them checks the digest.
"""

from proxy.upstream.arrivals import Arrivals
from proxy.upstream.client import FileStream, Upstream
from proxy.upstream.network import make_client
from proxy.upstream.origins import Origins, origin_of
from proxy.upstream.replies import MISSING, NOT_MODIFIED, Page, PageReply, Validators

__all__ = [
    "MISSING",
    "NOT_MODIFIED",
    "Arrivals",
    "FileStream",
    "Origins",
    "Page",
    "PageReply",
    "Upstream",
    "Validators",
    "make_client",
    "origin_of",
]
