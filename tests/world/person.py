"""A person with a browser (no script), a password, and an authenticator application."""

from __future__ import annotations

import re
import time
from html import unescape
from types import TracebackType

import httpx
import pyotp

from tests.world.gatehouse import Gatehouse

SAME = {"sec-fetch-site": "same-origin", "user-agent": "a browser"}
STEP = 30


def browser(gate: Gatehouse, address: str = "127.0.0.1") -> httpx.Client:
    """A browser that is not signed in, at an address of its own on loopback."""
    transport = httpx.HTTPTransport(local_address=address, trust_env=False, verify=False)
    return httpx.Client(base_url=f"{gate.url}/admin", headers=SAME, transport=transport, timeout=60)


class Person:
    """Somebody who was invited to a gate; ``with`` closes the browser."""

    def __init__(self, gate: Gatehouse, name: str, role: str, password: str = "", address: str = "127.0.0.1") -> None:
        self.gate, self.name, self.role = gate, name, role
        self.password = password or f"{name} walks slowly to the harbour"
        self.browser = browser(gate, address)
        self.seed, self.recovery, self._step = "", [""], 0

    def __enter__(self) -> Person:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.browser.close()

    def post(self, path: str, **form: str) -> httpx.Response:
        """Send a form."""
        return self.browser.post(path, data=form)

    def invited(self) -> str:
        """Be invited by whoever holds the first-run token; the secret of the invitation."""
        wanted = ("account", "invite", self.name, "--role", self.role, "--reason", "works here")
        secret: str = self.gate.facts(*wanted)["secret"]
        return secret

    def joins(self) -> Person:
        """Take up an invitation, enrol an application, and be signed in."""
        answer = self.post("/invited", secret=self.invited(), password=self.password, repeated=self.password)
        assert answer.headers.get("location") == "/admin/sign-in", answer.text
        self.knocks()
        return self.enrols()

    def comes(self) -> Person:
        """Take up an invitation to a role that needs no second factor, and be signed in."""
        self.post("/invited", secret=self.invited(), password=self.password, repeated=self.password)
        assert self.knocks() == "/admin/"
        return self

    def token(self, name: str = "a terminal", role: str = "") -> dict[str, str]:
        """The environment of a command line of theirs, with a token that they issued to themselves."""
        page = self.post("/account/tokens", name=name, role=role or self.role, days="30").text
        found = re.search(r"wgt_[A-Za-z0-9_-]+", page)
        assert found, page
        return {"WICKETGATE_TOKEN": found[0]}

    def knocks(self) -> str:
        """Bring name and password; where that leads."""
        answer = self.post("/sign-in", name=self.name, password=self.password)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    def enrols(self) -> Person:
        """Enrol an authenticator application."""
        page = self.browser.get("/account/codes").text
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        assert found, page
        self.seed = found[1].replace(" ", "")
        done = self.post("/account/codes", seed=hidden(page, "seed"), code=self.code())
        assert done.status_code in {200, 303}, done.text
        codes = re.findall(r"\b(?:[a-z2-7]{4}-){3}[a-z2-7]{4}\b", done.text)
        self.recovery = codes or self.recovery
        return self

    def signs_in(self) -> Person:
        """Sign in with password and code."""
        assert self.knocks() == "/admin/sign-in/factor"
        done = self.post("/sign-in/factor", code=self.code())
        assert done.headers.get("location") == "/admin/", done.text
        return self

    def code(self) -> str:
        """The next code that was not used yet; waits where the application shows none."""
        self._step = max(self._step + 1, step_now() - 1)
        while step_now() + 1 < self._step:
            time.sleep(0.5)
        return pyotp.TOTP(self.seed).at(self._step * STEP)

    @property
    def session(self) -> str:
        """The secret of the browser's session, "" where it has none."""
        return str(self.browser.cookies.get("wicketgate_session", default=""))


def step_now() -> int:
    """The number of the thirty seconds that this is in."""
    return int(time.time()) // STEP  # noqa: TID251  an application has a clock of its own


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found, page
    return unescape(found[1])
