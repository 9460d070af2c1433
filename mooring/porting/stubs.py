"""How does a class that is still to be written look? Signatures are those of mooring.sdk itself."""

from __future__ import annotations

import builtins
import inspect
import re
import sys
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mooring.sdk
from mooring import sdk
from mooring.model.entry_point import snake_case
from mooring.model.problem import printable
from mooring.porting.entry_points import EntryPoint, Origin
from mooring.sdk.channel import (
    CampaignTracking,
    Channel,
    ChannelPrepareResult,
    ChannelTargetResult,
    DeliveryOptions,
)

WIDTH = 100
# Methods of base classes that apps call and do not write.
PROVIDED = frozenset(
    {"sleep", "asleep", "perform_interruptible_task", "aperform_interruptible_task"}
    | {"on_settings_file", "is_interruptible"}
)
NAME = re.compile(r"[A-Za-z_]\w*")
STANDARD = {"Any": "typing", "Mapping": "collections.abc", "Sequence": "collections.abc"}


class _ChannelByManifest:
    """What a channel has if its manifest says so."""

    def target(self, content_settings: Mapping[str, Any]) -> ChannelTargetResult:
        """Say whom these content settings reach."""
        raise NotImplementedError

    def prepare(
        self, content_key: str, tracking: CampaignTracking, options: DeliveryOptions
    ) -> ChannelPrepareResult:
        """Get ready for a run."""
        raise NotImplementedError


@dataclass(frozen=True, slots=True)
class Draft:
    """A class to be written, with its methods by their Python names."""

    entry_point: EntryPoint
    origin: Origin | None
    methods: tuple[str, ...]


def draft(entry_point: EntryPoint, origin: Origin | None, *, by_manifest: Iterable[str]) -> Draft:
    """Choose the methods: those that are required, declared by the manifest, or written in TS."""
    possible = _possible(entry_point.base)
    there = {snake_case(name) for name in origin.methods} if origin else set()
    base = getattr(sdk, entry_point.base)
    wanted = {*base.__abstractmethods__, *by_manifest, *(there - {"target", "prepare"})}
    if entry_point.base != "Channel":
        wanted |= there
    return Draft(entry_point, origin, tuple(name for name in possible if name in wanted))


def without_counterpart(draft: Draft) -> list[str]:
    """Name the TypeScript methods that the stub does not have, with their lines."""
    if draft.origin is None:
        return []
    return [
        f"{name} ({file}:{method.line})"
        for name, (file, method) in draft.origin.methods.items()
        if snake_case(name) not in draft.methods and name != "constructor"
    ]


def module_text(drafts: Sequence[Draft]) -> str:
    """Write the module that holds these classes."""
    names = {d.entry_point.name for d in drafts}
    imports = _Imports(taken=names)
    bodies = [_class_text(d, imports) for d in drafts]
    imports.add("mooring.sdk", "errors")
    said = "\n\n\n".join(bodies)
    return f"{_module_docstring(drafts)}\n\n{imports.text()}\n\n\n{said}\n"


def _possible(base: str) -> list[str]:
    """Name every method that a class of this base may write, in the SDK's order."""
    found: dict[str, None] = {}
    for ancestor in reversed(getattr(sdk, base).__mro__):
        found |= dict.fromkeys(n for n, m in vars(ancestor).items() if inspect.isfunction(m))
    if base == "Channel":
        found |= {"target": None, "prepare": None}
    return [name for name in found if not name.startswith("_") and name not in PROVIDED]


class _Imports:
    """The import statements of a module; a name that the module takes itself gets another one."""

    def __init__(self, *, taken: set[str]) -> None:
        self._taken = taken
        self._names: dict[str, set[str]] = {}

    def add(self, module: str, name: str) -> str:
        """Import a name and return what it is called in the module."""
        self._names.setdefault(module, set()).add(name)
        return self.local(name)

    def local(self, name: str) -> str:
        """Return what an imported name is called in the module."""
        return f"Base{name[0].upper()}{name[1:]}" if name in self._taken else name

    def text(self) -> str:
        """Write the statements, the standard library's first."""
        standard = [m for m in sorted(self._names) if not m.startswith("mooring")]
        ours = [m for m in sorted(self._names) if m.startswith("mooring")]
        groups = ["\n".join(map(self._statements, group)) for group in (standard, ours) if group]
        return "\n\n".join(["from __future__ import annotations", *groups])

    def _statements(self, module: str) -> str:
        names = sorted(self._names[module], key=lambda n: (n[0].islower(), n))
        renamed = [n for n in names if self.local(n) != n]
        plain = [n for n in names if self.local(n) == n]
        lines = [f"from {module} import {n} as {self.local(n)}" for n in renamed]
        if plain:
            one = f"from {module} import {', '.join(plain)}"
            many = "".join(f"    {n},\n" for n in plain)
            lines.append(one if len(one) <= WIDTH else f"from {module} import (\n{many})")
        return "\n".join(lines)


def _class_text(draft: Draft, imports: _Imports) -> str:
    entry = draft.entry_point
    base = imports.add("mooring.sdk", entry.base)
    said = _sentence(entry.description) or f"{entry.name}, to be written."
    methods = [_method_text(draft, name, imports) for name in draft.methods]
    head = f"class {entry.name}({base}):\n{_docstring(said, '    ')}"
    return "\n\n".join([head, *methods])


