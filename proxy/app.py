"""Assembly: builds every part, hands it on, starts and stops it. Owns the clock. Knows no rule.

:func:`build` makes objects and opens the store; nothing listens and nothing is fetched before
:meth:`Gate.running` is entered. Tests call the same function.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import partial

import httpx
from starlette.applications import Starlette
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from admin import STATIC, auth
from admin.closure import Resolver
from proxy.alerts import Alerts, Apprised, Messenger
from proxy.asking import Asking
from proxy.audit import figures
from proxy.audit.keeper import Keeper
from proxy.background import Background, Work
from proxy.cache.blobs import Blobs
from proxy.cache.fetch import Fetches
from proxy.cache.pages import Pages
from proxy.channels import ChannelPolicy
from proxy.clock import Clock
from proxy.contents import Contents
from proxy.decisions import Decisions
from proxy.errors import SettingsError, StoreError
from proxy.facts import Facts
from proxy.feeds import names
from proxy.feeds.sync import AdvisorySync
from proxy.firsts import Firsts
from proxy.gateway import Gateway
from proxy.health import MFA_OFF, Health
from proxy.housekeeping import Housekeeping
from proxy.identity import Identity, assembled
from proxy.learnt import Learnt
from proxy.live import Live
from proxy.mounts import Below
from proxy.notices import SYSTEM, Notices
from proxy.places import TOKEN_FILE
from proxy.policy import changes
from proxy.recovery import Recovery
from proxy.rounds import Rounds
from proxy.settings import Settings
from proxy.shelf import Shelf
from proxy.store.sqlite import SqliteStore
from proxy.upstream import Origins, Upstream, make_client, origin_of
from proxy.upstream.origins import split_credentials
from proxy.web import REST, ChannelDoors, Doors
from proxy.web.bursts import Bursts
from proxy.web.caps import BodyCap, Room
from proxy.web.developers import Developers
from proxy.web.files import FileDoor, RefusedDoor
from proxy.web.floods import Floods
from proxy.web.forward import Forward
from proxy.web.index import IndexDoor
from proxy.web.later import Later, Made
from proxy.web.metrics import Metrics
from proxy.web.previews import PreviewDoor
from proxy.web.readers import Readers
from proxy.web.recording import Recorder
from proxy.web.refusals import Refusals

log = logging.getLogger(__name__)

ALERT_SECONDS = 5.0
DESK_SECONDS = 1.0


clock = Clock(lambda: datetime.now(UTC))  # noqa: TID251  this file owns it


def now() -> datetime:
    """The one clock: an aware time in UTC."""
    return clock.now()


@dataclass(slots=True)
class Gate:
    """The parts of a running gate, for the front to listen with and for tests to look at."""

    settings: Settings
    store: SqliteStore
    live: Live
    decisions: Decisions
    alerts: Alerts
    notices: Notices
    fetches: Fetches
    blobs: Blobs
    pages: Pages
    sync: AdvisorySync
    rounds: Rounds
    keeper: Keeper | None
    desk: Later | None
    client: httpx.AsyncClient
    identity: Identity
    own_origin: str
    index: ASGIApp
    admin: ASGIApp
    previews: ASGIApp
    background: Background
    recovery: Recovery
    housekeeping: Housekeeping
    ending: list[str]
    first_token: str = ""

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Load the policy, start the background work, and on leaving stop it and lose nothing."""
        await asyncio.to_thread(self.blobs.prepare)
        await asyncio.to_thread(self.pages.prepare)
        if self.keeper:
            await asyncio.to_thread(self.keeper.check)
        await self.recovery.begin()
        await self.live.refresh()
        await self._first_run()
        self.background.begin(self._work())
        try:
            yield
        finally:
            await self.background.end()
            if self.desk:
                await self.desk.close()
            await self.fetches.close(0)
            await self.alerts.close(ALERT_SECONDS)
            await self._last_flush()
            if self.keeper:
                await self.keeper.close()
            await self.client.aclose()
            await self.identity.client.aclose()
            self.store.close()

    def _work(self) -> list[tuple[str, Work]]:
        return [
            ("recovery", self.recovery.run),
            ("policy watch", self.live.watch),
            ("database", lambda: asyncio.to_thread(self.store.look_through)),
            ("clock watch", lambda: clock.watch(partial(self.background.tell, "clock"))),
            ("audit", lambda: self.decisions.run(now)),
            ("names", self._learn_names),
            ("advisories", self.sync.run),
            ("rounds", self.rounds.run),
            ("cache", self.housekeeping.run),
            ("admin", self._make_desk),
            ("uses of tokens", self.identity.uses.run),
            ("refused sign-ins", self.identity.people.refusals.run),
            *(self.keeper.work() if self.keeper else ()),
        ]

    async def _first_run(self) -> None:
        """See to it that somebody can sign in, that files have an origin, and that advisories are there."""
        self.first_token = await asyncio.to_thread(_first_token, self.store, self.settings)
        allowed = {origin.url for origin in self.live.snapshot.origins}
        if self.own_origin not in allowed:
            await self.notices.allow([self.own_origin], "The upstream index itself", settled=False)
        for origin in self.settings.file_origins:
            if origin not in allowed:
                await self.notices.allow([origin], "Named by the operator: --file-origin")
        await self.live.refresh()
        if self.live.snapshot.feed is None:
            await self.sync.first()

    async def _learn_names(self) -> None:
        """Learn the popular names, and again whenever another list of them is put in force."""
        while True:
            chosen = self.live.names_list
            popular, problem = await asyncio.to_thread(names.names_in_force, self.settings.data_dir, chosen)
            build = asyncio.create_task(asyncio.to_thread(names.index_of, popular))
            await self.live.learn_names(popular, build, chosen)
            self.background.tell("list of names", problem)
            if chosen and problem:
                await self.notices.names_damaged(chosen.sha256, problem)
            await self.live.other_names(chosen)

    async def _make_desk(self) -> None:
        """Load the admin a while after the start, so that the first who signs in need not wait for it."""
        if self.desk:
            await asyncio.sleep(DESK_SECONDS)
            await self.desk.made()

    async def _last_flush(self) -> None:
        try:
            await self.decisions.flush(now(), everything=True)
            await self.identity.uses.flush()
            await self.identity.people.refusals.flush(everything=True)
        except StoreError as error:
            log.error("The last records wait in the journal for the next start: %s", error)
        else:
            self.recovery.end()


