"""TLS: spoken by the gate itself, and to the upstream as its operators ask for it."""

from __future__ import annotations

import asyncio
import logging
import socket
import ssl
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from proxy.certificates import Certificate, Pair
from proxy.errors import SettingsError
from proxy.serving import HANDSHAKE_SECONDS
from proxy.settings import read
from tests.clients import Bench
from tests.conftest import MakeGate
from tests.world.certificates import Authority, Issued
from tests.world.egress import egress
from tests.world.gatehouse import Gatehouse
from tests.world.upstream import Answer, Upstream


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "authority")


@pytest.fixture
def issued(authority: Authority) -> Issued:
    return authority.issue("gate.example")


@pytest.fixture
def tls_gate(make_gate: MakeGate, issued: Issued) -> Gatehouse:
    return make_gate("--tls-cert", str(issued.certificate), "--tls-key", str(issued.key))


def number(gate: Gatehouse) -> str:
    """The certificate that a new connection is shown."""
    return ssl.get_server_certificate(("127.0.0.1", gate.port))


def test_installers_people_and_commands_speak_tls_with_the_gate(
    tls_gate: Gatehouse, authority: Authority, index: Upstream, bench: Bench
) -> None:
    index.release("flask", "3.0.0")
    tls_gate.approve("flask")
    assert tls_gate.facts("audit", "verify")["intact"]
    done = bench.pip("26.3", tls_gate.index, "--cert", str(authority.file), "flask")
    assert done.code == 0, done.output
    for path in ("/simple/flask/", "/simple/django/", "/admin/sign-in", "/explain/django"):
        assert tls_gate.get(path).headers["strict-transport-security"] == "max-age=31536000", path
    with httpx.Client(verify=False, trust_env=False) as browser:
        answer = browser.post(
            f"{tls_gate.url}/admin/sign-in", data={"token": tls_gate.token}, headers={"origin": tls_gate.url}
        )
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith("__Host-")
    assert "Secure" in cookie


def test_a_command_from_elsewhere_believes_no_certificate_of_an_authority_that_its_host_does_not(
    tls_gate: Gatehouse, authority: Authority
) -> None:
    away = {"WICKETGATE_URL": f"https://localhost:{tls_gate.port}", "WICKETGATE_TOKEN": tls_gate.token}
    done = tls_gate.cli("terms", **away)
    assert done.returncode == 2
    assert "certificate" in done.stderr.lower()
    assert tls_gate.cli("terms").returncode == 0, "on its host no certificate is in the way"


def test_a_handshake_that_does_not_come_is_not_waited_for(tls_gate: Gatehouse) -> None:
    with socket.create_connection(("127.0.0.1", tls_gate.port), timeout=20) as silent:
        began = time.monotonic()
        assert silent.recv(1) == b""
    assert time.monotonic() - began < 3 * HANDSHAKE_SECONDS


def test_over_plain_http_nothing_is_said_of_tls(gate: Gatehouse) -> None:
    assert "strict-transport-security" not in gate.get("/simple/flask/").headers


def test_another_certificate_is_taken_without_a_restart_and_a_broken_one_is_not(
    tls_gate: Gatehouse, authority: Authority, issued: Issued
) -> None:
    first = number(tls_gate)
    with httpx.Client(verify=False, trust_env=False, base_url=tls_gate.url) as standing:
        assert standing.get("/readyz").status_code == 200
        authority.issue("gate.example")
        deadline = time.monotonic() + 20
        while number(tls_gate) == first and time.monotonic() < deadline:
            time.sleep(0.1)
        second = number(tls_gate)
        assert second == issued.certificate.read_text() != first
        issued.key.write_text("broken")
        while "the one before it stays" not in tls_gate.output() and time.monotonic() < deadline:
            time.sleep(0.1)
        assert "the one before it stays" in tls_gate.output()
        assert number(tls_gate) == second
        before = standing.get("/readyz")
        assert before.status_code == 200
        assert "connection" not in before.headers, "a connection that stood goes on"


