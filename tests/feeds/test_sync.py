"""When data is taken, what is told of it, and that what was in force stays in force: one process, a set clock."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from packaging.utils import NormalizedName

from proxy.alerts import Alerts
from proxy.errors import FeedRefused
from proxy.feeds import names, osv
from proxy.feeds.bulletin import FEED
from proxy.feeds.progress import Progress, Stage
from proxy.feeds.sync import AdvisorySync
from proxy.live import Live
from proxy.model import Actor, Terms
from proxy.policy import changes
from proxy.policy.age import age
from proxy.store import EventFilter
from proxy.store.sqlite import SqliteStore
from tests.world.upstream import Answer, Asked, Upstream

UPDATE = Path(__file__).parents[1] / "data" / "advisories" / "update"
ADA = Actor("token", "token:1", "ada", "owner", "127.0.0.1")
HOUR = timedelta(hours=1)
NEWEST = osv.read_path(UPDATE / "state2.zip", at=datetime(2100, 1, 1, tzinfo=UTC)).newest


class Post:
    """Carries messages into a list."""

    def __init__(self) -> None:
        self.sent: list[str] = []

    async def send(self, title: str, body: str) -> bool:
        self.sent.append(title.removeprefix("Wicketgate: "))
        return True


class World:
    """A store, a policy in force, a clock and somebody who listens, with a source of advisories."""

    def __init__(self, folder: Path, source: str, at: datetime = NEWEST) -> None:
        self.folder, self.at = folder, at
        self.store = SqliteStore(folder)
        self.live = Live(self.store, self.store.bell)
        self.post = Post()
        self.alerts = Alerts(self.store, self.live, lambda: self.at, self.post)
        self.sync = self.worker(source)

    def worker(self, source: str) -> AdvisorySync:
        """Another worker, or the same after a restart."""
        return AdvisorySync(self.store, self.live, self.alerts, source, self.folder / "lock", lambda: self.at)

    async def told(self) -> list[str]:
        """What was sent out since the last time somebody asked."""
        await self.alerts.close(5)
        sent, self.post.sent = self.post.sent, []
        return sent

    def tags(self) -> list[str]:
        """The audit, oldest first."""
        return [event.tag for event in reversed(self.store.events(EventFilter()))]

    @property
    def records(self) -> int:
        feed = self.live.snapshot.feed
        return feed.records if feed else 0


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    """A gate whose source is a file that is not there yet, deep enough that what climbs out is still this test's."""
    folder = tmp_path / "data" / "gate"
    folder.mkdir(parents=True)
    made = World(folder, str(folder / "all.zip"))
    await made.live.refresh()
    yield made
    await made.alerts.close(5)
    made.store.close()


def climbed_out(folder: Path) -> list[Path]:
    """What an archive's dishonest member names would have left behind."""
    return [
        path for path in (*folder.rglob("evil.json"), *folder.rglob("abs.json"), Path("/abs.json")) if path.exists()
    ]


def put(world: World, name: str) -> None:
    shutil.copy(UPDATE / f"{name}.zip", world.folder / "all.zip")


# --- broken inputs --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["bad-truncated", "bad-not-a-zip", "bad-empty", "bad-shrunk"])
async def test_broken_data_is_refused_kept_out_and_told_once_until_it_is_well_again(world: World, name: str) -> None:
    put(world, "state2")
    await world.sync.sync(FEED)
    before = world.live.snapshot.feed
    assert await world.told() == []
    put(world, name)
    for _ in range(3):
        with pytest.raises(FeedRefused, match="stays in force"):
            await world.sync.sync(FEED)
    assert world.live.snapshot.feed == before
    assert await world.told() == ["feed:advisories:failed"]
    assert world.sync.bulletin.failures == 3
    put(world, "state2")
    for _ in range(2):
        await world.sync.sync(FEED)
    assert await world.told() == ["feed:advisories:recovered"]


