"""Look-alike names: in pipelines, those that the team acknowledged, and the list of popular projects."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from proxy.cli.desk import ALLOWED, REFUSED, Desk, give_up, show, table, with_desk
from proxy.cli.options import if_revision_option, json_option, matching, revised
from proxy.errors import FeedRefused
from proxy.feeds import names as lists
from proxy.policy.similarity import NameIndex, Resemblance


@click.group()
def names() -> None:
    """Recognise look-alike names."""


@names.command()
@click.option(
    "--popular", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Protect these names instead."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, in the order asked, streaming.")
@click.argument("asked", nargs=-1, metavar="[NAME… | -]")
def check(popular: Path | None, as_json: bool, asked: tuple[str, ...]) -> None:
    """Say of each NAME (or each line of standard input) whether it imitates another. Exits with 1 if one does.

    With --json the exit code is 0: the answers stand in the objects.
    """
    index = _index(popular)
    blocked = False
    for found in map(index.look, _lines() if asked in {(), ("-",)} else asked):
        blocked |= found.level == "block"
        click.echo(json.dumps(_data(found)) if as_json else _text(found))
    sys.exit(ALLOWED if as_json or not blocked else REFUSED)


@names.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@if_revision_option
@json_option
@with_desk
def update(desk: Desk, as_json: bool, file: Path, if_revision: int | None) -> None:
    """Put the list in FILE (CSV: rank,project,downloads) in force."""
    params, headers = {"source": file.name}, matching(if_revision)
    event = desk.admin("PUT", "/names", params=params, content=file.read_bytes(), headers=headers)
    count = event["detail"]["count"]
    show(event, as_json, lambda: click.echo(f"{count} names are in force (revision {event['revision']})."))


@names.command()
@json_option
@with_desk
def acknowledged(desk: Desk, as_json: bool) -> None:
    """List the look-alikes that the team acknowledged."""
    data = desk.listed("/names/acknowledged")
    rows = [[line["project"], line["target"], line["by"], line["at"][:10], line["reason"]] for line in data]
    show(data, as_json, lambda: table(rows, ["name", "looks like", "by", "since", "reason"]))


@names.command()
@click.argument("name")
@revised
def withdraw(desk: Desk, as_json: bool, name: str, reason: str, if_revision: int | None) -> None:
    """Let NAME be a look-alike again: what acknowledged it ends."""
    headers = matching(if_revision)
    event = desk.admin("DELETE", f"/names/acknowledged/{name}", params={"reason": reason}, headers=headers)
    show(event, as_json, lambda: click.echo(f"{name} is a look-alike again (revision {event['revision']})."))


def _index(popular: Path | None) -> NameIndex:
    """Return an index of the list that ships, or of all names in a file; its bad lines are told and left out."""
    if popular is None:
        return lists.index_of(lists.popular_names())
    try:
        everybody, faults = lists.parse_names(popular.read_bytes())
    except FeedRefused as error:
        give_up(str(error))
    for fault in faults:
        click.echo(f"{popular}: {fault}; it is left out", err=True)
    return NameIndex.build(everybody, everybody, lists.similarity_model(), lists.words())


def _lines() -> Iterator[str]:
    """Give the lines of standard input as they come. Bytes that are no UTF-8 make a malformed name, not an error."""
    return (line.decode("utf-8", "replace").rstrip("\r\n") for line in sys.stdin.buffer)


def _data(found: Resemblance) -> dict[str, object]:
    return {
        "name": found.name,
        "suspicious": found.level == "block",
        "level": found.level,
        "target": found.target,
        "score": round(found.score, 4),
        "mechanism": found.mechanism,
    }


def _text(found: Resemblance) -> str:
    return f"{found.name}: resembles no popular name" if found.level == "none" else f"{found.level}: {found.sentence}"
