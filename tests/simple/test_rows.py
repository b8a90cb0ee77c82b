"""One row of a page: what is believed, what counts as not said, and what makes it unreadable."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest
from packaging.utils import NormalizedName

from proxy.model import ReleaseFile, Unreadable
from proxy.simple.rows import REASON_AT_MOST, Digests, Row, cleaned, from_raw, said_digests, to_file

PAGE = "https://index.example/simple/foo/"
WHEEL = "foo-1.0-py3-none-any.whl"
DIGEST = "0123456789abcdef" * 4


def read(row: Row) -> ReleaseFile | Unreadable:
    return to_file(row, PAGE, NormalizedName("foo"))


def file_of(row: Row) -> ReleaseFile:
    file = read(row)
    assert isinstance(file, ReleaseFile)
    return file


def test_a_row_that_says_nothing_but_its_name_is_a_file_of_which_nothing_is_known() -> None:
    url = f"https://index.example/simple/foo/{WHEEL}"
    assert read(Row(WHEEL, WHEEL)) == ReleaseFile(WHEEL, "1.0", "wheel", url, None)


@pytest.mark.parametrize(
    ("said", "digest"),
    [
        (DIGEST, DIGEST),
        (DIGEST.upper(), DIGEST),
        ("", None),
        (DIGEST[1:], None),
        (DIGEST + "0", None),
        ("g" * 64, None),
        (" " + DIGEST[1:], None),
        (DIGEST[:62] + "  ", None),
        ("0x" + DIGEST[2:], None),
        ("\u0660" * 64, None),
        (None, None),
    ],
)
def test_a_digest_is_64_hex_digits_or_not_known(said: str | None, digest: str | None) -> None:
    assert file_of(Row(WHEEL, WHEEL, hashes=Digests(said))).sha256 == digest


@pytest.mark.parametrize(
    ("said", "moment"),
    [
        ("2024-02-29T23:59:59.123456Z", datetime(2024, 2, 29, 23, 59, 59, 123456, tzinfo=UTC)),
        ("2024-03-01T01:59:59+02:00", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("2024-02-29T23:59:59", None),  # no zone: could be most of a day off
        ("2024-02-29", None),
        ("2023-02-29T00:00:00Z", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_an_upload_time_is_a_moment_or_not_known(said: str | None, moment: datetime | None) -> None:
    assert file_of(Row(WHEEL, WHEEL, upload_time=said)).upload_time == moment


@pytest.mark.parametrize(
    ("said", "yanked"),
    [
        (None, None),
        (False, None),
        ("", None),  # PEP 592: only a truthy value yanks
        (True, ""),
        ("Broken", "Broken"),
        ("two\r\nlines\x1b[31m", "two lines [31m"),
        ("\u202etxet desrever", " txet desrever"),
        ("x" * 1000, "x" * REASON_AT_MOST),
    ],
)
def test_a_yanked_file_keeps_its_reason_as_one_plain_line(said: bool | str | None, yanked: str | None) -> None:
    assert file_of(Row(WHEEL, WHEEL, yanked=said)).yanked == yanked


@pytest.mark.parametrize(
    ("core", "dist", "metadata"),
    [
        (None, None, None),
        (False, None, None),
        (True, None, ""),
        (Digests(DIGEST), None, DIGEST),
        (Digests("short"), None, ""),
        (Digests(), None, ""),
        (None, True, ""),
        (None, Digests(DIGEST), DIGEST),
        (False, Digests(DIGEST), None),
    ],
)
def test_metadata_is_known_by_either_name_and_the_new_one_counts(
    core: bool | Digests | None, dist: bool | Digests | None, metadata: str | None
) -> None:
    assert file_of(Row(WHEEL, WHEEL, core_metadata=core, dist_info_metadata=dist)).metadata == metadata


def test_a_source_distribution_has_no_metadata_here() -> None:
    assert file_of(Row("foo-1.0.tar.gz", "foo-1.0.tar.gz", core_metadata=True)).metadata is None


@pytest.mark.parametrize(
    ("said", "url"),
    [
        ("https://index.example/integrity/foo", "https://index.example/integrity/foo"),
        ("/integrity/foo", "https://index.example/integrity/foo"),
        ("javascript:alert(1)", None),
        (None, None),
    ],
)
def test_provenance_is_a_plain_url_or_not_known(said: str | None, url: str | None) -> None:
    assert file_of(Row(WHEEL, WHEEL, provenance=said)).provenance == url


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        (Row("bar-1.0.tar.gz", "bar-1.0.tar.gz"), "another project"),
        (Row(WHEEL, "ftp://files.example/" + WHEEL), "http"),
        (Row(WHEEL, "https://user@files.example/" + WHEEL), "http"),
        (Row(WHEEL, "foo-2.0-py3-none-any.whl"), "another name"),
        (Row(WHEEL, f"foo-2.0-py3-none-any.whl?/{WHEEL}"), "another name"),
        (Row(WHEEL, f"foo-2.0-py3-none-any.whl#/{WHEEL}"), "another name"),
        (Row(WHEEL, WHEEL, requires_python=">=3\n"), "Python versions"),
        (Row(WHEEL, WHEEL, requires_python="\u22653"), "Python versions"),
        (Row(WHEEL, WHEEL, requires_python=">=3," * 100), "Python versions"),
    ],
)
def test_a_row_that_cannot_be_believed_is_unreadable_and_says_why(row: Row, problem: str) -> None:
    found = read(row)
    assert isinstance(found, Unreadable)
    assert problem in found.problem


def test_an_odd_specifier_of_an_old_release_passes() -> None:
    assert file_of(Row(WHEEL, WHEEL, requires_python=">=2.7,!=3.0.*,<4.*")).requires_python == ">=2.7,!=3.0.*,<4.*"


def test_the_name_of_an_unreadable_row_is_shown_without_its_tricks() -> None:
    found = read(Row("foo\n\u202e.whl" + "x" * 1000, ""))
    assert isinstance(found, Unreadable)
    assert found.filename.startswith("foo\\n\\u202e.whl")
    assert len(found.filename) < 300


@pytest.mark.parametrize(
    ("text", "digest"),
    [
        (f"sha256={DIGEST}", DIGEST),
        (f"egg=foo&sha256={DIGEST}", DIGEST),
        (f"md5=00&sha256={DIGEST}&x", DIGEST),
        ("md5=d41d8cd98f00b204e9800998ecf8427e", None),
        ("sha256", ""),
        ("", None),
    ],
)
def test_digests_are_found_in_a_fragment(text: str, digest: str | None) -> None:
    assert said_digests(text).sha256 == digest


@pytest.mark.parametrize(
    ("text", "filename", "problem"),
    [
        (b'{"filename": "foo.whl", "url": 1}', "foo.whl", "$.url"),
        (b'{"filename": "foo.whl", "url": "x", "size": true}', "foo.whl", "$.size"),
        (b'{"filename": "foo.whl", "url": "x", "size": -1}', "foo.whl", "$.size"),
        (b'{"filename": "foo.whl", "url": "x", "size": 1.5}', "foo.whl", "$.size"),
        (b'{"filename": "foo.whl", "url": "x", "size": 1000000000000000}', "foo.whl", "$.size"),
        (b'{"filename": "foo.whl", "url": "x", "yanked": []}', "foo.whl", "$.yanked"),
        (b'{"filename": "foo.whl", "url": "x", "hashes": {"sha256": 1}}', "foo.whl", "sha256"),
        (b'{"filename": "foo.whl"}', "foo.whl", "url"),
        (b'{"url": "x"}', "?", "filename"),
        (b'{"filename": null, "url": "x"}', "?", "filename"),
        (b"null", "?", "null"),
        (b"[]", "?", "array"),
    ],
)
def test_a_row_of_wrong_types_is_unreadable(text: bytes, filename: str, problem: str) -> None:
    (found,) = from_raw([msgspec.Raw(text)])
    assert isinstance(found, Unreadable)
    assert found.filename == filename
    assert problem in found.problem


@pytest.mark.parametrize("unseen", ["\x1b", "\u202e", "\u06dd", "\u200b", "\u00ad", "\ud800", "\r\n", "\U000e0001"])
def test_foreign_text_is_shown_without_what_is_not_seen(unseen: str) -> None:
    assert cleaned(f"a{unseen}b") == "a b"
    assert cleaned("a" * 600 + unseen) == "a" * 500
