"""Real, tiny, valid packages: wheels and source archives with the same bytes every time."""

from __future__ import annotations

import base64
import gzip
import hashlib
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping, Sequence


def metadata(
    name: str, version: str, requires: Sequence[str] = (), requires_python: str = "", licence: str = ""
) -> bytes:
    """Core metadata of a project; ``licence`` is an SPDX expression (PEP 639)."""
    lines = ["Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}", f"Summary: {name} for tests"]
    lines += [f"License-Expression: {licence}"] if licence else []
    lines += [f"Requires-Python: {requires_python}"] if requires_python else []
    lines += [f"Requires-Dist: {requirement}" for requirement in requires]
    return ("\n".join(lines) + "\n").encode()


def wheel(
    name: str,
    version: str,
    requires: Sequence[str] = (),
    *,
    requires_python: str = "",
    padding: int = 0,
    says: str | None = None,
    licence: str = "",
) -> bytes:
    """A pure-Python wheel that imports; ``padding`` bytes make it larger, ``says`` is the name in its metadata."""
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    members = {
        f"{module}/__init__.py": f"__version__ = {version!r}\n".encode(),
        f"{info}/METADATA": metadata(says or name, version, requires, requires_python, licence),
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: tests\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    if padding:
        members[f"{module}/padding.bin"] = hashlib.shake_128(name.encode()).digest(padding)
    record = "".join(f"{path},sha256={_hash(data)},{len(data)}\n" for path, data in members.items())
    members[f"{info}/RECORD"] = f"{record}{info}/RECORD,,\n".encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path, data in members.items():
            archive.writestr(zipfile.ZipInfo(path, (2020, 1, 1, 0, 0, 0)), data)
    return buffer.getvalue()


def sdist(name: str, version: str, licence: str = "") -> bytes:
    """A source archive."""
    return _archive(f"{name}-{version}", {"PKG-INFO": metadata(name, version, licence=licence)})


def provenance(publisher: str, *digests: str) -> bytes:
    """A provenance object (PEP 740) in which ``publisher`` (``GitHub:owner/repo``) attests files of these digests."""
    kind, _, repository = publisher.partition(":")
    statement = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "a file", "digest": {"sha256": digest}} for digest in digests],
        "predicateType": "https://index.example/attestations/publish/v1",
        "predicate": None,
    }
    envelope = {"statement": base64.b64encode(json.dumps(statement).encode()).decode(), "signature": "AA=="}
    attestation = {"version": 1, "verification_material": {"certificate": "AA=="}, "envelope": envelope}
    who = {"kind": kind, "repository": repository, "workflow": "release.yml", "environment": None}
    bundles = [{"publisher": who, "attestations": [attestation]}]
    return json.dumps({"version": 1, "attestation_bundles": bundles}).encode()


def building_sdist(name: str, version: str, code: str) -> bytes:
    """A source archive whose build backend runs ``code`` as soon as anybody asks it for anything."""
    hooks = "".join(
        f"\ndef {hook}(*a, **k): raise SystemExit\n" for hook in ("build_wheel", "prepare_metadata_for_build_wheel")
    )
    backend = '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    members = {"pyproject.toml": backend.encode(), "backend.py": f"{code}\n{hooks}".encode()}
    return _archive(f"{name}-{version}", {"PKG-INFO": metadata(name, version), **members})


def _archive(folder: str, members: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as archive:
        for path, data in members.items():
            entry = tarfile.TarInfo(f"{folder}/{path}")
            entry.size = len(data)
            archive.addfile(entry, io.BytesIO(data))
    return gzip.compress(buffer.getvalue(), mtime=0)


def _hash(data: bytes) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
