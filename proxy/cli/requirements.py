"""What developers and CI ask: why, may I have it, would this be refused."""

from __future__ import annotations

import sys

import click
from packaging.requirements import InvalidRequirement, Requirement

from proxy.cli import checking, inputs
from proxy.cli.desk import (
    ALLOWED,
    REFUSED,
    UNABLE,
    Data,
    Desk,
    channel_option,
    give_up,
    json_option,
    sentences,
    show,
    table,
    with_desk,
)
from proxy.cli.inputs import kind_option

DETOURS_SHOWN = 12


@click.command()
@click.argument("requirement", metavar="NAME[==VERSION]")
@json_option
@with_desk
def explain(desk: Desk, as_json: bool, requirement: str) -> None:
    """Say why NAME, or a version of it, is allowed or refused. Exits with 1 when it is refused."""
    name, _, version = requirement.partition("==")
    path = f"/explain/{name.strip()}" + (f"/{version.strip()}" if version else "")
    data = desk.index("GET", path)
    show(data, as_json, lambda: _explained(data))
    sys.exit(ALLOWED if data["allowed"] else REFUSED)


def _explained(data: Data) -> None:
    what = f"{data['project']} {data.get('version', '')}".strip()
    word = click.style("allowed", fg="green") if data["allowed"] else click.style("refused", fg="red")
    click.echo(f"{what}: {word}")
    sentences(data["reasons"], effects=frozenset({"forbid", "permit", "advise"}))
    allowed = data["allowed_versions"]
    click.echo(f"Allowed versions: {', '.join(allowed[:20]) if allowed else 'none'}")
    if not data["allowed"]:
        click.echo(f'Ask for it: wicketgate request {data["project"]} --why "…"')


@click.command()
@click.argument("requirement", metavar="NAME[SPEC]")
@click.option("--why", default="", help="What you need it for.")
@json_option
@with_desk
def request(desk: Desk, as_json: bool, requirement: str, why: str) -> None:
    """Ask the security team for NAME, or a range of it."""
    try:
        wanted = Requirement(requirement)
    except InvalidRequirement:
        give_up(f"{requirement!r} is not a requirement. Write for example 'flask>=3'")
    form = {"specifier": str(wanted.specifier), "why": why}
    data = desk.index("POST", f"/explain/{wanted.name}/request", data=form)
    show(
        data,
        as_json,
        lambda: click.echo(f"Asked for {wanted.name}{wanted.specifier}. It is in the team's inbox."),
    )


@click.command()
@click.option("-r", "--requirement", "files", multiple=True, metavar="FILE", help="A file, as pip takes it.")
@click.argument("words", nargs=-1, metavar="[FILE | NAME[SPEC]]…")
@kind_option
@channel_option
@json_option
@with_desk
def check(
    desk: Desk, as_json: bool, channel: str, kind: str | None, words: tuple[str, ...], files: tuple[str, ...]
) -> None:
    """Say of each requirement, or all that a lock names, whether it would be allowed.

    Exits with 0 where all is allowed, 1 where something is refused or goes round the gate, 2 where something could
    not be judged. Reads requirements.txt, pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, and CycloneDX
    and SPDX in JSON.
    """
    readings = inputs.given(words, files, kind)
    if not readings:
        give_up("There is nothing to check. Say a lock, -r requirements.txt, or requirements.")
    data = checking.checked(desk, channel, readings)
    show(data, as_json, lambda: _checked(data))
    verdicts = {result["verdict"] for result in data["results"]} | ({"unknown"} if data["unreadable"] else set())
    refused = "refused" in verdicts or data["detours"]
    sys.exit(UNABLE if "unknown" in verdicts else REFUSED if refused else ALLOWED)


def _checked(data: Data) -> None:
    rows = [
        [result["at"], result["name"] + result["specifier"], result["verdict"], result["version"] or "", _why(result)]
        for result in data["results"]
    ]
    table(rows, ["where", "requirement", "verdict", "version", "why"])
    for fault in data["unreadable"]:
        click.echo(f"not judged: {fault}")
    _detours(data["detours"])
    feed = data["advisory_data"]
    if feed.get("records"):
        age = f"newest {feed['newest'][:10]}, {feed['age_hours'] // 24} days old"
        click.echo(f"Advisory data: {feed['records']} records, {age}.")
    else:
        click.echo("Advisory data: none. Nothing is known to be safe.")


def _detours(detours: list[Data]) -> None:
    for detour in detours[:DETOURS_SHOWN]:
        instead = f" Instead: {detour['instead']}" if detour["instead"] else ""
        click.echo(f"goes round the gate: {detour['at']}: {detour['url']}{instead}")
    if len(detours) > DETOURS_SHOWN:
        click.echo(
            f"… and {len(detours) - DETOURS_SHOWN} more addresses that go round the gate (--json shows them all)."
        )
    if detours:
        click.echo("Installers follow the addresses in a lock, whatever their index is: lock again through the gate.")


def _why(result: Data) -> str:
    refusals = [reason for reason in result["reasons"] if reason.get("effect", "forbid") == "forbid"]
    return " ".join(f"{reason['sentence']} {reason.get('next_step', '')}".strip() for reason in refusals)


COMMANDS = (explain, request, check)
