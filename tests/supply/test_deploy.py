"""What operators copy: the unit, the compose file and nginx in front, each tried where the tools are."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import yaml  # type: ignore[import-untyped]  # it ships no types

from proxy.cli.serving import FLAGS, OPTIONS
from tests.clients import Bench
from tests.conftest import MakeGate
from tests.supply.test_image import said
from tests.supply.test_locks import TREE
from tests.world.certificates import Authority
from tests.world.gatehouse import free_port
from tests.world.upstream import Upstream

DEPLOY = TREE / "data" / "deploy"
FRONT = "wicketgate.example"


def needs(tool: str) -> str:
    """The path of a tool; without it the test is skipped."""
    found = shutil.which(tool)
    if found is None:
        pytest.skip(f"{tool} is not installed")
    return found


def test_every_variable_in_them_is_one_of_the_gates() -> None:
    known = {f"WICKETGATE_{name.replace('-', '_').upper()}" for name, _ in (*OPTIONS, *FLAGS)}
    texts = [path.read_text() for path in [*DEPLOY.iterdir(), TREE / "Dockerfile"]]
    named = {name for text in texts for name in re.findall(r"WICKETGATE_[A-Z_]+", text)}
    assert named
    assert named - known == set()


def test_the_unit_is_understood_and_shut_off_from_its_host(tmp_path: Path) -> None:
    analyze = needs("systemd-analyze")
    unit = tmp_path / "wicketgate.service"
    unit.write_text((DEPLOY / unit.name).read_text().replace("/opt/wicketgate/bin/wicketgate", "/bin/true"))
    verified = subprocess.run([analyze, "verify", str(unit)], capture_output=True, text=True, check=False)
    assert (verified.returncode, verified.stderr) == (0, "")
    judged = [analyze, "security", "--offline=true", "--threshold=15", str(unit)]
    done = subprocess.run(judged, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_the_unit_lets_the_gate_tell_one_boot_from_another() -> None:
    settings = [line.partition("=")[0] for line in (DEPLOY / "wicketgate.service").read_text().splitlines()]
    assert "ProtectProc" in settings
    assert "ProcSubset" not in settings, "it hides /proc/sys, where the boot has its id"


def test_the_compose_file_runs_the_image_as_it_is_meant() -> None:
    whole: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    gate, nginx = whole["services"]["gate"], whole["services"]["nginx"]
    assert (gate["user"], gate["read_only"], gate["cap_drop"]) == (said("USER")[0], True, ["ALL"])
    assert {volume.partition(":")[2] for volume in gate["volumes"]} == {"/data", "/keys"}
    assert "ports" not in gate, "nobody reaches the gate but by nginx"
    assert whole["networks"]["inside"]["internal"]
    inside = gate["networks"]["inside"]["ipv4_address"]
    assert gate["environment"]["WICKETGATE_HOST"] == inside, "it listens nowhere else, and least of all on the way out"
    assert whole["networks"]["outside"]["driver_opts"]["com.docker.network.bridge.enable_icc"] == "false"
    assert set(gate["networks"]) & set(nginx["networks"]) == {"inside"}
    assert gate["environment"]["WICKETGATE_TRUSTED_PROXIES"] == nginx["networks"]["inside"]["ipv4_address"]


def test_the_compose_files_health_check_asks_where_the_gate_listens(make_gate: MakeGate) -> None:
    service: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["gate"]
    kind, program, *words = service["healthcheck"]["test"]
    assert (kind, program) == ("CMD", "python")
    gate = make_gate()
    told = f"{service['environment']['WICKETGATE_HOST']}:8080"
    assert told in words[-1]

    def healthy() -> bool:
        asked = [*words[:-1], words[-1].replace(told, f"127.0.0.1:{gate.port}")]
        return subprocess.run([sys.executable, *asked], capture_output=True, check=False).returncode == 0

    assert healthy()
    gate.stop()
    assert not healthy()


@pytest.fixture
def front(tmp_path: Path) -> Iterator[tuple[int, int, Authority]]:
    """nginx with the configuration that ships, on ports of this host: its own, the gate's, and who certified it."""
    nginx, authority = needs("nginx"), Authority(tmp_path / "tls")
    ours, port, inner = authority.issue("wicketgate"), free_port(), free_port()
    told = (DEPLOY / "nginx.conf").read_text().replace("/etc/nginx/tls/", f"{ours.key.parent}/")
    told = told.replace("443 ssl", f"127.0.0.1:{port} ssl").replace("gate:8080", f"127.0.0.1:{inner}")
    (tmp_path / "front.conf").write_text(told)
    places = "".join(
        f"{name}_temp_path {tmp_path}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    (tmp_path / "nginx.conf").write_text(
        f"daemon off; pid {tmp_path}/pid; error_log {tmp_path}/errors; events {{}}\n"
        f"http {{ access_log off; {places} include {tmp_path}/front.conf; }}\n"
    )
    command = [nginx, "-e", f"{tmp_path}/errors", "-c", f"{tmp_path}/nginx.conf"]
    tried = subprocess.run([*command, "-t"], capture_output=True, text=True, check=False)
    assert tried.returncode == 0, tried.stderr
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    yield port, inner, authority
    running.terminate()
    running.wait(10)


def test_behind_nginx_the_gate_sees_who_comes_and_judges_the_path_as_it_came(
    front: tuple[int, int, Authority], make_gate: MakeGate, index: Upstream, bench: Bench
) -> None:
    port, inner, authority = front
    url = f"https://127.0.0.1:{port}"
    gate = make_gate("--trusted-proxies", "127.0.0.1", "--public-url", url, port=inner)
    index.release("flask", "3.0.0")
    approved = gate.admin("POST", "/approvals", json={"requirement": "flask", "reason": "x"})
    assert approved.status_code == 201, approved.text
    done = bench.pip("26.3", f"{url}/simple/", "--cert", str(authority.file), "flask")
    assert done.code == 0, done.output
    with httpx.Client(base_url=url, verify=False, trust_env=False) as client:
        for path in ("/simple/fl%61sk/", "/simple/..%2fadmin/", "//simple/flask/"):
            assert client.get(path).status_code == gate.get(path).status_code, path
        assert client.get("/simple/flask/").headers["strict-transport-security"]
        client.get("/simple/flask/", headers={"x-forwarded-for": "192.0.2.99"})
        signed_in = client.post("/admin/sign-in", data={"token": gate.token}, headers={"origin": url})
        assert signed_in.headers["set-cookie"].startswith("__Host-")
    deadline = time.monotonic() + 10
    while gate.get("/readyz").json()["decisions_waiting"] and time.monotonic() < deadline:
        time.sleep(0.05)
    clients = {row["client"] for row in gate.admin("GET", "/audit/decisions").json()["decisions"]}
    assert clients == {"127.0.0.1"}, "what a client says of itself is not believed"
