"""Reports: what a check found, written down in the formats that others read.

Each format is one file with one pure function, from :class:`~proxy.reports.checked.Checked` to bytes.
Read :mod:`checked` first; a new format is a file beside it and a line in :data:`FORMATS`.

Decided here:

* Every report names the advisory data it rests on: its date, its number of records, its digest.
* The same facts give the same bytes: no clock, no chance.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from proxy.extras import demand_installed
from proxy.reports import openvex, plain, sarif, table
from proxy.reports.checked import Checked, read

__all__ = ["FORMATS", "Checked", "read"]


def _cyclonedx(checked: Checked) -> bytes:
    demand_installed("cyclonedx")
    from proxy.reports import cyclonedx  # noqa: PLC0415  its library is slow to import: only who asks for it pays

    return cyclonedx.write(checked)


FORMATS: Final[Mapping[str, Callable[[Checked], bytes]]] = {
    "table": table.write,
    "json": plain.write,
    "cyclonedx": _cyclonedx,
    "openvex": openvex.write,
    "sarif": sarif.write,
}
"""Every format by the name it is asked for."""
