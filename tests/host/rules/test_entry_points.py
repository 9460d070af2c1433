from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring import sdk
from mooring.rules.entry_points import KINDS, Kind

Found = Callable[[], list[str]]
HOOK = "src/functions/hook.py"


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.base)
def test_what_is_asked_of_a_class_is_what_its_base_leaves_open(kind: Kind) -> None:
    assert set(kind.methods) == getattr(sdk, kind.base).__abstractmethods__


def test_a_missing_file_is_shown_at_the_entry_point_with_what_is_there(app: Any) -> None:
    app.replace("app.yml", "entry_point: Hook", "entry_point: OrderHook")
    (problem,) = app.problems()
    assert problem.place == "app.yml:18:18"
    assert problem.message == (
        "src/functions/order_hook.py does not exist; class OrderHook is expected in it."
    )
    assert problem.hint == (
        "Did you mean hook.py? Python files in src/functions: hook.py, lookup.py."
    )


def test_code_that_cannot_be_parsed_is_shown_at_its_line(app: Any) -> None:
    app.replace(HOOK, "return Response(200)", "return Response(200")
    (problem,) = app.problems()
    assert (problem.rule, problem.file, problem.line) == ("FUN-1", HOOK, 6)
    assert "was never closed" in problem.message


def test_code_that_no_entry_point_names_is_parsed_too(app: Any, found: Found) -> None:
    app.write("src/core/__init__.py", "x = (")
    app.write("src/core/deep/rates.py", "x = 1\ndef f(:\n")
    app.write("src/core/stages.py", "class Staged(Job:\n")
    assert found() == [
        "src/core/__init__.py:1 PYT-1",
        "src/core/deep/rates.py:2 PYT-1",
        "src/core/stages.py:1 PYT-1",
    ]


def test_a_missing_class_is_shown_with_the_classes_that_are_there(app: Any) -> None:
    app.replace(HOOK, "class Hook", "class Hock")
    (problem,) = app.problems()
    assert problem.place == "app.yml:18:18"
    assert problem.message == f"{HOOK} has no class Hook."
    assert problem.hint == "Did you mean Hock? Classes found there: Hock."


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        (HOOK, "(Function)", "", f"{HOOK}:4 FUN-3"),
        (HOOK, "(Function)", "(Exception)", f"{HOOK}:4 FUN-3"),
        (HOOK, "import Function", "import Job as Function", f"{HOOK}:4 FUN-3"),
        (HOOK, "import Function", "import GlobalFunction as Function", f"{HOOK}:4 FUN-3"),
        (HOOK, "def perform", "def preform", f"{HOOK}:4 FUN-5"),
        (
            "src/functions/lookup.py",
            "sdk.GlobalFunction",
            "sdk.Function",
            "src/functions/lookup.py:4 FUN-4",
        ),
        ("src/jobs/sync.py", "def perform", "def work", "src/jobs/sync.py:4 JOB-3"),
        ("src/core/stages.py", "def prepare", "def ready", "src/jobs/sync.py:4 JOB-3"),
        ("src/core/stages.py", "(Job)", "", "src/jobs/sync.py:4 JOB-2"),
        (
            "src/lifecycle/lifecycle.py",
            "on_install",
            "on_instal",
            "src/lifecycle/lifecycle.py:4 LIF-3",
        ),
        (
            "src/lifecycle/lifecycle.py",
            "class Lifecycle",
            "class Life",
            "src/lifecycle/lifecycle.py:1 LIF-1",
        ),
        ("app.yml", "entry_point: Sync", "entry_point: not a class", "app.yml:27 JOB-1"),
        ("app.yml", "entry_point: Hook", "entry_point: 'hook:'", "app.yml:18 FUN-1"),
    ],
)
def test_a_class_of_the_wrong_kind_is_one_problem(
    app: Any, found: Found, file: str, old: str, new: str, expected: str
) -> None:
    app.replace(file, old, new)
    assert found() == [expected]


def test_an_app_without_a_lifecycle_is_told_where_it_belongs(app: Any, found: Found) -> None:
    app.remove("src/lifecycle/lifecycle.py")
    assert found() == ["app.yml:1 LIF-1"]


