"""What waits for the security team, what comes first at the top."""

from __future__ import annotations

from collections.abc import Callable

import click

from proxy.cli.desk import Data, Desk, show, table, with_desk
from proxy.cli.emergencies import emergencies_table
from proxy.cli.options import json_option, reasoned

Row = Callable[[Data], list[object]]
NAMED = 3
"""How many of those who wanted something are named in a cell."""


@click.command()
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 1000), help="How many lines.")
@click.option("--after", default="", help="Go on after what the last page ended with.")
@json_option
@with_desk
def inbox(desk: Desk, as_json: bool, **wanted: object) -> None:
    """Show what waits: emergencies, fixes, who asked for what, and what was refused this week."""
    data = desk.admin("GET", "/inbox", params=wanted)
    show(data, as_json, lambda: _inbox(data))


def _inbox(data: Data) -> None:
    if data["emergencies"]:
        click.secho("Emergencies that nobody has reviewed:", fg="red", bold=True)
        emergencies_table(data["emergencies"])
    _section("Fixes of what was approved", data["fixes"], _fix, ["approve", "fixes", "withheld", "channel", "asked"])
    _section("Asked for", data["requests"], _request, ["project", "by", "on", "channel", "why"])
    headers = ["file", "what it is", "channel"]
    _section(
        "Added later to approved versions (wicketgate admit FILE … --reason WHY)", data["late_files"], _late, headers
    )
    headers = ["project", "times", "since", "last", "who", "builds", "why"]
    _section("Refused in the last seven days", data["refused"], _refused, headers)
    headers = ["project", "meant", "times", "last", "who", "builds"]
    _section("Refused as look-alikes", data["look_alikes"], _look_alike, headers)
    if not any(data[name] for name in ("emergencies", "late_files", "fixes", "requests", "refused", "look_alikes")):
        click.echo("Nothing waits.")
    if data["next"]:
        click.echo(f"\nMore: wicketgate inbox --after '{data['next']}'")


def _section(title: str, lines: list[Data], row: Row, headers: list[str]) -> None:
    if lines:
        click.echo(f"\n{title}:")
        table([row(line) for line in lines], headers)


def _fix(line: Data) -> list[object]:
    overrule = "".join(f" --acknowledge {code}" for code in line["acknowledge"])
    asked = ", ".join(ask["by"] for ask in line["requests"])
    withheld = f"{line['project']} {', '.join(line['withheld'])}"
    return [line["approve"] + overrule, ", ".join(line["advisories"]), withheld, line["channel"], asked]


def _request(line: Data) -> list[object]:
    hint = f" (looks like {line['meant']})" if line["meant"] else ""
    return [line["project"] + line["specifier"] + hint, line["by"], line["at"][:10], line["channel"], line["why"]]


def _late(line: Data) -> list[object]:
    return [line["filename"], line["differs"], line["channel"]]


def _refused(line: Data) -> list[object]:
    since, last = line["first"][:10], line["last"][:16]
    return [line["project"], line["count"], since, last, who(line), builds(line), ", ".join(line["codes"])]


def _look_alike(line: Data) -> list[object]:
    return [line["project"], line["meant"] or "", line["count"], line["last"][:16], who(line), builds(line)]


def who(line: Data) -> str:
    """Say who was refused something, in a few names."""
    return _some([*line["tokens"], *line["clients"]], line["tokens_total"] + line["clients_total"])


def builds(line: Data) -> str:
    """Say from which builds it was wanted."""
    said = [
        build["agent"] + (" in CI" if build["ci"] else "") + (f" at {build['channel']}" if build["channel"] else "")
        for build in line["builds"]
    ]
    return _some(said, line["builds_total"])


def _some(names: list[str], total: int) -> str:
    more = f" and {total - NAMED} more" if total > NAMED else ""
    return ", ".join(names[:NAMED]) + more


@click.command()
@click.argument("projects", nargs=-1, required=True)
@reasoned
def decline(desk: Desk, as_json: bool, projects: tuple[str, ...], reason: str) -> None:
    """Take the wishes for PROJECTS out of the inbox without granting them."""
    event = desk.admin("POST", "/inbox/decline", json={"projects": projects, "reason": reason})
    show(event, as_json, lambda: click.echo(f"Declined {', '.join(projects)}."))
