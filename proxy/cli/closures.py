"""An approval with what it needs: watched while it is found, shown as a tree, cancelled with Ctrl-C."""

from __future__ import annotations

import sys
import time
from collections.abc import Sequence

import click

from proxy.cli.desk import Data, Desk, give_up, show
from proxy.cli.options import matching

POLL_SECONDS = 0.3
STATES = {"served": "was approved", "new": "new", "granted": "approved", "withheld": "withheld"}


def approve_closure(
    desk: Desk,
    wish: Data,
    only: Sequence[str],
    but: Sequence[str],
    *,
    dry_run: bool,
    if_revision: int | None,
    as_json: bool,
) -> None:
    """Find what a requirement needs and, unless it is a dry run, approve it as one change."""
    job = desk.admin("POST", "/approvals/closures", json=wish)
    try:
        job = _watched(desk, job)
    except KeyboardInterrupt:
        desk.admin("DELETE", f"/approvals/closures/{job['id']}")
        give_up("Cancelled. Nothing was approved.")
    if job["state"] != "ready":
        give_up(job["problem"] or "The resolution was cancelled. Nothing was approved.")
    if not dry_run and any(_is_missing(node) for node in job["closure"]):
        chosen, seen = {"only": only, "but": but}, matching(if_revision)
        job = desk.admin("POST", f"/approvals/closures/{job['id']}/approve", json=chosen, headers=seen)
    show(job, as_json, lambda: _told(job))


def _watched(desk: Desk, job: Data) -> Data:
    """Ask until the resolution has ended, saying on standard error how far it is."""
    said = -1
    while job["state"] == "running":
        if job["looked_at"] != said:
            said = job["looked_at"]
            latest = f", the latest {job['latest']}" if job["latest"] else ""
            _say(f"Finding what {job['requirement']} needs: looked at {said} projects{latest} … (Ctrl-C cancels)")
        time.sleep(POLL_SECONDS)
        job = desk.admin("GET", f"/approvals/closures/{job['id']}")
    _say("")
    return job


def _say(text: str) -> None:
    """Write over the last line of a terminal; a log gets a line of its own."""
    if sys.stderr.isatty():
        click.echo(f"\r\033[K{text}", nl=False, err=True)
    elif text:
        click.echo(text, err=True)


def _told(job: Data) -> None:
    for branch in job["tree"]:
        _branch(branch, job["targets"], "")
    for finding in job["passed_over"]:
        click.echo(f"Met on the way and passed over: {finding['sentence']} {finding['next_step']}")
    nodes = job["closure"]
    count = sum(node["state"] == ("granted" if job["granted"] else "new") for node in nodes)
    verb = "Approved" if job["granted"] else "This would approve"
    click.echo(f"{verb} {count} of {len(nodes)} releases, as one change (revision {job['revision']}).")


def _branch(branch: Data, targets: list[str], indent: str) -> None:
    """Print a release and, further to the right, what it needs."""
    name = f"{indent}{branch['project']} {branch['version']}"
    if branch["again"]:
        click.echo(f"{name} (see above)")
        return
    part = f" for {', '.join(branch['targets'])}" if len(branch["targets"]) < len(targets) else ""
    click.echo(f"{name}{part}: {STATES[branch['state']]}")
    for reason in branch["reasons"]:
        click.echo(f"{indent}    [{reason['code']}] {reason['sentence']}")
    for needed in branch["needs"]:
        _branch(needed, targets, f"{indent}  ")


def _is_missing(node: Data) -> bool:
    return bool(node["state"] in {"new", "withheld"})