def test_a_package_does_not_stand_for_the_file_that_the_host_loads(app: Any, found: Found) -> None:
    text = (app.root / HOOK).read_text()
    app.remove(HOOK)
    app.write("src/functions/hook/__init__.py", text)
    assert found() == ["app.yml:18 FUN-1"]


@pytest.mark.parametrize(
    "source",
    [
        "from somewhere import Base\n\nclass Hook(Base): ...\n",
        "from somewhere import *\n",
        "from somewhere import make\n\nHook = make()\n",
        "from somewhere import bases\n\nclass Hook(bases()): ...\n",
        "try:\n    from fast import Hook\nexcept ImportError:\n    from slow import Hook\n",
    ],
)
def test_what_cannot_be_told_is_not_called_wrong(app: Any, found: Found, source: str) -> None:
    app.write(HOOK, source)
    assert found() == []


def test_a_class_is_followed_through_the_apps_own_modules(app: Any, found: Found) -> None:
    text = (app.root / HOOK).read_text()
    app.write("src/core/hooks/__init__.py", text)
    app.write(HOOK, "from ..core.hooks import Hook\n")
    assert found() == []
    app.write("src/core/hooks/__init__.py", text.replace("perform", "work"))
    assert found() == [f"{HOOK}:1 FUN-5"]


def test_classes_that_extend_each_other_do_not_go_on_for_ever(app: Any, found: Found) -> None:
    app.write(HOOK, "class Hook(Other):\n    def perform(self): ...\n\nclass Other(Hook): ...\n")
    assert found() == [f"{HOOK}:1 FUN-3"]


def test_what_the_compiler_warns_of_is_no_problem(app: Any, found: Found) -> None:
    app.write(HOOK, (app.root / HOOK).read_text() + '\nPATTERN = "\\d"\n')
    assert found() == []


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"class Hook:\x00", b"(" * 50_000])
def test_a_file_that_is_no_python_is_a_problem(app: Any, content: bytes) -> None:
    (app.root / HOOK).write_bytes(content)
    (problem,) = app.problems()
    assert (problem.rule, problem.file) == ("FUN-1", HOOK)


def test_a_name_that_no_file_system_takes_is_a_problem(app: Any, found: Found) -> None:
    app.replace("app.yml", "entry_point: Hook", f"entry_point: {'Hook' * 100}")
    assert found() == ["app.yml:18 FUN-1"]


@pytest.mark.parametrize("schema", ["x" * 5000, "../schema/x", '"a\\0b"'])
def test_a_schema_is_named_and_not_addressed(app: Any, found: Found, schema: str) -> None:
    source = f"sources:\n  Shop: {{description: Orders., schema: {schema}}}\noutbound_domains:"
    app.replace("app.yml", "outbound_domains:", source)
    app.write("src/sources/x.yml", "")
    app.write("src/schema/x.yml", "")
    assert "app.yml:34 SRC-2" in found()


CHANNEL = """\
    from mooring.sdk import Channel as Base


    class Channel(Base):
        def ready(self): ...
        def validate(self, content, mode): ...
        def publish(self, content_key, content, options): ...
        def deliver(self, content_key, tracking, options, batch, previous_result=None): ...
        def preview(self, content, batch): ...
        def prepare(self, content_key, tracking, options): ...
    """


@pytest.fixture
def channel(app: Any) -> Any:
    app.replace("app.yml", "- Testing & Utilities", "- Channel")
    section = "channel:\n  type: email\n  targeting: [{identifier: email}]\n"
    app.replace("app.yml", "runtime:", f"{section}runtime:")
    app.write("src/channel/channel.py", CHANNEL)
    for form in ("content-settings", "content-template"):
        app.write(f"forms/{form}.yml", "sections: []\n")
    return app


