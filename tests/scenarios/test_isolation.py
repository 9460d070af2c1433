"""Two accounts with one app, and a second app that is hostile: what can one do to the other?

Each app evaluates what it is sent, so an attack is one expression over what the SDK offers. What
holds here is what is promised; docs/security.md says what cannot be: apps share one process.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from mooring.hosting.host import Host
from mooring.model.config import HostConfig
from tests.conftest import Program
from tests.host.apps import App

CANARY = "canary-5e1f9a"
AMOUNT = "987654321"
EVALUATE = """
import mooring.sdk as sdk
from mooring.sdk.oauth import Tokens

names = {name: getattr(sdk, name) for name in sdk.__all__} | {"Tokens": Tokens}
try:
    found = eval(self.request.text, names)
except Exception as error:
    return Response(200, {"raised": type(error).__name__, "said": str(error)})
return Response(200, {"value": repr(found)})
"""
JOB = """\
from mooring.sdk import Job, JobStatus


class Idle(Job):
    def prepare(self, params, status=None, resuming=False):
        return status or JobStatus()

    def perform(self, status):
        return JobStatus(complete=True)
"""
# What the victim has of everything; each value can be told from all others.
BELONGINGS = (
    "storage.settings.put('main', {{'name': '{canary}-settings'}})",
    "storage.secrets.put('token', {{'value': '{canary}-secret'}})",
    "storage.kv_store.put('mine', {{'value': '{canary}-kv'}})",
    "storage.kv_store.increment('counter', 'count', {amount})",
    "storage.shared_kv_store.put('ours', {{'value': '{canary}-shared'}})",
    "odp.upsert_customers([{{'attributes': {{'email': '{canary}@example.com'}}}}])",
    "odp.send_events([{{'type': 'order', 'identifiers': {{'email': '{canary}@example.com'}}}}])",
    "notifications.info('sync', '{canary}-title', '{canary}-summary')",
    "oauth.keep('service', Tokens(access_token='{canary}-access', refresh_token='{canary}-again'))",
    "jobs.trigger('idle', {{'value': '{canary}-parameters'}}).job_id",
    "jobs.reschedule('idle', '0 0 4 * * ?')",
)


@dataclass(frozen=True)
class Tenant:
    """An installation, by the address at which it evaluates what it is sent."""

    url: str
    http: httpx.Client

    def does(self, expression: str) -> dict[str, Any]:
        """Evaluate, and return what came of it: `value` or `raised`."""
        answer = self.http.post(self.url, content=expression.encode())
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def value(self, expression: str) -> str:
        """Evaluate what has to succeed."""
        found = self.does(expression)
        assert "value" in found, found
        return str(found["value"])


@dataclass
class Neighbours:
    """A victim, the same app in another account, and another app in the victim's account."""

    host: Host
    victim: Tenant
    other_account: Tenant
    other_app: Tenant
    install_id: int
    run_id: str

    def fill(self, expression: str) -> str:
        """Put what the attacker knows of the victim into an expression."""
        return expression.format(install=self.install_id, run=self.run_id, canary=CANARY)


def evaluating(folder: Path, app_id: str) -> Path:
    app = App(folder).function("evaluate", EVALUATE)
    app.function("everybody", EVALUATE, **{"global": True})
    app.jobs["idle"] = {"entry_point": "Idle", "description": "Does nothing."}
    root = app.finish()
    app.write("src/jobs/idle.py", JOB)
    manifest = (root / "app.yml").read_text().replace("app_id: shop", f"app_id: {app_id}")
    declared = f"environment:\n  - APP_ENV_{app_id.upper()}_KEY\n"
    app.write("app.yml", manifest + declared)
    return root


@pytest.fixture(scope="module")
def neighbours(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Neighbours]:
    """Serve three installations; the victim has something in each of its stores."""
    folder = tmp_path_factory.mktemp("isolation")
    program = Program(folder / "home")
    shop, spy = evaluating(folder / "shop", "shop"), evaluating(folder / "spy", "spy")
    program.ok("install", str(shop))
    program.ok("install", str(shop), "--account", "other")
    program.ok("install", str(spy))
    environment = {"APP_ENV_SHOP_KEY": f"{CANARY}-environment", "APP_ENV_SPY_KEY": "spy"}
    with (
        program.serve("--no-jobs", **environment),
        httpx.Client(timeout=20) as http,
        Host.open(HostConfig(home=program.home, secrets="encrypted")) as host,
    ):

        def tenant(app_id: str, account: str) -> Tenant:
            urls = program.ok("functions", app_id, "--account", account, "--json").json
            return Tenant(urls["evaluate"], http)

        victim = tenant("shop", "local")
        kept = [victim.value(each.format(canary=CANARY, amount=AMOUNT)) for each in BELONGINGS]
        run_id = next(json.loads(value.replace("'", '"')) for value in kept if is_run(value))
        yield Neighbours(
            host,
            victim,
            tenant("shop", "other"),
            tenant("spy", "local"),
            install_id=host.installation("shop").install_id,
            run_id=run_id,
        )


