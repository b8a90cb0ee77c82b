"""``wicketgate check``: what the gate says to all that files name, and which of their addresses go round it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import click

from proxy import reports
from proxy.cli import inputs
from proxy.cli.desk import ALLOWED, REFUSED, UNABLE, Data, Desk, give_up, with_desk
from proxy.cli.inputs import WORDS, kind_option
from proxy.cli.options import channel_option, json_option
from proxy.cli.output import output_option, written
from proxy.errors import NotInstalled
from proxy.locks import Locked, Reading
from proxy.locks.detours import Detour, detours
from proxy.locks.nouns import Where

AT_ONCE = 250
"""Requirements in one request: a lock with their digests and addresses stays well below what the gate takes."""


@click.command()
@click.option("-r", "--requirement", "files", multiple=True, metavar="FILE", help="A file, as pip takes it.")
@click.option(
    "--format",
    "shape",
    default="table",
    show_default=True,
    type=click.Choice(list(reports.FORMATS)),
    help="How the report reads.",
)
@output_option
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
    """Say of each requirement, or all that a lock names (for whatever platform), whether it would be allowed.

    Exits with 0 where all is allowed, 1 where something is refused or goes round the gate, 2 where something could
    not be judged. Reads requirements.txt, pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, and CycloneDX
    and SPDX in JSON.
    """
    readings = inputs.given(words, files, kind)
    if not readings:
        give_up("There is nothing to check. Say a lock, -r requirements.txt, or requirements.")
    checked = reports.read(_checked(desk, channel, readings), version("wicketgate"))
    _report(checked, "json" if as_json else shape, output)
    verdicts = {result.verdict for result in checked.results} | ({"unknown"} if checked.unreadable else set())
    refused = "refused" in verdicts or checked.detours
    sys.exit(UNABLE if "unknown" in verdicts else REFUSED if refused else ALLOWED)


def _report(checked: reports.Checked, shape: str, output: Path | None) -> None:
    """Print the report, or write it and print the table: the log of a pipeline shows what the file says."""
    try:
        report = reports.FORMATS[shape](checked)
    except NotInstalled as error:
        give_up(str(error))
    if output is not None:
        written(output, report, f"the report ({shape})")
    click.echo(report if output is None else reports.FORMATS["table"](checked), nl=False)


def _checked(desk: Desk, channel: str, readings: Sequence[Reading]) -> Data:
    """Return what :func:`proxy.reports.read` takes: answers with their places, detours, what could not be read."""
    wanted = [locked for reading in readings for locked in reading.locked]
    path = f"/{channel}/check" if channel else "/check"
    answers = [desk.index("POST", path, json=list(map(_asked, part))) for part in _parts(wanted)]
    results = [result for answer in answers for result in answer["results"]]
    ways = {url: new for result in results for url, new in result["instead"].items()}
    last = answers[-1]
    gates = {last["url"], f"{desk.url}/{channel}".rstrip("/")}
    return {
        "results": [_placed(result, locked) for result, locked in zip(results, wanted, strict=True)],
        "detours": [_detour(found, ways, last["url"]) for reading in readings for found in detours(reading, gates)],
        "unreadable": [str(fault) for reading in readings for fault in reading.faults],
        "aside": [str(remark) for reading in readings for remark in reading.aside],
        **{name: last[name] for name in ("at", "revision", "advisory_data")},
    }


def _parts(wanted: Sequence[Locked]) -> list[Sequence[Locked]]:
    """Part what is asked into requests; the gate is asked even where there is nothing, for what it is called."""
    return [wanted[at : at + AT_ONCE] for at in range(0, len(wanted) or 1, AT_ONCE)]


def _asked(locked: Locked) -> Data:
    return {
        "name": locked.project,
        "specifier": locked.specifier,
        "version": locked.version,
        "sha256s": list(locked.sha256s),
        "urls": list(locked.urls),
    }


def _placed(result: Data, locked: Locked) -> Data:
    kept = {key: value for key, value in result.items() if key != "instead"}
    return kept | {"at": str(locked.where), "file": _file(locked.where), "line": locked.where.line}


def _detour(found: Detour, ways: dict[str, str], gate: str) -> Data:
    instead = f"{gate}/simple/" if found.kind == "index" else ways.get(found.url)
    place = {"at": str(found.where), "file": _file(found.where), "line": found.where.line}
    return {"url": found.url, "kind": found.kind, "project": found.project, "instead": instead} | place


def _file(where: Where) -> str:
    return "" if where.file == WORDS else where.file
