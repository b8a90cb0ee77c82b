"""Guided fuzzing of one reader, or of the whole gate, with atheris (``pip install atheris``: it is not in the locks).

    python -m tests.bench.fuzz page -max_total_time=120

Targets are those of :mod:`tests.fuzz.targets`, ``request`` (what arrives on a connection) and ``admin`` (what an owner
sends to the API). What follows the target is libFuzzer's; each input has ten seconds. A finding is left among
the temporary files, as fuzzed-….
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory, gettempdir

import atheris

with atheris.instrument_imports(include=["proxy", "admin"]):
    from tests.fuzz.gates import fed
    from tests.fuzz.seeds import SEEDS
    from tests.fuzz.targets import TARGETS


@contextmanager
def _target(name: str, folder: Path) -> Iterator[Callable[[bytes], None]]:
    if name in TARGETS:
        yield TARGETS[name]
        return
    with fed(folder / "gate") as gate:
        yield getattr(gate, name)


def main() -> None:
    """Fuzz until the time that was given is over."""
    name, *options = sys.argv[1:] or [""]
    if name not in SEEDS:
        raise SystemExit(f"Say what to fuzz, one of: {', '.join(SEEDS)}")
    with TemporaryDirectory() as kept:
        corpus = Path(kept) / "corpus"
        corpus.mkdir()
        for number, seed in enumerate(SEEDS[name]):
            (corpus / str(number)).write_bytes(seed)
        with _target(name, Path(kept)) as target:
            bounds = ["-timeout=10", "-rss_limit_mb=3000", "-max_len=20000", f"-artifact_prefix={gettempdir()}/fuzzed-"]
            atheris.Setup(["fuzz", *bounds, *options, str(corpus)], target)
            atheris.Fuzz()


if __name__ == "__main__":
    main()
