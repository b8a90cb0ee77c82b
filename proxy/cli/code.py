"""Policy as code: the policy as a document, what it would do to those who install, and the way out of observe mode."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from proxy.cli.desk import ALLOWED, REFUSED, Data, Desk, give_up, show, table, with_desk
from proxy.cli.inputs import text_of
from proxy.cli.options import aware_option, channel_option, json_option, matching, revised
from proxy.cli.output import output_option, written
from proxy.cli.words import said
from proxy.policy.document.example import EXAMPLE

SHOWN = 20
SIGNS = {"added": "+", "removed": "-", "changed": "~"}

file_argument = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
since_option = click.option("--since", default="30d", show_default=True, help="How far back demand is looked at.")


@click.group()
def policy() -> None:
    """The policy as a document: kept in version control, planned in CI, applied as one change."""


@policy.command()
@output_option
@json_option
@with_desk
def export(desk: Desk, as_json: bool, output: Path | None) -> None:
    """Print the policy in force as a document (TOML)."""
    data = desk.admin("GET", "/policy/document")
    if output:
        written(output, data["document"].encode(), f"the policy at revision {data['revision']}")
    if as_json or not output:
        show(data, as_json, lambda: click.echo(data["document"], nl=False))


@policy.command()
def schema() -> None:
    """Print a commented document that says everything one can say."""
    click.echo(EXAMPLE, nl=False)


@policy.command()
@file_argument
@since_option
@json_option
@with_desk
def plan(desk: Desk, as_json: bool, file: Path, since: str) -> None:
    """Show what FILE would change, and what that opens or closes for recorded demand."""
    data = desk.admin("POST", "/policy/plan", json={"document": _text(file), "since": since})
    show(data, as_json, lambda: _planned(data, file, since))


@policy.command("apply")
@file_argument
@aware_option
@revised
def apply_document(
    desk: Desk, as_json: bool, file: Path, acknowledge: tuple[str, ...], reason: str, if_revision: int | None
) -> None:
    """Make the policy what FILE says: all of it, as one change, or nothing."""
    body = {"document": _text(file), "reason": reason, "acknowledge": acknowledge}
    data = desk.admin("POST", "/policy/apply", json=body, headers=matching(if_revision))
    show(data, as_json, lambda: _applied(data))


@click.command()
@file_argument
@since_option
@json_option
@with_desk
def simulate(desk: Desk, as_json: bool, file: Path, since: str) -> None:
    """Say who would break if FILE were in force (exit 1 if anybody), from what is kept here; nothing is changed."""
    data = desk.admin("POST", "/simulate", json={"document": _text(file), "since": since})
    show(data, as_json, lambda: _simulated(data, since))
    sys.exit(REFUSED if data["demand"]["breaks"] else ALLOWED)


@click.command()
@click.option("--since", default="7d", show_default=True, help="How far back observe mode is looked at.")
@output_option
@click.option("--apply", "adopt_now", is_flag=True, help="Approve what is proposed, as one change.")
@click.option("--reason", help="Why; needed with --apply.")
@aware_option
@channel_option
@json_option
@with_desk
def adopt(
    desk: Desk,
    as_json: bool,
    since: str,
    channel: str,
    output: Path | None,
    adopt_now: bool,
    reason: str | None,
    acknowledge: tuple[str, ...],
) -> None:
    """Propose the approvals that would have let through what observe mode did, the riskiest first."""
    data = desk.admin("GET", "/adopt", params={"since": since, "channel": channel})
    if output:
        written(output, data["document"].encode(), "what is proposed")
    if adopt_now and data["proposals"]:
        body = {"document": data["document"], "reason": reason or "", "acknowledge": acknowledge}
        data["applied"] = desk.admin("POST", "/policy/apply", json=body, headers=matching(data["revision"]))
    show(data, as_json, lambda: _adoption(data, output))


def _text(file: Path) -> str:
    """Return a document as it is sent; exits where it cannot be read, or is no text."""
    try:
        content = file.read_bytes()
    except OSError as error:
        give_up(f"{file} cannot be read ({error.strerror}).")
    return text_of(str(file), content)


def _steps(steps: list[Data]) -> None:
    for step in steps:
        what = f"{SIGNS[step['verb']]} {step['kind']:<13} {step['name']}"
        click.echo(click.style(what, fg={"+": "green", "-": "red"}.get(what[0])) + _detail(step))


def _detail(step: Data) -> str:
    before, after = step["before"], step["after"]
    if step["kind"] == "term":
        return f": {said(before)} -> {said(after)}"
    if isinstance(before, dict) and isinstance(after, dict):
        moved = [key for key in {**before, **after} if before.get(key) != after.get(key)]
        return f": {', '.join(moved)}"
    files = (after or before).get("files")
    return f": {len(files)} files" if files else ""


def _planned(data: Data, file: Path, since: str) -> None:
    if not data["steps"]:
        click.echo(f"Nothing to change: the policy is as {file} says (revision {data['revision']}).")
        return
    _steps(data["steps"])
    click.echo(f"\nIt needs {', '.join(data['needs'])}.")
    _demand(data["demand"], since)
    if data["stale"] is not None:
        click.echo(f"{file} was exported at revision {data['stale']}, the policy is at {data['revision']}: look twice.")
    click.echo(f'Apply it: wicketgate policy apply {file} --if-revision {data["revision"]} --reason "…"')


def _applied(data: Data) -> None:
    if data["event"] is None:
        click.echo(f"Nothing to change: the policy is so already (revision {data['revision']}).")
        return
    _steps(data["steps"])
    click.echo(f"Applied {len(data['steps'])} changes as one (revision {data['revision']}).")


def _simulated(data: Data, since: str) -> None:
    for note in data["notes"]:
        click.echo(f"not known: {note}")
    _demand(data["demand"], since)


def _demand(demand: Data, since: str) -> None:
    broken, opened, unjudged = demand["breaks"], demand["opens"], demand["unjudged"]
    click.echo(
        f"Of {demand['lines']} files and pages wanted in the last {since}: {len(broken)} would be refused, "
        f"{len(opened)} would open, {len(unjudged)} cannot be judged."
    )
    for title, lines in (("\nWould be refused:", broken), ("\nWould open:", opened)):
        if lines:
            click.echo(title)
            table([_line(line) for line in lines[:SHOWN]], ["what", "channel", "times", "clients", "last", "why"])
        if len(lines) > SHOWN:
            click.echo(f"… and {len(lines) - SHOWN} more (--json shows them all)")
    if unjudged:
        names = list(dict.fromkeys(line["project"] for line in unjudged))
        click.echo(f"\nNot judged, since their pages are not kept here: {', '.join(names[:SHOWN])}")


def _line(line: Data) -> list[object]:
    what = line["filename"] or f"page of {line['project']}"
    who = ", ".join([*line["who"][:3], *line["tokens"][:3]]) + (" …" if line["clients"] > 3 else "")
    why = line["reasons"][0]["sentence"] if line["reasons"] else ""
    return [what, line["channel"], line["count"], who, line["last"][:10], why]


def _adoption(data: Data, output: Path | None) -> None:
    proposals = data["proposals"]
    if proposals:
        rows = [_proposal(line, line["because"]) for line in proposals]
        table(rows, ["risk", "release", "files", "times", "clients", "why it is worth a look"])
    else:
        click.echo("Observe mode let nothing through that is not approved.")
    if data["withheld"]:
        click.echo("\nNot proposed, since an approval alone would not open it:")
        rows = [_proposal(line, [reason["sentence"] for reason in line["still"]]) for line in data["withheld"]]
        table(rows, ["risk", "release", "files", "times", "clients", "why"])
    if data["unknown"]:
        names = list(dict.fromkeys(line["filename"] for line in data["unknown"]))
        click.echo(f"\nNot proposed, since nothing here knows these bytes any more: {', '.join(names[:SHOWN])}")
    if output:
        click.echo(f"\nRead {output}, then: wicketgate policy plan {output}")
    if "applied" in data:
        click.echo(f"\nApproved {len(proposals)} releases as one change (revision {data['applied']['revision']}).")


def _proposal(line: Data, why: list[str]) -> list[object]:
    release = f"{line['project']} {line['version']}"
    risk = f"{line['risk']} {line['level']}"
    return [risk, release, len(line["files"]), line["count"], line["clients"], "; ".join(why)]
