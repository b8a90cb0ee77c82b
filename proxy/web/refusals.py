"""How a refusal is said over HTTP: problem+json for installers (RFC 9457), a page for browsers.

The one table from a reason to a status stands here.
"""

from __future__ import annotations

import json
import logging

from starlette.types import Send

from proxy.errors import StoreError
from proxy.model import Code, Verdict
from proxy.policy import telling
from proxy.policy.explaining import reason
from proxy.web.http import Asked, answer, printable
from proxy.web.recording import Matter, Recorder

log = logging.getLogger(__name__)

STATUS = {Code.UNKNOWN_FILE: 404, Code.MALFORMED: 404}
"""Everything else that is refused is 403: the request was understood, and the answer is no."""


class Refusals:
    """Says no, with every reason, and records it."""

    def __init__(self, recorder: Recorder, public_url: str) -> None:
        self._recorder, self._url = recorder, public_url

    async def refuse(self, verdict: Verdict, by: Asked, send: Send, filename: str, *, metadata: bool = False) -> None:
        """Answer a request for a file that is not handed out. A no is given even where it cannot be recorded."""
        status = status_of(verdict)
        try:
            self._recorder.file(by, Matter.of("metadata" if metadata else "file", verdict, filename), status)
        except StoreError as error:
            log.warning("A refusal of %s is not recorded: %s", printable(filename), error)
        if b"text/html" in by.headers.get(b"accept", b"") and verdict.subject.project:
            location = f"{self._url}/explain/{verdict.subject.project}".encode()
            await answer(send, 303, [(b"location", location), (b"cache-control", b"no-store")], b"", head=by.head)
            return
        headers = [(b"content-type", b"application/problem+json"), (b"cache-control", b"no-store")]
        body = json.dumps(self.problem(verdict, status, by.request_id), ensure_ascii=False).encode()
        await answer(send, status, headers, body, head=by.head)

    def problem(self, verdict: Verdict, status: int, request_id: str) -> dict[str, object]:
        """Return the problem details of a refusal; ``reasons`` holds every one of them."""
        subject = verdict.subject
        explain = f"{self._url}/explain/{subject.project}" + (f"/{subject.version}" if subject.version else "")
        refusals = telling.weighed(verdict)
        return {
            "type": f"{self._url}/reasons#{refusals[0].code}" if refusals else "about:blank",
            "title": "Refused by Wicketgate",
            "status": status,
            "detail": " ".join(f"{finding.sentence} {finding.next_step}".strip() for finding in refusals),
            "instance": f"urn:wicketgate:{request_id}",
            "explain": explain,
            "reasons": [reason(finding) for finding in refusals],
        }


def status_of(verdict: Verdict) -> int:
    """Return the HTTP status of a refusal, by its gravest reason."""
    refusals = telling.weighed(verdict)
    return STATUS.get(refusals[0].code, 403) if refusals else 403
