"""What do an environment's flags look like now? The datafile, kept, and never older than before.

The CDN is asked with both validators; what it answers is kept compressed, so that a CDN that fails
or lags costs freshness and nothing else.
"""

from __future__ import annotations

import base64
import json
import zlib
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from mooring.sdk import HttpResponse, errors, http, logger, storage

from .addresses import base_address

SUPPORTED_VERSIONS = ("2", "3", "4")
NOT_READY = (
    "The SDK is not ready: no datafile is there for the SDK key {sdk_key}.",
    "Check the SDK key in the section Projects, and that its environment has been published.",
)


@dataclass(frozen=True, slots=True)
class Datafile:
    """One revision of an environment's datafile."""

    sdk_key: str
    revision: int
    content: str

    def attribute_keys(self) -> list[str]:
        """Return the attributes that its audiences may ask for, sorted."""
        return sorted(each["key"] for each in json.loads(self.content).get("attributes", []))


def datafile(sdk_key: str, *, refresh: bool) -> Datafile:
    """Return the newest datafile known; ask the CDN when told to, or when none is kept.

    Raises NotFound when the key has none, ServiceUnavailable when the CDN fails and none is kept.
    """
    kept = storage.kv_store.get(_record(sdk_key))
    if kept and not refresh:
        return _opened(sdk_key, kept)
    try:
        return _fetched(sdk_key, kept)
    except errors.ServiceError as error:
        if not kept:
            raise
        logger.warn("datafile.kept_copy_used", sdk_key=sdk_key, reason=str(error))
        return _opened(sdk_key, kept)


def kept_datafile(sdk_key: str) -> Datafile | None:
    """Return the datafile that was fetched last, whatever the CDN says now."""
    kept = storage.kv_store.get(_record(sdk_key))
    return _opened(sdk_key, kept) if kept else None


def refresh_datafile(sdk_key: str, *, at_least: int | None = None) -> int:
    """Ask the CDN for news and return the revision.

    Raises ServiceUnavailable, which asks for a later try, below the revision ``at_least``.
    """
    revision = datafile(sdk_key, refresh=True).revision
    if at_least is not None and revision < at_least:
        raise errors.ServiceUnavailable(
            f"The CDN still has revision {revision} of the datafile; {at_least} was announced.",
            hint="It takes a few minutes at most until the new one is there; try again.",
        )
    return revision


def _fetched(sdk_key: str, kept: dict[str, Any]) -> Datafile:
    url = f"{base_address('OPTIMIZELY_CDN')}/datafiles/{quote(sdk_key, safe='')}.json"
    answer = http.get(url, headers=_validators(kept))
    if answer.status == 304 and kept:
        return _opened(sdk_key, kept)
    if answer.status in (403, 404):
        message, hint = NOT_READY
        raise errors.NotFound(message.format(sdk_key=sdk_key), hint=hint)
    answer.raise_for_status()
    revision = _revision(answer)
    if kept and revision < kept["revision"]:
        # A part of the CDN that lags: newer facts are not given up for older ones.
        logger.info("datafile.older_revision_ignored", sdk_key=sdk_key, revision=revision)
        return _opened(sdk_key, kept)
    storage.kv_store.put(_record(sdk_key), _packed(answer, revision))
    return Datafile(sdk_key, revision, answer.text)


def _validators(kept: dict[str, Any]) -> dict[str, str]:
    names = {"etag": "if-none-match", "last_modified": "if-modified-since"}
    return {header: kept[name] for name, header in names.items() if kept.get(name)}


def _revision(answer: HttpResponse) -> int:
    """Read the revision. Raises ServiceError unless this is a datafile that can be used."""
    found = answer.json()
    try:
        if str(found["version"]) in SUPPORTED_VERSIONS:
            return int(found["revision"])
    except (TypeError, KeyError, ValueError):
        pass
    raise errors.ServiceError(
        f"What {answer.place} answers is not a datafile that can be used.",
        hint="Check the SDK key in the section Projects.",
    )


def _record(sdk_key: str) -> str:
    return f"datafile/{sdk_key}"


def _packed(answer: HttpResponse, revision: int) -> dict[str, Any]:
    return {
        "revision": revision,
        "etag": answer.headers.get("etag", ""),
        "last_modified": answer.headers.get("last-modified", ""),
        "content": base64.b64encode(zlib.compress(answer.body)).decode("ascii"),
    }


def _opened(sdk_key: str, kept: dict[str, Any]) -> Datafile:
    content = zlib.decompress(base64.b64decode(kept["content"])).decode("utf-8")
    return Datafile(sdk_key, int(kept["revision"]), content)
