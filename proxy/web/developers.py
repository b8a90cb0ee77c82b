"""What people, not installers, ask of the gate: set-up, explanations, checks, requests, and its health."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from proxy.asking import Asking, TooMany
from proxy.errors import GateError, StoreError, UpstreamAway
from proxy.forms import read_form, same_origin
from proxy.gateway import Gateway
from proxy.health import Health
from proxy.model import Token
from proxy.policy import explaining
from proxy.policy.credentials import actor_of, anybody_at, may_request
from proxy.policy.explaining import FeedData
from proxy.policy.folding import malformed
from proxy.policy.judge import may_ask_upstream
from proxy.policy.versions import version as read_version
from proxy.simple import names
from proxy.upstream.origins import is_loopback
from proxy.web import checks
from proxy.web.readers import Readers, for_readers

SECURE = {
    "content-security-policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; "
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    # With "no-referrer" a browser would not say where our own form was sent from.
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
STATUS: tuple[tuple[type[Exception], int], ...] = (
    (ValueError, 400),
    (TooMany, 429),
    (UpstreamAway, 503),
    (StoreError, 503),
)
SHIPPED = {"style.css": "text/css", "icon.svg": "image/svg+xml", "desk.js": "text/javascript"}
NOT_FOR_REQUESTS = "This token only reads. To ask for a project, bring one with the role requester, or ask a person."
NOT_OURS = "Requests are made on the gate's own page, or by a program that is no browser.\n"

pages = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"), autoescape=True, undefined=StrictUndefined
)


class Developers:
    """The handlers. Each answers a browser with a page, a script with JSON, and curl with text."""

    def __init__(
        self,
        gateway: Gateway,
        asking: Asking,
        health: Health,
        readers: Readers,
        clock: Callable[[], datetime],
        url: str,
        static: Path,
    ) -> None:
        self._gateway, self._asking, self._health = gateway, asking, health
        self._readers, self._clock, self._url, self._static = readers, clock, url, static

    def routes(self) -> list[Route]:
        """Return the routes, in the order in which they are tried."""
        guarded = partial(for_readers, self._readers)
        return [
            Route("/", self.home),
            *(Route(f"/{name}", self.shipped) for name in SHIPPED),
            Route("/healthz", self.healthz),
            Route("/readyz", self.readyz),
            Route("/check", guarded(self.check), methods=["POST"]),
            Route("/explain", self.look_up),
            Route("/explain/{name}", guarded(self.explain)),
            Route("/explain/{name}/request", guarded(self.request), methods=["POST"]),
            Route("/explain/{name}/{version}", guarded(self.explain)),
        ]

    async def home(self, _request: Request) -> Response:
        """Say how to point installers here."""
        parts, anonymous = urlsplit(self._url), self._readers.anonymous
        plain = parts.scheme == "http" and not is_loopback(parts.hostname or "")
        facts = {"host": parts.hostname, "plain": plain, "anonymous": anonymous, "channel": self._asking.channel}
        return self._page("home.html", url=self._url, feed=self._feed(), **facts)

    async def shipped(self, request: Request) -> Response:
        """The style sheet, the icon, and the script for comfort: the same files as the admin's."""
        name = request.scope["path"].rpartition("/")[2]
        headers = {"cache-control": "max-age=3600", "x-content-type-options": "nosniff"}
        return FileResponse(self._static / name, media_type=SHIPPED[name], headers=headers)

    async def look_up(self, request: Request) -> Response:
        """Lead from the form for a name to the page of the project."""
        name = request.query_params.get("name", "").strip()
        project = names.normal(name)
        if project is None:
            return PlainTextResponse(f"{malformed(name)}\n", 404)
        return RedirectResponse(f"explain/{project}", 303)

    async def healthz(self, _request: Request) -> Response:
        """The process lives."""
        return PlainTextResponse("ok\n")

    async def readyz(self, _request: Request) -> Response:
        """The gate can answer: 200 with its particulars, else 503 with the reasons."""
        report = self._health.report(self._clock())
        return JSONResponse(report, 200 if report["ready"] else 503)

    async def explain(self, request: Request, _token: Token) -> Response:
        """Explain a project, or one version of it."""
        project = names.normal(request.path_params["name"])
        wanted = request.path_params.get("version")
        if project is None:
            return PlainTextResponse(f"{malformed(request.path_params['name'])}\n", 404)
        if wanted is not None and read_version(wanted) is None:
            return PlainTextResponse(f"That is not a version (PEP 440): {wanted[:64]!a}\n", 404)
        try:
            listing = await self._gateway.listing(project)
        except GateError as error:
            return _failed(error)
        asked = may_ask_upstream(listing.composition.verdict, self._gateway.policy.snapshot)
        data = explaining.explanation(listing.composition, wanted, asked=asked)
        data |= {"advisory_data": self._feed(), "url": self._url, "channel": self._asking.channel}
        data |= {"stale": listing.stale}
        match _preferred(request):
            case "html":
                return self._page("explain.html", **{"version": None, "files": [], "said": "", **data})
            case "json":
                return JSONResponse(data, headers=SECURE)
        return PlainTextResponse(pages.get_template("explain.txt").render({"version": None, **data}))

    async def request(self, request: Request, token: Token) -> Response:
        """Put a wish into the security team's inbox."""
        project = names.normal(request.path_params["name"])
        if project is None:
            return PlainTextResponse(f"{malformed(request.path_params['name'])}\n", 404)
        if not may_request(token):
            return PlainTextResponse(f"{NOT_FOR_REQUESTS}\n", 403)
        if same_origin(request) is False:
            return PlainTextResponse(NOT_OURS, 403)
        form = await read_form(request, 4)
        specifier, why = str(form.get("specifier", "")), str(form.get("why", ""))
        client = request.client.host if request.client else ""
        by = actor_of(token, client) if token.id else anybody_at(client)
        try:
            ask = await self._asking.ask(project, specifier, why, by)
        except (GateError, ValueError) as error:
            return _failed(error)
        if _preferred(request) == "html":
            return RedirectResponse(f"../{project}", 303)
        return JSONResponse({"id": ask.id, "project": ask.project, "specifier": ask.specifier}, 201)

    async def check(self, request: Request, token: Token) -> Response:
        """Judge many requirements at once, each as an installer would meet it."""
        try:
            wanted = checks.wanted(await request.body())
        except ValueError as error:
            return JSONResponse({"detail": str(error)}, 400)
        results = await checks.answers(self._gateway, self._url, wanted, token.projects)
        snapshot, at = self._gateway.policy.snapshot, self._clock()
        said = {"at": at.isoformat(), "revision": snapshot.revision, "advisory_data": self._feed()}
        return JSONResponse({"results": results, "url": self._url, **said})

    def _feed(self) -> FeedData:
        return explaining.feed_data(self._gateway.policy.snapshot, self._clock())

    def _page(self, template: str, **facts: object) -> HTMLResponse:
        prefix = f"/{self._asking.channel}" if self._asking.channel else ""
        return HTMLResponse(pages.get_template(template).render(facts, prefix=prefix), headers=SECURE)


def _failed(error: Exception) -> Response:
    """Answer for what cannot be done: our words, and a status that says whose turn it is."""
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 502)
    return PlainTextResponse(f"{error}\n", status, headers={"retry-after": "10"} if status in {429, 503} else {})


def _preferred(request: Request) -> str:
    accept = request.headers.get("accept", "")
    if "json" in accept or request.query_params.get("format") == "json":
        return "json"
    return "html" if "text/html" in accept else "text"
