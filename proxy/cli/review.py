"""A project under review: what a reviewer needs to know, at the terminal."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

import click

from proxy.cli.desk import Data, Desk, sentences, show, table, with_desk
from proxy.cli.inbox import builds, who
from proxy.cli.options import channel_option, json_option

VERSIONS_SHOWN = 10


@click.command()
@click.argument("release", metavar="NAME[==VERSION]")
@channel_option
@json_option
@with_desk
def review(desk: Desk, as_json: bool, release: str, channel: str) -> None:
    """Show what a reviewer needs to know of NAME, or of a version of it. Nothing of it is run."""
    name, _, version = release.partition("==")
    wanted = {"version": version.strip(), "channel": channel}
    data = desk.admin("GET", f"/review/{quote(name.strip(), safe='')}", params=wanted)
    show(data, as_json, lambda: _reviewed(data))


def _reviewed(data: Data) -> None:
    state = click.style("allowed", fg="green") if data["allowed"] else click.style("refused", fg="red")
    click.echo(f"{data['project']} {data['version']}: {state}")
    sentences(data["reasons"], effects=frozenset({"forbid", "permit", "advise"}))
    if data["in_the_way"]:
        click.echo("An approval alone would not open it:")
        sentences(data["in_the_way"])
    click.echo()
    table(list(_facts(data)), ["", ""])
    _section("Versions", ["version", "uploaded", "days", "files", "answer", "advisories"], map(_version, _shown(data)))
    headers = ["file", "bytes", "python", "provenance", "yanked"]
    _section(f"Files of {data['version']}", headers, map(_file, data["files"]))
    _section("It needs", ["requirement", "answer", "why"], map(_needed, data["needs"]))
    _section("Asked for by", ["who", "on", "range", "why"], map(_ask, data["requests"]))
    for row in data["unreadable"]:
        click.echo(f"never served: {row}")


def _facts(data: Data) -> Iterator[list[object]]:
    rhythm, said, refused = data["rhythm"], data["described"], data["refused"]
    yield ["popularity", f"rank {data['rank']}" if data["rank"] else "not among the popular projects"]
    yield ["releases", f"{rhythm['releases']}, {rhythm['last_year']} of them in the last year"]
    yield ["first and latest", f"{_day(rhythm['first'])} and {_day(rhythm['latest'])}"]
    yield ["days between", rhythm["median_days"] if rhythm["median_days"] is not None else "unknown"]
    yield ["formats", ", ".join(f"{count} {kind}" for kind, count in data["formats"].items())]
    yield ["provenance", f"{data['provenance']['with']} of {data['provenance']['of']} files"]
    if said["known"]:
        yield from _said(said)
    else:
        yield ["in its own words", said["silence"]]
    if refused:
        yield ["refused", f"{refused['count']} times since {refused['first'][:10]}: {who(refused)} ({builds(refused)})"]


def _said(said: Data) -> Iterator[list[object]]:
    licence = said["licence"] or "it names none"
    yield ["says of itself", said["summary"]]
    yield ["licence", licence if said["spdx"] or not said["licence"] else f"{licence} (not an SPDX expression)"]
    yield ["needs Python", said["requires_python"] or "any"]
    yield ["people", ", ".join(said["people"]) or "it names nobody"]
    for link in said["links"]:
        yield [link["label"], link["url"]]


def _section(title: str, headers: list[str], rows: Iterator[list[object]]) -> None:
    found = list(rows)
    if found:
        click.echo(f"\n{title}:")
        table(found, headers)


def _shown(data: Data) -> list[Data]:
    shown: list[Data] = data["versions"]["shown"][:VERSIONS_SHOWN]
    return shown


def _version(line: Data) -> list[object]:
    files = ", ".join(f"{count} {kind}" for kind, count in line["files"].items())
    advisories = ", ".join(f"{found['id']} ({found['severity']})" for found in line["advisories"])
    answer = "allowed" if line["allowed"] else ", ".join(line["codes"])
    return [line["version"], _day(line["uploaded"]), line["age_days"], files, answer, advisories]


def _file(line: Data) -> list[object]:
    provenance = "present" if line["provenance"] else "none"
    yanked = "" if line["yanked"] is None else line["yanked"] or "yes"
    return [line["filename"], line["size"], line["requires_python"] or "any", provenance, yanked]


def _needed(line: Data) -> list[object]:
    answer = f"{line['verdict']} {line['version'] or ''}".strip()
    why = line["problem"] or " ".join(reason["sentence"] for reason in line["reasons"] if reason["effect"] == "forbid")
    return [line["requirement"], answer, why]


def _ask(line: Data) -> list[object]:
    return [line["by"], line["at"][:10], line["specifier"], line["why"]]


def _day(text: str | None) -> str:
    return text[:10] if text else "unknown"
