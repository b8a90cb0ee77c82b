"""The address of a preview: ``/preview/SECRET/simple/``, there while a resolution runs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from packaging.utils import NormalizedName
from starlette.types import ASGIApp, Receive, Scope, Send

from proxy.channels import ChannelPolicy
from proxy.gateway import Gateway
from proxy.live import Live
from proxy.model import Approval, DecisionRecord
from proxy.preview import Preview
from proxy.repeats import Same
from proxy.simple import names
from proxy.web.bursts import Bursts
from proxy.web.files import FileDoor, RefusedDoor
from proxy.web.floods import Floods
from proxy.web.http import below, say
from proxy.web.index import IndexDoor
from proxy.web.readers import Readers
from proxy.web.recording import Recorder
from proxy.web.refusals import Refusals

PREFIX = "/preview/"


class _Unrecorded:
    """A preview hands nothing to an installer, so nothing is recorded."""

    def note(self, _record: DecisionRecord, /) -> None:
        """Record nothing."""

    def note_soon(self, _record: DecisionRecord, /) -> None:
        """Record nothing."""

    def repeats(self, _same: Same, _at: datetime, /) -> bool:
        """Count nothing."""
        return True

    def note_first(self, _same: Same, _record: DecisionRecord, /) -> None:
        """Record nothing."""


Seen = Callable[[NormalizedName], None]


@dataclass(frozen=True, slots=True)
class _Open:
    """A preview that is open: its doors, and who hears of the projects that are looked at."""

    doors: Mapping[str, ASGIApp]
    seen: Seen


class PreviewDoor:
    """Answers under ``/preview/``, for the previews that are open, and 404 for everything else."""

    def __init__(self, gateway: Gateway, live: Live, clock: Callable[[], datetime], url: str) -> None:
        self._gateway, self._live = gateway, live
        self._readers = Readers(live, clock, anonymous=True)
        self._recorder = Recorder(_Unrecorded(), clock, Floods(), Bursts())
        self._refusals = Refusals(self._recorder, url)
        self._open: dict[str, _Open] = {}

    @contextmanager
    def opened(self, wish: Approval, seen: Seen) -> Iterator[str]:
        """Open a preview and give its path, ``/preview/SECRET``; it is gone when the context ends.

        ``seen`` is told of every project whose page is looked at.
        """
        secret = secrets.token_urlsafe(32)
        gateway = self._gateway.answering_by(Preview(ChannelPolicy(self._live, wish.channel), wish))
        doors: dict[str, ASGIApp] = {
            "simple": IndexDoor(gateway, self._readers, self._recorder),
            "files": FileDoor(gateway, self._readers, self._recorder, self._refusals),
            "refused": RefusedDoor(gateway, self._readers, self._refusals),
        }
        self._open[secret] = _Open(doors, seen)
        try:
            yield f"{PREFIX}{secret}"
        finally:
            del self._open[secret]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the index would, by the preview's policy."""
        secret, _, rest = scope["path"].removeprefix(PREFIX).partition("/")
        word, _, name = rest.partition("/")
        preview = self._open.get(secret)
        door = preview.doors.get(word) if preview else None
        if preview is None or door is None:
            await say(send, 404, "There is nothing here.", head=scope["method"] == "HEAD")
            return
        project = names.normal(name.rstrip("/"))
        if word == "simple" and project:
            preview.seen(project)
        cut = len(PREFIX) + len(secret)
        await door(below(scope, cut), receive, send)
