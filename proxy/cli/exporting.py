"""``wicketgate export``: what is approved, as constraints, ``pylock.toml`` or CycloneDX."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import click

from proxy.cli.desk import Desk, with_desk
from proxy.cli.options import channel_option
from proxy.cli.output import output_option, put
from proxy.locks.writers import ExportFormat


@click.command()
@click.option("--format", "wanted", type=click.Choice(get_args(ExportFormat)), required=True, help="What to write.")
@output_option
@channel_option
@with_desk
def export(desk: Desk, wanted: str, output: Path | None, channel: str) -> None:
    """Write what is approved and served now.

    constraints (for pip -c and uv --constraints) and pylock (PEP 751, with the gate's addresses) name the newest
    version of each project, cyclonedx every version and every file.
    """
    answer = desk.document("GET", "/export", params={"format": wanted, "channel": channel})
    put(answer.text, output, f"what is approved at revision {answer.headers['x-wicketgate-revision']}")
