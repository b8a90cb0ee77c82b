"""What developers ask: why, and may I have it."""

from __future__ import annotations

import sys

import click
from packaging.requirements import InvalidRequirement, Requirement

from proxy.cli.desk import ALLOWED, REFUSED, Data, Desk, facts, give_up, sentences, show, with_desk
from proxy.cli.options import channel_option, json_option


@click.command()
@click.argument("requirement", metavar="NAME[==VERSION]")
@channel_option
@json_option
@with_desk
def explain(desk: Desk, as_json: bool, requirement: str, channel: str) -> None:
    """Say why NAME, or a version of it, is allowed or refused. Exits with 1 when it is refused."""
    name, _, release = requirement.partition("==")
    door = f"/{channel}" if channel else ""
    path = f"{door}/explain/{name.strip()}" + (f"/{release.strip()}" if release else "")
    data = desk.index("GET", path)
    show(data, as_json, lambda: _explained(data))
    sys.exit(ALLOWED if data["allowed"] else REFUSED)


def _explained(data: Data) -> None:
    what = f"{data['project']} {data.get('version', '')}".strip()
    word = click.style("allowed", fg="green") if data["allowed"] else click.style("refused", fg="red")
    click.echo(f"{what}: {word}")
    if not data.get("known", True):
        click.echo("  The index lists no such version.")
    sentences(data["reasons"], effects=frozenset({"forbid", "permit", "advise"}))
    if data["remark"]:
        click.echo(f"  {data['remark']}")
    facts(data.get("files", []))
    for row in data["unreadable"]:
        click.echo(f"  never served: {row['filename']}: {row['problem']}")
    allowed = data["allowed_versions"]
    click.echo(f"Allowed versions: {', '.join(allowed[:20]) if allowed else 'none'}")
    told = any("wicketgate request " in reason["next_step"] for reason in data["reasons"])
    if not data["allowed"] and data.get("known", True) and not told:
        click.echo(f'Ask for it: wicketgate request {data["project"]} --why "…"')
    click.echo(f"Advisory data: {data['advisory_data']['sentence']}")


@click.command()
@click.argument("requirement", metavar="NAME[SPEC]")
@click.option("--why", default="", help="What you need it for.")
@channel_option
@json_option
@with_desk
def request(desk: Desk, as_json: bool, requirement: str, why: str, channel: str) -> None:
    """Ask the security team for NAME, or a range of it."""
    try:
        wanted = Requirement(requirement)
    except InvalidRequirement:
        give_up(f"{requirement!r} is not a requirement. Write for example 'flask>=3'")
    form = {"specifier": str(wanted.specifier), "why": why}
    door = f"/{channel}" if channel else ""
    data = desk.index("POST", f"{door}/explain/{wanted.name}/request", data=form)
    show(
        data,
        as_json,
        lambda: click.echo(f"Asked for {wanted.name}{wanted.specifier}. It is in the team's inbox."),
    )
