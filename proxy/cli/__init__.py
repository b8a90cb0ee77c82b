"""The terminal: one command, ``wicketgate``, for operators, developers, the security team and CI.

Everything but ``serve`` speaks to a running gate over HTTP, through the same API as pages and scripts.
Exit codes are a contract: 0 done or allowed, 1 refused, 2 not done or could not be judged.
"""

from __future__ import annotations

import click

from proxy.cli import (
    access,
    advisories,
    audit,
    code,
    emergencies,
    exporting,
    importing,
    inbox,
    late,
    names,
    policy,
    records,
    requirements,
    review,
    serving,
    standing,
    terms,
)
from proxy.cli.desk import Desk, data_dir_option


@click.group(context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "WICKETGATE"})
@click.version_option(package_name="wicketgate", message="%(prog)s %(version)s")
def main() -> None:
    """The gate between a company and the Python Package Index."""


for command in (
    *serving.COMMANDS,
    *policy.COMMANDS,
    *emergencies.COMMANDS,
    *inbox.COMMANDS,
    *late.COMMANDS,
    *terms.COMMANDS,
    *review.COMMANDS,
    *standing.COMMANDS,
    *code.COMMANDS,
    *requirements.COMMANDS,
    *importing.COMMANDS,
    *exporting.COMMANDS,
    *audit.COMMANDS,
    *records.COMMANDS,
    *advisories.COMMANDS,
    *names.COMMANDS,
    *access.COMMANDS,
):
    main.add_command(command)

__all__ = ["Desk", "data_dir_option", "main"]
