"""The security team's verbs: approve, revoke, prohibit; the inbox; the terms; where files come from."""

from __future__ import annotations

from datetime import datetime

import click

from proxy.cli.desk import Data, Desk, channel_option, facts, json_option, show, table, with_desk

WITHHELD_SHOWN = 12
reason_option = click.option("--reason", required=True, help="Why. The auditor will ask for it.")


@click.command()
@click.argument("requirement")
@reason_option
@click.option("--standing", is_flag=True, help="Let later versions of the range through once they are old enough.")
@click.option("--prereleases", is_flag=True, help="Pre-releases as well.")
@click.option("--sdists", is_flag=True, help="Source archives as well; they run code on install.")
@click.option("--yanked", is_flag=True, help="What its maintainers took back as well.")
@click.option("--legacy", is_flag=True, help="Source archives of old formats as well (.zip, .tar.bz2).")
@click.option("--acknowledge", multiple=True, metavar="CODE", help="Overrule: too-new, frozen, look-alike:NAME.")
@click.option("--until", type=click.DateTime(), help="When the approval ends (UTC).")
@click.option("--ticket", default="", help="Where this was discussed.")
@click.option("--sha256", multiple=True, metavar="HEX", help="Only the file with this digest, whatever it is.")
@click.option("--with-dependencies", is_flag=True, help="The newest version that resolves, and exactly what it needs.")
@click.option("--python", "pythons", multiple=True, metavar="3.x", help="Resolve for this Python (the gate's own).")
@click.option(
    "--platform",
    "platforms",
    multiple=True,
    metavar="NAME",
    help="Resolve for linux, macos, windows or universal (the gate's own).",
)
@click.option("--dry-run", is_flag=True, help="Show what it would do, and change nothing.")
@channel_option
@json_option
@with_desk
def approve(desk: Desk, as_json: bool, until: datetime | None, **wish: object) -> None:
    """Approve the files that REQUIREMENT matches now, by digest ('flask>=3,<4')."""
    end = f"{until.isoformat()}Z" if until else None
    if wish["with_dependencies"] and not as_json:
        click.echo(f"Finding what {wish['requirement']} needs …", err=True)
    answer = desk.admin("POST", "/approvals", json={**wish, "until": end})
    show(answer, as_json, lambda: _closure(answer) if "closure" in answer else _approved(answer))


def _closure(answer: Data) -> None:
    rows = [
        [node["project"], node["version"], ", ".join(node["needed_by"]), _state(node)] for node in answer["closure"]
    ]
    table(rows, ["project", "version", "needed by", "state"])
    new = sum(node["new"] for node in answer["closure"])
    verb = "Approved" if answer["granted"] else "This would approve"
    click.echo(f"{verb} {new} of {len(rows)} projects, as one change (revision {answer['revision']}).")


def _state(node: Data) -> str:
    if not node["new"]:
        return "was approved"
    held = node["outcome"]["still_withheld"]
    return held[0]["reasons"][0]["sentence"] if held and not node["outcome"]["opened"] else "new"


def _approved(outcome: Data) -> None:
    what = f"{outcome['project']}{outcome['specifier']}"
    verb = "Approved" if outcome["granted"] else "This would approve"
    files = f"{len(outcome['opened'])} files of {len(outcome['versions'])} versions"
    click.echo(f"{verb} {what}: {files} (revision {outcome['revision']}).")
    if outcome["versions"]:
        click.echo(f"  {', '.join(outcome['versions'][:12])}{' …' if len(outcome['versions']) > 12 else ''}")
    facts(outcome["facts"])
    if outcome["still_withheld"]:
        held_back = outcome["still_withheld"]
        click.echo(f"Still withheld ({len(held_back)} files):")
        rows = [[held["filename"], held["reasons"][0]["sentence"]] for held in held_back[:WITHHELD_SHOWN]]
        table(rows, ["file", "why"])
        if len(held_back) > WITHHELD_SHOWN:
            click.echo(f"… and {len(held_back) - WITHHELD_SHOWN} more (--json shows them all)")
        steps = {held["reasons"][0]["next_step"] for held in held_back}
        for step in sorted(steps):
            click.echo(f"  {step}")
    if outcome["left_out"]:
        left = outcome["left_out"]
        click.echo(f"Left out: {len(left)} source archives or pre-releases (--sdists, --prereleases).")


