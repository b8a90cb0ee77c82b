"""What a wheel is for, in words, read from the tags in its name (PEP 425, PEP 600, PEP 656)."""

from __future__ import annotations

import re
from collections.abc import Iterable

_INTERPRETERS = {
    "cp": "CPython",
    "pp": "PyPy",
    "py": "Python",
    "ip": "IronPython",
    "jy": "Jython",
    "graalpy": "GraalPy",
}
_PYTHON = re.compile(r"([a-z]+)(\d)(\d*)")
_SYSTEMS = (
    (re.compile(r"manylinux(?:\d+|_\d+_\d+)_(.+)"), "Linux {}"),
    (re.compile(r"musllinux_\d+_\d+_(.+)"), "Linux {} (musl)"),
    (re.compile(r"linux_(.+)"), "Linux {}"),
    (re.compile(r"macosx_\d+_\d+_universal2"), "macOS (Intel and Apple)"),
    (re.compile(r"macosx_\d+_\d+_(.+)"), "macOS {}"),
    (re.compile(r"win_(.+)"), "Windows {}"),
    (re.compile(r"win32"), "Windows x86"),
    (re.compile(r"ios_\d+_\d+_(.+)"), "iOS {}"),
    (re.compile(r"android_\d+_(.+)"), "Android {}"),
    (re.compile(r"(?:pyodide|emscripten|pyemscripten)_.+_wasm32"), "WebAssembly"),
)


def tail(filename: str) -> tuple[str, ...]:
    """Return the three tags of a wheel's name, in lower case."""
    return tuple(filename.removesuffix(".whl").lower().rsplit("-", 3)[1:])


def of_wheel(filename: str) -> str:
    """Return what a wheel is for: "CPython 3.14 on Linux x86_64", "any Python 3"."""
    python, abi, platform = tail(filename)
    runs = _listed(_python(tag, abi) for tag in python.split("."))
    if platform == "any":
        return runs if runs.startswith("CPython") or runs.startswith("PyPy") else f"any {runs}"
    return f"{runs} on {_listed(_system(tag) for tag in platform.split('.'))}"


def _python(tag: str, abi: str) -> str:
    read = _PYTHON.fullmatch(tag)
    if read is None:
        return tag
    name, major, minor = read.groups()
    said = f"{_INTERPRETERS.get(name, name)} {major}{f'.{minor}' if minor else ''}"
    if abi == "abi3":
        return f"{said} and later"
    return f"{said} (free-threaded)" if abi.endswith("t") and name == "cp" else said


def _system(tag: str) -> str:
    for pattern, words in _SYSTEMS:
        if read := pattern.fullmatch(tag):
            return words.format(*read.groups())
    return tag


def _listed(words: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(words))
