"""From an error to an answer (RFC 9457, ``application/problem+json``), by one table."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from admin.actions import NeedsAcknowledgement, Unusable
from admin.closure import Unresolved
from admin.roles import Forbidden
from proxy.errors import (
    DocumentRefused,
    FeedRefused,
    GateError,
    OriginRefused,
    RevisionConflict,
    StoreError,
    UpstreamAway,
    UpstreamError,
)

STATUS: tuple[tuple[type[GateError], int], ...] = (
    (Forbidden, 403),
    (NeedsAcknowledgement, 409),
    (RevisionConflict, 412),
    (Unusable, 422),
    (Unresolved, 422),
    (OriginRefused, 422),
    (FeedRefused, 422),
    (DocumentRefused, 422),
    (UpstreamAway, 503),
    (UpstreamError, 502),
    (StoreError, 503),
)
"""The one table from an error to a status; the first that fits counts."""

TITLES = {
    401: "Who are you?",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    409: "Needs an acknowledgement",
    412: "The policy changed meanwhile",
    422: "Cannot be done as asked",
    502: "The upstream failed",
    503: "Not now",
}


def handle(app: FastAPI) -> None:
    """Have every error of the application answered as a problem."""
    app.add_exception_handler(GateError, _gate_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


async def _gate_error(_request: Request, error: Exception) -> JSONResponse:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    say = error.say if isinstance(error, NeedsAcknowledgement) else None
    faults = [{"what": fault} for fault in error.faults] if isinstance(error, DocumentRefused) else None
    return _problem(status, str(error), acknowledge=say, errors=faults)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this kind alone
    faults = [{"where": ".".join(map(str, fault["loc"])), "what": fault["msg"]} for fault in error.errors()]
    return _problem(422, "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults), errors=faults)


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this kind alone
    return _problem(error.status_code, str(error.detail), headers=dict(error.headers or {}))


def _problem(status: int, detail: str, headers: dict[str, str] | None = None, **more: object) -> JSONResponse:
    body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": detail}
    body |= {key: value for key, value in more.items() if value is not None}
    return JSONResponse(body, status, headers, media_type="application/problem+json")
