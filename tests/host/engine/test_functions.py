"""What a caller gets for what a function does, good or bad."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from mooring.engine.functions import Outcome, Unfinished, answer, attempt, begin, finish
from mooring.errors import (
    EntryPointInvalid,
    MooringError,
    NotFound,
    RateLimited,
    RequestInvalid,
    ServiceUnavailable,
)
from mooring.sdk.context import get_app_context
from mooring.sdk.function import Function
from mooring.sdk.webhook import Request, Response
from mooring.testing.memory import MemoryApp, memory_app

CANARY = "canary-7f3a9c"
POST = Request("POST", path="/extra", body=b'{"name": "Ada"}')


@pytest.fixture
def app() -> MemoryApp:
    return memory_app(app_id="shop")


def hide(text: str) -> str:
    return text.replace(CANARY, "•••")


def given(function: type[Any], app: MemoryApp, request: Request = POST) -> Response:
    return answer(lambda: function, request, invocation=app.invocation, hide=hide)


def from_a_thread(work: Callable[[], Response]) -> Response:
    """Work where servers do; in the main thread a KeyboardInterrupt is somebody's Ctrl-C."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(work).result()


def raising(error: BaseException) -> type[Function]:
    class Raises(Function):
        def perform(self) -> Response:
            raise error

    return Raises


def returning(value: Any) -> type[Function]:
    class Returns(Function):
        def perform(self) -> Response:
            return value  # type: ignore[no-any-return]  # what apps return is the question

    return Returns


class Greets(Function):
    def perform(self) -> Response:
        said = {"hello": self.request.body_json["name"], "for": get_app_context().app_id}
        return Response(201, said)


class GreetsLater(Function):
    async def perform(self) -> Response:
        await asyncio.sleep(0)
        said = {"app": get_app_context().app_id, "thread": threading.current_thread().name}
        return Response(200, said)


def test_a_function_answers_on_behalf_of_its_installation(app: MemoryApp) -> None:
    response = given(Greets, app)
    assert (response.status, response.body_json) == (201, {"hello": "Ada", "for": "shop"})


def test_a_coroutine_answers_too(app: MemoryApp) -> None:
    assert given(GreetsLater, app).body_json["app"] == "shop"


def test_each_call_has_a_function_of_its_own(app: MemoryApp) -> None:
    class Counts(Function):
        calls = 0

        def perform(self) -> Response:
            self.calls += 1
            return Response(200, {"calls": self.calls})

    assert [given(Counts, app).body_json for _ in range(2)] == [{"calls": 1}, {"calls": 1}]


def test_on_a_loop_a_coroutine_runs_there_and_a_plain_function_does_not(app: MemoryApp) -> None:
    async def serve(function: type[Any]) -> tuple[bool, Outcome]:
        begun = await asyncio.to_thread(
            begin, lambda: function, POST, invocation=app.invocation, hide=hide
        )
        if isinstance(begun, Unfinished):
            return True, await finish(begun, hide=hide)
        return False, begun

    awaited, outcome = asyncio.run(serve(GreetsLater))
    assert awaited
    assert outcome.response.body_json["thread"] == threading.current_thread().name
    awaited, outcome = asyncio.run(serve(Greets))
    assert not awaited
    assert outcome.response.status == 201


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (NotFound("No such shop.", hint="Try another."), 404),
        (RequestInvalid("The body is not JSON."), 400),
        (ServiceUnavailable("Brevo does not answer."), 503),
        (EntryPointInvalid("No class."), 422),
    ],
)
def test_an_error_of_the_host_keeps_its_status_and_its_words(
    app: MemoryApp, error: MooringError, status: int
) -> None:
    response = given(raising(error), app)
    assert response.status == status
    assert response.body_json == {
        "error": {"code": error.code, "message": error.message, "hint": error.hint}
    }


def test_whoever_is_to_wait_is_told_how_long(app: MemoryApp) -> None:
    response = given(raising(RateLimited(retry_after=12.4)), app)
    assert (response.status, response.headers.get("retry-after")) == (503, "12")


