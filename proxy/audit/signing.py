"""The signature under the manifest of a backup, by the key that seals the record.

Who rewrites a backup computes every digest in its manifest anew, and cannot sign that. The signature is a note over
the manifest's size and SHA-256, of a name of its own: it passes for no checkpoint, and no checkpoint passes for it.
"""

from __future__ import annotations

from hashlib import sha256

from proxy.audit.key import KeyPlace
from proxy.errors import SettingsError, StoreError
from proxy.policy.notes import BadNote

_CHAIN = "backup"
_UNSIGNED = "whoever keeps it could rewrite it, and restoring it would not show that"


def sign(place: KeyPlace, instance: str, manifest: bytes) -> tuple[str, str]:
    """Return the note for a manifest, "" where the key is not to be had, and what to say of it.

    A backup is worth more than its signature: a key that cannot be used never keeps one from being written.
    """
    try:
        signer = place.load(instance)
    except SettingsError as error:
        return "", f"It is NOT signed: {_UNSIGNED}. {error}"
    if signer is None:
        return "", f"It is NOT signed, there is no key {place.path}: {_UNSIGNED}. Name the key: --audit-key"
    return signer.sign(_CHAIN, len(manifest), sha256(manifest).digest()), f"It is signed by the key {place.path}."


def check(place: KeyPlace, instance: str, manifest: bytes, note: str, *, unsigned: bool) -> str:
    """Return what to say of the note under a manifest, "" being none, which ``unsigned`` lets pass.

    Without the key nobody can tell, and that is said. Raises StoreError for a note that is not of the key or of one
    before it, SettingsError for a key that cannot be used.
    """
    signer = place.load(instance)
    if not note:
        if signer and not unsigned:
            raise StoreError(
                f"The backup is not signed, or its signature was taken away: by the key {place.path} nobody can tell "
                "whether it was rewritten. If you know where it was meanwhile: --unsigned"
            )
        return "It is NOT signed: nobody can tell whether it was rewritten."
    if signer is None:
        return f"It is signed, and nobody can tell by whom without the key {place.path}."
    try:
        signed = place.trust(signer).for_chain(_CHAIN).read(note)
    except BadNote as error:
        raise StoreError(f"The backup was rewritten, or signed by another key than {place.path}. {error}") from error
    if (signed.size, signed.root) != (len(manifest), sha256(manifest).digest()):
        raise StoreError(
            f"The backup was rewritten: the key {place.path} signed another manifest. Take another backup."
        )
    return f"It is as it was signed, by the key {place.path}."
