"""What a gate that has no accounts goes without: the libraries of those who sign in, and the extras."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from proxy.errors import SettingsError
from proxy.settings import read
from tests.world.inside import house
from tests.world.upstream import Upstream

SIGNING_IN = {"joserfc", "webauthn"}
NEWCOMER = """
import asyncio, sys
from pathlib import Path
from tests.world.inside import house

async def first_minutes():
    async with house(Path(sys.argv[1]), sys.argv[2]) as gate:
        assert await gate.served() == []
        await gate.approve("flask")
        assert await gate.served() == ["flask-3.0.0-py3-none-any.whl"]
        assert (await gate.get("/admin/sign-in")).status_code == 200

asyncio.run(first_minutes())
print(*sorted({name.partition(".")[0] for name in sys.modules}))
"""


@pytest.mark.parametrize("words", [["-c", NEWCOMER], ["-c", "import sys, proxy.cli; print(*sys.modules)"]])
def test_who_needs_no_account_loads_nothing_for_it(words: list[str], tmp_path: Path, index: Upstream) -> None:
    index.release("flask", "3.0.0")
    command = [sys.executable, *words, str(tmp_path / "gate"), index.url]
    tree = Path(__file__).parents[2]
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=tree, timeout=120)
    assert done.returncode == 0, done.stderr
    loaded = {name.partition(".")[0] for name in done.stdout.split()}
    assert "proxy" in loaded
    assert not SIGNING_IN & loaded


async def test_what_is_not_installed_is_named(tmp_path: Path, index: Upstream, monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *more: None if name in SIGNING_IN else find(name, *more)
    )
    async with house(tmp_path / "gate", index.url) as gate:
        assert "passkey" not in (await gate.get("/admin/sign-in")).text, "nobody is led to what is not there"
        page = await gate.get("/admin/sign-in/passkey")
        assert (page.status_code, "wicketgate[passkeys]" in page.text) == (422, True)
        rule = {"name": "jobs", "issuer": "https://ci.example", "audience": "gate", "claims": {"repository": "ours"}}
        refused = await gate.asked("POST", "/oidc/rules", reason="x", **rule)
        assert (refused.status_code, "wicketgate[oidc]" in refused.json()["detail"]) == (422, True)
    with pytest.raises(SettingsError, match=r"wicketgate\[oidc\]"):
        read({"oidc_issuer": "https://id.example", "oidc_client_id": "gate"})
