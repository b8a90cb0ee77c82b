"""Which addresses in a file go round the gate: installers follow the addresses in a lock, whatever their index is."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import Literal

from proxy.locks.nouns import AddressKind, Reading, Where

_DEFAULT_PORTS = {"http": ":80", "https": ":443"}


@dataclass(frozen=True, slots=True)
class Detour:
    """An address that an installer would follow past the gate. ``project`` is "" where it is not of one alone."""

    url: str
    kind: AddressKind | Literal["file"]
    where: Where
    project: str = ""


def detours(reading: Reading, gates: Collection[str]) -> Iterator[Detour]:
    """Yield what goes round the gate. ``gates`` are the addresses of the channel, without a slash at the end."""
    doors = tuple(_normal(gate) for gate in gates)
    for address in reading.addresses:
        if address.kind != "index" or not _is_index(_normal(address.url), doors):
            yield Detour(address.url, address.kind, address.where)
    for locked in reading.locked:
        for url in locked.urls:
            if not _is_file(_normal(url), doors):
                yield Detour(url, "file", locked.where, locked.project)


def _is_index(url: str, doors: Collection[str]) -> bool:
    return url.rstrip("/") in {f"{door}/simple" for door in doors}


def _is_file(url: str, doors: Collection[str]) -> bool:
    # A dot segment could lead from one channel's files to another's.
    return url.startswith(tuple(f"{door}/files/" for door in doors)) and "/." not in url and "%" not in url


def _normal(url: str) -> str:
    """Return an address with scheme and host in lower case, and without the port that its scheme means anyway."""
    scheme, _, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    scheme, authority = scheme.lower(), authority.lower()
    return f"{scheme}://{authority.removesuffix(_DEFAULT_PORTS.get(scheme, ':'))}{slash}{path}"
