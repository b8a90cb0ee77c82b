"""What waits on a running gate: asked for by hand, or simply by having been refused; fixes at the front."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.clients import Bench
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

IN_CI = 'pip/26.3 {"ci":true,"implementation":{"name":"CPython","version":"3.11.7"}}'


@pytest.fixture
def desk(gate: Gatehouse) -> Iterator[httpx.Client]:
    """A browser that is signed in."""
    with httpx.Client(
        base_url=f"{gate.url}/admin", trust_env=False, verify=False, headers={"sec-fetch-site": "same-origin"}
    ) as desk:
        desk.post("/sign-in", data={"token": gate.token})
        yield desk


def recorded(gate: Gatehouse, holds: Callable[[Any], bool]) -> Any:
    """The inbox, once what was refused is committed."""
    deadline = time.monotonic() + 30
    while not holds(found := gate.admin("GET", "/inbox").json()):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def test_refused_names_collect_with_who_wanted_them_and_from_which_builds(
    gate: Gatehouse, index: Upstream, bench: Bench, desk: httpx.Client
) -> None:
    gate.facts("channels", "open", "research", "--reason", "x")
    secret = gate.facts("token", "issue", "build-farm", "--role", "reader")["secret"]
    index.release("flask", "3.0.0")
    assert bench.pip("26.3", gate.index, "flask").code != 0
    gate.get("/research/simple/flask/", **{"user-agent": IN_CI, "authorization": f"Bearer {secret}"})
    gate.get("/simple/reqeusts/")
    found = recorded(gate, lambda inbox: inbox["look_alikes"] and len(inbox["refused"][0]["builds"]) > 1)
    (line,) = found["refused"]
    assert (line["project"], line["clients"], line["tokens"]) == ("flask", ["127.0.0.1"], ["build-farm"])
    assert line["count"] >= 3, "a page and a file for pip, a page in the channel"
    assert line["first"] < line["last"]
    assert {(build["agent"].split()[0], build["ci"], build["channel"]) for build in line["builds"]} == {
        ("pip/26.3", False, ""),
        ("pip/26.3", True, "research"),
    }
    (look_alike,) = found["look_alikes"]
    assert (look_alike["project"], look_alike["meant"]) == ("reqeusts", "requests")
    said = gate.cli("inbox", COLUMNS="300").stdout
    for wanted in ("build-farm, 127.0.0.1", "in CI at research", "Refused as look-alikes", "requests"):
        assert wanted in said
    page = desk.get("/inbox").text
    for wanted in ("build-farm, 127.0.0.1", "in CI at research", "looks like another", 'href="/admin/projects/flask"'):
        assert wanted in page
    gate.approve("flask", "--channel", "research")
    assert [line["project"] for line in gate.facts("inbox")["refused"]] == ["flask"], "it was refused elsewhere too"
    gate.approve("flask")
    assert gate.facts("inbox")["refused"] == []


def test_a_request_says_who_and_for_which_channel(gate: Gatehouse, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    gate.facts("channels", "open", "research", "--reason", "x")
    secret = gate.facts("token", "issue", "grace", "--role", "requester")["secret"]
    asked = gate.cli("request", "flask>=3", "--why", "a study", "--channel", "research", WICKETGATE_TOKEN=secret)
    assert asked.returncode == 0, asked.stderr
    page = gate.get("/research/explain/flask", accept="text/html").text
    action = page.partition('method="post" action="')[2].partition('"')[0]
    assert action == "/research/explain/flask/request", "the refusal page asks for its own channel"
    httpx.post(f"{gate.url}{action}", data={"why": "me too"}, trust_env=False, verify=False)
    requests = gate.facts("inbox")["requests"]
    assert [(ask["by"], ask["channel"], ask["specifier"]) for ask in requests] == [
        ("grace", "research", ">=3"),
        ("127.0.0.1", "research", ""),
    ]


def test_the_inbox_comes_in_pages(gate: Gatehouse, desk: httpx.Client) -> None:
    for name in ("attrs", "click", "numpy"):
        gate.facts("request", name, "--why", "x")
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        data = gate.facts("inbox", "--limit", "2", "--after", cursor or "")
        seen += [ask["project"] for ask in data["requests"]]
        cursor = data["next"]
    assert seen == ["attrs", "click", "numpy"]
    assert "More: wicketgate inbox --after '2." in gate.cli("inbox", "--limit", "2").stdout
    refused = gate.cli("inbox", "--after", "nonsense")
    assert (refused.returncode, "no cursor of the inbox" in refused.stderr) == (2, True)
    assert desk.get("/inbox", params={"after": "nonsense"}).status_code == 422


def test_a_fix_of_what_was_approved_comes_first_with_what_to_approve(
    gate: Gatehouse, index: Upstream, desk: httpx.Client, bench: Bench
) -> None:
    index.release("flask", "2.3.1")
    gate.approve("flask")
    index.release("flask", "2.3.2", days=1)
    gate.cli("approve", "flask==2.3.2", "--reason", "refresh the page", "--dry-run")
    assert gate.facts("inbox")["fixes"] == []
    ranges = [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.3.2"}]}]
    gate.advisory("PYSEC-2026-1", "flask", ranges=ranges)
    gate.facts("request", "flask", "--why", "the build is red")
    found = gate.facts("inbox")
    (fix,) = found["fixes"]
    assert (fix["approve"], fix["advisories"], fix["withheld"]) == ("flask==2.3.2", ["PYSEC-2026-1"], ["2.3.1"])
    assert [ask["why"] for ask in fix["requests"]] == ["the build is red"]
    assert found["requests"] == []
    assert "Fixes of what was approved:" in gate.cli("inbox").stdout
    page = desk.get("/inbox").text
    assert page.index("Fixes waiting") < page.index("Asked for")
    gate.approve(fix["approve"], *(word for code in fix["acknowledge"] for word in ("--acknowledge", code)))
    assert gate.facts("inbox")["fixes"] == []
    done = bench.pip("26.3", gate.index, "flask")
    assert (done.code, "2.3.2" in done.output) == (0, True), done.output
