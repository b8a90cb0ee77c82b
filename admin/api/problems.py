"""From an error to an answer (RFC 9457, ``application/problem+json``), by one table."""

from __future__ import annotations

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from admin.actions import NeedsAcknowledgement, Proposed, Unknown, Unusable
from admin.actions.imports import Faulty
from admin.closure import Unresolved
from admin.roles import Forbidden
from admin.schemas.imports import fault_data
from admin.schemas.told_people import proposal_data
from proxy.errors import (
    DocumentRefused,
    FeedRefused,
    GateError,
    NotInstalled,
    OriginRefused,
    RevisionConflict,
    StoreError,
    UpstreamAway,
    UpstreamError,
)

STATUS: tuple[tuple[type[GateError], int], ...] = (
    (Proposed, 202),
    (Forbidden, 403),
    (Unknown, 404),
    (NeedsAcknowledgement, 409),
    (RevisionConflict, 412),
    (Unusable, 422),
    (NotInstalled, 422),
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
    202: "Waits for a second person",
    401: "Who are you?",
    403: "Not permitted",
    404: "Not found",
    405: "Method not allowed",
    409: "Needs an acknowledgement",
    412: "The policy changed meanwhile",
    413: "Too large",
    422: "Cannot be done as asked",
    429: "Too many",
    502: "The upstream failed",
    503: "Not now",
}


def handle(app: FastAPI) -> None:
    """Have every error of the application answered as a problem."""
    app.add_exception_handler(GateError, _gate_error)
    app.add_exception_handler(Proposed, _proposed)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http_error)


def problem_of(error: GateError) -> dict[str, object]:
    """Return an error of the gate as a problem."""
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    say = error.say if isinstance(error, NeedsAcknowledgement) else None
    errors: list[dict[str, object]] | None = None
    if isinstance(error, Faulty):
        errors = [{**fault_data(fault)} for fault in error.faults]
    elif isinstance(error, DocumentRefused):
        errors = [{"what": fault} for fault in error.faults]
    return _problem(status, str(error), acknowledge=say, errors=errors)


def said(status: int, title: str, detail: str) -> JSONResponse:
    """Answer a problem that no error of the gate stands for, under a title of its own."""
    return _answer(_problem(status, detail) | {"title": title})


def answered(error: GateError) -> JSONResponse:
    """Answer an error of the gate."""
    return _answer(problem_of(error))


async def _gate_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, GateError)  # noqa: S101  registered for this kind alone
    return answered(error)


async def _proposed(_request: Request, waiting: Exception) -> JSONResponse:
    """Answer 202 for what was accepted and waits for a second person: nothing was changed yet."""
    assert isinstance(waiting, Proposed)  # noqa: S101  registered for this kind alone
    body: dict[str, object] = {"detail": str(waiting), "proposal": proposal_data(waiting.proposal)}
    return JSONResponse(body | ({"secret": waiting.secret} if waiting.secret else {}), 202)


async def _invalid(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)  # noqa: S101  registered for this kind alone
    faults = [{"where": ".".join(map(str, fault["loc"])), "what": fault["msg"]} for fault in error.errors()]
    return _answer(_problem(422, "; ".join(f"{fault['where']}: {fault['what']}" for fault in faults), errors=faults))


async def _http_error(_request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)  # noqa: S101  registered for this kind alone
    return _answer(_problem(error.status_code, str(error.detail)), dict(error.headers or {}))


def _problem(status: int, detail: str, **more: object) -> dict[str, object]:
    body = {"type": "about:blank", "title": TITLES.get(status, "Error"), "status": status, "detail": detail}
    return body | {key: value for key, value in more.items() if value is not None}


def _answer(problem: dict[str, object], headers: dict[str, str] | None = None) -> JSONResponse:
    status = int(str(problem["status"]))
    return JSONResponse(problem, status, headers, media_type="application/problem+json")