def test_a_secret_in_an_error_does_not_reach_the_caller(app: MemoryApp) -> None:
    response = given(raising(NotFound(f"No {CANARY}.", hint=f"Not {CANARY}.")), app)
    assert CANARY not in response.text
    assert response.body_json["error"]["message"] == "No •••."


@pytest.mark.parametrize(
    "error",
    [
        ValueError(f"odd {CANARY}"),
        SystemExit(3),
        ExceptionGroup("g", [OSError()]),
        # what would end the program or the task if it came from anywhere else
        KeyboardInterrupt(),
        asyncio.CancelledError(),
        GeneratorExit(),
        BaseException("of no kind"),
        BaseExceptionGroup("g", [KeyboardInterrupt()]),
    ],
)
def test_any_other_exception_is_a_neutral_500_and_a_traceback_in_the_log(
    app: MemoryApp, error: BaseException
) -> None:
    response = from_a_thread(lambda: given(raising(error), app))
    assert response.status == 500
    assert response.body_json["error"]["code"] == "function.failed"
    assert type(error).__name__ not in response.text
    assert CANARY not in response.text
    (line,) = app.log.lines
    assert (line.level, line.event) == ("error", "function.failed")
    assert "raise error" in line.fields["traceback"]


def test_an_expected_error_is_logged_without_a_traceback(app: MemoryApp) -> None:
    given(raising(NotFound("No such shop.")), app)
    (line,) = app.log.lines
    assert line.level == "warn"
    assert line.fields["code"] == "not_found"
    assert line.fields["traceback"] is None


def test_a_coroutine_that_raises_is_answered_alike(app: MemoryApp) -> None:
    class Raises(Function):
        async def perform(self) -> Response:
            raise NotFound("No such shop.")

    assert given(Raises, app).status == 404


def test_a_class_that_cannot_be_loaded_is_an_answer_too(app: MemoryApp) -> None:
    def load() -> type[Any]:
        raise EntryPointInvalid("src/functions/hook.py is missing.")

    outcome = attempt(load, POST, invocation=app.invocation, hide=hide)
    assert outcome.response.status == 422
    assert isinstance(outcome.error, EntryPointInvalid)


@pytest.mark.parametrize("kind", [KeyboardInterrupt, asyncio.CancelledError, SystemExit])
def test_a_coroutine_cannot_end_the_loop_it_runs_on(
    app: MemoryApp, kind: type[BaseException]
) -> None:
    class Raises(Function):
        async def perform(self) -> Response:
            raise kind

    async def scenario() -> Outcome:
        return await finish(Unfinished(Raises(POST).perform, app.invocation), hide=hide)

    assert asyncio.run(scenario()).response.status == 500


def test_a_coroutine_that_overruns_can_still_be_cancelled(app: MemoryApp) -> None:
    class Waits(Function):
        async def perform(self) -> Response:
            await asyncio.sleep(60)
            return Response(200)

    async def scenario() -> bool:
        call = finish(Unfinished(Waits(POST).perform, app.invocation), hide=hide)
        task = asyncio.ensure_future(call)
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait({task})
        return task.cancelled()

    assert asyncio.run(scenario())
    assert not app.log.lines


def broken_status() -> Response:
    response = Response(200)
    response.status = 200.5  # type: ignore[assignment]  # as an app may well do
    return response


def broken_body() -> Response:
    response = Response(200)
    response.body = "text"  # type: ignore[assignment]  # as an app may well do
    return response


@pytest.mark.parametrize(
    ("value", "complaint"),
    [
        (None, "returned NoneType"),
        ({"ok": True}, "returned dict"),
        (broken_body(), "a body of type str"),
        (Response(100), "Status 100"),
        (broken_status(), "Status 200.5"),
    ],
)
def test_what_is_not_a_response_is_a_500_that_the_log_explains(
    app: MemoryApp, value: Any, complaint: str
) -> None:
    response = given(returning(value), app)
    assert response.status == 500
    assert response.body_json["error"]["code"] == "function.failed"
    (line,) = app.log.lines
    assert complaint in line.fields["error"]
