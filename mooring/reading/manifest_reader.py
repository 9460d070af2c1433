"""How does the content of ``app.yml`` become a Manifest?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from mooring.model.manifest import (
    Access,
    Delivery,
    FunctionEntry,
    InstallationResolution,
    JobEntry,
    Manifest,
    Meta,
    Missed,
    Overlap,
    RetryPolicy,
    Verification,
)
from mooring.reading.node import Malformed, Node

META_TEXTS = (
    *("app_id", "display_name", "version", "vendor"),
    *("support_url", "summary", "contact_email"),
)


def read_manifest(value: Any) -> Manifest:
    """Return the typed manifest. Raises Malformed."""
    root = Node(value)
    return Manifest(
        meta=_meta(root.child("meta")),
        runtime=root.text("runtime"),
        environment=root.texts("environment"),
        functions={name: _function(name, node) for name, node in root.entries("functions")},
        jobs={name: _job(name, node) for name, node in root.entries("jobs")},
        outbound_domains=root.texts("outbound_domains"),
        channel=root.child("channel").as_mapping() if root.has("channel") else None,
        consumers=_as_written(root, "consumers"),
        liquid_extensions=_as_written(root, "liquid_extensions"),
        destinations=_as_written(root, "destinations"),
        sources=_as_written(root, "sources"),
    )


def _meta(node: Node) -> Meta:
    return Meta(
        **{name: node.text(name) for name in META_TEXTS},
        categories=node.texts("categories"),
        availability=node.texts("availability"),
    )


def _function(name: str, node: Node) -> FunctionEntry:
    verify = _verification(name, node) if node.has("verify") else None
    delivery = node.text("delivery", "inbox" if verify else "direct")
    return FunctionEntry(
        name=name,
        entry_point=node.text("entry_point"),
        description=node.text("description"),
        is_global=node.flag("global"),
        opal_tool=node.flag("opal_tool"),
        installation_resolution=_resolution(node),
        verify=verify,
        delivery=cast(Delivery, _one_of(node, "delivery", delivery, "inbox", "direct")),
        access=cast(
            Access, _one_of(node, "access", node.text("access", "public"), "public", "form")
        ),
    )


def _resolution(node: Node) -> InstallationResolution | None:
    if not node.has("installation_resolution"):
        return None
    resolution = node.child("installation_resolution")
    return InstallationResolution(type=resolution.text("type"), key=resolution.text("key", ""))


def _verification(function: str, node: Node) -> Verification:
    """Read the name of a profile, or a profile spelled out."""
    own_secret = f"{function}_signature"
    usual = Verification(profile="", secret=own_secret)
    verify = node.child("verify")
    if isinstance(verify.value, str):
        return Verification(profile=verify.value, secret=own_secret)
    return Verification(
        profile=verify.text("profile"),
        secret=verify.text("secret", own_secret),
        header=verify.text("header", ""),
        algorithm=verify.text("algorithm", usual.algorithm),
        encoding=verify.text("encoding", usual.encoding),
        prefix=verify.text("prefix", ""),
        tolerance=verify.number("tolerance"),
    )


def _job(name: str, node: Node) -> JobEntry:
    overlap = _one_of(node, "overlap", node.text("overlap", "skip"), "skip", "queue", "allow")
    missed = _one_of(node, "missed", node.text("missed", "run_once"), "run_once", "skip")
    concurrency = node.number("concurrency")
    return JobEntry(
        name=name,
        entry_point=node.text("entry_point"),
        description=node.text("description"),
        cron=node.text("cron", "") or None,
        parameters=node.child("parameters").as_mapping() if node.has("parameters") else {},
        timezone=node.text("timezone", "UTC"),
        overlap=cast(Overlap, overlap),
        missed=cast(Missed, missed),
        jitter=int(node.number("jitter") or 0),
        retry=_retry(node),
        concurrency=None if concurrency is None else int(concurrency),
    )


def _retry(node: Node) -> RetryPolicy:
    usual = RetryPolicy()
    if not node.has("retry"):
        return usual
    retry = node.child("retry")
    return RetryPolicy(
        attempts=int(retry.number("attempts") or usual.attempts),
        backoff_seconds=_or(retry.number("backoff_seconds"), usual.backoff_seconds),
        max_backoff_seconds=_or(retry.number("max_backoff_seconds"), usual.max_backoff_seconds),
    )


def _or(given: float | None, usual: float) -> float:
    return usual if given is None else given


def _one_of(node: Node, key: str, value: str, *allowed: str) -> str:
    if value not in allowed:
        raise Malformed((*node.path, key), f"one of {', '.join(allowed)}")
    return value


def _as_written(root: Node, section: str) -> Mapping[str, Mapping[str, Any]]:
    return {name: node.as_mapping() for name, node in root.entries(section)}
