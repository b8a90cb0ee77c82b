"""The cookies of the admin: out of scripts' reach, for this host alone.

Decided here:

* Over https their names begin with ``__Host-``: no other host of the domain can plant one. Over plain http (loopback)
  that is not possible, and they are kept to ``/admin``.
* All are SameSite=Strict, but for the one that must come back from an OpenID provider.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response


@dataclass(frozen=True, slots=True)
class Cookie:
    """One cookie: its name, and how long a browser keeps it."""

    name: str
    lasts: timedelta
    same_site: Literal["strict", "lax"] = "strict"


SESSION = Cookie("wicketgate_session", timedelta(hours=12))
DEVICE = Cookie("wicketgate_device", timedelta(days=90))
CHALLENGE = Cookie("wicketgate_challenge", timedelta(minutes=5))
FLOW = Cookie("wicketgate_flow", timedelta(minutes=10), "lax")


@dataclass(frozen=True, slots=True)
class Jar:
    """Reads and writes cookies; ``secure`` says whether people reach the admin over https."""

    secure: bool

    def get(self, request: Request, cookie: Cookie) -> str:
        """Return what a browser brought, "" where it brought none."""
        return request.cookies.get(self._name(cookie), "")

    def put(self, answer: Response, cookie: Cookie, value: str) -> None:
        """Have a browser keep a value."""
        answer.set_cookie(
            self._name(cookie),
            value,
            int(cookie.lasts.total_seconds()),
            path=self._path,
            secure=self.secure,
            httponly=True,
            samesite=cookie.same_site,
        )

    def drop(self, answer: Response, cookie: Cookie) -> None:
        """Have a browser forget a value."""
        answer.delete_cookie(
            self._name(cookie), path=self._path, secure=self.secure, httponly=True, samesite=cookie.same_site
        )

    @property
    def _path(self) -> str:
        return "/" if self.secure else "/admin"

    def _name(self, cookie: Cookie) -> str:
        return f"__Host-{cookie.name}" if self.secure else cookie.name
