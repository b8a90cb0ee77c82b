"""What lies where in a data directory for people and commands of the same host.

A leaf without imports of ours: a command that only asks a running gate reads it and loads no server.
"""

from __future__ import annotations

from pathlib import Path

ADDRESS_FILE = "address.json"
TOKEN_FILE = "admin-token"  # noqa: S105  a file's name
RESTORED_FILE = "restored"
"""Says that the database was put here from a backup, on purpose, and when that was made."""


def data_dir(given: str | None) -> Path:
    """Return the data directory: as given, else ``~/.local/share/wicketgate`` (XDG)."""
    return Path(given or "~/.local/share/wicketgate").expanduser().absolute()


def secret_key(given: str | None) -> Path:
    """Return the file of the key that seals secrets: as given, else ``~/.config/wicketgate/secret-key``."""
    return Path(given or "~/.config/wicketgate/secret-key").expanduser().absolute()


def audit_key(directory: Path) -> Path:
    """Return where the key that seals the log is kept where nobody said another place: beside the data directory."""
    return directory.with_name(f"{directory.name}-audit-key") / "ed25519.pem"
