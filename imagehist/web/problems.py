"""Faults as problem+json: the one table of codes, statuses and what a client should do."""

from __future__ import annotations

import logging
from collections.abc import Awaitable
from typing import Any, NamedTuple

import orjson
from aiohttp import hdrs, web

from ..files import storage_faults
from ..model import faults
from ..model.faults import Fault

log = logging.getLogger("imagehist.web")


class Problem(NamedTuple):
    """How a fault is told over HTTP."""

    status: int
    title: str
    advice: str


PROBLEMS: dict[type[Fault], Problem] = {
    faults.BadRequest: Problem(400, "Bad request", "Correct the request."),
    faults.BadParameter: Problem(400, "Bad parameter", "Correct the value named in `field`."),
    faults.BadJson: Problem(400, "Bad JSON", "Send one strict JSON value in UTF-8."),
    faults.BadEncoding: Problem(400, "Bad encoding", "Send text as UTF-8."),
    faults.BadMultipart: Problem(400, "Bad multipart body", "Send well-formed multipart/form-data."),
    faults.BadCursor: Problem(400, "Bad cursor", "Start again from the first page."),
    faults.BadQuery: Problem(400, "Bad search", "Correct the search at `position`."),
    faults.BadOwner: Problem(400, "Bad owner", "Name an owner in its allowed form."),
    faults.MetaMismatch: Problem(
        400, "Meta mismatch", "Send as many `meta` elements as files, or one object."
    ),
    faults.FieldTooLong: Problem(400, "Field too long", "Shorten the value named in `field`."),
    faults.AmbiguousCookie: Problem(400, "Ambiguous cookie", "Send the identity cookie once."),
    faults.EmptyFile: Problem(400, "Empty file", "Send the file's bytes."),
    faults.BadSession: Problem(401, "Bad session", "Restore the cookie, or start a new library on the page."),
    faults.BadToken: Problem(401, "Bad token", "Send a valid bearer token."),
    faults.CrossSite: Problem(403, "Cross-site request", "Call from this site's own pages or with a token."),
    faults.QuotaExceeded: Problem(403, "Quota exceeded", "Empty the trash or ask the admin for room."),
    faults.NotFound: Problem(404, "Not found", "Check the address; it may belong to somebody else."),
    faults.MethodNotAllowed: Problem(405, "Method not allowed", "Use a method of the `Allow` header."),
    faults.SlowClient: Problem(408, "Too slow", "Send the body again over a faster connection."),
    faults.IdempotencyConflict: Problem(409, "Idempotency conflict", "Use a new key for other bytes."),
    faults.SelectionChanged: Problem(409, "Selection changed", "Look at the selection again and confirm."),
    faults.CannotUndo: Problem(409, "Cannot undo", "Nothing of this entry can be taken back."),
    faults.PreconditionFailed: Problem(412, "Changed meanwhile", "Read the record again and repeat."),
    faults.FileTooLarge: Problem(413, "File too large", "Send a file below `limit` bytes."),
    faults.RequestTooLarge: Problem(413, "Request too large", "Split the upload into several requests."),
    faults.TooManyParts: Problem(413, "Too many parts", "Split the upload into several requests."),
    faults.FormatNotAllowed: Problem(415, "Format not allowed", "Send PNG, JPEG, WebP, AVIF or GIF."),
    faults.UnsupportedMediaType: Problem(
        415, "Unsupported media type", "Send the content type the route takes."
    ),
    faults.EncodingNotSupported: Problem(
        415, "Encoding not supported", "Send the body without Content-Encoding."
    ),
    faults.RangeNotSatisfiable: Problem(416, "Range not satisfiable", "Ask for bytes inside the file."),
    faults.BadHost: Problem(
        421, "Unknown host", "Use an address of this server, or add it to IMAGEHIST_HOSTS."
    ),
    faults.ImageCorrupt: Problem(422, "Image corrupt", "The file is damaged; send it again."),
    faults.TooManyPixels: Problem(422, "Too many pixels", "Send a smaller image."),
    faults.TooManyFrames: Problem(422, "Too many frames", "Send a shorter animation."),
    faults.ProcessingTimeout: Problem(422, "Processing took too long", "Send a simpler file."),
    faults.ProcessingFailed: Problem(422, "Processing failed", "The decoder gave up on this file."),
    faults.NothingAccepted: Problem(422, "Nothing accepted", "See `rejected` for each file's reason."),
    faults.TooManyGuests: Problem(429, "Too many new libraries", "Wait `retry_after` seconds."),
    faults.TooManyTries: Problem(429, "Too many tries", "Wait `retry_after` seconds."),
    faults.Busy: Problem(503, "Busy", "Try again after `retry_after` seconds."),
    faults.StorageReadOnly: Problem(503, "Storage is read-only", "Nothing was changed; try again later."),
    faults.OutcomeUnknown: Problem(503, "Outcome unknown", "Look again later whether the change is there."),
    faults.StorageFull: Problem(507, "Storage is full", "Nothing was changed; free space and repeat."),
}

