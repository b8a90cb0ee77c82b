"""How a command reaches a running gate, and how what it says is shown.

The gate is found by ``WICKETGATE_URL``, else by its socket in the data directory of this host; the token is
``WICKETGATE_TOKEN``, else, for the gate of this host and for no other, the first-run token there.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import Any, NoReturn, ParamSpec

import click
import httpx

from proxy import columns
from proxy.cli.reaching import Lost, Way, complaint, demand_gate, document, no_gate
from proxy.places import TOKEN_FILE, data_dir

ALLOWED, REFUSED, UNABLE = 0, 1, 2
LINES_AT_ONCE = 1000

P = ParamSpec("P")
Data = dict[str, Any]


def data_dir_option(command: Callable[P, None]) -> Callable[P, None]:
    """Add ``--data-dir``, with which a command on the gate's own host finds address and token."""
    return click.option(
        "--data-dir", envvar="WICKETGATE_DATA_DIR", help="The gate's data directory, on the same host."
    )(command)


class Moment(click.ParamType[str]):
    """A day or a time, in UTC where it says no zone."""

    name = "time"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Return the time as the API takes it."""
        try:
            at = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no time: say 2026-06-01 or 2026-06-01T12:00:00Z", param, ctx)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).isoformat()


@dataclass(frozen=True, slots=True)
class Desk:
    """A running gate, as a command speaks to it."""

    way: Way
    token: str

    @classmethod
    def find(cls, directory: str | None, url: str | None = None, token: str | None = None) -> Desk:
        """Return the gate that the environment or the data directory names; exit with a next step if none."""
        folder = data_dir(directory)
        try:
            if url:
                return cls(Way.there(url), token or "")
            return cls(Way.here(folder), token or _read(folder / TOKEN_FILE))
        except Lost as error:
            give_up(str(error))

    @property
    def url(self) -> str:
        """The address by which people know the gate, without a slash at the end."""
        return self.way.url

    def admin(self, method: str, path: str, **more: Any) -> Any:
        """Ask the admin API. Exits with the gate's own words when it says no."""
        return _facts(self.document(method, path, **more))

    def listed(self, path: str, wanted: Mapping[str, str] | None = None) -> list[Any]:
        """Ask the admin API for a list, page by page to its end."""
        found: list[Any] = []
        page: object = {**(wanted or {}), "limit": LINES_AT_ONCE}
        while page:
            answer = self.document("GET", path, params=page)
            rows = _facts(answer)
            if not isinstance(rows, list):
                give_up(str(no_gate(answer)))
            found += rows
            page = httpx.URL(answer.links["next"]["url"]).params if "next" in answer.links else None
        return found

    def document(self, method: str, path: str, **more: Any) -> httpx.Response:
        """Ask the admin API for something that need not be JSON. Exits when it says no."""
        headers = self._admin_headers("application/json", more.pop("headers", {}))
        return self._asked(method, f"/admin/api/v1{path}", headers, **more)

    def follow(self, method: str, path: str, **more: Any) -> Iterator[Data]:
        """Ask the admin API for a long errand, and yield what it says while it is at it, line by line."""
        said = "See what it did: wicketgate audit list"
        with self._streamed(method, path, "application/x-ndjson", said, more) as answer:
            yield from map(json.loads, answer.iter_lines())

    def stream(self, path: str, params: dict[str, str]) -> Iterator[bytes]:
        """Yield an answer of the admin API piece by piece. Exits with the gate's own words when it says no."""
        said = "What was written so far is no whole copy."
        with self._streamed("GET", path, "*/*", said, {"params": params}) as answer:
            yield from answer.iter_bytes()

    @contextmanager
    def _streamed(self, method: str, path: str, accept: str, said: str, more: Data) -> Iterator[httpx.Response]:
        """Open an answer that is read while it comes; exit with what is ``said`` where it breaks off."""
        url = f"{self.way.base}/admin/api/v1{path}"
        headers = self._admin_headers(accept, more.pop("headers", {}))
        try:
            with self.way.client() as client, client.stream(method, url, headers=headers, **more) as answer:
                if answer.is_error:
                    answer.read()
                    give_up(complaint(answer))
                demand_gate(answer)
                yield answer
        except httpx.HTTPError as error:
            give_up(f"The gate at {self.url} broke off ({error}). {said}")
        except Lost as error:
            give_up(str(error))

    def _admin_headers(self, accept: str, more: dict[str, str]) -> dict[str, str]:
        if not self.token and not self.way.socket:
            give_up(
                "This needs a token: set WICKETGATE_TOKEN. The one on this host is for the gate on this host alone."
            )
        if not self.token:
            give_up("This needs a token. Set WICKETGATE_TOKEN: the first-run token is not here, or not yours to read.")
        return {"authorization": f"Bearer {self.token}", "accept": accept, **more}

    def index(self, method: str, path: str, **more: Any) -> Any:
        """Ask the gate as a developer would; a token is needed only where the index wants one."""
        headers = {"accept": "application/json"} | ({"authorization": f"Bearer {self.token}"} if self.token else {})
        return _facts(self._asked(method, path, headers, **more))

    def _asked(self, method: str, path: str, headers: dict[str, str], **more: Any) -> httpx.Response:
        try:
            with self.way.client() as client:
                answer = client.request(method, f"{self.way.base}{path}", headers=headers, **more)
            if answer.is_error:
                give_up(complaint(answer))
            demand_gate(answer)
        except httpx.HTTPError as error:
            give_up(f"The gate at {self.url} does not answer ({error}). Is it running? wicketgate serve")
        except Lost as error:
            give_up(str(error))
        if answer.status_code == 202 and "proposal" in _facts(answer):
            _waits(_facts(answer))
        return answer


