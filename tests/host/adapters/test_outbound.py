"""What an app may call: hosts of its manifest over https, and this machine where it was told so."""

from __future__ import annotations

import pytest

from mooring.adapters.outbound import Origin, OutboundDomains, loopback_origins
from mooring.errors import OutboundDenied


def allows(pattern: str, origin: Origin) -> bool:
    try:
        OutboundDomains("shop", (pattern,), frozenset()).check(origin)
    except OutboundDenied:
        return False
    return True


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("api.example.org", "api.example.org"),
        ("API.Example.org", "api.example.org"),
        ("https://api.example.org", "api.example.org"),
        ("https://api.example.org/", "api.example.org"),
        ("*.example.org", "api.example.org"),
        ("*.example.org", "a.b.example.org"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("192.0.2.7", "192.0.2.7"),
    ],
)
def test_a_listed_host_may_be_called_over_https(pattern: str, host: str) -> None:
    assert allows(pattern, Origin("https", host, 443))


@pytest.mark.parametrize(
    ("pattern", "host"),
    [
        ("api.example.org", "example.org"),
        ("api.example.org", "www.api.example.org"),
        ("api.example.org", "api.example.org.evil.test"),
        ("*.example.org", "example.org"),
        ("*.example.org", "evilexample.org"),
        ("*.example.org", ".example.org"),
        ("*", "example.org"),
        ("", ""),
        ("api.example.org:notaport", "api.example.org"),
    ],
)
def test_no_other_host_may_be_called(pattern: str, host: str) -> None:
    assert not allows(pattern, Origin("https", host, 443))


def test_a_port_other_than_https_own_has_to_be_listed() -> None:
    elsewhere = Origin("https", "api.example.org", 8443)
    assert not allows("api.example.org", elsewhere)
    assert allows("api.example.org:8443", elsewhere)


@pytest.mark.parametrize("pattern", ["api.example.org", "http://api.example.org"])
def test_a_listed_host_is_not_called_without_encryption(pattern: str) -> None:
    with pytest.raises(OutboundDenied, match=r"only https .*Call https://api\.example\.org\."):
        OutboundDomains("shop", (pattern,), frozenset()).check(
            Origin("http", "api.example.org", 80)
        )


def test_the_refusal_names_app_host_and_remedy() -> None:
    with pytest.raises(OutboundDenied) as denied:
        OutboundDomains("shop", (), frozenset()).check(Origin("https", "api.example.org", 8443))
    assert "The app shop may not call https://api.example.org:8443" in str(denied.value)
    assert "Add api.example.org:8443 to outbound_domains in app.yml." in str(denied.value)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:9900/brevo/v3",
        "http://127.8.8.8:9900",
        "http://localhost:9900",
        "https://brevo.localhost:9900/",
        "http://[::1]:9900/x?y=z",
        "http://localhost",
    ],
)
def test_an_address_on_this_machine_passes_when_the_environment_names_it(address: str) -> None:
    (origin,) = loopback_origins({"APP_ENV_BREVO_URL": address})
    scheme, _, place = origin.partition("://")
    host, _, port = place.rpartition(":") if place.count(":") else (place, "", "80")
    named = Origin(scheme, host.strip("[]"), int(port))
    OutboundDomains("shop", (), frozenset({origin})).check(named)
    with pytest.raises(OutboundDenied, match="APP_ENV_"):
        OutboundDomains("shop", (), frozenset({origin})).check(
            Origin(scheme, host.strip("[]"), int(port) + 1)
        )


@pytest.mark.parametrize(
    "address",
    [
        "https://api.example.org",
        "http://127.0.0.1.example.org:9900",
        "http://10.0.0.1:9900",
        "redis://127.0.0.1:6379",
        "http://127.0.0.1:notaport",
        "just words",
        "",
    ],
)
def test_other_values_of_the_environment_open_nothing(address: str) -> None:
    assert loopback_origins({"APP_ENV_BREVO_URL": address}) == frozenset()


def test_only_variables_that_name_an_address_count() -> None:
    assert loopback_origins({"APP_ENV_NOTE": "http://127.0.0.1:9900"}) == frozenset()
