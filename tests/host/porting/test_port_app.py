from __future__ import annotations

import ast
from pathlib import Path

import pytest

from mooring.errors import AppInvalid, UsageError
from mooring.porting import port_app
from mooring.porting.report import Report, Topic, as_page
from mooring.rules import validate_app
from tests.host.porting.conftest import APPS
from tests.host.rules.layouts.layout import Layout
from tests.host.rules.test_layouts import LAYOUTS, write

NAMES = sorted(path.name for path in APPS.iterdir())


def about(report: Report, topic: Topic) -> dict[str, str]:
    return {note.subject: note.message for note in report.notes if note.topic is topic}


@pytest.mark.parametrize("name", NAMES)
def test_forms_schema_and_assets_are_the_same_bytes(name: str) -> None:
    ported = port_app(APPS / name)
    for file in ported.report.unchanged:
        source = APPS / name / file
        source = source if source.exists() else APPS / name / "src" / file
        assert ported.files[file] == source.read_bytes()
    assert "forms/settings.yml" in ported.report.unchanged


def test_schema_moves_to_where_it_lives_here() -> None:
    assert "schema/newsletter_subscribers.yml" in port_app(APPS / "newsletter").report.unchanged


def test_stubs_have_the_names_bases_and_methods_of_the_typescript() -> None:
    stubs = {
        s.name: (s.file, s.base, s.methods) for s in port_app(APPS / "newsletter").report.stubs
    }
    assert stubs["HandleSubscribed"] == (
        "src/functions/handle_subscribed.py",
        "Function",
        ("perform",),
    )
    assert stubs["Router"] == ("src/functions/router.py", "GlobalFunction", ("perform",))
    # `prepare` is inherited from a class of the app.
    assert stubs["NightlyImport"] == ("src/jobs/nightly_import.py", "Job", ("prepare", "perform"))
    assert "on_finalize_upgrade" in stubs["Lifecycle"][2]
    assert "on_after_upgrade" not in stubs["Lifecycle"][2]


def test_a_class_that_serves_two_functions_is_written_once() -> None:
    names = [stub.name for stub in port_app(APPS / "newsletter").report.stubs]
    assert names.count("HandleSubscribed") == 1


def test_a_channel_has_what_its_manifest_asks_for(tmp_path: Path) -> None:
    (channel,) = [s for s in port_app(APPS / "texting").report.stubs if s.base == "Channel"]
    assert {"target", "prepare"} <= set(channel.methods)


@pytest.mark.parametrize("name", NAMES)
def test_stubs_point_to_the_typescript_and_copy_nothing_of_it(name: str) -> None:
    ported = port_app(APPS / name)
    for stub in ported.report.stubs:
        text = str(ported.files[stub.file])
        docstring = ast.get_docstring(ast.parse(text)) or ""
        assert (stub.origin or "No TypeScript class") in docstring
        assert "createHmac" not in text
        assert "not signed" not in text


def test_methods_of_the_apps_own_are_named_with_their_place() -> None:
    said = about(port_app(APPS / "newsletter").report, Topic.CODE)
    assert "isSigned (src/functions/HandleSubscribed.ts:22)" in said["HandleSubscribed"]


def test_npm_packages_have_a_library_to_look_at() -> None:
    ported = port_app(APPS / "newsletter")
    said = about(ported.report, Topic.PACKAGES)
    assert list(said) == ["axios", "jsonwebtoken", "left-pad"]
    assert said["jsonwebtoken"] == "look at PyJWT."


def test_variables_are_named_and_their_values_are_not() -> None:
    ported = port_app(APPS / "newsletter")
    said = about(ported.report, Topic.ENVIRONMENT)
    assert list(said) == ["LOG_LEVEL", "APP_ENV_LIST_KEY", "APP_ENV_UNUSED"]
    assert "its value is in .env.sample" in said["APP_ENV_LIST_KEY"]
    assert ".env.sample" not in ported.files
    assert "very-secret-value" not in as_page(ported.report)


def test_hosts_that_would_be_refused_are_named() -> None:
    said = about(port_app(APPS / "newsletter").report, Topic.DOMAINS)
    assert list(said) == ["*.lists.example", "hooks.lists.example"]


