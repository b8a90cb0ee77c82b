"""Tokens: for machines that must bring one, and for colleagues."""

from __future__ import annotations

import click

from proxy.cli.desk import Desk, json_option, show, table, with_desk


@click.group()
def token() -> None:
    """Issue, list and withdraw tokens."""


@token.command()
@click.argument("name")
@click.option(
    "--role",
    required=True,
    type=click.Choice(["reader", "requester", "auditor", "approver", "administrator"]),
)
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 366))
@json_option
@with_desk
def issue(desk: Desk, as_json: bool, name: str, role: str, days: int) -> None:
    """Issue a token for NAME. It is shown once."""
    data = desk.admin("POST", "/tokens", json={"name": name, "role": role, "days": days})
    show(
        data,
        as_json,
        lambda: click.echo(f"{data['secret']}\n(shown once; {data['id']} ends {data['until'][:10]})"),
    )


@token.command("list")
@json_option
@with_desk
def list_tokens(desk: Desk, as_json: bool) -> None:
    """List the tokens in force."""
    data = desk.admin("GET", "/tokens")
    rows = [[found["id"], found["name"], found["role"], found["at"][:10], found["until"] or "never"] for found in data]
    show(data, as_json, lambda: table(rows, ["id", "name", "role", "since", "ends"]))


@token.command()
@click.argument("identity")
@click.option("--reason", required=True)
@json_option
@with_desk
def withdraw(desk: Desk, as_json: bool, identity: str, reason: str) -> None:
    """End the token IDENTITY (token:…) at once."""
    data = desk.admin("DELETE", f"/tokens/{identity}", params={"reason": reason})
    show(data, as_json, lambda: click.echo(f"Withdrawn: {identity}."))
