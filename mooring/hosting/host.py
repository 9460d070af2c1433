"""Who puts everything together? The Host owns the plugin manager, the loader and the adapters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from functools import cached_property
from types import TracebackType
from typing import Any, Self

from mooring.adapters.app_copies import AppCopies
from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database
from mooring.adapters.home import Home
from mooring.adapters.logs import JsonLog
from mooring.adapters.masking import Masker
from mooring.adapters.odp_embedded import EmbeddedOdp
from mooring.adapters.record_stores import SecretRecords
from mooring.adapters.repositories.attention import AttentionMarks
from mooring.adapters.repositories.authorizations import Authorizations
from mooring.adapters.repositories.dead_letters import DeadLetters, InstallationLetters
from mooring.adapters.repositories.deliveries import Deliveries
from mooring.adapters.repositories.history import History
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.leases import Leases
from mooring.adapters.repositories.notifications import Notifications
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.adapters.secrets.sealing import Seal
from mooring.adapters.secrets.vault import SECRETS, Vault, open_vault
from mooring.adapters.tracing import Tracing, Untraced
from mooring.engine.attention import AttentionDesk
from mooring.engine.functions import answer
from mooring.engine.installation_services import (
    InstallationFunctions,
    InstallationJobs,
    InstallationNotifications,
)
from mooring.engine.ports import DeliveryRepository
from mooring.errors import NotFound
from mooring.hosting.authorizations import AppAuthorizations
from mooring.hosting.job_runs import JobRuns
from mooring.hosting.lifecycle import AppLifecycle
from mooring.hosting.mounted_apps import MountedApps
from mooring.hosting.plans import JobPlans
from mooring.hosting.services import AppServices
from mooring.hosting.settings import AppSettings
from mooring.hosting.versions import AppVersions
from mooring.model.app import AppDefinition
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.model.signature import SignatureProfile
from mooring.plugin_manager import plugin_manager, signature_profiles
from mooring.sdk.context import AppContext, Invocation, Services
from mooring.sdk.webhook import Request, Response

DEFAULT_PUBLIC_URL = "http://127.0.0.1:8080"


class Host:
    """One home, one database; a context manager that closes what it opened."""

    def __init__(self, config: HostConfig, home: Home, database: Database) -> None:
        self.config = config
        self.home = home
        self.database = database
        self.clock = SystemClock()
        self.masker = Masker()
        self.installations = Installations(database, clock=self.clock, apps=home.apps)
        self.tracing: Tracing = Untraced()  # set anew before the first call into an app
        self.runs = Runs(database, trace=lambda: self.tracing.present())
        self.schedules = Schedules(database)
        self.history = History(
            database, clock=self.clock, actor=config.actor, hide=self.masker.hide
        )
        self.notifications = Notifications(database, clock=self.clock, hide=self._hide_all)
        seal = Seal("delivery", vault=lambda: self.vault)
        self.deliveries: DeliveryRepository = Deliveries(database, seal=seal)
        shelf = Seal("dead-letter", vault=lambda: self.vault)
        self.dead_letters = DeadLetters(database, seal=shelf, clock=self.clock, hide=self._hide_all)
        self.authorizations = Authorizations(database)
        self.leases = Leases(database, clock=self.clock)
        self.plugins = plugin_manager(safe_mode=config.safe_mode)
        self.lifecycle = AppLifecycle(self)
        self.oauth = AppAuthorizations(self)
        self.versions = AppVersions(self)
        self.jobs = JobRuns(self)
        self.plans = JobPlans(self)
        self.settings = AppSettings(self)
        self._closing = ExitStack()
        self._secrets_known: int | None = None
        self._kept_services: dict[int, tuple[Installation, Services]] = {}
        app_seal = Seal("app", vault=lambda: self.vault)
        self.copies = AppCopies(database, seal=app_seal, clock=self.clock)
        self.mounted = MountedApps(self.plugins, fetch=self.copies.fetch)
        self.services = AppServices(
            home=home,
            database=database,
            clock=self.clock,
            given_environment=config.environment,
            masker=self.masker,
            closing=self._closing,
            tracing=lambda: self.tracing,
        )

    @classmethod
    def open(cls, config: HostConfig) -> Self:
        """Open the home and its database, making both on first use.

        Raises HomeUnusable and ConfigurationInvalid with their remedies.
        """
        home = Home.open(config.home)
        host = cls(config, home, Database.open(config.database_url, file=home.database))
        host._closing.callback(host.database.close)
        return host

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close connections and files."""
        self._closing.close()

    # --- Installations and their apps ----------------------------------------------------------

    def installation(self, app_id: str, *, account: str | None = None) -> Installation:
        """Return an app's installation in the account. Raises NotFound naming what there is."""
        wanted = account or self.config.account
        if found := self.installations.find(app_id, wanted):
            return found
        present = [f"{i.app_id} (account {i.account})" for i in self.installations.all()]
        raise NotFound(
            f"{app_id} is not installed in account {wanted}.",
            hint=f"Installed: {', '.join(present) or 'nothing'}. See `mooring install --help`.",
        )

    def definition(self, installation: Installation) -> AppDefinition:
        """Return the manifest, forms and schema of an installed app."""
        return self.mounted.definition(installation)

    def function_class(self, installation: Installation, name: str) -> type[Any]:
        """Return the class behind a function. Raises NotFound, EntryPointInvalid."""
        return self.mounted.function_class(installation, name)

    def job_class(self, installation: Installation, name: str) -> type[Any]:
        """Return the class behind a job. Raises NotFound, EntryPointInvalid."""
        return self.mounted.job_class(installation, name)

    def lifecycle_class(self, installation: Installation) -> type[Any]:
        """Return the app's Lifecycle. Raises EntryPointInvalid."""
        return self.mounted.lifecycle_class(installation)

    # --- What app code gets --------------------------------------------------------------------

    def invocation(
        self,
        installation: Installation,
        *,
        entry_point: str,
        run_id: str | None = None,
        is_global: bool = False,
    ) -> Invocation:
        """Build what one call into an app may use; ``entry_point`` is ``job:sync``, …

        With ``is_global`` the call is on behalf of no installation.
        """
        app = AppContext(
            app_id=installation.app_id,
            version=installation.version,
            tracker_id="" if is_global else installation.account,
            install_id=0 if is_global else installation.install_id,
            entry_point=entry_point,
            run_id=run_id,
        )
        fields = {
            "app_id": app.app_id,
            "account": app.tracker_id,
            "install_id": app.install_id,
            "entry_point": entry_point,
            "run_id": run_id,
        }
        services = self._services_of(installation)
        if is_global:
            return Invocation(app=app, services=services, log_fields=fields)
        noticing = self.attention.noticing(installation, began=self.clock.now())
        return Invocation(app=app, services=services, log_fields=fields, on_rejected=noticing)

    def invocations(
        self, installation: Installation, *, entry_point: str, is_global: bool = False
    ) -> Callable[[], Invocation]:
        """Return what builds the invocations of one entry point; they share what they can."""
        first = self.invocation(installation, entry_point=entry_point, is_global=is_global)

        def another() -> Invocation:
            fields = dict(first.log_fields)
            if is_global:
                return Invocation(first.app, first.services, fields)
            noticing = self.attention.noticing(installation, began=self.clock.now())
            return Invocation(first.app, first.services, fields, noticing)

        return another

    def jobs_of(self, installation: Installation) -> InstallationJobs:
        """Return the runs and schedules of an installation."""
        return InstallationJobs(
            installation,
            self.definition(installation).manifest,
            runs=self.runs,
            schedules=self.schedules,
            clock=self.clock,
        )

    def odp(self, account: str) -> EmbeddedOdp:
        """Return the account's embedded ODP."""
        return self.services.odp(account)

    def endpoints(self, installation: Installation) -> dict[str, str]:
        """Map the installation's functions, global ones included, to their URLs."""
        functions = self._functions_of(installation)
        return {**functions.get_endpoints(), **functions.get_global_endpoints()}

    def public_url(self) -> str:
        """Return the address the outside world uses, without trailing slash."""
        if self.config.public_url:
            return self.config.public_url
        running = self.home.addresses()
        return running.public if running else DEFAULT_PUBLIC_URL

    @cached_property
    def vault(self) -> Vault:
        """The secret store that this home recorded. Raises SecretStoreUnusable."""
        return open_vault(self.config, self.database, masker=self.masker, offer=self._offer_backend)

    def know_secrets(self) -> None:
        """Let the masker know every secret of this home, also what another process has set."""
        revision = self.database.revision(SECRETS)
        if revision != self._secrets_known:
            self.vault.learn_all()
            self._secrets_known = revision

    @cached_property
    def log(self) -> JsonLog:
        """The structured log of this home."""
        log = JsonLog(self.home.logs, masker=self.masker, level=self.config.log_level)
        self._closing.callback(log.close)
        return log

    # --- Secrets and signatures ------------------------------------------------------------------

    def secrets(self, installation: Installation) -> SecretRecords:
        """Return the installation's own secret records (not those of its form)."""
        return self.services.secrets(installation, vault=self.vault)

    @cached_property
    def signature_profiles(self) -> Mapping[str, SignatureProfile]:
        """The webhook signatures this host can check, by name. Raises ConfigurationInvalid."""
        return signature_profiles(self.plugins)

    # --- Functions -----------------------------------------------------------------------------

    def invoke(self, installation: Installation, name: str, request: Request) -> Response:
        """Call a function here and now, without URL, signature check and inbox.

        Raises NotFound for an unknown name; what the function raises becomes its answer.
        """
        function = self.function_class(installation, name)
        invocation = self.invocation(
            installation,
            entry_point=f"function:{name}",
            is_global=self.definition(installation).manifest.functions[name].is_global,
        )
        with self.tracing.function(installation, name):
            return answer(lambda: function, request, invocation=invocation, hide=self.masker.hide)

    # --- Attention -----------------------------------------------------------------------------

    @cached_property
    def attention(self) -> AttentionDesk:
        """Where installations are marked whose credentials are accepted no more."""
        return AttentionDesk(
            AttentionMarks(self.database),
            notifications=self.notifications,
            history=self.history,
            form_of=lambda installation: self.definition(installation).settings_form,
            answers_of=self.settings.answers,
            together=self.database.write,
            resume=lambda one: self.deliveries.hasten(one.install_id, now=self.clock.now()),
            hide=self._hide_all,
            log=lambda: self.log,
            clock=self.clock,
        )

    # --- Building blocks -----------------------------------------------------------------------

    def _functions_of(self, installation: Installation) -> InstallationFunctions:
        return InstallationFunctions(
            installation,
            self.definition(installation).manifest,
            installations=self.installations,
            public_url=self.public_url,
        )

    def _services_of(self, installation: Installation) -> Services:
        """Keep the services of each installation while it stays as it is: every call needs them."""
        kept = self._kept_services.get(installation.install_id)
        if kept is None or (kept[0] is not installation and kept[0] != installation):
            kept = (installation, self._made_services(installation))
            self._kept_services[installation.install_id] = kept
        return kept[1]

    def _made_services(self, installation: Installation) -> Services:
        return self.services.of(
            installation,
            self.definition(installation),
            vault=self.vault,
            jobs=self.jobs_of(installation),
            functions=self._functions_of(installation),
            notifications=InstallationNotifications(installation, notifications=self.notifications),
            oauth=self.oauth.of(installation),
            log=self.log,
            dead_letters=InstallationLetters(installation.install_id, letters=self.dead_letters),
        )

    def _hide_all(self, text: str) -> str:
        """Mask every secret of this home, also what another process has set meanwhile."""
        self.know_secrets()
        return self.masker.hide(text)

    def _offer_backend(self, kind: str) -> Any:
        return self.plugins.hook.mooring_secret_backend(
            config=self.config, kind=kind, database=self.database
        )