def _method_text(draft: Draft, name: str, imports: _Imports) -> str:
    entry = draft.entry_point
    signature = _signature(entry.base, name, imports)
    place = _place(draft, name)
    was = f"Port it from {place}." if place else "OCP asks for it; the TypeScript was not found."
    raising = imports.local("errors")
    lines = [
        *_definition(name, signature),
        f'        """{was}"""',
        f"        raise {raising}.NotWritten(",
        f'            "{name} of {entry.name} is not written yet.",',
        f'            where="{entry.file}",',
        *([f'            hint="Its TypeScript is in {place}.",'] if place else []),
        "        )",
    ]
    return "\n".join(lines)


def _place(draft: Draft, name: str) -> str:
    if draft.origin is None:
        return ""
    for written, (file, method) in draft.origin.methods.items():
        if snake_case(written) == name:
            return _quotable(f"{file}:{method.line}")
    return _quotable(f"{draft.origin.file.file}:{draft.origin.declared.line}")


def _signature(base: str, name: str, imports: _Imports) -> tuple[list[str], str]:
    """Return the parameters and the result of a method, as the base class has them."""
    owner: type[object] = getattr(sdk, base)
    if not hasattr(owner, name):
        owner = _ChannelByManifest
    signature = inspect.signature(getattr(owner, name))
    parameters = []
    for parameter in signature.parameters.values():
        text = parameter.name
        if parameter.annotation is not inspect.Parameter.empty:
            text += f": {_annotation(parameter.annotation, owner, imports)}"
        if parameter.default is not inspect.Parameter.empty:
            text += f" = {parameter.default!r}"
        parameters.append(text)
    return parameters, _annotation(signature.return_annotation, owner, imports)


def _annotation(written: str, owner: type[object], imports: _Imports) -> str:
    """Write an annotation of the SDK's, and import what it names."""
    # A method may be async def; the stub's is not.
    text = re.sub(r"^MaybeAwaitable\[(.*)\]$", r"\1", written)
    return NAME.sub(lambda found: _imported(found[0], owner, imports), text)


def _imported(name: str, owner: type[object], imports: _Imports) -> str:
    if hasattr(builtins, name):
        return name
    if name in STANDARD:
        return imports.add(STANDARD[name], name)
    if name in mooring.sdk.__all__:
        return imports.add("mooring.sdk", name)
    holders = [Channel] if owner is _ChannelByManifest else owner.__mro__
    module = next(c.__module__ for c in holders if hasattr(sys.modules[c.__module__], name))
    return imports.add(module, name)


def _definition(name: str, signature: tuple[list[str], str]) -> list[str]:
    """Write the head of a method as the formatter would."""
    parameters, result = signature
    one = f"    def {name}({', '.join(parameters)}) -> {result}:"
    if len(one) <= WIDTH:
        return [one]
    second = f"        {', '.join(parameters)}"
    if len(second) <= WIDTH:
        return [f"    def {name}(", second, f"    ) -> {result}:"]
    return [f"    def {name}(", *(f"        {p}," for p in parameters), f"    ) -> {result}:"]


def _module_docstring(drafts: Sequence[Draft]) -> str:
    names = " and ".join(draft.entry_point.name for draft in drafts)
    lines = [f'"""Still to be written: {names}.']
    for each in drafts:
        lines += ["", *_pointer(each)]
    return "\n".join([*lines, '"""'])


def _pointer(draft: Draft) -> list[str]:
    """Say where the TypeScript is, and what is in it."""
    origin = draft.origin
    if origin is None:
        return [f"No TypeScript class {draft.entry_point.name} was found in the OCP app."]
    base = f" extends {origin.declared.base}" if origin.declared.base else ""
    title = f"{origin.declared.name}{base}, {origin.file.file}:{origin.declared.line}, has:"
    lines = [_quotable(title), ""]
    for name, (file, method) in origin.methods.items():
        modifiers = "".join(f"{word} " for word in method.modifiers if word != "public")
        place = f"line {method.line}" if file == origin.file.file else f"{file}:{method.line}"
        lines.append(_quotable(f"- {modifiers}{name}, {place}"))
    if origin.file.imports:
        said = _quotable(f"It imports {', '.join(origin.file.imports)}.")
        lines += ["", *textwrap.wrap(said, WIDTH, break_long_words=False, break_on_hyphens=False)]
    return lines


def _sentence(text: str) -> str:
    said = _quotable(" ".join(text.split()))
    return said if not said or said[-1] in ".!?" else f"{said}."


def _docstring(text: str, indent: str) -> str:
    if len(text) <= WIDTH - len(indent) - 6:
        return f'{indent}"""{text}"""'
    lines = textwrap.wrap(text, WIDTH - len(indent) - 3)
    rest = [f"{indent}{line}" for line in lines[1:]]
    return "\n".join([f'{indent}"""{lines[0]}', *rest, f'{indent}"""'])


def _quotable(text: str) -> str:
    """Write text so that it can stand between double quotes, on one line."""
    return printable(text).replace("\\", "/").replace('"', "'")
