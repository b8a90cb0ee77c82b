"""``--output FILE``: the one option for it, how the file is written, and what is said of that on standard error."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, ParamSpec

import click

from proxy.cli.desk import give_up

P = ParamSpec("P")


def output_option(command: Callable[P, None]) -> Callable[P, None]:
    """Add ``--output``."""
    file = click.Path(dir_okay=False, path_type=Path)
    return click.option("--output", type=file, help="Write it to this file, and say so.")(command)


def put(text: str, output: Path | None, what: str) -> None:
    """Print a text, or write it to the file that was named."""
    if output is None:
        click.echo(text, nl=False)
    else:
        written(output, text.encode(), what)


def written(output: Path, content: bytes, what: str) -> None:
    """Write a file, the same on every system, and say so; exits where it cannot be."""
    with opened(output, what) as file:
        file.write(content)


@contextmanager
def opened(output: Path, what: str) -> Iterator[BinaryIO]:
    """Give a file to write to and say, once that is done, what was written and where; exits where it cannot be."""
    try:
        with output.open("wb") as file:
            yield file
            size = file.tell()
    except OSError as error:
        give_up(f"{output} cannot be written ({error.strerror or error}). Say another --output.")
    click.echo(f"Wrote {what} to {output} ({size} bytes).", err=True)
