"""The admin API against its own OpenAPI document: schemathesis tries every operation as the owner.

The suite runs the document's own examples, and what lies just outside of every schema. The large run, for whoever
changed the API, adds what lies just inside, so many random examples of each, and chains of operations::

    WICKETGATE_EXAMPLES=100 .venv/bin/pytest -n 0 tests/admin/test_contract.py
"""

from __future__ import annotations

import asyncio
import os
import threading
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path

import pytest
import schemathesis
from schemathesis import engine
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import events
from schemathesis.engine.recorder import CheckFailureInfo
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from admin.api.idempotency import KEY
from tests.world.inside import House, house
from tests.world.upstream import Upstream

EXAMPLES = int(os.environ.get("WICKETGATE_EXAMPLES", "0"))
DOCUMENT = "/admin/api/openapi.json"


class Elsewhere:
    """A gate that runs in a thread and loop of its own, asked by whatever loop schemathesis is in."""

    def __init__(self, folder: Path, upstream: str) -> None:
        self._folder, self._upstream = folder, upstream
        self._up: Future[House] = Future()
        self._down = asyncio.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()))

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        async with house(self._folder, self._upstream) as made:
            await made.client.get(DOCUMENT)  # the admin is loaded by whoever asks first
            self._up.set_result(made)
            await self._down.wait()

    def __enter__(self) -> Elsewhere:
        self._thread.start()
        while not self._up.done() and self._thread.is_alive():
            self._thread.join(0.1)
        self.house = self._up.result(0)
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._down.set)
        self._thread.join(60)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        body = await Request(scope, receive).body()
        asking = asyncio.run_coroutine_threadsafe(self._ask(scope, body), self._loop)
        for message in await asyncio.wrap_future(asking):
            await send(message)

    async def _ask(self, scope: Scope, body: bytes) -> list[Message]:
        brought: asyncio.Queue[Message] = asyncio.Queue()
        brought.put_nowait({"type": "http.request", "body": body, "more_body": False})
        said: list[Message] = []

        async def send(message: Message) -> None:
            said.append(message)

        # A key that was used is answered for itself: here each is a new one, where it is one at all.
        fresh = [(name, _fresh(value) if name == b"idempotency-key" else value) for name, value in scope["headers"]]
        await self.house.gate.index({**scope, "headers": fresh, "state": {}}, brought.get, send)
        return said


def _fresh(key: bytes) -> bytes:
    return uuid.uuid4().hex.encode() if KEY.fullmatch(key.decode("latin-1")) else key


@schemathesis.serializer("application/zip")
def zipped(_context: object, value: object) -> bytes:
    return str(value).encode(errors="replace")


@pytest.fixture
def gate(tmp_path: Path, index: Upstream) -> Iterator[Elsewhere]:
    index.release("flask", "3.0.0")
    with Elsewhere(tmp_path / "gate", index.url) as made:
        yield made


@pytest.mark.filterwarnings("ignore:Generating overly large repr")
def test_every_operation_keeps_what_the_document_says(gate: Elsewhere) -> None:
    config = SchemathesisConfig.from_str(
        f"""
        seed = 1
        request-timeout = 60
        [generation]
        max-examples = {max(EXAMPLES, 1)}
        allow-extra-parameters = false  # a header that nobody knows is no error
        deterministic = true
        database = "none"
        [checks.positive_data_acceptance]  # what was said well may be of nothing that is there
        expected-statuses = ["2xx", "401", "403", "404", "409", "412", "422", "502", "503"]
        [phases.coverage]
        unexpected-methods = ["PUT"]
        generation.mode = "{"all" if EXAMPLES else "negative"}"
        [phases.fuzzing]
        enabled = {str(EXAMPLES > 0).lower()}
        [phases.stateful]
        enabled = {str(EXAMPLES > 0).lower()}
        [headers]
        Authorization = "Bearer {gate.house.token}"
        """
    )
    schema = schemathesis.openapi.from_asgi(DOCUMENT, gate, config=config)
    seen, found = set(), []
    for event in engine.from_schema(schema).execute():
        match event:
            case events.ScenarioFinished():
                seen.add(event.recorder.label)
                checks = [check for checks in event.recorder.checks.values() for check in checks]
                found += [told(event.recorder.label, check.failure_info) for check in checks if check.failure_info]
            case events.NonFatalError() | events.FatalError():
                found.append(repr(event))
    assert not found, f"{len(found)} faults:\n\n" + "\n\n".join(found)
    assert seen > {"POST /v1/approvals", "GET /v1/audit/events", "PATCH /v1/terms", "DELETE /v1/tokens/{identity}"}


def told(operation: str, failure: CheckFailureInfo) -> str:
    return f"{operation}: {failure.failure.title}: {failure.failure.message}\n{failure.code_sample}"
