"""The first file that was handed out under a name stays the only one, whatever an upstream lists later.

An approval pins the files that it froze; this is for all others as well (a standing range, observe mode), and it
outlives approvals: a name that once stood for these bytes never stands for others.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TypeVar

from packaging.utils import NormalizedName

from proxy.errors import StoreError
from proxy.learnt import Learnt
from proxy.model import ReleaseFile
from proxy.policy.rules.digest import differ
from proxy.store import Store

log = logging.getLogger(__name__)

Answer = TypeVar("Answer")

PROJECTS_AT_MOST = 5_000
SICK_SECONDS = 5.0
"""For so long after a failure the store is not asked: a crowd would wait for it, one after the other."""


class Firsts:
    """Knows the first file of each name, and keeps new ones. The store decides between workers."""

    def __init__(self, store: Store, learnt: Learnt, clock: Callable[[], datetime]) -> None:
        self._store, self._learnt, self._clock = store, learnt, clock
        self._of: OrderedDict[NormalizedName, dict[str, ReleaseFile]] = OrderedDict()
        self._keeping = asyncio.Lock()
        self._sick_until, self._why = 0.0, ""

    async def known(self, project: NormalizedName) -> Mapping[str, ReleaseFile]:
        """Return the first files of a project by name; none while the store cannot be read.

        Whoever composes without them cannot hand out another one for all that: see :meth:`keep`.
        """
        try:
            return dict(await self._read(project))
        except StoreError as error:
            log.error("The first files of %s cannot be read: %s", project, error)
            return {}

    async def _read(self, project: NormalizedName) -> dict[str, ReleaseFile]:
        known = self._of.get(project)
        if known is None:
            known = self._of[project] = dict(await self._asked(lambda: self._store.first_files(project)))
            if len(self._of) > PROJECTS_AT_MOST:
                self._of.popitem(last=False)
        return known

    async def keep(self, project: NormalizedName, file: ReleaseFile) -> bool:
        """Keep a file as the first of its name. Returns whether it is: False where other bytes came first.

        Raises StoreError: what cannot be kept is not handed out.
        """
        known = await self._read(project)
        first = known.get(file.filename)
        if first is None:
            async with self._keeping:
                first = await self._asked(lambda: self._store.keep_first(project, file, self._clock()))
            known[file.filename] = first
        if differ(first, file):
            self._learnt.unsettle(project)  # another worker was first, and what was composed here does not know
            return False
        return True

    async def _asked(self, work: Callable[[], Answer]) -> Answer:
        """Ask the store in a thread, unless it failed a moment ago. Raises StoreError."""
        if time.monotonic() < self._sick_until:
            raise StoreError(self._why)
        try:
            return await asyncio.to_thread(work)
        except StoreError as error:
            self._sick_until, self._why = time.monotonic() + SICK_SECONDS, str(error)
            raise
