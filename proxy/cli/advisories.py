"""The advisory data: how old it is, fetched, imported, and asked directly."""

from __future__ import annotations

import sys
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BufferedReader
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

import click

from proxy import places
from proxy.cli.desk import Data, Desk, data_dir_option, give_up, show, with_desk
from proxy.cli.options import json_option
from proxy.cli.words import when
from proxy.errors import GateError
from proxy.policy.ranges import AdvisoryIndex

PROGRESS_SECONDS = 1.0
PLACE = click.Path(exists=True, path_type=Path)


@click.group()
def advisories() -> None:
    """Known vulnerabilities and malware: what the data is and how old."""


@advisories.command()
@json_option
@with_desk
def status(desk: Desk, as_json: bool) -> None:
    """Show how much data there is and how old it is."""
    data = desk.admin("GET", "/advisories/status")
    show(data, as_json, lambda: _status(data))


def _status(data: Data) -> None:
    click.echo(f"Advisory data: {data['sentence']}")
    if data["source"]:
        click.echo(f"  its newest record   {when(data['newest'])}")
        click.echo(f"  last taken in       {when(data['synced'])}")
        click.echo(f"  SHA-256             {data['sha256']}")
    if data["importing"]:
        click.echo(f"An import is under way: {_progress(data['importing'])}.")
    if data["level"] != "fresh":
        click.echo("Update it: wicketgate advisories sync, or import FILE")


@advisories.command()
@json_option
@with_desk
def sync(desk: Desk, as_json: bool) -> None:
    """Fetch the configured source now."""
    report = _watched(desk, lambda: desk.admin("POST", "/advisories/sync"))
    show(report, as_json, lambda: _imported(report))


@advisories.command("import")
@click.argument("source", type=PLACE)
@click.option("--allow-shrink", is_flag=True, help="Take it although it has far fewer records than before.")
@json_option
@with_desk
def import_source(desk: Desk, as_json: bool, source: Path, allow_shrink: bool) -> None:
    """Import OSV records from SOURCE: a zip as OSV exports it, or a folder with one or with single records."""
    params = {"source": source.name, "allow_shrink": allow_shrink}
    with _zipped(source) as path, path.open("rb") as file:
        report = _watched(desk, lambda: desk.admin("POST", "/advisories/import", params=params, content=file))
    show(report, as_json, lambda: _imported(report))


@contextmanager
def _zipped(source: Path) -> Iterator[Path]:
    """Hand out a zip: the one that was named, the one in the folder, or one made of the folder's records."""
    if not source.is_dir() or (source / "all.zip").is_file():
        yield source / "all.zip" if source.is_dir() else source
        return
    with TemporaryDirectory() as folder:
        path = Path(folder) / "all.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for record in sorted(source.rglob("*.json")):
                archive.write(record, record.relative_to(source))
        yield path


def _watched(desk: Desk, work: Callable[[], Data]) -> Data:
    """Do what may take long, and show on standard error how far the gate is with it."""
    with ThreadPoolExecutor(1) as pool:
        doing: Future[Data] = pool.submit(work)
        while not wait([doing], PROGRESS_SECONDS).done:
            importing = desk.admin("GET", "/advisories/status")["importing"]
            if importing:
                click.echo(f"  {_progress(importing)} …", err=True)
        return doing.result()


def _progress(importing: Data) -> str:
    of = f" {importing['done']} of {importing['of']} records" if importing["of"] else ""
    return f"{importing['stage']}{of}"


def _imported(report: Data) -> None:
    counted = ("added", "changed", "withdrawn", "narrowed", "vanished", "unreadable")
    counts = ", ".join(f"{report[name]} {name}" for name in counted)
    click.echo(f"{report['records']} records in force ({counts}); the newest is of {report['newest'][:10]}.")
    if report["kept"]:
        click.echo(f"  of {report['kept']} reports of malware the source says less; they withhold what they did.")
    for fault in report["faults"][:20]:
        click.echo(f"  not read: {fault}")


@advisories.command()
@click.option(
    "--database",
    "databases",
    multiple=True,
    type=PLACE,
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
            store = SqliteStore(places.data_dir(data_dir))
            index = AdvisoryIndex.from_packed(store.packed_advisories())
            store.close()
    except GateError as error:
        give_up(str(error))
    matching.stream(cast(BufferedReader, sys.stdin.buffer), sys.stdout.buffer, index)