@click.command()
@click.argument("requirement")
@reason_option
@channel_option
@json_option
@with_desk
def revoke(desk: Desk, as_json: bool, **wanted: str) -> None:
    """End what opens REQUIREMENT."""
    event = desk.admin("POST", "/approvals/revoke", json=wanted)
    show(event, as_json, lambda: click.echo(f"Revoked {wanted['requirement']} (revision {event['revision']})."))


@click.command()
@click.argument("requirement")
@reason_option
@click.option("--lift", is_flag=True, help="End the prohibition instead.")
@channel_option
@json_option
@with_desk
def prohibit(desk: Desk, as_json: bool, lift: bool, **wanted: str) -> None:
    """Never serve REQUIREMENT, whatever is approved."""
    event = desk.admin("POST", "/prohibitions/lift" if lift else "/prohibitions", json=wanted)
    verb = "No longer prohibited:" if lift else "Prohibited"
    show(event, as_json, lambda: click.echo(f"{verb} {wanted['requirement']} (revision {event['revision']})."))


@click.command()
@click.argument("requirement")
@click.argument("advisory")
@reason_option
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 180), help="Days until it ends.")
@click.option("--end", is_flag=True, help="End the waiver instead.")
@channel_option
@json_option
@with_desk
def waive(desk: Desk, as_json: bool, end: bool, days: int, **wanted: str) -> None:
    """Set ADVISORY aside for REQUIREMENT, for a while."""
    if end:
        event = desk.admin("POST", "/waivers/end", json=wanted)
        show(event, as_json, lambda: click.echo(f"{wanted['advisory']} counts again (revision {event['revision']})."))
    else:
        event = desk.admin("POST", "/waivers", json={**wanted, "days": days})
        until = event["detail"]["until"][:10]
        show(event, as_json, lambda: click.echo(f"{wanted['advisory']} is waived until {until}."))


@click.command()
@json_option
@with_desk
def waivers(desk: Desk, as_json: bool) -> None:
    """List the waivers and when they end."""
    data = desk.admin("GET", "/waivers")
    rows = [
        [
            w["project"] + w["specifier"],
            w["advisory"],
            w["by"],
            w["until"][:10] if w["in_force"] else "ended",
            w["reason"],
        ]
        for w in data
    ]
    show(data, as_json, lambda: table(rows, ["for", "advisory", "by", "until", "why"]))


@click.command()
@json_option
@with_desk
def inbox(desk: Desk, as_json: bool) -> None:
    """Show who asked for what, what was refused this week, and files added to approved versions."""
    data = desk.admin("GET", "/inbox")
    show(data, as_json, lambda: _inbox(data))


def _inbox(data: Data) -> None:
    if data["requests"]:
        rows = [[ask["project"] + ask["specifier"], ask["by"], ask["at"][:10], ask["why"]] for ask in data["requests"]]
        table(rows, ["asked for", "by", "on", "why"])
    else:
        click.echo("Nobody asked for anything.")
    if data["late_files"]:
        click.echo("\nAdded later to approved versions (wicketgate admit FILE … --reason WHY):")
        rows = [[late["filename"], late["differs"], late["channel"]] for late in data["late_files"]]
        table(rows, ["file", "what it is", "channel"])
    if data["refused"]:
        click.echo("\nRefused in the last seven days:")
        rows = [[line["project"], line["count"], line["clients"], ", ".join(line["codes"])] for line in data["refused"]]
        table(rows, ["project", "times", "clients", "why"])


@click.command()
@click.argument("project")
@reason_option
@json_option
@with_desk
def decline(desk: Desk, as_json: bool, project: str, reason: str) -> None:
    """Take the wishes for PROJECT out of the inbox without granting them."""
    event = desk.admin("POST", "/inbox/decline", json={"project": project, "reason": reason})
    show(event, as_json, lambda: click.echo(f"Declined {project}."))


COMMANDS = (approve, revoke, prohibit, waive, waivers, inbox, decline)
