"""What one client takes again and again is counted beyond a burst; no build meets it, and nobody else is counted."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from proxy.decisions import Decisions
from proxy.model import Code, DecisionRecord, Effect, Finding, Subject, Verdict
from proxy.store import DecisionFilter
from proxy.store.sqlite import SqliteStore
from proxy.web import bursts as module
from proxy.web.bursts import Bursts
from proxy.web.floods import Floods
from proxy.web.http import Asked
from proxy.web.recording import AGAIN, Matter, Recorder
from tests.policy.facts import AT
from tests.world.inside import house
from tests.world.upstream import Upstream

YES = Finding(Code.APPROVED, Effect.PERMIT, "yes", "")
WHEEL = ("flask-3.0.0-py3-none-any.whl", "a" * 64)


def matter(filename: str = WHEEL[0]) -> Matter:
    return Matter.of("file", Verdict(Subject(NormalizedName("flask")), 1, (YES,)), filename)


@dataclass
class Door:
    """A recorder over a store, and a clock that is moved by hand."""

    store: SqliteStore
    decisions: Decisions
    bursts: Bursts
    at: datetime = AT

    def __post_init__(self) -> None:
        self.recorder = Recorder(self.decisions, lambda: self.at, Floods(), self.bursts)

    def take(self, client: str = "10.0.0.9", agent: str = "pip/26", token: str = "", **more: str) -> None:
        by = Asked(False, {b"user-agent": agent.encode()}, client, "ci" if token else "", 1, (), token)
        self.recorder.again(by, matter(**more))

    async def records(self) -> list[DecisionRecord]:
        await self.decisions.flush(self.at, everything=True)
        return [found.record for found in self.store.decisions(DecisionFilter(limit=10_000))][::-1]


@pytest.fixture
def door(tmp_path: Path) -> Door:
    store = SqliteStore(tmp_path)
    return Door(store, Decisions(store, tmp_path, "one"), Bursts(of_file=10, of_client=40))


async def test_beyond_the_burst_a_count_is_written_with_who_got_what(door: Door) -> None:
    for number in range(5_000):
        door.take(agent=f"made-up/{number}", token="token:1")
    found = await door.records()
    assert [record.agent for record in found] == [*(f"made-up/{n}" for n in range(10)), AGAIN, AGAIN]
    assert [record.count for record in found] == [*[1] * 11, 4_989]
    assert {(record.client, record.token_id, record.filename) for record in found} == {
        ("10.0.0.9", "token:1", WHEEL[0])
    }
    assert sum(line.count for line in door.store.handed_out(["flask"])) == 5_000
    assert not list(door.store.verify())


async def test_pages_under_ever_other_installers_are_counted_too(door: Door) -> None:
    allowed = Verdict(Subject(NormalizedName("flask")), 1, (YES,))
    for number in range(1_000):
        by = Asked(False, {b"user-agent": b"made-up/%d" % number}, "10.0.0.9", "", 1)
        door.recorder.page(by, allowed, "allowed")
        door.recorder.page(by, allowed, "allowed")
    found = await door.records()
    assert len(found) <= 10 + 10 + 2, "ten installers by name, each with its repeats"
    assert sum(record.count for record in found) == 2_000
    assert {record.project for record in found} == {"flask"}


async def test_every_minute_begins_anew(door: Door) -> None:
    for minute in range(3):
        door.at = AT + timedelta(minutes=minute, seconds=59)
        for _ in range(30):
            door.take()
        await door.decisions.flush(door.at)
    counts: dict[int, list[int]] = {}
    for record in await door.records():
        counts.setdefault(record.at.minute, []).append(record.count)
    assert counts == {minute: [*[1] * 11, 19] for minute in range(3)}
    door.at = AT - timedelta(hours=1)
    assert door.bursts.admits("10.0.0.9", "", WHEEL, door.at), "a clock that is set back keeps nobody counted"


async def test_others_and_other_files_are_not_counted_for_it(door: Door) -> None:
    for _ in range(50):
        door.take()
    for client, token, name in (("10.0.0.8", "", ""), ("10.0.0.9", "token:1", ""), ("10.0.0.9", "", ".metadata")):
        door.take(client, "uv/1", token, filename=WHEEL[0] + name)
    assert [record.count for record in await door.records() if record.agent == "uv/1"] == [1, 1, 1]


async def test_who_goes_through_many_files_meets_the_bound_of_a_client(door: Door) -> None:
    for number in range(1_000):
        door.take(filename=f"n{number % 100}-1.tar.gz")
    found = await door.records()
    assert sum(record.agent != AGAIN for record in found) == 40
    assert {record.filename for record in found} == {f"n{number}-1.tar.gz" for number in range(100)}, "each first one"
    assert sum(record.count for record in found) == 1_000
    assert len(found) <= 40 + 2 * 100


async def test_an_ipv6_network_is_one_client(door: Door) -> None:
    for number in range(100):
        door.take(f"2001:db8::{number:x}")
    found = await door.records()
    assert (len(found), sum(record.count for record in found)) == (12, 100)
    assert found[-1].client == "2001:db8::"


def test_memory_is_bounded_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PAIRS_AT_MOST", 100)
    bursts = Bursts(of_file=10, of_client=10_000)
    admitted = [bursts.admits(f"c{n % 50}", "", (f"f{n}", ""), AT) for n in range(500)]
    assert admitted == [True] * 100 + [False] * 400
    assert (len(bursts._files), len(bursts._clients)) == (100, 50)
    assert bursts.admits("late", "", WHEEL, AT + timedelta(minutes=1))
    assert (len(bursts._files), len(bursts._clients)) == (1, 1)


def test_fifty_jobs_behind_one_address_are_written_one_by_one() -> None:
    bursts = Bursts()
    files = [(f"n{number}-1-py3-none-any.whl{suffix}", "") for number in range(200) for suffix in ("", ".metadata")]
    assert all(bursts.admits("192.0.2.1", "", file, AT) for file in files for _job in range(50))


async def test_a_gate_counts_what_a_script_takes(tmp_path: Path, index: Upstream) -> None:
    """Four hundred and fifty in two minutes at the most, as the clock has it: more than two bursts and their counts."""
    wheel = index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url, ttl=600) as gate:
        await gate.approve("flask")
        for _ in range(450):
            assert (await gate.get(f"/files{wheel.path}")).status_code == 200
        await gate.gate.decisions.flush(AT, everything=True)
        store = gate.gate.store
        found = store.decisions(DecisionFilter(what="file", limit=1_000))
        assert len(found) <= 2 * (200 + 2)
        assert [line.count for line in store.handed_out(["flask"]) if line.agent == AGAIN]
        assert sum(line.count for line in store.handed_out(["flask"])) == 450
