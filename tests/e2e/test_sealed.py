"""A gate whose secrets are sealed: it does with them what they are for, and they are to be read nowhere."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

from proxy.sealed import Vault
from tests.audit.receivers import WebhookReceiver, running
from tests.conftest import MakeGate
from tests.e2e.test_at_rest import OIDC, SECRETS, UPSTREAM, WEBHOOK, lively
from tests.policy.facts import AT
from tests.world.gatehouse import ROOT, Gatehouse
from tests.world.hook import Hook
from tests.world.upstream import Upstream

ALERT = "al3rt-s3cret"
PROOF = "Basic " + base64.b64encode(f"gate:{UPSTREAM}".encode()).decode()
HIDDEN = [*SECRETS, ALERT, PROOF]


def shown_by_the_system(pid: int) -> bytes:
    """What a process and its workers show to whoever may look: their words and their variables."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return b"".join(
        Path(f"/proc/{each}/{what}").read_bytes() for each in (pid, *children) for what in ("cmdline", "environ")
    )


def on_disk(folder: Path) -> list[bytes]:
    """What every file holds, the log's too."""
    return [path.read_bytes() for path in folder.rglob("*") if path.is_file()]


def told(gate: Gatehouse) -> bytes:
    """What the gate says to whoever may ask it."""
    paths = ("/readyz", "/metrics", "/explain/flask", "/explain/django", "/", "/simple/django/")
    asked = ("/audit/events?limit=100", "/audit/decisions?limit=100", "/audit/destinations", "/advisories")
    answers = [*(gate.get(path) for path in paths), *(gate.admin("GET", path) for path in asked)]
    return b"".join(answer.content for answer in answers) + gate.output().encode()


async def test_sealed_secrets_work_and_are_to_be_read_nowhere(
    make_gate: MakeGate, index: Upstream, tmp_path: Path
) -> None:
    vault, receiver = Vault(tmp_path / ".config" / "wicketgate" / "secret-key"), WebhookReceiver()
    webhook, client = tmp_path / "webhook", tmp_path / "oidc"
    webhook.write_text(vault.close("audit-export", WEBHOOK, AT))
    client.write_text(vault.close("oidc-client-secret-file", OIDC, AT))

    def lived(hook: Hook) -> Gatehouse:
        gate = make_gate(
            "--audit-export", f"{receiver.url}#secret={webhook}", "--workers", "2",
            "--oidc-issuer", "https://id.example", "--oidc-client-id", "gate", "--oidc-client-secret-file", str(client),
            "--oidc-roles", "team=approver", "--alert-url", vault.close("alert-url", f"{hook.url}{ALERT}", AT),
            fresh=True,
            WICKETGATE_UPSTREAM=vault.close("upstream", index.url.replace("://", f"://gate:{UPSTREAM}@"), AT),
        )  # fmt: skip
        gate.facts("terms", "--stale-advisories", "say", "--reason", "a fresh gate knows no advisory")
        gate.facts("channels", "open", "research", "--reason", "x")
        lively(gate, index)
        index.release("httpx", "1.0")
        gate.facts("break-glass", "httpx", "--reason", "a test")
        return gate

    with Hook() as hook:
        async with running(receiver), asyncio.timeout(120):
            gate = await asyncio.to_thread(lived, hook)
            while not (receiver.posted and hook.messages):
                await asyncio.sleep(0.05)
    assert {asked.headers.get("authorization") for asked in index.requests if asked.origin == "index"} == {PROOF}
    posted = receiver.posted[0]
    said = f"{posted.headers['webhook-id']}.{posted.headers['webhook-timestamp']}.".encode() + posted.body
    mac = hmac.new(WEBHOOK.encode(), said, hashlib.sha256).digest()
    assert posted.headers["webhook-signature"] == f"v1,{base64.b64encode(mac).decode()}"
    shown = shown_by_the_system(gate.process_id)
    assert b"WICKETGATE_UPSTREAM=sealed:" in shown
    kept = on_disk(tmp_path)
    assert len(kept) > 10, "it was a lively life"
    for text in (shown, told(gate), *kept):
        assert [secret for secret in HIDDEN if secret.encode() in text] == []
    assert "is open to others" not in gate.output(), "the files are, and hold nothing that opens elsewhere"


def test_a_secret_of_another_key_stops_the_start_in_words(tmp_path: Path, index: Upstream) -> None:
    gate = Gatehouse(tmp_path / "gate", index.url)
    sealed = Vault(tmp_path / "another-key").close("upstream", index.url.replace("://", f"://gate:{UPSTREAM}@"), AT)
    serve = ("serve", "--port", str(gate.port), "--advisories", "off", "--upstream", sealed)
    without = gate.cli(*serve)
    assert without.returncode == 2
    assert "--upstream (WICKETGATE_UPSTREAM) is sealed, and there is no key to open it." in without.stderr
    Vault(tmp_path / ".config" / "wicketgate" / "secret-key").close("upstream", "x", AT)
    other = gate.cli(*serve)
    assert other.returncode == 2
    assert "was sealed with another key than" in other.stderr
    assert "seal it anew: wicketgate seal --for upstream" in other.stderr
    assert UPSTREAM not in without.stderr + other.stderr


def test_a_secret_in_plain_text_is_told_of_once_unless_the_gate_is_on_loopback(
    make_gate: MakeGate, index: Upstream
) -> None:
    upstream = index.url.replace("://", f"://gate:{UPSTREAM}@")
    assert "in plain text" not in make_gate(upstream=upstream).output()
    there = make_gate("--host", "0.0.0.0", name="open", upstream=upstream).output()
    by_pip = make_gate("--host", "0.0.0.0", "--upstream", "", name="pip", PIP_INDEX_URL=upstream).output()
    for told in (there, by_pip):
        assert told.count("in plain text for --upstream: wicketgate seal --for upstream") == 1
        assert UPSTREAM not in told


def test_a_secret_is_typed_unseen(tmp_path: Path) -> None:
    master, slave = pty.openpty()
    words = ["seal", "--for", "upstream", "--secret-key-file", str(tmp_path / "key")]
    process = subprocess.Popen(
        [sys.executable, "-m", "proxy.cli", *words],
        stdin=slave, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT, start_new_session=True,
    )  # fmt: skip
    assert process.stderr
    prompt = process.stderr.read(len("Secret: "))  # from now on nothing is echoed
    os.write(master, f"{UPSTREAM}\n".encode())
    sealed, _ = process.communicate(timeout=60)
    echoed, _, _ = select.select([master], [], [], 0)
    os.close(slave)
    os.close(master)
    assert (prompt, process.returncode, echoed) == (b"Secret: ", 0, [])
    assert Vault(tmp_path / "key").open("upstream", sealed.decode().strip()) == UPSTREAM