PROBLEM_TYPE = "application/problem+json"
BASICS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store", "Server": "imagehist"}
"""What every answer carries that says nothing else about itself."""

NOT_OVER_HTTP: frozenset[type[Fault]] = frozenset(
    {faults.RootMissing, faults.FormatNewer, faults.BadSettings}
)
"""Faults that stop a process before it serves anything."""


def problem_body(fault: Fault) -> tuple[int, dict[str, Any]]:
    """Status and problem+json members of a fault."""
    problem = PROBLEMS[type(fault)]
    body = {
        "type": "about:blank",
        "title": problem.title,
        "status": problem.status,
        "detail": _whole(fault.detail),
        "code": fault.code,
    }
    return problem.status, body | {name: _whole(value) for name, value in fault.fields.items()}


def _whole(value: Any) -> Any:
    """Text without the half characters that a client may have sent and JSON cannot hold."""
    return value.encode("utf-8", "replace").decode() if isinstance(value, str) else value


def problem_response(fault: Fault) -> web.Response:
    """A fault as an answer."""
    status, body = problem_body(fault)
    response = _problem(status, body)
    if "retry_after" in body:
        response.headers[hdrs.RETRY_AFTER] = str(body["retry_after"])
    if "allow" in body:
        response.headers[hdrs.ALLOW] = str(body["allow"])
    if isinstance(fault, faults.RangeNotSatisfiable):
        response.headers[hdrs.CONTENT_RANGE] = f"bytes */{body['size']}"
    return response


def internal_error(request: web.BaseRequest, error: BaseException | None) -> web.Response:
    """A bug as an answer: logged whole, told without any detail."""
    log.error("unexpected failure in %s %s", request.method, request.path, exc_info=error)
    body = {
        "type": "about:blank",
        "title": "Internal error",
        "status": 500,
        "code": "INTERNAL_ERROR",
        "detail": "Something went wrong on the server; it was logged.",
    }
    return _problem(500, body)


def _problem(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(body=orjson.dumps(body), status=status, headers=BASICS, content_type=PROBLEM_TYPE)


async def told(request: web.Request, work: Awaitable[web.StreamResponse]) -> web.StreamResponse:
    """The answer of `work`, or the problem that says why there is none."""
    try:
        return await work
    except Fault as fault:
        return problem_response(fault)
    except web.HTTPException as error:
        return error if error.status < 400 else problem_response(of_http(error))
    except ConnectionError:
        raise
    except OSError as error:
        return problem_response(_of_disk(error))
    except Exception as error:
        return internal_error(request, error)


def _of_disk(error: OSError) -> Fault:
    """The fault that says what the operating system's refusal means."""
    log.warning("the disk answered: %s", error)
    try:
        with storage_faults():
            raise error
    except Fault as fault:
        return fault


def of_http(error: web.HTTPException) -> Fault:
    """The fault that says what aiohttp's own refusal means."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        allowed = ", ".join(sorted(error.allowed_methods))
        return faults.MethodNotAllowed("This address does not take that method.", allow=allowed)
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return faults.RequestTooLarge("The body is too large.")
    if error.status == 404:
        return faults.NotFound("There is nothing at this address.")
    return faults.BadRequest("The request cannot be understood.")


def problem_table() -> str:
    """The Markdown table of all codes, as the API documentation shows it."""
    rows = sorted((p.status, kind.code, p.advice) for kind, p in PROBLEMS.items())
    lines = [f"| `{code}` | {status} | {advice} |" for status, code, advice in rows]
    return "\n".join(["| code | status | what to do |", "|---|---|---|", *lines])
