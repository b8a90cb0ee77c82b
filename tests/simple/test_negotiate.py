"""What a client wants, by RFC 9110 and PEP 691."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.simple.negotiate import HEADER_AT_MOST, Format, coding_for, format_for, matches

JSON, HTML, LEGACY = Format
V1 = "application/vnd.pypi.simple.v1"


@pytest.mark.parametrize(
    ("accept", "form"),
    [
        ("", LEGACY),
        ("*/*", LEGACY),
        (" , ,", LEGACY),
        (f"{V1}+json, {V1}+html; q=0.1, text/html; q=0.01", JSON),  # pip
        (f"{V1}+json, {V1}+html;q=0.2, text/html;q=0.01", JSON),  # uv
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", LEGACY),  # a browser
        (f"{V1}+html", HTML),
        ("text/html", LEGACY),
        ("TEXT/HTML;Charset=utf-8", LEGACY),
        ("application/vnd.pypi.simple.latest+json", JSON),
        ("application/vnd.pypi.simple.latest+html", HTML),
        (f"text/html, {V1}+html, {V1}+json", JSON),
        (f"text/html;q=0.9, {V1}+json;q=0.8", LEGACY),
        (f"{V1}+json;q=0.001", JSON),
        (f"*/*, {V1}+json", JSON),
        (f"*/*, {V1}+json;q=0.5", LEGACY),
        (f"*/*, {V1}+json;q=0, text/html;q=0", HTML),
        ("*/*, text/html;q=0", JSON),
        ("*/*;q=0.5, text/*;q=0.1", JSON),
        ("application/*", JSON),
        ("text/*", LEGACY),
        ("text/*, application/*;q=0.5", LEGACY),
        ("image/png, */*;q=0.1", LEGACY),
        ("text/html;level=1;q=0.3", LEGACY),
        ("text/html;q=2, text/html;q=x", LEGACY),  # malformed weights: as if nothing was said
        ("image/png", None),
        ("application/json", None),
        (f"{V1}+json;q=0", None),
        ("text/html;q=0.000", None),
        ("*/*;q=0", None),
        ("application/vnd.pypi.simple.v2+json", None),
    ],
)
def test_the_format_a_client_likes_best(accept: str, form: Format | None) -> None:
    assert format_for(accept) is form


@pytest.mark.parametrize(
    ("query", "form"),
    [
        (f"format={V1}+json", JSON),
        ("format=application%2Fvnd.pypi.simple.v1%2Bjson", JSON),
        ("x=1&format=application/vnd.pypi.simple.latest+html", HTML),
        ("format=text/html", LEGACY),
        ("format=text/plain", None),
        ("format=", None),
        ("informat=text/html", JSON),
    ],
)
def test_a_format_in_the_url_beats_the_header(query: str, form: Format | None) -> None:
    assert format_for(f"{V1}+json", query) is form


def test_an_endless_header_counts_as_none() -> None:
    assert format_for(f"{V1}+json," * HEADER_AT_MOST) is LEGACY
    assert coding_for("gzip," * HEADER_AT_MOST, ("gzip",)) == "identity"
    assert not matches('"a",' * HEADER_AT_MOST, '"a"')


@pytest.mark.parametrize(
    ("header", "coding"),
    [
        (None, "identity"),
        ("", "identity"),
        ("identity", "identity"),
        ("gzip", "gzip"),
        ("GZip", "gzip"),
        ("x-gzip", "gzip"),
        ("gzip, deflate", "gzip"),
        ("gzip, deflate, br, zstd", "zstd"),
        ("zstd;q=0.5, gzip", "gzip"),
        ("gzip;q=0.5, identity", "identity"),
        ("gzip, identity", "gzip"),
        ("gzip;q=0", "identity"),
        ("deflate, br", "identity"),
        ("*", "identity"),
        ("gzip, *", "gzip"),
        ("*;q=0.5, gzip;q=0.1", "gzip"),
        ("identity;q=0, *", "zstd"),
        ("identity;q=0, zstd;q=0, *;q=0.1", "gzip"),
        ("*;q=0", "identity"),
        ("identity;q=0", "identity"),
        ("gzip;q=junk", "identity"),
    ],
)
def test_the_coding_a_client_likes_best(header: str | None, coding: str) -> None:
    assert coding_for(header, ("zstd", "gzip")) == coding


@pytest.mark.parametrize(
    ("header", "holds"),
    [
        ('"a"', True),
        ('W/"a"', True),
        (' "b" , W/"a"', True),
        ('"b","a"', True),
        ("*", True),
        (" * ", True),
        ('"b"', False),
        ('"A"', False),
        ("a", False),
        ('"aa"', False),
        ("", False),
        ('"x, "', False),
        ('"b, *"', False),
    ],
)
def test_entity_tags_are_compared_weakly(header: str, holds: bool) -> None:
    assert matches(header, '"a"') is holds
    assert matches(header, 'W/"a"') is holds


@given(st.text(), st.text())
def test_no_header_makes_negotiation_fail(header: str, query: str) -> None:
    assert format_for(header, query) in {*Format, None}
    assert coding_for(header, ("gzip",)) in {"gzip", "identity"}
    assert matches(header, '"a"') in {True, False}
