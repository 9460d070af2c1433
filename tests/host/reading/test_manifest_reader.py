from __future__ import annotations

from typing import Any

import pytest

from mooring.model.manifest import RetryPolicy, Verification
from mooring.reading.manifest_reader import read_manifest
from mooring.reading.node import Malformed

META = {
    "app_id": "shop",
    "display_name": "Shop",
    "version": "1.0.0",
    "vendor": "example",
    "support_url": "https://example.com",
    "summary": "Sells.",
    "contact_email": "a@example.com",
    "categories": ["CRM"],
    "availability": ["all"],
}


def manifest(**sections: Any) -> dict[str, Any]:
    return {"meta": META, "runtime": "python3.11", **sections}


def entry(**more: Any) -> dict[str, Any]:
    return {"entry_point": "Hook", "description": "Does.", **more}


def test_the_least_manifest_has_nothing_but_its_meta() -> None:
    read = read_manifest(manifest())
    assert (read.meta.app_id, read.meta.categories) == ("shop", ("CRM",))
    assert (read.functions, read.jobs, read.channel, read.environment) == ({}, {}, None, ())


@pytest.mark.parametrize(("runtime", "runs"), [("python3.12", True), ("node22", False)])
def test_only_python_runs_here(runtime: str, runs: bool) -> None:
    assert read_manifest({**manifest(), "runtime": runtime}).runs_here is runs


def test_an_unchanged_ocp_function_is_direct() -> None:
    function = read_manifest(manifest(functions={"hook": entry()})).functions["hook"]
    assert (function.delivery, function.verify, function.is_global) == ("direct", None, False)
    assert function.has_address


def test_a_function_for_the_form_alone_has_no_address() -> None:
    function = read_manifest(manifest(functions={"hook": entry(access="form")})).functions["hook"]
    assert not function.has_address


def test_a_named_profile_takes_the_functions_own_secret_and_the_inbox() -> None:
    function = read_manifest(manifest(functions={"hook": entry(verify="github")})).functions["hook"]
    assert function.verify == Verification(profile="github", secret="hook_signature")
    assert function.delivery == "inbox"


@pytest.mark.parametrize(
    ("verify", "secret", "tolerance"),
    [
        ({"profile": "stripe"}, "hook_signature", None),
        ({"profile": "stripe", "secret": "mine", "tolerance": 60}, "mine", 60.0),
    ],
)
def test_a_named_profile_may_have_a_secret_and_a_tolerance_of_its_own(
    verify: dict[str, Any], secret: str, tolerance: float | None
) -> None:
    function = read_manifest(manifest(functions={"hook": entry(verify=verify)})).functions["hook"]
    assert function.verify == Verification(profile="stripe", secret=secret, tolerance=tolerance)
    assert function.delivery == "inbox"


@pytest.mark.parametrize(
    ("declared", "resolved"),
    [
        ({}, False),
        ({"installation_resolution": {"type": "GUID", "key": "x"}}, False),
        ({"installation_resolution": {"type": "HEADER", "key": "x"}}, True),
        ({"installation_resolution": {"type": "HEADER", "key": "x"}, "global": True}, False),
    ],
)
def test_a_function_has_one_address_for_all_where_requests_name_the_account(
    declared: dict[str, Any], resolved: bool
) -> None:
    function = read_manifest(manifest(functions={"hook": entry(**declared)})).functions["hook"]
    assert (function.resolved_by is not None) == resolved


def test_a_signature_can_be_spelled_out() -> None:
    verify: dict[str, Any] = {
        "profile": "hmac",
        "header": "X-Sig",
        "algorithm": "sha1",
        "encoding": "base64",
        "prefix": "v1=",
        "secret": "hooks/one",
        "tolerance": 300,
    }
    read = read_manifest(manifest(functions={"hook": entry(verify=verify, delivery="direct")}))
    assert read.functions["hook"].verify == Verification(**verify)
    assert read.functions["hook"].delivery == "direct"


def test_a_job_has_the_usual_policies() -> None:
    job = read_manifest(manifest(jobs={"sync": entry()})).jobs["sync"]
    assert (job.cron, job.timezone, job.overlap, job.missed) == (None, "UTC", "skip", "run_once")
    assert (job.retry, job.parameters, job.concurrency) == (RetryPolicy(), {}, None)
    assert job.jitter == 0


def test_a_job_says_its_policies() -> None:
    said = entry(
        cron="0 0 * * * ?",
        timezone="Europe/Paris",
        overlap="queue",
        missed="skip",
        jitter=90,
        retry={"attempts": 1, "backoff_seconds": 0},
        concurrency=2,
        parameters={"full": True},
    )
    job = read_manifest(manifest(jobs={"sync": said})).jobs["sync"]
    assert (job.cron, job.timezone, job.overlap) == ("0 0 * * * ?", "Europe/Paris", "queue")
    assert (job.missed, job.jitter, job.concurrency) == ("skip", 90, 2)
    assert job.parameters == {"full": True}
    assert job.retry == RetryPolicy(attempts=1, backoff_seconds=0, max_backoff_seconds=3600)


def test_an_empty_cron_is_none() -> None:
    assert read_manifest(manifest(jobs={"sync": entry(cron="")})).jobs["sync"].cron is None


@pytest.mark.parametrize(
    ("sections", "path"),
    [
        ({"functions": {"hook": None}}, ("functions", "hook")),
        ({"functions": []}, ("functions",)),
        ({"functions": {"hook": entry(delivery="post")}}, ("functions", "hook", "delivery")),
        ({"functions": {"hook": entry(access="all")}}, ("functions", "hook", "access")),
        ({"functions": {"hook": {"entry_point": "A"}}}, ("functions", "hook", "description")),
        ({"functions": {"hook": entry(**{"global": "yes"})}}, ("functions", "hook", "global")),
        ({"jobs": {"sync": entry(cron=5)}}, ("jobs", "sync", "cron")),
        ({"jobs": {"sync": entry(overlap="never")}}, ("jobs", "sync", "overlap")),
        (
            {"jobs": {"sync": entry(retry={"attempts": True})}},
            ("jobs", "sync", "retry", "attempts"),
        ),
        ({"environment": [1]}, ("environment", 0)),
        ({"runtime": 3.11}, ("runtime",)),
        ({"meta": None}, ("meta",)),
        ({"meta": {**META, "version": 1.0}}, ("meta", "version")),
    ],
)
def test_what_has_another_shape_is_named_by_its_path(
    sections: dict[str, Any], path: tuple[str | int, ...]
) -> None:
    with pytest.raises(Malformed) as wrong:
        read_manifest({**manifest(), **sections})
    assert wrong.value.path == path


@pytest.mark.parametrize("value", [None, [], "text", 1])
def test_a_manifest_that_is_no_mapping_is_malformed(value: Any) -> None:
    with pytest.raises(Malformed):
        read_manifest(value)
