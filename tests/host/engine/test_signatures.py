"""Who may speak to a function: whoever holds the secret, and nobody else."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from mooring.engine.signatures import check, secret_values
from mooring.errors import ConfigurationInvalid, SignatureInvalid
from mooring.model.manifest import Verification
from mooring.model.signature import SignatureProfile
from mooring.plugins.signatures import mooring_signature_profiles
from mooring.sdk.headers import Headers

PROFILES = {profile.name: profile for profile in mooring_signature_profiles()}
NOW = datetime(2026, 1, 1, tzinfo=UTC)
SECRET = "wh-demo-secret"
BODY = (
    b'{"project_id":20000000001,"timestamp":1767225600,"event":"project.datafile_updated","data":'
    b'{"revision":42,"origin_url":"https://origin.example.test/datafiles/SDKKEYprod1.json",'
    b'"cdn_url":"https://cdn.example.test/datafiles/SDKKEYprod1.json",'
    b'"environment":"Production"}}'
)
OPTIMIZELY_SHA1 = "sha1=3732ddeb07cfdf4ccde169335513608ce5a03996"
OPTIMIZELY_SHA256 = "sha256=409be975f5980a1e8cfc2b6ac909e15bb3ca00c56a3b7fd25bfe04a4537169a9"


def named(profile: str) -> Verification:
    return Verification(profile=profile, secret="hook_signature")


def accept(
    headers: Mapping[str, str | list[str]],
    *,
    body: bytes = BODY,
    verification: Verification | None = None,
    profiles: Mapping[str, SignatureProfile] = PROFILES,
    secret: str = SECRET,
    now: datetime = NOW,
) -> None:
    """Check a request, of Optimizely unless the test says otherwise."""
    wanted = verification or named("optimizely")
    sent = Headers(headers)
    check(body, sent, verification=wanted, profiles=profiles, secrets=[secret], now=now)


def refused(
    headers: Mapping[str, str | list[str]],
    *,
    body: bytes = BODY,
    verification: Verification | None = None,
    now: datetime = NOW,
) -> str:
    with pytest.raises(SignatureInvalid) as raised:
        accept(headers, body=body, verification=verification, now=now)
    assert SECRET not in str(raised.value)
    return raised.value.message


def digest(algorithm: str, body: bytes = BODY, secret: str = SECRET) -> bytes:
    return hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).digest()


@pytest.mark.parametrize("signature", [OPTIMIZELY_SHA1, OPTIMIZELY_SHA256])
def test_optimizely_signs_with_either_algorithm(signature: str) -> None:
    accept({"X-Hub-Signature": signature})


def test_hex_digits_may_be_upper_case() -> None:
    algorithm, _, text = OPTIMIZELY_SHA1.partition("=")
    accept({"X-Hub-Signature": f"{algorithm}={text.upper()}"})


def test_github_signs_with_sha256_and_a_prefix() -> None:
    accept(
        {"X-Hub-Signature-256": f"sha256={digest('sha256').hex()}"}, verification=named("github")
    )


def test_shopify_signs_in_base64() -> None:
    text = base64.b64encode(digest("sha256")).decode()
    accept({"X-Shopify-Hmac-Sha256": text}, verification=named("shopify"))


def test_one_changed_byte_of_the_body_is_noticed() -> None:
    said = refused({"X-Hub-Signature": OPTIMIZELY_SHA1}, body=BODY.replace(b"42", b"43"))
    assert "does not fit the body" in said


def test_the_raw_bytes_count_and_not_their_meaning() -> None:
    refused({"X-Hub-Signature": OPTIMIZELY_SHA1}, body=BODY + b"\n")


def test_another_secret_does_not_do() -> None:
    forged = f"sha256={digest('sha256', secret='guessed').hex()}"
    assert "does not fit" in refused({"X-Hub-Signature": forged})


def test_a_signature_must_be_there() -> None:
    assert "x-hub-signature is missing" in refused({"content-type": "application/json"})


def test_two_signatures_are_one_too_many() -> None:
    said = refused({"X-Hub-Signature": [OPTIMIZELY_SHA1, OPTIMIZELY_SHA256]})
    assert "came 2 times" in said


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "sha1=",
        "sha1=xyz",
        "sha1=3732dd eb",
        "sha1",
        "md5=3732ddeb",
        OPTIMIZELY_SHA1.removeprefix("sha1="),
        "sha1=é",
    ],
)
def test_what_is_no_signature_at_all_is_called_malformed(malformed: str) -> None:
    assert "malformed" in refused({"X-Hub-Signature": malformed})


@pytest.mark.parametrize("malformed", ["!!!", "abc", "ü" * 44])
def test_malformed_base64_is_called_so(malformed: str) -> None:
    said = refused({"X-Shopify-Hmac-Sha256": malformed}, verification=named("shopify"))
    assert "malformed" in said


def test_a_digest_cut_short_does_not_do() -> None:
    refused({"X-Hub-Signature": OPTIMIZELY_SHA256[:-2]})


def test_a_digest_is_not_taken_for_one_of_another_algorithm() -> None:
    refused({"X-Hub-Signature": OPTIMIZELY_SHA1.replace("sha1", "sha256")})


def spelled_out(*, tolerance: float | None = None, encoding: str = "hex") -> Verification:
    return Verification(
        profile="hmac",
        secret="acme",
        header="X-Acme",
        algorithm="sha512",
        encoding=encoding,
        prefix="v1:",
        tolerance=tolerance,
    )


def test_a_manifest_can_spell_out_its_own_hmac() -> None:
    accept({"x-acme": f"v1:{digest('sha512').hex()}"}, verification=spelled_out())
    text = base64.b64encode(digest("sha512")).decode()
    accept({"x-acme": f"v1:{text}"}, verification=spelled_out(encoding="base64"))


def test_the_prefix_that_was_spelled_out_must_be_there() -> None:
    said = refused({"x-acme": digest("sha512").hex()}, verification=spelled_out())
    assert "malformed" in said


@pytest.mark.parametrize("seconds", [-301, 301])
def test_what_was_signed_too_long_ago_or_ahead_is_refused(seconds: int) -> None:
    headers = {"x-acme": f"v1:{digest('sha512').hex()}"}
    moment = NOW + timedelta(seconds=seconds)
    said = refused(headers, verification=spelled_out(tolerance=300), now=moment)
    assert "more than 300 seconds" in said
    accept(headers, verification=spelled_out(tolerance=302), now=moment)


def test_a_timestamp_may_be_in_milliseconds() -> None:
    body = b'{"timestamp": 1767225600000}'
    headers = {"x-acme": f"v1:{digest('sha512', body).hex()}"}
    accept(headers, body=body, verification=spelled_out(tolerance=1))
    later = NOW + timedelta(seconds=2)
    refused(headers, body=body, verification=spelled_out(tolerance=1), now=later)


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"{", b"[]", b'{"timestamp": true}', b'{"timestamp": "soon"}', b"[" * 100_000),
        *(b'{"timestamp": 1' + b"0" * 400 + b"}", b'{"timestamp": NaN}', b'{"timestamp": 1e999}'),
    ],
)
def test_a_body_that_tells_no_time_is_refused_where_age_counts(body: bytes) -> None:
    headers = {"x-acme": f"v1:{digest('sha512', body).hex()}"}
    said = refused(headers, body=body, verification=spelled_out(tolerance=1))
    assert "does not tell when" in said
    accept(headers, body=body, verification=spelled_out())


def stripe(*digests: str, at: int = int(NOW.timestamp()), **more: str) -> dict[str, str]:
    parts = [f"t={at}", *(f"v1={each}" for each in digests)]
    return {"Stripe-Signature": ",".join([*parts, *(f"{k}={v}" for k, v in more.items())])}


def stamped(at: int = int(NOW.timestamp()), secret: str = SECRET) -> str:
    return digest("sha256", f"{at}.".encode() + BODY, secret).hex()


def test_stripe_signs_the_time_with_the_body() -> None:
    accept(stripe(stamped()), verification=named("stripe"))
    accept(stripe(stamped(), v0=digest("sha256").hex()), verification=named("stripe"))


def test_any_of_stripes_signatures_will_do() -> None:
    accept(stripe(stamped(secret="retired"), stamped()), verification=named("stripe"))


def test_a_signature_of_stripe_without_its_time_does_not_do() -> None:
    assert "does not fit" in refused(stripe(digest("sha256").hex()), verification=named("stripe"))
    later = stripe(stamped(), at=int(NOW.timestamp()) + 1)
    assert "does not fit" in refused(later, verification=named("stripe"))


@pytest.mark.parametrize("seconds", [-301, 301])
def test_a_signature_of_stripe_is_good_for_five_minutes(seconds: int) -> None:
    moment = NOW + timedelta(seconds=seconds)
    said = refused(stripe(stamped()), verification=named("stripe"), now=moment)
    assert "more than 300 seconds" in said


def test_a_manifest_can_take_older_signatures_of_stripe() -> None:
    longer = Verification(profile="stripe", secret="hook", tolerance=3600)
    accept(stripe(stamped()), verification=longer, now=NOW + timedelta(seconds=3599))


@pytest.mark.parametrize(
    "malformed",
    [
        "",
        "v1=aa",
        "t=1",
        "t=1,v1=",
        "t=1,v1=zz",
        "t=soon,v1=aa",
        "t=1,t=2,v1=aa",
        "t=-1,v1=aa",
        "t=1,v0=aa",
        "t=1" + ",v1=aa" * 9,
        "t=" + "9" * 5000 + ",v1=aa",
    ],
)
def test_what_stripe_never_sends_is_called_malformed(malformed: str) -> None:
    said = refused({"Stripe-Signature": malformed}, verification=named("stripe"))
    assert "malformed" in said


def test_brevo_sends_the_token_that_was_agreed_on() -> None:
    accept({"Authorization": f"Bearer {SECRET}"}, verification=named("brevo"))
    accept({"authorization": f"bearer  {SECRET} "}, verification=named("brevo"))
    utf8 = "Bearer " + "pässwört".encode().decode("latin-1")
    accept({"Authorization": utf8}, verification=named("brevo"), secret="pässwört")


def test_another_token_does_not_do() -> None:
    for token in (SECRET[:-1], SECRET + "x", "guessed"):
        said = refused({"Authorization": f"Bearer {token}"}, verification=named("brevo"))
        assert "not the one that was agreed on" in said
    for malformed in ("", "Bearer", "Bearer ", f"Basic {SECRET}", SECRET):
        said = refused({"Authorization": malformed}, verification=named("brevo"))
        assert "malformed" in said


@pytest.mark.parametrize("secrets", [["new", SECRET], [SECRET, "new"], ["a", "b", SECRET]])
def test_any_of_several_secrets_will_do(secrets: list[str]) -> None:
    headers = Headers({"X-Hub-Signature": OPTIMIZELY_SHA1})
    check(
        *(BODY, headers),
        verification=named("optimizely"),
        profiles=PROFILES,
        secrets=secrets,
        now=NOW,
    )


@pytest.mark.parametrize("secrets", [[], [""], [SECRET, ""]])
def test_an_empty_secret_lets_nobody_in(secrets: list[str]) -> None:
    with pytest.raises(ConfigurationInvalid, match="empty secret"):
        check(
            *(BODY, Headers({"X-Hub-Signature": OPTIMIZELY_SHA1})),
            verification=named("optimizely"),
            profiles=PROFILES,
            secrets=secrets,
            now=NOW,
        )


@pytest.mark.parametrize(
    ("record", "values"),
    [
        ({}, ()),
        ({"value": "a"}, ("a",)),
        ({"values": ["a", "b"]}, ("a", "b")),
        ({"value": "a", "values": ["b", "a"]}, ("a", "b")),
        ({"value": None, "values": ["", 1, None, "a"]}, ("a",)),
        ({"value": "", "values": "abc"}, ()),
    ],
)
def test_a_record_holds_one_secret_or_several(
    record: dict[str, object], values: tuple[str, ...]
) -> None:
    assert secret_values(record) == values


def test_what_is_malformed_costs_what_is_wrong_costs(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes: list[int] = []
    computed = hmac.digest

    def noted(key: bytes, body: bytes, algorithm: str) -> bytes:
        sizes.append(len(body))
        return computed(key, body, algorithm)

    monkeypatch.setattr("mooring.engine.signatures.hmac.digest", noted)
    work = []
    for headers in ({"x": ""}, {"X-Hub-Signature": "x"}, {"X-Hub-Signature": OPTIMIZELY_SHA1}):
        sizes.clear()
        for secrets in (["a", "b"], ["a", SECRET], [SECRET, "a"]):
            with suppress(SignatureInvalid):
                check(
                    *(BODY, Headers(headers)),
                    verification=named("optimizely"),
                    profiles=PROFILES,
                    secrets=secrets,
                    now=NOW,
                )
        work.append(list(sizes))
    assert work == [[len(BODY)] * 6] * 3


def test_an_unknown_profile_is_named_with_those_there_are() -> None:
    with pytest.raises(ConfigurationInvalid) as raised:
        accept({}, verification=named("acme"))
    assert "no signature profile acme" in str(raised.value)
    assert "brevo, github, hmac, optimizely, shopify, stripe" in str(raised.value)


def test_an_empty_secret_never_verifies_anything() -> None:
    forged = f"sha256={digest('sha256', secret='').hex()}"
    with pytest.raises(ConfigurationInvalid):
        accept({"X-Hub-Signature": forged}, secret="")
