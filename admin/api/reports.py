"""Reports of a period."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Depends, Query
from fastapi.responses import HTMLResponse, Response

from admin import reporting
from admin.api.desk import Data, Desk, Who
from admin.schemas.given import Later
from admin.schemas.told_report import ReportOut
from proxy.model import Actor

ANSWERS: dict[int | str, Data] = {200: {"model": ReportOut, "content": {"text/html": {"schema": {"type": "string"}}}}}


def routes(desk: Desk, who: Who) -> APIRouter:
    """Return the routes of this matter."""
    router = APIRouter(tags=["audit"])

    @router.get("/reports", response_model=None, responses=ANSWERS)
    async def report(
        since: Later,
        until: Later,
        by: Actor = Depends(who),
        form: Literal["json", "html"] = Query("json", alias="format"),
    ) -> Response | Data:
        """Report a period: decisions, approvals and their reasons, exceptions, waivers, ages and times."""
        made = await desk.actions.reports.make(by, since, until)
        return HTMLResponse(reporting.html(made), headers=reporting.HEADERS) if form == "html" else made

    return router
