"""The admin API under ``/admin/api/v1``: the verbs as JSON, one error shape, an OpenAPI document made from code.

Who may do what is decided by the action that a route calls, or by ``demand`` where a route only reads;
a test walks the routes and tries each one with every role.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from admin.actions import Actions, NeedsAcknowledgement, Unusable
from admin.auth import Authenticator
from admin.closure import Unresolved
from admin.roles import Forbidden, Permission, demand
from admin.schemas import (
    ApprovalIn,
    DeclineIn,
    Later,
    OriginIn,
    Problem,
    RequirementIn,
    TermsIn,
    TokenIn,
    WaiverEndIn,
    WaiverIn,
    approval_data,
    ask_data,
    closure_data,
    decision_data,
    demand_data,
    event_data,
    holder_data,
    outcome_data,
    terms_data,
    token_data,
    waiver_data,
)
from proxy.errors import (
    FeedRefused,
    GateError,
    OriginRefused,
    RevisionConflict,
    StoreError,
    UpstreamAway,
    UpstreamError,
)
from proxy.feeds import names
from proxy.feeds.sync import AdvisorySync
from proxy.model import Actor, Ask, Token
from proxy.policy import changes, explaining
from proxy.store import DecisionFilter, EventFilter, Store

Data = dict[str, object]
Who = Callable[..., Awaitable[Actor]]

STATUS: tuple[tuple[type[GateError], int], ...] = (
    (Forbidden, 403),
    (NeedsAcknowledgement, 409),
    (RevisionConflict, 412),
    (Unusable, 422),
    (Unresolved, 422),
    (OriginRefused, 422),
    (FeedRefused, 422),
    (UpstreamAway, 503),
    (UpstreamError, 502),
    (StoreError, 503),
)
"""The one table from an error to a status; the first that fits counts."""

UPLOAD_AT_MOST = 256 << 20
DEMAND_DAYS = 7
LARGEST = 2**62

IF_MATCH = Header(None, ge=0, le=LARGEST, description="The revision that was seen.")
_bearer = HTTPBearer(auto_error=False, description="A token: wgt_…")


@dataclass(frozen=True, slots=True)
class Desk:
    """The collaborators of the routes."""

    actions: Actions
    authenticator: Authenticator
    store: Store
    sync: AdvisorySync
    data_dir: Path
    clock: Callable[[], datetime]


def build(desk: Desk) -> FastAPI:
    """Return the API as an application to be mounted at ``/admin/api``."""
    app = FastAPI(
        title="Wicketgate admin API",
        version="1",
        docs_url=None,
        redoc_url=None,
        responses={"4XX": {"model": Problem}, "5XX": {"model": Problem}},
    )
    who = _authenticated(desk.authenticator)
    for routes in (_approvals, _inbox, _terms, _advisories, _names, _audit, _access):
        app.include_router(routes(desk, who), prefix="/v1")
    for kind, handler in (
        (GateError, _gate_error),
        (RequestValidationError, _invalid),
        (HTTPException, _http_error),
    ):
        app.add_exception_handler(kind, handler)
    return app


def _authenticated(authenticator: Authenticator) -> Who:
    async def who(request: Request, credentials: HTTPAuthorizationCredentials | None = Depends(_bearer)) -> Actor:
        address = request.client.host if request.client else ""
        found = await authenticator.actor(credentials.credentials, address) if credentials else None
        if found is None:
            raise HTTPException(401, "Bring a valid token: Authorization: Bearer wgt_…", {"WWW-Authenticate": "Bearer"})
        return found

    return who


def _approvals(desk: Desk, who: Who) -> APIRouter:
    router, actions = APIRouter(tags=["policy"]), desk.actions

    @router.post("/approvals", status_code=201)
    async def approve(body: ApprovalIn, by: Actor = Depends(who), if_match: int | None = IF_MATCH) -> Data:
        """Approve what a requirement matches now, or show what that would do. If-Match takes a revision."""
        wish, dry_run = body.wish(), body.dry_run
        if body.with_dependencies:
            return closure_data(
                await actions.approve_closure(by, wish, body.targets(), dry_run=dry_run, if_revision=if_match)
            )
        return outcome_data(await actions.approve(by, wish, dry_run=dry_run, if_revision=if_match))

    @router.get("/approvals")
    async def approvals(by: Actor = Depends(who), project: str = "") -> list[Data]:
        """List the approvals in force."""
        demand(by, Permission.POLICY_READ)
        snapshot = await actions.live.current()
        grants = [grant for name, found in sorted(snapshot.grants.items()) for grant in found if project in {"", name}]
        return [approval_data(grant.approval) for grant in grants]

    @router.post("/approvals/revoke")
    async def revoke(body: RequirementIn, by: Actor = Depends(who)) -> Data:
        """End what opens a requirement."""
        return event_data(await actions.revoke(by, body.requirement, body.reason))

    @router.post("/prohibitions", status_code=201)
    async def prohibit(body: RequirementIn, by: Actor = Depends(who)) -> Data:
        """Never serve a project or a range of it."""
        return event_data(await actions.prohibit(by, body.requirement, body.reason))

    @router.get("/waivers")
    async def waivers(by: Actor = Depends(who)) -> list[Data]:
        """List the waivers, those that ended by themselves included."""
        demand(by, Permission.POLICY_READ)
        snapshot = await actions.live.current()
        return [waiver_data(waiver, desk.clock()) for found in snapshot.waivers.values() for waiver in found]

    @router.post("/waivers", status_code=201)
    async def waive(body: WaiverIn, by: Actor = Depends(who)) -> Data:
        """Set one advisory aside for a range of a project, until a date."""
        return event_data(await actions.waive(by, body.requirement, body.advisory, body.reason, body.days))

    @router.post("/waivers/end")
    async def end_waiver(body: WaiverEndIn, by: Actor = Depends(who)) -> Data:
        """End a waiver before its time."""
        return event_data(await actions.end_waiver(by, body.requirement, body.advisory, body.reason))

    @router.post("/prohibitions/lift")
    async def lift(body: RequirementIn, by: Actor = Depends(who)) -> Data:
        """End the prohibitions of exactly this requirement."""
        return event_data(await actions.lift(by, body.requirement, body.reason))

    return router


def _inbox(desk: Desk, who: Who) -> APIRouter:
    router = APIRouter(tags=["inbox"])

    @router.get("/inbox")
    async def inbox(by: Actor = Depends(who)) -> Data:
        """List who asked for what, and what was refused in the last seven days."""
        demand(by, Permission.INBOX_READ)
        asks = await asyncio.to_thread(desk.store.entries, "ask")
        refused = await asyncio.to_thread(desk.store.demand, desk.clock() - timedelta(days=DEMAND_DAYS))
        return {
            "requests": [ask_data(ask) for ask in asks if isinstance(ask, Ask)],
            "refused": [demand_data(line) for line in refused],
        }

    @router.post("/inbox/decline")
    async def decline(body: DeclineIn, by: Actor = Depends(who)) -> Data:
        """Take the wishes for a project out of the inbox."""
        return event_data(await desk.actions.decline(by, body.project, body.reason))

    return router


def _terms(desk: Desk, who: Who) -> APIRouter:
    router, actions = APIRouter(tags=["policy"]), desk.actions

    @router.get("/terms")
    async def terms(by: Actor = Depends(who)) -> Data:
        """Return the standing rules in force."""
        demand(by, Permission.POLICY_READ)
        snapshot = await actions.live.current()
        return terms_data(snapshot.terms) | {"revision": snapshot.revision}

    @router.patch("/terms")
    async def set_terms(body: TermsIn, by: Actor = Depends(who), if_match: int | None = IF_MATCH) -> Data:
        """Change standing rules; what is left out stays as it is. If-Match takes a revision."""
        current = await actions.live.current()
        seen = current.revision if if_match is None else if_match
        return event_data(await actions.set_terms(by, body.applied_to(current.terms), body.reason, seen))

    @router.get("/origins")
    async def origins(by: Actor = Depends(who)) -> list[str]:
        """List where package files may come from."""
        demand(by, Permission.POLICY_READ)
        return [origin.url for origin in (await actions.live.current()).origins]

    @router.post("/origins", status_code=201)
    async def allow_origin(body: OriginIn, by: Actor = Depends(who)) -> Data:
        """Let package files come from one more server."""
        return event_data(await actions.allow_origin(by, body.url, body.reason))

    return router


def _advisories(desk: Desk, who: Who) -> APIRouter:
    router = APIRouter(tags=["advisories"])

    @router.get("/advisories/status")
    async def status(by: Actor = Depends(who)) -> Data:
        """Return how much advisory data there is and how old it is."""
        demand(by, Permission.POLICY_READ)
        return explaining.feed_data((await desk.actions.live.current()).feed, desk.clock())

    @router.post("/advisories/sync")
    async def sync(by: Actor = Depends(who)) -> Data:
        """Fetch the configured source now."""
        demand(by, Permission.FEED_WRITE)
        return await desk.sync.sync(by)

    @router.post(
        "/advisories/import",
        openapi_extra={
            "requestBody": {"required": True, "content": {"application/zip": {"schema": {"type": "string"}}}}
        },
    )
    async def take(
        request: Request,
        by: Actor = Depends(who),
        source: str = Query("an upload", max_length=200),
        allow_shrink: bool = False,
    ) -> Data:
        """Import OSV records from an uploaded zip (OSV's export format)."""
        demand(by, Permission.FEED_WRITE)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "upload.zip"
            await _receive(request, path)
            return await desk.sync.take(path, source, by, allow_shrink=allow_shrink)

    return router


def _names(desk: Desk, who: Who) -> APIRouter:
    router = APIRouter(tags=["names"])

    @router.put(
        "/names",
        openapi_extra={"requestBody": {"required": True, "content": {"text/csv": {"schema": {"type": "string"}}}}},
    )
    async def update(
        request: Request, by: Actor = Depends(who), source: str = Query("an upload", max_length=200)
    ) -> Data:
        """Put another list of popular projects in force (CSV: rank,project,downloads)."""
        demand(by, Permission.FEED_WRITE)
        content = await request.body()
        at = desk.clock()
        chosen = await asyncio.to_thread(names.keep_list, desk.data_dir, content, source, by.name, at)
        event = await asyncio.to_thread(desk.store.commit, changes.take_names(chosen), by, at)
        await desk.actions.live.current()
        return event_data(event)

    return router


def _audit(desk: Desk, who: Who) -> APIRouter:
    router = APIRouter(tags=["audit"])

    @router.get("/audit/events")
    async def events(
        by: Actor = Depends(who),
        project: str = "",
        tag: str = "",
        actor: str = "",
        since: Later | None = None,
        before: int | None = Query(None, ge=1, le=LARGEST),
        limit: int = Query(100, ge=1, le=1000),
    ) -> Data:
        """List changes, newest first. ``next`` is the ``before`` of the following page."""
        demand(by, Permission.AUDIT_READ)
        found = await asyncio.to_thread(desk.store.events, EventFilter(project, tag, actor, since, before, limit))
        following = found[-1].seq if len(found) == limit else None
        return {"events": [event_data(event) for event in found], "next": following}

    @router.get("/audit/decisions")
    async def decisions(
        by: Actor = Depends(who),
        project: str = "",
        client: str = "",
        verdict: str = "",
        what: str = "",
        since: Later | None = None,
        before: int | None = Query(None, ge=1, le=LARGEST),
        limit: int = Query(100, ge=1, le=1000),
    ) -> Data:
        """List what was handed out or refused, newest first."""
        demand(by, Permission.AUDIT_READ)
        wanted = DecisionFilter(project, client, verdict, what, since, before, limit)
        found = await asyncio.to_thread(desk.store.decisions, wanted)
        following = found[-1].seq if len(found) == limit else None
        return {"decisions": [decision_data(record) for record in found], "next": following}

    @router.get("/audit/who-has")
    async def who_has(
        by: Actor = Depends(who),
        project: str = Query("", max_length=128),
        version: str = Query("", max_length=128),
        sha256: str = Query("", max_length=64),
        advisory: str = Query("", max_length=100),
    ) -> list[Data]:
        """List who got a release: by project and version, by digest, or by an advisory that matches it."""
        demand(by, Permission.AUDIT_READ)
        return [holder_data(line) for line in await desk.actions.who_has(project, version, sha256, advisory)]

    @router.get("/audit/verify")
    async def verify(by: Actor = Depends(who)) -> Data:
        """Check that nothing in the audit log was altered; every flaw is named."""
        demand(by, Permission.AUDIT_READ)
        flaws = await asyncio.to_thread(lambda: list(desk.store.verify()))
        return {
            "intact": not flaws,
            "flaws": [{"seq": flaw.seq, "problem": flaw.problem} for flaw in flaws[:100]],
        }

    return router


def _access(desk: Desk, who: Who) -> APIRouter:
    router = APIRouter(tags=["access"])

    @router.get("/whoami")
    async def whoami(by: Actor = Depends(who)) -> Data:
        """Return who the token belongs to."""
        return {"name": by.name, "role": by.role}

    @router.get("/tokens")
    async def tokens(by: Actor = Depends(who)) -> list[Data]:
        """List the tokens in force, without their secrets, which nobody keeps."""
        demand(by, Permission.ACCESS_WRITE)
        found = await asyncio.to_thread(desk.store.entries, "token")
        return [token_data(token) for token in found if isinstance(token, Token) and not token.parent]

    @router.post("/tokens", status_code=201)
    async def issue(body: TokenIn, by: Actor = Depends(who)) -> Data:
        """Issue a token. Its secret is in this answer and nowhere else."""
        issued = await desk.actions.issue_token(by, body.name, body.role, timedelta(days=body.days))
        return token_data(issued.token) | {"secret": issued.secret}

    @router.delete("/tokens/{identity}")
    async def withdraw(identity: str, by: Actor = Depends(who), reason: str = Query(min_length=1)) -> Data:
        """End a token at once."""
        return event_data(await desk.actions.withdraw_token(by, identity, reason))

    return router


async def _receive(request: Request, path: Path) -> None:
    """Write the body to a file, up to the limit."""
    size = 0
    with path.open("wb") as file:
        async for piece in request.stream():
            size += len(piece)
            if size > UPLOAD_AT_MOST:
                raise FeedRefused(f"The upload is larger than {UPLOAD_AT_MOST >> 20} MiB.")
            file.write(piece)


async def _gate_error(_request: Request, error: Exception) -> JSONResponse:
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    say = error.say if isinstance(error, NeedsAcknowledgement) else None
    return _problem(status, str(error), acknowledge=say)


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
