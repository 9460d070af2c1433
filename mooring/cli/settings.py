"""``mooring settings``: show settings with secrets masked, or submit a section of the form."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mooring.cli.authorization import journey_of, require_listener, show_journey
from mooring.cli.edge import answer, open_host
from mooring.cli.given import read_secret
from mooring.cli.shown_settings import settings_text
from mooring.engine.settings import SAVE, SettingsOutcome, find_section
from mooring.errors import UsageError

if TYPE_CHECKING:
    from mooring.hosting.host import Host
    from mooring.model.form import Section
    from mooring.model.installation import Installation

TRUE, FALSE = ("true", "yes", "on", "1"), ("false", "no", "off", "0")


@click.command("settings")
@click.argument("app_id")
@click.argument("section", required=False)
@click.option("--set", "given", multiple=True, metavar="KEY=VALUE", help="May be repeated.")
@click.option("--action", default=None, help="The button to press (default: save).")
@click.option("--authorize", is_flag=True, help="Press the button that connects an account.")
@click.option("--wait", is_flag=True, help="With --authorize: wait until somebody has come back.")
@click.option(
    "--open", "open_browser", is_flag=True, help="With --authorize: open the address in a browser."
)
@click.option(
    "--file",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Submit a whole configuration file (YAML) that the app understands.",
)
@click.pass_context
def command(
    ctx: click.Context,
    app_id: str,
    section: str | None,
    given: tuple[str, ...],
    action: str | None,
    authorize: bool,
    wait: bool,
    open_browser: bool,
    file: Path | None,
) -> None:
    """Show the settings of the app APP_ID, or submit a section of its form.

    Secrets are never typed on the command line: KEY=- reads one from stdin (or asks for it in a
    terminal), KEY=@FILE from a file. Values of lists are JSON (KEY='["a","b"]').

    With --authorize, the address is printed at which access is granted; a running `mooring serve`
    takes in the answer. --wait --json prints two lines: where to go, and what came of it.
    """
    if file and (section or given or action or authorize):
        raise UsageError(
            "--file submits whole sections.",
            hint="Leave out SECTION, --set, --action and --authorize.",
        )
    if (wait or open_browser) and not authorize:
        raise UsageError("--wait and --open belong to --authorize.")
    if authorize and (action or not section):
        raise UsageError(
            "--authorize presses a button of its own.",
            hint=f"Write mooring settings {app_id} SECTION --authorize",
        )
    with open_host(ctx, reads=not (given or action or file)) as host:
        installation = host.installation(app_id)
        if file:
            _report(ctx, host.settings.submit_file(installation, file, environment=os.environ))
        elif section and authorize:
            require_listener(host)
            values = _values(host, installation, section, given)
            outcome = host.settings.of(installation).authorize(section, values)
            if journey := journey_of(outcome):
                show_journey(ctx, host, journey, wait=wait, open_browser=open_browser)
            else:
                _report(ctx, [outcome])
        elif section and (given or action):
            values = _values(host, installation, section, given)
            desk = host.settings.of(installation)
            pressed = action or SAVE
            _report(ctx, [desk.submit(section, values, action=pressed)], action=pressed)
        elif given or action:
            raise UsageError(
                "It is not said of which section these values are.",
                hint=f"Write mooring settings {app_id} SECTION --set KEY=VALUE …",
            )
        else:
            shown = host.settings.of(installation).show(section)
            answer(ctx, shown, settings_text(host, installation, shown))


def _values(
    host: Host, installation: Installation, section: str, given: tuple[str, ...]
) -> dict[str, Any]:
    form_section = find_section(host.definition(installation).settings_form, section)
    return {key: value for text in given for key, value in [_value(form_section, text)]}


def _report(ctx: click.Context, outcomes: list[SettingsOutcome], *, action: str = SAVE) -> None:
    answer(
        ctx,
        {
            "ok": all(o.ok for o in outcomes),
            "sections": [o.to_json() for o in outcomes],
        },
        "\n".join(_outcome(o, action) for o in outcomes),
    )
    if not all(o.ok for o in outcomes):
        ctx.exit(1)


def _outcome(outcome: SettingsOutcome, action: str) -> str:
    done = "saved" if action == SAVE else f"{action} done"
    head = f"{outcome.section}: {done if outcome.ok else 'not accepted'}"
    lines = [f"  {field}: {text}" for field, texts in outcome.errors.items() for text in texts]
    lines += [f"  {toast['intent']}: {toast['message']}" for toast in outcome.toasts]
    return "\n".join([head, *lines])


def _value(section: Section, text: str) -> tuple[str, Any]:
    """Read KEY=VALUE in the type of the form's element. Raises UsageError."""
    key, found, value = text.partition("=")
    if not found:
        raise UsageError(
            f"{key!r} is not of the form KEY=VALUE.",
            hint=f"The section {section.key} has: {', '.join(e.key for e in section.fields)}.",
        )
    kind = next((e.type for e in section.elements if e.key == key), "text")
    if kind == "secret":
        # An empty value takes a secret out again, and shows nothing to anybody.
        return key, read_secret(key, value) if value else ""
    if kind == "toggle":
        return key, _boolean(key, value)
    if kind == "multi_select" or value.startswith(("[", "{")):
        return key, _json(key, value)
    return key, value


def _boolean(key: str, value: str) -> bool:
    if value.lower() in TRUE + FALSE:
        return value.lower() in TRUE
    raise UsageError(f"{key} is a switch, not {value!r}.", hint=f"Say {key}=true or {key}=false.")


def _json(key: str, value: str) -> Any:
    if not value.startswith(("[", "{")):
        return [part.strip() for part in value.split(",") if part.strip()]
    try:
        return json.loads(value)
    except ValueError as error:
        raise UsageError(
            f"{key}: {value!r} is not JSON: {error}.",
            hint=f'Write {key}=\'["a","b"]\', or {key}=a,b.',
        ) from error
