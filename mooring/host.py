"""Who puts everything together? The Host owns the plugin manager, the loader and the adapters."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mooring.adapters import app_folders
from mooring.adapters.clock import SystemClock
from mooring.adapters.database import Database
from mooring.adapters.heartbeat import beating
from mooring.adapters.home import Home
from mooring.adapters.home_lock import HomeLock
from mooring.adapters.logs import JsonLog
from mooring.adapters.masking import Masker
from mooring.adapters.odp_embedded import EmbeddedOdp
from mooring.adapters.record_stores import SecretRecords
from mooring.adapters.repositories.deliveries import Deliveries
from mooring.adapters.repositories.installations import Installations
from mooring.adapters.repositories.runs import Runs
from mooring.adapters.repositories.schedules import Schedules
from mooring.adapters.secrets.vault import SECRETS, Vault, open_vault
from mooring.app_services import AppServices
from mooring.engine.functions import answer
from mooring.engine.installation_services import InstallationFunctions, InstallationJobs
from mooring.engine.lifecycle import LifecycleEngine
from mooring.engine.lifecycle_calls import call_hook
from mooring.engine.ports import DeliveryRepository
from mooring.engine.settings import SettingsDesk, SettingsOutcome
from mooring.engine.stepping import drive
from mooring.errors import AppInvalid, LeaseLost, MooringError, NotFound, SettingsRefused
from mooring.model.app import AppDefinition
from mooring.model.config import HostConfig
from mooring.model.installation import Installation
from mooring.model.run import Run, RunStatus
from mooring.model.signature import SignatureProfile
from mooring.mounted_apps import MountedApps
from mooring.plugin_manager import plugin_manager, signature_profiles
from mooring.reading.app_reader import read_app
from mooring.reading.settings_file import fill_from_environment, read_settings_file
from mooring.rules import validate_app
from mooring.sdk.context import AppContext, Invocation
from mooring.sdk.webhook import Request, Response

DEFAULT_PUBLIC_URL = "http://127.0.0.1:8080"
LOOK_EVERY = 0.1  # seconds between looks at a run that another worker has


class Host:
    """One home, one database; a context manager that closes what it opened."""

    def __init__(self, config: HostConfig, home: Home, database: Database) -> None:
        self.config = config
        self.home = home
        self.database = database
        self.clock = SystemClock()
        self.masker = Masker()
        self.installations = Installations(database, clock=self.clock)
        self.runs = Runs(database)
        self.schedules = Schedules(database)
        self.deliveries: DeliveryRepository = Deliveries(database)
        self.plugins = plugin_manager(safe_mode=config.safe_mode)
        self._closing = ExitStack()
        self._secrets_known: int | None = None
        self._apps = MountedApps(self.plugins)
        self._services = AppServices(
            home=home,
            database=database,
            clock=self.clock,
            given_environment=config.environment,
            masker=self.masker,
            closing=self._closing,
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

    def global_installation(self, app_id: str) -> Installation:
        """Return the newest living installation of an app, whose code its global functions run.

        Raises NotFound.
        """
        living = [i for i in self.installations.all() if i.app_id == app_id]
        if not living:
            raise NotFound(f"{app_id} is not installed.")
        return max(living, key=lambda installation: installation.installed_at)

    def definition(self, installation: Installation) -> AppDefinition:
        """Return the manifest, forms and schema of an installed app."""
        return self._apps.definition(installation)

    def function_class(self, installation: Installation, name: str) -> type[Any]:
        """Return the class behind a function. Raises NotFound, EntryPointInvalid."""
        return self._apps.function_class(installation, name)

    def job_class(self, installation: Installation, name: str) -> type[Any]:
        """Return the class behind a job. Raises NotFound, EntryPointInvalid."""
        return self._apps.job_class(installation, name)

    def lifecycle_class(self, installation: Installation) -> type[Any]:
        """Return the app's Lifecycle. Raises EntryPointInvalid."""
        return self._apps.lifecycle_class(installation)

    def install(
        self, path: Path, *, progress: Callable[[str], None] = lambda step: None
    ) -> Installation:
        """Install the app in ``path`` into the configured account.

        Raises AppInvalid with every problem found, Conflict, LifecycleFailed.
        """
        progress("validating")
        found = validate_app(path, profiles=lambda: self.signature_profiles)
        problems = [p for p in found if p.severity == "error"]
        if problems:
            raise AppInvalid(
                f"The app has {len(problems)} problem{'s' if len(problems) > 1 else ''}:",
                where=str(path),
                problems=tuple(problems),
            )
        definition = read_app(path)
        if not definition.manifest.runs_here:
            raise AppInvalid(
                f"The app is written for {definition.manifest.runtime}; Mooring runs Python.",
                where=str(path),
                hint=f"Make a Python app of it with: mooring port {path} DIR",
            )
        return self._lifecycle.install(definition, account=self.config.account, progress=progress)

    def uninstall(self, installation: Installation, *, purge: bool) -> None:
        """Take the app out of its account. Raises Conflict, LifecycleFailed."""
        self._lifecycle.uninstall(installation, purge=purge)

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
        services = self._services.of(
            installation,
            self.definition(installation),
            vault=self.vault,
            jobs=self.jobs_of(installation),
            functions=self._functions_of(installation),
            log=self.log,
        )
        return Invocation(app=app, services=services, log_fields=fields)

    def odp(self, account: str) -> EmbeddedOdp:
        """Return the account's embedded ODP."""
        return self._services.odp(account)

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

    # --- Settings and secrets ------------------------------------------------------------------

    def settings(self, installation: Installation) -> SettingsDesk:
        """Return where the installation's settings are shown and submitted."""
        definition = self.definition(installation)
        return SettingsDesk(
            definition.settings_form,
            self._services.settings(installation, definition, vault=self.vault),
            call_app=lambda hook, *arguments: self.call_lifecycle(installation, hook, *arguments),
            app_id=installation.app_id,
            mask=self.masker,
        )

    def submit_settings_file(
        self, installation: Installation, path: Path, *, environment: Mapping[str, str]
    ) -> list[SettingsOutcome]:
        """Expand a configuration file and submit what the app makes of it.

        Raises ConfigurationInvalid and SettingsRefused with the line.
        """
        file = read_settings_file(path, environment=environment)
        variables = self.lifecycle_class(installation).settings_file_variables
        fill_from_environment(file.values, variables, environment=environment)
        try:
            return self.settings(installation).submit_document(file.values)
        except SettingsRefused as refusal:
            raise file.placed(refusal) from refusal

    def secrets(self, installation: Installation) -> SecretRecords:
        """Return the installation's own secret records (not those of its form)."""
        return self._services.secrets(installation, vault=self.vault)

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
        return answer(lambda: function, request, invocation=invocation, hide=self.masker.hide)

    # --- Runs ----------------------------------------------------------------------------------

    def trigger(self, installation: Installation, job: str, parameters: Mapping[str, Any]) -> Run:
        """Write a run of a job. Raises NotFound naming the jobs there are."""
        detail = self.jobs_of(installation).trigger(job, parameters)
        return self.runs.get(detail.job_id)

    def execute(
        self,
        run_id: str,
        *,
        worker: str,
        epoch: int | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> Run:
        """Take a run and drive its job to the end, or to where it must wait. Raises LeaseLost.

        With ``epoch`` only if nobody took it since. When ``stopping`` says yes, the run is given
        back after the present step.
        """
        run = self.runs.take(run_id, worker=worker, now=self.clock.now(), epoch=epoch)
        with beating(run, repository=self.runs, clock=self.clock, log=self.log):
            return self._drive(run, stopping)

    def _drive(self, run: Run, stopping: Callable[[], bool]) -> Run:
        try:
            installation = self.installations.get(run.install_id)
            invocation = self.invocation(
                installation, entry_point=f"job:{run.job}", run_id=run.run_id
            )
            policy = self.definition(installation).manifest.jobs.get(run.job)
        except MooringError as error:
            said = self.masker.hide(str(error))
            return self.runs.finish(run, RunStatus.ERROR, now=self.clock.now(), error=said)
        return drive(
            run,
            job_class=lambda: self.job_class(installation, run.job),
            invocation=invocation,
            policy=policy,
            repository=self.runs,
            clock=self.clock,
            hide=self.masker.hide,
            observe=lambda changed: self.plugins.hook.mooring_run_changed(run=changed),
            stopping=stopping,
        )

    def execute_until_final(
        self, run_id: str, *, waiting: Callable[[Run], object] = lambda run: None
    ) -> Run:
        """Drive a run to its end; where it has to wait, tell ``waiting`` and wait."""
        run = self.runs.get(run_id)
        while not run.status.final:
            pause = (run.not_before or self.clock.now()) - self.clock.now()
            if pause.total_seconds() > 0:
                waiting(run)
                self.clock.sleep(pause.total_seconds())
            run = self._executed_or_followed(run)
        return run

    def _executed_or_followed(self, run: Run) -> Run:
        """Execute a run that waits; one that another worker has is left to it."""
        if run.status is RunStatus.RUNNING:
            self.clock.sleep(LOOK_EVERY)
            return self.runs.get(run.run_id)
        try:
            return self.execute(run.run_id, worker=f"here:{os.getpid()}", epoch=run.epoch)
        except LeaseLost:
            # Somebody ended it meanwhile, or took it; its row says which.
            return self.runs.get(run.run_id)

    @contextmanager
    def stand_in(self) -> Iterator[bool]:
        """Take the place of ``serve`` on this home if none runs; tell whether it was free."""
        lock = HomeLock(self.home.lock)
        free = lock.acquire()
        try:
            yield free
        finally:
            if free:
                lock.release()

    @property
    def has_worker(self) -> bool:
        """Whether a process runs the jobs of this home; ``serve --no-jobs`` does not."""
        with self.stand_in() as free:
            return not free

    # --- What the engine asks of the host (engine.lifecycle.AppHost) ----------------------------

    def keep_copy(self, definition: AppDefinition) -> Path:
        """Copy the app into the home and return the copy's folder."""
        meta = definition.manifest.meta
        return app_folders.keep(
            definition.root, self.home.path, app_id=meta.app_id, version=meta.version
        )

    def apply_schema(self, account: str, definition: AppDefinition) -> None:
        """Make the account's ODP know the app's objects and fields."""
        self.odp(account).apply_schema(definition.schema)

    def call_lifecycle(self, installation: Installation, hook: str, *arguments: Any) -> Any:
        """Call a method of the app's Lifecycle on behalf of the installation."""
        invocation = self.invocation(installation, entry_point="lifecycle")
        lifecycle = self.lifecycle_class(installation)
        return call_hook(lifecycle, hook, *arguments, invocation=invocation)

    def jobs_of(self, installation: Installation) -> InstallationJobs:
        """Return the runs and schedules of an installation."""
        return InstallationJobs(
            installation,
            self.definition(installation).manifest,
            runs=self.runs,
            schedules=self.schedules,
            clock=self.clock,
        )

    # --- Building blocks -----------------------------------------------------------------------

    @cached_property
    def _lifecycle(self) -> LifecycleEngine:
        return LifecycleEngine(
            self,
            installations=self.installations,
            runs=self.runs,
            schedules=self.schedules,
            vault=self.vault,
            clock=self.clock,
        )

    def _functions_of(self, installation: Installation) -> InstallationFunctions:
        return InstallationFunctions(
            installation,
            self.definition(installation).manifest,
            installations=self.installations,
            public_url=self.public_url,
        )

    def _offer_backend(self, kind: str) -> Any:
        return self.plugins.hook.mooring_secret_backend(
            config=self.config, kind=kind, database=self.database
        )