@pytest.mark.parametrize(
    ("name", "records"),
    [
        ("bad-one-json-broken", 78),
        ("bad-path-traversal", 60),
        ("bad-id-differs-from-name", 60),
        ("bad-types", 62),
        ("bad-huge-member", 60),
    ],
)
async def test_partly_broken_data_is_taken_and_each_fault_reported(
    world: World, tmp_path: Path, name: str, records: int
) -> None:
    put(world, name)
    report = await world.sync.sync(FEED)
    assert isinstance(report["faults"], list)
    assert report["unreadable"] == len(report["faults"]) > 0
    (event,) = world.store.events(EventFilter(tag="feed:advisories:imported"))
    assert event.detail["unreadable"] == report["unreadable"], "never silently"
    assert world.records == records
    assert not climbed_out(tmp_path)


async def test_a_person_who_imports_something_broken_is_told_like_everybody(world: World) -> None:
    with pytest.raises(FeedRefused):
        await world.sync.take(UPDATE / "bad-empty.zip", "an upload", ADA)
    (event,) = world.store.events(EventFilter(tag="feed:advisories:failed"))
    assert event.actor == ADA
    put(world, "state2")
    await world.sync.sync(FEED)
    assert await world.told() == ["feed:advisories:failed", "feed:advisories:recovered"]


async def test_an_export_that_empties_its_records_is_refused_whoever_brings_it(world: World) -> None:
    put(world, "state1")
    await world.sync.sync(FEED)
    emptied = world.folder / "emptied.zip"
    with zipfile.ZipFile(UPDATE / "state1.zip") as before, zipfile.ZipFile(emptied, "w") as after:
        for name in before.namelist():
            record = json.loads(before.read(name))
            after.writestr(name, json.dumps({**record, "modified": "2024-12-01T00:00:00Z", "affected": []}))
    with pytest.raises(FeedRefused, match=r"60 say less than they did"):
        await world.sync.take(emptied, "an upload", ADA)
    report = await world.sync.take(emptied, "an upload", ADA, allow_shrink=True)
    assert (report["narrowed"], report["kept"]) == (60, 10)
    assert world.live.snapshot.advisories.match(NormalizedName("upd-mal-3"), "1.0"), "malware stays all the same"


async def test_neither_a_restart_nor_another_worker_tells_twice(world: World) -> None:
    for _ in range(2):
        with pytest.raises(FeedRefused):
            await world.sync.sync(FEED)
        world.sync = world.worker(str(world.folder / "all.zip"))
    assert await world.told() == ["feed:advisories:failed"]
    put(world, "state2")
    await world.worker(str(world.folder / "all.zip")).sync(FEED)
    assert await world.told() == ["feed:advisories:recovered"]


async def test_a_folder_that_cannot_be_read_is_refused_in_words(tmp_path: Path) -> None:
    world = World(tmp_path, str(tmp_path / "records"))
    with pytest.raises(FeedRefused, match="cannot be read"):
        await world.sync.sync(FEED)
    (tmp_path / "records").mkdir()
    with pytest.raises(FeedRefused, match="no record"):
        await world.sync.sync(FEED)
    world.store.close()


# --- age ------------------------------------------------------------------------------------------


async def test_growing_old_is_told_at_each_level_once_and_so_is_being_fresh_again(world: World) -> None:
    put(world, "state2")
    await world.sync.sync(FEED)
    told = []
    for hours in (0, 23, 24, 25, 71, 72, 500):
        world.at = NEWEST + hours * HOUR
        await world.sync.look()
        told.append(await world.told())
    assert told == [[], [], ["feed:advisories:old"], [], [], ["feed:advisories:stale"], []]
    await world.sync.sync(FEED)
    assert await world.told() == [], "the sync is fresh, the content is not"
    world.at = NEWEST
    await world.sync.sync(FEED)
    assert await world.told() == ["feed:advisories:fresh"]


async def test_a_feed_that_stopped_is_old_however_new_its_content_once_was(world: World) -> None:
    put(world, "state2")
    world.at = NEWEST - timedelta(days=30)  # its clock is behind: all of the content lies in the future
    await world.sync.sync(FEED)
    world.at = NEWEST + 1 * HOUR
    await world.sync.look()
    assert await world.told() == ["feed:advisories:stale"]


