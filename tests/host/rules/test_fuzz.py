"""Whatever is in an app's files, an answer comes: problems with a file, in time, and no traceback.

`make soak` looks at a thousand inputs, `make test` at a hundred that are always the same.
"""

from __future__ import annotations

import copy
import json
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from textwrap import dedent
from typing import Any

import yaml
from hypothesis import given
from hypothesis import strategies as st

from mooring.model.problem import Problem
from mooring.rules import validate_app
from tests.host.rules.conformance.case import BASES, CONTACT, CUSTOMERS, FORM, ORDERS
from tests.host.rules.conftest import FILES, App

IN_TIME = 15.0  # seconds
YAML_FILES = ("app.yml", FORM, ORDERS, CUSTOMERS, CONTACT)
ANY_FILES = (*YAML_FILES, "assets/directory/overview.md", "src/functions/hook.py")
SYNC_SECTION, SYNC_FILES = BASES["sync"]
TEXTS = {
    file: dedent(text).replace("outbound_domains:", f"{dedent(SYNC_SECTION)}outbound_domains:")
    for file, text in {**FILES, **SYNC_FILES}.items()
}

# -- bytes: anything at all, and the file with anything in it ----------------------------------

# What YAML, Markdown, Mustache and patterns take for more than text.
MEANINGFUL = (
    *("&a ", "*a", "<<: ", "!!python/object ", "? ", "- ", ": ", "{", "}", "[", "]", "|\n", ">-\n"),
    *("---\n", "...\n", "%YAML 1.1\n", "\t", "\x00", "\ufeff", "\u2028", "#", '"', "'", "\\", "`"),
    *("{{", "}}", "{{#", "0o12", "012", "1:30", ".inf", "null", "no", "2020-01-01", "(", "(?<"),
)
scraps = st.one_of(
    st.binary(max_size=40),
    st.sampled_from(MEANINGFUL).map(str.encode),
    st.sampled_from(MEANINGFUL).map(lambda text: text.encode() * 2_000),
    st.text(max_size=40).map(lambda text: text.encode("utf-16")),
)


@st.composite
def spoilt_bytes(draw: st.DrawFn) -> tuple[str, bytes]:
    """Put scraps into a file, or in place of parts of it."""
    file = draw(st.sampled_from(ANY_FILES))
    if draw(st.integers(0, 4)) == 0:
        return file, draw(st.binary(max_size=2_000))
    content = TEXTS[file].encode()
    for _ in range(draw(st.integers(1, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(start + 30, len(content))))
        content = content[:start] + draw(scraps) + content[end:]
    return file, content


# -- structure: values where others belong, keys that are missing, known and unknown -----------

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**20), 10**20),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(MEANINGFUL),
    st.sampled_from(["name", "fields", "type", "entry_point", "schema", "shop_app_x", "string"]),
)
keys = st.one_of(st.text(max_size=10), st.sampled_from(["name", "key", "type", "schema", "verify"]))
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


def places(value: Any) -> list[tuple[Any, Any]]:
    """Return every place below a value, as the collection and the step into it."""
    found: list[tuple[Any, Any]] = []
    steps = value.items() if isinstance(value, dict) else enumerate(value)
    for step, inner in list(steps):
        found.append((value, step))
        if isinstance(inner, dict | list):
            found += places(inner)
    return found


@st.composite
def spoilt_structure(draw: st.DrawFn) -> tuple[str, bytes]:
    """Replace, remove, rename and move values."""
    file = draw(st.sampled_from(YAML_FILES))
    document = yaml.safe_load(TEXTS[file])
    for _ in range(draw(st.integers(1, 5))):
        if not (known := places(document)):
            break
        place, step = known[draw(st.integers(0, len(known) - 1))]
        other, at = known[draw(st.integers(0, len(known) - 1))]
        change = draw(st.sampled_from(["replace", "remove", "move", "rename"]))
        if change == "remove":
            del place[step]
        elif change == "rename" and isinstance(place, dict):
            place[draw(keys)] = place.pop(step)
        else:
            place[step] = copy.deepcopy(other[at]) if change == "move" else draw(values)
    if draw(st.booleans()):
        return file, json.dumps(document).encode()
    written: str = yaml.safe_dump(document, allow_unicode=draw(st.booleans()))
    return file, written.encode("utf-8", "surrogatepass")


@given(spoilt=spoilt_bytes() | spoilt_structure(), ocp=st.booleans())
def test_any_file_is_answered_for(spoilt: tuple[str, bytes], ocp: bool) -> None:
    file, content = spoilt
    with TemporaryDirectory() as folder:
        app = App(Path(folder))
        for name, text in TEXTS.items():
            app.write(name, text)
        (app.root / file).write_bytes(content)
        started = time.perf_counter()
        problems = validate_app(app.root, profiles=lambda: ["github"], ocp=ocp)
        assert time.perf_counter() - started < IN_TIME
    for problem in problems:
        assert_can_be_shown(problem)


def assert_can_be_shown(problem: Problem) -> None:
    assert problem.file
    assert problem.line >= 1
    assert problem.column >= 1
    assert problem.message.endswith(".")
    assert "\n" not in problem.message + problem.hint
    json.dumps(problem.to_json(), allow_nan=False).encode()
