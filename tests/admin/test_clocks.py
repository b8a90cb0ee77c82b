"""What ends by itself, on a whole gate in this process whose clock is moved by hand."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pyotp
import pytest

from proxy import app, settings
from tests.people.world import Clock
from tests.world.person import SAME, hidden
from tests.world.upstream import Upstream

PASSWORD = "an otter reads maps at dawn"


class Walk:
    """A gate, a clock, and a browser at its admin."""

    def __init__(self, gate: app.Gate, clock: Clock, url: str) -> None:
        self.gate, self.clock = gate, clock
        transport = httpx.ASGITransport(app=gate.admin, client=("192.0.2.1", 1))
        self.browser = httpx.AsyncClient(base_url=f"{url}/admin", headers=SAME, transport=transport)
        self.seed = ""
        self.token = gate.first_token

    async def post(self, path: str, **form: str) -> httpx.Response:
        return await self.browser.post(path, data=form)

    async def api(self, method: str, path: str, **body: object) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.browser.request(method, f"/api/v1{path}", headers=headers, json=body or None)

    async def invited(self, name: str, role: str) -> str:
        answer = await self.api("POST", "/accounts", name=name, role=role, reason="works here")
        assert answer.status_code == 201, answer.text
        secret: str = answer.json()["secret"]
        return secret

    async def joins(self, name: str, role: str) -> None:
        await self.post("/invited", secret=await self.invited(name, role), password=PASSWORD, repeated=PASSWORD)
        await self.post("/sign-in", name=name, password=PASSWORD)
        page = (await self.browser.get("/account/codes")).text
        found = re.search(r"<code>([A-Z2-7 ]+)</code>", page)
        assert found, page
        self.seed = found[1].replace(" ", "")
        done = await self.post("/account/codes", seed=hidden(page, "seed"), code=self.code())
        assert done.status_code == 200, done.text

    def code(self) -> str:
        return pyotp.TOTP(self.seed).at(self.clock.at)


@pytest.fixture
async def walk(tmp_path: Path, index: Upstream, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Walk]:
    clock = Clock()
    monkeypatch.setattr(app, "now", clock)
    given = {
        "data_dir": str(tmp_path / "gate"),
        "upstream": index.url,
        "advisories": "off",
        "secret_key_file": str(tmp_path / "key"),
        "public_url": "https://gate.example",
    }
    gate = app.build(settings.read(given), previews_at="http://127.0.0.1:9")
    async with gate.running():
        yield Walk(gate, clock, "https://gate.example")


async def test_an_invitation_ends_after_thirty_minutes(walk: Walk) -> None:
    secret = await walk.invited("ada", "reader")
    walk.clock.move(minutes=30)
    late = await walk.post("/invited", secret=secret, password=PASSWORD, repeated=PASSWORD)
    assert late.status_code == 403
    assert "older than 30 minutes" in late.text
    again = await walk.invited("ada", "reader")
    taken = await walk.post("/invited", secret=again, password=PASSWORD, repeated=PASSWORD)
    assert taken.headers["location"] == "/admin/sign-in"


async def test_inviting_again_ends_the_invitation_before(walk: Walk) -> None:
    first, second = await walk.invited("ada", "reader"), await walk.invited("ada", "reader")
    assert (await walk.post("/invited", secret=first, password=PASSWORD, repeated=PASSWORD)).status_code == 403
    assert (await walk.post("/invited", secret=second, password=PASSWORD, repeated=PASSWORD)).status_code == 303


async def test_a_dangerous_act_takes_a_proof_of_the_last_ten_minutes(walk: Walk) -> None:
    await walk.joins("ada", "owner")
    form = {"name": "bob", "role": "reader", "reason": "works here"}
    assert (await walk.post("/people/invite", **form)).status_code == 201
    walk.clock.move(minutes=10, seconds=1)
    for path in ("/people/invite", "/people/change"):
        refused = await walk.post(path, **form | {"name": "carl"})
        assert refused.headers["location"] == "/admin/step-up?next=%2Fpeople"
    assert (await walk.browser.get("/account/codes")).headers["location"].startswith("/admin/step-up")
    assert (await walk.browser.get("/people")).status_code == 200, "looking takes none"
    assert "carl" not in (await walk.browser.get("/people")).text
    before = walk.browser.cookies["__Host-wicketgate_session"]
    assert (await walk.post("/step-up", code="000000", next="/people")).status_code == 403
    proved = await walk.post("/step-up", code=walk.code(), next="/people")
    assert proved.headers["location"] == "/admin/people"
    assert walk.browser.cookies["__Host-wicketgate_session"] != before
    assert (await walk.post("/people/invite", **form | {"name": "carl"})).status_code == 201
    walk.clock.move(minutes=10, seconds=1)
    term = "/policy/terms?term=mode&channel="
    stopped = await walk.browser.get(term)
    assert stopped.headers["location"] == "/admin/step-up?next=%2Fpolicy%2Fterms%3Fterm%3Dmode%26channel%3D"
    for wanted, where in ((term, term), ("/people?x=https://evil.example", "/"), ("https://evil.example", "/")):
        walk.clock.move(seconds=30)
        assert (await walk.post("/step-up", code=walk.code(), next=wanted)).headers["location"] == f"/admin{where}"


async def test_a_session_ends_when_it_is_idle_and_at_the_end_of_the_day(walk: Walk) -> None:
    await walk.joins("ada", "owner")
    walk.clock.move(minutes=29)
    assert (await walk.browser.get("/")).status_code == 200
    walk.clock.move(minutes=30)
    assert (await walk.browser.get("/")).headers["location"] == "/admin/sign-in"


async def test_over_https_cookies_are_bound_to_this_host(walk: Walk) -> None:
    await walk.invited("ada", "reader")
    secret = await walk.invited("bob", "reader")
    await walk.post("/invited", secret=secret, password=PASSWORD, repeated=PASSWORD)
    answer = await walk.post("/sign-in", name="bob", password=PASSWORD)
    for cookie in answer.headers.get_list("set-cookie"):
        parts = {part.strip().lower() for part in cookie.split(";")}
        assert cookie.startswith("__Host-")
        assert {"secure", "httponly", "samesite=strict", "path=/"} <= parts
        assert not any(part.startswith("domain") for part in parts)


async def test_a_second_factor_that_does_not_come_in_five_minutes_is_asked_for_anew(walk: Walk) -> None:
    await walk.joins("ada", "owner")
    await walk.post("/sign-out")
    walk.clock.move(minutes=1)
    await walk.post("/sign-in", name="ada", password=PASSWORD)
    walk.clock.move(minutes=5)
    late = await walk.post("/sign-in/factor", code=walk.code())
    assert late.headers["location"] == "/admin/sign-in"


async def test_a_token_ends(walk: Walk) -> None:
    issued = (await walk.api("POST", "/tokens", name="ci", role="auditor", days=90)).json()
    headers = {"authorization": f"Bearer {issued['secret']}"}
    walk.clock.move(days=90, seconds=-1)
    assert (await walk.browser.get("/api/v1/whoami", headers=headers)).status_code == 200
    walk.clock.move(seconds=1)
    assert (await walk.browser.get("/api/v1/whoami", headers=headers)).status_code == 401


async def test_a_proposal_waits_for_seven_days(walk: Walk, index: Upstream) -> None:
    index.release("reqeusts", "1.0")
    bob = await walk.invited("bob", "approver")
    await walk.post("/invited", secret=bob, password=PASSWORD, repeated=PASSWORD)
    await walk.joins("ada", "owner")
    hers = re.search(r"wgt_[A-Za-z0-9_-]+", (await walk.post("/account/tokens", name="x", role="owner", days="9")).text)
    assert hers
    walk.token = hers[0]
    changed = await walk.api("PATCH", "/terms", two_person=["look-alike"], reason="two pairs of eyes")
    assert changed.status_code == 200, changed.text
    wish = {"requirement": "reqeusts", "reason": "x", "acknowledge": ["look-alike:requests"]}
    first = await walk.api("POST", "/approvals", **wish)
    assert first.status_code == 202
    identity = first.json()["proposal"]["id"]
    walk.clock.move(days=7, seconds=-1)
    assert [line["id"] for line in (await walk.api("GET", "/proposals")).json()] == [identity]
    walk.clock.move(seconds=1)
    assert (await walk.api("GET", "/proposals")).json() == []
    digest = first.json()["proposal"]["digest"]
    late = await walk.api("POST", f"/proposals/{identity}/confirm", digest=digest)
    assert late.status_code == 404
    assert "Nothing waits" in late.json()["detail"]
    second = (await walk.api("POST", "/approvals", **wish)).json()["proposal"]["id"]
    events = (await walk.api("GET", "/audit/events?tag=proposal:act:made")).json()["events"]
    assert events[0]["detail"]["expired"] == [identity], (
        "what waited too long ends with the next, and the audit says so"
    )
    assert [line["id"] for line in (await walk.api("GET", "/proposals")).json()] == [second]


async def test_disabling_ends_tokens_that_act_and_leaves_builds_alone(walk: Walk) -> None:
    await walk.joins("ada", "owner")
    account = next(a for a in (await walk.api("GET", "/accounts")).json() if a["name"] == "ada")
    owner = walk.gate.live.credentials.accounts[account["id"]]
    from dataclasses import replace

    from admin import auth
    from proxy.policy import changes
    from tests.people.world import SYSTEM

    secrets = {}
    for role in ("reader", "auditor", "approver"):
        issued = auth.issue(role, role, walk.clock(), None)
        walk.gate.store.commit(changes.issue(replace(issued.token, owner=owner.id)), SYSTEM, walk.clock())
        secrets[role] = issued.secret
    done = (await walk.api("POST", f"/accounts/{owner.id}/disable", reason="left")).json()
    assert sorted(done["detail"]["tokens"]) == ["approver", "auditor"]
    answers = {}
    for role, secret in secrets.items():
        answer = await walk.browser.get("/api/v1/whoami", headers={"authorization": f"Bearer {secret}"})
        answers[role] = answer.status_code
    assert answers == {"reader": 200, "auditor": 401, "approver": 401}
    assert (await walk.browser.get("/")).headers["location"] == "/admin/sign-in"
