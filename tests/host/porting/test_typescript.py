from __future__ import annotations

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mooring.porting.typescript import Method, TypeScriptFile, read_typescript

PIECES = st.sampled_from(
    [
        *("class A", " extends ", "{", "}", "(", ")", "`", "${", "'", '"', "/", "//", "/*", "*/"),
        *("<", ">", "\n", " ", "=", "=>", ";", "async ", "private ", "x", "\\", "é", "@d"),
        *("import ", " from 'a'"),
    ]
)


def read(text: str) -> TypeScriptFile:
    return read_typescript(text, file="src/a.ts")


def methods(body: str) -> list[str]:
    (found,) = read(f"class A {{\n{body}\n}}").classes
    return [method.name for method in found.methods]


@pytest.mark.parametrize(
    ("text", "name", "base"),
    [
        ("export class A extends App.Function {}", "A", "Function"),
        ("export default abstract class A extends Job implements B<{c: d}> {}", "A", "Job"),
        ("class A<T extends {b: C}> extends D<T> {}", "A", "D"),
        ("export const A = class extends App.Job {};", "A", "Job"),
        ("class A {}", "A", ""),
        ("import {Lifecycle as Base} from 'x'; class A extends Base {}", "A", "Lifecycle"),
        ("class A\n  extends\n    App.Channel\n{\n}", "A", "Channel"),
    ],
)
def test_a_class_has_a_name_and_a_base(text: str, name: str, base: str) -> None:
    (found,) = read(text).classes
    assert (found.name, found.base) == (name, base)


@pytest.mark.parametrize(
    "text",
    [
        "// class A extends B {}",
        "/* class A {} */",
        "const a = 'class A {}';",
        "const a = `class A {} ${'class B {'} class C {}`;",
        "const a = /class A {/;",
        "const subclass = 1; className = {};",
        "class",
        "class A",
        "class A;",
    ],
)
def test_what_only_looks_like_a_class_is_none(text: str) -> None:
    assert read(text).classes == ()


def test_methods_have_their_lines_and_modifiers() -> None:
    first = "  private static async one(\n    a: {b: string},\n  ): Promise<{c: D}> {\n  }\n"
    text = f"class A {{\n{first}  two() {{}}\n}}"
    (found,) = read(text).classes
    assert found.methods == (
        Method("one", 2, ("private", "static", "async")),
        Method("two", 6),
    )


@pytest.mark.parametrize(
    ("body", "names"),
    [
        ("run = async (a: string): Promise<void> => { this.other(); };", ["run"]),
        ("run<T extends object>(a: T) { if (a) { while (b()) {} } }", ["run"]),
        ("@tool({name: 'x'})\n  public async run() {}", ["run"]),
        ("get name() { return 1 }\n  set name(a) {}", ["name"]),
        ("run(): void;\n  run(a?: string): void;\n  run(a?: string) {}", ["run"]),
        ("#own() {}", ["#own"]),
        ("constructor(private readonly a: B) { super(a); }", ["constructor"]),
        ("private text = 'a() {}'; private n = call(1); f = { g() {} };", []),
        ("a = /[}]/; b = 4 / 2; run() { return /'/.test('}'); }", ["run"]),
        ("run() { return `${`${'}'}`} }`; }\n  more() {}", ["run", "more"]),
    ],
)
def test_methods_are_told_from_everything_else(body: str, names: list[str]) -> None:
    assert methods(body) == names


def test_what_a_file_mentions_is_found_outside_comments() -> None:
    found = read(
        "import a from 'axios'; import './style'; const b = require(\"@scope/b/c\");\n"
        "// import d from 'd'; https://comment.example\n"
        "fetch(`https://${shop}.myshop.example/x`); fetch('https://API.example.com:8443/');\n"
        "fetch('http://localhost:1'); fetch('http://127.0.0.1'); fetch(`https://${host}/`);\n"
        "process.env.APP_ENV_A; process.env['B']; const {APP_ENV_C} = process.env;"
    )
    assert found.imports == ("axios", "./style", "@scope/b/c")
    assert found.hosts == ("*.myshop.example", "api.example.com")
    assert found.variables == ("APP_ENV_A", "B", "APP_ENV_C")


@given(st.lists(PIECES, max_size=60).map("".join))
def test_any_text_can_be_read(text: str) -> None:
    assert read(text).file == "src/a.ts"


@pytest.mark.parametrize(
    "text",
    [
        "class A {" * 20_000,
        "class A<" * 20_000,
        "\n" * 300_000,
        "`${" * 60_000,
        "/" * 200_000,
        "class A{" + "x ()\n" * 40_000,
        "class A{" + "public " * 40_000,
        "class A{" + "a=b=>" * 40_000,
        "class A{" + "x:" * 60_000,
        "import " * 40_000,
        "@a" * 60_000 + "class A{" + "@a()" * 40_000,
    ],
    ids=lambda text: text[:12],
)
def test_hostile_files_cost_little(text: str) -> None:
    began = time.process_time()
    read(text)
    assert time.process_time() - began < 2
