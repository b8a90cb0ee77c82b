"""Whatever the bytes are: no exception, bounded answers, printable sentences."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import tomli_w
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from proxy import locks
from proxy.locks import KINDS, Reading
from proxy.locks.decoding import BYTES_AT_MOST
from proxy.locks.gathering import FAULTS_AT_MOST, FILES_AT_MOST, LOCKED_AT_MOST

FOLDER = Path(__file__).parents[1] / "data" / "locks"
FIXTURES = sorted(path for path in FOLDER.iterdir() if path.is_file())
WORDS = """
    package packages name version source sdist wheels hash hashes url path registry git editable files file metadata
    lock-version lock_version created-by index vcs directory archive type _meta default sources components purl
    externalReferences alg content spdxVersion externalRefs referenceType referenceLocator checksums bomFormat
    content-hash commit-id sha256
"""
KEYS = st.sampled_from(WORDS.split())
WHEEL = "https://files.example/flask-1.0-py3-none-any.whl"
TEXTS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(("flask", "1.0", "==1.0", "1", f"sha256:{'a' * 64}", WHEEL, "git", "pkg:pypi/flask@1.0", "purl")),
    st.sampled_from(("pkg:pypi/@", "SPDX-2.3", "CycloneDX", "distribution", ".", "http://[::1", "uv")),
)
VALUES = st.recursive(
    st.one_of(TEXTS, st.integers(), st.booleans(), st.floats(allow_nan=False, allow_infinity=False)),
    lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=5)),
    max_leaves=20,
)
DOCUMENTS = st.dictionaries(KEYS, VALUES, max_size=6)
UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")
settings.register_profile("locks", deadline=None, suppress_health_check=[HealthCheck.too_slow])
SETTINGS = settings.get_profile("locks")


def judged(found: Reading) -> None:
    """Check what holds for every reading."""
    for remark in (*found.faults, *found.aside):
        assert not UNSEEN.search(remark.sentence)
        assert len(remark.sentence) <= 500
    for locked in found.locked:
        assert all(len(digest) == 64 for digest in locked.sha256s)
        assert all(url.isascii() and url.isprintable() for url in locked.urls)
    assert all(address.url.isprintable() for address in found.addresses)


@SETTINGS
@given(st.binary(max_size=400), st.sampled_from(["", *KINDS]))
def test_any_bytes(content: bytes, kind: str) -> None:
    judged(locks.read("x", content, kind, lambda _name: content))


@SETTINGS
@given(st.text(alphabet=st.sampled_from("abc=<>!~;@[]()#\\\n\r \t-erchif:/.,'\"0123+*%${}\x1b\u202e"), max_size=300))
def test_any_lines(text: str) -> None:
    judged(locks.read("requirements.txt", text.encode(), "requirements", lambda _name: text.encode()))


@SETTINGS
@given(DOCUMENTS, st.sampled_from(["", *KINDS]))
def test_any_document(document: dict[str, object], kind: str) -> None:
    judged(locks.read("x", json.dumps(document).encode(), kind))
    head = {"version": 1, "lock-version": "1.0", "created-by": "x"}
    judged(locks.read("x", tomli_w.dumps({**head, **document}).encode(errors="replace"), kind))


@SETTINGS
@given(st.sampled_from(FIXTURES), st.data())
def test_real_locks_with_bytes_changed(path: Path, data: st.DataObject) -> None:
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 6))):
        at = data.draw(st.integers(0, len(content) - 1))
        content[at : at + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
        content = content or bytearray(b"x")
    judged(locks.read(path.name, bytes(content), "", lambda _name: None))


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("uv.lock", b"a = " + b"[" * 100_000),
        ("uv.lock", b"a = " + b"{a=" * 5_000),
        ("uv.lock", b"version = " + b"9" * 100_000),
        ("x.cdx.json", b'{"components":' + b"[" * 100_000),
        ("x.cdx.json", b'{"components":[' * 200 + b"]}" * 200),
        (
            "x.cdx.json",
            b'{"components":[{"components":[{"components":' + b'[{"components":' * 400 + b"[]" + b"}]" * 403,
        ),
        ("Pipfile.lock", b'{"_meta": ' + b"9" * 100_000 + b"}"),
        ("Pipfile.lock", b"[]"),
        ("pylock.toml", b'lock-version = "1.0"\ncreated-by = "x"\npackages = 3\n'),
        ("pylock.toml", b'lock-version = "9.0"\ncreated-by = "x"\npackages = []\n'),
        ("uv.lock", b"version = 7\n"),
        ("requirements.txt", b"-r requirements2.txt\n" * 3),
        ("requirements.txt", b"x" * (BYTES_AT_MOST + 1)),
    ],
)
def test_what_is_meant_to_break_it_is_a_fault(name: str, content: bytes) -> None:
    found = locks.read(name, content, "", lambda name: f"-r {name}2\n".encode())
    assert found.faults
    judged(found)


def test_counts_are_bounded() -> None:
    many = "\n".join(f"p{number}==1" for number in range(LOCKED_AT_MOST + 900))
    found = locks.read("requirements.txt", many.encode())
    assert (len(found.locked), len(found.faults)) == (LOCKED_AT_MOST, FAULTS_AT_MOST)
    hashes = " ".join(f"--hash=sha256:{number:064x}" for number in range(FILES_AT_MOST + 1))
    found = locks.read("requirements.txt", f"flask==1 {hashes}".encode())
    assert not found.locked
    assert len(found.faults) == 1


STANDARD_WHEELS = [{"url": WHEEL, "hashes": {"sha256": "a" * 64}}]
ENTRIES: dict[str, tuple[str, dict[str, object], dict[str, object]]] = {
    "uv": ("package", {"version": 1}, {"name": "flask", "version": "1.0", "source": {"registry": "https://i.example"}}),
    "poetry": ("package", {}, {"name": "flask", "version": "1.0"}),
    "pdm": ("package", {}, {"name": "flask", "version": "1.0"}),
    "pylock": (
        "packages",
        {"lock-version": "1.0", "created-by": "x"},
        {"name": "flask", "version": "1.0", "wheels": STANDARD_WHEELS},
    ),
}


@pytest.mark.parametrize("kind", ENTRIES)
def test_every_bad_entry_is_told_and_the_good_ones_are_read(kind: str) -> None:
    key, head, good = ENTRIES[kind]
    bad = [{**good, "name": 7}, {**good, "version": []}, {"x": "y"}]
    found = locks.read("x", tomli_w.dumps({**head, key: [bad[0], good, *bad[1:]]}).encode(), kind)
    assert [locked.project for locked in found.locked] == ["flask"]
    assert len(found.faults) == 3
    assert len({fault.where for fault in found.faults}) == 3
