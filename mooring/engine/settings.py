"""What happens between a submitted form section and the app's ``on_settings_form``?

Values are completed from what is stored, checked against the form, handed to the app, and the
app's verdict comes back. The host stores nothing by itself: that is the app's decision.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal
from urllib.parse import urlsplit

from mooring.engine.forms import can_authorize, check_section, submitted_fields
from mooring.engine.lifecycle_calls import wrong_answer
from mooring.engine.ports import SecretMask
from mooring.errors import CredentialsRejected, MooringError, NotFound, UsageError
from mooring.model.form import Form, Section, secret_fields
from mooring.model.known_names import listed, nearest
from mooring.sdk.ports import RecordStore
from mooring.sdk.results import LifecycleSettingsResult

REDACTED = {"redacted": True}
AUTHORIZE = "authorize"  # the button that connects an account has no action of its own
SAVE = "save"  # the action of a button that names none
SWITCHED_OFF = {
    "intent": "danger",
    "message": "The button that connects an account is switched off or hidden at the moment.",
}


@dataclass(frozen=True, slots=True)
class SettingsOutcome:
    """What became of a submission; ``errors`` maps ``section.field`` to sentences."""

    section: str
    errors: Mapping[str, list[str]] = field(default_factory=dict)
    toasts: tuple[Mapping[str, str], ...] = ()
    redirect: str | None = None
    redirect_mode: Literal["url", "settings"] | None = None
    renewed: bool = False  # whether a secret of the section is another one now

    @property
    def ok(self) -> bool:
        """Whether the app accepted the section."""
        return not self.errors and not any(t["intent"] == "danger" for t in self.toasts)

    def to_json(self) -> dict[str, Any]:
        """The published shape of an outcome."""
        return {
            "section": self.section,
            "ok": self.ok,
            "errors": {key: list(sentences) for key, sentences in self.errors.items()},
            "toasts": [dict(toast) for toast in self.toasts],
            "redirect": self.redirect,
            "redirect_mode": self.redirect_mode,
        }


class SettingsDesk:
    """The settings of one installation: its form, its stored values, its app's verdicts.

    ``stored`` gives true values; ``call_app(hook, *arguments)`` calls the app's Lifecycle;
    ``mask`` keeps submitted secrets out of what the app logs and answers;
    ``submitted(action, outcome)`` is told of every submission, ``rejected`` of credentials which
    were stored before and are accepted no more;
    ``bound(url, section)`` makes sure that who is sent to a provider will be let in again.
    """

    def __init__(
        self,
        form: Form,
        stored: RecordStore,
        *,
        call_app: Callable[..., Any],
        app_id: str,
        mask: SecretMask,
        submitted: Callable[[str, SettingsOutcome], None] = lambda action, outcome: None,
        rejected: Callable[[CredentialsRejected], None] = lambda error: None,
        bound: Callable[[str, str], str] = lambda url, section: url,
    ) -> None:
        self._form = form
        self._stored = stored
        self._call_app = call_app
        self._app_id = app_id
        self._mask = mask
        self._submitted = submitted
        self._rejected = rejected
        self._bound = bound

    def show(self, section: str | None = None) -> dict[str, dict[str, Any]]:
        """Return stored values by section, each secret as ``{"redacted": true}``."""
        wanted = [find_section(self._form, section)] if section else self._form.sections
        return {s.key: self._masked(s) for s in wanted}

    def submit(
        self, section_key: str, values: Mapping[str, Any], *, action: str
    ) -> SettingsOutcome:
        """Submit one section: given values over stored ones over the form's defaults.

        A given ``{"redacted": true}`` means "unchanged". Raises NotFound for an unknown section,
        UsageError for an action that none of its buttons has.
        """
        section = find_section(self._form, section_key)
        _require_action(section, action)
        return self._submit(section, values, action)

    def authorize(self, section_key: str, values: Mapping[str, Any]) -> SettingsOutcome:
        """Press the section's button that connects an account, with these values filled in.

        A good outcome redirects to the provider's consent page. Raises NotFound.
        """
        section = find_section(self._form, section_key)
        if not section.connects:
            raise NotFound(
                f"The section {section_key} has no button that connects an account.",
                hint="Leave out --authorize to save it.",
            )
        return self._submit(section, values, AUTHORIZE)

    def _submit(self, section: Section, values: Mapping[str, Any], action: str) -> SettingsOutcome:
        changed = {key: value for key, value in values.items() if value != REDACTED}
        self._learn(section, changed)
        answers = {s.key: self._stored.get(s.key) for s in self._form.sections}
        answers[section.key] = {**answers[section.key], **changed}
        errors = check_section(section, answers, given=changed)
        if errors or (action == AUTHORIZE and not can_authorize(section, answers)):
            said = {f"{section.key}.{key}": sentences for key, sentences in errors.items()}
            return SettingsOutcome(section.key, said, () if errors else (SWITCHED_OFF,))
        fields = submitted_fields(section, answers)
        return self._ask(section, action, fields)

    def submit_document(self, document: Mapping[str, Any]) -> list[SettingsOutcome]:
        """Submit what the app makes of a configuration file, in the form's order.

        Stops at the first section that is not accepted; what was saved before it stays saved.
        Raises SettingsRefused when the app does not understand the file.
        """
        sections = self._understood(document)
        for key, values in sections.items():
            self._learn(find_section(self._form, key), values)
        outcomes: list[SettingsOutcome] = []
        for section in self._form.sections:
            if section.key in sections:
                outcomes.append(self.submit(section.key, sections[section.key], action=SAVE))
                if not outcomes[-1].ok:
                    break
        return outcomes

    def _understood(self, document: Mapping[str, Any]) -> Mapping[str, Mapping[str, Any]]:
        sections = self._call_app("on_settings_file", document)
        if isinstance(sections, Mapping) and all(isinstance(v, Mapping) for v in sections.values()):
            return sections
        expected = "a mapping of sections to mappings of values"
        raise wrong_answer(self._app_id, "on_settings_file", sections, expected=expected)

    def _ask(self, section: Section, action: str, fields: dict[str, Any]) -> SettingsOutcome:
        before = self._secrets(section)
        result = self._answered(section, action, fields, before)
        said = result.to_json(section.key)
        hide = self._mask.hide
        outcome = SettingsOutcome(
            section=section.key,
            errors={place: [hide(each) for each in own] for place, own in said["errors"].items()},
            toasts=tuple({**toast, "message": hide(toast["message"])} for toast in said["toasts"]),
            redirect=self._onward(section.key, action, said),
            redirect_mode=said.get("redirectMode"),
            renewed=self._secrets(section) != before,
        )
        self._submitted(action, outcome)
        return outcome

    def _answered(
        self, section: Section, action: str, fields: dict[str, Any], before: Mapping[str, Any]
    ) -> LifecycleSettingsResult:
        """Return what the app says; an error of its becomes a sentence on the form."""
        submitted = dict(fields)  # the app may change what it gets
        try:
            result = self._called(section.key, action, fields)
        except MooringError as error:
            if isinstance(error, CredentialsRejected) and _was_stored(
                error, section, submitted, before
            ):
                self._rejected(error)
            result = LifecycleSettingsResult().add_toast("danger", str(error))
        return result

    def _onward(self, section: str, action: str, said: Mapping[str, Any]) -> str | None:
        """Return where the app sends the browser."""
        redirect: str | None = said.get("redirect")
        if redirect and action == AUTHORIZE and said["redirectMode"] == "url":
            return self._bound(redirect, section)
        return redirect

    def _called(self, section: str, action: str, fields: dict[str, Any]) -> LifecycleSettingsResult:
        hook = "on_authorization_request" if action == AUTHORIZE else "on_settings_form"
        arguments = (section, fields) if action == AUTHORIZE else (section, action, fields)
        result = self._call_app(hook, *arguments)
        if not isinstance(result, LifecycleSettingsResult):
            expected = "a LifecycleSettingsResult"
            raise wrong_answer(self._app_id, hook, result, expected=expected)
        if not _is_safe(result):
            raise wrong_answer(self._app_id, hook, result, expected="one that leads to a page")
        return result

    def _secrets(self, section: Section) -> dict[str, Any]:
        """Return the secrets of a section that are stored."""
        stored = self._stored.get(section.key)
        return {key: stored[key] for key in secret_fields(section) if stored.get(key)}

    def _learn(self, section: Section, values: Mapping[str, Any]) -> None:
        """Know submitted secrets before the app can log or repeat them."""
        for key in secret_fields(section):
            if isinstance(value := values.get(key), str):
                self._mask.learn(value)

    def _masked(self, section: Section) -> dict[str, Any]:
        secret = secret_fields(section)
        values = self._stored.get(section.key)
        return {k: REDACTED if k in secret and v else v for k, v in values.items()}


def _was_stored(
    error: CredentialsRejected,
    section: Section,
    submitted: Mapping[str, Any],
    stored: Mapping[str, Any],
) -> bool:
    """Tell whether it is stored credentials that were rejected, not those just entered."""
    if error.section not in ("", section.key) or not secret_fields(section):
        return True
    entered = {key: submitted[key] for key in secret_fields(section) if submitted.get(key)}
    return bool(stored) and entered == stored


def _require_action(section: Section, action: str) -> None:
    """Refuse an action that nothing in the section's form leads to. Raises UsageError."""
    # Whatever its buttons are called, a section can be saved: settings files do it.
    offered = dict.fromkeys([SAVE, *section.actions])
    if action in offered:
        return
    instead = " To connect an account: --authorize." if section.connects else ""
    raise UsageError(
        f"The section {section.key} has no action {action}.",
        hint=f"{nearest(action, offered)}It has: {listed(offered)}.{instead}",
    )


def _is_safe(result: LifecycleSettingsResult) -> bool:
    """Tell whether a redirect, if there is one, leads to a page and not to a script."""
    said = result.to_json("")
    if said.get("redirectMode") != "url":
        return True
    try:
        parts = urlsplit(str(said["redirect"]))
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def find_section(form: Form, key: str) -> Section:
    """Return the form's section. Raises NotFound listing the sections there are."""
    for section in form.sections:
        if section.key == key:
            return section
    names = [section.key for section in form.sections]
    raise NotFound(
        f"The form has no section {key}.", hint=f"{nearest(key, names)}It has: {listed(names)}."
    )
