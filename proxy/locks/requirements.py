"""``requirements.txt`` and its kin, as pip reads them (https://pip.pypa.io/en/stable/reference/requirements-file-format/).

Decided here:

* Lines (:mod:`proxy.locks.lines`) and options are taken apart in pip's order, so that none means another thing there.
* ``-r`` and ``-c`` are followed through a callback. What a constraints file names is not wanted by itself: it
  narrows, and gives its digests to, what the others name.
* Nothing of the environment is put in for ``${NAME}``: an address with one is reported as it stands.
* What no requirement is is told by file and line alone. It may be another file's text, which somebody had included to
  have it printed where many read it.
"""

from __future__ import annotations

import optparse
import posixpath
import re
import shlex
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import NoReturn

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import NormalizedName

from proxy.locks.decoding import decoded
from proxy.locks.gathering import Gathering
from proxy.locks.lines import logical_lines
from proxy.locks.nouns import Locked, Where
from proxy.policy.folding import meant

Include = Callable[[str], bytes | None]
"""Gives the bytes of another file by its path from where the first one was named, None where there is none."""

INCLUDED_AT_MOST = 100
LONGEST_REQUIREMENT = 4_000

_ADDRESS = re.compile(r"(?:[A-Za-z][A-Za-z0-9.+-]*://|\.{0,2}/|\.$|[A-Za-z]:[\\/])")
_ARCHIVE = re.compile(r"[^\s;@]+\.(?:whl|zip|tar\.[a-z0-9]+|tgz)$", re.IGNORECASE)
_EGG = re.compile(r"[#&]egg=[^&]*")


class _Parser(optparse.OptionParser):
    """pip's own parser of these lines, as far as it says where anything comes from."""

    def error(self, msg: str) -> NoReturn:
        """Raise ValueError in place of ending the process."""
        raise ValueError(msg)


def _parser() -> _Parser:
    parser = _Parser(add_help_option=False, usage="")
    parser.add_option("-r", "--requirement", dest="requirement", action="append")
    parser.add_option("-c", "--constraint", dest="constraint", action="append")
    parser.add_option("-e", "--editable", dest="editable", action="append")
    parser.add_option("-i", "--index-url", "--pypi-url", dest="index", action="append")
    parser.add_option("--extra-index-url", dest="index", action="append")
    parser.add_option("-f", "--find-links", dest="links", action="append")
    parser.add_option("--hash", dest="hash", action="append")
    for flag in ("--no-index", "--prefer-binary", "--require-hashes", "--no-require-hashes", "--pre"):
        parser.add_option(flag, action="store_true")
    for known in ("--no-binary", "--only-binary", "--trusted-host", "--use-feature", "--config-settings"):
        parser.add_option(known, action="append")
    for known in ("--all-releases", "--only-final", "--global-option"):
        parser.add_option(known, action="append")
    return parser


_PARSER = _parser()


@dataclass(slots=True)
class _Reader:
    found: Gathering
    include: Include | None
    seen: set[str] = field(default_factory=set)
    constraints: list[Locked] = field(default_factory=list)

    def file(self, text: str, name: str) -> None:
        self.seen.add(posixpath.normpath(name))

        def fault(number: int, sentence: str) -> None:
            self.found.fault(Where(name, number), sentence)

        for number, line in logical_lines(text, fault):
            self._line(line, Where(name, number))

    def _line(self, line: str, where: Where) -> None:
        requirement, options = _split(line)
        try:
            said, rest = _PARSER.parse_args(shlex.split(options))
        except ValueError as error:
            self.found.fault(where, f"{self._named(line)} cannot be read: {error}.")
            return
        if rest:
            self.found.fault(where, f"{self._named(line)} cannot be read: a word stands behind the options.")
            return
        self._options(said, where)
        if requirement:
            self._requirement(requirement, said.hash or [], where)

    def _options(self, said: optparse.Values, where: Where) -> None:
        for url in said.index or ():
            self.found.address(where, url, "index")
        for url in said.links or ():
            self.found.address(where, url, "links")
        for source in said.editable or ():
            self.found.source(where, _without_extras(source))
        for path in said.requirement or ():
            self._included(path, where)
        for path in said.constraint or ():
            before = len(self.found.locked)
            self._included(path, where)
            self.constraints += self.found.locked[before:]
            del self.found.locked[before:]

    def _included(self, path: str, where: Where) -> None:
        name = posixpath.normpath(posixpath.join(posixpath.dirname(where.file), path.replace("\\", "/")))
        if "://" in path:
            self.found.address(where, path, "code")
        elif name in self.seen:
            pass  # two files may include a third, and a file itself: it is read once
        elif len(self.seen) > INCLUDED_AT_MOST:
            self.found.fault(where, f"{path[:80]!r} is not read: more than {INCLUDED_AT_MOST} files are included.")
        elif self.include is None or (content := self.include(name)) is None:
            self.found.fault(where, f"{path[:80]!r} is included here, and there is no such file that may be read.")
        elif isinstance(text := decoded(content), str):
            self.file(text, name)
        else:
            self.found.fault(where, f"{path[:80]!r} cannot be read: {text.sentence}")

    def _named(self, line: str) -> str:
        """Return how a line is spoken of: by its text only where it stands in no file."""
        return "This line" if self.include else repr(line[:80])

    def _requirement(self, text: str, hashes: list[str], where: Where) -> None:
        if _ADDRESS.match(text) or _ARCHIVE.match(text.partition(";")[0].strip()):
            self.found.source(where, _without_extras(text.partition(" ;")[0].partition("; ")[0]), hashes)
            return
        try:
            wanted = Requirement(text) if len(text) <= LONGEST_REQUIREMENT else None
        except (InvalidRequirement, RecursionError):
            wanted = None
        if wanted is None:
            said = f"{self._named(text)} is not a name with a version range (PEP 508). {meant(text)}"
            self.found.fault(where, said.strip())
        elif wanted.url:
            self.found.source(where, wanted.url, hashes, name=wanted.name, marker=str(wanted.marker or ""))
        else:
            digests = self.found.digests(where, hashes)
            marker = str(wanted.marker or "")
            self.found.require(where, wanted.name, str(wanted.specifier), digests, marker=marker)


def read(text: str, found: Gathering, include: Include | None) -> None:
    """Read a requirements file and those that it includes."""
    reader = _Reader(found, include)
    reader.file(text, found.file)
    narrow: dict[NormalizedName, list[Locked]] = {}
    for constraint in reader.constraints:
        narrow.setdefault(constraint.project, []).append(constraint)
    found.locked = [_narrowed(wanted, narrow.get(wanted.project, [])) for wanted in found.locked]


def _narrowed(wanted: Locked, constraints: list[Locked]) -> Locked:
    specifiers = dict.fromkeys(part for part in (wanted.specifier, *(c.specifier for c in constraints)) if part)
    digests = wanted.sha256s or tuple(digest for constraint in constraints for digest in constraint.sha256s)
    return replace(wanted, specifier=",".join(specifiers), sha256s=tuple(dict.fromkeys(digests)))


def _split(line: str) -> tuple[str, str]:
    """Part what is required from its options, at the first word that begins with a dash."""
    words = line.split(" ")
    at = next((index for index, word in enumerate(words) if word.startswith("-")), len(words))
    return " ".join(words[:at]).strip(), " ".join(words[at:])


def _without_extras(source: str) -> str:
    """Return an address without ``[extras]`` and without ``#egg=``."""
    return _EGG.sub("", re.sub(r"\[[A-Za-z0-9._, -]*\]$", "", source.strip()))
