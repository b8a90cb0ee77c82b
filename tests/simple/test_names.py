"""What a name may be: PEP 508 and 503 for projects, PEP 427, 625 and 440 for files."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from packaging.utils import (
    InvalidSdistFilename,
    InvalidWheelFilename,
    NormalizedName,
    parse_sdist_filename,
    parse_wheel_filename,
)

from proxy.simple import names
from proxy.simple.names import is_normal, normal, project_of, read_filename

FOO = NormalizedName("foo")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("flask", "flask"),
        ("Flask", "flask"),
        ("zope.interface", "zope-interface"),
        ("a._-b", "a-b"),
        ("A__B", "a-b"),
        ("7", "7"),
        ("x" * 128, "x" * 128),
    ],
)
def test_a_project_name_is_normalised(text: str, name: str) -> None:
    assert normal(text) == name
    assert is_normal(name)
    assert is_normal(text) is (text == name)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-foo",
        "foo-",
        ".",
        "..",
        "_",
        "foo bar",
        "foo\n",
        "foo\0",
        "foo/bar",
        "foo%2fbar",
        "foo%2Dbar",
        "foo\\bar",
        "\uff46oo",  # fullwidth f
        "\u212aite",  # KELVIN SIGN, which lower() makes a k
        "pa\u017fs",  # long s
        "f\u0131ask",  # dotless i
        "fo\u200bo",  # zero-width space
        "fo\u00ado",  # soft hyphen
        "foo\u0660",  # a digit, but not one of ours
        "x" * 129,
    ],
)
def test_what_is_no_project_name_is_refused(text: str) -> None:
    assert normal(text) is None
    assert not is_normal(text)


@given(st.text(max_size=20))
def test_a_normalised_name_stays_as_it_is(text: str) -> None:
    name = normal(text)
    assert name is None or (normal(name) == name and is_normal(name) and name.isascii())


@pytest.mark.parametrize(
    ("filename", "version", "kind"),
    [
        ("foo-1.0-py3-none-any.whl", "1.0", "wheel"),
        ("Foo-1.0.0-py2.py3-none-any.whl", "1.0.0", "wheel"),
        ("foo-1.0-2build-cp312-abi3-manylinux_2_17_x86_64.manylinux2014_x86_64.whl", "1.0", "wheel"),
        ("foo-1!2.0+Local.1-py3-none-any.whl", "1!2.0+local.1", "wheel"),
        ("foo-v1.0_post1-py3-none-any.whl", "1.0.post1", "wheel"),
        ("foo-1.0.tar.gz", "1.0", "sdist"),
        ("foo-1.0RC1.tar.gz", "1.0rc1", "sdist"),
        ("FOO-01.0.zip", "1.0", "legacy"),
        ("foo-1.0.tar.bz2", "1.0", "legacy"),
        ("foo-1.0.tgz", "1.0", "legacy"),
    ],
)
def test_a_file_name_says_version_and_kind(filename: str, version: str, kind: str) -> None:
    assert read_filename(filename, FOO) == (version, kind)
    assert project_of(filename) == FOO


@pytest.mark.parametrize(
    ("filename", "version", "kind"),
    [
        ("zope_interface-5.0.tar.gz", "5.0", "sdist"),  # as PEP 625 has it
        ("zope.interface-5.0.tar.gz", "5.0", "sdist"),  # as it was before
        ("Zope-Interface-5.0.tar.gz", "5.0", "sdist"),
        ("zope__interface-5.0.tar.gz", "5.0", "sdist"),
        ("zope_interface-1!5.0.dev1+local_1.tar.gz", "1!5.0.dev1+local.1", "sdist"),
        ("zope.interface-5.0.zip", "5.0", "legacy"),
        ("zope_interface-5.0-py3-none-any.whl", "5.0", "wheel"),  # as PEP 427 has it
        ("Zope.Interface-5.0-py3-none-any.whl", "5.0", "wheel"),
    ],
)
def test_a_name_of_two_words_is_read_in_every_spelling(filename: str, version: str, kind: str) -> None:
    project = NormalizedName("zope-interface")
    assert (project_of(filename), read_filename(filename, project)) == (project, (version, kind))
    assert isinstance(read_filename(filename, NormalizedName("zope")), str)


@pytest.mark.parametrize(
    ("filename", "problem"),
    [
        ("bar-1.0-py3-none-any.whl", "another project"),
        ("foo-bar-1.0.tar.gz", "another project"),
        ("foo-1.0-1.tar.gz", "another project"),  # version 1 of foo-1.0, not a post release
        ("fo\uff4f-1.0.tar.gz", "project"),
        ("-1.0.tar.gz", "project"),
        ("../foo-1.0.tar.gz", "project"),
        ("foo__x-1.0-py3-none-any.whl", "project"),
        ("foo-latest.tar.gz", "version"),
        ("foo-.tar.gz", "version"),
        ("foo-1.0 .tar.gz", "version"),
        ("foo- 1.0-py3-none-any.whl", "version"),
        ("foo-1.0\n.tar.gz", "version"),
        ("foo-1.0/..-py3-none-any.whl", "version"),
        (f"foo-{'1' * 129}.tar.gz", "version"),
        ("foo-1.0-py3-none.whl", "tags"),
        ("foo-1.0-py3-none-any-x-y.whl", "tags"),
        ("foo-1.0-build-py3-none-any.whl", "tags"),
        ("foo-1.0-py3-none-a%2fny.whl", "tags"),
        (f"foo-1.0-{'.'.join(['p'] * 30)}-{'.'.join(['n'] * 30)}-any.whl", "tags"),
        ("foo-1.0.whl", "tags"),
        ("foo-1.0-py3-none-any.WHL", "neither"),
        ("foo-1.0-py2.7.egg", "neither"),
        ("foo-1.0.win32.exe", "neither"),
        ("foo-1.0.tar", "neither"),
        ("foo-1.0-py3.11.egg", "neither"),
        ("foo-1.0-py3-none-any.whl.metadata", "neither"),
        ("", "neither"),
        (f"foo-1.0+{'x' * 250}.tar.gz", "longer"),
    ],
)
def test_a_file_name_that_says_anything_else_is_refused(filename: str, problem: str) -> None:
    read = read_filename(filename, FOO)
    assert isinstance(read, str)
    assert problem in read
    assert project_of(filename) != FOO


part = st.text("aB1._+!-vp y", max_size=6)
version = st.sampled_from(["1.0", "1", "1.0.0", "v2", "1!3", "1.0+l.1", "2rc1", "x", "", "1_1", "1.0_post2"])
stem = st.builds("{}-{}-{}-{}-{}".format, part, version, part, part, part)


@given(st.one_of(stem, st.text("foo-1.0_py3nya", max_size=40)))
@example("foo-1.0-py3-none-any")
@example("a--py3-none-any")
@example("foo-1-1-py3-none-any")
def test_wheel_names_read_as_packaging_reads_them(stem: str) -> None:
    filename = f"{stem}.whl"
    try:
        name, found, *_ = parse_wheel_filename(filename)
    except InvalidWheelFilename:
        assert project_of(filename) is None
        return
    if " " in filename or normal(name) is None:
        assert project_of(filename) is None
    else:
        assert project_of(filename) == name
        assert read_filename(filename, name) == (str(found), "wheel")


@given(st.builds("{}-{}{}".format, part, version, st.sampled_from([".tar.gz", ".zip"])))
def test_sdist_names_read_as_packaging_reads_them(filename: str) -> None:
    try:
        name, found = parse_sdist_filename(filename)
    except InvalidSdistFilename:
        assert project_of(filename) is None
        return
    written = filename.removesuffix(".zip").removesuffix(".tar.gz").rpartition("-")[0]
    if " " in filename or normal(written) is None:
        assert project_of(filename) is None
    else:
        kind = "legacy" if filename.endswith(".zip") else "sdist"
        assert read_filename(filename, name) == (str(found), kind)


@given(st.text(max_size=300))
def test_no_text_makes_reading_fail(text: str) -> None:
    for suffix in ("", ".whl", ".tar.gz", ".zip"):
        read = read_filename(text + suffix, FOO)
        assert isinstance(read, str) or project_of(text + suffix) == FOO


def test_a_name_of_any_length_fills_no_memory() -> None:
    before = names._project_of.cache_info().currsize
    for number in range(50):
        assert project_of("x" * 60_000 + str(number)) is None
    assert names._project_of.cache_info().currsize == before