def is_run(value: str) -> bool:
    return re.fullmatch(r"'[0-9a-f-]{36}'", value) is not None


@pytest.fixture(params=["other account", "other app"])
def attacker(request: pytest.FixtureRequest, neighbours: Neighbours) -> Tenant:
    """Give each of the two who should not see what the victim has."""
    everyone = {
        "other account": neighbours.other_account,
        "other app": neighbours.other_app,
    }
    return everyone[request.param]


READING = (
    *(f"storage.{store}.get({key!r})" for store in ("kv_store", "settings", "secrets")
      for key in ("main", "token", "mine", "install/{install}/mine", "../{install}/mine",
                  "install/{install}", "{install}:mine", "%", "_", "*", "' OR '1'='1", "service")),
    "storage.kv_store.get('mine', ['value'])",
    "[storage.kv_store.exists(key) for key in ('mine', 'counter', '../{install}/mine')]",
    "storage.kv_store.count('')",
    "storage.kv_store.get_many(['mine', 'counter', 'install/{install}/mine'])",
    "storage.kv_store.scan('')",
    "storage.kv_store.scan('%')",
    "storage.kv_store.scan('', after='install/0')",
    "storage.kv_store.scan('', limit=10**9)",
    "storage.kv_store.delete('mine')",
    "storage.kv_store.put('mine', {{}})",
    "storage.kv_store.patch('mine', {{}})",
    "jobs.get_detail('{run}')",
    "jobs.get_status('{run}')",
    "jobs.get_detail('%')",
    "jobs.active('idle')",
    "functions.get_endpoints({install})",
    "functions.get_endpoints(str({install}))",
    "functions.get_endpoints(float({install}))",
    "functions.get_endpoints(-1)",
    "oauth.kept('service')",
    "oauth.access_token('service')",
    "oauth.kept('../install/{install}/service')",
    "list(environment)",
    "environment.get('MOORING_MASTER_KEY')",
)  # fmt: skip


@pytest.mark.parametrize("attack", READING)
def test_nothing_of_another_installation_is_told(
    neighbours: Neighbours, attacker: Tenant, attack: str
) -> None:
    told = json.dumps(attacker.does(neighbours.fill(attack)))
    assert CANARY not in told
    assert AMOUNT not in told
    assert victims_address(neighbours) not in told


WRITING = (
    "storage.settings.put('main', {{'name': 'overwritten'}})",
    "storage.settings.delete('main')",
    "storage.secrets.put('token', {{'value': 'overwritten'}})",
    "storage.secrets.delete('token')",
    "storage.kv_store.put_many({{'mine': {{}}, 'counter': {{}}, 'install/{install}/mine': {{}}}})",
    "storage.kv_store.delete_many(['mine', 'counter'])",
    "storage.kv_store.increment('counter', 'count')",
    "oauth.keep('service', Tokens(access_token='overwritten'))",
    "oauth.forget('service')",
    "notifications.error('sync', 'overwritten', 'overwritten')",
    "jobs.reschedule('idle', None)",
    "jobs.reschedule('idle', '0 0/1 * * * ?')",
    "jobs.trigger('idle', {{'value': 'overwritten'}}).status",
    "logger.error('overwritten', app_id='shop', account='local', install_id={install})",
    "logger.amend_log_context(app_id='shop', account='local', install_id={install})",
)


@pytest.mark.parametrize("attack", WRITING)
def test_nothing_of_another_installation_is_changed(
    neighbours: Neighbours, attacker: Tenant, attack: str
) -> None:
    before = possessions(neighbours)
    attacker.does(neighbours.fill(attack))
    after = possessions(neighbours)
    assert after == before
    assert "overwritten" not in json.dumps(after)
    assert CANARY in json.dumps(after)


