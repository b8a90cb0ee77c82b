"""The standing rules: shown, changed, and what a change would do before it is made."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import get_args

import click

from proxy.cli.desk import Data, Desk, give_up, show, table, with_desk
from proxy.cli.options import channel_option, if_revision_option, json_option, matching, reason_unless_dry, why
from proxy.cli.words import said
from proxy.model import StaleAdvisories
from proxy.policy.second_person import WORDS

SHOWN = 20


@click.command()
@click.option("--minimum-age-days", type=float, help="How old a file must be.")
@click.option("--age", "ages", multiple=True, metavar="NAME=DAYS", help="The same for one project; NAME= ends it.")
@click.option("--fixes", type=click.Choice(["wait", "pass"]), help="What a young release does that fixes an advisory.")
@click.option("--freeze", metavar="DATE|now|off", help="Withhold what is uploaded after this moment (UTC).")
@click.option("--internal", multiple=True, help="Glob pattern of names that are never asked of the public index.")
@click.option(
    "--refuse-severity",
    type=click.Choice(["low", "medium", "high", "critical"]),
    help="From which severity on an advisory withholds.",
)
@click.option(
    "--refuse-unknown-severity/--accept-unknown-severity",
    default=None,
    help="What an advisory does that says no severity.",
)
@click.option("--licence", "licences", multiple=True, metavar="SPDX", help="A licence that is accepted; '': all are.")
@click.option(
    "--refuse-unknown-licence/--accept-unknown-licence",
    default=None,
    help="What is done with files whose licence nobody knows.",
)
@click.option("--provenance", multiple=True, metavar="PATTERN", help="Projects whose files need provenance (PEP 740).")
@click.option(
    "--publisher", "publishers", multiple=True, metavar="NAME=KIND:REPOSITORY", help="From whom; NAME= ends it."
)
@click.option(
    "--stale-advisories", type=click.Choice(get_args(StaleAdvisories)), help="What stale or missing advisory data does."
)
@click.option("--warn-stale-after-hours", type=float, help="From when on advisory data is called old (24).")
@click.option("--alarm-stale-after-hours", type=float, help="From when on it is called stale (72).")
@click.option("--mode", type=click.Choice(["enforce", "observe"]), help="Withhold, or record and serve.")
@click.option(
    "--two-person", multiple=True, metavar="WORD", help=f"What takes two people: {', '.join(WORDS)}; '' none."
)
@click.option("--inherit", multiple=True, metavar="TERM", help="In a channel: take TERM from its base again.")
@click.option("--dry-run", is_flag=True, help="Show which approved files would be withheld or opened; change nothing.")
@reason_unless_dry
@if_revision_option
@channel_option
@json_option
@with_desk
def terms(
    desk: Desk,
    as_json: bool,
    reason: str | None,
    channel: str,
    dry_run: bool,
    if_revision: int | None,
    **wanted: object,
) -> None:
    """Show the standing rules of a channel, or change some of them."""
    given = {name: _read(name, value) for name, value in wanted.items() if value not in (None, ())}
    if given:
        body = {**given, "channel": channel, "dry_run": dry_run, "reason": why(reason, dry_run=dry_run)}
        settled = desk.admin("PATCH", "/terms", json=body, headers=matching(if_revision))
        show(settled, as_json, lambda: _settled(settled))
    else:
        data = desk.admin("GET", "/terms", params={"channel": channel})
        rows = [[name, "off" if value is None else said(value)] for name, value in data.items()]
        show(data, as_json, lambda: table(rows, ["term", "value"]))


def _read(name: str, value: object) -> object:
    """Return an option as the API takes it: lists without the empty text that empties them, entries by project."""
    if name in {"internal", "licences", "provenance", "two_person"} and isinstance(value, tuple):
        return [text for text in value if text]
    if name in {"ages", "publishers"} and isinstance(value, tuple):
        return dict(_entries(name, value))
    if name == "freeze" and value not in {"now", "off"}:
        return _moment(str(value))
    return value


def _entries(name: str, texts: Iterable[str]) -> Iterator[tuple[str, object]]:
    """Yield each NAME=VALUE; an empty value ends the entry."""
    for text in texts:
        project, equals, value = text.partition("=")
        if not equals:
            give_up(f"{text!r} has no '='. Say --{name.removesuffix('s')} NAME=VALUE, and NAME= to end it.")
        yield project, (_days(value) if name == "ages" else value) if value else None


def _days(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        give_up(f"{text!r} is no number of days. Say for example --age numpy=2")


def _moment(text: str) -> str:
    """Return a date or a time in UTC as the API takes it."""
    try:
        moment = click.DateTime().convert(text, None, None)
    except click.BadParameter:
        give_up(f"{text!r} is no date. Say --freeze 2026-06-01, 2026-06-01T12:00:00, now or off.")
    return f"{moment.isoformat()}Z"


def _settled(settled: Data) -> None:
    for word in ("withheld", "opened"):
        files = settled[word]
        if files:
            click.echo(f"Approved files that are {word} {'now' if settled['changed'] else 'then'} ({len(files)}):")
            rows = [[file["filename"], file["channel"] or "the default", _why(file)] for file in files[:SHOWN]]
            table(rows, ["file", "channel", "why"])
        if len(files) > SHOWN:
            click.echo(f"… and {len(files) - SHOWN} more (--json shows them all)")
    if settled["changed"]:
        click.echo(f"Changed (revision {settled['revision']}).")
    elif not settled["withheld"] and not settled["opened"]:
        click.echo("Nothing that is approved would be withheld or opened.")


def _why(file: Data) -> str:
    return str(file["reasons"][0]["sentence"]) if file["reasons"] else ""
