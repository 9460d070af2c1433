"""When does an installation need attention, where is it sent to, and when is all well again?

An app raises CredentialsRejected from a job, a function or a hook. The section of its form where
the credentials are renewed is marked once, however many calls fail; a save of that section without
errors takes the mark away. What began before that save proves nothing against what was saved.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from typing import Any

from mooring.engine.forms import Answers, can_authorize, holds
from mooring.engine.ports import (
    AttentionRepository,
    HistoryRepository,
    NotificationRepository,
)
from mooring.errors import CredentialsRejected, MooringError
from mooring.model.account import account_option
from mooring.model.form import Form, Section, secret_fields
from mooring.model.installation import Attention, Installation
from mooring.sdk.ports import Clock, LogPort

ACTIVITY = "Connection"
LONGEST_MESSAGE = 500  # characters


class AttentionDesk:
    """Marks installations, tells their people, and lifts the marks.

    ``form_of`` gives an installation's settings form, ``answers_of`` what is stored of it;
    ``together`` stores what is written inside it as one; ``resume`` lets go on what had to wait.
    """

    def __init__(
        self,
        marks: AttentionRepository,
        *,
        notifications: NotificationRepository,
        history: HistoryRepository,
        form_of: Callable[[Installation], Form],
        answers_of: Callable[[Installation], Answers],
        together: Callable[[], AbstractContextManager[Any]],
        resume: Callable[[Installation], object],
        hide: Callable[[str], str],
        log: Callable[[], LogPort],
        clock: Clock,
    ) -> None:
        self._marks = marks
        self._notifications = notifications
        self._history = history
        self._form_of = form_of
        self._answers_of = answers_of
        self._together = together
        self._resume = resume
        self._hide = hide
        self._log = log
        self._clock = clock

    def raise_for(
        self,
        installation: Installation,
        error: CredentialsRejected,
        *,
        began: datetime | None = None,
    ) -> bool:
        """Mark the section that the error is about, and tell; False if it is marked already.

        ``began`` is when the failing call got its settings.
        """
        now = self._clock.now()
        form = self._form_of(installation)
        section = section_of(form, error)
        key, label = (section.key, section.label) if section else ("", "The connection")
        message = self._hide(error.message)[:LONGEST_MESSAGE]
        with self._together():
            if not self._marks.mark(
                installation.install_id, Attention(key, message, now), began=began or now
            ):
                return False
            self._history.record(
                installation, "attention", outcome="raised", message=f"{key}: {message}"
            )
            self._notifications.add(
                installation,
                "error",
                ACTIVITY,
                f"{label} needs your attention",
                f"{error.message} {error.hint}".strip(),
                self._remedy(installation, key, form),
            )
        self._note("warn", "installation.needs_attention", installation, section=key, why=message)
        return True

    def clear(self, installation: Installation, section: str) -> bool:
        """Note that a section was accepted; tell, if it was marked."""
        label = label_of(self._form_of(installation), section)
        with self._together():
            if not self._marks.accept(installation.install_id, section, now=self._clock.now()):
                return False
            self._resume(installation)
            self._history.record(
                installation, "attention", outcome="cleared", message=f"{section} was saved"
            )
            self._notifications.add(
                installation,
                "success",
                ACTIVITY,
                f"{label} works again",
                "The new entry was accepted. What had to wait goes on by itself.",
            )
        self._note("info", "installation.attention_cleared", installation, section=section)
        return True

    def advice(self, installation: Installation, section: str) -> str:
        """Say where to go, with the command that leads there."""
        try:
            form = self._form_of(installation)
            command = self._remedy(installation, section, form)
        except MooringError:
            # An app that cannot be read any more has no form to name sections of.
            return f"Go to the settings: {remedy(installation, section)}"
        where = f"section {label_of(form, section)}" if section else "the settings"
        return f"Go to {where}: {command}"

    def noticing(
        self, installation: Installation, *, began: datetime
    ) -> Callable[[CredentialsRejected], None]:
        """Return what a call on behalf of an installation tells that credentials were rejected."""
        return lambda error: self._notice(installation, error, began)

    def _notice(
        self, installation: Installation, error: CredentialsRejected, began: datetime
    ) -> None:
        """Mark; what prevents that must not cost the call its own end."""
        try:
            self.raise_for(installation, error, began=began)
        except MooringError as failure:
            self._note("error", "attention.failed", installation, error=str(failure))

    def _remedy(self, installation: Installation, section: str, form: Form) -> str:
        found = next((s for s in form.sections if s.key == section), None)
        how = how_to_renew(found, self._answers_of(installation)) if found else ""
        return remedy(installation, section, how=how)

    def _note(self, level: str, event: str, installation: Installation, **fields: Any) -> None:
        self._log().log(level, event, {**installation.log_fields, **fields})


def section_of(form: Form, error: CredentialsRejected) -> Section | None:
    """Find where the credentials are renewed: as the app says, else where secrets are entered."""
    named = next((s for s in form.sections if s.key == error.section), None)
    if named or not form.sections:
        return named
    return next((s for s in form.sections if _takes_credentials(s)), form.sections[0])


def label_of(form: Form, section: str) -> str:
    """Return how the form calls a section."""
    return next((s.label for s in form.sections if s.key == section), section or "The connection")


def how_to_renew(section: Section, answers: Answers) -> str:
    """Name the option that renews what a section holds, as it is filled in at present."""
    if can_authorize(section, answers):
        return "--authorize"
    key = secret_to_renew(section, answers)
    return f"--set {key}=-" if key else ""


def secret_to_renew(section: Section, answers: Answers) -> str:
    """Return the field that holds the credential; empty if a button takes care of that."""
    if can_authorize(section, answers):
        return ""
    asked = (e for e in section.fields if e.type == "secret" and holds(e.visible, section, answers))
    secret = next(asked, None)
    return secret.key if secret else ""


def remedy(installation: Installation, section: str, *, how: str = "") -> str:
    """Return the command that shows what a section holds, or renews it in the way of ``how``."""
    parts = ["mooring settings", installation.app_id, section, how]
    return " ".join(filter(None, parts)) + account_option(installation.account)


def _takes_credentials(section: Section) -> bool:
    return section.connects or bool(secret_fields(section))