def test_each_environment_is_that_of_the_app_alone(neighbours: Neighbours) -> None:
    assert neighbours.victim.value("list(environment)") == "['APP_ENV_SHOP_KEY']"
    assert neighbours.other_app.value("dict(environment)") == "{'APP_ENV_SPY_KEY': 'spy'}"
    assert neighbours.other_app.does("environment['APP_ENV_SHOP_KEY']")["raised"] == "KeyError"


def test_customer_data_is_that_of_the_account(neighbours: Neighbours) -> None:
    email = f"{CANARY}@example.com"
    asking = (f"odp.customer('email', '{email}')", "odp.customers()")
    for expression in asking:
        assert CANARY not in neighbours.other_account.value(expression)
        # Apps of one account share its customers: that is what it has them for.
        assert CANARY in neighbours.other_app.value(expression)


def test_what_is_shared_is_shared_by_the_installations_of_one_app(neighbours: Neighbours) -> None:
    expression = "storage.shared_kv_store.get('ours')"
    assert CANARY in neighbours.other_account.value(expression)
    assert neighbours.other_app.value(expression) == "{}"


@pytest.mark.parametrize(
    "attack",
    [
        *(f"storage.{store}.get('mine')" for store in ("kv_store", "settings", "secrets")),
        "jobs.get_detail('{run}')",
        "jobs.active('idle')",
        "jobs.trigger('idle')",
        "odp.customers()",
        "oauth.kept('service')",
        "notifications.info('a', 'b', 'c')",
        "functions.get_endpoints()",
    ],
)
@pytest.mark.parametrize("app_id", ["shop", "spy"])
def test_a_global_function_runs_for_no_installation(
    neighbours: Neighbours, app_id: str, attack: str
) -> None:
    base = neighbours.victim.url.partition("/functions/")[0]
    everybody = Tenant(f"{base}/functions/{app_id}/everybody", neighbours.victim.http)
    assert everybody.does(neighbours.fill(attack))["raised"] == "NoContext"


def test_a_global_function_names_installations_of_its_own_app_alone(neighbours: Neighbours) -> None:
    base = neighbours.victim.url.partition("/functions/")[0]
    expression = f"functions.get_endpoints({neighbours.install_id})"
    own = Tenant(f"{base}/functions/shop/everybody", neighbours.victim.http)
    assert neighbours.victim.url in own.value(expression)
    foreign = Tenant(f"{base}/functions/spy/everybody", neighbours.victim.http)
    assert foreign.does(expression)["raised"] == "NotFound"


def test_calls_at_the_same_time_do_not_mix(neighbours: Neighbours) -> None:
    tenants = [neighbours.victim, neighbours.other_account, neighbours.other_app]
    whose = "(__import__('time').sleep(0.005), storage.kv_store.get('whose'))[1]"
    for number, tenant in enumerate(tenants):
        tenant.value(f"storage.kv_store.put('whose', {{'number': {number}}})")
    with ThreadPoolExecutor(9) as pool:
        found = list(pool.map(lambda n: tenants[n % 3].value(whose), range(90)))
    assert found == [f"{{'number': {n % 3}}}" for n in range(90)]


def victims_address(neighbours: Neighbours) -> str:
    return neighbours.victim.url.rpartition("/")[2]


def possessions(neighbours: Neighbours) -> dict[str, Any]:
    """Return all that the victim can see of itself, and what the log says in its name."""
    asked = (
        "storage.settings.get('main')",
        "storage.secrets.get('token')",
        "storage.kv_store.scan('')",
        "storage.shared_kv_store.get('ours')",
        "[(each.job_id, each.status, each.parameters) for each in jobs.active('idle')]",
        "(oauth.kept('service').access_token, oauth.kept('service').refresh_token)",
    )
    host, mine = neighbours.host, neighbours.install_id
    log = (host.home.logs / "mooring.jsonl").read_text().splitlines()
    forged = [line for line in map(json.loads, log) if line["event"] == "overwritten"]
    told = host.notifications.recent(account="local", app_id="shop")
    return {
        "shown": neighbours.victim.value(f"[{', '.join(asked)}]"),
        "schedules": repr(host.schedules.of(mine)),
        "told": [(each.title, each.summary) for each in told],
        "forged": [line for line in forged if line.get("install_id") == mine],
    }
