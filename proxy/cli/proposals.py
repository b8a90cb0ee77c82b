"""What waits for a second person: listed, looked at, confirmed, rejected."""

from __future__ import annotations

import json

import click

from proxy.cli.desk import Data, Desk, show, table, with_desk
from proxy.cli.options import aware_option, if_revision_option, json_option, matching, reasoned


@click.group()
def proposals() -> None:
    """Acts that take two people."""


@proposals.command("list")
@json_option
@with_desk
def list_proposals(desk: Desk, as_json: bool) -> None:
    """List what waits for a second person."""
    data = desk.listed("/proposals")
    rows = [[line["id"], line["act"], line["project"], line["by"], line["until"][:10], line["reason"]] for line in data]
    show(data, as_json, lambda: table(rows, ["id", "act", "project", "by", "until", "why"]))


@proposals.command("show")
@click.argument("proposal")
@json_option
@with_desk
def show_proposal(desk: Desk, as_json: bool, proposal: str) -> None:
    """Show everything that PROPOSAL would do, and the digest of it."""
    data = desk.admin("GET", f"/proposals/{proposal}")
    show(data, as_json, lambda: _whole(data, err=False))


@proposals.command()
@click.argument("proposal")
@click.option("--digest", help="That of what you looked at; without it you are shown it, and asked.")
@aware_option
@if_revision_option
@json_option
@with_desk
def confirm(
    desk: Desk,
    as_json: bool,
    proposal: str,
    digest: str | None,
    acknowledge: tuple[str, ...],
    if_revision: int | None,
) -> None:
    """Do PROPOSAL, as the second person."""
    if digest is None:
        data = desk.admin("GET", f"/proposals/{proposal}")
        _whole(data, err=True)
        click.confirm("Confirm exactly this?", abort=True, err=True)
        digest = data["digest"]
    body = {"digest": digest, "acknowledge": acknowledge}
    event = desk.admin("POST", f"/proposals/{proposal}/confirm", json=body, headers=matching(if_revision))
    show(event, as_json, lambda: click.echo(f"Done: {event['tag']} (revision {event['revision']})."))


@proposals.command()
@click.argument("proposal")
@reasoned
def reject(desk: Desk, as_json: bool, proposal: str, reason: str) -> None:
    """End PROPOSAL without doing it; your own is taken back so."""
    event = desk.admin("POST", f"/proposals/{proposal}/reject", json={"reason": reason})
    show(event, as_json, lambda: click.echo(f"Rejected {proposal}."))


def _whole(data: Data, *, err: bool) -> None:
    click.echo(f"{data['by']} proposed {data['act']} {data['project']}: {data['reason']}", err=err)
    click.echo(f"It takes two people: {', '.join(data['takes_two'])}. It ends {data['until'][:16]} UTC.", err=err)
    for part in ("detail", "entries", "ends"):
        click.echo(f"{part}: {json.dumps(data[part], indent=2, ensure_ascii=False)}", err=err)
    click.echo(f"digest: {data['digest']}", err=err)
