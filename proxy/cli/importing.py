"""``wicketgate import``: approve what a lock, a requirements file or an SBOM pins, as one change."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import datetime

import click

from proxy.cli import inputs
from proxy.cli.desk import ALLOWED, UNABLE, Data, Desk, give_up, show, table, with_desk
from proxy.cli.inputs import kind_option
from proxy.cli.options import channel_option, json_option, reason_option
from proxy.cli.policy import WITHHELD_SHOWN


@click.command("import")
@click.argument("file")
@reason_option
@kind_option
@click.option("--sdists", is_flag=True, help="Source archives as well; they run code on install.")
@click.option("--yanked", is_flag=True, help="What its maintainers took back as well.")
@click.option("--legacy", is_flag=True, help="Source archives of old formats as well (.zip, .tar.bz2).")
@click.option(
    "--acknowledge", multiple=True, metavar="CODE", help="Overrule: too-new, look-alike:NAME, advisories-stale."
)
@click.option("--until", type=click.DateTime(), help="When the approvals end (UTC).")
@click.option("--ticket", default="", help="Where this was discussed.")
@click.option("--skip-faulty", is_flag=True, help="Import what can be, though some of it cannot.")
@click.option("--if-revision", type=click.IntRange(0), help="Only if the policy is still at this revision.")
@click.option("--dry-run", is_flag=True, help="Show what it would do, and change nothing.")
@channel_option
@json_option
@with_desk
def import_file(
    desk: Desk, as_json: bool, file: str, until: datetime | None, if_revision: int | None, **wish: object
) -> None:
    """Approve exactly the files that FILE names by digest, as one change (all of a version where it names none).

    Reads requirements.txt with its includes, pylock.toml, uv.lock, poetry.lock, pdm.lock, Pipfile.lock, and CycloneDX
    and SPDX in JSON. Nothing is changed unless all of it can be.
    """
    end = f"{until.isoformat()}Z" if until else None
    files = _contents(file, str(wish["kind"] or ""))
    headers = {} if if_revision is None else {"if-match": str(if_revision)}
    lines = desk.follow("POST", "/imports", json={**wish, "until": end, "files": files}, headers=headers)
    data = _result(lines)
    show(data, as_json, lambda: _imported(data))
    sys.exit(UNABLE if data["faults"] and wish["dry_run"] else ALLOWED)


def _contents(file: str, kind: str) -> list[Data]:
    """Return the file and those that it includes, as the gate takes them."""
    shelf = inputs.Shelf([file])
    inputs.read(shelf, kind)
    return [{"name": name, "content": inputs.text_of(name, content)} for name, content in shelf.kept.items()]


def _result(lines: Iterable[Data]) -> Data:
    """Tell on standard error how far it is, and return the result; exits where it came to none."""
    last: Data = {}
    for last in lines:
        if "progress" in last:
            step = last["progress"]
            click.echo(f"[{step['done']}/{step['of']}] {step['project']}", err=True)
    if "result" not in last:
        problem = last.get("problem", {"detail": "The gate broke off. See what it did: wicketgate audit list"})
        _faults(problem.get("errors", []), err=True)
        give_up(str(problem["detail"]))
    result: Data = last["result"]
    return result


def _imported(data: Data) -> None:
    new = [release for release in data["releases"] if release["state"] == "new"]
    rows = [[release["at"], release["project"], release["version"], _state(release)] for release in data["releases"]]
    table(rows, ["where", "project", "version", "state"])
    _withheld(new)
    for remark in data["aside"]:
        click.echo(f"Left aside: {remark}")
    _faults(data["faults"], err=False)
    verb = "Imported" if data["granted"] else "This would import"
    files = sum(len(release["outcome"]["opened"]) for release in new)
    click.echo(
        f"{verb} {len(new)} of {len(rows)} releases, {files} files, as one change (revision {data['revision']})."
    )


def _state(release: Data) -> str:
    if release["state"] == "open":
        return "was approved"
    outcome = release["outcome"]
    left = f", {len(outcome['left_out'])} source archives or others left out" if outcome["left_out"] else ""
    held = f", {len(outcome['still_withheld'])} withheld" if outcome["still_withheld"] else ""
    unread = f", what {outcome['unread']} wheels need was not read" if outcome["unread"] else ""
    return f"{len(outcome['opened'])} files{held}{left}{unread}"


def _withheld(new: Iterable[Data]) -> None:
    held = [file for release in new for file in release["outcome"]["still_withheld"]]
    if held:
        click.echo(f"Still withheld ({len(held)} files):")
        rows = [[file["filename"], file["reasons"][0]["sentence"]] for file in held[:WITHHELD_SHOWN]]
        table(rows, ["file", "why"])
        if len(held) > WITHHELD_SHOWN:
            click.echo(f"… and {len(held) - WITHHELD_SHOWN} more (--json shows them all)")
        for step in sorted({file["reasons"][0]["next_step"] for file in held} - {""}):
            click.echo(f"  {step}")


def _faults(faults: Iterable[Data], *, err: bool) -> None:
    for fault in faults:
        click.echo(f"cannot be imported: {fault['at']}: {fault['sentence']}", err=err)
