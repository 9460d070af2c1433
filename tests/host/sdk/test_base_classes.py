import asyncio
import inspect

import pytest

from mooring.sdk import (
    Channel,
    Destination,
    DestinationSchemaFunction,
    Function,
    GlobalFunction,
    LiquidExtension,
    Request,
    Response,
    SourceFunction,
    SourceJob,
    SourceLifecycle,
    SourceSchemaFunction,
)
from mooring.sdk.channel import ChannelContentResult, ChannelPreviewResult, ChannelTargetResult
from mooring.sdk.destination import is_deleted
from mooring.sdk.liquid_extension import LiquidExtensionResult


class Echo(Function):
    def perform(self) -> Response:
        return Response(text=self.request.path)


class SlowEcho(GlobalFunction):
    async def perform(self) -> Response:
        await asyncio.sleep(0)
        return Response(text=self.request.path)


def test_a_function_answers_its_request() -> None:
    assert Echo(Request("GET", "/hello")).perform().text == "/hello"


def test_a_function_may_be_a_coroutine() -> None:
    assert asyncio.run(SlowEcho(Request("GET", "/hello")).perform()).text == "/hello"


@pytest.mark.parametrize(
    ("base", "methods"),
    [
        (Function, {"perform"}),
        (GlobalFunction, {"perform"}),
        (Channel, {"ready", "validate", "publish", "deliver", "preview"}),
        (Destination, {"ready", "deliver"}),
        (DestinationSchemaFunction, {"get_destinations_schema"}),
        (SourceFunction, {"perform"}),
        (SourceJob, {"prepare", "perform"}),
        (SourceSchemaFunction, {"get_sources_schema"}),
        (LiquidExtension, {"perform"}),
        (
            SourceLifecycle,
            {
                "on_source_create",
                "on_source_update",
                "on_source_delete",
                "on_source_enable",
                "on_source_pause",
            },
        ),
    ],
)
def test_a_base_class_asks_for_what_the_contract_names(base: type, methods: set[str]) -> None:
    assert inspect.isabstract(base)
    assert base.__abstractmethods__ == methods  # type: ignore[attr-defined]  # of an ABC


@pytest.mark.parametrize("optional", ["target", "prepare"])
def test_what_app_yml_makes_optional_is_not_inherited(optional: str) -> None:
    assert not hasattr(Channel, optional)


def test_content_is_fine_unless_something_is_said_about_it() -> None:
    assert ChannelContentResult().success
    assert not ChannelContentResult().add_toast("info", "Long text.").success


def test_content_errors_are_keyed_by_form_section_and_field() -> None:
    result = ChannelContentResult().add_error("template", "body", "subject", "Missing.")
    assert result.to_json()["errors"] == {"template.body.subject": ["Missing."]}


@pytest.mark.parametrize("result", [ChannelTargetResult(), ChannelPreviewResult()])
def test_an_empty_answer_is_shown_as_a_failure(
    result: ChannelTargetResult | ChannelPreviewResult,
) -> None:
    [toast] = result.to_json()["toasts"]
    assert toast["intent"] == "danger"


def test_previews_carry_their_display_options() -> None:
    result = ChannelPreviewResult(["<p>1</p>"]).set_display_options(min_width=320)
    said = result.to_json()
    assert (said["previews"], said["displayOptions"]) == (["<p>1</p>"], {"minWidth": 320})


def test_a_liquid_output_is_json_text() -> None:
    assert LiquidExtensionResult.success({"a": 1}).to_json() == {"output": '{"a": 1}'}


@pytest.mark.parametrize(("message", "said"), [("No such code.", "No such code."), ("", "unknown")])
def test_a_liquid_error_always_says_something(message: str, said: str) -> None:
    assert LiquidExtensionResult.error(message).to_json() == {"error": said}


@pytest.mark.parametrize(("item", "deleted"), [({"_isDeleted": True}, True), ({"id": "1"}, False)])
def test_a_deleted_item_is_recognised(item: dict[str, object], deleted: bool) -> None:
    assert is_deleted(item) is deleted
