"""What developers and CI ask: why, may I have it, would this be refused."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path

import click
from packaging.requirements import InvalidRequirement, Requirement

from proxy import reports
from proxy.cli import checking, inputs
from proxy.cli.desk import (
    ALLOWED,
    REFUSED,
    UNABLE,
    Data,
    Desk,
    channel_option,
    facts,
    give_up,
    json_option,
    sentences,
    show,
    with_desk,
)
from proxy.cli.inputs import kind_option


@click.command()
@click.argument("requirement", metavar="NAME[==VERSION]")
@json_option
@with_desk
def explain(desk: Desk, as_json: bool, requirement: str) -> None:
    """Say why NAME, or a version of it, is allowed or refused. Exits with 1 when it is refused."""
    name, _, release = requirement.partition("==")
    path = f"/explain/{name.strip()}" + (f"/{release.strip()}" if release else "")
    data = desk.index("GET", path)
    show(data, as_json, lambda: _explained(data))
    sys.exit(ALLOWED if data["allowed"] else REFUSED)


def _explained(data: Data) -> None:
    what = f"{data['project']} {data.get('version', '')}".strip()
    word = click.style("allowed", fg="green") if data["allowed"] else click.style("refused", fg="red")
    click.echo(f"{what}: {word}")
    sentences(data["reasons"], effects=frozenset({"forbid", "permit", "advise"}))
    facts(data.get("files", []))
    for row in data["unreadable"]:
        click.echo(f"  never served: {row['filename']}: {row['problem']}")
    allowed = data["allowed_versions"]
    click.echo(f"Allowed versions: {', '.join(allowed[:20]) if allowed else 'none'}")
    if not data["allowed"]:
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


@click.command()
@click.option("-r", "--requirement", "files", multiple=True, metavar="FILE", help="A file, as pip takes it.")
@click.option("--format", "shape", default="table", show_default=True, type=click.Choice(list(reports.FORMATS)))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to a file.")
@click.argument("words", nargs=-1, metavar="[FILE | NAME[SPEC]]…")
@kind_option
@channel_option
@json_option
@with_desk
def check(
    desk: Desk,
    as_json: bool,
    channel: str,
    kind: str | None,
    words: tuple[str, ...],
    files: tuple[str, ...],
    shape: str,
    output: Path | None,
) -> None:
    """Say of each requirement, or all that a lock names, whether it would be allowed.

    Exits with 0 where all is allowed, 1 where something is refused or goes round the gate, 2 where something could
    not be judged. Reads requirements.txt, pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, and CycloneDX
    and SPDX in JSON.
    """
    readings = inputs.given(words, files, kind)
    if not readings:
        give_up("There is nothing to check. Say a lock, -r requirements.txt, or requirements.")
    checked = reports.read(checking.checked(desk, channel, readings), version("wicketgate"))
    _report(checked, "json" if as_json else shape, output)
    verdicts = {result.verdict for result in checked.results} | ({"unknown"} if checked.unreadable else set())
    refused = "refused" in verdicts or checked.detours
    sys.exit(UNABLE if "unknown" in verdicts else REFUSED if refused else ALLOWED)


def _report(checked: reports.Checked, shape: str, output: Path | None) -> None:
    """Print the report, or write it and print the table: the log of a pipeline shows what the file says."""
    try:
        report = reports.FORMATS[shape](checked)
        if output is not None:
            output.write_bytes(report)
    except OSError as error:
        give_up(str(error))
    click.echo(report if output is None else reports.FORMATS["table"](checked), nl=False)


COMMANDS = (explain, request, check)