def test_code_without_an_entry_point_and_tests_are_named() -> None:
    said = about(port_app(APPS / "newsletter").report, Topic.FILES)
    assert {"src/lib/ListClient.ts", "src/lib/PagedJob.ts", "tests"} <= said.keys()
    assert "src/jobs/NightlyImport.ts" not in said


def test_opal_tools_are_told_to_answer_for_themselves() -> None:
    notes = [n.message for n in port_app(APPS / "warehouse").report.notes if n.subject == "Tools"]
    assert "/discovery" in notes[0]


def test_a_class_that_is_missing_gets_a_stub_all_the_same(newsletter: Path) -> None:
    (newsletter / "src" / "functions" / "Router.ts").unlink()
    report = port_app(newsletter).report
    assert about(report, Topic.CODE)["Router"].startswith("its TypeScript was not found")
    assert [s.origin for s in report.stubs if s.name == "Router"] == [""]


def test_a_class_is_found_outside_its_usual_place(newsletter: Path) -> None:
    (newsletter / "src" / "functions" / "Router.ts").rename(
        newsletter / "src" / "lib" / "routes.ts"
    )
    report = port_app(newsletter).report
    assert [s.origin for s in report.stubs if s.name == "Router"] == ["src/lib/routes.ts"]


@pytest.mark.parametrize("layout", LAYOUTS, ids=lambda layout: layout.name)
def test_the_port_of_a_public_layout_has_no_fault_that_the_original_has_not(
    tmp_path: Path, layout: Layout
) -> None:
    write(tmp_path / "ocp", layout)
    for name, content in port_app(tmp_path / "ocp").files.items():
        path = tmp_path / "ported" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    faults = {p.rule for p in validate_app(tmp_path / "ported") if p.is_error}
    assert faults <= set(layout.expected)


def test_links_are_not_followed(newsletter: Path, tmp_path: Path) -> None:
    (tmp_path / "private").write_text("private")
    (newsletter / "assets" / "stolen.txt").symlink_to(tmp_path / "private")
    (newsletter / "LICENSE").symlink_to(tmp_path / "private")
    files = port_app(newsletter).files
    assert "assets/stolen.txt" not in files
    assert "LICENSE" not in files


def test_a_hostile_description_stays_a_docstring(newsletter: Path) -> None:
    manifest = newsletter / "app.yml"
    text = manifest.read_text("utf-8")
    hostile = '"""\\n\\"\\"\\"\\\\ import os'
    manifest.write_text(text.replace('Takes a "new" subscriber.', f'"{hostile[3:]}"'), "utf-8")
    stub = str(port_app(newsletter).files["src/functions/handle_subscribed.py"])
    assert [type(node).__name__ for node in ast.parse(stub).body] == [
        *("Expr", "ImportFrom", "ImportFrom", "ClassDef")
    ]


def test_a_package_json_that_cannot_be_read_is_said(newsletter: Path) -> None:
    (newsletter / "package.json").write_text("{")
    said = about(port_app(newsletter).report, Topic.PACKAGES)
    assert "cannot be read" in said["package.json"]
    assert "axios" in said


def test_a_folder_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="There is no folder"):
        port_app(tmp_path / "nowhere")


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (None, "has no app.yml"),
        ("meta: [", "not well-formed YAML"),
        ("meta: {app_id: a}\nmeta: {}\nruntime: &a node22\nx: *a", "occurs twice|anchor"),
        ("just text", "it lacks meta"),
        ("runtime: node22", "it lacks meta"),
        ("meta: {app_id: abc}", "it lacks a runtime for Node"),
        ("meta: {app_id: abc}\nruntime: ruby3", "it lacks a runtime for Node"),
        ("meta: {app_id: abc}\nruntime: python3.11", "written in Python already"),
    ],
)
def test_what_is_no_ocp_app_is_refused_in_a_sentence(
    tmp_path: Path, manifest: str | None, said: str
) -> None:
    if manifest is not None:
        (tmp_path / "app.yml").write_text(manifest)
    with pytest.raises(AppInvalid, match=said) as refused:
        port_app(tmp_path)
    assert "\n" not in str(refused.value)
