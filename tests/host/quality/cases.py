"""Which changes of the good app break a rule, where, and which only look as if they did?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from textwrap import dedent

from mooring.quality import RULES, Level
from tests.host.quality.good_app import FILES, ICON

MARK = "⌖"  # stands in front of a place that has to be named

SHOP, HOOK, SYNC, LIFECYCLE = (
    f"src/{name}.py"
    for name in ("clients/shop", "functions/hook", "jobs/sync", "lifecycle/lifecycle")
)
APP, FORM, EXTRA = "app.yml", "forms/settings.yml", "src/core/extra.py"
TESTS, SCHEMA = "tests/test_shop.py", "schema/shop_app_orders.yml"
OVERVIEW = "assets/directory/overview.md"
SVG = ICON.partition(">")[0] + ">"
VERIFY = (
    "    verify: {profile: hmac, header: X-Sig, algorithm: sha256, encoding: hex, secret: hook}\n"
)


@dataclass(frozen=True, slots=True)
class Case:
    """A change of the good app; the marks in it are the places that have to be named.

    ``at`` names further places by the text that begins there, ``whole`` files as a whole.
    """

    rule: str
    files: Mapping[str, str | None] = field(default_factory=dict)
    edits: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    at: tuple[tuple[str, str], ...] = ()
    whole: tuple[str, ...] = ()
    git: bool = False

    @property
    def is_bronze(self) -> bool:
        """Whether an app that breaks the rule reaches no level."""
        return next(rule.level for rule in RULES if rule.id == self.rule) is Level.BRONZE

    def contents(self) -> dict[str, str | None]:
        """Return all files of the changed app, without marks."""
        return {name: text and text.replace(MARK, "") for name, text in self._marked().items()}

    def places(self) -> Iterator[str]:
        """Yield the places that have to be named, computed from the texts alone."""
        yield from (f"{file}:1:1" for file in self.whole)
        for file, text in self._marked().items():
            for snippet in (snippet for name, snippet in self.at if name == file):
                assert text
                text = text.replace(snippet, MARK + snippet, 1)
            for number, line in enumerate((text or "").splitlines(), 1):
                yield from (f"{file}:{number}:{column}" for column in _columns(line))

    def _marked(self) -> dict[str, str | None]:
        changed = {**FILES, **self.files}
        for name, (old, new) in self.edits.items():
            text = dedent(changed[name] or "")
            assert text.count(old) == 1, f"{old!r} is not once in {name}"
            changed[name] = text.replace(old, new)
        return {name: text and dedent(text) for name, text in changed.items()}


def _columns(line: str) -> Iterator[int]:
    pieces = line.split(MARK)
    for count in range(1, len(pieces)):
        yield len("".join(pieces[:count])) + 1


def extra(rule: str, *lines: str) -> Case:
    """Add a module with these lines."""
    return Case(rule, {EXTRA: "\n".join(['"""Something more."""', "", *lines, ""])})


def within(rule: str, *lines: str, head: str = "") -> Case:
    """Add a module with a function of these lines."""
    body = [f"    {line}" for line in ('"""Do it."""', *lines)]
    return extra(rule, head, "", "", "def something(given: str, token: str) -> object:", *body)


def edit(rule: str, file: str, old: str, new: str, **places: tuple[str, ...]) -> Case:
    """Change one text in one file."""
    return Case(rule, edits={file: (old, new)}, whole=places.get("whole", ()))


def moved(rule: str, file: str, old: str, new: str, *at: tuple[str, str]) -> Case:
    """Change one text in one file, which shows at other places."""
    return Case(rule, edits={file: (old, new)}, at=at)


def add(rule: str, file: str, text: str | None, *whole: str) -> Case:
    """Write one file anew."""
    return Case(rule, {file: text}, whole=whole)


BRONZE = [
    edit("runs-here", APP, "runtime: python3.11", f"runtime: {MARK}node22"),
    add("safe-icons", "assets/icon.svg", "<svg", "assets/icon.svg"),
    add("safe-icons", "assets/icon.svg", "<html/>", "assets/icon.svg"),
    add("safe-icons", "assets/icon.svg", f"{SVG}<script>1</script></svg>", "assets/icon.svg"),
    add("safe-icons", "assets/icon.svg", f'{SVG}<g onload="x()"/></svg>', "assets/icon.svg"),
    add("safe-icons", "assets/logo.svg", f"<!DOCTYPE x>{SVG}</svg>", "assets/logo.svg"),
    add(
        "safe-icons", "assets/logo.svg", SVG.replace("viewBox", "box") + "</svg>", "assets/logo.svg"
    ),
    add(
        "safe-icons",
        "assets/logo.svg",
        f'{SVG}<image href="https://elsewhere.test/a.png"/></svg>',
        "assets/logo.svg",
    ),
    add("readme", "README.md", None, "README.md"),
    add("readme", "README.md", "# Shop\n", "README.md"),
    add("reviewable-code", EXTRA, '"""More."""\n' + "# more\n" * 20_000, EXTRA),
    edit("secret-fields", FORM, "type: secret", f"type: {MARK}text"),
    edit(
        "secret-fields",
        FORM,
        "type: secret",
        f"type: {MARK}secret\n        defaultValue: hunter2",
    ),
    Case(
        "secrets-out-of-git",
        {".env": f"APP_ENV_SHOP_URL=https://x.test\n{MARK}APP_ENV_API_KEY=canary\n# note\n"},
        git=True,
    ),
    extra("no-secrets-in-code", f'NAME = {MARK}"xkeysib-0123456789abcdef0123456789"'),
    extra("no-secrets-in-code", f'API_KEY = {MARK}"a1b2c3d4e5f6a1b2c3d4e5f6"'),
    extra("no-secrets-in-code", f'OPTIONS = {{"token": {MARK}"a1b2c3d4e5f6a1b2c3d4e5f6"}}'),
    edit("no-secrets-in-logs", SYNC, "count=len(found)", f"key={MARK}account.api_key"),
    edit("no-secrets-in-logs", SYNC, "count=len(found)", f'key={MARK}f"é{{account.api_key}}"'),
    within("constant-time", f"return {MARK}given == token"),
    within("constant-time", f'"é", {MARK}given.signature != token', "return None"),
    edit("host-logger", SYNC, "logger.info(", f"{MARK}print("),
    extra("host-logger", "import logging", "", f"LOG = {MARK}logging.getLogger(__name__)"),
    extra("app-environment", "import os", "", f'HOME = {MARK}os.environ["HOME"]'),
    extra("app-environment", "from os import getenv", "", f'HOME = {MARK}getenv("HOME")'),
    extra("host-http", f"{MARK}import httpx", f"{MARK}from http import client"),
    extra("host-http", f"{MARK}from urllib.request import urlopen"),
    within("interruptible-waits", f"return {MARK}sleep(1)", head="from time import sleep"),
    extra("sdk-only", f"{MARK}from mooring.hosting.host import Host", f"{MARK}import mooring"),
    extra("relative-imports", f"{MARK}from src.clients.shop import orders"),
    extra(
        "no-work-at-import",
        "from mooring.sdk import environment, storage",
        "",
        f'ACCOUNT = {MARK}storage.settings.get("account")',
        f'URL = {MARK}environment.get("APP_ENV_SHOP_URL")',
    ),
    extra(
        "awaited-twins",
        "from mooring.sdk import storage",
        "",
        "",
        "async def account() -> object:",
        '    """Read."""',
        '    await storage.settings.aget("account")',
        f'    return {MARK}storage.settings.get("account")',
    ),
    extra(
        "awaited-twins",
        "from mooring.sdk import storage",
        "",
        "",
        "async def remember(event: str) -> None:",
        '    """Write, by methods whose own names begin with an a."""',
        '    await storage.kv_store.aappend("events", "all", event)',
        f'    {MARK}storage.kv_store.append("events", "all", event)',
    ),
    extra(
        "awaited-twins",
        "from mooring.sdk import notifications",
        "",
        "",
        "async def tell(what: str) -> None:",
        '    """Tell."""',
        '    await notifications.ainfo("Orders", "Read", what)',
        f'    {MARK}notifications.info("Orders", "Read", what)',
    ),
    extra(
        "awaited-twins",
        "from mooring.sdk import oauth",
        "",
        "",
        "async def token() -> str:",
        '    """Ask, by a name that begins with an a by itself."""',
        '    await oauth.aaccess_token("shop")',
        f'    return {MARK}oauth.access_token("shop")',
    ),
    edit("declared-domains", SHOP, '"https://api.shop.test"', f'{MARK}"https://other.test/v1"'),
    edit("declared-domains", SHOP, "(url,", f'({MARK}f"https://other.test/v1/{{url}}",'),
    edit("narrow-domains", APP, "  - api.shop.test", f'  - api.shop.test\n  - {MARK}"*.test"'),
    edit("encrypted-connections", SHOP, '"https://api', f'{MARK}"http://api'),
    edit("encrypted-connections", APP, "- api.shop.test", f'- {MARK}"http://api.shop.test"'),
    edit("declared-environment", SHOP, '"APP_ENV_SHOP_URL"', f'{MARK}"APP_ENV_SHOP"'),
    within(
        "no-swallowed-errors",
        "try:",
        "    return given",
        f"{MARK}except Exception:",
        "    pass",
        "try:",
        "    return token",
        f"{MARK}except (KeyError, BaseException):",
        "    return None",
        f"with {MARK}suppress(Exception):",
        "    return given",
        head="from contextlib import suppress",
    ),
    edit("schedule-pace", APP, '"0 0 */2 * * ?"', f'{MARK}"*/30 * * * * ?"'),
    add("has-tests", TESTS, "FOUR = (Hook, Shops, Sync, Lifecycle)\n", "tests"),
    extra(
        "requirements-declared", f"{MARK}import yaml", f"{MARK}from nowhere.at import everything"
    ),
]
SILVER = [
    edit("field-help", FORM, "help: Whose orders are read.", f"help: {MARK}Shop"),
    moved(
        "credential-instructions",
        FORM,
        "- type: instructions\n        text: Make a key under Profile.\n      - type: secret",
        "- type: secret",
        (FORM, "api_key\n"),
    ),
    Case(
        "reconnect-path",
        edits={
            SHOP: ("raise errors.CredentialsRejected", "raise errors.ServiceError"),
            LIFECYCLE: ("except errors.CredentialsRejected", "except errors.ServiceError"),
        },
        at=((FORM, "secret\n"), (SHOP, "answer.status == 401")),
    ),
    extra("aware-times", "from datetime import datetime", "", f"NOW = {MARK}datetime.now()"),
    extra("aware-times", "import datetime", "", f"NOW = {MARK}datetime.datetime.utcnow()"),
    moved(
        "credentials-tested",
        LIFECYCLE,
        "from ..clients.shop import orders",
        "orders = list",
        (FORM, "secret\n"),
    ),
    moved("cleans-up", LIFECYCLE, "on_uninstall", "on_leaving", (LIFECYCLE, "class Lifecycle")),
    moved("function-verified", APP, VERIFY, "", (APP, "hook:")),
    moved("function-verified", APP, "    access: form\n", "", (APP, "shops:")),
    edit(
        "bounded-input",
        HOOK,
        'storage.kv_store.put("order", self.request.body_json)',
        "got = self.request.body_json\n"
        f'        for each in {MARK}got["orders"]:\n'
        '            storage.kv_store.put("order", each)',
    ),
    Case(
        "job-progress",
        {
            SYNC: f'''\
            """Reads orders."""

            from mooring.sdk import Job, JobStatus


            {MARK}class Sync(Job):
                """One step."""

                def prepare(self, params: object, status: JobStatus | None = None) -> JobStatus:
                    """Begin."""
                    return status or JobStatus({{}})

                def perform(self, status: JobStatus) -> JobStatus:
                    """End."""
                    return JobStatus(complete=True)
            '''
        },
    ),
    moved("job-resumes", SYNC, "return status or ", "return ", (SYNC, "def prepare")),
    edit("short-steps", SYNC, "found = orders", f"{MARK}while True:\n            found = orders"),
    add("directory-page", OVERVIEW, "# Shop\n\nShort.\n", OVERVIEW),
    add(
        "directory-page",
        OVERVIEW,
        "# Shop\n\n" + "word " * 80 + f"\n\nSo. {MARK}Replace this page with yours.\n",
    ),
    edit("reachable-contact", APP, "support@shop.test", f"{MARK}support@example.com"),
    add(
        "requirements-bounded",
        "pyproject.toml",
        f'[project]\ndependencies = [\n  {MARK}"msgspec",\n  "httpx~=0.28",\n]\n',
    ),
]
GOLD = [
    edit("settings-used", FORM, "key: shop\n", f"key: {MARK}shoppe\n"),
    edit("log-events", SYNC, '"orders.read",', f'{MARK}f"{{len(found)}} orders",'),
    edit("log-events", SYNC, '"orders.read",', f'"developer", {MARK}"orders: %s" % found,'),
    edit("log-events", SYNC, '"orders.read",', f'{MARK}"orders: {{}}".format(found),'),
    extra("configurable-addresses", f'URL = {MARK}"https://api.shop.test/v1"'),
    extra(
        "clients-apart",
        "from mooring.sdk import http",
        "",
        "",
        "def call() -> object:",
        '    """Call."""',
        f'    return {MARK}http.get("https://api.shop.test")',
    ),
    add("changelog", "CHANGELOG.md", None, "CHANGELOG.md"),
    edit("changelog", APP, "version: 1.0.0", "version: 1.1.0", whole=("CHANGELOG.md",)),
    add("licence", "LICENSE", None, "LICENSE"),
    moved("entry-points-tested", TESTS, "[Hook, ", "[", (APP, "hook:")),
    edit("entry-points-tested", TESTS, ", Lifecycle]", "]", whole=(LIFECYCLE,)),
    edit("typed-code", SHOP, "def orders(api_key: str)", f"{MARK}def orders(api_key)"),
    edit("documented-code", SHOP, '"""Speaks to the shop."""', "", whole=(SHOP,)),
    extra("documented-code", f"{MARK}class Silent:", "    at = 1"),
    edit(
        "schema-descriptions",
        SCHEMA,
        "The number that the shop gave the order.",
        f"{MARK}Order ID",
    ),
]
BROKEN = [*BRONZE, *SILVER, *GOLD]

KEPT = [
    add("safe-icons", "assets/icon.svg", f'{SVG}<g fill="url(#a)"><use href="#b"/></g></svg>'),
    edit("secret-fields", FORM, "key: shop\n", "key: tokens_used\n"),
    Case("secrets-out-of-git", {".env": "APP_ENV_API_KEY=canary\n"}),
    Case(
        "secrets-out-of-git",
        {".env.example": "APP_ENV_API_KEY=\nexport APP_ENV_TOKEN=<yours>\nAPP_ENV_SHOP_URL=x\n"},
        git=True,
    ),
    extra("no-secrets-in-code", 'TOKEN = "decisions_token"', 'NAME = "a1b2c3d4e5f6a1b2c3d4e5f6"'),
    edit("no-secrets-in-logs", SYNC, "count=len(found)", "known=bool(account.api_key)"),
    within("constant-time", "return compare_digest(given, token)", head="from hmac import *"),
    within("constant-time", 'return token == "" or token != None or given == given'),
    extra("host-logger", "import logging", "", 'SILENT = logging.Logger("nobody")'),
    extra("host-http", "from http import HTTPStatus", "from urllib.parse import urlsplit"),
    within("interruptible-waits", "return self.sleep(1)"),
    extra("sdk-only", "from mooring.sdk.ports import Rate"),
    within(
        "no-work-at-import",
        'return storage.settings.get("account")',
        head="from mooring.sdk import storage",
    ),
    extra(
        "awaited-twins",
        "from asyncio import gather",
        "",
        "from mooring.sdk import storage",
        "",
        "",
        "async def account() -> object:",
        '    """Read."""',
        '    return await gather(storage.settings.aget("a"), storage.settings.aget("b"))',
    ),
    edit("declared-domains", APP, "- api.shop.test", '- "*.shop.test"'),
    edit("declared-domains", SHOP, "(url,", '(f"https://{url}/v1",'),
    edit("narrow-domains", APP, "- api.shop.test", '- "*.shop.test"'),
    within(
        "no-swallowed-errors",
        "try:",
        "    return given",
        "except KeyError:",
        "    pass",
        "try:",
        "    return token",
        "except Exception as error:",
        '    logger.warn("failed", error)',
        "try:",
        "    return given",
        "except Exception as error:",
        "    return str(error)",
        "except BaseException:",
        "    raise",
        head="from mooring.sdk import logger",
    ),
    edit("schedule-pace", APP, '"0 0 */2 * * ?"', '"* * * * *"'),
    Case(
        "requirements-declared",
        {
            EXTRA: '"""More."""\n\nimport yaml\n\nfrom .other import x\n',
            "src/core/other.py": '"""Other."""\n\nx = 1\n',
            "pyproject.toml": '[project]\ndependencies = ["PyYAML >= 6"]\n',
        },
    ),
    Case(
        "function-verified",
        {
            "src/core/door.py": '"""."""\n\nfrom hmac import compare_digest\n\n\n'
            'def same(a: str, b: str) -> bool:\n    """."""\n    return compare_digest(a, b)\n',
        },
        {
            APP: (VERIFY, ""),
            HOOK: ('"""Takes orders."""', '"""Takes orders."""\n\nfrom ..core.door import same'),
        },
    ),
    edit(
        "bounded-input",
        HOOK,
        'storage.kv_store.put("order", self.request.body_json)',
        "got = self.request.body_json\n"
        "        if len(got) > 5:\n"
        "            return Response(413)\n"
        "        for each in got:\n"
        '            storage.kv_store.put("order", each)',
    ),
    edit("short-steps", SYNC, "found = orders", "while params:\n            found = orders"),
    edit("reachable-contact", APP, "email: support@shop.test", "email: support@my-example.com"),
    Case(
        "reachable-contact",
        {"CHANGELOG.md": "## Unreleased\n"},
        {APP: ("version: 1.0.0", "version: 1.0.0-dev")},
    ),
    Case(
        "changelog",
        {"CHANGELOG.md": "## Unreleased\n"},
        {APP: ("version: 1.0.0", "version: 1.0.0-dev")},
    ),
    edit(
        "settings-used",
        FORM,
        "key: shop\n",
        "key: shoppe\n        visible: {key: account.shoppe, empty: false}\n",
    ),
    extra("aware-times", "from datetime import UTC, datetime", "", "NOW = datetime.now(UTC)"),
    extra("documented-code", "class _Silent:", "    at = 1"),
    add("licence", "COPYING", "Everybody may use it.\n"),
]
