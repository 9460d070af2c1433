"""What do other services answer in a test? What was prepared; everything sent is recorded."""

from __future__ import annotations

import json as json_codec
from collections.abc import Callable, Mapping
from typing import Any

from mooring.errors import RateLimited
from mooring.sdk.ports import HttpRequest, HttpResponse

Answer = Callable[[HttpRequest], HttpResponse]
Route = tuple[str, str]


class RecordingHttp:
    """An ``HttpPort`` with prepared answers; like the real one it raises on 429 and 5xx."""

    def __init__(self) -> None:
        self.requests: list[HttpRequest] = []
        self._answers: dict[Route, list[Answer]] = {}
        self._narrowed: dict[Route, list[tuple[Mapping[str, str], Answer]]] = {}

    def answer(
        self,
        method: str,
        url: str,
        *,
        status: int = 200,
        json: Any = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
    ) -> None:
        """Prepare the next answer of ``url`` (without query); the last one repeats for ever.

        With ``params`` it is the answer of every request that has these among its own.
        """
        content = body if json is None else json_codec.dumps(json).encode()
        lower = {name.lower(): value for name, value in (headers or {}).items()}
        self.answer_with(
            method, url, lambda request: HttpResponse(status, lower, content, url), params=params
        )

    def answer_with(
        self, method: str, url: str, answer: Answer, *, params: Mapping[str, str] | None = None
    ) -> None:
        """Prepare the next answer of ``url`` as a function of the request."""
        route = (method.upper(), url)
        if params:
            self._narrowed.setdefault(route, []).insert(0, (params, answer))
        else:
            self._answers.setdefault(route, []).append(answer)

    def send(self, request: HttpRequest) -> HttpResponse:
        """Record the request and give its answer. Raises AssertionError if none is prepared."""
        self.requests.append(request)
        response = self._answer(request)(request)
        wait = response.headers.get("retry-after")
        if response.status == 429 or (response.status == 503 and wait):
            raise RateLimited(
                f"{response.place} answered with status {response.status}.",
                status=response.status,
                body=response.body,
                retry_after=float(wait or 60),
            )
        return response.raise_for_status() if response.status >= 500 else response

    def _answer(self, request: HttpRequest) -> Answer:
        route = (request.method.upper(), request.url.partition("?")[0])
        asked = dict(request.params).items()
        for params, answer in self._narrowed.get(route, ()):
            if params.items() <= asked:
                return answer
        answers = self._answers.get(route)
        if not answers:
            known = dict.fromkeys([*self._answers, *self._narrowed])
            prepared = ", ".join(" ".join(each) for each in known) or "nothing"
            raise AssertionError(f"No answer for {' '.join(route)}; prepared: {prepared}.")
        return answers.pop(0) if len(answers) > 1 else answers[0]
