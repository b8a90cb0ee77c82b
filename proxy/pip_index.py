"""Which index pip on this machine is set to: environment, pip's configuration, else pip's own default.

pip itself is asked, through its documented commands, so that its rules need not be repeated here and
no registry's address stands in this repository.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass

from proxy.errors import SettingsError

SECONDS = 60
_SETTING = re.compile(r"^(?P<where>[:\w.]+?)\.index-url='(?P<url>[^']+)'$", re.MULTILINE)
_DEFAULT = re.compile(r"--index-url <url>.*?\(default\s+(?P<url>https?://[^\s)]+)\)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class PipIndex:
    """An index URL and, in words, where it was said."""

    url: str
    where: str


def pip_index() -> PipIndex:
    """Ask pip which index it would use. Raises SettingsError when no pip can be asked."""
    settings = {found["where"]: found["url"] for found in _SETTING.finditer(_ask("config", "list"))}
    for where, words in (
        (":env:", "PIP_INDEX_URL"),
        ("download", "pip's configuration"),
        ("global", "pip's configuration"),
    ):
        if where in settings:
            return PipIndex(settings[where], words)
    found = _DEFAULT.search(re.sub(r"\s+", " ", _ask("download", "--help")))
    if not found:
        raise SettingsError(["pip does not say which index it uses. Say --upstream https://index.example/simple/"])
    return PipIndex(found["url"], "pip's own default")


def _ask(*words: str) -> str:
    for command in ([sys.executable, "-m", "pip"], [shutil.which("pip") or "pip"]):
        try:
            answer = subprocess.run(  # noqa: S603  fixed words, no shell
                [*command, *words, "--disable-pip-version-check"],
                capture_output=True,
                env={**os.environ, "COLUMNS": "500"},  # or its help is folded in the middle of the address
                text=True,
                timeout=SECONDS,
                check=True,
            )
        except (OSError, subprocess.SubprocessError):
            continue
        return answer.stdout
    raise SettingsError(
        ["No pip answers here, so its index is not known. Say --upstream https://index.example/simple/"]
    )
