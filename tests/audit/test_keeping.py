"""The key outside the data directory, sealing by itself, the daily check, and old decisions leaving."""

from __future__ import annotations

import sqlite3
import stat
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from proxy.audit import figures
from proxy.audit.destinations import Destination, destination
from proxy.audit.keeper import Keeper
from proxy.audit.keeping import Keeping
from proxy.audit.key import KeyPlace
from proxy.audit.retention import Retention
from proxy.errors import SettingsError
from proxy.lease import Lease
from proxy.model import Actor, Change
from proxy.policy.merkle import TILE
from proxy.sealed import Vault
from proxy.store import EventFilter
from proxy.store.sqlite import SqliteStore
from proxy.store.trail import Position
from tests.policy.facts import AT
from tests.store.test_sqlite import RECORD


@dataclass
class World:
    """A store, a clock that is put forward by hand, and what was told."""

    folder: Path
    store: SqliteStore
    at: datetime = AT
    told: list[Change] = field(default_factory=list)
    keep: timedelta | None = None

    @property
    def key(self) -> Path:
        """Where the key is."""
        return self.folder / "elsewhere" / "ed25519.pem"

    def keeper(self, *destinations: str) -> Keeper:
        """A keeper as a start makes it."""
        vault = Vault(self.folder / "secret-key")
        keeping = Keeping(self.key, tuple(destination(text, vault) for text in destinations), self.keep)
        return Keeper(self.store, self, keeping, self.folder / "audit.lock", lambda: self.at)  # type: ignore[arg-type]

    async def tell(self, change: Change, actor: Actor) -> None:
        """Take an alert."""
        self.told.append(change)
        await self.record(change, actor)

    async def record(self, change: Change, actor: Actor) -> None:
        """Take an event."""
        self.store.commit(change, actor, self.at)

    def tags(self) -> list[str]:
        """The tags of all events of the record itself, oldest first."""
        return [event.tag for event in reversed(self.store.events(EventFilter(tag="audit")))]

    def figures(self, *destinations: Destination) -> dict[str, Mapping[str, float]]:
        """What is measured of the record, by name."""
        return {gauge.name: gauge.values for gauge in figures.gauges(self.store, destinations)}

    def traffic(self, count: int) -> None:
        """More decisions."""
        start = self.store.trail.last("decisions")
        self.store.record([(f"u{start + n}", replace(RECORD, at=self.at)) for n in range(count)])


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path, SqliteStore(tmp_path))
    yield made
    made.store.close()


async def test_the_first_start_makes_a_key_for_its_owner_alone(world: World, caplog: pytest.LogCaptureFixture) -> None:
    keeper = world.keeper()
    await keeper.sealer.start()
    assert stat.S_IMODE(world.key.stat().st_mode) == 0o600
    assert stat.S_IMODE(world.key.parent.stat().st_mode) == 0o700
    again = world.keeper()
    await again.sealer.start()
    assert again.sealer.signer.verifiers == keeper.sealer.signer.verifiers
    assert world.tags() == ["audit:key:made"]
    (event,) = world.store.events(EventFilter(tag="audit:key:made"))
    assert event.detail["keys"] == keeper.sealer.signer.verifiers.splitlines()
    assert not caplog.records, "nothing is amiss"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"nonsense",
        X25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()),
    ],
)
async def test_a_file_that_is_no_key_is_refused_and_left_alone(world: World, content: bytes) -> None:
    world.key.parent.mkdir()
    world.key.write_bytes(content)
    with pytest.raises(SettingsError, match=r"--audit-key .* cannot be used"):
        world.keeper().check()
        await world.keeper().sealer.start()
    assert world.key.read_bytes() == content


async def test_a_directory_that_cannot_be_written_is_said_in_words(world: World) -> None:
    world.key.parent.write_text("a file where a directory should be")
    with pytest.raises(SettingsError, match="Say a file in a directory that you own"):
        world.keeper().check()


async def test_a_chain_is_sealed_after_a_thousand_records_or_a_minute(world: World) -> None:
    keeper = world.keeper()
    await keeper.sealer.start()
    due = keeper.sealer._due
    assert due("events"), "the key's own event is the first"
    await keeper.sealer.seal_all()
    assert not due("events")
    world.traffic(10)
    assert due("decisions"), "what was never sealed is due at once"
    await keeper.sealer.seal("decisions")
    world.traffic(999)
    assert not due("decisions")
    world.traffic(1)
    assert due("decisions")
    await keeper.sealer.seal("decisions")
    world.traffic(1)
    world.at += timedelta(seconds=59)
    assert not due("decisions")
    world.at += timedelta(seconds=1)
    assert due("decisions")


async def test_stopping_seals_what_is_left_and_keeps_it_beside_the_key(world: World) -> None:
    keeper = world.keeper()
    await keeper.sealer.start()
    world.traffic(3)
    await keeper.close()
    kept = {each.chain: each for each in keeper.sealer.kept()}
    assert (kept["events"].size, kept["decisions"].size) == (1, 3)


