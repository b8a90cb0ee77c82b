"""Every format with a lock as its own tool writes it: the same small project, locked eight times."""

from __future__ import annotations

from pathlib import Path

import pytest

from proxy import locks
from proxy.locks import Reading

FOLDER = Path(__file__).parents[1] / "data" / "locks"
PINNED = {
    "blinker": "1.9.0",
    "click": "8.5.1",
    "colorama": "0.4.6",
    "flask": "3.1.3",
    "itsdangerous": "2.2.0",
    "jinja2": "3.1.6",
    "werkzeug": "3.1.9",
}
FLASK = {
    "f4bcbefc124291925f1a26446da31a5178f9483862233b23c0c96a20701f670c",
    "0ef0e52b8a9cd932855379197dd8f94047b359ca0a78695144304cb45f87c9eb",
}
HELPER = "git+https://git.example/company/helper"
PATCHED = "https://files.example/direct/patched-2.0-py3-none-any.whl"
FILES = {
    "uv": "uv.lock",
    "pylock": "pylock.toml",
    "poetry": "poetry.lock",
    "pdm": "pdm.lock",
    "pipfile": "Pipfile.lock",
    "requirements": "requirements.txt",
    "cyclonedx": "demo.cdx.json",
    "spdx": "demo.spdx.json",
}


def include(name: str) -> bytes | None:
    """Read a file beside the others."""
    path = FOLDER / name
    return path.read_bytes() if path.is_file() else None


def reading(kind: str, said: str = "", name: str = "") -> Reading:
    """Read a fixture."""
    return locks.read(name or FILES[kind], (FOLDER / FILES[kind]).read_bytes(), said, include)


@pytest.mark.parametrize("kind", FILES)
def test_a_real_lock_is_read_whole(kind: str) -> None:
    found = reading(kind)
    assert found.kind == kind
    assert not found.faults
    pins = {str(locked.project): locked for locked in found.locked}
    assert {name: pins[name].version for name in PINNED if name in pins} == {
        name: version for name, version in PINNED.items() if name != "colorama" or kind != "poetry"
    }
    expected = FLASK if kind != "spdx" else {next(iter(pins["flask"].sha256s))}
    assert set(pins["flask"].sha256s) == expected <= FLASK
    assert any("own-library" in str(remark) or "libraries/own" in str(remark) for remark in found.aside)


@pytest.mark.parametrize("kind", ["uv", "pylock", "poetry", "pdm", "pipfile", "requirements"])
def test_what_is_no_index_is_told_apart(kind: str) -> None:
    found = reading(kind)
    (helper,) = [address.url for address in found.addresses if address.kind == "code" and "helper" in address.url]
    assert helper.startswith(HELPER)
    (patched,) = [locked for locked in found.locked if locked.project == "patched"]
    assert patched.direct
    assert (patched.version, patched.sha256s, patched.urls) == ("2.0", ("a" * 64,), (PATCHED,))


@pytest.mark.parametrize("kind", ["uv", "pylock", "poetry", "pipfile", "requirements"])
def test_the_index_that_a_lock_was_made_from_is_an_address_once(kind: str) -> None:
    indexes = [address.url for address in reading(kind).addresses if address.kind == "index"]
    assert indexes == ["https://index.example/simple"]


@pytest.mark.parametrize("kind", ["uv", "pylock", "cyclonedx"])
def test_addresses_of_files_are_kept(kind: str) -> None:
    (flask,) = [locked for locked in reading(kind).locked if locked.project == "flask"]
    assert all(url.startswith("https://files.example/packages/") for url in flask.urls)
    assert len(flask.urls) == 2


@pytest.mark.parametrize("kind", FILES)
def test_a_kind_is_recognised_by_its_content(kind: str) -> None:
    assert reading(kind, name="renamed").kind == kind
    assert reading(kind, said=kind, name="renamed.lock").locked == reading(kind, name="renamed.lock").locked


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("a/pylock.dev.toml", "pylock"),
        ("PIPFILE.LOCK", "pipfile"),
        ("reqs.in", "requirements"),
        ("x.cdx.json", "cyclonedx"),
        ("x.spdx.json", "spdx"),
    ],
)
def test_a_kind_is_recognised_by_its_name(name: str, kind: str) -> None:
    assert locks.read(name, b"").kind == kind


def test_a_file_of_no_known_kind_is_a_fault_that_names_them() -> None:
    found = locks.read("x.json", b"{}")
    assert "--as requirements, pylock, uv" in str(*found.faults)
    assert not locks.read("empty", b"# nothing\n").faults


def test_the_line_of_an_entry_is_known_in_toml() -> None:
    (flask,) = [locked for locked in reading("uv").locked if locked.project == "flask"]
    line = (FOLDER / "uv.lock").read_text().splitlines()[flask.where.line - 1 : flask.where.line + 1]
    assert line == ["[[package]]", 'name = "flask"']
    inline = b'version = 1\npackage = [{name = "flask", version = "1", source = {registry = "https://index.example"}}]'
    (locked,) = locks.read("uv.lock", inline).locked
    assert (locked.where.line, str(locked.where)) == (0, "uv.lock (flask)")


def test_an_old_poetry_lock_keeps_its_digests_elsewhere() -> None:
    text = f"""
        [[package]]
        name = "flask"
        version = "3.0.0"
        [metadata]
        lock-version = "1.1"
        content-hash = "x"
        [metadata.files]
        flask = [{{file = "flask-3.0.0-py3-none-any.whl", hash = "sha256:{"e" * 64}"}}]
    """
    (flask,) = locks.read("poetry.lock", text.encode()).locked
    assert flask.sha256s == ("e" * 64,)


def test_pdm_with_static_addresses() -> None:
    digest = "e" * 64
    text = f"""
        [metadata]
        lock_version = "4.5.0"
        [[package]]
        name = "flask"
        version = "3.0.0"
        files = [
            {{url = "https://files.example/flask-3.0.0-py3-none-any.whl#sha256={digest}", hash = "sha256:{digest}"}},
        ]
    """
    (flask,) = locks.read("pdm.lock", text.encode()).locked
    assert flask.urls == ("https://files.example/flask-3.0.0-py3-none-any.whl",)
