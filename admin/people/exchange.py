"""CI identity: an ID token of a job for a short-lived token of ours (RFC 8693), by rules.

It answers on the index's listener, ``POST /oidc/token``: a runner reaches the index, and need not reach the admin.

Decided here:

* An ID token is exchanged once: its ``jti`` is spent until it has expired.
* The first rule that fits counts, the oldest first; what is wrong is said in a category, not by repeating the token.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from admin.people.idtokens import LEEWAY, Claims, NotVouched, verified
from admin.people.issuers import IssuerAway, Issuers
from admin.people.limits import TooOften
from admin.people.passes import Passes
from admin.people.tries import Tries
from proxy.errors import StoreError
from proxy.forms import read_form
from proxy.live import Live
from proxy.model import Actor, CiRule
from proxy.policy import changes_people as changes
from proxy.store import Store

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
ID_TOKEN = "urn:ietf:params:oauth:token-type:id_token"  # noqa: S105  a name of RFC 8693
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105
NO_STORE = {"cache-control": "no-store"}
HOW = f"Send a form with grant_type={GRANT}, subject_token_type={ID_TOKEN} and subject_token, the job's ID token."


@dataclass(frozen=True, slots=True)
class Exchange:
    """The door at which jobs come in."""

    store: Store
    live: Live
    issuers: Issuers
    passes: Passes
    tries: Tries
    clock: Callable[[], datetime]

    def routes(self) -> list[Route]:
        """Return the one route."""
        return [Route("/oidc/token", self.answer, methods=["POST"])]

    async def answer(self, request: Request) -> Response:
        """Answer one job, in the words of RFC 6749 where it is refused."""
        form = await read_form(request, 8)
        said = dict(form)
        if (said.get("grant_type"), said.get("subject_token_type")) != (GRANT, ID_TOKEN):
            return _refused(400, "invalid_request", HOW)
        address = request.client.host if request.client else ""
        try:
            await self.tries.attempt("exchange", None, address)
            secret, rule = await self._exchanged(said.get("subject_token", ""), address)
        except TooOften as error:
            return _refused(429, "temporarily_unavailable", str(error), {"retry-after": str(error.seconds)})
        except NotVouched as error:
            await self.tries.failed(None, address, str(error))
            return _refused(400, "invalid_grant", str(error))
        except (IssuerAway, StoreError) as error:
            return _refused(503, "temporarily_unavailable", str(error), {"retry-after": "30"})
        self.tries.succeeded("exchange", address)
        given = {"access_token": secret, "issued_token_type": ACCESS_TOKEN, "token_type": "Bearer"}
        return JSONResponse({**given, "expires_in": rule.minutes * 60, "scope": rule.role}, headers=NO_STORE)

    async def _exchanged(self, text: str, address: str) -> tuple[str, CiRule]:
        """Return a pass and the rule that gave it. Raises NotVouched, IssuerAway, StoreError."""
        await self.live.current()
        rules = sorted(self.live.credentials.rules.values(), key=lambda rule: (rule.at, rule.id))
        at = self.clock()
        named, audience = {rule.issuer for rule in rules}, {rule.audience for rule in rules}
        claims = await verified(text, self.issuers, named, audience, at)
        rule = next((rule for rule in rules if fits(rule, claims)), None)
        if rule is None:
            raise NotVouched("No rule of this gate fits the claims of the ID token.")
        await self._spend(claims, at)
        actor = Actor("ci", rule.id, f"{rule.name}: {claims['sub']}"[:200], rule.role, address)
        change = changes.exchange(rule, str(claims["sub"])[:300], {key: str(claims[key])[:300] for key in rule.claims})
        await asyncio.to_thread(self.store.commit, change, actor, at)
        return self.passes.make(rule, str(claims["sub"]), at), rule

    async def _spend(self, claims: Claims, at: datetime) -> None:
        identity = claims.get("jti")
        if not isinstance(identity, str) or not identity:
            raise NotVouched("The ID token has no id (jti), so it could be brought again.")
        key = hashlib.sha256(f"{claims['iss']}\n{identity}".encode()).hexdigest()
        until = datetime.fromtimestamp(float(claims["exp"]), UTC) + timedelta(seconds=LEEWAY)
        if not await asyncio.to_thread(self.store.access.spend, f"jti:{key}", until, at):
            raise NotVouched("The ID token was exchanged already.")


def fits(rule: CiRule, claims: Claims) -> bool:
    """Whether a rule speaks of verified claims: issuer, audience, and a glob pattern for each claim it names."""
    said = claims.get("aud")
    audience = said[0] if isinstance(said, list) else said
    if (claims.get("iss"), audience) != (rule.issuer, rule.audience):
        return False
    return all(_matches(claims.get(name), pattern) for name, pattern in rule.claims.items())


def _matches(value: object, pattern: str) -> bool:
    if isinstance(value, bool):
        return fnmatchcase(str(value).lower(), pattern)
    return isinstance(value, str | int) and fnmatchcase(str(value), pattern)


def _refused(status: int, error: str, sentence: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": error, "error_description": sentence}, status, {**NO_STORE, **(headers or {})})
