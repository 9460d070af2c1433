"""Thousands of random requests after the server's own description of itself: do both agree?"""

from __future__ import annotations

from typing import Any

import hypothesis
import pytest
import requests
import schemathesis
from hypothesis import strategies
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import SOAK
from tests.host.web.bad_input.conftest import Public

REQUESTS = 10_000 if SOAK else 400
AGREED = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]


@pytest.mark.timeout(900 if SOAK else 120)
def test_the_server_answers_random_requests_as_its_description_says(site: Public) -> None:
    base = f"http://{site.address[0]}:{site.address[1]}"
    description = schemathesis.openapi.from_url(f"{base}/openapi.json")
    operations = [found.ok() for found in description.get_all_operations() if isinstance(found, Ok)]
    most = sum("{" in operation.path for operation in operations)  # the others soon run out
    assert most >= 20
    addresses = strategies.sampled_from([None, *site.paths.values()])
    sent = 0
    with requests.Session() as session:
        for operation in operations:

            @hypothesis.settings(
                max_examples=REQUESTS // most + 10,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(hypothesis.HealthCheck),
            )
            @hypothesis.given(case=operation.as_strategy(), address=addresses)
            def agree(case: schemathesis.Case[Any], address: str | None) -> None:
                nonlocal sent
                sent += 1
                aim_at(case, address)
                answer = case.call(base_url=base, session=session, timeout=10)
                case.validate_response(answer, checks=AGREED)

            agree()
    assert sent >= REQUESTS


def aim_at(case: schemathesis.Case[Any], address: str | None) -> None:
    """Let most requests reach a function that exists: a random name never would."""
    known: dict[str, Any] = case.path_parameters or {}
    if address is None or "function" not in known:
        return
    _, _, app_id, function, *rest = address.split("/")
    if "uuid" in known and not rest:
        return
    known.update(app_id=app_id, function=function)
    if "uuid" in known:
        known["uuid"] = rest[0]
