"""The description leaves nothing out: every address, parameter, field and code has its words."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate

from imagehist.actions.editing import Patch
from imagehist.intake import Meta
from imagehist.model import faults
from imagehist.web import images, lists, openapi, openapi_parts, openapi_shapes, parameters, problems
from imagehist.web.app import ROUTES
from imagehist.web.openapi_operations import OPERATIONS
from imagehist.web.openapi_parts import Operation
from imagehist.web.openapi_record import MEANINGS, RECORD_TYPES

API = [route for route in ROUTES if openapi.describes(route.path)]
TOLD_ONCE = {faults.MethodNotAllowed}
"""Codes that belong to no one operation: the introduction tells them."""
UNUSED = {faults.QuotaExceeded, faults.BadQuery}
"""Codes whose causes (quotas, a search grammar) this version does not have."""


def document() -> dict[str, Any]:
    return openapi.description(ROUTES)


def test_the_description_is_openapi_3_1() -> None:
    validate(document())


def test_every_address_of_the_api_has_its_operation_and_no_operation_stands_alone() -> None:
    assert {(route.method, openapi.path_of(route.path)) for route in API} == set(OPERATIONS)
    others = {route.path for route in ROUTES} - {route.path for route in API}
    assert not [path for path in others if path.startswith("/api/") and path != "/api/docs"]
    assert len({operation.id for operation in OPERATIONS.values()}) == len(OPERATIONS)


def incomplete(operation: dict[str, Any], path: str) -> Iterator[str]:
    """What an operation leaves unsaid."""
    if not operation["summary"] or not operation["description"].endswith("."):
        yield "description"
    named = {one["name"] for one in operation["parameters"] if one["in"] == "path"}
    if named != set(re.findall(r"{(\w+)}", path)):
        yield "path parameters"
    if not all(one["description"] and one["schema"] for one in operation["parameters"]):
        yield "parameters"
    good = [status for status in operation["responses"] if status < "400"]
    codes = [status for status in operation["responses"] if status >= "400"]
    if not good or not codes:
        yield "answers"
    if operation["security"] and not {"401", "429"} <= set(codes):
        yield "refusals of callers"


def test_every_operation_says_what_it_takes_answers_and_refuses() -> None:
    paths = document()["paths"]
    assert [
        (path, what)
        for path, methods in paths.items()
        for operation in methods.values()
        for what in incomplete(operation, path)
    ] == []


@pytest.mark.parametrize(
    ("field", "value"),
    [("summary", ""), ("description", "no stop"), ("responses", {"200": {}}), ("parameters", [])],
)
def test_a_planted_gap_is_seen(field: str, value: Any) -> None:
    operation = document()["paths"]["/api/v1/images/{id}"]["get"]
    assert list(incomplete(operation, "/api/v1/images/{id}")) == []
    assert list(incomplete(operation | {field: value}, "/api/v1/images/{id}")) != []


def test_a_route_without_its_operation_cannot_start() -> None:
    async def stranger(request: Any) -> Any: ...

    with pytest.raises(KeyError):
        openapi.description([*ROUTES, ("GET", "/api/v1/strangers", stranger)])


def test_every_changing_operation_can_be_refused_as_cross_site_and_by_the_disk() -> None:
    for (method, path), operation in OPERATIONS.items():
        assert (method != "GET") == (faults.CrossSite in operation.faults), path
        assert (method != "GET") == (faults.StorageFull in operation.faults), path


def test_every_code_of_the_table_belongs_to_an_operation() -> None:
    used = {kind for operation in OPERATIONS.values() for kind in operation.faults}
    used |= {*openapi_parts.EVERYWHERE, *TOLD_ONCE, *UNUSED}
    assert used == set(problems.PROBLEMS)
    assert all(kind.code in openapi.INTRODUCTION for kind in TOLD_ONCE)


def test_unused_codes_are_raised_nowhere() -> None:
    package = Path(problems.__file__).parent.parent
    text = "".join(file.read_text() for file in package.rglob("*.py"))
    assert [kind for kind in UNUSED if re.search(rf"{kind.__name__}\(\"", text)] == []


def names(operation: Operation, place: str) -> set[str]:
    return {parameter.name for parameter in operation.parameters if parameter.place == place}


def test_parameters_and_bodies_are_those_the_code_reads() -> None:
    assert names(OPERATIONS["GET", "/api/v1/images"], "query") == lists.PARAMETERS
    fields = {shape: set(shape.__struct_fields__) for shape in (openapi_shapes.Patch, openapi_shapes.Select)}
    assert fields[openapi_shapes.Patch] == set(Patch._fields)
    assert fields[openapi_shapes.Select] == parameters.FILTERS | {"except", "as_of"}
    assert set(openapi_shapes.Bulk.__struct_fields__) == images.BULK_FIELDS
    assert set(openapi_shapes.UploadMeta.__struct_fields__) == set(Meta.__struct_fields__)


def test_every_field_of_a_record_has_its_meaning() -> None:
    assert list(MEANINGS) == list(RECORD_TYPES)
    assert all(meaning.endswith(".") for meaning in MEANINGS.values())
