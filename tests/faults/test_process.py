"""The process: frozen, without descriptors, told to stop, on a machine that lost its power."""

from __future__ import annotations

import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from resource import RLIMIT_NOFILE, prlimit

import httpx

from tests.faults.conftest import World, until
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Answer, Upstream

MakeWorld = Callable[..., World]


def test_a_frozen_gate_knows_when_it_wakes_what_was_revoked_meanwhile(world: MakeWorld) -> None:
    made = world("--workers", "2", "--revocation-max-lag", "1")
    workers = Path(f"/proc/{made.gate.process_id}/task/{made.gate.process_id}/children")
    until(lambda: len(workers.read_text().split()) == 2)
    desk, frozen = map(int, workers.read_text().split())
    os.kill(frozen, signal.SIGSTOP)
    made.gate.facts("revoke", "flask", "--reason", "a test needs it")
    time.sleep(1.2)  # longer than it may be without knowing
    os.kill(desk, signal.SIGSTOP)
    os.kill(frozen, signal.SIGCONT)
    try:
        for _ in range(5):  # the worker that slept answers alone now
            assert made.status(made.cached) == 403
    finally:
        os.kill(desk, signal.SIGCONT)


def test_a_crowd_of_connections_leaves_descriptors_for_those_who_are_served(world: MakeWorld) -> None:
    made = world()
    prlimit(made.gate.process_id, RLIMIT_NOFILE, (400, prlimit(made.gate.process_id, RLIMIT_NOFILE)[1]))
    with ExitStack() as held, httpx.Client(base_url=made.gate.url, trust_env=False, verify=False) as client:
        assert client.get("/healthz").status_code == 200
        for _ in range(450):
            held.enter_context(socket.create_connection(("127.0.0.1", made.gate.port)))
        for _ in range(3):
            assert client.get(f"/files{made.large.path}").content == made.large.content
            assert client.get(f"/files{made.undecided.path}").status_code == 403
        assert client.get(f"/files{made.uncached.path}").content == made.uncached.content
        until(lambda: "others are turned away" in made.gate.output())
    until(lambda: _answers(made.gate))
    made.serves_what_was_decided_and_nothing_else()
    assert made.change()[0] == 201


def _answers(gate: Gatehouse) -> bool:
    try:
        return gate.get("/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_without_any_descriptor_what_is_served_is_right_and_it_recovers(world: MakeWorld) -> None:
    made = world()
    with httpx.Client(base_url=made.gate.url, trust_env=False, verify=False) as client:
        assert client.get(f"/files{made.cached.path}").status_code == 200
        hard = prlimit(made.gate.process_id, RLIMIT_NOFILE)[1]
        prlimit(made.gate.process_id, RLIMIT_NOFILE, (3, hard))
        assert client.get(f"/files{made.cached.path}").content == made.cached.content, "from memory"
        large = client.get(f"/files{made.large.path}")
        assert (large.status_code, "Too many open files" in large.text) == (503, True)
        assert client.get(f"/files{made.undecided.path}").status_code in {403, 503}
        prlimit(made.gate.process_id, RLIMIT_NOFILE, (hard, hard))
        assert client.get(f"/files{made.large.path}").content == made.large.content
    made.gate.stop()
    made.gate.restart()
    told = made.gate.facts("audit", "decisions", "--what", "file", "--limit", "100")["decisions"]
    assert [record["filename"] for record in told].count(made.cached.filename) >= 3, "held in memory, and committed"
    assert made.gate.facts("audit", "verify")["intact"]


def test_a_gate_that_is_told_to_stop_lets_downloads_end_and_takes_nobody_new(index: Upstream, world: MakeWorld) -> None:
    made, got = world(), []
    body = made.uncached.content
    index.misbehave(made.uncached.path, Answer(200, {"content-type": "x/y"}, body, drip=1.5 * 1024 / len(body)))
    client = threading.Thread(target=lambda: got.append(made.gate.get(f"/files{made.uncached.path}").content))
    client.start()
    until(lambda: bool(index.asked(made.uncached.path)))
    time.sleep(0.3)
    os.kill(made.gate.process_id, signal.SIGTERM)
    until(lambda: not _answers(made.gate))
    assert made.gate.running, "it waits for the download"
    client.join()
    assert got == [body]
    until(lambda: not made.gate.running)
    assert made.gate.stop() == 0
    assert not [*made.gate.data_dir.glob("*.journal"), *made.gate.data_dir.glob("alive-*")]


def test_a_machine_that_stopped_at_once_leaves_a_word_in_the_log(world: MakeWorld) -> None:
    made = world()
    made.gate.kill()
    (mark,) = made.gate.data_dir.glob("alive-*")
    made.gate.restart()
    assert made.gate.facts("audit", "list", "--tag", "audit:decisions:gap")["events"] == [], "only the process died"
    assert not mark.exists()
    made.gate.kill()
    (mark,) = made.gate.data_dir.glob("alive-*")
    mark.write_text("another boot")
    made.gate.restart()
    (event,) = made.gate.facts("audit", "list", "--tag", "audit:decisions:gap")["events"]
    assert "The machine stopped at once" in event["reason"]
