"""Requirements files, line by line, as pip reads them."""

from __future__ import annotations

import pytest

from proxy import locks
from proxy.locks import Reading

A, B = "a" * 64, "b" * 64


def read(text: str, **others: str) -> Reading:
    """Read a requirements file that may include others (NAME_txt is name.txt)."""
    files = {name.replace("_", "."): content.encode() for name, content in others.items()}
    return locks.read("requirements.txt", text.encode(), "requirements", files.get)


@pytest.mark.parametrize(
    ("line", "project", "specifier", "version", "marker"),
    [
        ("flask", "flask", "", "", ""),
        ("Flask_Login >= 0.6, <1", "flask-login", "<1,>=0.6", "", ""),
        ("flask[async,dotenv]==3.0.0", "flask", "==3.0.0", "3.0.0", ""),
        ("flask===3.0.0", "flask", "===3.0.0", "3.0.0", ""),
        ("flask==3.0.*", "flask", "==3.0.*", "", ""),
        ("flask==3.0.0.0  # pinned", "flask", "==3.0.0.0", "3.0.0.0", ""),
        ("flask ~= 3.0 ; python_version < '3.12'", "flask", "~=3.0", "", 'python_version < "3.12"'),
        ("torch==2.1.0+cpu", "torch", "==2.1.0+cpu", "2.1.0+cpu", ""),
        ("pytz==1!2024.1", "pytz", "==1!2024.1", "1!2024.1", ""),
    ],
)
def test_a_requirement(line: str, project: str, specifier: str, version: str, marker: str) -> None:
    (locked,) = read(line).locked
    assert (locked.project, locked.specifier, locked.version, locked.marker) == (project, specifier, version, marker)


def test_digests_and_continued_lines() -> None:
    found = read(
        f"# a comment \\\nflask==3.0.0 ; python_version >= '3' \\\r\n"
        f"    --hash=sha256:{A} \\\n    --hash sha256:{B}\n    # via us\nclick==8 --hash=sha256:{A} --hash=md5:00\n"
    )
    assert [(locked.project, locked.sha256s, locked.where.line) for locked in found.locked] == [
        ("flask", (A, B), 2),
        ("click", (A,), 6),
    ]
    assert not found.faults


def test_other_lines_do_not_inherit_digests() -> None:
    found = read(f"a==1 --hash=sha256:{A}\nb==1 --hash=sha256:{B}\nc==1\n")
    assert [locked.sha256s for locked in found.locked] == [(A,), (B,), ()]


@pytest.mark.parametrize(
    ("line", "kind", "url"),
    [
        ("-i https://index.example/simple", "index", "https://index.example/simple"),
        ("--index-url=https://user:pw@index.example/simple", "index", "https://index.example/simple"),
        ("--extra-index-url https://other.example/simple", "index", "https://other.example/simple"),
        ("-fhttps://links.example/", "links", "https://links.example/"),
        ("--find-links ./wheels", "links", "./wheels"),
        ("-e git+https://git.example/x.git@v1#egg=x", "code", "git+https://git.example/x.git@v1"),
        ("x @ git+ssh://git@git.example/x.git", "code", "git+ssh://git.example/x.git"),
        ("https://git.example/x/archive/main.zip", "code", "https://git.example/x/archive/main.zip"),
        ("./wheels/x-1.0-py3-none-any.whl", "code", "./wheels/x-1.0-py3-none-any.whl"),
        ("x-1.0-py3-none-any.whl", "code", "x-1.0-py3-none-any.whl"),
        ("x @ file:///srv/x-1.0.tar.gz", "code", "file:///srv/x-1.0.tar.gz"),
        ("-r https://files.example/more.txt", "code", "https://files.example/more.txt"),
    ],
)
def test_what_leads_elsewhere(line: str, kind: str, url: str) -> None:
    found = read(line)
    assert [(address.kind, address.url) for address in found.addresses] == [(kind, url)]
    assert not found.locked
    assert not found.faults


