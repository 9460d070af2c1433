"""How is an account connected from the command line? The address to open, and what came of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import click

from mooring.cli.edge import answer, say
from mooring.cli.options import wants_json
from mooring.engine.oauth import state_id_of
from mooring.engine.settings import SettingsOutcome
from mooring.errors import Conflict
from mooring.model.moment import iso

if TYPE_CHECKING:
    from mooring.hosting.host import Host

LOOK_EVERY = 0.2  # seconds
LAST_MOMENT = timedelta(minutes=1)  # for an app that is called in the last second


@dataclass(frozen=True, slots=True)
class Journey:
    """Where somebody has to go, and when it is too late to come back."""

    section: str
    url: str
    state_id: str

    def to_json(self, host: Host) -> dict[str, Any]:
        """Say where to go."""
        begun = host.authorizations.get(self.state_id)
        good_until = iso(begun.expires_at) if begun else None
        return {"section": self.section, "url": self.url, "good_until": good_until}


def require_listener(host: Host) -> None:
    """Refuse to send anybody away whom nobody would take in again. Raises Conflict."""
    elsewhere = host.config.public_url and host.config.uses_postgresql
    if host.home.addresses() is None and not elsewhere:
        raise Conflict(
            "Nobody would take in the answer: `mooring serve` does not run on this home.",
            hint="Start it in another terminal, then press the button again.",
        )


def journey_of(outcome: SettingsOutcome) -> Journey | None:
    """Return where a pressed button leads; None if the app sends nobody anywhere."""
    if not outcome.ok or outcome.redirect_mode != "url" or outcome.redirect is None:
        return None
    states = parse_qs(urlsplit(outcome.redirect).query).get("state", [""])
    return Journey(outcome.section, outcome.redirect, state_id_of(states[0]))


def show_journey(
    ctx: click.Context, host: Host, journey: Journey, *, wait: bool, open_browser: bool
) -> None:
    """Print the address to open; with ``wait``, stay until somebody has come back."""
    if open_browser:
        click.launch(journey.url)
    say(ctx, "Open this address in a browser and allow access. It is good for ten minutes.")
    if not wait:
        answer(ctx, {"ok": True, **journey.to_json(host)}, journey.url)
        return
    _line(ctx, journey.to_json(host), journey.url)
    outcome = _awaited(host, journey)
    _line(ctx, outcome, _text(outcome))
    if not outcome["ok"]:
        ctx.exit(1)


def _awaited(host: Host, journey: Journey) -> Mapping[str, Any]:
    """Wait until the outcome is written down, or the time is over."""
    while begun := host.authorizations.get(journey.state_id):
        if begun.outcome is not None:
            return begun.outcome
        if begun.expires_at + LAST_MOMENT < host.clock.now():
            break
        if begun.used_at is None and begun.expires_at < host.clock.now():
            break
        host.clock.sleep(LOOK_EVERY)
    toast = {"intent": "danger", "message": "Nobody came back within ten minutes."}
    return SettingsOutcome(journey.section, toasts=(toast,)).to_json()


def _line(ctx: click.Context, data: Mapping[str, Any], text: str) -> None:
    """Print one of two answers: as JSON, each is a line of its own."""
    click.echo(json.dumps(data, ensure_ascii=False) if wants_json(ctx) else text)


def _text(outcome: Mapping[str, Any]) -> str:
    lines = [f"{outcome['section']}: {'connected' if outcome['ok'] else 'not connected'}"]
    for field, sentences in outcome["errors"].items():
        lines += [f"  {field}: {sentence}" for sentence in sentences]
    lines += [f"  {toast['intent']}: {toast['message']}" for toast in outcome["toasts"]]
    return "\n".join(lines)
