"""What signing in takes, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from admin.people import limits
from admin.people.codes import Codes
from admin.people.devices import Devices
from admin.people.extras import installed
from admin.people.passwords import Passwords
from admin.people.refusals import Refusals
from admin.people.sessions import Sessions
from admin.people.tries import Tries
from proxy.live import Live
from proxy.sealing import Seal
from proxy.store import Store

if TYPE_CHECKING:
    from admin.people.openid import OpenId
    from admin.people.passkeys import Passkeys


@dataclass(frozen=True, slots=True)
class People:
    """What signing in takes; ``passkeys`` and ``openid`` are None where they are not installed or not set up."""

    sessions: Sessions
    passwords: Passwords
    codes: Codes
    devices: Devices
    refusals: Refusals
    tries: Tries
    code_tries: Tries
    passkeys: Passkeys | None
    openid: OpenId | None
    mfa_required: bool

    @classmethod
    def of(
        cls,
        store: Store,
        live: Live,
        clock: Callable[[], datetime],
        key: bytes,
        url: str,
        *,
        mfa_required: bool,
    ) -> People:
        """Return the parts, made from their collaborators; ``url`` is where people reach the admin.

        The OpenID provider is put in by whoever knows that there is one.
        """
        refusals = Refusals(store, clock)
        return cls(
            sessions=Sessions(store, live, clock),
            passwords=Passwords(),
            codes=Codes(Seal(key, "totp"), store.access),
            devices=Devices(Seal(key, "device")),
            refusals=refusals,
            tries=Tries(limits.of_passwords(clock), refusals),
            code_tries=Tries(limits.of_codes(clock), refusals),
            passkeys=_passkeys(store, key, url),
            openid=None,
            mfa_required=mfa_required,
        )


def _passkeys(store: Store, key: bytes, url: str) -> Passkeys | None:
    if not installed("webauthn"):
        return None
    from admin.people.passkeys import Passkeys  # noqa: PLC0415  an extra

    return Passkeys.at(url, Seal(key, "passkey"), store.access)
