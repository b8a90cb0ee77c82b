"""The record leaves for real receivers that are slow, wrong, deaf, away, and come back: nothing is lost."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import hashlib
import hmac
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from proxy.audit import delivery as module
from proxy.audit import syslog
from proxy.audit.delivery import Delivery
from proxy.audit.destinations import BadDestination, destination
from proxy.model import Actor, Change
from proxy.policy import changes
from proxy.policy.notes import Signer
from proxy.sealed import Vault
from proxy.store.sqlite import SqliteStore
from tests.audit.receivers import SyslogReceiver, WebhookReceiver, certificate, running
from tests.policy.facts import AT
from tests.store.test_sqlite import ADA, RECORD

VAULT = Vault(Path("/not/there"))
SECRET = "whsec_" + base64.b64encode(b"a secret of the receiver").decode()


class Clock:
    """A clock that is put forward by hand."""

    def __init__(self) -> None:
        self.at = AT

    def __call__(self) -> datetime:
        """The time."""
        return self.at


class Told:
    """Keeps what was told instead of telling it."""

    def __init__(self) -> None:
        self.tags: list[str] = []

    async def tell(self, change: Change, _actor: Actor) -> None:
        """Take a report."""
        self.tags.append(change.tag)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[SqliteStore]:
    opened = SqliteStore(tmp_path)
    yield opened
    opened.close()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for real pauses."""
    monkeypatch.setattr(module, "LOOK_SECONDS", 0.02)
    monkeypatch.setattr(module, "FIRST_PAUSE", 0.02)
    monkeypatch.setattr(module, "LONGEST_PAUSE", 0.1)
    monkeypatch.setattr(syslog, "SETTLE_SECONDS", 0.1)


