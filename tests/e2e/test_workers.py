"""More than one worker process: a change is in force on all of them, and the death of one is nobody's outage."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.clients import Bench
from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

ASKED = 40


@pytest.fixture
def gate(make_gate: MakeGate, index: Upstream) -> Gatehouse:
    """A gate of three workers."""
    index.release("flask", "3.0.0", ["click"])
    index.release("click", "8.1.0")
    return make_gate("--workers", "3")


def children(gate: Gatehouse) -> list[int]:
    """The workers' processes (Linux)."""
    return [int(text) for text in Path(f"/proc/{gate.process_id}/task/{gate.process_id}/children").read_text().split()]


def verdicts(gate: Gatehouse) -> set[bool]:
    """What is said of flask on many fresh connections, which the workers share."""
    return {gate.get("/explain/flask", accept="application/json").json()["allowed"] for _ in range(ASKED)}


def until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_a_change_is_in_force_on_every_worker_when_the_command_returns(gate: Gatehouse) -> None:
    until(lambda: len(children(gate)) == 3)
    assert verdicts(gate) == {False}
    gate.approve("flask")
    assert verdicts(gate) == {True}
    gate.facts("revoke", "flask", "--reason", "a test needs it")
    assert verdicts(gate) == {False}


def test_malware_is_in_force_on_every_worker_when_the_data_is(index: Upstream, gate: Gatehouse) -> None:
    gate.approve("flask")
    page = {gate.get("/simple/flask/").headers["etag"] for _ in range(ASKED)}.pop()
    (wheel,) = index.files["flask"]
    gate.advisory("MAL-2026-1", "flask", versions=["3.0.0"])
    kept = {"if-none-match": f'"{wheel.sha256}"'}
    assert {gate.get(f"/files{wheel.path}", **kept).status_code for _ in range(ASKED)} == {403}
    answers = {gate.get("/simple/flask/", **{"if-none-match": page}).status_code for _ in range(ASKED)}
    assert answers == {200}, "a client that kept the page hears of it at its next request"


def test_the_admin_is_one_whichever_worker_is_asked(gate: Gatehouse, bench: Bench) -> None:
    granted = gate.approve("flask", "--with-dependencies")
    assert granted["granted"]
    assert bench.pip("26.3", gate.index, "flask").code == 0
    for _ in range(ASKED):
        answer = gate.admin("GET", "/whoami")
        assert answer.status_code == 200
    assert gate.get("/admin/").status_code in {200, 303}
    forged = {"x-wicketgate-client": "10.1.2.3"}
    gate.admin("POST", "/prohibitions", json={"requirement": "left-pad", "reason": "x"}, headers=forged)
    assert gate.facts("audit", "list")["events"][0]["actor"]["address"] == "127.0.0.1"
    assert gate.facts("audit", "verify")["intact"]


def test_a_worker_that_dies_is_begun_again_and_nobody_notices(gate: Gatehouse) -> None:
    gate.approve("flask")
    before = children(gate)
    os.kill(before[1], signal.SIGKILL)
    until(lambda: len(children(gate)) == 3 and set(children(gate)) != set(before))
    for _ in range(ASKED):
        assert httpx.get(f"{gate.index}flask/", trust_env=False, verify=False).status_code == 200
    assert "is begun again" in gate.output()


def test_the_desk_is_begun_again_as_well(gate: Gatehouse) -> None:
    os.kill(children(gate)[0], signal.SIGKILL)
    until(lambda: gate.admin("GET", "/whoami").status_code == 200 and len(children(gate)) == 3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_all_of_them(gate: Gatehouse, number: int) -> None:
    workers = children(gate)
    assert gate.stop(number) == 0
    for worker in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(worker, 0)


def test_workers_end_when_their_parent_is_killed(make_gate: MakeGate) -> None:
    gate = make_gate("--workers", "2")
    until(lambda: len(children(gate)) == 2)
    workers = children(gate)
    gate.kill()
    until(lambda: not any(map(_is_there, workers)))


def test_whatever_is_sent_to_the_admin_of_any_worker_is_no_fault_of_ours(gate: Gatehouse) -> None:
    odd = (
        b"GET /admin/api/v1/whoami HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nConnection: close\r\n\r\nabc",
        b"GET /admin/../simple/flask/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /admin/../metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /admin/api/v1/whoami HTTP/1.1\r\nHost: x\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /admin/api/v1/whoami HTTP/1.1\r\nHost: x\r\nHost: y\r\nConnection: close\r\n\r\n",
    )
    for number in range(ASKED):
        with socket.create_connection(("127.0.0.1", gate.port), timeout=20) as client:
            client.sendall(odd[number % len(odd)])
            answer = b"".join(iter(lambda: client.recv(65536), b""))
        assert int(answer.split(b" ", 2)[1]) in {400, 401, 404}, answer[:300]
        assert answer.lower().count(b"\r\ndate:") == 1


def test_bodies_that_do_not_end_keep_nobody_from_the_admin(gate: Gatehouse) -> None:
    head = b"POST /admin/api/v1/advisories/import HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n"
    with contextlib.ExitStack() as held:
        for _ in range(3 * 120):
            client = held.enter_context(socket.create_connection(("127.0.0.1", gate.port), timeout=20))
            client.sendall(head)
        for _ in range(ASKED):
            assert gate.admin("GET", "/whoami").status_code == 200


def _is_there(worker: int) -> bool:
    try:
        os.kill(worker, 0)
    except ProcessLookupError:
        return False
    return True
