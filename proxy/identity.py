"""Assembly of who may come in: people, tokens, CI jobs. Beside :mod:`proxy.app`, which owns the clock and calls this.

Decided here:

* The key that seals secrets lies outside the data directory, unless the operator says otherwise and is warned: a
  stolen backup must not open what is sealed in it.
* What is an extra is looked for here and loaded by the first who needs it. What is not installed is left out.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

import httpx
from starlette.routing import BaseRoute

from admin.auth import Authenticator
from admin.people import limits
from admin.people.exchange import Exchange
from admin.people.issuers import Issuers
from admin.people.openid import OpenId, Provider
from admin.people.parts import People
from admin.people.passes import Passes
from admin.people.tries import Tries
from proxy import keys
from proxy.extras import installed
from proxy.live import Live
from proxy.sealing import Seal
from proxy.settings import Settings
from proxy.store import Store
from proxy.upstream.network import tls
from proxy.uses import Uses

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Identity:
    """Who may come in. ``exchange`` are the routes at which CI jobs come, on the index's listener."""

    people: People
    authenticator: Authenticator
    passes: Passes
    uses: Uses
    exchange: Sequence[BaseRoute]
    client: httpx.AsyncClient


def assembled(settings: Settings, store: Store, live: Live, clock: Clock) -> Identity:
    """Make the parts. Raises SettingsError where the key cannot be had."""
    key = keys.load_or_make(settings.secret_key_file)
    if settings.secret_key_file.is_relative_to(settings.data_dir):
        log.warning("The secret key lies in the data directory: a copy of that opens what is sealed in it.")
    if not settings.mfa_required:
        log.warning("Second factors are not required (--no-mfa-required): a password alone approves.")
    client = httpx.AsyncClient(trust_env=False, follow_redirects=False, verify=tls())
    passes, uses = Passes(Seal(key, "pass"), live), Uses(store.access.note_uses)
    people = People.of(store, live, clock, key, settings.admin_url, mfa_required=settings.mfa_required)
    identity = Identity(people, Authenticator(live, clock, passes.read, uses), passes, uses, (), client)
    return _with_openid(identity, settings, store, key, clock) if installed("joserfc") else identity


def _with_openid(identity: Identity, settings: Settings, store: Store, key: bytes, clock: Clock) -> Identity:
    """Return the same with everything that speaks OpenID Connect."""
    people, live = identity.people, identity.authenticator.live
    issuers = Issuers(identity.client, clock)
    tries = Tries(limits.of_exchanges(clock), people.refusals)
    exchange = Exchange(store, live, issuers, identity.passes, tries, clock).routes()
    if settings.openid is not None:
        openid = OpenId(
            Provider(**asdict(settings.openid)), issuers, identity.client, Seal(key, "openid"), store.access,
            f"{settings.admin_url}/admin/sign-in/openid/back", settings.mfa_required,
        )  # fmt: skip
        people = replace(people, openid=openid)
    return replace(identity, people=people, exchange=exchange)
