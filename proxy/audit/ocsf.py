"""Records as events of OCSF 1.1 (schema.ocsf.io): API Activity (6003) and Authentication (3002).

Pure. Decided here:

* What an administrator does, and what is handed out or refused, is API Activity; a session is Authentication.
* The verb of a tag says which activity: what it does not say is "other" (99), never a guess.
* Whatever has no place in the schema stands under ``unmapped``: nothing of the record is left out.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

VERSION = "1.1.0"
API_ACTIVITY, AUTHENTICATION = 6003, 3002
CREATE, READ, UPDATE, DELETE, OTHER = 1, 2, 3, 4, 99
LOGON, LOGOFF = 1, 2
INFORMATIONAL, MEDIUM, HIGH = 1, 3, 4
SUCCESS, FAILURE = 1, 2
_CREATING = {
    "granted",
    "set",
    "made",
    "opened",
    "issued",
    "allowed",
    "imported",
    "archived",
    "saved",
    "added",
    "created",
}
_DELETING = {"revoked", "lifted", "declined", "closed", "ended", "dropped", "removed", "withdrawn", "deleted"}
_CHANGING = {"changed", "updated", "replaced", "renamed", "enabled", "disabled", "settled", "reviewed"}
_READING = {"exported", "verified"}
_FAILING = {"failed", "refused", "denied", "flawed", "contradicted", "failing", "gap", "locked"}
_ALARMING = _FAILING | {"turned", "stale", "replaced"}
_SESSIONS = ("access:session:", "access:sign-in:")

Record = Mapping[str, object]
Event = dict[str, object]


def event(kind: str, record: Record) -> Event:
    """Return a record as an OCSF event."""
    if kind == "decisions":
        return _decision(record)
    if kind == "checkpoints":
        return _checkpoint(record)
    if str(record["tag"]).startswith(_SESSIONS):
        return _session(record)
    return _change(record)


def alarming(tag: str) -> bool:
    """Whether a change says that something is wrong."""
    return tag.rpartition(":")[2] in _ALARMING


def _change(record: Record) -> Event:
    tag, actor = str(record["tag"]), _mapping(record["actor"])
    failed = tag.rpartition(":")[2] in _FAILING
    projects = [{"type": "project", "name": name} for name in str(record["project"]).split()]
    return {
        **_base(record, API_ACTIVITY, _activity(tag), HIGH if alarming(tag) else INFORMATIONAL, "events"),
        **_status(failed=failed, detail=str(record["reason"])),
        "actor": {"user": _user(actor)},
        "api": {"operation": tag, "service": {"name": "wicketgate admin"}},
        "src_endpoint": _endpoint(str(actor["address"]), str(actor["name"])),
        "resources": projects,
        "message": f"{tag}: {record['reason']}",
        "unmapped": _rest(record, "at", "tag", "actor", "reason", "seq"),
    }


def _session(record: Record) -> Event:
    tag, actor = str(record["tag"]), _mapping(record["actor"])
    failed = tag.rpartition(":")[2] in _FAILING
    activity = LOGOFF if tag.rpartition(":")[2] in _DELETING else LOGON
    return {
        **_base(record, AUTHENTICATION, activity, MEDIUM if failed else INFORMATIONAL, "events"),
        **_status(failed=failed, detail=str(record["reason"])),
        "user": _user(actor),
        "service": {"name": "wicketgate admin"},
        "src_endpoint": _endpoint(str(actor["address"]), str(actor["name"])),
        "is_remote": True,
        "message": f"{tag}: {record['reason']}",
        "unmapped": _rest(record, "at", "actor", "reason", "seq"),
    }


def _decision(record: Record) -> Event:
    refused = record["verdict"] == "refused"
    who = str(record["token"]) or str(record["client"])
    user = {"name": who, "type_id": 0, **({"uid": record["token_id"]} if "token_id" in record else {})}
    name = str(record["filename"]) or str(record["project"])
    resource = {"type": str(record["what"]), "name": name, "uid": str(record["sha256"]), "version": record["version"]}
    codes = record["codes"]
    reasons = ", ".join(map(str, codes)) if isinstance(codes, list | tuple) else str(codes)
    return {
        **_base(record, API_ACTIVITY, READ, MEDIUM if refused else INFORMATIONAL, "decisions"),
        **_status(failed=refused, detail=reasons),
        "actor": {"user": user, "session": {"uid": str(record["request_id"])}},
        "api": {
            "operation": str(record["what"]),
            "service": {"name": "wicketgate index"},
            "request": {"uid": str(record["request_id"])},
            "response": {"code": record["status"]},
        },
        "src_endpoint": _endpoint(str(record["client"]), who),
        "http_request": {"user_agent": str(record["agent"]), "uid": str(record["request_id"])},
        "resources": [{key: value for key, value in resource.items() if value}],
        "count": record["count"],
        "message": f"{record['verdict']}: {name}",
        "unmapped": _rest(record, "at", "agent", "request_id", "seq", "status", "count", "client", "filename"),
    }


def _checkpoint(record: Record) -> Event:
    here = {"seq": record["id"], "at": record["at"], "hash": ""}
    return {
        **_base(here, API_ACTIVITY, CREATE, INFORMATIONAL, "checkpoints"),
        **_status(failed=False, detail=""),
        "actor": {"user": {"name": "wicketgate", "type_id": 3}},
        "api": {"operation": "audit:checkpoint:signed", "service": {"name": "wicketgate"}},
        "src_endpoint": {"name": "wicketgate"},
        "message": f"The first {record['size']} {record['of']} are sealed",
        "unmapped": dict(record),
    }


def _base(record: Record, kind: int, activity: int, severity: int, log: str) -> Event:
    at = datetime.fromisoformat(str(record["at"]))
    return {
        "class_uid": kind,
        "category_uid": kind // 1000,
        "activity_id": activity,
        "type_uid": kind * 100 + activity,
        "severity_id": severity,
        "time": int(at.timestamp() * 1000),
        "metadata": {
            "version": VERSION,
            "product": {"name": "Wicketgate", "vendor_name": "Wicketgate"},
            "log_name": log,
            "sequence": record["seq"],
            "uid": str(record["hash"]) or f"{log}-{record['seq']}",
            "original_time": str(record["at"]),
        },
    }


def _status(*, failed: bool, detail: str) -> Event:
    return {"status_id": FAILURE if failed else SUCCESS, "status_detail": detail}


def _activity(tag: str) -> int:
    verb = tag.rpartition(":")[2]
    sets = ((_CREATING, CREATE), (_DELETING, DELETE), (_CHANGING, UPDATE), (_READING, READ))
    return next((activity for verbs, activity in sets if verb in verbs), OTHER)


def _user(actor: Record) -> Event:
    system = actor["kind"] in {"system", "feed"}
    return {
        "name": actor["name"],
        "uid": actor["id"],
        "type_id": 3 if system else 1,
        "groups": [{"name": actor["role"]}],
    }


def _endpoint(address: str, name: str) -> Event:
    return {"ip": address} if address else {"name": name}


def _rest(record: Record, *placed: str) -> Event:
    return {key: value for key, value in record.items() if key not in placed}


def _mapping(value: object) -> Record:
    return value if isinstance(value, Mapping) else dict.fromkeys(("kind", "id", "name", "role", "address"), "")
