"""The whole gate inside the test's own process: quick to start, asked over ASGI, with the stand-in upstream outside."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx

from admin import auth
from proxy import app
from proxy.app import Gate, build
from proxy.model import Account, Actor, Change
from proxy.policy import changes
from proxy.settings import read
from tests.world.news import only_said

SYSTEM = Actor("system", "system", "a test", "system")
JSON = "application/vnd.pypi.simple.v1+json"


@dataclass
class House:
    """A running gate and a client for both of its doors."""

    gate: Gate
    client: httpx.AsyncClient
    token: str

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Ask the gate as an installer would."""
        return await self.client.get(path, headers=headers)

    async def admin(self, method: str, path: str, **body: Any) -> Any:
        """Ask the admin API; the answer must not be an error."""
        answer = await self.asked(method, path, **body)
        assert answer.is_success, answer.text
        return answer.json()

    async def asked(self, method: str, path: str, **body: Any) -> httpx.Response:
        """Ask the admin API, whatever it answers."""
        headers = {"authorization": f"Bearer {self.token}"}
        return await self.client.request(method, f"/admin/api/v1{path}", headers=headers, json=body or None)

    def member(self, name: str, role: str) -> str:
        """Somebody who has an account; the secret of a token of theirs."""
        at, store = app.now(), self.gate.store
        account = Account(f"account:{name}", name, role, "a test", at, at, password="$argon2id$x")
        store.commit(Change("access:account:made", "", "a test", (account,)), SYSTEM, at)
        issued = auth.issue(f"{name}'s terminal", role, at, timedelta(days=1))
        store.commit(changes.issue(replace(issued.token, owner=account.id)), SYSTEM, at)
        return issued.secret

    async def approve(self, requirement: str, **options: Any) -> Any:
        """Approve something for a test."""
        return await self.admin("POST", "/approvals", requirement=requirement, reason="a test needs it", **options)

    async def served(self, project: str = "flask") -> list[str]:
        """The files that a page offers."""
        page = (await self.get(f"/simple/{project}/", accept=JSON)).json()
        return [file["filename"] for file in page["files"] if "/files/" in file["url"]]

    async def explained(self, path: str) -> Any:
        """What the gate says of a project or a version."""
        return (await self.get(f"/explain/{path}", accept="application/json")).json()

    async def events(self, tag: str) -> list[Any]:
        """The audit's events of one kind."""
        found = await self.client.get(
            "/admin/api/v1/audit/events", params={"tag": tag}, headers={"authorization": f"Bearer {self.token}"}
        )
        events: list[Any] = found.json()["events"]
        return events


@asynccontextmanager
async def house(folder: Path, upstream: str, ttl: int = 0) -> AsyncIterator[House]:
    """Run a gate on a data directory, as often as wanted one after the other."""
    options = {"data_dir": str(folder), "upstream": upstream, "advisories": "off", "index_ttl": str(ttl)}
    options["secret_key_file"] = str(folder.with_name(f"{folder.name}.key"))
    with only_said():
        gate = build(read(options), previews_at="http://127.0.0.1:1")
        async with gate.running():
            transport = httpx.ASGITransport(app=gate.index, raise_app_exceptions=True)
            async with httpx.AsyncClient(transport=transport, base_url="http://gate") as client:
                yield House(gate, client, (folder / "admin-token").read_text().strip())
