"""Options that many commands take, each said once."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec

import click

from proxy.cli.desk import with_desk

P = ParamSpec("P")

reason_option = click.option("--reason", required=True, help="Why. The auditor will ask for it.")
reason_unless_dry = click.option("--reason", help="Why; needed to change anything. The auditor will ask for it.")


def why(reason: str | None, *, dry_run: bool) -> str:
    """Return the reason of a change; what only shows what it would do needs none. Exits where one is missing."""
    if reason is None and not dry_run:
        raise click.UsageError("Missing option '--reason'. Say why: --reason \"…\". (--dry-run needs none.)")
    return "a dry run" if reason is None else reason


def json_option(command: Callable[P, None]) -> Callable[P, None]:
    """Add ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")(command)


def chain_option(command: Callable[P, None]) -> Callable[P, None]:
    """Add ``--chain``."""
    text = "What was changed (events), or what was handed out and refused (decisions)."
    chains = click.Choice(["events", "decisions"])
    return click.option("--chain", type=chains, default="events", show_default=True, help=text)(command)


def channel_option(command: Callable[P, None]) -> Callable[P, None]:
    """Add ``--channel``."""
    text = "The channel where this counts (the default one)."
    return click.option("--channel", default="", envvar="WICKETGATE_CHANNEL", help=text)(command)


def aware_option(command: Callable[P, None]) -> Callable[P, None]:
    """Add ``--acknowledge`` for acts that overrule nothing else: that news may have been missed."""
    text = "Go on though the advisory data is old or missing: advisories-stale, advisories-unknown."
    return click.option("--acknowledge", multiple=True, metavar="CODE", help=text)(command)


def if_revision_option(command: Callable[P, None]) -> Callable[P, None]:
    """Add ``--if-revision``, with which a change is made only to the policy that was looked at."""
    text = "Change nothing if the policy has moved on from this revision."
    return click.option("--if-revision", type=click.IntRange(0), metavar="N", help=text)(command)


def matching(revision: int | None) -> dict[str, str]:
    """Return the header that takes a revision (RFC 9110, If-Match), none where none was said."""
    return {} if revision is None else {"if-match": str(revision)}


def reasoned(command: Callable[..., None]) -> Callable[..., None]:
    """Add what every act takes: ``--reason``, ``--json``, and the gate, which is handed to it first."""
    return reason_option(json_option(with_desk(command)))


def revised(command: Callable[..., None]) -> Callable[..., None]:
    """Add what an act on the policy takes besides: ``--if-revision``."""
    return reason_option(if_revision_option(json_option(with_desk(command))))