@contextlib.asynccontextmanager
async def carrying(
    store: SqliteStore, url: str, told: Told | None = None, clock: Clock | None = None
) -> AsyncIterator[Delivery]:
    """Carry the record to a destination while the test runs."""
    delivery = Delivery(store, destination(url, VAULT), told or Told(), clock or Clock())  # type: ignore[arg-type]
    task = asyncio.create_task(delivery.run())
    yield delivery
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def until(done: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait for something that another task brings about."""
    async with asyncio.timeout(seconds):
        while not done():
            await asyncio.sleep(0.01)


def traffic(store: SqliteStore, count: int) -> None:
    start = store.trail.last("decisions")
    store.record([(f"u{start + n}", replace(RECORD, request_id=f"r{start + n}")) for n in range(count)])


@pytest.mark.parametrize("kind", ["tcp", "tls"])
async def test_syslog_gets_everything_in_order(store: SqliteStore, tmp_path: Path, kind: str) -> None:
    context, ca = certificate(tmp_path)
    receiver = SyslogReceiver(tls=context if kind == "tls" else None)
    traffic(store, 300)
    store.commit(changes.report("a:b:c", "", "x"), ADA, AT)
    signer = Signer(store.trail.instance, Ed25519PrivateKey.generate())
    store.trail.seal("decisions", signer.sign, AT)
    url = receiver.url + (f"#ca={ca}" if kind == "tls" else "")
    async with running(receiver), carrying(store, url) as delivery:
        await until(lambda: delivery.standing().waiting == 0)
        traffic(store, 5)
        await until(lambda: delivery.standing().waiting == 0)
    assert receiver.seqs("decision") == list(range(1, 306))
    assert receiver.seqs("event") == [1]
    (checkpoint,) = [found for name, found in receiver.frames if name == "checkpoint"]
    assert signer.trust.read(checkpoint["note"]).size == 300
    assert receiver.connections == 1


async def test_a_receiver_that_nobody_vouches_for_gets_nothing(store: SqliteStore, tmp_path: Path) -> None:
    context, _ = certificate(tmp_path)
    receiver = SyslogReceiver(tls=context)
    traffic(store, 3)
    async with running(receiver), carrying(store, receiver.url) as delivery:
        await until(lambda: "certificate" in delivery.standing().problem.lower())
    assert receiver.frames == []
    assert delivery.standing().waiting == 3


async def test_a_receiver_that_goes_away_and_comes_back_lacks_nothing(store: SqliteStore) -> None:
    receiver = SyslogReceiver()
    traffic(store, 50)
    async with carrying(store, receiver.url) as delivery:
        await until(lambda: delivery.standing().problem)
        for _ in range(3):
            async with running(receiver):
                await until(lambda: delivery.standing().waiting == 0)
                traffic(store, 200)
                await until(lambda: len(receiver.seqs("decision")) > 50)
            traffic(store, 20)
        async with running(receiver):
            await until(lambda: delivery.standing().waiting == 0)
    assert receiver.seqs("decision") == list(range(1, 50 + 3 * 220 + 1))


async def test_what_a_dying_receiver_had_not_read_is_sent_again(store: SqliteStore) -> None:
    deaf = SyslogReceiver(deaf=True)
    traffic(store, 100)
    async with carrying(store, deaf.url) as delivery:
        async with running(deaf):
            await until(lambda: deaf.connections)
            await asyncio.sleep(0.03)  # the system has taken the bytes, nobody has read them
        hearing = SyslogReceiver(port=deaf.port)
        async with running(hearing):
            await until(lambda: delivery.standing().waiting == 0)
    assert hearing.seqs("decision") == list(range(1, 101))


async def test_a_line_that_was_ended_while_nothing_was_sent_is_made_anew(store: SqliteStore) -> None:
    receiver = SyslogReceiver()
    traffic(store, 1)
    async with carrying(store, receiver.url) as delivery:
        for _ in range(3):
            async with running(receiver):
                await until(lambda: delivery.standing().waiting == 0)
            await asyncio.sleep(0.1)
            traffic(store, 1)
        async with running(receiver):
            await until(lambda: delivery.standing().waiting == 0)
    assert receiver.seqs("decision") == [1, 2, 3, 4]


async def test_a_gate_that_starts_again_goes_on_where_it_was(store: SqliteStore) -> None:
    receiver = SyslogReceiver()
    traffic(store, 10)
    async with running(receiver):
        async with carrying(store, receiver.url) as delivery:
            await until(lambda: delivery.standing().waiting == 0)
        traffic(store, 10)
        seen = len(receiver.frames)
        async with carrying(store, receiver.url) as delivery:
            await until(lambda: delivery.standing().waiting == 0)
    assert [found["seq"] for _, found in receiver.frames[seen:]] == list(range(11, 21))


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(SECRET + "\n")
    return path


async def test_a_webhook_is_signed_over_id_time_and_body(store: SqliteStore, secret: Path, tmp_path: Path) -> None:
    context, ca = certificate(tmp_path)
    receiver = WebhookReceiver(tls=context)
    traffic(store, 700)
    async with running(receiver), carrying(store, f"{receiver.url}#secret={secret}&ca={ca}") as delivery:
        await until(lambda: delivery.standing().waiting == 0)
    assert receiver.seqs("decisions") == list(range(1, 701))
    for posted in receiver.posted:
        said = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
        mac = hmac.new(b"a secret of the receiver", said, hashlib.sha256).digest()
        assert posted.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
        assert posted.headers["webhook-timestamp"] == str(int(AT.timestamp()))
        assert "hush" not in delivery.standing().destination


@pytest.mark.parametrize(
    ("status", "headers"), [(500, ""), (429, ""), (404, ""), (302, "location: http://127.0.0.1:1/\r\n"), (200, "")]
)
async def test_whatever_is_no_yes_is_tried_again_with_the_same_id(
    store: SqliteStore, secret: Path, status: int, headers: str
) -> None:
    receiver = WebhookReceiver(status=status, headers=headers)
    traffic(store, 3)
    async with running(receiver), carrying(store, f"{receiver.url}#secret={secret}&format=ocsf") as delivery:
        await until(lambda: len(receiver.posted) >= (1 if status == 200 else 2))
        assert status == 200 or delivery.standing().waiting == 3
        receiver.status, receiver.headers = 204, ""
        await until(lambda: delivery.standing().waiting == 0)
    assert len({posted.headers["webhook-id"] for posted in receiver.posted}) == 1
    assert {record["class_uid"] for record in receiver.posted[-1].records} == {6003}


async def test_a_destination_that_fails_for_long_is_told_once_and_so_is_its_recovery(
    store: SqliteStore, secret: Path
) -> None:
    receiver, told, clock = WebhookReceiver(status=500), Told(), Clock()
    traffic(store, 1)
    async with running(receiver), carrying(store, f"{receiver.url}#secret={secret}", told, clock) as delivery:
        await until(lambda: delivery.standing().problem == "it answered 500")
        await until(lambda: len(receiver.posted) > 3)
        assert told.tags == []
        assert delivery.standing().failing_since == AT
        clock.at += timedelta(minutes=11)
        await until(lambda: told.tags)
        await until(lambda: len(receiver.posted) > 6)
        receiver.status = 204
        await until(lambda: len(told.tags) > 1)
    assert told.tags == ["audit:export:failing", "audit:export:recovered"]


async def test_a_secret_that_is_missing_stops_nothing_else(store: SqliteStore, secret: Path) -> None:
    receiver = WebhookReceiver()
    traffic(store, 1)
    async with running(receiver), carrying(store, f"{receiver.url}#secret={secret}") as delivery:
        await until(lambda: delivery.standing().waiting == 0)
        secret.unlink()  # noqa: ASYNC240  a test's own file
        traffic(store, 1)
        await until(lambda: "No such file" in delivery.standing().problem)
        secret.write_text("another")  # noqa: ASYNC240
        await until(lambda: delivery.standing().waiting == 0)
    assert receiver.seqs("decisions") == [1, 2]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("siem.example", "is none of"),
        ("ftp://siem.example", "is none of"),
        ("syslog+tcp://", "is none of"),
        ("syslog+udp://siem.example", "is none of"),
        ("https://user:pw@siem.example/#secret=x", "user name"),
        ("http://siem.example/#secret=x", "clear text"),
        ("https://siem.example/", "no secret"),
        ("https://siem.example/#secret=/not/there", "not there"),
        ("syslog+tls://siem.example#format=cef", "'cef'"),
        ("syslog+tcp://siem.example#ca=/x", "option 'ca'"),
        ("syslog+tls://siem.example:99999", "not a URL"),
        ("https://sıem.example/#secret=x", "not ASCII"),
    ],
)
def test_a_destination_that_cannot_be_used_is_refused_in_words(text: str, said: str) -> None:
    with pytest.raises(BadDestination, match=said):
        destination(text, VAULT)


def test_what_a_destination_is_called_keeps_its_query_to_itself(secret: Path) -> None:
    one = destination(f"https://siem.example/hook?key=hush#secret={secret}", VAULT)
    other = destination(f"https://siem.example/hook?key=other#secret={secret}", VAULT)
    facts: tuple[Any, ...] = (one.name, one.host, one.port, one.format, one.secret and one.secret.path)
    assert facts == ("https://siem.example/hook", "siem.example", 443, "jsonl", secret)
    assert "hush" not in one.key
    assert one.key != other.key
    assert destination("syslog+tls://[::1]", VAULT).port == 6514
