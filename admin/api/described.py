"""The OpenAPI document: made from the routes by FastAPI, and here told what holds for all of them alike."""

from __future__ import annotations

import asyncio
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse
from fastapi.routing import iter_route_contexts
from starlette.routing import compile_path

from admin.api.idempotency import HEADER, KEY, UNSAFE
from admin.api.problems import said
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
LEADS_ON: Data = {
    "description": 'Where the next page is, `<…>; rel="next"` (RFC 8288); not there on the last one.',
    "schema": {"type": "string"},
}
NO_EXAMPLE_ALONE = {"reason"}
"""A body that needs nothing else shows more."""
WAITS: Data = {
    "description": "Nothing was changed yet: it waits for a second person.",
    "content": {
        "application/json": {
            "schema": {
                "type": "object",
                "required": ["detail", "proposal"],
                "properties": {
                    "detail": {"type": "string"},
                    "proposal": {"$ref": "#/components/schemas/ProposalOut"},
                    "secret": {"type": "string", "description": "Good once somebody else confirmed it; shown once."},
                },
            }
        }
    },
}


class Api(FastAPI):
    """An application whose document says how errors look, that writes take keys, and that acts may have to wait."""

    def __init__(self, **more: Any) -> None:
        super().__init__(openapi_url=None, docs_url=None, redoc_url=None, **more)
        self._describing = asyncio.Lock()
        self.add_route("/openapi.json", self.document, include_in_schema=False)

    def prepare(self) -> None:
        """Make of every route what it needs to answer, which FastAPI leaves to the first request: a twentieth of a
        second in which no page is served. Call it when all routes are there, in the thread that makes the desk.
        """
        list(iter_route_contexts(self.routes))

    def openapi(self) -> Data:
        """Return the document; it is made once."""
        if self.openapi_schema is None:
            document = super().openapi()
            problem = Problem.model_json_schema(ref_template="#/components/schemas/{model}")
            document["components"]["schemas"]["Problem"] = problem
            for name in ("HTTPValidationError", "ValidationError"):
                document["components"]["schemas"].pop(name, None)
            for path in document["paths"].values():
                for method, operation in path.items():
                    _describe(method.upper(), operation)
                    _exemplify(operation, document["components"]["schemas"])
        assert self.openapi_schema is not None  # noqa: S101  made above
        return self.openapi_schema

    async def document(self, _request: Request) -> JSONResponse:
        """Answer with the document, made in a thread: FastAPI's own route makes it while every other request waits."""
        async with self._describing:
            made = await asyncio.to_thread(self.openapi)
        return JSONResponse(made)

    async def not_allowed(self, request: Request, _error: Exception) -> JSONResponse:
        """Answer 405 with every method that the path takes: the router names those of one route alone."""
        asked = str(request.scope["path"]).removeprefix(str(request.scope.get("root_path", "")))
        routes = iter_route_contexts(self.routes)
        found = [route for route in routes if route.path and compile_path(route.path)[0].match(asked)]
        methods = ", ".join(sorted({method for route in found for method in route.methods or ()}))
        answer = said(405, "Method not allowed", f"Here is taken: {methods}")
        answer.headers["allow"] = methods
        return answer


def _describe(method: str, operation: Data) -> None:
    operation["responses"].pop("422", None)
    for status, means in (("4XX", "It was refused."), ("5XX", "It could not be done now.")):
        operation["responses"][status] = {
            "description": means,
            "content": {"application/problem+json": {"schema": PROBLEM}},
        }
    if method in UNSAFE:
        operation.setdefault("parameters", []).append(KEY_PARAMETER)
        operation["responses"].setdefault("202", WAITS)
    elif {"after", "limit"} <= {parameter["name"] for parameter in operation.get("parameters", ())}:
        operation["responses"]["200"]["headers"] = {"Link": LEADS_ON}


def _exemplify(operation: Data, schemas: Data) -> None:
    """Give a JSON body the example that its fields make up: those it needs, or all where it needs none."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content:
        schema = schemas[content["schema"]["$ref"].rpartition("/")[2]]
        fields = {name: field["examples"][0] for name, field in schema["properties"].items() if "examples" in field}
        needed = set(schema.get("required", ())) - NO_EXAMPLE_ALONE
        content["example"] = {name: said for name, said in fields.items() if not needed or name in schema["required"]}
