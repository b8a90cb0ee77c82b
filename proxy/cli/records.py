"""Who has a release."""

from __future__ import annotations

import click

from proxy.cli.desk import Desk, show, table, with_desk
from proxy.cli.options import json_option
from proxy.policy.telling import of_token


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
    data = desk.listed("/audit/who-has", _given(dict(wanted)))
    rows = [
        [
            f"{line['project']} {line['version']}",
            line["client"],
            of_token(line["token"], line["token_id"]),
            line["count"],
            line["last"][:19],
            line["agent"],
        ]
        for line in data
    ]
    show(
        data,
        as_json,
        lambda: table(rows, ["release", "client", "token", "times", "last (UTC)", "agent"], "Nobody has it."),
    )


def _given(wanted: dict[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in wanted.items() if value not in (None, "")}
