"""What is finished is answered at once, and no less decided, recorded or true for that."""

from __future__ import annotations

import http.client
import time
from collections.abc import Iterator

import pytest

from proxy.web.recording import AGAIN
from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

JSON = "application/vnd.pypi.simple.v1+json"
ALWAYS_ANEW = {"date"}


class Installer:
    """One connection that asks again and again, as installers do."""

    def __init__(self, gate: Gatehouse) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", gate.port, timeout=30)

    def __enter__(self) -> Installer:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def get(self, path: str, **headers: str) -> tuple[int, dict[str, str], bytes]:
        """Return status, headers and body."""
        said = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request("GET", path, headers={"Accept": JSON, "Accept-Encoding": "gzip", **said})
        answer = self._connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders() if name.lower() not in ALWAYS_ANEW}
        return answer.status, found, answer.read()


@pytest.fixture
def path(index: Upstream, gate: Gatehouse) -> Iterator[str]:
    """The path of a small wheel that is approved and was handed out."""
    index.release("flask", "3.0.0")
    gate.approve("flask")
    page = gate.get("/simple/flask/", accept=JSON).json()
    found = page["files"][0]["url"].removeprefix("../..")
    for address in (found, f"{found}.metadata"):
        for _ in range(2):
            assert gate.get(address).status_code == 200
    yield found


@pytest.fixture
def installer(gate: Gatehouse) -> Iterator[Installer]:
    """A connection to the gate."""
    with Installer(gate) as opened:
        yield opened


def test_first_and_later_answers_are_the_same(installer: Installer, path: str) -> None:
    for asked in ("/simple/flask/", path, f"{path}.metadata"):
        answers = [installer.get(asked) for _ in range(5)]
        assert answers[0][0] == 200
        assert answers == [answers[0]] * 5
        etag = answers[0][1]["etag"]
        again = [installer.get(asked, If_None_Match=etag) for _ in range(3)]
        assert [(status, body) for status, _, body in again] == [(304, b"")] * 3
        assert all(headers["etag"] == etag for _, headers, _ in again)
    status, headers, body = installer.get(path, Range="bytes=2-5")
    assert (status, len(body), headers["content-range"][:10]) == (206, 4, "bytes 2-5/")


def test_what_was_withdrawn_is_refused_on_the_same_connection(gate: Gatehouse, installer: Installer, path: str) -> None:
    for _ in range(5):
        assert installer.get(path)[0] == 200
        assert installer.get(f"{path}.metadata")[0] == 200
    before = installer.get("/simple/flask/")
    gate.facts("revoke", "flask", "--reason", "malware")
    assert [installer.get(asked)[0] for asked in (path, f"{path}.metadata")] == [403, 403]
    after = installer.get("/simple/flask/")
    assert int(after[1]["x-wicketgate-revision"]) > int(before[1]["x-wicketgate-revision"])
    assert after[2] != before[2]
    gate.approve("flask")
    assert [installer.get(path)[0] for _ in range(3)] == [200, 200, 200]


def test_every_file_is_recorded_also_when_the_process_dies(gate: Gatehouse, installer: Installer, path: str) -> None:
    for _ in range(150):
        assert installer.get(path)[0] == 200
    gate.kill()
    gate.restart()
    found = gate.facts("audit", "decisions", "--project", "flask", "--limit", "1000")["decisions"]
    files = [fact for fact in found if fact["what"] == "file" and fact["filename"].endswith(".whl")]
    assert len(files) == 152, "two when the path was found"
    assert {fact["verdict"] for fact in files} == {"allowed"}
    assert len({fact["request_id"] for fact in files}) == 152


def test_what_is_counted_is_counted_also_when_the_process_dies(
    gate: Gatehouse, installer: Installer, path: str
) -> None:
    for _ in range(1_000):
        assert installer.get(path)[0] == 200
    time.sleep(1)  # counts survive a quarter of a second later
    gate.kill()
    gate.restart()
    held = gate.facts("who-has", "flask")
    assert sum(line["count"] for line in held) == 1_002
    assert AGAIN in {line["agent"] for line in held}
    assert gate.facts("audit", "verify")["intact"]


def test_a_token_counts_for_what_is_finished_as_well(index: Upstream, make_gate: MakeGate) -> None:
    index.release("flask", "3.0.0")
    index.release("click", "8.0")
    gate = make_gate("--no-anonymous")
    gate.approve("flask")
    gate.approve("click")
    issued = gate.facts("token", "issue", "ci", "--role", "reader", "--project", "flask")
    bearer = {"Authorization": f"Bearer {issued['secret']}"}
    with Installer(gate) as installer:
        for _ in range(4):
            assert installer.get("/simple/flask/", **bearer)[0] == 200
            assert installer.get("/simple/flask/")[0] == 401
            assert installer.get("/simple/click/", **bearer)[0] == 403
        gate.facts("token", "withdraw", issued["id"], "--reason", "leaked")
        assert installer.get("/simple/flask/", **bearer)[0] == 401
