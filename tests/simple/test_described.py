"""What a release says of itself: read leniently, shown safely."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from proxy.simple.described import LINKS_AT_MOST, LONGEST, describe, is_link

METADATA = """\
Metadata-Version: 2.4
Name: flask
Version: 3.0.0
Summary: A framework
 of the web
License-Expression: BSD-3-Clause
Author: Ada
Author-email: Ada <ada@example>
Maintainer: Grace
Requires-Python: >=3.11
Project-URL: Source, https://code.example/flask
Home-page: http://flask.example/
Requires-Dist: click>=8
Requires-Dist: async-thing[fast]>=2; extra == "async"

# A long text that
Requires-Dist: is-not-a-field
"""


def test_the_fields_are_read() -> None:
    found = describe(METADATA.encode())
    assert found.summary == "A framework of the web"
    assert (found.licence, found.spdx, found.requires_python) == ("BSD-3-Clause", True, ">=3.11")
    assert found.people == ("Ada", "Ada <ada@example>", "Grace")
    assert found.links == (("Home page", "http://flask.example/"), ("Source", "https://code.example/flask"))
    assert found.requires == ("click>=8", 'async-thing[fast]>=2; extra == "async"')


@pytest.mark.parametrize(
    ("lines", "licence", "spdx"),
    [
        ("License: BSD", "BSD", False),
        ("License: mit license", "MIT", True),
        ("Classifier: License :: OSI Approved :: MIT License", "MIT", True),
        ("License: ours\nClassifier: License :: OSI Approved :: BSD License", "BSD License", False),
        ("License-Expression: ours alone", "ours alone", False),
        ("Classifier: Topic :: Games", "", False),
        ("License: " + "x" * 9000, "x" * (LONGEST - 1) + "…", False),
    ],
)
def test_a_licence_is_an_expression_or_what_it_is_called(lines: str, licence: str, spdx: bool) -> None:
    found = describe(f"Name: flask\n{lines}\n".encode())
    assert (found.licence, found.spdx) == (licence, spdx)


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://code.example/flask?x=1#top", True),
        ("http://code.example:8080/", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("file:///etc/passwd", False),
        ("https://", False),
        ("https:///path", False),
        ("https://ada:secret@code.example/", False),
        ("https://code.example/ x", False),
        ('https://code.example/"onclick=', False),
        ("https://code.example\\@evil.example/", False),
        ("https://cоde.example/", False),
        ("https://[::1", False),
        ("https://code.example/" + "x" * 999, False),
        ("", False),
    ],
)
def test_only_plain_addresses_are_links(address: str, shown: bool) -> None:
    assert is_link(address) is shown
    found = describe(f"Name: flask\nProject-URL: Code, {address}\n".encode())
    assert bool(found.links) is shown


def test_text_that_turns_lines_round_is_shown_without_its_tricks() -> None:
    found = describe("Name: flask\nSummary: a\u202eb\x1b[31mc\nAuthor: x\u200by\n".encode())
    assert found.summary == "a b [31mc"
    assert found.people == ("x y",)


def test_two_links_of_one_name_are_both_shown_and_many_are_cut() -> None:
    twice = "Project-URL: Home, https://one.example\nProject-URL: Home, https://two.example\n"
    assert [address for _, address in describe(twice.encode()).links] == ["https://one.example", "https://two.example"]
    many = "".join(f"Project-URL: {number}, https://{number}.example\n" for number in range(99))
    assert len(describe(many.encode()).links) == LINKS_AT_MOST


@given(st.binary(max_size=2000))
def test_whatever_comes_is_read_and_is_fit_to_be_shown(content: bytes) -> None:
    found = describe(content)
    texts = [found.summary, found.licence, found.requires_python, *found.people, *found.requires]
    assert all(text.isprintable() and len(text) <= LONGEST for text in texts)
    assert all(is_link(address) and label.isprintable() for label, address in found.links)
