"""Lists page by page: ``after`` and ``limit`` are taken, and ``Link: <…>; rel="next"`` (RFC 8288) leads on.

How a list is parted is decided in :mod:`admin.paging`. Answers without such a link are the last page.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Annotated, TypeVar
from urllib.parse import quote, urlencode

from fastapi import Depends, HTTPException, Query, Request, Response

from admin.paging import Key, NoCursor, part

T = TypeVar("T")

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
        try:
            shown, following = part(self._lead.list, found, key, self._after, self._limit, newest_first=newest_first)
        except NoCursor as error:
            raise HTTPException(422, str(error)) from error
        self._lead.on(after=following or None)
        return shown


Paged = Annotated[Paging, Depends()]
