"""The admin API under ``/admin/api/v1``: the verbs as JSON, one error shape, an OpenAPI document made from code.

Who may do what is decided by the action that a route calls, or by ``demand`` where a route only reads;
a test walks the routes and tries each one with every role.
"""

from __future__ import annotations

from fastapi import Depends, FastAPI, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from admin.api import (
    access,
    accounts,
    adoption,
    advisories,
    audit,
    channels,
    closures,
    copies,
    documents,
    emergencies,
    exports,
    imports,
    inbox,
    late,
    names,
    policy,
    problems,
    proofs,
    proposals,
    queries,
    reports,
    requests,
    review,
    rules,
    terms,
    today,
    verifying,
)
from admin.api.described import Api
from admin.api.desk import Answer, Desk, Who
from admin.api.idempotency import Keys, acting
from admin.auth import Authenticator
from proxy.model import Actor

__all__ = ["Desk", "build"]

MATTERS = (
    today,
    policy,
    proposals,
    documents,
    adoption,
    closures,
    imports,
    exports,
    channels,
    emergencies,
    inbox,
    requests,
    late,
    review,
    terms,
    advisories,
    names,
    audit,
    verifying,
    proofs,
    copies,
    queries,
    reports,
    access,
    accounts,
    rules,
)
"""In the order of the OpenAPI document."""

_bearer = HTTPBearer(auto_error=False, description="A token: wgt_…")


def build(desk: Desk) -> FastAPI:
    """Return the API as an application to be mounted at ``/admin/api``."""
    here = [{"url": "/admin/api"}]
    app = Api(title="Wicketgate admin API", version="1", servers=here, default_response_class=Answer)
    app.add_middleware(Keys, repeats=desk.store.repeats, authenticator=desk.authenticator, clock=desk.clock)
    who = _authenticated(desk.authenticator)
    for matter in MATTERS:
        app.include_router(matter.routes(desk, who), prefix="/v1")
    problems.handle(app)
    app.add_exception_handler(405, app.not_allowed)
    app.prepare()
    return app


def _authenticated(authenticator: Authenticator) -> Who:
    async def who(request: Request, credentials: HTTPAuthorizationCredentials | None = Depends(_bearer)) -> Actor:
        address = request.client.host if request.client else ""
        found = await authenticator.actor(credentials.credentials, address) if credentials else None
        if found is None:
            raise HTTPException(401, "Bring a valid token: Authorization: Bearer wgt_…", {"WWW-Authenticate": "Bearer"})
        return acting(found, request.scope)

    return who
