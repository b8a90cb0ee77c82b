"""The forms in which records leave: JSON Lines, CSV, OCSF, and the lines of syslog.

Pure. Decided here:

* JSON Lines is the record itself, as it was hashed, with ``chain``, ``previous`` and ``hash``: whoever has all of
  them can verify the chain. The other forms are views of it.
* A checkpoint leaves with the records, as one more of them: a receiver that keeps it keeps the log's seal.
* CSV is for people: a cell that a spreadsheet would take for a formula begins with an apostrophe.
* Syslog's text is JSON in ASCII, so that no receiver has to guess an encoding; nothing in it can end a frame early.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping
from typing import Literal

from proxy.audit import ocsf

Kind = Literal["events", "decisions", "checkpoints"]
Record = Mapping[str, object]
Form = Callable[[Kind, Record], bytes]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "events": (
        "seq", "at", "tag", "actor", "role", "address", "project", "reason", "revision", "detail", "hash",
    ),
    "decisions": (
        "seq", "at", "what", "verdict", "codes", "project", "version", "filename", "sha256", "client", "token",
        "token_id", "agent", "status", "count", "channel", "revision", "request_id", "hash",
    ),
}  # fmt: skip
FACILITY = 13
"""Log audit (RFC 5424 section 6.2.1)."""
NOTICE, WARNING, ERROR = 5, 4, 3
_GRAPHIC = re.compile(r"[^\x21-\x7e]+")


def json_line(kind: Kind, record: Record) -> bytes:
    """Return a record as one line of JSON."""
    return json.dumps({"chain": kind, **record}, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def ocsf_line(kind: Kind, record: Record) -> bytes:
    """Return a record as one line of OCSF."""
    return json.dumps(ocsf.event(kind, record), ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def csv_head(kind: str) -> bytes:
    """Return the line of a table's column names."""
    return _row(COLUMNS[kind])


def csv_line(kind: Kind, record: Record) -> bytes:
    """Return a record as one line of a table."""
    flat = dict(record)
    actor = flat.get("actor")
    if isinstance(actor, Mapping):
        flat |= {"actor": actor["name"], "role": actor["role"], "address": actor["address"]}
    return _row([_cell(flat.get(column, "")) for column in COLUMNS[kind]])


FORMS: Mapping[str, Form] = {"jsonl": json_line, "ocsf": ocsf_line, "csv": csv_line}


def syslog(kind: Kind, record: Record, form: Form, host: str) -> bytes:
    """Return a record as a frame of syslog over TCP (RFC 5424, octet counting by RFC 6587)."""
    text = json.dumps(json.loads(form(kind, record)), separators=(",", ":"))
    name = _GRAPHIC.sub("", host)[:255] or "-"
    seq = int(str(record.get("seq") or record.get("id"))) % (2**31 - 1) or 1
    head = f"<{FACILITY * 8 + _severity(kind, record)}>1 {record['at']} {name} wicketgate - {kind[:-1]}"
    frame = f'{head} [meta sequenceId="{seq}"] {text}'.encode()
    return b"%d %b" % (len(frame), frame)


def _severity(kind: Kind, record: Record) -> int:
    if kind == "events":
        return ERROR if ocsf.alarming(str(record["tag"])) else NOTICE
    return WARNING if record.get("verdict") in {"refused", "observed"} else NOTICE


def _cell(value: object) -> str:
    if isinstance(value, int):
        return str(value)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else text


def _row(cells: tuple[str, ...] | list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(cells)
    return text.getvalue().encode()
