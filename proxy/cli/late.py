"""Files that were added to approved versions later."""

from __future__ import annotations

import click

from proxy.cli.desk import Data, Desk, give_up, show
from proxy.cli.options import aware_option, matching, revised


@click.command()
@click.argument("filenames", nargs=-1, required=True, metavar="FILENAME...")
@click.option("--decline", is_flag=True, help="Do not approve them, and never ask again.")
@aware_option
@revised
def admit(
    desk: Desk,
    as_json: bool,
    filenames: tuple[str, ...],
    decline: bool,
    acknowledge: tuple[str, ...],
    reason: str,
    if_revision: int | None,
) -> None:
    """Approve files that were added to an approved version later, exactly these, by digest."""
    if decline and if_revision is not None:
        give_up("What is declined is no policy: leave --if-revision out.")
    body: Data = {"filenames": filenames, "reason": reason}
    if decline:
        event = desk.admin("POST", "/inbox/admit/decline", json=body)
        show(event, as_json, lambda: click.echo(f"Declined {len(filenames)} files."))
    else:
        outcomes = desk.admin(
            "POST", "/inbox/admit", json={**body, "acknowledge": acknowledge}, headers=matching(if_revision)
        )
        show(outcomes, as_json, lambda: _admitted(outcomes))


def _admitted(outcomes: list[Data]) -> None:
    for outcome in outcomes:
        click.echo(
            f"Admitted to {outcome['project']}{outcome['specifier']}: {', '.join(outcome['opened']) or 'nothing'}"
        )
        for held in outcome["still_withheld"]:
            click.echo(f"  still withheld: {held['filename']}: {held['reasons'][0]['sentence']}")