def _facts(answer: httpx.Response) -> Any:
    try:
        return document(answer)
    except Lost as error:
        give_up(str(error))


def give_up(message: str, code: int = UNABLE) -> NoReturn:
    """Say what is wrong on standard error and exit."""
    click.echo(click.style("error: ", fg="red", bold=True) + message, err=True)
    sys.exit(code)


def _waits(data: Data) -> NoReturn:
    """Say that an act waits for a second person, and exit as for what is not done."""
    if click.get_current_context().params.get("as_json"):
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
        sys.exit(UNABLE)
    if "secret" in data:
        click.echo(f"{data['secret']}\n(shown once; good once somebody else confirmed it)")
    give_up(data["detail"])


def with_desk(command: Callable[..., None]) -> Callable[..., None]:
    """Hand the command a :class:`Desk` as its first argument."""

    @data_dir_option
    @click.option("--url", envvar="WICKETGATE_URL", help="Where the gate is.")
    @click.option("--token", envvar="WICKETGATE_TOKEN", help="Your token (better in the environment).")
    @wraps(command)
    def inner(data_dir: str | None, url: str | None, token: str | None, **arguments: object) -> None:
        desk = Desk.find(data_dir, url, token)
        try:
            command(desk, **arguments)
        except (LookupError, TypeError, AttributeError, ValueError) as error:
            if desk.way.socket:
                raise  # our own gate and we do not understand each other: that is our defect
            said = f"What answers at {desk.url} does not say what a gate says ({type(error).__name__}: {error})."
            give_up(f"{said} Is WICKETGATE_URL right?")

    return inner


def show(data: object, as_json: bool, text: Callable[[], None]) -> None:
    """Print JSON where it was asked for, else whatever ``text`` prints."""
    if as_json:
        click.echo(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        text()


def table(rows: Sequence[Sequence[object]], headers: Sequence[str], none: str = "None.") -> None:
    """Print a table; long cells are folded to fit a terminal. Where there is no row, ``none`` says so."""
    if not rows:
        click.echo(none)
        return
    widths = [0] * (len(headers) - 1) + [90]
    click.echo(columns.table(headers, rows, widths))


def sentences(reasons: Sequence[Data], indent: str = "  ", effects: frozenset[str] = frozenset({"forbid"})) -> None:
    """Print reasons, each with its code and its next step."""
    for reason in reasons:
        if reason.get("effect", "forbid") not in effects:
            continue
        click.echo(f"{indent}[{reason.get('code', '-')}] {reason['sentence']}")
        if reason.get("next_step"):
            click.echo(f"{indent}    {reason['next_step']}")


def facts(files: Sequence[Data]) -> None:
    """Print under which licences files are, and who published them."""
    for name, remark in (("licence", ""), ("publisher", " (signatures not verified)")):
        said = sorted({file[name] for file in files if file[name]})
        if said:
            click.echo(f"  {name}: {', '.join(said)}{remark}")


def _read(path: Path) -> str:
    try:
        return path.read_text().strip()
    except OSError:
        return ""  # not there, or not ours to read: the caller says what to do instead