def build(settings: Settings, *, previews_at: str, desk_at: str = "") -> Gate:
    """Make every part. ``previews_at`` is where this process serves its previews, for the resolver.

    Where another worker is the desk, and so has the admin, ``desk_at`` is its socket. Raises StoreError, OriginRefused.
    """
    store = SqliteStore(settings.data_dir, settings.audit_archive)
    live = Live(store, store.bell, settings.revocation_max_lag, clock.doubt)
    own_origin = origin_of(split_credentials(settings.upstream)[0])
    origins = Origins(settings.upstream, lambda: {origin.url for origin in live.snapshot.origins})
    client = make_client(
        origins, ca_file=settings.upstream_ca, client_cert=settings.upstream_cert, proxy=settings.upstream_proxy or None
    )
    upstream = Upstream(settings.upstream, client=client, origins=origins)
    cache = settings.data_dir / "cache"
    blobs, kept_pages = Blobs(cache / "blobs"), Pages(cache / "pages")
    fetches = Fetches(blobs)
    shelf = Shelf(upstream, kept_pages, timedelta(seconds=settings.index_ttl), now)
    alerts = Alerts(store, live, now, _messenger(settings))
    notices, learnt = Notices(alerts, live, own_origin, now), Learnt()
    contents = Contents(upstream, blobs, fetches, learnt, notices.contradiction)
    facts, firsts = Facts(upstream, contents, learnt), Firsts(store, learnt, now)
    gateway = Gateway(ChannelPolicy(live), shelf, contents, facts, firsts, learnt, notices, now)
    rounds = Rounds(live, gateway, settings.data_dir / "rounds.lock", timedelta(seconds=settings.index_ttl))
    process, background = f"{os.getpid()}-{secrets.token_hex(4)}", Background()
    decisions = Decisions(store, settings.data_dir, process)
    recovery = Recovery(store, settings.data_dir, process, alerts, background)
    housekeeping = Housekeeping(blobs, live, settings.cache_size, settings.data_dir, background)
    sync = AdvisorySync(
        store, live, alerts, settings.advisories, settings.data_dir / "sync.lock", now,
        settings.upstream_proxy, settings.upstream_ca,
    )  # fmt: skip
    ending: list[str] = []
    room, floods, bursts = Room(), Floods(), Bursts()
    identity = assembled(settings, store, live, now)
    readers = Readers(live, now, settings.anonymous, "", identity.passes.read, identity.uses)
    warnings = () if settings.mfa_required else (MFA_OFF,)
    health = Health(live, decisions, background.trouble, ending, warnings)
    record = partial(figures.gauges, store, settings.audit.destinations)
    metrics = Metrics(live, lambda: sync.bulletin.failures, lambda: decisions.waiting, record, readers, now)

    def channel_doors(name: str) -> ChannelDoors:
        url = f"{settings.url}/{name}".rstrip("/")
        here = gateway.answering_by(ChannelPolicy(live, name)) if name else gateway
        recorder = Recorder(decisions, now, floods, bursts, name)
        refusals = Refusals(recorder, url)
        here_may = replace(readers, channel=name)
        developers = Developers(here, Asking(store, now, name), health, here_may, now, url, STATIC)
        beside: list[BaseRoute] = []
        if not name:
            beside = [*metrics.routes(), *identity.exchange, *([] if settings.admin_apart else admin_routes)]
        return {
            "simple": IndexDoor(here, here_may, recorder),
            "files": FileDoor(here, here_may, recorder, refusals),
            "refused": RefusedDoor(here, here_may, refusals),
            REST: _without_redirects([*developers.routes(), *beside], room),
        }

    preview = PreviewDoor(gateway, live, now, settings.url)
    resolver = Resolver(preview.opened, previews_at)
    keeper = Keeper(store, alerts, settings.audit, settings.data_dir / "audit.lock", now)

    def assembled_desk() -> Made:
        from proxy import desk  # noqa: PLC0415  the index answers before the admin is loaded

        return desk.assembled(settings, store, live, gateway, alerts, sync, keeper, identity, resolver, now)

    office = None if desk_at else Later(assembled_desk)
    admin = office or Forward(desk_at)
    admin_routes: list[BaseRoute] = [Below("/admin", admin)]
    doors = Doors(channel_doors, live, decisions.write)
    return Gate(
        settings, store, live, decisions, alerts, notices, fetches, blobs, kept_pages, sync, rounds,
        keeper if office else None, office, client, identity, own_origin, doors, _without_redirects(admin_routes, room),
        preview, background, recovery, housekeeping, ending,
    )  # fmt: skip


def _without_redirects(routes: list[BaseRoute], room: Room) -> ASGIApp:
    """Return an application that takes small bodies and never redirects by itself: that would reflect the Host."""
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return BodyCap(app, room)


def _messenger(settings: Settings) -> Messenger | None:
    """Return whoever carries alerts out of the house. Raises SettingsError for a URL that nobody understands."""
    if not settings.alert_urls:
        return None
    messenger = Apprised(settings.alert_urls)
    if messenger.unusable:
        kinds = ", ".join(messenger.unusable)
        raise SettingsError(
            [f"--alert-url (WICKETGATE_ALERT_URL) is not understood: {kinds}://… See Apprise's list of URLs."]
        )
    return messenger


def _first_token(store: SqliteStore, settings: Settings) -> str:
    """Return the secret of a new first-run token, or "" where somebody can sign in already."""
    if store.entries("token") or store.entries("account"):
        return ""
    issued = auth.issue("first run", "owner", now(), None)
    store.commit(changes.issue(issued.token), SYSTEM, now())
    path = settings.data_dir / TOKEN_FILE
    path.unlink(missing_ok=True)
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(issued.secret + "\n")
    return issued.secret
