"""``wicketgate backup`` and ``restore``: on the gate's own host, for whoever may read its data directory."""

from __future__ import annotations

import os
import sys
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory

import click

from proxy import places
from proxy.audit.key import KeyPlace
from proxy.cli.desk import REFUSED, data_dir_option, give_up
from proxy.errors import GateError
from proxy.policy.notes import Trust

NOT_HELD = (
    "the key that seals secrets (--secret-key-file)",
    "the key that seals the audit log, with what lies beside it (--audit-key)",
    f"the first-run token ({places.TOKEN_FILE})",
    "what options name: secrets of webhooks and of OpenID, keys of TLS",
)


audit_key_option = click.option(
    "--audit-key",
    envvar="WICKETGATE_AUDIT_KEY",
    type=click.Path(path_type=Path),
    help="The key that seals the audit log, and signs backups (DATA-DIR-audit-key/ed25519.pem).",
)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--with-cache", is_flag=True, help="Put the cached files and pages in as well.")
@click.option(
    "--audit-archive",
    envvar="WICKETGATE_AUDIT_ARCHIVE",
    type=click.Path(path_type=Path),
    help="Where archived decisions are kept (DATA-DIR/audit-archive).",
)
@audit_key_option
@data_dir_option
def backup(
    file: Path, with_cache: bool, audit_archive: Path | None, audit_key: Path | None, data_dir: str | None
) -> None:
    """Write everything that the gate cannot do without to one new FILE, also while it runs."""
    from proxy import app, backups  # noqa: PLC0415  the other commands need not load it

    folder = places.data_dir(data_dir)
    archive, key = audit_archive or folder / backups.ARCHIVE, KeyPlace(audit_key or places.audit_key(folder))
    try:
        made, signed = backups.write(
            folder, archive, file.absolute(), key, app.now(), version("wicketgate"), cache=with_cache
        )
    except GateError as error:
        give_up(str(error))
    click.echo(f"{file}: {made.events} events, {made.decisions} decisions, revision {made.revision}. {signed}")
    _say_what_is_missing("Keep these elsewhere as well; they are not in it:")


@click.command()
@click.argument("file", type=click.Path(path_type=Path), required=False)
@click.option("--in-place", is_flag=True, help="Say that the database which is there was restored on purpose.")
@click.option("--unsigned", is_flag=True, help="Take a backup although nobody signed it.")
@audit_key_option
@data_dir_option
def restore(file: Path | None, in_place: bool, unsigned: bool, audit_key: Path | None, data_dir: str | None) -> None:
    """Make an empty data directory what it was in a backup FILE, and verify its log; exit with 1 if it was altered.

    With the audit key beside it, a backup that this key did not sign is refused.

    A database that came back by other means (a snapshot of the disk, a replica) may be older than what was sealed. The
    gate does not start with it before somebody says --in-place.
    """
    folder = places.data_dir(data_dir)
    if in_place == bool(file):
        give_up("Name a backup, or say --in-place for the database that is there.")
    try:
        if file is None:
            _accept(folder)
        else:
            _restore(file, folder, KeyPlace(audit_key or places.audit_key(folder)), unsigned=unsigned)
    except (GateError, OSError) as error:
        give_up(str(error))


def _restore(file: Path, folder: Path, key: KeyPlace, *, unsigned: bool) -> None:
    from proxy import restoring  # noqa: PLC0415  the other commands need not load it
    from proxy.journals import recover  # noqa: PLC0415
    from proxy.store.sqlite import SqliteStore  # noqa: PLC0415

    os.umask(0o077)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as aside:
        fresh = Path(aside) / "data"
        fresh.mkdir(mode=0o700)
        made, signed = restoring.read(file, fresh, key, unsigned=unsigned)
        store = SqliteStore(fresh)
        try:
            recover(store, fresh)
            trust, by = _trust(key, store.trail.instance)
            flaws = [f"{flaw.seq}: {flaw.problem}" for flaw in store.verify(trust)]
            events, decisions = store.trail.last("events"), store.trail.last("decisions")
        finally:
            store.close()
        (fresh / places.RESTORED_FILE).write_text(f"{made.made:%Y-%m-%d %H:%M:%S} UTC\n")
        restoring.put_in_place(fresh, folder)
    click.echo(f"{folder}: {events} events, {decisions} decisions, revision {made.revision}. {signed}")
    click.echo(f"It is as of {made.made:%Y-%m-%d %H:%M:%S} UTC: revoke again what was revoked since.")
    _say_what_is_missing("Put these back before you start it; they were not in it:")
    click.echo(f"Its log is {'ALTERED' if flaws else 'intact'}, {by}.")
    for flaw in flaws:
        click.echo(f"  {flaw}")
    sys.exit(REFUSED if flaws else 0)


def _trust(key: KeyPlace, instance: str) -> tuple[Trust | None, str]:
    """Return who is believed to have sealed the log, and how to say it."""
    signer = key.load(instance)
    if signer is None:
        return None, f"as far as that is seen without the key that sealed it ({key.path})"
    return key.trust(signer), f"by the key {key.path}"


def _accept(folder: Path) -> None:
    from proxy.backups import DATABASE  # noqa: PLC0415  the other commands need not load it

    if not (folder / DATABASE).exists():
        give_up(f"There is no database in {folder}. Restore a backup: wicketgate restore FILE")
    (folder / places.RESTORED_FILE).write_text("")
    click.echo("The gate starts with the database that is there. Revoke again what was revoked since it was made.")


def _say_what_is_missing(first: str) -> None:
    click.echo(first)
    for each in NOT_HELD:
        click.echo(f"  {each}")
