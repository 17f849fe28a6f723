"""The OpenAPI 3.1 description: made from the route table, the operations, the shapes and the problems."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import orjson
from aiohttp import web

from .. import __version__
from ..model.faults import Fault
from .identity import COOKIE
from .openapi_operations import OPERATIONS
from .openapi_parts import BINARY, EVERYWHERE, Answer, Body, Operation, Parameter
from .openapi_shapes import Problem
from .problems import PROBLEMS
from .replies import bytes_reply

DESCRIPTION = web.AppKey("openapi", dict[str, Any])
REF = "#/components/schemas/{name}"
PROBLEM_JSON = "application/problem+json"
INTRODUCTION = (
    "A lasting history of generated images: nothing that was acknowledged is ever lost. Times are RFC 3339 "
    "in UTC, sizes are bytes, ids are 32 hex digits. A browser is known by its signed cookie, which the "
    "first answer sets; programs send a bearer token and name the owner in `X-Owner`. A refusal is a problem "
    "with a stable `code`. What belongs to somebody else answers like what does not exist. What is read with "
    "GET also answers HEAD. A method that an address does not take is 405 `METHOD_NOT_ALLOWED`; a failure "
    "nobody foresaw is 500 `INTERNAL_ERROR`."
)
WHOEVER: list[dict[str, list[str]]] = [{"guest": []}, {"token": []}, {}]
OWNER = {
    "name": "X-Owner",
    "in": "header",
    "description": "With a token: the owner to act for.",
    "schema": {"type": "string"},
}

Routes = Iterable[tuple[str, str, Callable[..., Any]]]
Schemas = dict[str, dict[str, Any]]


def path_of(path: str) -> str:
    """A route's path as OpenAPI writes it: `{key:.+}` is `{key}`."""
    return re.sub(r":[^}]+}", "}", path)


def describes(path: str) -> bool:
    """Whether an address belongs to the API; the others are pages for people."""
    return path.startswith(("/api/v1/", "/outputs/")) or path == "/health"


def description(routes: Routes) -> dict[str, Any]:
    """The whole document. Raises KeyError for an address of the API without its operation."""
    schemas, components = _schemas()
    paths: dict[str, dict[str, Any]] = {}
    for method, path, handler in routes:
        if describes(path):
            operation = OPERATIONS[method, path_of(path)]
            told = _operation(operation, inspect.getdoc(handler) or "", schemas)
            paths.setdefault(path_of(path), {})[method.lower()] = told
    return {
        "openapi": "3.1.0",
        "info": {"title": "imagehist", "version": __version__, "description": INTRODUCTION},
        "servers": [{"url": "/"}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "guest": {"type": "apiKey", "in": "cookie", "name": COOKIE},
                "token": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _kinds(operation: Operation) -> list[Any]:
    answers = [answer.shape for answer in operation.answers]
    bodies = [body.shape for body in operation.bodies]
    return [*(parameter.kind for parameter in operation.parameters), *answers, *bodies]


def _schemas() -> tuple[Schemas, Schemas]:
    """The schema of every type in use, by its name, and the shared ones beside."""
    named = {repr(kind): kind for operation in OPERATIONS.values() for kind in _kinds(operation)}
    kinds = [kind for kind in (*named.values(), Problem) if kind not in (None, BINARY)]
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REF)
    return {repr(kind): schema for kind, schema in zip(kinds, schemas, strict=True)}, components


def _operation(operation: Operation, docstring: str, schemas: Schemas) -> dict[str, Any]:
    parameters = [_parameter(parameter, schemas) for parameter in operation.parameters]
    told: dict[str, Any] = {
        "operationId": operation.id,
        "summary": operation.summary,
        "description": operation.about or docstring,
        "tags": [operation.group],
        "parameters": parameters if operation.anonymous else [*parameters, OWNER],
        "responses": _answers(operation.answers, schemas) | _refusals((*operation.faults, *EVERYWHERE)),
        "security": [] if operation.anonymous else WHOEVER,
    }
    if operation.bodies:
        content = {body.media: _body(body, schemas) for body in operation.bodies}
        told["requestBody"] = {"required": True, "content": content}
    return told


def _parameter(parameter: Parameter, schemas: Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.about,
        "schema": schemas[repr(parameter.kind)],
    }
    if parameter.required or parameter.place == "path":
        told["required"] = True
    return told if parameter.example is None else told | {"example": parameter.example}


def _body(body: Body, schemas: Schemas) -> dict[str, Any]:
    if body.shape == BINARY:
        return {"schema": {}}
    if body.media == "multipart/form-data":
        meta = schemas[repr(body.shape)]
        return {
            "schema": _multipart(meta),
            "encoding": {"meta": {"contentType": "application/json"}},
            "example": {"meta": body.example},
        }
    return {"schema": schemas[repr(body.shape)], "example": body.example}


def _multipart(meta: dict[str, Any]) -> dict[str, Any]:
    files = {"type": "array", "minItems": 1, "maxItems": 500, "items": {}, "description": "The images."}
    either = {
        "anyOf": [meta, {"type": "array", "items": meta}],
        "description": "One object for all files, or a list with one for each.",
    }
    return {"type": "object", "properties": {"file": files, "meta": either}, "required": ["file"]}


def _answers(answers: Sequence[Answer], schemas: Schemas) -> dict[str, Any]:
    told: dict[str, Any] = {}
    for answer in answers:
        one = told.setdefault(str(answer.status), {"description": answer.about})
        if answer.shape is not None:
            schema = {} if answer.shape == BINARY else schemas[repr(answer.shape)]
            one.setdefault("content", {})[answer.media] = {"schema": schema}
    return told


def _refusals(kinds: Sequence[type[Fault]]) -> dict[str, Any]:
    """One answer a status, naming the codes it can carry."""
    codes: dict[int, dict[str, str]] = {500: {"INTERNAL_ERROR": "Try again later; it was logged."}}
    for kind in kinds:
        problem = PROBLEMS[kind]
        codes.setdefault(problem.status, {})[kind.code] = problem.advice
    return {str(status): _refusal(status, codes[status]) for status in sorted(codes)}


def _refusal(status: int, advice: dict[str, str]) -> dict[str, Any]:
    exact = {"status": {"const": status}, "code": {"enum": sorted(advice)}}
    schema = {"allOf": [{"$ref": REF.format(name="Problem")}], "properties": exact}
    return {
        "description": " ".join(f"`{code}`: {what}" for code, what in sorted(advice.items())),
        "content": {PROBLEM_JSON: {"schema": schema}},
    }


async def describe(request: web.Request) -> web.Response:
    """This description, made from the code that answers."""
    return bytes_reply(orjson.dumps(request.app[DESCRIPTION]))
