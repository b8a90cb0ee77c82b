"""What was answered by day: read from the record as far as it can have grown."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from types import SimpleNamespace
from typing import Any

from admin.actions.today import Today
from proxy.model import Answered

AT = datetime(2026, 11, 25, 9, tzinfo=UTC)
DAY = timedelta(days=1)


async def test_a_day_that_is_over_is_read_once() -> None:
    asked: list[date] = []

    def answered(since: datetime) -> list[Answered]:
        asked.append(since.date())
        days = [since.date() + n * DAY for n in range(40)]
        return [Answered(day, "refused", day.day) for day in days if day <= now.date()]

    hands: Any = SimpleNamespace(store=SimpleNamespace(answered=answered))
    today, now = Today(hands), AT
    first = await today._answered(now)
    assert [line.day for line in first] == [AT.date() - n * DAY for n in range(13, -1, -1)]
    assert await today._answered(now) == first
    now = AT + 15 * timedelta(hours=1) + timedelta(minutes=5)
    await today._answered(now)
    now += 2 * DAY
    later = await today._answered(now)
    assert [line.day for line in later] == [now.date() - n * DAY for n in range(13, -1, -1)]
    assert asked == [AT.date() - 13 * DAY, AT.date(), AT.date(), AT.date()], "just after midnight nothing is over yet"
    assert (min(today.counted), len(today.counted)) == (later[0].day, 12), "days that are shown no more are forgotten"
