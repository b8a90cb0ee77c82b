"""The clock of the host: corrected, set forward, set back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from proxy import app
from proxy.clock import Clock, sentence
from tests.policy.facts import AT
from tests.world.inside import house
from tests.world.upstream import Upstream

MONTH = timedelta(days=30)


class Host:
    """A host whose clock is set."""

    def __init__(self) -> None:
        self.wall, self.up = AT, 0.0
        self.clock = Clock(lambda: self.wall, lambda: self.up)

    def passes(self, time: timedelta, step: timedelta = timedelta(0)) -> None:
        """Time passes, and the clock is set by a step besides."""
        self.wall += time + step
        self.up += time.total_seconds()


def test_time_passes_and_is_corrected() -> None:
    host = Host()
    for step in (timedelta(0), timedelta(seconds=40), timedelta(seconds=-40), timedelta(minutes=4)):
        host.passes(timedelta(hours=1), step)
        assert (host.clock.now(), host.clock.doubt()) == (host.wall, timedelta(0))


def test_a_clock_that_is_set_forward_is_believed_and_doubted() -> None:
    host = Host()
    host.passes(timedelta(hours=1), MONTH)
    assert (host.clock.now(), host.clock.doubt()) == (host.wall, MONTH)
    assert "jumped by 30 days" in sentence(host.clock.doubt())
    host.passes(timedelta(hours=1), -MONTH)
    assert (host.clock.now(), host.clock.doubt(), sentence(host.clock.doubt())) == (host.wall, timedelta(0), "")


def test_a_clock_that_is_set_back_does_not_take_the_time_back() -> None:
    host = Host()
    host.passes(timedelta(hours=1), -MONTH)
    assert (host.clock.now(), host.clock.doubt()) == (AT + timedelta(hours=1), MONTH)
    host.passes(timedelta(hours=1))
    assert host.clock.now() == AT + timedelta(hours=2)


@pytest.mark.parametrize("step", [MONTH, -MONTH])
async def test_no_clock_opens_the_cool_down_and_what_was_served_is_served(
    index: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: timedelta
) -> None:
    old, young = index.release("flask", "3.0.0"), index.release("flask", "3.1.0", days=2)
    async with house(tmp_path / "gate", index.url, ttl=600) as gate:
        await gate.approve("flask", standing=True)
        assert await gate.served() == [old.filename]
        honest = app.clock._wall
        monkeypatch.setattr(app.clock, "_wall", lambda: honest() + step)
        assert await gate.served() == [old.filename]
        assert (await gate.get(f"/files{young.path}")).status_code == 403
        assert (await gate.get(f"/files{old.path}")).status_code == 200
        monkeypatch.setattr(app.clock, "_wall", honest)
        assert await gate.served() == [old.filename]
        assert app.clock.doubt() == timedelta(0)
