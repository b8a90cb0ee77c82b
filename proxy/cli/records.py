"""The auditor's questions, and the advisory data."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import cast

import click

from proxy import settings
from proxy.cli.desk import ALLOWED, REFUSED, Data, Desk, data_dir_option, give_up, json_option, show, table, with_desk
from proxy.errors import GateError
from proxy.policy.ranges import AdvisoryIndex


@click.group()
def audit() -> None:
    """Who did what, who got what, and whether the log was altered."""


@audit.command("list")
@click.option("--project", default="", help="Only this project.")
@click.option("--tag", default="", help="Only events of this kind (project:approval:granted).")
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--before", type=int, help="Only events before this number.")
@json_option
@with_desk
def list_events(desk: Desk, as_json: bool, **wanted: object) -> None:
    """List changes, newest first."""
    data = desk.admin("GET", "/audit/events", params=_given(wanted))
    rows = [
        [
            event["seq"],
            event["at"][:19],
            event["actor"]["name"],
            event["tag"],
            event["project"],
            event["reason"],
        ]
        for event in data["events"]
    ]
    show(data, as_json, lambda: table(rows, ["no", "when (UTC)", "who", "what", "project", "why"]))


@audit.command("decisions")
@click.option("--project", default="", help="Only this project.")
@click.option("--client", default="", help="Only this address.")
@click.option("--verdict", default="", type=click.Choice(["", "allowed", "refused"]))
@click.option("--what", default="", type=click.Choice(["", "file", "metadata", "page"]))
@click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000))
@click.option("--before", type=int, help="Only decisions before this number.")
@json_option
@with_desk
def list_decisions(desk: Desk, as_json: bool, **wanted: object) -> None:
    """List what was handed out or refused, newest first."""
    data = desk.admin("GET", "/audit/decisions", params=_given(wanted))
    rows = [_decision(record) for record in data["decisions"]]
    show(data, as_json, lambda: table(rows, ["no", "when (UTC)", "client", "agent", "status", "file", "why"]))


@audit.command()
@json_option
@with_desk
def verify(desk: Desk, as_json: bool) -> None:
    """Check that nothing in the log was altered; exit with 1 and name what was."""
    data = desk.admin("GET", "/audit/verify")
    show(data, as_json, lambda: _verified(data))
    sys.exit(ALLOWED if data["intact"] else REFUSED)


@click.command("who-has")
@click.argument("release", default="", metavar="[NAME[==VERSION]]")
@click.option("--sha256", default="", help="The digest of a file.")
@click.option("--advisory", default="", help="Every release that this advisory matches.")
@json_option
@with_desk
def who_has(desk: Desk, as_json: bool, release: str, sha256: str, advisory: str) -> None:
    """List who got a release: by name, by digest, or by an advisory."""
    project, _, version = release.partition("==")
    wanted = {"project": project, "version": version, "sha256": sha256, "advisory": advisory}
    data = desk.admin("GET", "/audit/who-has", params=_given(dict(wanted)))
    rows = [
        [
            f"{line['project']} {line['version']}",
            line["client"],
            line["token"],
            line["count"],
            line["last"][:19],
            line["agent"],
        ]
        for line in data
    ]
    show(data, as_json, lambda: table(rows, ["release", "client", "token", "times", "last (UTC)", "agent"]))


@click.group()
def advisories() -> None:
    """Known vulnerabilities and malware: what the data is and how old."""


@advisories.command()
@json_option
@with_desk
def status(desk: Desk, as_json: bool) -> None:
    """Show how much data there is and how old it is."""
    data = desk.admin("GET", "/advisories/status")
    show(data, as_json, lambda: table([[name, value] for name, value in data.items()], ["advisory data", ""]))


@advisories.command()
@json_option
@with_desk
def sync(desk: Desk, as_json: bool) -> None:
    """Fetch the configured source now."""
    report = desk.admin("POST", "/advisories/sync")
    show(report, as_json, lambda: _imported(report))


@advisories.command()
@click.option(
    "--database",
    "databases",
    multiple=True,
    type=click.Path(exists=True, path_type=Path),
    help="An OSV zip or folder instead of the data in force; several are laid together.",
)
@data_dir_option
def match(data_dir: str | None, databases: tuple[Path, ...]) -> None:
    """Read JSON lines {"name", "version"} and print each with the ids of its advisories and their severity."""
    from proxy.feeds import match as matching  # noqa: PLC0415  no other command reads records itself
    from proxy.store.sqlite import SqliteStore  # noqa: PLC0415

    try:
        if databases:
            index = matching.load(databases, datetime.now(UTC))  # noqa: TID251  a command without a gate
        else:
            store = SqliteStore(settings.data_dir(data_dir))
            index = AdvisoryIndex.from_packed(store.packed_advisories())
            store.close()
    except GateError as error:
        give_up(str(error))
    matching.stream(cast(BufferedReader, sys.stdin.buffer), sys.stdout.buffer, index)


@advisories.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--allow-shrink", is_flag=True, help="Take it although it has far fewer records than before.")
@json_option
@with_desk
def import_file(desk: Desk, as_json: bool, file: Path, allow_shrink: bool) -> None:
    """Import OSV records from FILE, a zip as OSV exports it."""
    params = {"source": file.name, "allow_shrink": allow_shrink}
    report = desk.admin("POST", "/advisories/import", params=params, content=file.read_bytes())
    show(report, as_json, lambda: _imported(report))


def _imported(report: Data) -> None:
    counts = ", ".join(f"{report[name]} {name}" for name in ("added", "changed", "withdrawn", "vanished", "unreadable"))
    click.echo(f"{report['records']} records in force ({counts}); the newest is of {report['newest'][:10]}.")
    for fault in report["faults"][:20]:
        click.echo(f"  not read: {fault}")


def _decision(record: Data) -> list[object]:
    what = record["filename"] or f"page of {record['project']}"
    times = f" x{record['count']}" if record["count"] > 1 else ""
    why = ", ".join(record["codes"])
    at, status_code = record["at"][:19], record["status"]
    return [record["seq"], at, record["client"], record["agent"], f"{status_code}{times}", what, why]


def _verified(data: Data) -> None:
    if data["intact"]:
        click.echo("The audit log is intact.")
    for flaw in data["flaws"]:
        click.echo(f"ALTERED at {flaw['seq']}: {flaw['problem']}")


def _given(wanted: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in wanted.items() if value not in (None, "")}


COMMANDS = (audit, who_has, advisories)
