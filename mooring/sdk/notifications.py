"""What does an app tell the people whose account it is? (OCP's Activity Log)

``activity`` groups entries, ``title`` and ``summary`` are for everybody, ``details`` for who wants
to know more. An entry with a blank part is dropped and an error is logged; nothing is raised, for
the work that it tells of was done. Plain calls block; the twin with an ``a`` in front runs the
same call in a thread.
"""

from __future__ import annotations

import asyncio

from mooring.model.notification import Level
from mooring.sdk import logger
from mooring.sdk.calling import refuse_on_loop
from mooring.sdk.context import services_of_installation


def info(activity: str, title: str, summary: str, details: str | None = None) -> None:
    """Tell what happened."""
    _tell("info", activity, title, summary, details)


async def ainfo(activity: str, title: str, summary: str, details: str | None = None) -> None:
    """Await ``info``."""
    await asyncio.to_thread(info, activity, title, summary, details)


def success(activity: str, title: str, summary: str, details: str | None = None) -> None:
    """Tell what went well."""
    _tell("success", activity, title, summary, details)


async def asuccess(activity: str, title: str, summary: str, details: str | None = None) -> None:
    """Await ``success``."""
    await asyncio.to_thread(success, activity, title, summary, details)


def warn(activity: str, title: str, summary: str, details: str | None = None) -> None:
    """Tell what went wrong and was coped with."""
    _tell("warn", activity, title, summary, details)


async def awarn(activity: str, title: str, summary: str, details: str | None = None) -> None:
    """Await ``warn``."""
    await asyncio.to_thread(warn, activity, title, summary, details)


def error(activity: str, title: str, summary: str, details: str | None = None) -> None:
    """Tell what went wrong and needs somebody."""
    _tell("error", activity, title, summary, details)


async def aerror(activity: str, title: str, summary: str, details: str | None = None) -> None:
    """Await ``error``."""
    await asyncio.to_thread(error, activity, title, summary, details)


def _tell(level: Level, activity: str, title: str, summary: str, details: str | None) -> None:
    refuse_on_loop(f"notifications.{level}")
    services = services_of_installation(f"notifications.{level}")
    given = {"activity": activity, "title": title, "summary": summary}
    if blank := [name for name, text in given.items() if _is_blank(text)]:
        logger.error("notification.dropped", blank=", ".join(blank), level_of_it=level, **given)
        return
    services.notifications.add(level, activity, title, summary, details)


def _is_blank(text: object) -> bool:
    return not isinstance(text, str) or not text.strip()