def test_a_key_that_arrives_after_its_certificate_is_waited_for(
    authority: Authority, issued: Issued, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shown = Certificate(Pair(issued.certificate, issued.key))
    caplog.set_level(logging.WARNING)
    other = authority.issue("next.example")
    first = shown._current
    issued.certificate.write_bytes(other.certificate.read_bytes())
    shown.look()
    shown.look()
    assert shown._current is first
    assert len(caplog.records) == 1, "told once"
    issued.key.write_bytes(other.key.read_bytes())
    shown.look()
    assert shown._current is not first
    assert shown._current.minimum_version == ssl.TLSVersion.TLSv1_2


def test_what_cannot_be_used_is_refused_at_start_in_words(authority: Authority, issued: Issued, tmp_path: Path) -> None:
    locked, other = authority.issue("locked.example", passphrase=b"secret"), authority.issue("other.example")
    for given, wrong in (
        ({"tls_cert": str(issued.certificate)}, "--tls-key .* is missing"),
        ({"tls_cert": str(issued.certificate), "tls_key": str(other.key)}, "--tls-cert .*mismatch"),
        ({"tls_cert": str(locked.certificate), "tls_key": str(locked.key)}, "without a passphrase"),
        ({"upstream_ca": str(tmp_path / "not-there.pem")}, "--upstream-ca .*no such file"),
        ({"upstream_cert": str(issued.key), "upstream_key": str(issued.key)}, "--upstream-cert "),
        ({"upstream_proxy": "proxy.example:3128"}, "--upstream-proxy "),
    ):
        with pytest.raises(SettingsError, match=wrong):
            read({"data_dir": str(tmp_path / "data"), **given})


@pytest.fixture
def guarded_index(authority: Authority) -> Iterator[Upstream]:
    """An index that lets nobody in without a certificate, and a file host that would like to see one."""
    shown, of = authority.issue("index.example"), authority.file
    demands, invites = shown.server(asks=ssl.CERT_REQUIRED, of=of), shown.server(asks=ssl.CERT_OPTIONAL, of=of)
    with Upstream({"index": demands, "files": invites}) as index:
        yield index


def test_an_upstream_of_a_private_authority_that_asks_for_a_certificate(
    make_gate: MakeGate, authority: Authority, guarded_index: Upstream
) -> None:
    wheel = guarded_index.release("flask", "3.0.0")
    ours = authority.issue("client.example")
    options = ["--upstream-ca", str(authority.file)]
    shown = ["--upstream-cert", str(ours.certificate), "--upstream-key", str(ours.key)]
    gate = make_gate(*options, *shown, upstream=guarded_index.url)
    gate.approve("flask")
    assert gate.get(f"/files{wheel.path}").content == wheel.content
    showed = {(request.origin, request.showed) for request in guarded_index.requests}
    assert showed == {("index", True), ("files", False)}, "our certificate is shown to the index alone"
    without = make_gate(*options, upstream=guarded_index.url, name="without")
    assert without.cli("approve", "flask", "--reason", "x").returncode == 2
    unknown = make_gate(*shown, upstream=guarded_index.url, name="unknown")
    refused = unknown.cli("approve", "flask", "--reason", "x")
    assert refused.returncode == 2
    assert "certificate" in refused.stderr


async def test_through_an_egress_proxy(make_gate: MakeGate, authority: Authority, guarded_index: Upstream) -> None:
    wheel = guarded_index.release("flask", "3.0.0")
    ours = authority.issue("client.example")
    async with egress() as proxy:
        told = proxy.url.replace("://", "://gate:pr0xy-s3cret@")
        source = f"{guarded_index.files_origin}/osv/all.zip"
        guarded_index.misbehave("/osv/", Answer(404))

        def through() -> Gatehouse:
            gate = make_gate(
                "--upstream-ca", str(authority.file), "--upstream-cert", str(ours.certificate),
                "--upstream-key", str(ours.key), "--upstream-proxy", told, "--advisories", source,
                upstream=guarded_index.url,
            )  # fmt: skip
            gate.approve("flask")
            assert gate.get(f"/files{wheel.path}").content == wheel.content
            return gate

        gate = await asyncio.to_thread(through)
        async with asyncio.timeout(30):
            while not guarded_index.asked("/osv/all.zip"):
                await asyncio.sleep(0.05)
        places = {guarded_index.url.split("/")[2], guarded_index.files_origin.split("/")[2]}
        assert {(method, target) for method, target in proxy.asked} == {("CONNECT", place) for place in places}
        assert proxy.asked.count(("CONNECT", guarded_index.files_origin.split("/")[2])) >= 2, (
            "the file, and the advisories"
        )
        assert all("proxy-authorization: basic" in head.lower() for head in proxy.heads)
        assert "pr0xy-s3cret" not in gate.output()
        assert not any("proxy-authorization" in request.headers for request in guarded_index.requests)
