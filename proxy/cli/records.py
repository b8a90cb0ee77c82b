"""The auditor's questions."""

from __future__ import annotations

import sys

import click

from proxy.cli.desk import ALLOWED, REFUSED, Data, Desk, json_option, show, table, with_desk


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
