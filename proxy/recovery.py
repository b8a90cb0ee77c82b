"""What a crash left is read back at the next start, and this process leaves word for the one after it."""

from __future__ import annotations

import asyncio
from pathlib import Path

from proxy.alerts import Alerts
from proxy.background import Background
from proxy.errors import StoreError
from proxy.journals import BOOT, Mark, boot, recover
from proxy.notices import SYSTEM
from proxy.policy import changes_audit
from proxy.store import Store

AGAIN_SECONDS = 5.0
NAME, MARK = "recovery", "power loss"


class Recovery:
    """The journals of dead processes in ``directory``, and the mark of this one."""

    def __init__(self, store: Store, directory: Path, process: str, alerts: Alerts, background: Background) -> None:
        self._store, self._directory, self._process = store, directory, process
        self._alerts, self._background = alerts, background
        self._mark: Mark | None = None
        self._left = False

    async def begin(self) -> None:
        """Commit what dead processes noted, and leave a mark. Never raises: what cannot be done now waits."""
        await self._recover()
        try:
            self._mark = Mark(self._directory, self._process)
        except OSError as error:
            self._blind(str(error))
        else:
            if not boot():
                self._blind(f"{BOOT} cannot be read. Let this process read it (systemd: no ProcSubset=pid)")

    async def run(self) -> None:
        """Try again what could not be committed at the start, until it is."""
        while self._left:
            await asyncio.sleep(AGAIN_SECONDS)
            await self._recover()

    def end(self) -> None:
        """This process ends with everything committed."""
        if self._mark is not None:
            self._mark.remove()

    def _blind(self, why: str) -> None:
        self._background.tell(MARK, f"A crash of the machine would not be seen at the next start: {why}.")

    async def _recover(self) -> None:
        """Commit what can be read; what cannot is a gap, and an event that says so."""
        try:
            gap = await asyncio.to_thread(recover, self._store, self._directory)
        except StoreError as error:
            self._left = True
            self._background.tell(NAME, f"What was noted before a crash waits in its journal. {error}")
            return
        self._left = False
        self._background.tell(NAME, "")
        if gap is not None:
            await self._alerts.tell(changes_audit.gap(gap.lost, gap.journals, machine=gap.machine), SYSTEM)
