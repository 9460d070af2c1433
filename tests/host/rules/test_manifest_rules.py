from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from mooring.rules.meta import EMAIL
from mooring.rules.outbound_domains import _faults

Found = Callable[[], list[str]]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("https://example.com/support", "http://example.com", "app.yml:6 META-4"),
        ("https://example.com/support", "HTTPS://example.com", "app.yml:6 META-4"),
        ("https://example.com/support", "https://", "app.yml:6 META-4"),
        ("https://example.com/support", "https://a b.example", "app.yml:6 META-4"),
        ("https://example.com/support", "https://a.example:port/", "app.yml:6 META-4"),
        ("support@example.com", "Support <support@example.com>", "app.yml:8 META-5"),
        (
            "- Testing & Utilities",
            "- CRM\n    - CRM",
            "app.yml:11 META-9",
        ),
        ("- all", "- all\n    - us", "app.yml:12 META-11"),
        ("- all", "- mars", "app.yml:12 META-12"),
        ("- APP_ENV_API_URL", "- APP_ENV_A\n  - APP_ENV_A", "app.yml:16 ENV-2"),
        ("runtime: python3.11", "runtime: python3.99", "app.yml:13 RUN-2"),
        ("runtime: python3.11", "runtime: python3.9", "app.yml:13 RUN-2"),
        ("runtime: python3.11", "runtime: cobol", "app.yml:13 MAN-4"),
        (
            "global: true",
            "global: true\n    installation_resolution: {type: GUID, key: a}",
            "app.yml:25 FUN-6",
        ),
        (
            "    entry_point: Hook",
            """\
    installation_resolution: {type: JSON_BODY_FIELD, key: /a/b}
    entry_point: Hook""",
            "app.yml:18 FUN-7",
        ),
        ("  lookup:", "  'look up':", "app.yml:21 FUN-8"),
        ("secret: hook", "secret: 'my hook'", "app.yml:20 FUN-10"),
        ("global: true", "global: true\n    delivery: inbox", "app.yml:25 FUN-11"),
        ("global: true", "global: true\n    verify: hmac", "app.yml:25 FUN-9"),
        ('"0 0 */2 * * ?"', '"0 0 99 * * ?"', "app.yml:29 JOB-5"),
        ('"0 0 */2 * * ?"', '"0 0 1 1 * 1"', "app.yml:29 JOB-5"),
        ("Europe/Paris", "Europe/Pariss", "app.yml:30 JOB-6"),
        ("Europe/Paris", "Europe", "app.yml:30 JOB-6"),
        ("Europe/Paris", "../../etc/passwd", "app.yml:30 JOB-6"),
        ("max_backoff_seconds: 60", "max_backoff_seconds: 5", "app.yml:31 JOB-7"),
        ("attempts: 3", "attempts: 0", "app.yml:31 MAN-3"),
        ("timezone: Europe/Paris", "jitter: 90000", "app.yml:30 MAN-3"),
        ("timezone: Europe/Paris", "jitter: 1.5", "app.yml:30 MAN-3"),
        (
            "timezone: Europe/Paris",
            "overlap: allow\n    concurrency: 1",
            "app.yml:31 JOB-8",
        ),
        ("pages: 3", "pages: .inf", "app.yml:32 JOB-9"),
        ("pages: 3", "pages: [1, {a: .nan}]", "app.yml:32 JOB-9"),
        ("pages: 3", "pages: [[1]]", "app.yml:32 MAN-6"),
        ("- api.example.com", "- https://api.example.com/v1", "app.yml:34 OBD-5"),
    ],
)
def test_a_fault_of_the_manifest_is_one_problem_at_its_line(
    app: Any, found: Found, old: str, new: str, expected: str
) -> None:
    app.replace("app.yml", old, new)
    assert found() == [expected]


def test_an_app_for_node_gets_a_notice_and_its_code_is_not_looked_at(
    app: Any, found: Found
) -> None:
    app.replace("app.yml", "python3.11", "node22")
    app.remove("src/functions/hook.py")
    assert found() == ["app.yml:13 RUN-1"]
    assert not app.problems()[0].is_error


@pytest.mark.parametrize("cron", ["0 0 12 ? * MON-FRI", "*/15 * * * *", "0 0 12 1 1 ? 2030", ""])
def test_both_kinds_of_cron_are_schedules(app: Any, found: Found, cron: str) -> None:
    app.replace("app.yml", "0 0 */2 * * ?", cron)
    assert found() == []


@pytest.mark.parametrize("key", ["$.a.b", "$..id", "$.items[?(@.p==1)]", "account"])
def test_paths_into_a_body_are_accepted(app: Any, found: Found, key: str) -> None:
    resolution = f"installation_resolution: {{type: JSON_BODY_FIELD, key: '{key}'}}"
    app.replace("app.yml", "    entry_point: Hook", f"    entry_point: Hook\n    {resolution}")
    assert found() == []


def test_the_nearest_time_zone_is_suggested(app: Any) -> None:
    app.replace("app.yml", "Europe/Paris", "Europe/Pari")
    assert "Did you mean Europe/Paris?" in app.problems()[0].hint


@pytest.mark.parametrize(
    "file", ["assets/icon.svg", "assets/directory/overview.md", "forms/settings.yml"]
)
def test_a_missing_file_is_named(app: Any, found: Found, file: str) -> None:
    app.remove(file)
    assert found() == [f"{file}:1 AST-1"]


def test_a_channel_needs_the_forms_of_its_content(app: Any, found: Found) -> None:
    app.replace("app.yml", "runtime:", "channel: {type: email, targeting: dynamic}\nruntime:")
    assert found() == [
        "app.yml:13 CHN-14",
        "forms/content-settings.yml:1 AST-1",
        "forms/content-template.yml:1 AST-1",
    ]


@pytest.mark.parametrize(
    ("domain", "rules"),
    [
        ("api.example.com", []),
        ("*.example.com", []),
        ("https://api.example.com:8443/", []),
        ("localhost", []),
        ("127.0.0.1", []),
        ("Müller.example", []),
        ("", ["OBD-1"]),
        ("a b", ["OBD-1"]),
        ("api.example.com:port", ["OBD-1"]),
        ("ftp://files.example.com", ["OBD-2"]),
        ("a.*.b", ["OBD-3"]),
        ("*.*.b", ["OBD-3"]),
        ("*", ["OBD-4"]),
        ("-a.example", ["OBD-4"]),
        ("a", ["OBD-4"]),
        ("a.example/path", ["OBD-5"]),
        ("HTTPS://a.example", ["OBD-5"]),
        ("a.example/p?q=1", ["OBD-5", "OBD-6"]),
    ],
)
def test_outbound_domains_are_hosts(domain: str, rules: list[str]) -> None:
    assert [rule.id for rule, _ in _faults(domain)] == rules


@pytest.mark.parametrize(
    ("address", "valid"),
    [
        ("a@b.co", True),
        ("first.last+tag@sub.example.com", True),
        ("foo@bar", False),
        (".a@b.co", False),
        ("a..b@c.co", False),
        ("a@b.c", False),
        ("a@-b.co", False),
        (f"{'a' * 65}@b.co", False),
        (f"a@{'b' * 64}.co", False),
        ("a@b.co\n", False),
        ("ä@b.co", False),
    ],
)
def test_contact_addresses_follow_the_rule(address: str, valid: bool) -> None:
    assert bool(EMAIL.fullmatch(address)) is valid
