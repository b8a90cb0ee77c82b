"""The log leaves the house: as a file, to the destinations that the operator named, and as a report of a period."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path

import click

from proxy.cli.desk import Desk, Moment, give_up, show, table, with_desk
from proxy.cli.options import chain_option, json_option
from proxy.cli.output import opened, output_option


@click.command()
@chain_option
@click.option(
    "--format",
    "form",
    type=click.Choice(["jsonl", "csv", "ocsf"]),
    default="jsonl",
    show_default=True,
    help="How a record reads.",
)
@click.option("--since", type=Moment(), help="From this time on.")
@click.option("--until", type=Moment(), help="Before this time.")
@click.option("--after", type=int, default=0, help="Take up again after this record.")
@output_option
@with_desk
def export(
    desk: Desk, chain: str, form: str, since: str | None, until: str | None, after: int, output: Path | None
) -> None:
    """Copy the log, oldest first. That a copy was taken is an event of the log."""
    given = {"chain": chain, "format": form, "since": since, "until": until, "after": after}
    _copied(desk, "/audit/export", given, output, f"the {chain} of the log ({form})")


@click.command()
@json_option
@with_desk
def destinations(desk: Desk, as_json: bool) -> None:
    """List where the log is sent (serve --audit-export), and what each place has not taken yet."""
    data = desk.listed("/audit/destinations")
    rows = [[one["destination"], one["format"], one["waiting"], one["problem"]] for one in data]
    show(data, as_json, lambda: table(rows, ["destination", "format", "waiting", "problem"]))


@click.command()
@click.option("--since", type=Moment(), required=True, help="From this time on.")
@click.option("--until", type=Moment(), required=True, help="Before this time.")
@click.option(
    "--format", "form", type=click.Choice(["html", "json"]), default="html", show_default=True, help="A page, or data."
)
@output_option
@with_desk
def report(desk: Desk, since: str, until: str, form: str, output: Path | None) -> None:
    """Report a period: approvals and their reasons, exceptions, waivers, ages and times. The page prints well."""
    given = {"since": since, "until": until, "format": form}
    _copied(desk, "/reports", given, output, f"the report of {since[:10]} to {until[:10]} ({form})")


def _copied(desk: Desk, path: str, given: Mapping[str, object], output: Path | None, what: str) -> None:
    """Write what the gate streams to a file, or to standard output."""
    params = {name: str(value) for name, value in given.items() if value not in (None, "")}
    if output is not None:
        with opened(output, what) as file:
            file.writelines(desk.stream(path, params))
        return
    try:
        sys.stdout.buffer.writelines(desk.stream(path, params))
    except OSError as error:
        give_up(f"The copy cannot be written: {error.strerror or error}")


AUDITING = (export, destinations)
"""What belongs below ``audit``; a report is a command of its own."""
