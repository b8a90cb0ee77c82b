"""From a database of an older version to one of this: all steps or none, after a copy; never from a newer one."""

from __future__ import annotations

from pathlib import Path

from sqlite_utils import Database

from proxy.errors import StoreError
from proxy.store.copying import copy
from proxy.store.migrations import migrations


def upgrade(db: Database, path: Path) -> None:
    """Take the steps that a database lacks. Raises StoreError, and then nothing changed.

    The copy of the database as it was lies beside it, under the name of the first step.
    """
    demand_known(db, path)
    pending = migrations.pending(db)
    if pending and migrations.applied(db):
        before = path.with_name(f"{path.name}.before-{pending[0].name}")
        before.unlink(missing_ok=True)  # of an upgrade that failed
        copy(db, before)
    with db.atomic():
        migrations.apply(db)


def demand_known(db: Database, path: Path) -> None:
    """Refuse a database in which a newer version took steps that this one does not know. Raises StoreError."""
    known = {step.name for step in migrations.pending(Database(memory=True))}
    newer = [step.name for step in migrations.applied(db) if step.name not in known]
    if newer:
        raise StoreError(
            f"{path} was written by a newer Wicketgate ({newer[0]}), and this one would misread it. Run the newer "
            "one, or restore a backup from before the upgrade: wicketgate restore. "
            f"A copy of before is {path.name}.before-{newer[0]}"
        )
