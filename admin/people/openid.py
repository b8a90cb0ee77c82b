"""Signing in with an OpenID provider (authorization code with PKCE, RFC 7636, RFC 9207, RFC 9700).

Decided here:

* State, nonce and verifier travel in one sealed cookie of ten minutes, which a redirect from elsewhere brings
  (SameSite=Lax); the session's own cookie stays Strict. A state is answered once.
* Roles come from groups, in the operator's order; no group, no role.
* For a role that decides, the provider must say that a second factor was used (``amr`` with "mfa", or one of the
  operator's values of ``acr``), unless the operator gave that up.
* Whoever proves himself again is asked again by the provider: ``max_age=0``, and ``auth_time`` must say so.
"""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlencode

import httpx

from admin.people.idtokens import Claims, NotVouched, number, verified
from admin.people.issuers import SECONDS, IssuerAway, Issuers, checked, read
from admin.people.proof import Vouched
from proxy.model import APPROVING
from proxy.sealing import Seal
from proxy.store import AccessRecords

ANSWER_WITHIN = timedelta(minutes=10)
SCOPE = "openid profile email"
NAME_AT_MOST = 80
JUST_NOW = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Provider:
    """A provider as the operator named it: ``roles`` are pairs of group and role, the first that fits counts."""

    issuer: str
    client_id: str
    client_secret: str
    roles: tuple[tuple[str, str], ...]
    group_claim: str
    acr: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OpenId:
    """One provider, as the operator named it."""

    provider: Provider
    issuers: Issuers
    client: httpx.AsyncClient
    seal: Seal
    access: AccessRecords
    back: str
    mfa_required: bool

    async def start(self, at: datetime, again: str = "") -> tuple[str, str]:
        """Return where the browser goes, and the cookie that it brings back. Raises IssuerAway.

        ``again`` is the session that proves itself again, "" for a sign-in.
        """
        found = await self.issuers.metadata(self.provider.issuer)
        state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        asked = {
            "response_type": "code",
            "client_id": self.provider.client_id,
            "redirect_uri": self.back,
            "scope": SCOPE,
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        if self.provider.acr:
            asked["acr_values"] = " ".join(self.provider.acr)
        if again:
            asked |= {"max_age": "0", "prompt": "login"}
        joint = "&" if "?" in found.authorization_endpoint else "?"
        cookie = self.seal.close(json.dumps([state, nonce, verifier, again]), at)
        try:
            return f"{checked(found.authorization_endpoint)}{joint}{urlencode(asked)}", cookie
        except ValueError as error:
            raise IssuerAway(f"The OpenID issuer {self.provider.issuer} cannot be used: {error}.") from error

    async def finish(self, answer: Mapping[str, str], cookie: str, at: datetime) -> tuple[Vouched, str]:
        """Return whom the provider vouches for, from what its redirect brought, and the session that proved itself.

        Raises NotVouched, IssuerAway.
        """
        text = self.seal.open(cookie, at, ANSWER_WITHIN) if cookie else None
        state, nonce, verifier, again = json.loads(text) if text else ("", "", "", "")
        if not state or not secrets.compare_digest(state.encode(), answer.get("state", "").encode()):
            raise NotVouched("That sign-in was not begun in this browser, or took too long. Begin again.")
        if answer.get("iss", self.provider.issuer) != self.provider.issuer:
            raise NotVouched("Another provider answered than was asked. Begin again.")
        if not await asyncio.to_thread(self.access.spend, f"state:{state}", at + ANSWER_WITHIN, at):
            raise NotVouched("That sign-in was used already. Begin again.")
        if "error" in answer or not answer.get("code"):
            raise NotVouched("The provider did not sign you in. Begin again, or ask who runs it.")
        token = await self._exchanged(answer["code"], verifier)
        claims = await verified(token, self.issuers, [self.provider.issuer], [self.provider.client_id], at)
        if not isinstance(claims.get("nonce"), str) or not secrets.compare_digest(
            claims["nonce"].encode(), nonce.encode()
        ):
            raise NotVouched("The ID token is not the answer to this sign-in.")
        return self._vouched(claims, at, again=bool(again)), again

    async def _exchanged(self, code: str, verifier: str) -> str:
        """Return the ID token for a code. Raises NotVouched, IssuerAway."""
        provider = self.provider
        endpoint = (await self.issuers.metadata(provider.issuer)).token_endpoint
        form = {"grant_type": "authorization_code", "code": code, "redirect_uri": self.back, "code_verifier": verifier}
        headers = {"accept": "application/json"}
        if provider.client_secret:
            pair = f"{quote(provider.client_id, safe='')}:{quote(provider.client_secret, safe='')}"
            headers["authorization"] = f"Basic {base64.b64encode(pair.encode()).decode()}"
        else:
            form["client_id"] = provider.client_id
        try:
            async with (
                asyncio.timeout(SECONDS),
                self.client.stream("POST", checked(endpoint), data=form, headers=headers) as answer,
            ):
                body = json.loads(await read(answer))
        except (httpx.HTTPError, httpx.InvalidURL, ValueError, TimeoutError) as error:
            raise IssuerAway(f"The OpenID issuer {provider.issuer} does not answer as one. Try again.") from error
        token = body.get("id_token") if isinstance(body, dict) else None
        if not isinstance(token, str):
            raise NotVouched("The provider did not take the code. Begin again.")
        return token

    def _vouched(self, claims: Claims, at: datetime, *, again: bool) -> Vouched:
        role = self._role(claims)
        if role in APPROVING and self.mfa_required and not self._with_factors(claims):
            raise NotVouched(f"As {role} you need a second factor, and your provider did not say that you used one.")
        when = number(claims, "auth_time") or claims["iat"]
        proved = datetime.fromtimestamp(max(0.0, min(when, at.timestamp())), UTC)
        if again and at - proved > JUST_NOW:
            raise NotVouched("Your provider did not ask you again. Sign out there first.")
        return Vouched(self.provider.issuer, claims["sub"], self._name(claims), role, proved)

    def _role(self, claims: Claims) -> str:
        said = claims.get(self.provider.group_claim)
        several = said if isinstance(said, list) else [said]
        groups = {group for group in several if isinstance(group, str)}
        for group, role in self.provider.roles:
            if group in groups:
                return role
        raise NotVouched("None of your groups has a role here. Ask an administrator of this gate.")

    def _with_factors(self, claims: Claims) -> bool:
        methods = claims.get("amr")
        return (isinstance(methods, list) and "mfa" in methods) or claims.get("acr") in self.provider.acr

    @staticmethod
    def _name(claims: Claims) -> str:
        said = next((claims[key] for key in ("preferred_username", "email") if isinstance(claims.get(key), str)), "")
        name = "".join(letter for letter in said if letter.isprintable()).strip()[:NAME_AT_MOST]
        return name or f"subject {claims['sub']}"[:NAME_AT_MOST]
