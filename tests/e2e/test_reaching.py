"""How a command reaches its gate, and what it tells to whom."""

from __future__ import annotations

import socket
import threading
from pathlib import Path

import httpx
import pytest

from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse, free_port


def host(folder: Path) -> Gatehouse:
    """A host on which a gate kept its token, and none runs now."""
    gate = Gatehouse(folder / "gate", "")
    gate.data_dir.mkdir()
    (gate.data_dir / "admin-token").write_text("wgt_kept")
    return gate


def sockets(gate: Gatehouse) -> list[Path]:
    return list(gate.data_dir.glob("gate-*.sock"))


class Impostor:
    """Listens on a port of this host, hears what is said there, and answers everything alike."""

    def __init__(self, port: int, answer: bytes = b"") -> None:
        self._server = socket.create_server(("127.0.0.1", port))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self.heard: list[bytes] = []
        self._answer = answer
        self._thread = threading.Thread(target=self._listen)

    def __enter__(self) -> Impostor:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._thread.join()
        self._server.close()

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self._server.accept()
            except OSError:
                return
            with connection:
                self.heard.append(connection.recv(1 << 16))
                connection.sendall(self._answer)
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(1 << 16):
                    pass  # to close on what was not read would take the answer back


def test_while_the_gate_is_down_nobody_on_its_port_is_sent_anything(gate: Gatehouse) -> None:
    gate.kill()
    with Impostor(gate.port) as other:
        done = gate.cli("terms")
        assert (done.returncode, "Is it running?" in done.stderr) == (2, True), done.stderr
        assert other.heard == []
    assert len(sockets(gate)) == 1, "a gate that was killed leaves it there"
    gate.restart()
    assert gate.cli("terms").returncode == 0
    assert len(sockets(gate)) == 1
    gate.stop()
    assert sockets(gate) == []


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<p>Sign in", "is no gate: it says 200"),
        (b"HTTP/1.1 404 Not Found\r\ncontent-type: text/html\r\n\r\n<p>Gone", "is no gate: it says 404"),
        (b"HTTP/1.1 302 Found\r\nlocation: https://sso.example/\r\n\r\n", "leads to 'https://sso.example/'"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{", "is no gate"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n{}", "Is WICKETGATE_URL right"),
        (b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n[7]", "Is WICKETGATE_URL right"),
        (b"HTTP/1.1 500 Oh\r\ncontent-type: text/plain\r\n\r\n\x1b[2Jno", "error: [2Jno"),
        (b"SSH-2.0-OpenSSH_9.9\r\n", "does not answer"),
    ],
)
def test_another_server_is_not_sent_the_token_of_this_host_and_told_of_in_words(
    tmp_path: Path, answer: bytes, said: str
) -> None:
    gate = host(tmp_path)
    with Impostor(0, answer) as other:
        for words in (["explain", "flask"], ["check", "flask"], ["channels", "list"]):
            done = gate.cli(*words, WICKETGATE_URL=other.url, NO_COLOR="1")
            assert done.returncode == 2, done.stdout
            assert "Traceback" not in done.stderr
            if words[0] == "channels":
                assert "The one on this host is for the gate on this host alone" in done.stderr
            else:
                assert said in done.stderr
        assert other.heard
        assert not any(b"authorization" in request.lower() or b"wgt_kept" in request for request in other.heard)
        sent = gate.cli("channels", "list", WICKETGATE_URL=other.url, WICKETGATE_TOKEN="wgt_given", NO_COLOR="1")
        assert said in sent.stderr
        assert b"bearer wgt_given" in other.heard[-1].lower()


@pytest.mark.parametrize("url", ["gate.example", "ftp://gate.example", "https://", "http://[::1"])
def test_what_is_no_address_is_said(tmp_path: Path, url: str) -> None:
    done = host(tmp_path).cli("terms", "--url", url)
    assert (done.returncode, "is no address of a gate" in done.stderr) == (2, True), done.stderr


def test_a_long_data_directory_and_a_second_gate_are_reached(make_gate: MakeGate) -> None:
    name = "gate-" * 30
    first = make_gate("--workers", "2", name=name)
    second = make_gate(name=name)
    assert len(sockets(first)) == 2
    second.kill()
    assert first.cli("terms").returncode == 0
    assert {first.admin("GET", "/whoami").status_code for _ in range(10)} == {200}, "by whichever worker"
    third = make_gate(name=name)
    assert len(sockets(first)) == 2, "what the dead one left is gone, and the living one's is not"
    first.stop()
    assert len(sockets(third)) == 1
    assert third.cli("terms").returncode == 0


def test_who_comes_by_the_socket_comes_from_this_host_and_needs_a_token(make_gate: MakeGate) -> None:
    gate = make_gate("--admin-port", str(free_port()), "--trusted-proxies", "127.0.0.1")
    tokens = {
        network: gate.facts("token", "issue", name, "--role", "approver", "--network", network)["secret"]
        for name, network in (("here", "127.0.0.0/8"), ("there", "10.0.0.0/8"))
    }
    words = ("prohibit", "left-pad", "--reason", "x")
    elsewhere = gate.cli(*words, WICKETGATE_TOKEN=tokens["10.0.0.0/8"])
    assert (elsewhere.returncode, "may not be used from this address" in elsewhere.stderr) == (2, True)
    assert gate.cli(*words, WICKETGATE_TOKEN=tokens["127.0.0.0/8"]).returncode == 0
    (event,) = gate.facts("audit", "list", "--tag", "project:prohibition:set")["events"]
    assert (event["actor"]["name"], event["actor"]["address"]) == ("here", "127.0.0.1")
    transport = httpx.HTTPTransport(uds=str(sockets(gate)[0]), verify=False)
    with httpx.Client(transport=transport, base_url="http://gate", trust_env=False) as client:
        assert client.get("/admin/api/v1/whoami").status_code == 401
        assert client.get("/admin/api/v1/whoami", headers={"x-forwarded-for": "10.0.0.1"}).status_code == 401
    (gate.data_dir / "admin-token").unlink()
    without = gate.cli("inbox")
    assert (without.returncode, "Set WICKETGATE_TOKEN" in without.stderr) == (2, True)


def test_a_damaged_note_of_the_address_is_said_in_words(gate: Gatehouse) -> None:
    for damaged in (b"{", b"[]", b'{"x": 1}', b"\xff"):
        (gate.data_dir / "address.json").write_bytes(damaged)
        done = gate.cli("terms")
        assert (done.returncode, "is not what the gate wrote there" in done.stderr) == (2, True), done.stderr
