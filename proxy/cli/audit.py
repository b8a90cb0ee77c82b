"""The auditor's questions: who did what, who got what, searched by any facts and words, and kept under a name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from proxy.cli import copies, proofs
from proxy.cli.desk import Data, Desk, Moment, give_up, show, table, with_desk
from proxy.cli.options import json_option
from proxy.cli.words import said, when

LONGEST_SHOWN = 300
"""Characters of a value that ``show`` prints; JSON has all of it."""


SHARED = (
    click.option("--project", default="", help="Only this project."),
    click.option("--client", default="", help="Only this address."),
    click.option("--sha256", default="", help="Only what names this digest."),
    click.option("--channel", default="", help="Only this channel (“default” is the one without a name)."),
    click.option("--text", default="", help="Words that must all be there."),
    click.option("--since", type=Moment(), help="From this time on."),
    click.option("--until", type=Moment(), help="Before this time."),
    click.option("--limit", default=50, show_default=True, type=click.IntRange(1, 1000), help="How many lines."),
    click.option("--before", type=int, help="Only what is older than this number."),
    click.option("--after", type=int, help="Only what is newer than this number."),
    click.option("--query", "saved", default="", help="Begin with what was saved under this name."),
    click.option("--save", default="", help="Keep this search under a name."),
    click.option("--shared", is_flag=True, help="With --save: for everybody who may read the audit."),
)


def filters(*own: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a search: its own and those of both chains."""

    def add(command: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed((*own, *SHARED)):
            command = option(command)
        return command

    return add


@click.group()
def audit() -> None:
    """Who did what, who got what, and whether the log was altered."""


@audit.command("list")
@filters(
    click.option("--tag", default="", help="Only changes of this kind (project:approval:granted), or its beginning."),
    click.option("--person", "actor", default="", help="Only what this person, token or feed did."),
)
@json_option
@with_desk
def list_events(desk: Desk, as_json: bool, **wanted: Any) -> None:
    """List changes, newest first."""
    data = _found(desk, "events", wanted)
    show(data, as_json, lambda: _events(data["events"]))


@audit.command("decisions")
@filters(
    click.option("--version", default="", help="Only this version."),
    click.option("--token-name", default="", help="Only who brought this token (its name or id)."),
    click.option(
        "--verdict", default="", type=click.Choice(["", "allowed", "refused", "observed"]), help="Only this answer."
    ),
    click.option(
        "--what", default="", type=click.Choice(["", "file", "metadata", "page"]), help="Only what was asked for so."
    ),
    click.option("--code", default="", help="Only what has this reason (too-new)."),
)
@json_option
@with_desk
def list_decisions(desk: Desk, as_json: bool, token_name: str, **wanted: Any) -> None:
    """List what was handed out or refused, newest first."""
    data = _found(desk, "decisions", {**wanted, "token": token_name})
    show(data, as_json, lambda: _decisions(data["decisions"]))


@audit.command()
@click.argument("words", nargs=-1, required=True)
@click.option("--limit", default=20, show_default=True, type=click.IntRange(1, 1000), help="How many lines of each.")
@json_option
@with_desk
def search(desk: Desk, as_json: bool, words: tuple[str, ...], limit: int) -> None:
    """Search changes and decisions for WORDS that must all be there."""
    params = {"text": " ".join(words), "limit": limit}
    events = desk.admin("GET", "/audit/events", params=params)["events"]
    decisions = desk.admin("GET", "/audit/decisions", params=params)["decisions"]

    def text() -> None:
        _events(events)
        click.echo()
        _decisions(decisions)

    show({"events": events, "decisions": decisions}, as_json, text)


@audit.command("show")
@click.argument("seq", type=int)
@json_option
@with_desk
def show_event(desk: Desk, as_json: bool, seq: int) -> None:
    """Show change SEQ, and every entry before and after it."""
    data = desk.admin("GET", f"/audit/events/{seq}")
    show(data, as_json, lambda: _told(data))


@audit.command()
@click.option("--drop", default="", help="Forget the search of this name.")
@json_option
@with_desk
def queries(desk: Desk, as_json: bool, drop: str) -> None:
    """List the searches that were saved."""
    data = desk.listed("/audit/queries")
    if drop:
        mine = [query["id"] for query in data if query["mine"] and query["name"] == drop]
        data = desk.admin("DELETE", f"/audit/queries/{mine[0] if mine else drop}")
        show(data, as_json, lambda: click.echo(f"Forgotten: {drop}"))
        return
    rows = [[q["name"], q["about"], _words(q["wanted"]), "everybody" if q["shared"] else "", q["by"]] for q in data]
    show(data, as_json, lambda: table(rows, ["name", "about", "wanted", "for", "by"]))


def _found(desk: Desk, about: str, given: dict[str, Any]) -> Data:
    """Search as asked: with what was saved, and saving it where that is wanted."""
    saved, save, shared = (given.pop(name) for name in ("saved", "save", "shared"))
    wanted = {name: str(value) for name, value in given.items() if value not in (None, "")}
    if saved:
        wanted = {**_saved(desk, about, saved), **wanted}
    if save:
        kept = {name: value for name, value in wanted.items() if name not in {"before", "after", "limit"}}
        body = {"name": save, "about": about, "wanted": kept, "shared": shared}
        desk.admin("POST", "/audit/queries", json=body)
    found: Data = desk.admin("GET", f"/audit/{about}", params=wanted)
    return found


def _saved(desk: Desk, about: str, name: str) -> dict[str, str]:
    found = [q for q in desk.listed("/audit/queries") if (q["name"], q["about"]) == (name, about)]
    if not found:
        give_up(f"Nothing was saved under {name!r} for {about}. See: wicketgate audit queries")
    wanted: dict[str, str] = max(found, key=lambda query: query["mine"])["wanted"]
    return wanted


def _events(events: list[Data]) -> None:
    rows = [
        [each["seq"], each["at"][:19], each["actor"]["name"], each["tag"], each["project"], each["reason"]]
        for each in events
    ]
    table(rows, ["no", "when (UTC)", "who", "what", "project", "why"])


def _decisions(decisions: list[Data]) -> None:
    rows = [_decision(record) for record in decisions]
    table(rows, ["no", "when (UTC)", "client", "agent", "status", "file", "why"])


def _decision(record: Data) -> list[object]:
    what = record["filename"] or f"page of {record['project']}"
    times = f" x{record['count']}" if record["count"] > 1 else ""
    why = ", ".join(record["codes"])
    at, status_code = record["at"][:19], record["status"]
    return [record["seq"], at, record["client"], record["agent"], f"{status_code}{times}", what, why]


def _told(data: Data) -> None:
    actor = data["actor"]
    who = f"{actor['name']} ({actor['role']}) from {actor['address']}" if actor["address"] else "the gate itself"
    click.echo(f"Change {data['seq']} of {when(data['at'])}: {data['tag']} (revision {data['revision']})")
    click.echo(f"  by   {who}")
    click.echo(f"  why  {data['reason']}")
    for entry in data["entries"]:
        _entry(entry)


def _entry(entry: Data) -> None:
    """Say what became of one entry: added, changed or ended, and with what in it."""
    before, after = entry["before"], entry["after"]
    verb, title = ("changed", "") if before and after else ("ended", "as it was") if before else ("added", "as it is")
    doubt = "" if entry["vouched"] else click.style("  NOT WHAT THE LOG SAYS IT WAS", fg="red", bold=True)
    click.echo(f"\nThe {entry['kind']} {entry['id'].removeprefix(entry['kind'] + ':')} was {verb}:{doubt}")
    if before and after:
        rows = [[name, _value(old), _value(new)] for name, (old, new) in entry["changed"].items()]
        table(rows, ["", "before", "after"])
    else:
        whole = {name: value for name, value in (before or after).items() if name != "id"}
        table([[name, _value(value)] for name, value in whole.items() if value not in ("", None, [])], ["", title])


def _value(value: object) -> str:
    text = said(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}… (--json shows all)"


def _words(wanted: Data) -> str:
    return " ".join(f"{name}={value}" for name, value in wanted.items())


for _command in (*proofs.AUDITING, *copies.AUDITING):
    audit.add_command(_command)
