"""The pages' own acts, on a whole gate in this process: many decided at once, projects, the policy, waivers, access."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from html import unescape
from pathlib import Path

import httpx
import pytest

from tests.world.inside import House, house
from tests.world.person import SAME
from tests.world.upstream import Upstream


class Desk:
    """Somebody who may do everything, at a gate with a few projects behind it."""

    def __init__(self, gate: House) -> None:
        self.gate = gate

    async def get(self, path: str) -> str:
        answer = await self.gate.client.get(f"/admin{path}", headers=SAME)
        assert answer.status_code == 200, answer.text
        return answer.text

    async def post(self, path: str, **form: str | list[str]) -> httpx.Response:
        return await self.gate.client.post(f"/admin{path}", data=form, headers=SAME)

    async def asks(self, *projects: str) -> None:
        for project in projects:
            await self.gate.client.post(f"/explain/{project}/request", data={"why": "ours"}, headers=SAME)

    async def picks(self) -> list[str]:
        return [unescape(text) for text in re.findall(r'name="pick" value="([^"]*)"', await self.get("/inbox"))]


@pytest.fixture
async def desk(tmp_path: Path, index: Upstream) -> AsyncIterator[Desk]:
    for project in ("flask", "click", "reqeusts"):
        index.release(project, "1.0")
    async with house(tmp_path / "gate", index.url) as gate:
        made = Desk(gate)
        await made.post("/sign-in", token=gate.token)
        yield made


async def test_many_are_decided_at_once(desk: Desk) -> None:
    await desk.asks("flask", "click", "reqeusts", "nowhere")
    picks = await desk.picks()
    assert len(picks) == 4
    shown = await desk.post("/inbox", do="preview", reason="ours", pick=picks)
    assert "Approve 2, as one change" in shown.text
    assert "reqeusts looks like requests" in shown.text
    assert "has no project nowhere" in shown.text
    assert await desk.gate.served() == [], "showing opens nothing"

    ready = [unescape(text) for text in re.findall(r'name="pick" value="([^"]*)"', shown.text)]
    stale = await desk.post("/inbox", do="grant", reason="ours", pick=ready, revision="0")
    assert stale.status_code == 412
    unread = await desk.post("/inbox", do="grant", reason="ours", pick=ready, revision="x")
    assert (unread.status_code, "which revision it was shown at" in unread.text) == (422, True)
    whole = await desk.post("/inbox", do="grant", reason="ours", pick=picks)
    assert whole.status_code == 422
    assert await desk.gate.served() == [], "all or none"
    granted = await desk.post("/inbox", do="grant", reason="ours", pick=ready)
    assert "All 2 approvals are in force" in granted.text
    assert await desk.gate.served() == ["flask-1.0-py3-none-any.whl"]
    (event,) = await desk.gate.events("project:approval:granted")
    assert sorted(event["project"].split()) == ["click", "flask"]

    kept = await desk.post("/inbox", do="decline", reason="", pick=await desk.picks())
    assert kept.status_code == 422
    assert kept.text.count(" checked") == 2, "what was ticked stays so"
    await desk.post("/inbox", do="decline", reason="no", pick=await desk.picks())
    assert await desk.picks() == []
    (event,) = await desk.gate.events("project:request:declined")
    assert sorted(event["project"].split()) == ["nowhere", "reqeusts"]


async def test_a_project_is_revoked_prohibited_and_freed_on_its_page(desk: Desk) -> None:
    await desk.gate.approve("flask")
    assert 'href="/admin/projects/flask"' in await desk.get("/projects?q=LAS")
    await desk.post("/projects/flask", do="revoke", specifier="", reason="x", channel="")
    assert await desk.gate.served() == []
    refused = await desk.post("/projects/flask", do="revoke", specifier="", reason="x", channel="")
    assert refused.status_code == 422
    assert "there is nothing to revoke" in refused.text
    await desk.post("/projects/flask", do="prohibit", specifier="<2", reason="not ours", channel="")
    page = await desk.get("/projects/flask")
    assert "flask&lt;2 is prohibited: not ours" in page
    assert "stays shut" in page
    await desk.post("/projects/flask", do="lift", specifier="<2", reason="ours again", channel="")
    page = await desk.get("/projects/flask")
    assert ">opens<" in page
    assert "project:prohibition:lifted" in page
    assert "has no project nowhere" in await desk.get("/projects/nowhere")


async def test_the_policy_is_planned_and_applied_and_channels_come_and_go(desk: Desk) -> None:
    whole = unescape((await desk.get("/policy/document")).partition("required>\n")[2].partition("</textarea>")[0])
    assert "format = 1" in whole
    fragment = 'format = 1\nfragment = true\n[terms]\nminimum_age = "3d"\n'
    plan = await desk.post("/policy/document", do="plan", document=fragment)
    assert "term: minimum_age" in plan.text
    revision = re.search(r'name="revision" value="(\d+)"', plan.text)
    assert revision
    done = await desk.post("/policy/document", do="apply", document=fragment, reason="x", revision=revision[1])
    assert "In force as revision" in done.text
    assert "<td>3 <a" in (await desk.get("/policy")).partition("minimum age days")[2][:60]
    broken = await desk.post("/policy/document", do="plan", document="format = ")
    assert broken.status_code == 422
    assert "format = " in broken.text, "what was written stays"
    await desk.post("/policy", do="open", name="research", base="", reason="x")
    assert "/research/simple/" in await desk.get("/policy")
    assert (await desk.post("/policy", do="open", name="admin", base="", reason="x")).status_code == 422
    await desk.post("/policy", do="close", name="research", reason="x")
    assert "/research/simple/" not in await desk.get("/policy")


async def test_waivers_end_and_tokens_are_shown_once(desk: Desk) -> None:
    unknown = await desk.post("/advisories/waive", requirement="flask<2", advisory="X-1", reason="x", days="30")
    assert unknown.status_code == 422
    assert 'value="flask&lt;2"' in unknown.text
    wrong = await desk.post("/advisories/waive", requirement="flask", advisory="X-1", reason="x", days="999")
    assert "days: Input should be less than or equal to 180" in wrong.text
    issued = await desk.post("/access/tokens", name="ci", role="reader", days="30", projects="acme-*")
    assert issued.status_code == 201
    secret = re.search(r"<code>(wgt_[^<]+)</code>", issued.text)
    assert secret
    page = await desk.get("/access")
    assert "<td>acme-*" in page
    assert secret[1] not in page
    found = re.search(r'name="id" value="([^"]*)"[^>]*>(?:(?!</form>).)*aria-label="End ci"', page, re.DOTALL)
    assert found
    await desk.post("/access/end", do="token", id=found[1], reason="x")
    assert "<td>acme-*" not in await desk.get("/access")
    no = await desk.post("/access/rules", name="jobs", issuer="https://ci.example", audience="x", claims="", reason="x")
    assert no.status_code == 422
    rule = {"name": "jobs", "issuer": "https://ci.example", "audience": "gate", "reason": "x", "role": "reader"}
    await desk.post("/access/rules", **rule, claims="repository=ours/*")
    assert "repository = ours/*" in await desk.get("/access")
    await desk.post("/access/end", do="rule", id="jobs", reason="x")
    assert "repository = ours/*" not in await desk.get("/access")


async def test_one_term_is_changed_in_a_form_that_shows_first_what_it_would_do(desk: Desk) -> None:
    await desk.gate.approve("flask")
    await desk.post("/policy", do="open", name="research", base="", reason="x")
    assert 'href="/admin/policy/terms?term=minimum_age_days&amp;channel=research"' in await desk.get("/policy")

    async def say(do: str, term: str, *value: str, channel: str = "", **more: str) -> httpx.Response:
        form: dict[str, str | list[str]] = {
            "term": term,
            "channel": channel,
            "reason": "our rule",
            "do": do,
            "value": list(value),
        }
        return await desk.post("/policy/terms", **form, **more)

    async def terms(channel: str = "") -> dict[str, object]:
        found: dict[str, object] = await desk.gate.admin("GET", f"/terms?channel={channel}")
        return found

    assert 'type="number" min="0" step="any" id="value" name="value" value="7"' in await desk.get(
        "/policy/terms?term=minimum_age_days&channel="
    )
    shown = await say("preview", "minimum_age_days", "5000", revision="0")
    assert "is lower than" in shown.text or "less than or equal" in shown.text
    assert shown.status_code == 422, "as the API has it"
    shown = await say("preview", "minimum_age_days", "3650")
    assert "7 → <strong>3650</strong>" in shown.text
    assert "Approved files that are withheld then (2)" in shown.text, "in both channels"
    assert (await terms())["minimum_age_days"] == 7, "showing changes nothing"
    assert (await say("set", "minimum_age_days", "3", revision="0")).status_code == 422
    for unreadable in ("", "x", "-1", "\u00b2", "9" * 30):
        refused = await say("set", "minimum_age_days", "3", revision=unreadable)
        assert (refused.status_code, "which revision it was shown at" in refused.text) == (422, True), unreadable
    assert (await terms())["minimum_age_days"] == 7, "what was seen is not what is in force"
    assert "In force as revision" in (await say("set", "minimum_age_days", "3")).text
    (event,) = (await desk.gate.events("policy:terms:set"))[:1]
    assert (event["reason"], event["detail"]["after"]) == ("our rule", {"minimum_age_days": 3})

    said = {
        "mode": ("observe",), "ages": ("numpy=2\n flask = 9",), "freeze": ("2026-01-31T00:00:00Z",),
        "internal": ("acme-*\nours",), "refuse_unknown_severity": ("no",), "two_person": (), "licences": ("MIT",),
    }  # fmt: skip
    for term, value in said.items():
        assert "In force as revision" in (await say("set", term, *value, channel="research")).text, term
    changed = await terms("research")
    assert {name: changed[name] for name in said} == {
        "mode": "observe", "ages": {"flask": 9, "numpy": 2}, "freeze": "2026-01-31T00:00:00+00:00",
        "internal": ["acme-*", "ours"], "refuse_unknown_severity": False, "two_person": [], "licences": ["MIT"],
    }  # fmt: skip
    await say("set", "ages", "flask=9", channel="research")
    assert (await terms("research"))["ages"] == {"flask": 9}, "a line that is gone is an entry that is gone"
    assert "numpy" not in await desk.get("/policy/terms?term=ages&channel=research")
    assert 'name="inherit"' in await desk.get("/policy/terms?term=mode&channel=research")
    await say("set", "mode", "observe", channel="research", inherit="1")
    assert (await terms("research"))["mode"] == "enforce"

    for term, word in (("mode", "loud"), ("ages", "numpy"), ("freeze", "tomorrow"), ("refuse_unknown_severity", "")):
        wrong = await say("preview", term, word)
        assert (wrong.status_code, 'role="alert">Look at ' in wrong.text) == (422, True), term
    assert (await say("preview", "nonsense", "x")).status_code == 422
    assert (await say("preview", "mode", "observe", channel="nowhere")).status_code == 422
    assert 'href="/admin/policy/terms?term=mode"' in await desk.get("/policy/terms")