def test_a_channel_without_faults_has_no_problems(channel: Any, found: Found) -> None:
    assert found() == []


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        ("src/channel/channel.py", "def preview", "def show", "src/channel/channel.py:4 CHN-5"),
        ("src/channel/channel.py", "def prepare", "def warm_up", "src/channel/channel.py:4 CHN-6"),
        (
            "app.yml",
            "  type: email",
            "  type: email\n  options: {prepare: false}",
            "src/channel/channel.py:4 CHN-7",
        ),
        ("app.yml", "[{identifier: email}]", "dynamic", "src/channel/channel.py:4 CHN-8"),
        (
            "src/channel/channel.py",
            "def ready",
            "def target(self): ...\n    def ready",
            "src/channel/channel.py:4 CHN-9",
        ),
        ("src/channel/channel.py", "(Base)", "", "src/channel/channel.py:4 CHN-4"),
        (
            "app.yml",
            "  type: email",
            "  type: email\n  delivery: {batch_size: 0}",
            "app.yml:15 CHN-10",
        ),
        (
            "app.yml",
            "  type: email",
            "  type: email\n  delivery: {concurrent_batches: 1.5}",
            "app.yml:15 CHN-11",
        ),
    ],
)
def test_a_fault_of_a_channel_is_one_problem(
    channel: Any, found: Found, file: str, old: str, new: str, expected: str
) -> None:
    channel.replace(file, old, new)
    assert found() == [expected]


def test_the_category_channel_needs_the_section(app: Any, found: Found) -> None:
    app.replace("app.yml", "- Testing & Utilities", "- Channel")
    assert found() == ["app.yml:10 CHN-1"]


def test_sources_and_destinations_name_classes_and_schema_that_exist(
    app: Any, found: Found
) -> None:
    app.replace(
        "app.yml",
        "outbound_domains:",
        "destinations:\n  crm: {entry_point: Crm, description: A CRM., schema: contact}\n"
        "sources:\n  Shop: {description: Orders., schema: {entry_point: ShopSchema}}\n"
        "outbound_domains:",
    )
    assert found() == ["app.yml:34 DST-1", "app.yml:34 DST-7", "app.yml:36 SRC-3"]


def test_what_a_class_extends_and_has_instead_is_named(app: Any) -> None:
    app.replace(HOOK, "(Function)", "(Exception)")
    app.replace(HOOK, "def perform", "def preform")
    base, methods = app.problems()
    assert base.message == "Class Hook does not extend Function, but Exception."
    assert methods.message == "Class Hook has no perform."
    assert methods.hint == ("Did you mean preform? Function needs perform. Methods found: preform.")


def test_a_class_or_file_of_another_spelling_is_asked_for(app: Any) -> None:
    app.replace(HOOK, "class Hook", "class Hok")
    (problem,) = app.problems()
    assert problem.hint == "Did you mean Hok? Classes found there: Hok."
    app.replace("app.yml", "entry_point: Hook", "entry_point: Hooks")
    (problem,) = app.problems()
    assert problem.hint.startswith("Did you mean hook.py? Python files in src/functions: ")


def test_an_import_that_would_fail_is_shown_at_its_line_with_the_nearest_name(app: Any) -> None:
    app.replace("src/jobs/sync.py", "import Staged", "import Stagged")
    app.replace("src/jobs/sync.py", "(Staged)", "(Stagged)")
    (problem,) = app.problems()
    assert problem.place == "src/jobs/sync.py:1:1"
    assert problem.message == "src/core/stages.py has no `Stagged`, which is imported from it."
    assert problem.hint.startswith("Did you mean Staged?")


@pytest.mark.parametrize(
    "source",
    [
        "for x in range(3): late = x",
        "with open('a') as late: pass",
        "(late, other) = 1, 2",
        "if True:\n    def late(): ...",
        "match 1:\n    case late: pass",
        "def f():\n    global late\n    late = 1",
        "print(late := 1)",
        "def __getattr__(name): return name",
        "from os import *",
        "import os.path as late",
    ],
)
def test_every_way_to_bind_a_name_counts(app: Any, found: Found, source: str) -> None:
    app.write("src/core/names.py", source)
    app.replace(HOOK, "class Hook", "from ..core.names import late\n\n\nclass Hook")
    assert found() == []


def test_an_import_that_may_fail_is_not_called_wrong(app: Any, found: Found) -> None:
    guarded = "try:\n    from .missing import x\nexcept ImportError:\n    x = None\n\n\nclass Hook"
    app.replace(HOOK, "class Hook", guarded)
    assert found() == []
