"""What every page shares: its collaborators, how it is shown, and how it says that something did not work.

Decided here:

* No page is framed or kept by a cache. Scripts are the files that ship with the gate and nothing else, and none runs
  before somebody is signed in, but where a passkey is asked for.
* Every page says what must not be overlooked: second factors that are not required, disputed malware; to who is signed
  in also the age of the advisory data, and the emergencies that wait for a review. What opens something has a box to
  say that old data is known.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar
from urllib.parse import urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from pydantic import BaseModel, ValidationError
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from admin.actions import Actions, Proposed, Unknown, Unusable
from admin.pages.cookies import Jar
from admin.paging import Key, NoCursor, part
from admin.people.entrance import Entrance
from admin.people.limits import TooOften
from admin.people.parts import People
from admin.people.passwords import Busy
from admin.people.proof import NotProved
from admin.people.sessions import Guest
from admin.roles import Forbidden, Permission, may
from admin.schemas.told_people import proposal_data
from proxy.errors import GateError, RevisionConflict, StoreError
from proxy.feeds.sync import AdvisorySync
from proxy.forms import Form, read_form
from proxy.health import MFA_OFF
from proxy.live import Live
from proxy.model import Actor
from proxy.policy import disputes, emergencies, explaining, outdated
from proxy.store import Store

POLICY = (
    "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)
SECURE = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "x-content-type-options": "nosniff",
    "cache-control": "no-store",
}
WITH_SCRIPT = SECURE | {"content-security-policy": f"{POLICY}; script-src 'self'"}
"""For who is signed in, and where a browser asks for a passkey: files of our own, no script in a page."""
ADMIN = Path(__file__).parent.parent
STATUS: tuple[tuple[type[GateError], int], ...] = (
    (Forbidden, 403),
    (NotProved, 403),
    (Unknown, 404),
    (TooOften, 429),
    (Busy, 503),
    (RevisionConflict, 412),
    (StoreError, 503),
)
"""From an error to a status; the first that fits counts, and 422 is for all else."""

LINES = 100
"""Entries of a list on one page."""

_Body = TypeVar("_Body", bound=BaseModel)
_Entry = TypeVar("_Entry")
_OURS = re.compile(r"/[a-z-]*(?:/[a-z-]+)*(?:\?[a-z0-9_=&-]*)?", re.ASCII)
_pages = Environment(loader=FileSystemLoader(ADMIN / "templates"), autoescape=True, undefined=StrictUndefined)
_pages.globals["may"] = lambda actor, permission: may(actor, Permission(permission))

_pages.filters["json"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
_pages.filters["when"] = lambda text: text[:16].replace("T", " ")


def query_text(**given: object) -> str:
    """Return what stands behind the question mark of an address; what is empty is left out."""
    return urlencode({name: value for name, value in given.items() if value not in ("", None)}, doseq=True)


_pages.globals["query"] = query_text


@dataclass(frozen=True, slots=True)
class Room:
    """The collaborators of the pages; ``url`` is where people reach the admin, ``gate_url`` where installers do."""

    actions: Actions
    entrance: Entrance
    people: People
    store: Store
    live: Live
    sync: AdvisorySync
    clock: Callable[[], datetime]
    url: str
    gate_url: str

    @property
    def jar(self) -> Jar:
        """The cookies, as the address of the admin lets them be."""
        return Jar(self.url.startswith("https://"))


def failed(room: Room, error: GateError, actor: Actor | None) -> Response:
    """Show what went wrong, or that an act waits for a second person."""
    if isinstance(error, Proposed):
        facts = {"proposal": proposal_data(error.proposal), "said": str(error), "secret": error.secret}
        return show(room, "proposed.html", 202, actor=actor, **facts)
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 422)
    answer = show(room, "problem.html", status, actor=actor, problem=str(error))
    if isinstance(error, TooOften):
        answer.headers["retry-after"] = str(error.seconds)
    return answer


def show(room: Room, template: str, status: int = 200, **facts: object) -> HTMLResponse:
    """Return a page made from a template. Who is signed in reads on every one what must not be overlooked."""
    return HTMLResponse(_rendered(room, template, facts), status, WITH_SCRIPT if facts.get("actor") else SECURE)


def show_with_script(room: Room, template: str, status: int = 200, **facts: object) -> HTMLResponse:
    """Return a page on which a browser asks for a passkey."""
    return HTMLResponse(_rendered(room, template, facts), status, WITH_SCRIPT)


def _rendered(room: Room, template: str, facts: Mapping[str, object]) -> str:
    snapshot, at = room.live.snapshot, room.clock()
    alarms = [emergencies.sentence(approval, at) for approval in emergencies.alarms(snapshot)]
    shared = {
        "feed": explaining.feed_data(snapshot, at),
        "missed": outdated.asked(snapshot, at),
        "alarms": alarms,
        "notices": list(_notices(room, at)),
    }
    return _pages.get_template(template).render(facts, **shared)


def _notices(room: Room, at: datetime) -> Iterator[str]:
    """Yield what every page says at its top, to whomever."""
    if not room.people.mfa_required:
        yield MFA_OFF
    for waiver in disputes.disputes(room.live.snapshot, at):
        yield disputes.sentence(waiver)


def listed(
    request: Request, name: str, found: Iterable[_Entry], key: Callable[[_Entry], Key], *, newest_first: bool = False
) -> tuple[list[_Entry], str]:
    """Return the page of a list that the address asks for under the list's name, and the cursor of the next, or "".

    Raises Unusable for what is no cursor of this list.
    """
    try:
        return part(name, found, key, request.query_params.get(name, ""), LINES, newest_first=newest_first)
    except NoCursor as error:
        raise Unusable(str(error)) from error


def number(text: str) -> int | None:
    """Return a number that somebody else wrote, or None for what is none or is too large for the store."""
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def seen_revision(form: Form) -> int | None:
    """Return the revision that a form was shown at, None where it says none. Raises Unusable for what is no number."""
    said = form.get("revision")
    found = None if said is None else number(str(said))
    if said is not None and found is None:
        raise Unusable("The form does not say which revision it was shown at. Load the page again and look at it.")
    return found


def address(request: Request) -> str:
    """Return where a request comes from."""
    return request.client.host if request.client else ""


def guest(request: Request) -> Guest:
    """Return where a browser comes from and what it says it is."""
    agent = "".join(letter for letter in request.headers.get("user-agent", "") if letter.isprintable())
    return Guest(address(request), agent[:200])


async def fields(request: Request, *names: str) -> list[str]:
    """Return fields of a form, each "" where it was not filled in."""
    form = await read_form(request, 20)
    return [str(form.get(name, "")) for name in names]


def checked(body: type[_Body], given: Mapping[str, object]) -> _Body:
    """Return what a form says as the API would take it; what was not filled in is left out. Raises Unusable."""
    filled = {name: value for name, value in given.items() if value not in ("", [], {})}
    return validated(body, {name: _number(body, name, value) for name, value in filled.items()})


def validated(body: type[_Body], given: Mapping[str, object]) -> _Body:
    """Return what the API would take. Raises Unusable."""
    try:
        return body.model_validate(given)
    except ValidationError as error:
        faults = (f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors())
        raise Unusable(f"Look at {'; '.join(faults)}.") from error


def _number(body: type[BaseModel], name: str, value: object) -> object:
    """Return a whole number where the API takes one and a form could only say it as text."""
    field = body.model_fields.get(name)
    whole = field is not None and field.annotation is int
    return int(value) if whole and isinstance(value, str) and value.isascii() and value.isdigit() else value


def back_to(wanted: str) -> str:
    """Return a path of our own pages to go back to: it is put below ``/admin``, whatever it says."""
    return wanted if _OURS.fullmatch(wanted) else "/"
