"""Which addresses go round the gate."""

from __future__ import annotations

import pytest

from proxy import locks
from proxy.locks.detours import detours

WHEEL = "x-1.0-py3-none-any.whl"
GATES = ("https://gate.example", "http://10.0.0.7:8080")
RESEARCH = ("https://gate.example/research",)


def goes_round(line: str, gates: tuple[str, ...]) -> bool:
    """Whether a line of a requirements file leads past the gate."""
    reading = locks.read("requirements.txt", line.encode(), "requirements")
    assert not reading.faults
    assert reading.addresses or reading.locked[0].urls
    return bool(list(detours(reading, gates)))


@pytest.mark.parametrize(
    ("url", "gates", "round_it"),
    [
        (f"https://gate.example/files/packages/{WHEEL}", GATES, False),
        (f"https://gate.example:443/files/packages/{WHEEL}", GATES, False),
        (f"HTTPS://Gate.Example/files/packages/{WHEEL}", GATES, False),
        (f"https://__token__:x@gate.example/files/packages/{WHEEL}", GATES, False),
        (f"http://10.0.0.7:8080/files/packages/{WHEEL}", GATES, False),
        (f"https://gate.example/research/files/packages/{WHEEL}", RESEARCH, False),
        (f"https://gate.example/research/files/packages/{WHEEL}", GATES, True),
        (f"https://gate.example/files/packages/{WHEEL}", RESEARCH, True),
        (f"https://files.example/files/packages/{WHEEL}", GATES, True),
        (f"http://gate.example/files/packages/{WHEEL}", GATES, True),
        (f"https://gate.example.evil.example/files/{WHEEL}", GATES, True),
        (f"https://gate.example@evil.example/files/{WHEEL}", GATES, True),
        (f"https://gate.example:8443/files/{WHEEL}", GATES, True),
        (f"https://gate.example/filesystem/{WHEEL}", GATES, True),
        (f"https://gate.example/files/../research/files/{WHEEL}", GATES, True),
        (f"https://gate.example/files/%2e%2e/research/files/{WHEEL}", GATES, True),
    ],
)
def test_files(url: str, gates: tuple[str, ...], round_it: bool) -> None:
    assert goes_round(url, gates) is round_it


@pytest.mark.parametrize(
    ("url", "round_it"),
    [
        ("https://gate.example/simple", False),
        ("https://gate.example/simple/", False),
        ("https://user:${TOKEN}@gate.example/simple/", False),
        ("https://gate.example/research/simple/", True),
        ("https://gate.example/", True),
        ("https://index.example/simple/", True),
        ("https://gate.example/simple/../other/simple/", True),
    ],
)
def test_indexes(url: str, round_it: bool) -> None:
    assert goes_round(f"--extra-index-url {url}", GATES) is round_it


@pytest.mark.parametrize(
    "line",
    [
        "--find-links https://gate.example/simple/",
        "git+https://gate.example/files/x",
        f"./{WHEEL}",
        "https://gate.example/files/x.zip",
    ],
)
def test_pages_of_links_and_foreign_code_always_do(line: str) -> None:
    assert goes_round(line, GATES)


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example\\@gate.example/simple",
        "https://evil.example?@gate.example/simple",
        "https://evil.example#@gate.example/simple",
    ],
)
def test_an_address_of_two_hosts_is_a_fault(url: str) -> None:
    lock = f"""version = 1
[[package]]
name = "flask"
version = "3.0.0"
source = {{ registry = '{url}' }}
wheels = [{{ url = '{url.replace("/simple", "/files/flask-3.0.0-py3-none-any.whl")}', hash = "sha256:{"a" * 64}" }}]
"""
    read = locks.read("uv.lock", lock.encode())
    assert read.faults
    assert not [detour for detour in detours(read, ["https://gate.example"]) if "gate" in detour.url]
    asked = locks.read("requirements.txt", f"--index-url '{url}'\nx @ {url}/x.git\n".encode())
    assert asked.faults[0].where.line == 1
    assert not [address for address in asked.addresses if "gate" in address.url]


def test_files_of_this_disk_in_place_of_an_index_are_named() -> None:
    files = '[[packages.wheels]]\npath = "./flask-1.0-py3-none-any.whl"\nhashes = { sha256 = "%s" }\n' % ("a" * 64)
    head = 'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "flask"\nversion = "1.0"\n'
    assert found(locks.read("pylock.toml", f"{head}{files}".encode())) == ["./flask-1.0-py3-none-any.whl"]
    gate = (
        'version = 1\n[[package]]\nname = "x"\nversion = "1"\nsource = { registry = "https://gate.example/simple" }\n'
    )
    read = locks.read("uv.lock", f'{gate}wheels = [{{ path = "x-1-py3-none-any.whl" }}]\n'.encode())
    assert found(read) == ["x-1-py3-none-any.whl"]
    place = (
        'lock-version = "1.0"\ncreated-by = "x"\n[[packages]]\nname = "own"\n[packages.directory]\npath = "../own"\n'
    )
    lock = 'version = 1\n[[package]]\nname = "own"\nversion = "1"\nsource = { directory = "../own" }\n'
    for name, text in (
        ("pylock.toml", place),
        ("uv.lock", lock),
        ("Pipfile.lock", '{"_meta": {}, "default": {"own": {"path": "../own", "editable": true}}}'),
        ("requirements.txt", "own @ file:../own\n./../own\n-e ../own\n"),
    ):
        asides = [str(remark) for remark in locks.read(name, text.encode()).aside]
        assert asides
        assert all("../own" in remark for remark in asides), asides


def test_foreign_code_by_its_scheme_is_no_directory() -> None:
    read = locks.read("requirements.txt", b"x @ http:evil.example/x\n")
    assert [address.url for address in read.addresses] == ["http:evil.example/x"]
    svn = locks.read("Pipfile.lock", b'{"_meta": {}, "default": {"x": {"svn": "http://evil.example/x"}}}')
    assert [address.url for address in svn.addresses] == ["svn+http://evil.example/x"]
    assert not (read.locked or svn.locked or read.aside)


def found(read: locks.Reading) -> list[str]:
    return [detour.url for detour in detours(read, ["https://gate.example"])]
