import pytest

from mooring.errors import (
    CredentialsRejected,
    MooringError,
    RateLimited,
    RequestRefused,
    ServiceError,
    ServiceUnavailable,
)
from mooring.sdk import http
from mooring.sdk.ports import Budget, HttpRequest, HttpResponse, Rate
from mooring.testing.memory import MemoryApp

URL = "https://api.example.org/things"


@pytest.fixture(autouse=True)
def prepared(memory_app: MemoryApp) -> MemoryApp:
    for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD"):
        memory_app.http.answer(method, URL)
    return memory_app


def sent(app: MemoryApp) -> HttpRequest:
    return app.http.requests[-1]


def response(status: int) -> HttpResponse:
    return HttpResponse(status, {}, b"{}", f"{URL}?token=s3cret")


@pytest.mark.parametrize("verb", ["get", "post", "put", "patch", "delete"])
def test_each_verb_sends_its_method(verb: str, memory_app: MemoryApp) -> None:
    getattr(http, verb)(URL)
    assert sent(memory_app).method == verb.upper()


def test_json_is_encoded_and_typed(memory_app: MemoryApp) -> None:
    http.post(URL, json={"city": "Zürich"})
    assert sent(memory_app).body == '{"city":"Zürich"}'.encode()
    assert sent(memory_app).headers == {"content-type": "application/json"}


def test_a_form_is_encoded_and_typed(memory_app: MemoryApp) -> None:
    http.post(URL, data={"grant_type": "refresh_token", "scope": ["a", "b c"]})
    assert sent(memory_app).body == b"grant_type=refresh_token&scope=a&scope=b+c"
    assert sent(memory_app).headers == {"content-type": "application/x-www-form-urlencoded"}


def test_a_stated_content_type_wins(memory_app: MemoryApp) -> None:
    http.post(URL, json=[], headers={"Content-Type": "application/merge-patch+json"})
    assert sent(memory_app).headers == {"Content-Type": "application/merge-patch+json"}


def test_json_null_is_a_body(memory_app: MemoryApp) -> None:
    http.put(URL, json=None)
    assert sent(memory_app).body == b"null"


def test_two_bodies_are_one_too_many() -> None:
    with pytest.raises(TypeError, match="not json and body"):
        http.post(URL, json={}, body=b"")


def test_every_option_reaches_the_port(memory_app: MemoryApp) -> None:
    budget = Budget("flags", "token", (Rate(2, 1),))
    http.request(
        "head", URL, params={"a": "1"}, timeout=5, attempts=1, budgets=[budget], idempotent=True
    )
    assert sent(memory_app) == HttpRequest(
        "HEAD", URL, params={"a": "1"}, timeout=5, attempts=1, budgets=(budget,), idempotent=True
    )


def test_what_a_call_says_for_plans_reaches_the_port(memory_app: MemoryApp) -> None:
    http.post(URL, reads=True, volatile=True, planned={"id": -1}, before={"a": 1})
    assert sent(memory_app) == HttpRequest(
        "POST", URL, reads=True, volatile=True, planned={"id": -1}, before={"a": 1}
    )


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (302, RequestRefused),
        (400, RequestRefused),
        (401, CredentialsRejected),
        (403, CredentialsRejected),
        (404, RequestRefused),
        (429, RateLimited),
        (500, ServiceUnavailable),
        (503, ServiceUnavailable),
    ],
)
def test_a_refusal_becomes_the_error_that_it_means(status: int, error: type[MooringError]) -> None:
    with pytest.raises(ServiceError) as caught:
        response(status).raise_for_status()
    assert type(caught.value) is error
    assert (caught.value.status, caught.value.body) == (status, b"{}")


def test_a_good_answer_is_handed_on() -> None:
    good = response(204)
    assert good.raise_for_status() is good


def test_an_error_shows_no_query() -> None:
    with pytest.raises(RequestRefused) as caught:
        response(404).raise_for_status()
    assert str(caught.value) == f"{URL} answered with status 404."


def test_an_answer_that_is_not_json_is_an_error_without_its_query() -> None:
    with pytest.raises(ServiceError) as caught:
        HttpResponse(200, {}, b"<html>", f"{URL}?token=s3cret").json()
    assert str(caught.value) == f"The answer of {URL} is not JSON."


def test_representations_show_no_credentials() -> None:
    budget = Budget("flags", "s3cret", (Rate(2, 1),))
    request = HttpRequest("GET", URL, headers={"a": "s3cret"}, body=b"s3cret", budgets=(budget,))
    assert "s3cret" not in repr(request)
