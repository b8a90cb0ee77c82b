"""Where alerts go: a little server that keeps every message it is sent."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from types import TracebackType
from typing import Any, Self


class Hook:
    """Takes JSON by POST, as Apprise's ``json://`` sends it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                messages.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
                self.send_response(200)
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002  as the standard library has it
                """Say nothing."""

        self._server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{self._server.server_port}/"
        self._thread = threading.Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def about(self, tag: str, seconds: float = 20) -> list[str]:
        """Wait for a message about a matter, and return the text of every one."""
        deadline = time.monotonic() + seconds
        while not any(tag in message["title"] for message in self.messages):
            assert time.monotonic() < deadline, self.messages
            time.sleep(0.05)
        return [message["message"] for message in self.messages if tag in message["title"]]
