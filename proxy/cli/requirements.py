"""What developers and CI ask: why, may I have it, would this be refused."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click
from packaging.requirements import InvalidRequirement, Requirement

from proxy import reports
from proxy.cli.desk import ALLOWED, REFUSED, UNABLE, Data, Desk, give_up, json_option, sentences, show, with_desk
from proxy.errors import MissingExtra

CONTINUED = "\\"


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
    allowed = data["allowed_versions"]
    click.echo(f"Allowed versions: {', '.join(allowed[:20]) if allowed else 'none'}")
    if not data["allowed"]:
        click.echo(f'Ask for it: wicketgate request {data["project"]} --why "…"')
    click.echo(f"Advisory data: {data['advisory_data']['sentence']}")


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
@click.option("--format", "shape", default="table", show_default=True, type=click.Choice(list(reports.FORMATS)))
@click.option("--output", type=click.Path(dir_okay=False, path_type=Path), help="Write the report to a file.")
@click.argument("requirements", nargs=-1)
@json_option
@with_desk
def check(
    desk: Desk,
    as_json: bool,
    files: tuple[Path, ...],
    shape: str,
    output: Path | None,
    requirements: tuple[str, ...],
) -> None:
    """Say of each requirement whether it would be allowed (exit 0), refused (1) or could not be judged (2)."""
    wanted, faults = _read([*_lines(files), *((text, ("", 0)) for text in requirements)])
    if not wanted and not faults:
        give_up("There is nothing to check. Say -r requirements.txt, or requirements.")
    answer = desk.index("POST", "/check", json=[asked for asked, _ in wanted])
    checked = reports.read(answer, [place for _, place in wanted], faults, version("wicketgate"))
    _report(checked, "json" if as_json else shape, output)
    verdicts = {result.verdict for result in checked.results} | ({"unknown"} if faults else set())
    sys.exit(UNABLE if "unknown" in verdicts else REFUSED if "refused" in verdicts else ALLOWED)


def _report(checked: reports.Checked, shape: str, output: Path | None) -> None:
    """Print the report, or write it and print the table: the log of a pipeline shows what the file says."""
    try:
        report = reports.FORMATS[shape](checked)
        if output is not None:
            output.write_bytes(report)
    except (MissingExtra, OSError) as error:
        give_up(str(error))
    click.echo(report if output is None else reports.FORMATS["table"](checked), nl=False)


def _lines(files: tuple[Path, ...]) -> Iterator[tuple[str, reports.Place]]:
    """Yield the requirements of files, each with where it begins; continued lines are one."""
    for path in files:
        held, begun = "", 0
        for number, line in enumerate([*path.read_text(encoding="utf-8-sig").splitlines(), ""], 1):
            held, begun = f"{held} {line.removesuffix(CONTINUED)}", begun or number
            if line.endswith(CONTINUED):
                continue
            bare = held.partition(" #")[0].partition(" --hash")[0].strip()
            if bare:
                yield bare, (str(path), begun)
            held, begun = "", 0


def _read(lines: list[tuple[str, reports.Place]]) -> tuple[list[tuple[Data, reports.Place]], list[str]]:
    """Return what can be judged, each with its place, and a sentence for each line that cannot."""
    wanted: list[tuple[Data, reports.Place]] = []
    faults: list[str] = []
    for text, place in lines:
        where = f"{place[0]}:{place[1]}" if place[0] else "the command line"
        try:
            found = Requirement(text)
        except InvalidRequirement:
            faults.append(f"{where}: {text[:80]} cannot be judged: it is not a name with a version range")
            continue
        if found.url:
            faults.append(f"{where}: {text[:80]} goes round the gate: it names a URL")
        elif found.marker is None or found.marker.evaluate():
            wanted.append(({"name": found.name, "specifier": str(found.specifier)}, place))
    return wanted, faults


COMMANDS = (explain, request, check)
