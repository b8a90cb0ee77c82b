"""What lies on the disk after a lively life: the owner's alone, and no secret in plain."""

from __future__ import annotations

import stat
from pathlib import Path

from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Upstream

UPSTREAM, WEBHOOK, OIDC = SECRETS = "upstr34m-s3cret", "w3bhook-s3cret", "0idc-s3cret"


def lively(gate: Gatehouse, index: Upstream) -> None:
    """Some of everything that a gate keeps."""
    wheel = index.release("flask", "3.0.0")
    gate.approve("flask")
    gate.approve("flask", "--standing", "--channel", "research")
    gate.get("/simple/flask/")
    gate.get("/simple/django/")
    gate.get(f"/files{wheel.path}")
    gate.advisory("GHSA-1", "flask", versions=["9.9"])
    gate.facts("account", "invite", "ada", "--role", "approver", "--reason", "x")
    gate.facts("token", "issue", "ci", "--role", "reader")
    gate.facts("audit", "verify")


def test_what_lies_on_the_disk_is_its_owners_alone_and_holds_no_secret(
    make_gate: MakeGate, index: Upstream, tmp_path: Path
) -> None:
    (tmp_path / "gate").mkdir(mode=0o755)
    secret, client = tmp_path / "webhook", tmp_path / "oidc"
    secret.write_text(WEBHOOK)
    client.write_text(OIDC)
    gate = make_gate(
        "--audit-export", f"https://127.0.0.1:9/hook#secret={secret}",
        "--oidc-issuer", "https://id.example", "--oidc-client-id", "gate", "--oidc-client-secret-file", str(client),
        "--oidc-roles", "team=approver", "--workers", "2",
        upstream=index.url.replace("://", f"://gate:{UPSTREAM}@"),
    )  # fmt: skip
    gate.facts("channels", "open", "research", "--reason", "x")
    lively(gate, index)
    places = [gate.data_dir, gate.data_dir.with_name("gate-audit-key"), tmp_path / ".config" / "wicketgate"]
    loose = [
        f"{path}: {stat.filemode(path.stat().st_mode)}"
        for place in places
        for path in [place, *place.rglob("*")]
        if path.lstat().st_mode & 0o077
    ]
    assert loose == []
    kept = [path for place in places for path in place.rglob("*") if path.is_file()]
    assert len(kept) > 10, "it was a lively life"
    secrets = [text.encode() for text in SECRETS]
    assert [path for path in kept if any(secret in path.read_bytes() for secret in secrets)] == []
    assert not any(text in gate.output() for text in SECRETS)
