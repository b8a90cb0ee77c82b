"""What is fed with anything, by name: each takes bytes and raises where something is not as it must be.

Hypothesis drives them in the suite, atheris on demand (:mod:`tests.bench.fuzz`). An input that a target refuses in
our own words is a good end; any other exception is a finding.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress

from packaging.utils import NormalizedName

from proxy import locks
from proxy.errors import DocumentRefused, OriginRefused, UpstreamBroken
from proxy.feeds.record import Unreadable
from proxy.feeds.record import read as read_record
from proxy.model import Kind
from proxy.policy.credentials import may_have
from proxy.policy.document.reading import read as read_document
from proxy.policy.ranges import compile_project
from proxy.policy.similarity import NameIndex
from proxy.simple import metadata
from proxy.simple.addresses import path_of, resolve
from proxy.simple.inside import Odd, metadata_in
from proxy.simple.names import normal, project_of
from proxy.simple.negotiate import Format, coding_for, format_for, matches
from proxy.simple.parse import parse
from proxy.simple.provenance import publisher
from proxy.simple.render import Row, render
from proxy.upstream.origins import follow, origin_of
from proxy.web.bodies import CODINGS
from proxy.web.byterange import UNSATISFIABLE, span
from proxy.web.checks import wanted
from proxy.web.http import agent_of, printable
from proxy.web.readers import secret_of

FOO = NormalizedName("foo")
PAGE = "https://index.example/simple/foo/"
SHOWN = "https://gate.example/simple/foo/"


def page(data: bytes) -> None:
    """An index page, JSON or HTML: it is read or refused, and what is read is shown the same by every form."""
    try:
        found = parse(data, "", PAGE, FOO)
    except UpstreamBroken as error:
        assert "\n" not in str(error)
        return
    assert found.project == FOO
    for file in found.files:
        assert project_of(file.filename) == FOO
        with suppress(OriginRefused):  # then it is of no origin that anybody could have allowed
            assert origin_of(file.url)
        assert file.sha256 is None or len(file.sha256) == 64
    rows = [Row(file, f"../../files{path_of(file.url)}") for file in found.files]
    for form in Format:
        again = parse(render(FOO, rows, form, status=None, status_reason=None), form, SHOWN, FOO)
        assert {file.filename for file in again.files} == {file.filename for file in found.files}
        assert {file.sha256 for file in again.files} == {file.sha256 for file in found.files}


def record(data: bytes) -> None:
    """An OSV record: it is read or unreadable, and what is read can be asked."""
    try:
        found = read_record(data, "A-1")
    except Unreadable:
        return
    for project in {affected.project for affected in found.advisory.affected}:
        compiled = compile_project([found.advisory], project)
        for version in ("0.1", "1.0", "2.0rc1", "junk"):
            compiled.match(version)


def lock(data: bytes) -> None:
    """A lock file of any kind: what is said of it is short and printable."""
    kind, _, content = data.partition(b"\n")
    named = kind.decode("latin-1")
    found = locks.read("x", content, named if named in locks.KINDS else "", lambda _name: content)
    for remark in (*found.faults, *found.aside):
        assert len(remark.sentence) <= 500
        assert remark.sentence.isprintable(), remark.sentence
    assert all(len(digest) == 64 for locked in found.locked for digest in locked.sha256s)


def document(data: bytes) -> None:
    """A policy document: it is read, or refused with every fault in words."""
    try:
        read_document(data.decode("utf-8", "replace"))
    except DocumentRefused as refused:
        assert refused.faults
        assert all(refused.faults)


class _Bytes:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def read(self, offset: int, length: int) -> bytes:
        return self._content[offset : offset + length]


def archive(data: bytes) -> None:
    """A wheel or a source archive: something is found in it, nothing, or it is odd."""
    kinds: tuple[Kind, ...] = ("wheel", "sdist")
    for kind in kinds:
        try:
            inside = metadata_in(kind, _Bytes(data), len(data))
        except Odd as odd:
            assert str(odd).isprintable()
            continue
        if inside is not None:
            said(inside)


def said(data: bytes) -> None:
    """Core metadata: what it says is text, and what it lacks is empty."""
    found = metadata.read(data)
    assert found.contradicts(FOO, "1.0").isprintable()
    assert all(isinstance(name, str) for name in metadata.needs(data))


def provenance(data: bytes) -> None:
    """A provenance object: a publisher's name is plain."""
    found = publisher(data, "a" * 64)
    assert found.isascii()
    assert found.isprintable()


def name(data: bytes) -> None:
    """A project's name: what is one is ASCII, and normalising it again changes nothing."""
    text = data.decode("utf-8", "replace")
    found = normal(text)
    if found is not None:
        assert normal(found) == found
        assert found.isascii()
        assert len(found) <= 128
        may_have(("f*",), found)
    file = project_of(text)
    assert file is None or normal(file) == file
    _look_alikes.look(text)


_look_alikes = NameIndex.build(("requests", "numpy", "python-dateutil", "flask", "six"), ())


def address(data: bytes) -> None:
    """An address on a page, or where a redirect leads: one reading, and nowhere but where it says."""
    text = data.decode("utf-8", "replace")
    found = resolve(PAGE, text)
    if found is not None:
        assert found.isascii()
        assert found.isprintable()
        assert "\\" not in found
        assert "@" not in found.partition("://")[2].partition("/")[0]
        with suppress(OriginRefused):  # what a page may say, and nobody follows
            assert origin_of(found).partition("://")[2].partition(":")[0] in found.lower()
    with suppress(OriginRefused):
        assert follow(PAGE, text).isascii()


def headers(data: bytes) -> None:
    """Headers of a client: each is understood or counts as absent."""
    text = data.decode("latin-1")
    assert format_for(text, text) in {None, *Format}
    assert coding_for(text, CODINGS) in {*CODINGS, "identity"}
    assert matches(text, '"a"') in {True, False}
    part = span(text, "", '"a"', 1000)
    assert part is None or part is UNSATISFIABLE or 0 <= part.start < part.stop <= 1000
    assert agent_of(data).isascii()
    assert printable(text).isascii()
    assert isinstance(secret_of(data), bytes)


def check(data: bytes) -> None:
    """What ``/check`` is sent: read, or refused in words."""
    try:
        assert len(wanted(data)) <= 2_000
    except ValueError as error:
        assert json.dumps(str(error))


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (page, record, lock, document, archive, said, provenance, name, address, headers, check)
}
