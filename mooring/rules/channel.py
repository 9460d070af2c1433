"""Does the channel's section say what its class and the platform need?"""

from __future__ import annotations

from collections.abc import Iterator

from mooring.model.entry_point import module_file, resolve_entry_point
from mooring.model.problem import Problem, Rule, Severity
from mooring.reading.yaml_composer import KeyPath
from mooring.rules.inspected import Inspected, mappings

HAS_SECTION = Rule("CHN-1", "An app of the category Channel has a `channel` section.")
PREPARE_NEEDED = Rule("CHN-6", "A channel has `prepare` unless `options.prepare` is false.")
PREPARE_UNUSED = Rule("CHN-7", "A channel with `options.prepare: false` has no `prepare`.")
TARGET_NEEDED = Rule("CHN-8", "A channel with dynamic targeting has `target`.")
TARGET_UNUSED = Rule("CHN-9", "A channel with static targeting has no `target`.")
BATCH_SIZE = Rule("CHN-10", "`delivery.batch_size` is a whole number from 1 to 1000.")
CONCURRENT = Rule("CHN-11", "`delivery.concurrent_batches` is a whole number from 1 to 1000.")
COUNT = Rule("CHN-12", "`rate_limits[].count` is a whole number from 1.")
PERIOD = Rule("CHN-13", "`rate_limits[].period` is a whole number from 1.")
UNUSED_SECTION = Rule(
    "CHN-14", "Only an app of the category Channel has a `channel` section.", Severity.WARNING
)
PREVIEW_NEEDED = Rule(
    "CHN-15", "A channel with `options.template_preview` has `template_preview`.", Severity.WARNING
)
RULES = (
    *(HAS_SECTION, PREPARE_NEEDED, PREPARE_UNUSED, TARGET_NEEDED, TARGET_UNUSED),
    *(BATCH_SIZE, CONCURRENT, COUNT, PERIOD, UNUSED_SECTION, PREVIEW_NEEDED),
)
MOST = 1000
DELIVERY: KeyPath = ("channel", "delivery")


def check(app: Inspected) -> Iterator[Problem]:
    """Look at the section of an app of the category Channel; of another app it has no effect."""
    if not app.is_channel:
        yield from _no_effect(app)
        return
    if "channel" not in app.manifest.mapping(()):
        yield app.fault(
            HAS_SECTION,
            ("meta", "categories", app.manifest.items(("meta", "categories")).index("Channel")),
            "The app is of the category Channel, but has no `channel` section.",
            hint="Add channel with type and targeting, or choose another category.",
        )
        return
    yield from _numbers(app)
    if not app.is_for_node:
        yield from _methods(app)


def _no_effect(app: Inspected) -> Iterator[Problem]:
    categories = app.manifest.get(("meta", "categories"))
    if isinstance(categories, list) and app.manifest.mapping(("channel",)):
        yield UNUSED_SECTION.at(
            app.manifest.file,
            app.manifest.key_position(("channel",)),
            "The `channel` section has no effect: the app is not of the category Channel.",
            hint="Add Channel to meta.categories, or remove the section.",
        )


def _numbers(app: Inspected) -> Iterator[Problem]:
    yield from _whole(app, BATCH_SIZE, (*DELIVERY, "batch_size"), MOST)
    yield from _whole(app, CONCURRENT, (*DELIVERY, "concurrent_batches"), MOST)
    for _, path in mappings(app.manifest, *DELIVERY, "rate_limits"):
        yield from _whole(app, COUNT, (*path, "count"), None)
        yield from _whole(app, PERIOD, (*path, "period"), None)


def _whole(app: Inspected, rule: Rule, path: KeyPath, most: int | None) -> Iterator[Problem]:
    value = app.manifest.get(path)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return
    if value < 1 or value != value // 1 or (most is not None and value > most):
        wanted = f"from 1 to {most}" if most else "of at least 1"
        yield app.fault(rule, path, f"`{path[-1]}` is {value}; expected a whole number {wanted}.")


def _methods(app: Inspected) -> Iterator[Problem]:
    module, name = resolve_entry_point("channel", "Channel")
    read = app.sources.module(module)
    if read is None or name not in read.classes:
        return
    ancestry = app.sources.ancestry(module, name)
    prepares = app.manifest.get(("channel", "options", "prepare")) is not False
    dynamic = app.manifest.get(("channel", "targeting")) == "dynamic"
    place = read.classes[name].position
    for wanted, method, needed, unused, setting in (
        (prepares, "prepare", PREPARE_NEEDED, PREPARE_UNUSED, "options.prepare"),
        (dynamic, "target", TARGET_NEEDED, TARGET_UNUSED, "targeting"),
    ):
        there = method in ancestry.methods
        if wanted and not there and ancestry.known:
            said = f"Class {name} has no {method}, which channel.{setting} asks for."
            yield needed.at(module_file(module), place, said, hint="Write it, or change app.yml.")
        elif there and not wanted:
            said = f"Class {name} has {method}, which channel.{setting} does not use."
            yield unused.at(module_file(module), place, said, hint="Remove it, or change app.yml.")
    shows = app.manifest.get(("channel", "options", "template_preview")) is True
    if shows and ancestry.known and "template_preview" not in ancestry.methods:
        said = f"Class {name} has no template_preview, which channel.options asks for."
        hint = "Write it, or change app.yml."
        yield PREVIEW_NEEDED.at(module_file(module), place, said, hint=hint)
