from __future__ import annotations

import pytest

from mooring.errors import EntryPointInvalid
from mooring.model.entry_point import module_file, resolve_entry_point, snake_case


@pytest.mark.parametrize(
    ("class_name", "module"),
    [
        ("HandleEvent", "handle_event"),
        ("Sync", "sync"),
        ("HTTPHandler", "http_handler"),
        ("ParseJSON", "parse_json"),
        ("OAuth2Callback", "o_auth2_callback"),
        ("Sha256Sum", "sha256_sum"),
        ("already_snake", "already_snake"),
    ],
)
def test_a_class_is_in_the_module_of_its_name(class_name: str, module: str) -> None:
    assert snake_case(class_name) == module


def test_the_folder_follows_from_the_kind() -> None:
    assert resolve_entry_point("function", "HandleEvent") == (
        "functions.handle_event",
        "HandleEvent",
    )
    assert resolve_entry_point("source_job", "Read") == ("sources.jobs.read", "Read")


def test_a_class_may_be_called_like_a_word_of_python() -> None:
    assert resolve_entry_point("job", "Import") == ("jobs.import", "Import")


def test_the_module_can_be_said() -> None:
    assert resolve_entry_point("job", "stages.push:Push") == ("jobs.stages.push", "Push")


@pytest.mark.parametrize(
    "text",
    ["", ":", "a:", ":A", "a b", "A-B", "1A", "class", "a..b:C", "../x:C", "a/b:C", "x:y:Z", "A\n"],
)
def test_what_names_no_class_is_refused(text: str) -> None:
    with pytest.raises(EntryPointInvalid, match="is not the name of a class"):
        resolve_entry_point("function", text)


def test_a_module_has_a_file_below_src() -> None:
    assert module_file("jobs.stages.push") == "src/jobs/stages/push.py"
