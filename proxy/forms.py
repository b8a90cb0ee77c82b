"""What people filled in: forms as browsers send them by themselves (``application/x-www-form-urlencoded``).

Decided here:

* The one other encoding that browsers know is for files, and no form of ours takes a file: it is answered 415.
* Where a form was sent from is what the browser says (Origin, Sec-Fetch-Site), at every door.
"""

from __future__ import annotations

from urllib.parse import parse_qsl

from starlette.datastructures import ImmutableMultiDict
from starlette.exceptions import HTTPException
from starlette.requests import Request

Form = ImmutableMultiDict[str, str]


def same_origin(request: Request) -> bool | None:
    """Whether a browser sent this from our own page; None where it says neither, as no browser of today does."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin, host = request.headers.get("origin"), request.headers.get("host", "")
    return None if origin is None else bool(host) and origin.partition("://")[2] == host


async def read_form(request: Request, fields_at_most: int) -> Form:
    """Return the fields of a form, "" where nothing was filled in. Raises HTTPException (400, 415).

    The body is read whole: whoever mounts the route caps it.
    """
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"", "application/x-www-form-urlencoded"}:
        raise HTTPException(415, "Forms are taken as application/x-www-form-urlencoded.")
    text = (await request.body()).decode("utf-8", "replace")
    try:
        return ImmutableMultiDict(parse_qsl(text, keep_blank_values=True, max_num_fields=fields_at_most))
    except ValueError:
        raise HTTPException(400, f"A form of this page has at most {fields_at_most} fields.") from None
