"""The same with the real index of this machine, real projects and the shipped advisories."""

from __future__ import annotations

import os

import pytest

from proxy.pip_index import pip_index
from tests.clients import Bench
from tests.conftest import MakeGate
from tests.world.gatehouse import Gatehouse
from tests.world.locking import refused_files, through_the_gate

pytestmark = pytest.mark.network

WEB_SERVICE = (
    "alembic", "boto3", "celery", "email-validator", "fastapi", "gunicorn", "httpx", "itsdangerous", "jinja2",
    "orjson", "prometheus-client", "psycopg[binary]", "pydantic-settings", "python-multipart", "redis", "sentry-sdk",
    "sqlalchemy", "structlog", "tenacity", "uvicorn[standard]",
)  # fmt: skip
"""What a web service asks for; all that it needs is some 60 packages."""


@pytest.fixture
def gate(make_gate: MakeGate) -> Gatehouse:
    """A gate in front of what pip on this machine uses, with the advisories that ship."""
    return make_gate("--upstream", "", "--advisories", "")


@pytest.mark.parametrize("installer", ["pip", "uv"])
def test_flask_is_refused_approved_with_what_it_needs_installed_and_imported(
    gate: Gatehouse, bench: Bench, installer: str
) -> None:
    def install(wanted: str) -> tuple[int, str]:
        done = bench.pip("26.3", gate.index, wanted) if installer == "pip" else bench.uv(gate.index, wanted)
        return done.code, " ".join(done.output.split())

    code, said = install("flask")
    assert code != 0
    assert "flask_is_not_approved" in said
    code, said = install("reqeusts")
    assert code != 0
    assert "reqeusts_looks_like_requests" in said
    gate.approve("flask", "--with-dependencies", "--acknowledge", "too-new")
    code, said = install("flask")
    assert code == 0, said
    assert bench.imports("flask")


def test_a_version_with_a_known_advisory_is_withheld_and_the_next_one_is_taken(gate: Gatehouse, bench: Bench) -> None:
    gate.approve("urllib3>=1.26.16,<=1.26.18")
    reasons = gate.facts("explain", "urllib3==1.26.17")["reasons"]
    assert (reasons[0]["code"], reasons[0]["evidence"]["advisory"]) == ("vulnerable", "PYSEC-2023-212")
    done = bench.pip("26.3", gate.index, "urllib3<2")
    assert done.code == 0, done.output
    assert "urllib3-1.26.18" in done.output


def test_a_large_real_closure_is_approved_as_one_change(gate: Gatehouse) -> None:
    closure = gate.approve(
        "fastapi[standard]".removesuffix("[standard]"), "--with-dependencies", "--acknowledge", "too-new"
    )
    assert len(closure["closure"]) >= 8
    assert gate.facts("audit", "verify")["intact"]


def test_a_real_web_service_is_imported_from_its_locks_installed_and_one_of_it_withdrawn(
    gate: Gatehouse, bench: Bench
) -> None:
    index = pip_index().url
    trusted = {name: os.environ[name] for name in ("SSL_CERT_FILE", "SSL_CERT_DIR") if name in os.environ}
    bench.environment.update(trusted)  # the locks are made of the real index, by the machine's own certificates
    uv_lock, requirements = bench.uv_lock(index, *WEB_SERVICE), bench.compiled(index, *WEB_SERVICE)
    overruled = ["--acknowledge", "too-new"]
    preview = gate.facts("import", str(uv_lock), "--reason", "the web service", "--dry-run", *overruled)
    assert not preview["faults"]
    assert len(preview["releases"]) >= 40
    held = [file for release in preview["releases"] for file in release["outcome"]["still_withheld"]]
    assert not held
    for lock in (uv_lock, requirements):
        assert gate.cli("import", str(lock), "--reason", "the web service", *overruled).returncode == 0
    through_the_gate(gate, uv_lock)
    assert gate.cli("check", str(uv_lock), "-r", str(requirements)).returncode == 0
    synced = bench.uv_sync(uv_lock, "--no-build")
    assert synced.code == 0, synced.output
    installed = bench.pip("26.3", gate.index, "--require-hashes", "--force-reinstall", "-r", str(requirements))
    assert installed.code == 0, installed.output
    assert all(bench.imports(name) for name in ("fastapi", "sqlalchemy", "celery", "boto3", "psycopg"))
    assert not refused_files(gate)
    gate.facts("revoke", "jinja2", "--reason", "it turned bad")
    again = bench.pip("26.3", gate.index, "--require-hashes", "--force-reinstall", "-r", str(requirements))
    assert again.code != 0
    assert "jinja2_is_not_approved" in again.output
    assert bench.uv_sync(uv_lock, "--no-build", "--reinstall").code != 0
    assert refused_files(gate) == {"jinja2"}
    checked = gate.facts("check", str(uv_lock))["results"]
    assert [result["name"] for result in checked if result["verdict"] != "allowed"] == ["jinja2"]
    assert gate.facts("audit", "verify")["intact"]
