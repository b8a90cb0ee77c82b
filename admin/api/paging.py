"""Lists page by page: ``after`` and ``limit`` are taken, and ``Link: <…>; rel="next"`` (RFC 8288) leads on.

Decided here:

* A list is in the order of a key that its entries keep, and a cursor holds the key of the last one shown: what is
  added or ended meanwhile neither repeats an entry nor passes one over.
* A cursor is opaque, and good for the list that gave it alone. Answers without such a link are the last page.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar
from urllib.parse import quote, urlencode

import msgspec
from fastapi import Depends, HTTPException, Query, Request, Response

T = TypeVar("T")
Key = tuple[str, ...]

CURSOR = Query(max_length=4000, description="From the `Link` of the page before; empty: from the beginning.")


class Lead:
    """Has an answer say where the page after it is."""

    def __init__(self, request: Request, response: Response) -> None:
        self._path = quote(request.scope["path"])  # a malformed Host is part of ``request.url``
        self.list = self._path.rpartition("/v1/")[2]
        self._request, self._response = request, response

    def on(self, **place: str | int | None) -> None:
        """Lead on to the same question from another place; None: there is nothing more."""
        if None in place.values():
            return
        asked = [(name, said) for name, said in self._request.query_params.multi_items() if name not in place]
        where = f"{self._path}?{urlencode([*asked, *place.items()])}"
        self._response.headers["link"] = f'<{where}>; rel="next"'


Leading = Annotated[Lead, Depends()]


class Paging:
    """Which page of a list a request asks for."""

    def __init__(
        self,
        lead: Leading,
        after: Annotated[str, CURSOR] = "",
        limit: Annotated[int, Query(ge=1, le=1000, description="Entries on a page.")] = 100,
    ) -> None:
        self._lead, self._after, self._limit = lead, after, limit

    def page(self, found: Iterable[T], key: Callable[[T], Key], *, newest_first: bool = False) -> list[T]:
        """Return the page that was asked for, in the order of a key that no two entries share.

        Raises HTTPException (422) for what is no cursor of this list.
        """
        seen = self._seen()
        rest = sorted(
            (entry for entry in found if seen is None or (key(entry) < seen if newest_first else key(entry) > seen)),
            key=key,
            reverse=newest_first,
        )
        shown = rest[: self._limit]
        if len(rest) > len(shown):
            self._lead.on(after=_cursor(self._lead.list, key(shown[-1])))
        return shown

    def _seen(self) -> Key | None:
        """Return the key of the last entry of the page before, None for the first page."""
        if not self._after:
            return None
        try:
            name, *key = msgspec.json.decode(base64.b64decode(self._after, b"-_", validate=True), type=list[str])
        except (ValueError, msgspec.MsgspecError):
            name, key = "", []
        if name != self._lead.list:
            raise HTTPException(
                422, "That is no cursor of this list. Take the one in the Link of the page before, or none."
            )
        return tuple(key)


Paged = Annotated[Paging, Depends()]


def _cursor(name: str, key: Key) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([name, *key])).decode()
