"""The OpenAPI document: made from the routes by FastAPI, and here told what holds for all of them alike."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI

from admin.api.idempotency import HEADER, KEY, UNSAFE
from admin.schemas.told import Problem

Data = dict[str, Any]

PROBLEM = {"$ref": "#/components/schemas/Problem"}
KEY_PARAMETER: Data = {
    "name": HEADER,
    "in": "header",
    "required": False,
    "description": (
        "Sent again within 24 hours under the same key, the same request is done once: it gets the first answer, with "
        "`Idempotent-Replayed: true`. 409 while the first one runs, and where its answer is not kept (it showed a "
        "secret once, or was lost); 422 where the key was sent with another request."
    ),
    "schema": {"type": "string", "pattern": f"^{KEY.pattern}$"},
    "example": "8e03978e-40d5-43dd-bc93-6894a57f9324",
}
WAITS: Data = {
    "description": "Nothing was changed yet: it waits for a second person.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["detail", "proposal"],
                "properties": {
                    "detail": {"type": "string"},
                    "proposal": {"type": "object"},
                    "secret": {"type": "string", "description": "Good once somebody else confirmed it; shown once."},
                },
            }
        }
    },
}


class Api(FastAPI):
    """An application whose document says how errors look, that writes take keys, and that acts may have to wait."""

    def openapi(self) -> Data:
        """Return the document; it is made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            document["components"]["schemas"]["Problem"] = problem
            for path in document["paths"].values():
                for method, operation in path.items():
                    _describe(method.upper(), operation)
        assert self.openapi_schema is not None  # noqa: S101  made above
        return self.openapi_schema


def _describe(method: str, operation: Data) -> None:
    for status, said in (("4XX", "It was refused."), ("5XX", "It could not be done now.")):
        operation["responses"][status] = {
            "description": said,
            "content": {"application/problem+json": {"schema": PROBLEM}},
        }
    if method in UNSAFE:
        operation.setdefault("parameters", []).append(KEY_PARAMETER)
        operation["responses"].setdefault("202", WAITS)
