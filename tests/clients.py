"""The real installers that the tests drive. ``python -m tests.clients`` fetches the pips that are not there.

pip runs from its wheel as unpacked, whatever version; the digests are pinned here. uv and Poetry come with
the test environment. Each runs without the machine's own configuration.
"""

from __future__ import annotations

import compileall
import hashlib
import os
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

CLIENTS = Path(__file__).parents[1] / ".clients"
PIPS: Mapping[str, str] = {
    "23.0.1": "236bcb61156d76c4b8a05821b988c7b8c35bf0da28a4b614e8d6ab5212c25c6f",
    "23.3.2": "5052d7889c1f9d05224cd41741acb7c5d6fa735ab34e339624a614eaaa7e7d76",
    "24.3.1": "3790624780082365f47549d032f3770eeb2b1e8bd1f7b2e02dace1afa361b4ed",
    "25.3": "9655943313a94722b7774661c21049070f6bbb0a1516bf02f7c8d5d9201514cd",
    "26.3": "f3b60b20ffaadd4415ed7957212a38ac63fa4c5fa375bd0f4a797777940fad13",
}
BIN = Path(sys.executable).parent
SECONDS = 120


@dataclass(frozen=True)
class Ran:
    """What an installer printed (both streams) and how it ended."""

    code: int
    output: str


@dataclass
class Bench:
    """A folder in which an installer works: its home, its cache and an environment to install into."""

    folder: Path
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make the environment to install into."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.run([str(BIN / "uv"), "venv", "-q", "--python", sys.executable, str(self.venv)])

    @property
    def venv(self) -> Path:
        """The environment to install into."""
        return self.folder / "venv"

    @property
    def python(self) -> str:
        """Its interpreter."""
        return str(self.venv / "bin" / "python")

    def run(self, command: list[str]) -> Ran:
        """Run a command with nothing of the machine's configuration."""
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "LD_LIBRARY_PATH") if key in os.environ}
        clean = {
            **kept,
            "HOME": str(self.folder),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_DISABLE_PIP_VERSION_CHECK": "1",
            "PIP_CACHE_DIR": str(self.folder / "pip-cache"),
            "UV_NO_CONFIG": "1",
            "UV_CACHE_DIR": str(self.folder / "uv-cache"),
            "UV_PYTHON_DOWNLOADS": "never",
            "POETRY_CACHE_DIR": str(self.folder / "poetry-cache"),
            "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
            "COLUMNS": "500",
            **self.environment,
        }
        done = subprocess.run(
            command, env=clean, cwd=self.folder, capture_output=True, text=True, timeout=SECONDS, check=False
        )
        return Ran(done.returncode, done.stdout + done.stderr)

    def pip(self, version: str, index: str, *words: str) -> Ran:
        """``pip install`` with that version of pip."""
        pip = CLIENTS / f"pip-{version}" / "pip"
        return self.run([self.python, str(pip), "install", "--no-input", "--index-url", index, *words])

    def uv(self, index: str, *words: str) -> Ran:
        """``uv pip install``."""
        return self.run([str(BIN / "uv"), "pip", "install", "--python", self.python, "--index-url", index, *words])

    def poetry(self, index: str, *words: str) -> Ran:
        """``poetry add`` in a new project whose only source is the index."""
        project = self.folder / "project"
        project.mkdir(exist_ok=True)
        (project / "pyproject.toml").write_text(
            '[project]\nname = "demo"\nversion = "0"\nrequires-python = ">=3.11"\n'
            "[tool.poetry]\npackage-mode = false\n"
            f'[[tool.poetry.source]]\nname = "gate"\nurl = "{index}"\npriority = "primary"\n'
        )
        return self.run([str(BIN / "poetry"), "add", "--no-interaction", "--no-ansi", "-C", str(project), *words])

    def uv_lock(self, index: str, *requirements: str) -> Path:
        """Return the ``uv.lock`` of a new project with these dependencies."""
        project = self.folder / "service"
        project.mkdir(exist_ok=True)
        listed = "".join(f"    {requirement!r},\n" for requirement in requirements)
        (project / "pyproject.toml").write_text(
            f'[project]\nname = "service"\nversion = "0"\nrequires-python = ">=3.11"\ndependencies = [\n{listed}]\n'
        )
        done = self.run([str(BIN / "uv"), "lock", "--directory", str(project), "--default-index", index])
        assert done.code == 0, done.output
        return project / "uv.lock"

    def uv_sync(self, lock: Path, *words: str) -> Ran:
        """``uv sync --frozen``: install exactly what a lock says, from the addresses in it."""
        self.environment["UV_PROJECT_ENVIRONMENT"] = str(self.venv)
        command = ["sync", "--frozen", "--no-install-project", "--python", self.python]
        return self.run([str(BIN / "uv"), *command, "--directory", str(lock.parent), *words])

    def compiled(self, index: str, *requirements: str) -> Path:
        """Return a ``requirements.txt`` with digests, of these and all that they need."""
        wanted, path = self.folder / "requirements.in", self.folder / "requirements.txt"
        wanted.write_text("\n".join(requirements))
        words = ["pip", "compile", "-q", "--generate-hashes", "--python", self.python, "--default-index", index]
        done = self.run([str(BIN / "uv"), *words, "-o", str(path), str(wanted)])
        assert done.code == 0, done.output
        return path

    def imports(self, module: str) -> bool:
        """Whether the environment can import a module."""
        return self.run([self.python, "-c", f"import {module}"]).code == 0


def fetch() -> list[str]:
    """Fetch the pips that are missing. Returns a sentence for each that cannot be had."""
    CLIENTS.mkdir(exist_ok=True)
    return [fault for version, digest in PIPS.items() if (fault := _fetched(version, digest))]


def _fetched(version: str, digest: str) -> str:
    folder = CLIENTS / f"pip-{version}"
    if folder.exists():
        return ""
    with tempfile.TemporaryDirectory(dir=CLIENTS) as place:
        words = ["download", "-q", "--no-deps", "--only-binary", ":all:", "-d", place, f"pip=={version}"]
        if subprocess.run([sys.executable, "-m", "pip", *words], check=False).returncode:
            return f"pip {version} cannot be fetched: see what pip says above, and run this again."
        wheel, unpacked = Path(place) / f"pip-{version}-py3-none-any.whl", Path(place) / "unpacked"
        if hashlib.sha256(wheel.read_bytes()).hexdigest() != digest:
            return f"{wheel.name} is not the file that was pinned. See where pip on this machine takes it from."
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(unpacked)
        compileall.compile_dir(unpacked, quiet=2)
        unpacked.rename(folder)
    return ""


if __name__ == "__main__":
    faults = fetch()
    sys.exit("\n".join(faults) if faults else 0)
