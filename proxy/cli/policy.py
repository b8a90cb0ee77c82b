"""The security team's verbs: approve, revoke, prohibit, waive."""

from __future__ import annotations

from datetime import datetime
from typing import get_args

import click

from proxy.cli import closures
from proxy.cli.desk import Data, Desk, facts, give_up, show, table, with_desk
from proxy.cli.options import (
    aware_option,
    channel_option,
    if_revision_option,
    json_option,
    matching,
    reason_option,
    reason_unless_dry,
    why,
)
from proxy.model import Justification

WITHHELD_SHOWN = 12
ACKNOWLEDGE = "Overrule: too-new, frozen, look-alike:NAME; or go on with old advisory data: advisories-stale."


@click.command()
@click.argument("requirement")
@reason_unless_dry
@click.option("--standing", is_flag=True, help="Let later versions of the range through once they are old enough.")
@click.option("--prereleases", is_flag=True, help="Pre-releases as well.")
@click.option("--sdists", is_flag=True, help="Source archives as well; they run code on install.")
@click.option("--yanked", is_flag=True, help="What its maintainers took back as well.")
@click.option("--legacy", is_flag=True, help="Source archives of old formats as well (.zip, .tar.bz2).")
@click.option("--acknowledge", multiple=True, metavar="CODE", help=ACKNOWLEDGE)
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
@click.option("--only", multiple=True, metavar="NAME", help="Of what it needs, approve only this.")
@click.option("--except", "but", multiple=True, metavar="NAME", help="Of what it needs, leave this out.")
@click.option("--dry-run", is_flag=True, help="Show what it would do, and change nothing.")
@if_revision_option
@channel_option
@json_option
@with_desk
def approve(
    desk: Desk,
    as_json: bool,
    until: datetime | None,
    with_dependencies: bool,
    pythons: tuple[str, ...],
    platforms: tuple[str, ...],
    only: tuple[str, ...],
    but: tuple[str, ...],
    dry_run: bool,
    if_revision: int | None,
    reason: str | None,
    **wish: object,
) -> None:
    """Approve the files that REQUIREMENT matches now, by digest ('flask>=3,<4')."""
    wish["reason"] = why(reason, dry_run=dry_run)
    wish["until"] = f"{until.isoformat()}Z" if until else None
    if with_dependencies:
        wanted = {**wish, "pythons": pythons, "platforms": platforms}
        closures.approve_closure(desk, wanted, only, but, dry_run=dry_run, if_revision=if_revision, as_json=as_json)
        return
    if pythons or platforms or only or but:
        give_up("--python, --platform, --only and --except are for --with-dependencies.")
    answer = desk.admin("POST", "/approvals", json={**wish, "dry_run": dry_run}, headers=matching(if_revision))
    show(answer, as_json, lambda: _approved(answer))


def _approved(outcome: Data) -> None:
    what = f"{outcome['project']}{outcome['specifier']}"
    verb = "Approved" if outcome["granted"] else "This would approve"
    files = f"{len(outcome['opened'])} files of {len(outcome['versions'])} versions"
    click.echo(f"{verb} {what}: {files} ({'' if outcome['granted'] else 'against '}revision {outcome['revision']}).")
    if not outcome["opened"]:
        click.echo("It opens nothing.")
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
    if outcome["unread"]:
        click.echo(f"Look-alikes were not looked for in what {outcome['unread']} of its wheels need: it was not read.")


@click.command()
@click.argument("requirement")
@reason_option
@if_revision_option
@channel_option
@json_option
@with_desk
def revoke(desk: Desk, as_json: bool, if_revision: int | None, **wanted: str) -> None:
    """End what opens REQUIREMENT."""
    event = desk.admin("POST", "/approvals/revoke", json=wanted, headers=matching(if_revision))
    show(event, as_json, lambda: click.echo(f"Revoked {wanted['requirement']} (revision {event['revision']})."))


@click.command()
@click.argument("requirement")
@reason_option
@click.option("--lift", is_flag=True, help="End the prohibition instead.")
@if_revision_option
@channel_option
@json_option
@with_desk
def prohibit(desk: Desk, as_json: bool, lift: bool, if_revision: int | None, **wanted: str) -> None:
    """Never serve REQUIREMENT, whatever is approved."""
    path = "/prohibitions/lift" if lift else "/prohibitions"
    event = desk.admin("POST", path, json=wanted, headers=matching(if_revision))
    verb = "No longer prohibited:" if lift else "Prohibited"
    show(event, as_json, lambda: click.echo(f"{verb} {wanted['requirement']} (revision {event['revision']})."))


@click.command()
@click.argument("requirement")
@click.argument("advisory")
@reason_option
@click.option("--days", default=30, show_default=True, type=click.IntRange(1, 180), help="Days until it ends.")
@click.option("--owner", default="", help="Who answers for it (whoever grants it).")
@click.option(
    "--justification",
    default="",
    type=click.Choice(get_args(Justification)),
    help="Why it does not matter here, in OpenVEX's words; left out, the risk is accepted.",
)
@aware_option
@click.option("--end", is_flag=True, help="End the waiver instead.")
@if_revision_option
@channel_option
@json_option
@with_desk
def waive(
    desk: Desk,
    as_json: bool,
    end: bool,
    days: int,
    owner: str,
    justification: str,
    acknowledge: tuple[str, ...],
    if_revision: int | None,
    **wanted: str,
) -> None:
    """Set ADVISORY aside for REQUIREMENT, for a while."""
    if end:
        event = desk.admin("POST", "/waivers/end", json=wanted, headers=matching(if_revision))
        show(event, as_json, lambda: click.echo(f"{wanted['advisory']} counts again (revision {event['revision']})."))
    else:
        more = {"days": days, "owner": owner, "justification": justification, "acknowledge": acknowledge}
        event = desk.admin("POST", "/waivers", json={**wanted, **more}, headers=matching(if_revision))
        until = event["detail"]["until"][:10]
        show(event, as_json, lambda: click.echo(f"{wanted['advisory']} is waived until {until}."))


@click.command()
@json_option
@with_desk
def waivers(desk: Desk, as_json: bool) -> None:
    """List the waivers and when they end."""
    data = desk.listed("/waivers")
    rows = [
        [
            w["project"] + w["specifier"],
            w["advisory"],
            w["owner"] or w["by"],
            w["until"][:10] if w["in_force"] else "ended",
            w["reason"],
        ]
        for w in data
    ]
    show(data, as_json, lambda: table(rows, ["for", "advisory", "owner", "until", "why"]))
