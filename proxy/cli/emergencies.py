"""Break-glass: what one person may open at once for a few hours, and the look at it afterwards."""

from __future__ import annotations

import click

from proxy.cli.desk import Data, Desk, show, table, with_desk
from proxy.cli.options import (
    channel_option,
    if_revision_option,
    json_option,
    matching,
    reason_option,
    revised,
)


class _OpensByDefault(click.Group):
    """A group whose first word may be a requirement: that opens an emergency for it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``open`` before words that begin with none of the commands."""
        words = args if args and args[0] in {*self.commands, *self.get_help_option_names(ctx)} else ["open", *args]
        return super().parse_args(ctx, words if args else args)


@click.group("break-glass", cls=_OpensByDefault)
def break_glass() -> None:
    """Open REQUIREMENT in an emergency, for a few hours: break-glass REQUIREMENT --reason "…" --hours 4."""


@break_glass.command("open")
@click.argument("requirement")
@reason_option
@if_revision_option
@click.option("--hours", default=24.0, show_default=True, type=click.FloatRange(0, 72, min_open=True), help="How long.")
@click.option("--sdists", is_flag=True, help="Source archives as well; they run code on install.")
@click.option("--acknowledge", multiple=True, metavar="CODE", help="Overrule: look-alike:NAME, advisories-stale.")
@channel_option
@json_option
@with_desk
def open_emergency(desk: Desk, as_json: bool, if_revision: int | None, **wanted: object) -> None:
    """Open the files that REQUIREMENT matches now. Malware stays shut; everybody is told."""
    data = desk.admin("POST", "/emergencies", json=wanted, headers=matching(if_revision))
    show(data, as_json, lambda: _opened(data))


def _opened(data: Data) -> None:
    versions = ", ".join(data["versions"][:12])
    click.echo(f"Opened {data['project']}{data['specifier']} until {data['until'][:16]} UTC: {versions}")
    for held in data["still_withheld"][:12]:
        click.echo(f"  still withheld: {held['reasons'][0]['sentence']}")
    click.echo(f'Somebody else reviews it: wicketgate break-glass review {data["id"]} --finding "…"')


@break_glass.command("list")
@json_option
@with_desk
def list_emergencies(desk: Desk, as_json: bool) -> None:
    """List the emergencies, those that ended and were reviewed included."""
    data = desk.listed("/emergencies")
    show(data, as_json, lambda: emergencies_table(data))


def emergencies_table(data: list[Data]) -> None:
    """Print emergencies as a table."""
    rows = [
        [line["id"], line["project"] + line["specifier"], line["by"], _until(line), line["reason"], _review(line)]
        for line in data
    ]
    table(rows, ["emergency", "for", "by", "until (UTC)", "why", "review"])


def _until(line: Data) -> str:
    return f"{line['until'][:16]}{'' if line['open'] else ' (ended)'}"


def _review(line: Data) -> str:
    return line["reviewed"] or "NOT REVIEWED"


@break_glass.command()
@click.argument("identity", metavar="ID")
@click.option("--finding", required=True, help="What you found.")
@if_revision_option
@json_option
@with_desk
def review(desk: Desk, as_json: bool, identity: str, finding: str, if_revision: int | None) -> None:
    """Record what you found about the emergency ID, which somebody else opened."""
    event = desk.admin(
        "POST", f"/emergencies/{identity}/review", json={"finding": finding}, headers=matching(if_revision)
    )
    show(event, as_json, lambda: click.echo(f"Reviewed {identity}."))


@break_glass.command()
@click.argument("identity", metavar="ID")
@revised
def end(desk: Desk, as_json: bool, identity: str, reason: str, if_revision: int | None) -> None:
    """End the emergency ID before its time; it still waits for its review."""
    event = desk.admin("DELETE", f"/emergencies/{identity}", params={"reason": reason}, headers=matching(if_revision))
    show(event, as_json, lambda: click.echo(f"Ended {identity} (revision {event['revision']})."))
