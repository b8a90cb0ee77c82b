"""Tokens: for machines that must bring one, and for colleagues."""

from __future__ import annotations

import click

from proxy.cli.desk import Data, Desk, show, table, with_desk
from proxy.cli.options import json_option, reason_option


@click.group()
def token() -> None:
    """Issue, list and withdraw tokens."""


@token.command()
@click.argument("name")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["reader", "requester", "auditor", "approver", "administrator", "pipeline"]),
    help="What it is good for; pipeline: applying policy documents in CI.",
)
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 365), help="Days until it ends.")
@click.option("--scope", multiple=True, metavar="PERMISSION", help="What it is for (all of its role): read, request, …")
@click.option("--channel", help="The one channel that it reads ('' is the default one).")
@click.option("--project", "projects", multiple=True, metavar="PATTERN", help="Projects that it reads (glob).")
@click.option("--network", "networks", multiple=True, metavar="CIDR", help="Where it may be used from.")
@json_option
@with_desk
def issue(desk: Desk, as_json: bool, **wanted: object) -> None:
    """Issue a token for NAME. It is shown once."""
    data = desk.admin("POST", "/tokens", json=wanted)
    show(
        data,
        as_json,
        lambda: click.echo(f"{data['secret']}\n(shown once; {data['id']} ends {data['until'][:10]})"),
    )


@token.command("list")
@json_option
@with_desk
def list_tokens(desk: Desk, as_json: bool) -> None:
    """List the tokens in force."""
    data = desk.listed("/tokens")
    rows = [[line["id"], line["name"], _what(line), line["owner"], *_when(line)] for line in data]
    show(data, as_json, lambda: table(rows, ["id", "name", "for", "issued by", "since", "ends", "last used"]))


def _what(line: Data) -> str:
    narrowed = [*line["scope"], *line["projects"], *line["networks"]]
    narrowed += [] if line["channel"] is None else [f"channel {line['channel'] or 'default'}"]
    return " ".join([line["role"], *narrowed])


def _when(line: Data) -> list[str]:
    used = line["last_use"] or "never"
    return [line["at"][:10], (line["until"] or "never")[:10], used[:16].replace("T", " ")]


@token.command()
@click.argument("identity")
@reason_option
@json_option
@with_desk
def withdraw(desk: Desk, as_json: bool, identity: str, reason: str) -> None:
    """End the token IDENTITY (token:…) at once."""
    data = desk.admin("DELETE", f"/tokens/{identity}", params={"reason": reason})
    show(data, as_json, lambda: click.echo(f"Withdrawn: {identity}."))