async def test_the_terms_move_the_hours(world: World) -> None:
    put(world, "state2")
    await world.sync.sync(FEED)
    terms = Terms(warn_stale_after=1 * HOUR, alarm_stale_after=2 * HOUR)
    world.store.commit(changes.set_terms(Terms(), terms, "a test needs it"), ADA, world.at)
    await world.live.current()
    world.at = NEWEST + 2 * HOUR
    await world.sync.look()
    assert await world.told() == ["feed:advisories:stale"]


async def test_a_gate_without_a_source_is_not_told_that_it_has_none_but_grows_old_like_any(tmp_path: Path) -> None:
    world = World(tmp_path, "off")
    await world.sync.first()
    await world.sync.look()
    assert await world.told() == []
    with pytest.raises(FeedRefused, match="Import a file instead"):
        await world.sync.sync(ADA)
    assert await world.told() == []
    await world.sync.take(UPDATE / "state2.zip", "an upload", ADA)
    world.at = NEWEST + 72 * HOUR
    await world.sync.look()
    assert await world.told() == ["feed:advisories:stale"]
    world.store.close()


async def test_a_gate_that_never_got_data_says_so(world: World) -> None:
    await world.sync.first()
    await world.sync.look()
    assert await world.told() == ["feed:advisories:failed"], "one alert for what is one matter"
    assert [event.tag for event in world.store.events(EventFilter(limit=2))] == [
        "feed:advisories:missing",
        "feed:advisories:failed",
    ]
    (failed,) = world.store.events(EventFilter(tag="feed:advisories:failed"))
    assert "Advisory data: none: nothing is known to be safe." in failed.reason
    assert failed.reason.endswith("Until the source answers: wicketgate advisories import FILE")


# --- from a URL -----------------------------------------------------------------------------------


class Export:
    """OSV's export as a server has it: whole, its list, single records; each with an entity tag."""

    def __init__(self, state: str) -> None:
        self.state = state
        self.broken: set[str] = set()
        self.asked: list[str] = []

    def __call__(self, asked: Asked) -> Answer:
        name = asked.path.rpartition("/")[2]
        tag = f'"{self.state}-{name}"'
        self.asked.append(name)
        if name in self.broken:
            return Answer(500)
        if asked.headers.get("if-none-match") == tag:
            return Answer(304)
        return Answer(200, {"etag": tag}, self._body(name))

    def _body(self, name: str) -> bytes:
        if name == "all.zip":
            return (UPDATE / f"{self.state}.zip").read_bytes()
        if name == "modified_id.csv":
            return (UPDATE / f"{self.state}-modified_id.csv").read_bytes()
        with zipfile.ZipFile(UPDATE / f"{self.state}.zip") as archive:
            return archive.read(name)


@pytest.fixture
async def online(tmp_path: Path, index: Upstream) -> AsyncIterator[tuple[World, Export]]:
    """A gate whose source is an export over the network, in state 1 and taken."""
    export = Export("state1")
    index.misbehave("/osv/", export)
    made = World(tmp_path, index.url.replace("/simple/", "/osv/all.zip"))
    await made.live.refresh()
    await made.sync.sync(FEED)
    yield made, export
    made.store.close()


async def test_the_list_is_asked_for_conditionally_and_records_one_by_one(online: tuple[World, Export]) -> None:
    world, export = online
    export.state = "state2"
    report = await world.sync.sync(FEED)
    assert report["added"] == 10
    wanted = json.loads((UPDATE / "expected.json").read_text())["visible_by_modified_id_csv_only"]
    assert export.asked.count("all.zip") == 1
    assert {name.removesuffix(".json") for name in export.asked} >= set(wanted)
    export.asked.clear()
    synced = world.at = world.at + HOUR
    assert (await world.sync.sync(FEED))["added"] == 0
    assert export.asked == ["modified_id.csv"]
    assert world.live.snapshot.feed is not None
    assert world.live.snapshot.feed.synced == synced, "nothing new is a successful sync"


async def test_once_a_day_everything_is_fetched_and_shows_what_the_list_cannot(online: tuple[World, Export]) -> None:
    world, export = online
    export.state = "state2"
    await world.sync.sync(FEED)
    world.at += 24 * HOUR
    report = await world.sync.sync(FEED)
    assert (report["changed"], report["vanished"], world.records) == (2, 2, 80)
    assert export.asked.count("all.zip") == 2


