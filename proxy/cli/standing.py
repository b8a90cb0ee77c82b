"""Channels, and where files come from."""

from __future__ import annotations

import click

from proxy.cli.desk import Data, Desk, show, table, with_desk
from proxy.cli.options import json_option, matching, revised


@click.group()
def channels() -> None:
    """More than one policy on one gate, each at its own index URL."""


@channels.command("list")
@json_option
@with_desk
def list_channels(desk: Desk, as_json: bool) -> None:
    """List the channels besides the default one."""
    data = desk.listed("/channels")
    show(data, as_json, lambda: _channels(desk, data))


def _channels(desk: Desk, data: list[Data]) -> None:
    rows = [[line["name"], line["base"] or "the default", desk.url + line["index"], _own(line)] for line in data]
    table(rows, ["channel", "inherits from", "index", "its own terms"])


def _own(line: Data) -> str:
    return ", ".join(line["own"]) or "none"


@channels.command("open")
@click.argument("name")
@click.option("--base", default="", help="The channel to inherit from (the default one).")
@revised
def open_channel(desk: Desk, as_json: bool, if_revision: int | None, **wanted: str) -> None:
    """Open the channel NAME."""
    event = desk.admin("POST", "/channels", json=wanted, headers=matching(if_revision))
    show(event, as_json, lambda: click.echo(f"Opened {wanted['name']}: {desk.url}/{wanted['name']}/simple/"))


@channels.command("close")
@click.argument("name")
@revised
def close_channel(desk: Desk, as_json: bool, name: str, reason: str, if_revision: int | None) -> None:
    """Close the channel NAME, and end what was said in it."""
    event = desk.admin("DELETE", f"/channels/{name}", params={"reason": reason}, headers=matching(if_revision))
    show(event, as_json, lambda: click.echo(f"Closed {name} (revision {event['revision']})."))


@click.group()
def origins() -> None:
    """Where package files may come from."""


@origins.command("list")
@json_option
@with_desk
def list_origins(desk: Desk, as_json: bool) -> None:
    """List the servers that files may come from."""
    data = desk.listed("/origins")
    show(data, as_json, lambda: click.echo("\n".join(data)))


@origins.command("allow")
@click.argument("server")
@revised
def allow_origin(desk: Desk, as_json: bool, server: str, reason: str, if_revision: int | None) -> None:
    """Let files come from SERVER (https://files.example)."""
    wanted = {"url": server, "reason": reason}
    event = desk.admin("POST", "/origins", json=wanted, headers=matching(if_revision))
    show(event, as_json, lambda: click.echo(f"Allowed {event['detail']['origin']}."))
