"""What a process leaves for the one after it, and what it says when it cannot."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy import journals
from proxy.alerts import Alerts
from proxy.background import Background
from proxy.live import Live
from proxy.recovery import Recovery
from proxy.store.sqlite import SqliteStore
from tests.policy.facts import AT


@pytest.mark.parametrize("readable", [True, False])
async def test_a_process_that_cannot_tell_one_boot_from_another_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, readable: bool
) -> None:
    boot = tmp_path / "boot_id"
    if readable:
        boot.write_text("this one")
    monkeypatch.setattr(journals, "BOOT", boot)
    store, background = SqliteStore(tmp_path), Background()
    alerts = Alerts(store, Live(store, store.bell), lambda: AT, None)
    recovery = Recovery(store, tmp_path, "one", alerts, background)
    await recovery.begin()
    told = background.trouble.get("power loss", "")
    assert ("would not be seen at the next start" in told, bool(told)) == (not readable, not readable)
    recovery.end()
    store.close()
