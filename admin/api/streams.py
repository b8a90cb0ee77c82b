"""How a long errand is followed: newline-delimited JSON, a step a line, the result or the problem last.

A client that goes away ends the errand; what it had committed by then stays.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import TypeVar

from fastapi import Request
from fastapi.responses import StreamingResponse

from admin.api.desk import Data
from admin.api.problems import problem_of
from proxy.errors import GateError

NDJSON = "application/x-ndjson"

T = TypeVar("T")
Tell = Callable[[Data], None]
Errand = Callable[[Tell], Awaitable[T]]


async def answered(request: Request, errand: Errand[T]) -> T | StreamingResponse:
    """Run an errand and return its result; with its steps where the client takes newline-delimited JSON."""
    if NDJSON in request.headers.get("accept", ""):
        return StreamingResponse(_lines(errand), media_type=NDJSON, headers={"cache-control": "no-store"})
    return await errand(lambda _step: None)


async def _lines(errand: Errand[T]) -> AsyncIterator[str]:
    steps: asyncio.Queue[Data | None] = asyncio.Queue()
    task = asyncio.ensure_future(errand(steps.put_nowait))
    task.add_done_callback(lambda _: steps.put_nowait(None))
    try:
        while (step := await steps.get()) is not None:
            yield _line({"progress": step})
        yield _line(_ending(task))
    finally:
        task.cancel()


def _ending(task: asyncio.Future[T]) -> Data:
    try:
        return {"result": task.result()}
    except GateError as error:
        return {"problem": problem_of(error)}


def _line(data: Data) -> str:
    return f"{json.dumps(data, ensure_ascii=False)}\n"
