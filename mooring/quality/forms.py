"""Can somebody who has never seen the app fill in its form?"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Any

from mooring.model.form import FIELD_TYPES
from mooring.model.secret_shapes import names_secret
from mooring.quality.rule import Finding, Level, QualityRule, Studied, in_file
from mooring.reading.yaml_composer import KeyPath
from mooring.reading.yaml_reader import YamlDocument
from mooring.rules.inspected import mappings

ASIDE = re.compile(r"\s*\(.*?\)\s*")
FEWEST = 3  # words of a help
LONGEST_LABEL = 200  # characters of it that are looked at
WORD = re.compile(r"\w+")
PLACEHOLDER = re.compile(r"\{\{\s*\w+\.(\w+)\s*\}\}")
EXPLAINS = frozenset({"instructions", "link_button", "callout"})
OPENS = frozenset({"secret", "oauth_button", "oauth_image_button"})


def elements(form: YamlDocument) -> Iterator[tuple[dict[str, Any], KeyPath]]:
    """Walk the elements of all sections, with their paths."""
    for _, path in mappings(form, "sections"):
        yield from mappings(form, *path, "elements")


def credentials(app: Studied) -> list[tuple[YamlDocument, KeyPath]]:
    """Find the elements by which an account is connected: secrets and OAuth buttons."""
    form = app.settings_form
    if form is None:
        return []
    return [(form, path) for element, path in elements(form) if element.get("type") in OPENS]


def _shown_credentials(app: Studied) -> Iterator[Finding]:
    for form in app.inspected.files.forms.values():
        for element, path in elements(form):
            key, label = str(element.get("key", "")), str(element.get("label", ""))[:LONGEST_LABEL]
            named = names_secret(key) or names_secret(ASIDE.sub("", label))
            if element.get("type") == "text" and named:
                place = form.position((*path, "type"))
                message = f"`{key}` sounds like a credential and is shown as text."
                yield in_file(form.file, message, place)
            if element.get("type") == "secret" and element.get("defaultValue"):
                # Beside the value, so that it is not shown.
                place = form.position((*path, "type"))
                yield in_file(form.file, f"The secret `{key}` has its value in the form.", place)


def _unexplained_fields(app: Studied) -> Iterator[Finding]:
    for form in app.inspected.files.forms.values():
        for element, path in elements(form):
            said, label = (WORD.findall(str(element.get(k, "")).lower()) for k in ("help", "label"))
            if element.get("type") in FIELD_TYPES and (len(said) < FEWEST or said == label):
                message = f"The help of the field `{element.get('key')}` says next to nothing."
                yield in_file(form.file, message, form.position((*path, "help")))


def _unexplained_credentials(app: Studied) -> Iterator[Finding]:
    form = app.settings_form
    if form is None:
        return
    for _, path in mappings(form, "sections"):
        inner = list(mappings(form, *path, "elements"))
        secrets = [each for element, each in inner if element.get("type") == "secret"]
        if secrets and not any(element.get("type") in EXPLAINS for element, _ in inner):
            message = "Nothing says where this credential comes from."
            yield in_file(form.file, message, form.position((*secrets[0], "key")))


def _forgotten_fields(app: Studied) -> Iterator[Finding]:
    form = app.settings_form
    if form is None:
        return
    used = {*_vocabulary(app), *_referred_to(form.value)}
    for element, path in elements(form):
        key = element.get("key")
        if element.get("type") in FIELD_TYPES and key not in used:
            place = form.position((*path, "key"))
            yield in_file(form.file, f"Nothing in the code mentions the field `{key}`.", place)


def _vocabulary(app: Studied) -> Iterator[str]:
    """Walk the names in the code, and the words of its texts."""
    for code in app.code.files:
        yield from (node.id for node in code.every(ast.Name))
        yield from (node.attr for node in code.every(ast.Attribute))
        yield from (node.arg for node in code.every(ast.keyword) if node.arg)
        for text in code.every(ast.Constant):
            if isinstance(text.value, str):
                yield from WORD.findall(text.value)


def _referred_to(value: Any) -> Iterator[str]:
    """Walk the fields that conditions and texts of a form refer to."""
    if isinstance(value, dict):
        if "key" in value and "type" not in value and "label" not in value:
            yield str(value["key"]).rpartition(".")[2]
        for inner in value.values():
            yield from _referred_to(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _referred_to(inner)
    elif isinstance(value, str):
        yield from PLACEHOLDER.findall(value)


RULES = (
    QualityRule(
        id="secret-fields",
        level=Level.BRONZE,
        summary="Credentials are asked for in fields of type `secret`.",
        reason="What is entered as text is shown again to everybody who opens the form, and is "
        "neither encrypted nor masked.",
        looks_at="Keys and labels of text fields, and default values of secrets, in `forms`.",
        remedy="Say type: secret, without a defaultValue.",
        check=_shown_credentials,
    ),
    QualityRule(
        id="field-help",
        level=Level.SILVER,
        summary="Every field says what it is for.",
        reason="Whoever fills in the form knows neither the code nor the service at the other end.",
        looks_at="`help` of every element that takes a value, in `forms`: three words, and not the "
        "label.",
        remedy="Write one sentence with what to enter, and what it changes.",
        check=_unexplained_fields,
    ),
    QualityRule(
        id="credential-instructions",
        level=Level.SILVER,
        summary="A section that asks for a credential says where to get it.",
        reason="Finding the right page of another service is the hardest part of connecting it.",
        looks_at="Instructions, callouts and links in the sections of forms/settings.yml that have "
        "a secret.",
        remedy="Put an element of type instructions before it, with a link to the page.",
        check=_unexplained_credentials,
    ),
    QualityRule(
        id="settings-used",
        level=Level.GOLD,
        summary="Every field of the settings form has a use.",
        reason="A choice without effect is worse than none; often its name is misspelt somewhere.",
        looks_at="Whether the key of a field is a name, or a word of a text, anywhere in the code, "
        "or is referred to in the form.",
        remedy="Use it, or take it out of the form.",
        check=_forgotten_fields,
    ),
)
