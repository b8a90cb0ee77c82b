"""What signing in takes, put together."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from admin.people import limits
from admin.people.codes import Codes
from admin.people.devices import Devices
from admin.people.openid import OpenId
from admin.people.passwords import Passwords
from admin.people.refusals import Refusals
from admin.people.sessions import Sessions
from admin.people.tries import Tries
from proxy.extras import demand_installed, installed
from proxy.live import Live
from proxy.sealing import Seal
from proxy.store import Store

if TYPE_CHECKING:
    from admin.people.passkeys import Passkeys


@dataclass(frozen=True, slots=True)
class People:
    """What signing in takes; ``openid`` is None where it is not installed or not set up.

    ``url`` is where people reach the admin.
    """

    sessions: Sessions
    passwords: Passwords
    codes: Codes
    devices: Devices
    refusals: Refusals
    tries: Tries
    code_tries: Tries
    openid: OpenId | None
    mfa_required: bool
    url: str
    _challenges: Seal = field(repr=False)

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
        """Return the parts, made from their collaborators.

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
            openid=None,
            mfa_required=mfa_required,
            url=url,
            _challenges=Seal(key, "passkey"),
        )

    @property
    def takes_passkeys(self) -> bool:
        """Whether people can bring passkeys here."""
        return installed("webauthn")

    @property
    def passkeys(self) -> Passkeys:
        """What asks for passkeys and verifies them. Raises NotInstalled.

        Its library is an extra, and is loaded by the first who comes with one.
        """
        demand_installed("webauthn")
        from admin.people.passkeys import Passkeys  # noqa: PLC0415

        return Passkeys.at(self.url, self._challenges, self.sessions.store.access)
