"""A caller is told what is wrong and how to mend it, in one shape, without secrets."""

from __future__ import annotations

from mooring.engine.problems import problem, refusal
from mooring.errors import NotFound, RateLimited


def hide(text: str) -> str:
    return text.replace("canary", "•••")


def test_a_problem_is_json_with_code_message_and_hint() -> None:
    response = problem(413, "request.too_large", "Too large.", headers={"connection": "close"})
    assert (response.status, response.headers.get("connection")) == (413, "close")
    assert response.body_json == {
        "error": {"code": "request.too_large", "message": "Too large.", "hint": ""}
    }


def test_an_error_is_told_with_its_own_status_and_without_secrets() -> None:
    response = refusal(NotFound("No canary.", hint="Look beyond the canary."), hide=hide)
    assert response.status == 404
    assert response.body_json == {
        "error": {"code": "not_found", "message": "No •••.", "hint": "Look beyond the •••."}
    }


def test_a_service_that_asks_to_wait_is_passed_on_in_whole_seconds() -> None:
    assert refusal(RateLimited(retry_after=12.4), hide=hide).headers.get("retry-after") == "12"
    assert refusal(RateLimited(retry_after=0.2), hide=hide).headers.get("retry-after") == "1"
    assert "retry-after" not in refusal(NotFound(), hide=hide).headers
