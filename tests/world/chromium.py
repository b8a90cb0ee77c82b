"""Debian's Chromium, driven by Playwright: one browser, and windows in it that remember what went wrong."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Response,
    ViewportSize,
    expect,
    sync_playwright,
)

from tests.world.gatehouse import Gatehouse

CHROMIUM = shutil.which("chromium") or ""
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDE, NARROW = ViewportSize(width=1280, height=900), ViewportSize(width=390, height=844)
PATIENCE = 30_000
"""Milliseconds: a machine that is busy is slow, and that is no failure."""
expect.set_options(timeout=PATIENCE)
SHOTS = os.environ.get("SHOTS", "")
"""A folder for pictures of every page, for who wants to look at them."""
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"], "resultTypes": ["violations"]}
GRAVE = {"serious", "critical"}


@contextmanager
def chromium() -> Iterator[Browser]:
    """A running browser."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Window:
    """A window of somebody's own: its cookies, and everything that its console complained of."""

    def __init__(self, browser: Browser, gate: Gatehouse, **more: Any) -> None:
        self.gate, self.complaints = gate, list[str]()
        self.context: BrowserContext = browser.new_context(base_url=gate.url, viewport=WIDE, **more)
        self.context.set_default_timeout(PATIENCE)
        self.page: Page = self.context.new_page()
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("response", self._answered)

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.complaints.append(f"{response.status} {response.url}")

    def go(self, path: str) -> Page:
        """Open a page, and wait until its scripts have run."""
        self.page.goto(path, wait_until="load")
        return self.page

    def grave(self) -> list[str]:
        """What axe finds serious on the page as it is shown."""
        found = Axe().run(self.page, options=RULES).response["violations"]
        where = f"{self.page.url} ({self.page.evaluate('innerWidth')} wide)"
        return [
            f"{where}: {rule['id']}: {[node['html'][:200] for node in rule['nodes'][:3]]}"
            for rule in found
            if rule["impact"] in GRAVE
        ]

    def looked_at(self, path: str) -> list[str]:
        """What is wrong with a page, wide in light colours and narrow in dark ones."""
        page, found = self.go(path), list[str]()
        for scheme, size in (("light", WIDE), ("dark", NARROW)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            page.set_viewport_size(size)
            found += self.grave()
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                found.append(f"{path} is wider than its window of {size['width']}")
            self._picture(path, f"{scheme}-{size['width']}")
        page.set_viewport_size(WIDE)
        page.emulate_media(color_scheme="light")
        return found

    def _picture(self, path: str, kind: str) -> None:
        if SHOTS:
            name = re.sub(r"[^a-z0-9]+", "-", path.removeprefix("/admin").lower()).strip("-") or "today"
            side = "admin" if path.startswith("/admin") else "gate"
            self.page.screenshot(path=Path(SHOTS) / f"{side}-{name}-{kind}.png", full_page=True)
