"""What developers and CI ask: why, may I have it, would this be refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import click
from packaging.requirements import InvalidRequirement, Requirement

from proxy.cli.desk import (
    ALLOWED,
    REFUSED,
    UNABLE,
    Data,
    Desk,
    give_up,
    json_option,
    sentences,
    show,
    table,
    with_desk,
)
from proxy.model import Code
from proxy.policy.folding import meant


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
@click.option(
    "-r",
    "--requirement",
    "files",
    multiple=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.argument("requirements", nargs=-1)
@json_option
@with_desk
def check(desk: Desk, as_json: bool, files: tuple[Path, ...], requirements: tuple[str, ...]) -> None:
    """Say of each requirement whether it would be allowed (exit 0), refused (1) or could not be judged (2)."""
    wanted, faults = _read([*_lines(files), *((text, "the command line") for text in requirements)])
    if not wanted and not faults:
        give_up("There is nothing to check. Say -r requirements.txt, or requirements.")
    data = desk.index("POST", "/check", json=wanted) if wanted else {"results": [], "advisory_data": {}}
    data["unreadable"] = faults
    show(data, as_json, lambda: _checked(data))
    verdicts = {result["verdict"] for result in data["results"]} | ({"unknown"} if faults else set())
    sys.exit(UNABLE if "unknown" in verdicts else REFUSED if "refused" in verdicts else ALLOWED)


def _lines(files: tuple[Path, ...]) -> Iterator[tuple[str, str]]:
    """Yield the requirements of files, each with where it stands; continued lines are one."""
    for path in files:
        text = path.read_text(encoding="utf-8-sig").replace("\\\n", " ")
        for number, line in enumerate(text.splitlines(), 1):
            bare = f" {line}".partition(" #")[0].partition(" --hash")[0].strip()
            if bare:
                yield bare, f"{path}:{number}"


def _read(lines: list[tuple[str, str]]) -> tuple[list[Data], list[str]]:
    """Return what can be judged, and a sentence for each line that cannot."""
    wanted: list[Data] = []
    faults: list[str] = []
    for text, where in lines:
        try:
            found = Requirement(text)
        except InvalidRequirement:
            fault = f"{where}: {text[:80]} cannot be judged: it is not a name with a version range. {meant(text)}"
            faults.append(fault.removesuffix(". "))
            continue
        if found.url:
            faults.append(f"{where}: {text[:80]} goes round the gate: it names a URL")
        elif found.marker is None or found.marker.evaluate():
            wanted.append({"name": found.name, "specifier": str(found.specifier)})
    return wanted, faults


def _checked(data: Data) -> None:
    rows = [
        [result["name"] + result["specifier"], result["verdict"], result["version"] or "", _why(result)]
        for result in data["results"]
    ]
    table(rows, ["requirement", "verdict", "version", "why"])
    for fault in data["unreadable"]:
        click.echo(f"not judged: {fault}")
    feed = data["advisory_data"]
    if feed.get("records"):
        age = f"newest {feed['newest'][:10]}, {feed['age_hours'] // 24} days old"
        click.echo(f"Advisory data: {feed['records']} records, {age}.")
    else:
        click.echo("Advisory data: none. Nothing is known to be safe.")


def _why(result: Data) -> str:
    """Return what forbids, and what else a developer should know: a name that resembles another."""
    told = [r for r in result["reasons"] if r.get("effect", "forbid") == "forbid" or r.get("code") == Code.LOOK_ALIKE]
    return " ".join(f"{reason['sentence']} {reason.get('next_step', '')}".strip() for reason in told)


COMMANDS = (explain, request, check)
