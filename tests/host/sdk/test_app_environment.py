import os

import pytest

from mooring.errors import NoContext
from mooring.sdk import environment
from mooring.sdk.context import use
from mooring.testing.memory import memory_app as make_memory_app


def test_each_app_sees_its_own_values() -> None:
    first = make_memory_app(environment={"APP_ENV_URL": "http://127.0.0.1:1"})
    second = make_memory_app(environment={"APP_ENV_URL": "http://127.0.0.1:2"})
    with use(first.invocation):
        assert environment["APP_ENV_URL"] == "http://127.0.0.1:1"
        with use(second.invocation):
            assert environment["APP_ENV_URL"] == "http://127.0.0.1:2"
        assert dict(environment) == {"APP_ENV_URL": "http://127.0.0.1:1"}


def test_the_process_environment_has_no_part_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(os.environ, "APP_ENV_FROM_OUTSIDE", "1")
    with use(make_memory_app().invocation):
        assert "APP_ENV_FROM_OUTSIDE" not in environment
        assert environment.get("APP_ENV_FROM_OUTSIDE", "default") == "default"


def test_its_representation_shows_no_values() -> None:
    with use(make_memory_app(environment={"APP_ENV_KEY": "s3cret"}).invocation):
        assert repr(environment) == "environment(APP_ENV_KEY)"


def test_there_is_no_environment_outside_an_app() -> None:
    with pytest.raises(NoContext):
        environment["APP_ENV_URL"]
