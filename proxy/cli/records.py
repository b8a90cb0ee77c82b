"""Who has a release, and the advisory data."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from typing import cast

import click

from proxy import settings
from proxy.cli.desk import Data, Desk, data_dir_option, give_up, json_option, show, table, with_desk
from proxy.errors import GateError
from proxy.policy.ranges import AdvisoryIndex


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


def _given(wanted: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in wanted.items() if value not in (None, "")}


COMMANDS = (who_has, advisories)
