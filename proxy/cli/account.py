"""People's accounts: invited, listed, given a role, reset, disabled; and the browsers that are signed in."""

from __future__ import annotations

from urllib.parse import quote

import click

from proxy.cli.desk import Data, Desk, show, table, with_desk
from proxy.cli.options import json_option, reasoned
from proxy.model import ROLES

role_option = click.option("--role", required=True, type=click.Choice(ROLES), help="What they may do.")


@click.group()
def account() -> None:
    """People's accounts."""


@account.command()
@click.argument("name")
@role_option
@reasoned
def invite(desk: Desk, as_json: bool, **wanted: str) -> None:
    """Invite NAME. The secret is shown once, and is good once, for 30 minutes."""
    data = desk.admin("POST", "/accounts", json=wanted)
    show(data, as_json, lambda: _invited(data))


@account.command("list")
@json_option
@with_desk
def list_accounts(desk: Desk, as_json: bool) -> None:
    """List everybody who has an account."""
    data = desk.listed("/accounts")
    rows = [
        [line["name"], line["role"], line["state"], _factors(line), line["issuer"] or "here", line["at"][:10]]
        for line in data
    ]
    show(data, as_json, lambda: table(rows, ["name", "role", "state", "second factor", "signs in", "since"]))


@account.command()
@click.argument("name")
@reasoned
def disable(desk: Desk, as_json: bool, name: str, reason: str) -> None:
    """Let NAME in no more, at once."""
    event = _changed(desk, name, "disable", reason=reason)
    show(event, as_json, lambda: click.echo(f"Disabled {name}; tokens that ended: {_ended(event)}."))


@account.command()
@click.argument("name")
@reasoned
def enable(desk: Desk, as_json: bool, name: str, reason: str) -> None:
    """Let NAME in again, who was disabled."""
    event = _changed(desk, name, "enable", reason=reason)
    show(event, as_json, lambda: click.echo(f"Enabled {name}."))


@account.command()
@click.argument("name")
@role_option
@reasoned
def role(desk: Desk, as_json: bool, name: str, **wanted: str) -> None:
    """Give NAME another role."""
    event = _changed(desk, name, "role", **wanted)
    show(event, as_json, lambda: click.echo(f"{name} is {wanted['role']} now; tokens that ended: {_ended(event)}."))


@account.command("reset-factor")
@click.argument("name")
@reasoned
def reset_factor(desk: Desk, as_json: bool, name: str, reason: str) -> None:
    """Take password and second factors from NAME, who lost one, and invite NAME again."""
    data = _changed(desk, name, "reset", reason=reason)
    show(data, as_json, lambda: _invited(data))


@account.command()
@json_option
@with_desk
def sessions(desk: Desk, as_json: bool) -> None:
    """List the browsers that are signed in."""
    data = desk.listed("/sessions")
    rows = [
        [
            line["id"],
            line["name"],
            line["method"],
            line["address"],
            line["opened"][:16],
            line["seen"][:16],
            line["agent"],
        ]
        for line in data
    ]
    show(data, as_json, lambda: table(rows, ["id", "name", "by", "from", "since", "last seen", "browser"]))


@account.command("sign-out")
@click.argument("session")
@json_option
@with_desk
def sign_out(desk: Desk, as_json: bool, session: str) -> None:
    """End SESSION (session:…) everywhere."""
    event = desk.admin("DELETE", f"/sessions/{session}")
    show(event, as_json, lambda: click.echo(f"Ended {session}."))


def _changed(desk: Desk, name: str, how: str, **wanted: str) -> Data:
    told: Data = desk.admin("POST", f"/accounts/{quote(name, safe='')}/{how}", json=wanted)
    return told


def _invited(data: Data) -> None:
    click.echo(data["secret"])
    click.echo(f"(shown once; {data['name']} types it at {data['url']} before {data['until'][11:16]} UTC)")


def _factors(line: Data) -> str:
    return ", ".join(line["factors"]) or ("at the provider" if line["issuer"] else "none")


def _ended(event: Data) -> str:
    return ", ".join(event["detail"]["tokens"]) or "none"
