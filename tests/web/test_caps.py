"""Bodies of strangers: bounded each, together, for one client, and in time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator

import pytest
from starlette.requests import Request
from starlette.types import Message, Receive, Scope, Send

from proxy.web import caps
from proxy.web.caps import BODY_AT_MOST, FREE, LARGER, BodyCap, Room


async def _reading(scope: Scope, receive: Receive, send: Send) -> None:
    """Read the whole body and say how long it was."""
    body = await Request(scope, receive).body()
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(len(body)).encode()})


async def _sent(cap: BodyCap, pieces: Iterator[bytes], client: str = "a", path: str = "/check", said: int = 0) -> int:
    """Send a body in pieces; the status of the answer. After the last piece nothing comes any more."""
    answers: list[Message] = []
    headers = [(b"content-length", str(said).encode())] if said else []
    scope = {"type": "http", "method": "POST", "path": path, "headers": headers, "client": (client, 1)}

    async def receive() -> Message:
        piece = next(pieces, None)
        if piece is None:
            await asyncio.sleep(3600)
        return {"type": "http.request", "body": piece, "more_body": piece != b"."}

    async def send(message: Message) -> None:
        answers.append(message)

    await cap(scope, receive, send)
    return int(answers[0]["status"])


def _body(size: int) -> Iterator[bytes]:
    return iter([*(b"x" * FREE for _ in range(size // FREE)), b"."])


async def test_a_body_is_taken_up_to_its_bound() -> None:
    cap = BodyCap(_reading, Room())
    assert await _sent(cap, _body(BODY_AT_MOST - FREE)) == 200
    assert await _sent(cap, _body(BODY_AT_MOST)) == 413
    assert await _sent(cap, iter([]), said=BODY_AT_MOST + 1) == 413
    assert await _sent(cap, _body(BODY_AT_MOST), path=next(iter(LARGER))) == 200


async def test_all_bodies_together_are_bounded_and_room_comes_back() -> None:
    room = Room(whole=16 * FREE, of_one=8 * FREE)
    cap = BodyCap(_reading, room)
    slow = [asyncio.create_task(_sent(cap, iter([b"x" * FREE] * 5), client)) for client in "aabb"]
    await asyncio.sleep(0.05)
    assert await _sent(cap, _body(8 * FREE), "c") == 503, "all of it is held"
    assert await _sent(cap, iter([b"x" * 100, b"."]), "c") == 200, "small ones are always taken"
    for task in slow:
        task.cancel()
    await asyncio.gather(*slow, return_exceptions=True)
    assert await _sent(cap, _body(8 * FREE), "c") == 200


async def test_one_client_does_not_take_the_room_of_others() -> None:
    cap = BodyCap(_reading, Room(whole=16 * FREE, of_one=4 * FREE))
    assert await _sent(cap, _body(8 * FREE), "a") == 503
    assert await _sent(cap, _body(4 * FREE), "a") == 200


async def test_a_body_that_does_not_end_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caps, "BODY_SECONDS", 0.05)
    assert await _sent(BodyCap(_reading, Room()), iter([b"x"])) == 408
