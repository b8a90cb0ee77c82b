"""Look-alike names in pipelines, and the list of popular projects."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import click

from proxy.cli.desk import ALLOWED, REFUSED, Desk, give_up, json_option, show, with_desk
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
    """Say of each NAME (or each line of standard input) whether it imitates another. Exits with 1 if one does."""
    try:
        index = _index(popular)
    except FeedRefused as error:
        give_up(str(error))
    blocked = False
    for found in map(index.look, _lines() if asked in {(), ("-",)} else asked):
        blocked |= found.level == "block"
        click.echo(json.dumps(_data(found), ensure_ascii=False) if as_json else _text(found))
    sys.exit(ALLOWED if as_json or not blocked else REFUSED)


@names.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@json_option
@with_desk
def update(desk: Desk, as_json: bool, file: Path) -> None:
    """Put the list in FILE (CSV: rank,project,downloads) in force."""
    event = desk.admin("PUT", "/names", params={"source": file.name}, content=file.read_bytes())
    count = event["detail"]["count"]
    show(event, as_json, lambda: click.echo(f"{count} names are in force (revision {event['revision']})."))


def _index(popular: Path | None) -> NameIndex:
    if popular is None:
        return lists.index_of(lists.popular_names())
    everybody = lists.popular_names(popular)
    return NameIndex.build(everybody, everybody, lists.similarity_model())


def _lines() -> Iterator[str]:
    return (line.rstrip("\r\n") for line in sys.stdin)


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
    return f"{found.name}: {found.level}" if found.level == "none" else f"{found.level}: {found.sentence}"


COMMANDS = (names,)
