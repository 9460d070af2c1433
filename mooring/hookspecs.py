"""The contract between the host, its apps and its plugins, on one page.

Names start with ``mooring_``. Arguments go by keyword; an implementation may ask for fewer than a
hook offers. *App hooks* are implemented by each mounted app's manifest (the host makes one plugin
of every ``app.yml``); *host hooks* by the built-ins in ``mooring.plugins`` and by installed
distributions through the entry-point group ``mooring``. An app is named ``app_id@version-digest``:
the digest of its files tells two copies of one version apart.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from mooring.model.config import HostConfig
    from mooring.model.run import Run
    from mooring.model.signature import SignatureProfile

PROJECT = "mooring"
hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)


# --- App hooks: one call concerns one app, the others answer None -----------------------------


@hookspec(firstresult=True)
def mooring_function_class(app: str, name: str) -> type[Any] | None:
    """Give the class behind a function of ``app`` (``app_id@version-digest``).

    When: a request or a direct call arrives. Who: the app's manifest. First answer wins.
    Raises EntryPointInvalid when the class cannot be loaded, NotFound for an unknown name.

    Example: ``return HandleEvent if app.startswith("shop@") and name == "handle_event" else None``
    """


@hookspec(firstresult=True)
def mooring_job_class(app: str, name: str) -> type[Any] | None:
    """Give the class behind a job of ``app`` (``app_id@version-digest``).

    When: a run starts or resumes. Who: the app's manifest. First answer wins.
    Raises EntryPointInvalid when the class cannot be loaded, NotFound for an unknown name.

    Example: ``return Sync if app.startswith("shop@1.0.0-") and name == "sync" else None``
    """


@hookspec(firstresult=True)
def mooring_lifecycle_class(app: str) -> type[Any] | None:
    """Give the Lifecycle class of ``app`` (``app_id@version-digest``).

    When: install, settings, upgrade, uninstall. Who: the app's manifest. First answer wins.
    Raises EntryPointInvalid when the class cannot be loaded.

    Example: ``return Lifecycle if app.startswith("shop@") else None``
    """


# --- Host hooks: what the host itself is made of ----------------------------------------------


@hookspec(firstresult=True)
def mooring_secret_backend(config: HostConfig, kind: str, database: Any) -> Any | None:
    """Offer the ``keyring`` backend in which secrets are kept.

    When: once, when the first secret is needed. Who: anybody; the built-ins (``keyring``,
    ``encrypted``) come last. First answer wins. Must not prompt. Raises SecretStoreUnusable.

    Example: ``return VaultBackend(config.home) if kind == "vault" else None``
    """


@hookspec
def mooring_signature_profiles() -> Sequence[SignatureProfile]:
    """Name the webhook signatures this host can check.

    When: at start. Who: anybody. All answers are joined; two profiles of one name are an error.

    Example: ``return [SignatureProfile(name="acme", header="x-acme", algorithms=("sha256",))]``
    """
    return ()


@hookspec
def mooring_run_changed(run: Run) -> None:
    """Observe a run that started, was postponed or ended.

    When: after the change is stored. Who: anybody. What it raises is logged, not passed on.

    Example: ``metrics.count(run.status)``
    """


@hookspec
def mooring_function_handled(app: str, name: str, outcome: Mapping[str, Any]) -> None:
    """Observe a function of ``app`` that answered: ``outcome`` has ``status`` and ``took_ms``.

    When: after the answer. Who: anybody. What an observer raises is logged, not passed on.

    Example: ``metrics.observe(outcome["took_ms"])``
    """
