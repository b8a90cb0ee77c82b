"""Those who decide nothing land on what they asked for, see what became of it, and see nobody else's."""

from __future__ import annotations

import pytest

from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.person import Person
from tests.world.upstream import Upstream


def test_a_requester_asks_and_sees_what_became_of_it(make_gate: MakeGate, index: Upstream) -> None:
    for project in ("flask", "click", "numpy"):
        index.release(project, "1.0")
    gate = make_gate()
    gate.post("/explain/flask/request", data={"why": "a stranger's wish"})
    with Person(gate, "rex", "requester") as rex, Person(gate, "quinn", "requester") as quinn:
        rex.comes()
        assert rex.browser.get("/").headers["location"] == "/admin/requests"
        assert "You have asked for nothing yet" in rex.browser.get("/requests").text
        for project in ("flask>=1", "click", "numpy"):
            asked = rex.post("/requests", requirement=project, why=f"for our {project[:5]}", channel="")
            assert asked.headers["location"] == "/admin/requests"
        rex.post("/requests", requirement="flask>=1", why="asked twice", channel="")
        wrong = rex.post("/requests", requirement="two words", why="x", channel="")
        assert (wrong.status_code, "is not a requirement" in wrong.text) == (422, True)
        assert rex.post("/requests", requirement="click", why="x", channel="nowhere").status_code == 422

        gate.approve("flask")
        gate.facts("decline", "click", "--reason", "we have one already")
        page = rex.browser.get("/requests").text
        assert page.index(">numpy</a>") < page.index(">click</a>") < page.index(">flask</a>&gt;=1"), "the newest first"
        assert page.count('<tr><th scope="row">') == 3, "the same wish is one wish"
        for state in ('yes">granted', 'no">declined', '">waits'):
            assert f'<span class="tag {state}</span>' in page
        assert "we have one already" in page
        assert "a stranger" not in page
        assert "numpy" in gate.cli("inbox").stdout

        quinn.comes()
        assert "You have asked for nothing yet" in quinn.browser.get("/requests").text
        own = rex.token()
        (asked,) = gate.facts("audit", "list", "--tag", "project:request:made", "--project", "numpy")["events"]
        assert asked["actor"]["name"] == "rex"
    headers = {"authorization": f"Bearer {own['WICKETGATE_TOKEN']}"}
    assert gate.admin("GET", "/requests", headers=headers).json() == [], "those of this token"
    made = gate.admin("POST", "/requests", headers=headers, json={"requirement": "click<2", "why": "once more"})
    assert (made.status_code, made.json()["state"]) == (201, "waits")
    assert [line["id"] for line in gate.admin("GET", "/requests", headers=headers).json()] == [made.json()["id"]]


def test_a_reader_lands_where_something_is_of_use(make_gate: MakeGate) -> None:
    gate = make_gate()
    with Person(gate, "rhea", "reader") as rhea, Person(gate, "otto", "auditor") as otto:
        rhea.comes()
        assert rhea.browser.get("/").headers["location"] == "/admin/requests"
        page = rhea.browser.get("/requests").text
        assert f'href="{gate.url}/"' in page
        assert "/admin/account" in page
        assert "/admin/requests" not in page, "neither a form nor a link to what a reader may not do"
        assert rhea.post("/requests", requirement="flask", why="x", channel="").status_code == 403
        otto.comes()
        assert "What needs a decision" in otto.browser.get("/").text


def test_nobody_asks_in_the_name_of_another(make_gate: MakeGate, index: Upstream) -> None:
    index.release("gamma", "1.0")
    gate = make_gate()
    with Person(gate, "vic", "requester") as vic, Person(gate, "rex", "requester") as rex:
        vic.comes()
        rex.comes()
        accounts = {account["name"]: account["id"] for account in gate.facts("account", "list")}
        for name in (accounts["vic"], "Vic", " vic ", "\x1b[2Jx", "a\nb", "  ", "x" * 81):
            refused = rex.post("/account/tokens", name=name, role="requester", days="9")
            assert (refused.status_code, "wgt_" in refused.text) == (422, False), name
        bearer = {"authorization": f"Bearer {rex.token('vic at work')['WICKETGATE_TOKEN']}"}
        assert gate.post("/explain/gamma/request", data={"why": "x"}, headers=bearer).status_code == 201
        assert "You have asked for nothing yet" in vic.browser.get("/requests").text
    listed = gate.admin("GET", "/requests", headers=bearer).json()
    assert [line["project"] for line in listed] == ["gamma"], "one's own are found, whichever door they came by"
    (token,) = [line for line in gate.facts("token", "list") if line["name"] == "vic at work"]
    gate.post("/explain/gamma/request", data={"why": "x"})
    whose = (token["id"], "client:127.0.0.1", accounts["vic"])
    asked = [{"actor": who, "tag": "project:request:made"} for who in whose]
    counts = [len(gate.admin("GET", "/audit/events", params=params).json()["events"]) for params in asked]
    assert counts == [1, 1, 0], "the record names the very token, or the address"


@pytest.mark.parametrize("origin", ["http://evil.example", "null", ""])
def test_no_other_site_asks(gate: Gatehouse, origin: str) -> None:
    answer = gate.post("/explain/flask/request", data={"why": "x"}, headers={"origin": origin})
    assert answer.status_code == 403
    assert not gate.facts("inbox")["requests"]
    assert gate.post("/explain/flask/request", data={"why": "x"}, headers={"origin": gate.url}).status_code == 201
