"""A stand-in OpenID provider: a process of its own that signs real ID tokens, honest or as a test wants them.

``/authorize`` signs in whoever :meth:`Provider.next` named and redirects back with a code; ``/token`` takes the code
with PKCE and the client's secret; ``/mint`` signs any claims, as a CI system would for a job.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
import subprocess
import sys
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from proxy.forms import read_form
from tests.world.gatehouse import ROOT, free_port

CLIENT, SECRET = "wicketgate", "the client's secret: & %"
READY_SECONDS = 30.0


class Provider:
    """A provider that runs; ``with`` ends it."""

    def __init__(self) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Provider:
        command = [sys.executable, "-m", "tests.world.provider", str(self.port)]
        self._process = subprocess.Popen(command, cwd=ROOT)
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{self.url}/asked", trust_env=False, verify=False)
            except httpx.TransportError:
                time.sleep(0.05)
            else:
                return self
        raise AssertionError("the provider did not get ready")

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)
            self._process = None

    def next(self, **said: Any) -> None:
        """Say what the next ID tokens claim besides the usual; ``twist`` makes the provider lie."""
        httpx.post(f"{self.url}/next", json=said, trust_env=False, verify=False).raise_for_status()

    def mint(self, *, twist: str = "", **claims: Any) -> str:
        """An ID token with these claims."""
        answer = httpx.post(f"{self.url}/mint", json={"claims": claims, "twist": twist}, trust_env=False, verify=False)
        return answer.text

    def asked(self) -> list[str]:
        """The paths that were asked for so far."""
        found: list[str] = httpx.get(f"{self.url}/asked", trust_env=False, verify=False).json()
        return found


class _Served:
    """What runs in the process."""

    def __init__(self, port: int) -> None:
        self.issuer = f"http://127.0.0.1:{port}"
        self.keys: dict[str, RSAKey | ECKey] = {
            "rsa": RSAKey.generate_key(2048, {"kid": "rsa"}),
            "ec": ECKey.generate_key("P-256", {"kid": "ec"}),
        }
        self.stranger = RSAKey.generate_key(2048, {"kid": "rsa"})
        self.said: dict[str, Any] = {}
        self.codes: dict[str, dict[str, str]] = {}
        self.paths: list[str] = []

    def app(self) -> Starlette:
        routes = [
            Route("/.well-known/openid-configuration", self.configuration),
            Route("/jwks", self.jwks),
            Route("/authorize", self.authorize),
            Route("/token", self.token, methods=["POST"]),
            Route("/next", self.next, methods=["POST"]),
            Route("/mint", self.mint, methods=["POST"]),
            Route("/asked", self.asked),
        ]
        return Starlette(routes=routes)

    async def configuration(self, _request: Request) -> Response:
        self.paths.append("configuration")
        ends = {"authorization_endpoint": "authorize", "token_endpoint": "token", "jwks_uri": "jwks"}
        return JSONResponse({"issuer": self.issuer, **{key: f"{self.issuer}/{end}" for key, end in ends.items()}})

    async def jwks(self, _request: Request) -> Response:
        self.paths.append("jwks")
        odd = [{"kty": "oct", "k": "c2VjcmV0", "kid": "oct"}, {"kty": "RSA", "n": "!", "e": "?", "kid": "bad"}]
        return JSONResponse({"keys": [*odd, *(key.as_dict(private=False) for key in self.keys.values())]})

    async def authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        self.paths.append("authorize?" + json.dumps(asked))
        if self.said.get("twist") == "refuse":
            said = {"error": "access_denied", "state": asked["state"], "iss": self.issuer}
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(said)}")
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.said.get("iss_said", self.issuer)}
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(answer)}")

    async def token(self, request: Request) -> Response:
        self.paths.append("token")
        form = await read_form(request, 10)
        asked = self.codes.pop(str(form.get("code")), None)
        verifier = str(form.get("code_verifier", ""))
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()
        told = base64.b64decode(request.headers.get("authorization", "").partition(" ")[2]).decode()
        good = httpx.QueryParams(f"p={told.partition(':')[2]}")["p"] == SECRET
        if (
            not asked
            or not good
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        claims: dict[str, Any] = {
            "sub": "u-1",
            "preferred_username": "olga",
            "groups": ["security"],
            "amr": ["pwd", "mfa"],
        }
        claims |= {"aud": asked["client_id"], "nonce": asked["nonce"], "auth_time": _now()}
        said = {key: value for key, value in self.said.items() if key not in {"twist", "iss_said"}}
        return JSONResponse({"id_token": self.signed({**claims, **said}, self.said.get("twist", ""))})

    async def next(self, request: Request) -> Response:
        self.said = await request.json()
        return Response()

    async def mint(self, request: Request) -> Response:
        body = await request.json()
        return Response(self.signed(body["claims"], body["twist"]))

    async def asked(self, _request: Request) -> Response:
        return JSONResponse(self.paths)

    def signed(self, given: dict[str, Any], twist: str) -> str:
        """Sign claims; a null takes one out. ``twist`` is how the signature lies, "ec" signs honestly with ES256."""
        claims = {"iss": self.issuer, "iat": _now(), "exp": _now() + 300, "jti": secrets.token_hex(8), **given}
        claims = {key: value for key, value in claims.items() if value is not None}
        ways: dict[str, tuple[str, str, RSAKey | ECKey]] = {
            "stranger": ("RS256", "rsa", self.stranger),
            "kid": ("RS256", "nobody's", self.keys["rsa"]),
            "rs512": ("RS512", "rsa", self.keys["rsa"]),
            "ec": ("ES256", "ec", self.keys["ec"]),
        }
        algorithm, kid, key = ways.get(twist, ("RS256", "rsa", self.keys["rsa"]))
        token = jwt.encode({"alg": algorithm, "kid": kid}, claims, key, algorithms=[algorithm])
        head, body, signature = token.split(".")
        if twist == "none":
            return f"{_part({'alg': 'none', 'typ': 'JWT'})}.{body}."
        if twist == "hs256":  # the public key, which everybody has, as a shared secret
            signed = f"{_part({'alg': 'HS256', 'kid': 'rsa'})}.{body}"
            mac = hmac.digest(self.keys["rsa"].as_pem(private=False), signed.encode(), "sha256")
            return f"{signed}.{base64.urlsafe_b64encode(mac).rstrip(b'=').decode()}"
        return f"{head}.{_part({**claims, 'sub': 'admin'})}.{signature}" if twist == "altered" else token


def _part(said: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).rstrip(b"=").decode()


def _now() -> int:
    return int(time.time())  # noqa: TID251  a provider has a clock of its own


def settings(provider: Provider, folder: Path, roles: str = "security=approver,platform=administrator") -> list[str]:
    """The options with which a gate lets people sign in at a provider."""
    path = folder / "client-secret"
    path.write_text(f"{SECRET}\n")
    return [
        "--oidc-issuer", provider.url, "--oidc-client-id", CLIENT, "--oidc-client-secret-file", str(path),
        "--oidc-roles", roles, "--oidc-acr", "urn:two",
    ]  # fmt: skip


if __name__ == "__main__":
    number = int(sys.argv[1])
    uvicorn.run(_Served(number).app(), host="127.0.0.1", port=number, log_level="error")
