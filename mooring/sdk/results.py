"""What can an app answer to a form? Errors at fields, toasts and a redirect, as JSON."""

from __future__ import annotations

from typing import Any, Literal, Self

Intent = Literal["info", "success", "warning", "danger"]
INTENTS: tuple[Intent, ...] = ("info", "success", "warning", "danger")


class FormResult:
    """The errors and toasts that every answer to a form may carry."""

    def __init__(self) -> None:
        self._errors: dict[str, list[str]] = {}
        self._toasts: list[dict[str, str]] = []

    @property
    def ok(self) -> bool:
        """Whether the app accepted what was submitted: no error, no toast of intent ``danger``."""
        return not self._errors and not any(t["intent"] == "danger" for t in self._toasts)

    def add_toast(self, intent: Intent, message: str) -> Self:
        """Show a message to whoever submitted the form. Raises ValueError for another intent."""
        if intent not in INTENTS:
            raise ValueError(f"{intent!r} is not an intent: use one of {', '.join(INTENTS)}.")
        self._toasts.append({"intent": intent, "message": message})
        return self

    def _add_error(self, reference: str, message: str) -> None:
        self._errors.setdefault(reference, []).append(message)

    def _to_json(self, prefix: str = "") -> dict[str, Any]:
        return {
            "errors": {f"{prefix}{key}": list(said) for key, said in self._errors.items()},
            "toasts": [dict(toast) for toast in self._toasts],
        }


class LifecycleSettingsResult(FormResult):
    """The app's answer to a submitted section or a pressed button."""

    def __init__(self) -> None:
        super().__init__()
        self._redirect: tuple[Literal["url", "settings"], str] | None = None

    def add_error(self, field: str, message: str) -> Self:
        """Show a message at a field of the submitted section."""
        self._add_error(field, message)
        return self

    def redirect(self, url: str) -> Self:
        """Send the browser elsewhere (the last redirect wins)."""
        self._redirect = ("url", url)
        return self

    def redirect_to_settings(self, section: str) -> Self:
        """Open another section of the form (the last redirect wins)."""
        self._redirect = ("settings", section)
        return self

    def to_json(self, section: str) -> dict[str, Any]:
        """Return the wire form; error keys read ``<section>.<field>``."""
        said = self._to_json(f"{section}.")
        if self._redirect:
            said["redirectMode"], said["redirect"] = self._redirect
        return said


class AuthorizationGrantResult(FormResult):
    """Where the user lands after the provider's consent page: always a section of the form."""

    def __init__(self, section: str = "") -> None:
        super().__init__()
        self.section = section

    def add_error(self, field: str, message: str) -> Self:
        """Show a message at a field of the section."""
        self._add_error(field, message)
        return self

    def to_json(self) -> dict[str, Any]:
        """Return the wire form; error keys read ``<section>.<field>``."""
        said = self._to_json(f"{self.section}.")
        return {**said, "redirectMode": "settings", "redirect": self.section}