def test_several_options_on_one_line() -> None:
    found = read("--index-url https://a.example/ --extra-index-url https://b.example/ --no-binary :all: --pre")
    assert [address.url for address in found.addresses] == ["https://a.example/", "https://b.example/"]


@pytest.mark.parametrize("line", ["-e .", "-e ./libraries/own[dev]", ".", "x @ file:///srv/own", "../own"])
def test_code_of_ones_own_is_set_aside(line: str) -> None:
    found = read(line)
    assert len(found.aside) == 1
    assert not (found.locked or found.addresses or found.faults)


def test_a_direct_archive_is_pinned_by_its_name() -> None:
    found = read(
        f"x @ https://u:p@files.example/x-1.0-py3-none-any.whl#sha256={A}\n"
        f"https://files.example/y-2.0.tar.gz --hash=sha256:{B}\n"
    )
    assert [(locked.project, locked.version, locked.sha256s, locked.urls) for locked in found.locked] == [
        ("x", "1.0", (A,), ("https://files.example/x-1.0-py3-none-any.whl",)),
        ("y", "2.0", (B,), ("https://files.example/y-2.0.tar.gz",)),
    ]
    assert all(locked.direct for locked in found.locked)


def test_included_files_are_read_once_and_say_where() -> None:
    found = read("-r a.txt\n-r b.txt\nflask\n", a_txt="-r b.txt\nclick\n", b_txt="\nidna\n-r requirements.txt\n")
    assert [f"{locked.project} {locked.where}" for locked in found.locked] == [
        "idna b.txt:2",
        "click a.txt:2",
        "flask requirements.txt:3",
    ]


def test_a_constraint_narrows_and_wants_nothing_by_itself() -> None:
    found = read(
        "flask>=2\n-c c.txt\n", c_txt=f"flask==3.0.0 --hash=sha256:{A}\nother==1\n--index-url https://i.example"
    )
    (flask,) = found.locked
    assert (flask.specifier, flask.version, flask.sha256s) == (">=2,==3.0.0", "3.0.0", (A,))
    assert [str(address.where) for address in found.addresses] == ["c.txt:3"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("flask>=", "is not a name with a version range"),
        ("--no-such-option x", "no such option: --no-such-option"),
        ("flask --hash=sha256:00", "is not a SHA-256 digest"),
        ("flask==1 --hash=md5:00", "locked by 'md5' alone"),
        ("flask --hash 'sha256:", "No closing quotation"),
        ("flask==1 --pre stray", "stands behind the options"),
        ("-r missing.txt", "there is no such file"),
        (f"x @ https://files.example/y-1.0.tar.gz#sha256={A}", "a file of another, y"),
        ("(((" * 500 + "flask", "is not a name with a version range"),
        (f"flask; {'(' * 1500}python_version > '3'{')' * 1500}", "is not a name with a version range"),
        (f"flask=={'9' * 3000}", "is not a range of versions"),
        ("flask\x1b[2J==1", "U+001B, at which one installer ends a line"),
    ],
)
def test_every_fault_has_its_line(line: str, said: str) -> None:
    found = read(f"click\n{line}\nidna\n{line}\n")
    assert [locked.project for locked in found.locked if locked.project != "flask"] == ["click", "idna"]
    assert sorted({fault.where.line for fault in found.faults}) == [2, 4]
    assert said in found.faults[0].sentence
    assert found.faults[0].sentence.isprintable()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_marks_of_windows_shells_are_understood(encoding: str) -> None:
    (flask,) = locks.read("requirements.txt", "flask==3.0.0\r\n".encode(encoding)).locked
    assert flask.version == "3.0.0"


def test_what_is_no_text_is_a_fault_with_its_line() -> None:
    (fault,) = locks.read("requirements.txt", b"flask\n\xff\xfe\xfd\n").faults
    assert str(fault) == "requirements.txt:2: It is not text in UTF-8."
