"""``wicketgate sbom``: the bill of materials of what a lock pins. It needs no gate."""

from __future__ import annotations

from pathlib import Path

import click

from proxy.cli.desk import give_up
from proxy.cli.inputs import Shelf, kind_option, read
from proxy.cli.output import output_option, put
from proxy.extras import installed, missing


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="LOCK…")
@click.option("--name", required=True, help="What is installed from it.")
@click.option("--version", required=True, help="Which version of that.")
@kind_option
@output_option
def sbom(files: tuple[str, ...], name: str, version: str, kind: str | None, output: Path | None) -> None:
    """Write what LOCK pins as CycloneDX 1.6, with the digests of every file. What is a range in it is refused."""
    if not installed("cyclonedx"):
        give_up(missing("cyclonedx"))
    from proxy.locks.writers import sbom as writing  # noqa: PLC0415  an extra

    readings = read(Shelf(files), kind)
    faults = [str(fault) for reading in readings for fault in reading.faults]
    pins = [pin for reading in readings for pin in reading.locked]
    faults += [f"{pin.where}: {pin.project} is not pinned to one version." for pin in pins if not pin.version]
    if faults:
        give_up("\n".join(faults[:20]))
    put(writing.write(pins, name, version), output, f"the bill of materials of {name} {version}")
