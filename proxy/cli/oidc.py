"""CI identity: the rules by which jobs exchange an ID token for a token of the gate."""

from __future__ import annotations

import click

from proxy.cli.desk import Desk, give_up, show, table, with_desk
from proxy.cli.options import json_option, reasoned


@click.group()
def oidc() -> None:
    """Identity of CI jobs (OpenID Connect)."""


@oidc.group()
def rules() -> None:
    """The rules of exchange."""


@rules.command("list")
@json_option
@with_desk
def list_rules(desk: Desk, as_json: bool) -> None:
    """List the rules, in the order in which they are tried."""
    data = desk.listed("/oidc/rules")
    rows = [
        [line["name"], line["issuer"], line["audience"], line["role"], _where(line), _claims(line)] for line in data
    ]
    show(data, as_json, lambda: table(rows, ["rule", "issuer", "audience", "role", "channel", "claims"]))


@rules.command()
@click.argument("name")
@click.option("--issuer", required=True, help="As its ID tokens spell it (iss).")
@click.option("--audience", required=True, help="What the job asks its ID token for (aud).")
@click.option("--claim", "claims", multiple=True, required=True, metavar="NAME=PATTERN", help="repository=ours/*")
@click.option(
    "--role",
    default="reader",
    show_default=True,
    type=click.Choice(["reader", "requester"]),
    help="What it is good for.",
)
@click.option("--channel", help="The one channel that it reads ('' is the default one).")
@click.option(
    "--minutes", default=15, show_default=True, type=click.IntRange(1, 15), help="Minutes until a token ends."
)
@reasoned
def add(desk: Desk, as_json: bool, claims: tuple[str, ...], **wanted: object) -> None:
    """Add the rule NAME."""
    pairs = dict(claim.partition("=")[::2] for claim in claims)
    if not all(name and pattern for name, pattern in pairs.items()):
        give_up("A claim is NAME=PATTERN, for example --claim repository=ours/*")
    data = desk.admin("POST", "/oidc/rules", json={**wanted, "claims": pairs})
    show(
        data,
        as_json,
        lambda: click.echo(f"Added {data['name']}. Jobs exchange their ID token at {desk.url}/oidc/token"),
    )


@rules.command()
@click.argument("name")
@reasoned
def remove(desk: Desk, as_json: bool, name: str, reason: str) -> None:
    """End the rule NAME, and every token that it gave."""
    event = desk.admin("DELETE", f"/oidc/rules/{name}", params={"reason": reason})
    show(event, as_json, lambda: click.echo(f"Ended the rule {name}."))


def _where(line: dict[str, str | None]) -> str:
    return "everywhere" if line["channel"] is None else line["channel"] or "the default one"


def _claims(line: dict[str, dict[str, str]]) -> str:
    return ", ".join(f"{name}={pattern}" for name, pattern in line["claims"].items())
