"""Alerts leave the house for where the operator said, and nowhere else."""

from __future__ import annotations

import pytest

from proxy.alerts import Apprised
from tests.upstream.raw import answer, serving


@pytest.mark.filterwarnings("ignore:.*is deprecated:DeprecationWarning")  # Apprise's own, when it is loaded
async def test_an_alert_is_not_led_elsewhere() -> None:
    async with serving(answer(200)) as elsewhere:
        for status in (301, 302, 303, 307, 308):
            async with serving(answer(status, Location=f"{elsewhere.origin}/x")) as place:
                messenger = Apprised([place.origin.replace("http://", "json://")])
                assert not await messenger.send("title", "body")
                assert place.requests
        assert not elsewhere.requests
