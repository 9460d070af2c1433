import pytest

from mooring.errors import NoContext
from mooring.sdk import logger
from mooring.sdk.context import use
from mooring.testing.memory import LogLine, MemoryApp
from mooring.testing.memory import memory_app as make_memory_app

ABOUT = {
    "app_id": "test_app",
    "version": "1.0.0",
    "entry_point": "test",
    "account": "local",
    "install_id": 1,
}


def last(app: MemoryApp) -> LogLine:
    return app.log.lines[-1]


@pytest.mark.parametrize("level", ["debug", "info", "warn", "error"])
def test_each_level_writes_a_line_about_its_call(level: str, memory_app: MemoryApp) -> None:
    getattr(logger, level)("contacts.read", page=3)
    assert last(memory_app) == LogLine(level, "contacts.read", {**ABOUT, "page": 3})


def test_parts_of_a_message_are_joined(memory_app: MemoryApp) -> None:
    logger.info("read", 3, "pages")
    assert last(memory_app).event == "read 3 pages"


@pytest.mark.parametrize(
    ("audience", "shown"),
    [("developer", "developer"), ("zaius", "platform"), ("platform", "platform")],
)
def test_an_audience_may_come_first(audience: str, shown: str, memory_app: MemoryApp) -> None:
    logger.info(audience, "hello")
    assert last(memory_app) == LogLine("info", "hello", {**ABOUT, "audience": shown})


def test_an_audience_alone_is_a_message(memory_app: MemoryApp) -> None:
    logger.info("developer")
    assert last(memory_app).event == "developer"


def test_an_error_brings_its_stack(memory_app: MemoryApp) -> None:
    try:
        raise ValueError("broken")
    except ValueError as error:
        logger.error("sync failed:", error)
    assert last(memory_app).event == "sync failed: ValueError: broken"
    assert "test_logger.py" in last(memory_app).fields["stacktrace"]


def test_nobody_speaks_in_the_name_of_another(memory_app: MemoryApp) -> None:
    logger.amend_log_context(account="other", run_id="r1")
    logger.error("forged", app_id="other_app", install_id=7, version="9")
    said = {"account_": "other", "run_id_": "r1", "app_id_": "other_app"}
    expected = {**ABOUT, **said, "install_id_": 7, "version_": "9"}
    assert last(memory_app) == LogLine("error", "forged", expected)


def test_amended_fields_are_on_every_further_line_of_this_call_alone(
    memory_app: MemoryApp,
) -> None:
    logger.amend_log_context(project="p1")
    logger.info("one")
    assert last(memory_app).fields["project"] == "p1"
    other = make_memory_app()
    with use(other.invocation):
        logger.info("two")
    assert "project" not in last(other).fields


def test_a_global_function_logs_without_an_installation() -> None:
    app = make_memory_app(install_id=0)
    with use(app.invocation):
        logger.info("hello")
    assert "install_id" not in last(app).fields


def test_there_is_no_log_outside_an_app() -> None:
    with pytest.raises(NoContext):
        logger.info("hello")
