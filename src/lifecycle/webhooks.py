"""Which projects announce their changes to this installation? Registered, followed and undone.

What was registered is written down at once, so that it can be undone whatever happens next. The
secret that Optimizely signs with cannot be asked for or set through its API.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from mooring.sdk import errors, functions, logger, storage

from ..clients.access import access_to
from ..clients.addresses import base_address
from ..clients.optimizely import Optimizely
from ..core.settings import Connection, Settings
from ..core.webhook import DATAFILE_UPDATED

FUNCTION = "optimizely_webhook"
REGISTERED = "webhooks/registered"
NAME = "Optimizely Connector"
LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True, slots=True)
class Following:
    """How far the projects announce their changes, in a sentence for people."""

    complete: bool
    sentence: str


def follow_projects(optimizely: Optimizely, connections: Sequence[Connection]) -> Following:
    """Register the webhook in every connected project, and remove it from the others.

    What fails is said, never raised: without webhooks, changes arrive with the schedule.
    """
    url = functions.get_endpoints()[FUNCTION]
    if _is_out_of_reach(url):
        return Following(
            complete=False,
            sentence=f"Optimizely cannot reach {url}. Set MOORING_PUBLIC_URL to the address that "
            "this server has on the internet and save again; until then, changes arrive with the "
            "scheduled synchronisation.",
        )
    names = {each.project_id: each.project_name for each in connections}
    refused = [name for key, name in names.items() if not _register(optimizely, key, url)]
    for project_id, hook in _registered().items():
        if project_id not in names:
            _remove(optimizely, project_id, str(hook["id"]))
    if refused:
        return Following(
            complete=False,
            sentence=f"The webhook could not be added to {', '.join(refused)}. Add it in "
            f"Optimizely under Settings > Webhooks: address {url}, event Datafile updated.",
        )
    return Following(
        complete=True, sentence=f"{', '.join(names.values())}: changes are announced to {url}."
    )


def forget_webhooks(settings: Settings) -> None:
    """Remove everything that was registered; what cannot be removed is logged with its address."""
    for project_id, hook in _registered().items():
        if not settings.opens_optimizely:
            logger.warn("webhook.left_behind", project_id=project_id, url=hook["url"])
            continue
        _remove(Optimizely(access_to(settings)), project_id, str(hook["id"]))


def _register(optimizely: Optimizely, project_id: str, url: str) -> bool:
    """Let a project announce published datafiles at this address, and at no former one of ours."""
    try:
        present = optimizely.webhooks(project_id)
        hook = next((each for each in present if each["url"] == url), None)
        if hook is None:
            hook = optimizely.register_webhook(
                project_id, url=url, name=NAME, events=[DATAFILE_UPDATED]
            )
            logger.info("webhook.registered", project_id=project_id, webhook=hook["id"])
    except (errors.ServiceError, errors.OutboundDenied) as error:
        logger.warn("webhook.not_registered", project_id=project_id, reason=str(error))
        return False
    former = _registered().get(project_id)
    if former and str(former["id"]) != str(hook["id"]):
        _remove(optimizely, project_id, str(former["id"]))
    storage.kv_store.patch(REGISTERED, {project_id: {"id": str(hook["id"]), "url": url}})
    return True


def _remove(optimizely: Optimizely, project_id: str, webhook_id: str) -> None:
    try:
        optimizely.delete_webhook(webhook_id)
    except (errors.ServiceError, errors.OutboundDenied) as error:
        logger.warn(
            "webhook.not_removed", project_id=project_id, webhook=webhook_id, reason=str(error)
        )
        return
    storage.kv_store.delete(REGISTERED, [project_id])
    logger.info("webhook.removed", project_id=project_id, webhook=webhook_id)


def _registered() -> dict[str, Any]:
    """Return what was registered: project → ``{"id", "url"}``."""
    return storage.kv_store.get(REGISTERED)


def _is_out_of_reach(url: str) -> bool:
    """Tell whether the webhook's address means this machine, but Optimizely is elsewhere."""
    api = base_address("OPTIMIZELY_API")
    return urlsplit(url).hostname in LOOPBACK and urlsplit(api).hostname not in LOOPBACK