async def test_a_file_of_one_record_makes_nothing_fresh(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "shipped_advisories", lambda: UPDATE / "state1.zip")
    world.at = NEWEST + timedelta(days=90)
    await world.worker("https://osv.example/").first()
    await world.live.current()
    assert age(world.live.snapshot.feed, Terms(), world.at).level == "stale"
    tiny = world.folder / "tiny.zip"
    with zipfile.ZipFile(tiny, "w") as made:
        affected = [{"package": {"ecosystem": "PyPI", "name": "widget"}, "versions": ["1"]}]
        made.writestr("X-1.json", json.dumps({"id": "X-1", "modified": world.at.isoformat(), "affected": affected}))
    report = await world.sync.take(tiny, "an upload", ADA)
    assert (report["added"], world.records) == (1, 71)
    assert age(world.live.snapshot.feed, Terms(), world.at).level == "stale"


async def test_no_file_that_somebody_brings_takes_malware_back(world: World) -> None:
    put(world, "state1")
    await world.sync.sync(FEED)
    brought = UPDATE / "state2.zip"
    report = await world.sync.take(brought, "an upload", ADA, allow_shrink=True)
    assert (report["withdrawn"], report["kept"]) == (2, 2)
    match = world.live.snapshot.advisories.match
    assert match(NormalizedName("upd-mal-1"), "77.0"), "that takes two people, or the source itself"
    assert "feed:malware:lifted" not in await world.told()
    put(world, "state2")
    await world.sync.sync(FEED)
    assert not world.live.snapshot.advisories.match(NormalizedName("upd-mal-1"), "77.0")
    assert "feed:malware:lifted" in await world.told()


async def test_malware_that_is_taken_back_is_told_and_what_is_only_narrowed_is_kept(
    online: tuple[World, Export],
) -> None:
    world, export = online
    export.state = "state2"
    report = await world.sync.sync(FEED)
    assert (report["withdrawn"], report["narrowed"], report["kept"]) == (3, 1, 1)
    told = await world.told()
    assert [tag for tag in told if "malware" in tag] == ["feed:malware:lifted", "feed:malware:kept"]
    lifted, kept = (world.store.events(EventFilter(tag=f"feed:malware:{tag}"))[0] for tag in ("lifted", "kept"))
    assert lifted.detail["lifted"] == "MAL-2024-990001 (upd-mal-1)"
    assert kept.detail["kept"] == "MAL-2024-990002"
    match = world.live.snapshot.advisories.match
    assert match(NormalizedName("upd-mal-2"), "77.0"), "at its widest"
    assert not match(NormalizedName("upd-mal-1"), "77.0")
    (imported, *_) = world.store.events(EventFilter(tag="feed:advisories:imported"))
    assert "x_UPD-2024-0031" in str(imported.detail["less"])
    world.at += 24 * HOUR
    assert (await world.sync.sync(FEED))["kept"] == 0
    assert not [tag for tag in await world.told() if "malware" in tag], "once"


async def test_what_cannot_be_had_one_by_one_is_had_whole(online: tuple[World, Export]) -> None:
    world, export = online
    export.state = "state2"
    export.broken = {"x_UPD-2024-0060.json"}
    assert (await world.sync.sync(FEED))["added"] == 10
    assert "feed:advisories:failed" not in await world.told()
    export.broken = {"modified_id.csv", "all.zip"}
    with pytest.raises(FeedRefused, match="cannot be fetched"):
        await world.sync.sync(FEED)
    assert await world.told() == ["feed:advisories:failed"]


async def test_progress_is_told_while_it_lasts_and_not_after(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []
    begin = Progress.begin

    def noted(progress: Progress, stage: Stage, of: int = 0) -> None:
        seen.append((progress.stage, progress.done, progress.of))
        begin(progress, stage, of)

    monkeypatch.setattr(Progress, "begin", noted)
    put(world, "state1")
    await world.sync.sync(FEED)
    assert seen == [("", 0, 0), ("reading", 70, 70), ("writing", 0, 70)]
    assert world.sync.progress.data() is None
