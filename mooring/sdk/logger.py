"""What does an app say while it works? Events with fields; never blocks, so it has no twins.

``logger.info("contacts.read", page=3, count=1000)``. OCP's form, an audience and parts of a
message, is understood too: ``logger.warn("developer", "slow answer", error)``.
"""

from __future__ import annotations

import traceback
from typing import Any

from mooring.errors import in_words
from mooring.sdk.context import Invocation, current

# Who speaks is the host's to say: an app's own field of such a name is written as ``name_``.
OURS = frozenset({"app_id", "version", "entry_point", "account", "install_id", "run_id"})
AUDIENCES = {"developer": "developer", "platform": "platform", "zaius": "platform"}


def debug(event: object, *parts: object, **fields: Any) -> None:
    """Log a detail for whoever looks for a fault."""
    _log("debug", (event, *parts), fields)


def info(event: object, *parts: object, **fields: Any) -> None:
    """Log what happened."""
    _log("info", (event, *parts), fields)


def warn(event: object, *parts: object, **fields: Any) -> None:
    """Log what went wrong and was coped with."""
    _log("warn", (event, *parts), fields)


def error(event: object, *parts: object, **fields: Any) -> None:
    """Log what went wrong."""
    _log("error", (event, *parts), fields)


def amend_log_context(**fields: Any) -> None:
    """Add fields to every further line of the present call."""
    current().log_fields.update(_own(fields))


def _log(level: str, parts: tuple[object, ...], fields: dict[str, Any]) -> None:
    invocation = current()
    audience = ""
    if len(parts) > 1 and parts[0] in AUDIENCES:
        audience, parts = AUDIENCES[str(parts[0])], parts[1:]
    event = " ".join(_said(part) for part in parts)
    fault = next((part for part in parts if isinstance(part, BaseException)), None)
    line = {**_about(invocation), **invocation.log_fields, **_own(fields)}
    if audience:
        line["audience"] = audience
    if fault is not None:
        line["stacktrace"] = "".join(traceback.format_exception(fault))
    invocation.services.log.log(level, event, line)


def _own(fields: dict[str, Any]) -> dict[str, Any]:
    return {f"{name}_" if name in OURS else name: value for name, value in fields.items()}


def _about(invocation: Invocation) -> dict[str, Any]:
    app = invocation.app
    about: dict[str, Any] = {
        "app_id": app.app_id,
        "version": app.version,
        "entry_point": app.entry_point,
    }
    if not app.is_global:
        about.update(account=app.tracker_id, install_id=app.install_id)
    if app.run_id is not None:
        about["run_id"] = app.run_id
    return about


def _said(part: object) -> str:
    return in_words(part) if isinstance(part, BaseException) else str(part)
