"""Which records are wanted: the filters of the two chains, in the words of whoever asks.

Decided here:

* Empty text and None match everything; what is given must all be met.
* A page of results is read from either side: ``before_seq`` leads to older records, ``after_seq`` to newer
  ones. Whichever is given, results come newest first.
* :data:`DEFAULT_CHANNEL` is how the channel without a name is asked for.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

DEFAULT_CHANNEL = "default"


@dataclass(frozen=True, slots=True)
class EventFilter:
    """Which audit events are wanted.

    ``tag`` is a tag or its beginning (``project:approval``), ``actor`` a name or an id, ``client`` the address
    that the actor came from, ``sha256`` a digest that the event names, ``text`` words that must all be there.
    ``since`` is included, ``until`` is not.
    """

    project: str = ""
    tag: str = ""
    actor: str = ""
    client: str = ""
    sha256: str = ""
    channel: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_seq: int | None = None
    after_seq: int | None = None
    limit: int = 100


@dataclass(frozen=True, slots=True)
class DecisionFilter:
    """Which decision records are wanted.

    ``code`` is one of its reasons, ``token`` the name or the id of one; the rest as in :class:`EventFilter`.
    """

    project: str = ""
    version: str = ""
    sha256: str = ""
    client: str = ""
    token: str = ""
    verdict: str = ""
    what: str = ""
    code: str = ""
    channel: str = ""
    text: str = ""
    since: datetime | None = None
    until: datetime | None = None
    before_seq: int | None = None
    after_seq: int | None = None
    limit: int = 100
