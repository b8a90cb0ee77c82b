"""``wicketgate seal``: on the gate's own host, a secret of a setting for nobody but the gate."""

from __future__ import annotations

import sys

import click

from proxy.cli.desk import give_up
from proxy.errors import GateError
from proxy.places import secret_key
from proxy.sealed import MARK, SEALABLE, Vault

_PLACES = {
    "audit-export": "say it in --audit-export, or keep it in the file of its #secret=",
    "oidc-client-secret-file": "keep it in the file that --oidc-client-secret-file names",
}


@click.command()
@click.option("--for", "option", required=True, type=click.Choice(SEALABLE), help="The option of serve that takes it.")
@click.option(
    "--secret-key-file",
    envvar="WICKETGATE_SECRET_KEY_FILE",
    help="The key that the gate seals with (~/.config/wicketgate/secret-key).",
)
def seal(option: str, secret_key_file: str | None) -> None:
    """Seal a secret, typed or piped in, and print what to say in its place.

    It is the whole of what the option says (one of several, where it says several), or of what the file holds that the
    option names. Nothing but a gate with the same key opens it, and for that option alone.
    """
    from proxy import app  # noqa: PLC0415  who only looks at the help need not load it

    text = _text()
    if not text or text.startswith(MARK):
        give_up("There is nothing to seal." if not text else "This is sealed already. Bring the plain text.")
    vault = Vault(secret_key(secret_key_file))
    try:
        fresh = not vault.key_file.exists()
        sealed = vault.close(option, text, app.now())
    except (GateError, OSError) as error:
        give_up(str(error))
    where = _PLACES.get(option, f"say it as --{option}")
    click.echo(f"Sealed with {'a new key, ' if fresh else ''}{vault.key_file}. Now {where}:", err=True)
    click.echo(sealed)


def _text() -> str:
    """Return what is typed unseen, or piped in, without what is blank around it."""
    if sys.stdin.isatty():
        return str(click.prompt("Secret", hide_input=True, err=True)).strip()
    try:
        return sys.stdin.read().strip()
    except UnicodeDecodeError:
        give_up("This is no text. Secrets of settings are text.")
