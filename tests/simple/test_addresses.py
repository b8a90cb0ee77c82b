"""What the URL of a file may be, and what it may not hide."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.simple.addresses import last_segment, resolve

PAGE = "https://index.example/simple/foo/"


@pytest.mark.parametrize(
    ("address", "url"),
    [
        ("https://files.example/p/foo-1.0.whl", "https://files.example/p/foo-1.0.whl"),
        ("https://files.example/p/foo-1.0.whl#sha256=00", "https://files.example/p/foo-1.0.whl"),
        ("http://127.0.0.1:3141/foo-1.0.whl", "http://127.0.0.1:3141/foo-1.0.whl"),
        ("http://[::1]:3141/foo-1.0.whl", "http://[::1]:3141/foo-1.0.whl"),
        ("//files.example/foo-1.0.whl", "https://files.example/foo-1.0.whl"),
        ("/p/foo-1.0.whl", "https://index.example/p/foo-1.0.whl"),
        ("../../+f/ab/foo-1.0.whl#sha256=00", "https://index.example/+f/ab/foo-1.0.whl"),
        ("../../../../foo-1.0.whl", "https://index.example/foo-1.0.whl"),
        ("foo-1.0.whl?token=a/b", "https://index.example/simple/foo/foo-1.0.whl?token=a/b"),
        ("foo-1.0%2Bcpu.whl", "https://index.example/simple/foo/foo-1.0%2Bcpu.whl"),
        ("https://files.example/f%C3%BCr/foo-1.0.whl", "https://files.example/f%C3%BCr/foo-1.0.whl"),
    ],
)
def test_an_address_counts_from_the_page_and_loses_its_fragment(address: str, url: str) -> None:
    assert resolve(PAGE, address) == url


@pytest.mark.parametrize(
    "address",
    [
        "",
        "#sha256=00",
        "ftp://files.example/foo-1.0.whl",
        "file:///foo-1.0.whl",
        "data:text/plain,foo-1.0.whl",
        "javascript:foo-1.0.whl",
        "https://user@files.example/foo-1.0.whl",
        "https://user:secret@files.example/foo-1.0.whl",
        "https://files.example\\@evil.example/foo-1.0.whl",
        "HTTPS://files.example/foo-1.0.whl",
        "https:///foo-1.0.whl",
        "https:/foo-1.0.whl",
        "https:foo-1.0.whl",
        "https://?/foo-1.0.whl",
        "https://files.example",
        "https://files.example?/foo-1.0.whl",
        "https://files.example:99999/foo-1.0.whl",
        "https://files.example:port/foo-1.0.whl",
        "https://files..example/foo-1.0.whl",
        "https://[::1/foo-1.0.whl",
        "https://[1:2:3]/foo-1.0.whl",
        "https://[fe80::1%25eth0]/foo-1.0.whl",
        "https://f\uff49les.example/foo-1.0.whl",
        "https://files.example/f\u00fcr/foo-1.0.whl",
        "https://files.example/p/../foo-1.0.whl",
        "https://files.example/p/./foo-1.0.whl",
        "https://files.example/p/%2e%2e/foo-1.0.whl",
        "https://files.example/p%2Ffoo-1.0.whl",
        "https://files.example/p%5Cfoo-1.0.whl",
        "https://files.example/p%00/foo-1.0.whl",
        "https://files.example/p%0d%0a/foo-1.0.whl",
        "https://files.example/p%7f/foo-1.0.whl",
        "https://files.example/p%zz/foo-1.0.whl",
        "https://files.example/p%/foo-1.0.whl",
        "https://files.example/p foo-1.0.whl",
        "https://files.example/\tfoo-1.0.whl",
        "ht\ntps://files.example/foo-1.0.whl",
        " https://files.example/foo-1.0.whl",
        "https://files.example/foo-1.0.whl\n",
        "https://files.example/<script>/foo-1.0.whl",
        'https://files.example/"/foo-1.0.whl',
        f"https://files.example/{'x' * 2048}",
        "x" * 2048,
    ],
)
def test_an_address_with_more_than_one_reading_is_none(address: str) -> None:
    assert resolve(PAGE, address) is None


@pytest.mark.parametrize("page", ["", "no url", "https://[/", "mailto:a@index.example"])
def test_a_page_without_a_usable_url_resolves_nothing_relative(page: str) -> None:
    assert resolve(page, "foo-1.0.whl") is None


@given(st.text(max_size=60) | st.text("htps:/.%2eF@[]#?\\ a", max_size=40).map("https://a".__add__))
def test_what_resolves_is_plain_however_it_was_written(address: str) -> None:
    url = resolve(PAGE, address)
    if url is None:
        return
    parts = urlsplit(url)
    assert url.isascii()
    assert url.isprintable()
    assert parts.scheme in {"http", "https"}
    assert parts.hostname
    assert parts.username is None
    assert parts.password is None
    assert not parts.fragment
    assert not {".", ".."} & set(parts.path.split("/"))
    assert resolve("https://elsewhere.example/", url) == url


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("https://files.example/a/foo-1.0.whl", "foo-1.0.whl"),
        ("https://files.example/a/foo-1.0%2Bcpu.whl", "foo-1.0+cpu.whl"),
        ("https://files.example/a/foo.whl?x=/bar.whl", "foo.whl"),
        ("https://files.example/a/", ""),
        ("foo.whl#/bar.whl", "foo.whl"),
    ],
)
def test_the_last_segment_is_the_name_of_the_file(url: str, name: str) -> None:
    assert last_segment(url) == name