def altered(world: World, *statements: str) -> None:
    with sqlite3.connect(world.folder / "wicketgate.db") as db:
        for (name,) in db.execute("select name from sqlite_master where type = 'trigger'").fetchall():
            db.execute(f"drop trigger {name}")
        for statement in statements:
            db.execute(statement)
    db.close()


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        (["delete from decisions where seq > 2", "delete from checkpoints"], "ends at 2, although a checkpoint over 5"),
        (
            ["update decisions set hash = hex(randomblob(32)) where seq = 2", "delete from checkpoints"],
            "is not the one that a checkpoint over 5 was signed for",
        ),
    ],
)
async def test_a_database_that_is_not_what_was_sealed_is_an_alert_at_the_next_start(
    world: World, statements: list[str], said: str
) -> None:
    keeper = world.keeper()
    await keeper.sealer.start()
    world.traffic(5)
    await keeper.close()
    altered(world, *statements)
    await world.keeper().sealer.start()
    (change,) = world.told
    assert (change.tag, said in change.reason) == ("audit:log:contradicted", True)
    assert "wicketgate/" in str(change.detail["checkpoint"])


async def test_a_chain_that_is_cut_off_while_the_gate_runs_is_told_once(world: World) -> None:
    keeper = world.keeper()
    await keeper.sealer.start()
    world.traffic(5)
    await keeper.sealer.seal_all()
    altered(world, "delete from decisions where seq > 3")
    for _ in range(3):
        await keeper.sealer.seal("decisions")
    assert [change.tag for change in world.told] == ["audit:log:contradicted"]


async def test_a_key_that_was_lost_is_replaced_loudly_and_its_checkpoints_still_count(world: World) -> None:
    keeper = world.keeper()
    await keeper.sealer.start()
    world.traffic(5)
    await keeper.close()
    world.key.unlink()
    again = world.keeper()
    await again.sealer.start()
    assert [change.tag for change in world.told] == ["audit:key:replaced"]
    await again.sealer.seal_all()
    assert again.sealer.signer.verifiers != keeper.sealer.signer.verifiers
    assert not list(world.store.verify(again.sealer.trust()))
    forger = KeyPlace(world.folder / "forger" / "key.pem").make(world.store.trail.instance)
    note = forger.sign("decisions", 5, world.store.trail.root("decisions", 5) or b"")
    altered(world, f"update checkpoints set note = '{note}' where chain = 'decisions'")
    assert "cannot be believed" in next(world.store.verify(again.sealer.trust())).problem


async def test_the_daily_check_is_an_event_a_figure_and_an_alert(world: World) -> None:
    keeper = world.keeper()
    await keeper.sealer.start()
    world.traffic(5)
    await keeper.sealer.seal_all()
    assert (await keeper.watch.once()).flaws == ()
    found = world.figures()
    assert found["audit_intact"] == {"": 1.0}
    assert found["audit_verified_timestamp_seconds"] == {"": AT.timestamp()}
    assert found["audit_sealed"]["decisions"] == 5
    assert (world.tags()[-1], world.told) == ("audit:log:verified", [])
    altered(world, "update decisions set client = 'nobody' where seq = 2")
    assert (await keeper.watch.once()).flaws[0].seq == 2
    assert [change.tag for change in world.told] == ["audit:log:flawed"]
    assert "decision 2 was altered" in world.told[0].reason
    assert world.figures()["audit_intact"] == {"": 0.0}


async def test_old_decisions_leave_when_every_destination_has_them(world: World) -> None:
    world.keep = timedelta(days=30)
    keeper = world.keeper("syslog+tcp://127.0.0.1:9")
    await keeper.sealer.start()
    world.traffic(TILE + 50)
    await keeper.sealer.seal_all()
    retention = keeper._retention
    assert isinstance(retention, Retention)
    world.at += timedelta(days=31)
    assert await retention.once() == [], "the destination lacks them"
    world.store.trail.advance("syslog+tcp://127.0.0.1:9", Position(1, TILE + 50, 1))
    (segment,) = await retention.once()
    assert (segment.first, segment.last) == (1, TILE)
    assert world.tags()[-1] == "audit:segment:archived"
    assert not list(world.store.verify(keeper.sealer.trust()))
    (place,) = [delivery.place for delivery in keeper.deliveries]
    assert world.figures(place)["audit_export_waiting"] == {place.name: 1.0}


async def test_one_process_keeps_the_record_at_a_time(tmp_path: Path) -> None:
    first, second = Lease(tmp_path / "lock"), Lease(tmp_path / "lock")
    await first.held()
    await first.held()
    assert not second._take()
    first.release()
    first.release()
    await second.held()
    second.release()


def test_the_work_is_named_for_those_who_look_at_it(world: World) -> None:
    world.keep = timedelta(days=1)
    names = [name for name, _ in world.keeper("syslog+tcp://siem.example:514").work()]
    assert names == [
        "audit sealing",
        "audit verifying",
        "audit export to syslog+tcp://siem.example:514",
        "audit retention",
    ]


def test_two_processes_that_start_together_get_one_key(tmp_path: Path) -> None:
    place = KeyPlace(tmp_path / "key" / "ed25519.pem")
    with ThreadPoolExecutor(8) as pool:
        made = list(pool.map(lambda _: place.make("gate").verifiers, range(8)))
    kept = place.load("gate")
    assert kept is not None
    assert set(made) == {kept.verifiers}
    assert [path.name for path in place.path.parent.iterdir()] == ["ed25519.pem"], "and no draft is left"
