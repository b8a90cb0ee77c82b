"""The address of a preview: ``/preview/SECRET/simple/``, there while a resolution runs."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

from starlette.types import Receive, Scope, Send

from proxy.channels import ChannelPolicy
from proxy.decisions import LookUp
from proxy.gateway import Gateway
from proxy.live import Live
from proxy.model import Approval, DecisionRecord
from proxy.preview import Preview
from proxy.web.files import FileDoor, RefusedDoor
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

    def repeats(self, _look_up: LookUp, _at: datetime, /) -> bool:
        """Count nothing."""
        return True

    def note_page(self, _look_up: LookUp, _record: DecisionRecord, /) -> None:
        """Record nothing."""


class PreviewDoor:
    """Answers under ``/preview/``, for the previews that are open, and 404 for everything else."""

    def __init__(self, gateway: Gateway, live: Live, clock: Callable[[], datetime], url: str) -> None:
        self._gateway, self._live = gateway, live
        self._readers = Readers(live, clock, anonymous=True)
        self._recorder = Recorder(_Unrecorded(), clock)
        self._refusals = Refusals(self._recorder, url)
        self._open: dict[str, dict[str, IndexDoor | FileDoor | RefusedDoor]] = {}

    @contextmanager
    def opened(self, wish: Approval) -> Iterator[str]:
        """Open a preview and give its path, ``/preview/SECRET``; it is gone when the context ends."""
        secret = secrets.token_urlsafe(32)
        gateway = self._gateway.answering_by(Preview(ChannelPolicy(self._live, wish.channel), wish))
        self._open[secret] = {
            "simple": IndexDoor(gateway, self._readers, self._recorder),
            "files": FileDoor(gateway, self._readers, self._recorder, self._refusals),
            "refused": RefusedDoor(gateway, self._readers, self._refusals),
        }
        try:
            yield f"{PREFIX}{secret}"
        finally:
            del self._open[secret]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer as the index would, by the preview's policy."""
        secret, _, rest = scope["path"].removeprefix(PREFIX).partition("/")
        door = self._open.get(secret, {}).get(rest.partition("/")[0])
        if door is None:
            await say(send, 404, "There is nothing here.", head=scope["method"] == "HEAD")
            return
        cut = len(PREFIX) + len(secret)
        await door(below(scope, cut), receive, send)
