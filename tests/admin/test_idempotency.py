"""Idempotency keys at the admin API: sent again is answered again, and done once, whatever happens in between."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from proxy.model import Actor, AuditEvent, Change
from proxy.store.sqlite import SqliteStore
from tests.world.inside import House, house
from tests.world.upstream import Upstream

APPROVAL = {"requirement": "flask", "reason": "x"}
PROHIBITION = {"requirement": "left-pad", "reason": "x"}


@pytest.fixture
async def gate(tmp_path: Path, index: Upstream) -> AsyncIterator[House]:
    index.release("flask", "3.0.0")
    async with house(tmp_path / "gate", index.url) as made:
        yield made


async def keyed(gate: House, key: str, method: str, path: str, *, token: str = "", **more: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {token or gate.token}", "idempotency-key": key, **more.pop("headers", {})}
    return await gate.client.request(method, f"/admin/api/v1{path}", headers=headers, **more)


async def test_what_is_sent_again_is_answered_again_and_done_once(gate: House) -> None:
    first = await keyed(gate, "one", "POST", "/approvals", json=APPROVAL)
    again = await keyed(gate, "one", "POST", "/approvals", json=APPROVAL)
    assert (first.status_code, again.status_code, again.content) == (201, 201, first.content)
    assert (again.headers["idempotent-replayed"], "idempotent-replayed" in first.headers) == ("true", False)
    assert again.headers["content-type"] == first.headers["content-type"]
    assert len(await gate.events("project:approval:granted")) == 1

    others: list[tuple[str, str, dict[str, str], dict[str, str]]] = [
        ("POST", "/approvals", APPROVAL | {"reason": "y"}, {}),
        ("POST", "/approvals?x=1", APPROVAL, {}),
        ("POST", "/prohibitions", APPROVAL, {}),
        ("POST", "/approvals", APPROVAL, {"if-match": "1"}),
        ("PATCH", "/terms", {"reason": "x"}, {}),
    ]
    for method, path, body, headers in others:
        other = await keyed(gate, "one", method, path, json=body, headers=headers)
        assert (other.status_code, other.json()["title"]) == (422, "A key of another request"), (method, path)

    ada = gate.member("ada", "approver")
    hers = await keyed(gate, "one", "POST", "/approvals", token=ada, json=APPROVAL)
    assert (hers.status_code, "idempotent-replayed" in hers.headers) == (201, False), "a key is its actor's own"
    stranger = await keyed(gate, "one", "POST", "/approvals", token="wgt_nonsense", json=APPROVAL)
    assert stranger.status_code == 401
    for key in ("", "two words", "k" * 256):
        bad = await keyed(gate, key, "POST", "/prohibitions", json=PROHIBITION)
        assert (bad.status_code, "1 to 255 printable" in bad.json()["detail"]) == (422, True), key
    assert not await gate.events("project:prohibition")

    stale = await keyed(gate, "two", "POST", "/prohibitions", json=PROHIBITION, headers={"if-match": "0"})
    assert stale.status_code == 412
    mended = await keyed(gate, "two", "POST", "/prohibitions", json=PROHIBITION)
    assert mended.status_code == 201, "a refusal that changed nothing is not kept"


async def test_secrets_that_are_shown_once_are_kept_nowhere(gate: House) -> None:
    for path, body in (
        ("/tokens", {"name": "ci", "role": "reader"}),
        ("/accounts", {"name": "eve", "role": "reader", "reason": "x"}),
    ):
        first = await keyed(gate, "one" + path, "POST", path, json=body)
        again = await keyed(gate, "one" + path, "POST", path, json=body)
        assert (first.status_code, again.status_code) == (201, 409)
        assert "showed a secret once" in again.json()["detail"]
        assert "as event " in again.json()["detail"]
        kept = b"".join(file.read_bytes() for file in gate.gate.settings.data_dir.glob("wicketgate.db*"))
        assert first.json()["id"].encode() in kept
        assert first.json()["secret"].encode() not in kept
    assert len([token for token in await gate.admin("GET", "/tokens") if token["name"] == "ci"]) == 1


class Held:
    """A store whose next commit under a key waits to be let go, before it writes or after."""

    def __init__(self, store: SqliteStore, monkeypatch: pytest.MonkeyPatch, *, after: bool) -> None:
        self.entered, self.go, self.ended = threading.Event(), threading.Event(), threading.Event()
        self._commit, self._after = store.commit, after
        self._calls = iter([True])
        monkeypatch.setattr(store, "commit", self.commit)

    def commit(self, change: Change, actor: Actor, *args: Any, **more: Any) -> AuditEvent:
        if not actor.attempt or not next(self._calls, False):
            return self._commit(change, actor, *args, **more)
        try:
            if not self._after:
                self._wait()
            return self._commit(change, actor, *args, **more)
        finally:
            if self._after:
                self._wait()
            self.ended.set()

    def _wait(self) -> None:
        self.entered.set()
        assert self.go.wait(30)


@pytest.fixture
def released() -> Iterator[list[Held]]:
    held: list[Held] = []
    yield held
    for each in held:
        each.go.set()


@pytest.mark.parametrize("after", [False, True])
async def test_a_client_that_leaves_in_the_middle_loses_nothing_and_doubles_nothing(
    gate: House, monkeypatch: pytest.MonkeyPatch, released: list[Held], after: bool
) -> None:
    held = Held(gate.gate.store, monkeypatch, after=after)
    released.append(held)
    first = asyncio.ensure_future(keyed(gate, "one", "POST", "/prohibitions", json=PROHIBITION))
    assert await asyncio.to_thread(held.entered.wait, 30)
    running = await keyed(gate, "one", "POST", "/prohibitions", json=PROHIBITION)
    assert (running.status_code, running.json()["title"]) == (409, "Still being done")
    first.cancel()
    await asyncio.wait([first])
    again = await keyed(gate, "one", "POST", "/prohibitions", json=PROHIBITION)
    if after:
        assert (again.status_code, again.json()["title"]) == (409, "Done already")
        (event,) = await gate.events("project:prohibition")
        assert f"as event {event['seq']}:" in again.json()["detail"]
    else:
        assert again.status_code == 201, "nothing was changed yet, so it is done now"
    held.go.set()
    assert await asyncio.to_thread(held.ended.wait, 30)
    assert len(await gate.events("project:prohibition")) == 1, "the one that was given up writes nothing any more"


@pytest.mark.parametrize("headers", [{}, {"authorization": "Bearer wgt_nonsense", "idempotency-key": "a" * 16}])
async def test_a_strangers_body_is_not_read(gate: House, headers: dict[str, str]) -> None:
    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"["

    read: list[int] = []
    answer = await gate.client.post("/admin/api/v1/policy/plan", headers=headers, content=body())
    assert (answer.status_code, read) == (401, [])


async def test_who_may_not_upload_fills_no_disk_with_a_key(gate: House) -> None:
    async def body() -> AsyncIterator[bytes]:
        read.append(1)
        yield b"PK"

    read: list[int] = []
    secret = (await gate.admin("POST", "/tokens", name="reads", role="reader"))["secret"]
    headers = {"authorization": f"Bearer {secret}", "idempotency-key": "b" * 16}
    answer = await gate.client.post("/admin/api/v1/advisories/import", headers=headers, content=body())
    assert (answer.status_code, read) == (403, [])


@pytest.mark.parametrize("key", [{}, {"idempotency-key": "c" * 16}])
async def test_a_token_that_is_withdrawn_while_its_body_comes_does_nothing_any_more(
    gate: House, key: dict[str, str]
) -> None:
    issued = await gate.admin("POST", "/tokens", name="slow", role="approver")

    async def body() -> AsyncIterator[bytes]:
        yield b'{"requirement": "left-pad", '
        await gate.admin("DELETE", f"/tokens/{issued['id']}?reason=x")
        yield b'"reason": "x"}'

    headers = {"authorization": f"Bearer {issued['secret']}", "content-type": "application/json"} | key
    answer = await gate.client.post("/admin/api/v1/prohibitions", headers=headers, content=body())
    assert answer.status_code == 401
    assert not await gate.events("project:prohibition")
