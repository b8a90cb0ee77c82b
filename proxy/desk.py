"""Assembly of the desk: the team's verbs, their API and their pages. Beside :mod:`proxy.app`, which makes it late.

Nothing else imports the admin's API: its models cost as much to load as all the rest of the gate.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from starlette.applications import Starlette
from starlette.types import ASGIApp

from admin import api, pages
from admin.actions import Actions, Resolutions
from admin.closure import Resolver
from admin.guard import Guard
from admin.people.entrance import Entrance
from proxy.alerts import Alerts
from proxy.audit.keeper import Keeper
from proxy.feeds.sync import AdvisorySync
from proxy.gateway import Gateway
from proxy.identity import Identity
from proxy.live import Live
from proxy.mounts import Below
from proxy.settings import Settings
from proxy.store import Store


@dataclass(frozen=True, slots=True)
class Desk:
    """The admin as one application below ``/admin``, and the resolutions that it began."""

    app: ASGIApp
    resolutions: Resolutions

    async def close(self) -> None:
        """End what runs."""
        await self.resolutions.close()


def assembled(
    settings: Settings,
    store: Store,
    live: Live,
    gateway: Gateway,
    alerts: Alerts,
    sync: AdvisorySync,
    keeper: Keeper,
    identity: Identity,
    resolver: Resolver,
    clock: Callable[[], datetime],
) -> Desk:
    """Make the desk."""
    people, url = identity.people, settings.admin_url
    resolutions = Resolutions(clock)
    actions = Actions.of(store, live, gateway, resolver, resolutions, alerts, people, clock, settings.url)
    desk = api.Desk(
        actions, identity.authenticator, store, live, sync, keeper, settings.data_dir, clock, people.sessions, url
    )
    entrance = Entrance(people, store, live, identity.authenticator, clock)
    room = pages.Room(actions, entrance, people, store, live, sync, clock, url, settings.url)
    app = Starlette(routes=[Below("/api", api.build(desk)), Below("/", routes=pages.routes(room))])
    app.router.redirect_slashes = False
    return Desk(Guard(app), resolutions)
