"""How a kept request is told from a repeated one, and what becomes of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mooring.engine.functions import Outcome
from mooring.engine.inbox import (
    LONGEST_ERROR,
    MOST_ATTEMPTS,
    Bury,
    Done,
    Retry,
    dedupe_key,
    from_wire,
    to_wire,
    verdict,
)
from mooring.errors import (
    CredentialsRejected,
    RateLimited,
    RecordInvalid,
    RequestInvalid,
    ServiceUnavailable,
)
from mooring.model.delivery import Delivery, DeliveryState
from mooring.model.signature import SignatureProfile
from mooring.sdk.headers import Headers
from mooring.sdk.webhook import Request, Response

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
DELIVERY = Delivery("d1", 7, "shop", "hook", "k", "{}", DeliveryState.PENDING, 0, NOW, NOW)
SIGNED = SignatureProfile(name="acme", header="x-acme")
NUMBERED = replace(SIGNED, delivery_id_header="x-acme-delivery")
REQUEST = Request(
    "POST",
    path="/orders",
    params={"a": ["1", "2"], "b": ""},
    headers=Headers([("x-acme", "abc"), ("set-cookie", "a=1"), ("set-cookie", "b=2")]),
    body=b"\x00\xffbinary",
)


def judged(outcome: Outcome, *, attempts: int = 0) -> Done | Retry | Bury:
    delivery = replace(DELIVERY, attempts=attempts)
    return verdict(delivery, outcome, now=NOW, hide=lambda text: text.replace("canary", "•••"))


def failed(error: BaseException) -> Outcome:
    return Outcome(Response(500), error)


@pytest.mark.parametrize("status", [200, 202, 404, 499])
def test_an_answer_below_500_is_an_end(status: int) -> None:
    assert judged(Outcome(Response(status))) == Done()


def test_an_answer_from_500_on_is_tried_again() -> None:
    judgement = judged(Outcome(Response(500)))
    assert judgement == Retry(NOW + timedelta(seconds=2), "The function answered with status 500.")


def test_an_error_is_tried_again_with_its_reason() -> None:
    judgement = judged(failed(ServiceUnavailable("Brevo does not answer.")))
    assert isinstance(judgement, Retry)
    assert judgement.error == "Brevo does not answer."


def test_each_wait_is_four_times_the_one_before_up_to_an_hour() -> None:
    waits = []
    for attempts in range(MOST_ATTEMPTS - 1):
        judgement = judged(failed(ValueError()), attempts=attempts)
        assert isinstance(judgement, Retry)
        waits.append((judgement.due_at - NOW).total_seconds())
    assert waits == [2, 8, 32, 128, 512, 2048, 3600]


def test_a_service_that_asks_for_more_time_gets_it() -> None:
    judgement = judged(failed(RateLimited(retry_after=90)))
    assert isinstance(judgement, Retry)
    assert judgement.due_at == NOW + timedelta(seconds=90)


def test_the_last_failure_sets_it_aside() -> None:
    judgement = judged(failed(ValueError("odd")), attempts=MOST_ATTEMPTS - 1)
    assert judgement == Bury("ValueError: odd")


@pytest.mark.parametrize("error", [RequestInvalid("Not JSON."), RecordInvalid("No address.")])
def test_what_no_attempt_can_mend_is_set_aside_at_once(error: Exception) -> None:
    assert isinstance(judged(failed(error)), Bury)


@pytest.mark.parametrize("attempts", [0, MOST_ATTEMPTS - 1, MOST_ATTEMPTS])
def test_what_waits_for_credentials_is_kept_however_often_it_failed(attempts: int) -> None:
    judgement = judged(failed(CredentialsRejected("The token is refused.")), attempts=attempts)
    reason = "The token is refused."
    assert judgement == Retry(NOW + timedelta(minutes=10), reason, counts=False)


def test_a_global_function_has_no_credentials_to_wait_for() -> None:
    nobodys = replace(DELIVERY, install_id=0, attempts=MOST_ATTEMPTS - 1)
    outcome = failed(CredentialsRejected("No."))
    assert isinstance(verdict(nobodys, outcome, now=NOW, hide=str), Bury)


def test_a_reason_is_kept_short_and_without_secrets() -> None:
    judgement = judged(failed(ValueError("canary " + "x" * 5000)))
    assert isinstance(judgement, Retry)
    assert judgement.error.startswith("ValueError: ••• xxx")
    assert len(judgement.error) == LONGEST_ERROR


def test_a_request_survives_its_storage_byte_for_byte() -> None:
    back = from_wire(to_wire(REQUEST))
    assert back == REQUEST
    assert back.headers.get_all("set-cookie") == ["a=1", "b=2"]


def test_a_token_that_proved_the_sender_is_not_stored() -> None:
    sent = Request("POST", headers=Headers({"Authorization": "Bearer s3cret", "x-a": "1"}))
    brevo = SignatureProfile(name="brevo", header="Authorization", scheme="bearer")
    assert from_wire(to_wire(sent, brevo)).headers.items() == [("x-a", "1")]
    assert "s3cret" in to_wire(sent, SIGNED)


def test_the_same_request_has_the_same_name() -> None:
    assert dedupe_key(REQUEST, SIGNED) == dedupe_key(replace(REQUEST), SIGNED)


@pytest.mark.parametrize(
    "other",
    [
        replace(REQUEST, body=b"other"),
        replace(REQUEST, path="/other"),
        replace(REQUEST, method="PUT"),
        replace(REQUEST, params={}),
        replace(REQUEST, params={"a": ["2", "1"], "b": ""}),
    ],
)
def test_another_request_has_another_name(other: Request) -> None:
    assert dedupe_key(other, SIGNED) != dedupe_key(REQUEST, SIGNED)


def test_the_spelling_of_query_and_signature_does_not_matter() -> None:
    again = replace(
        REQUEST,
        params={"b": "", "a": ["1", "2"]},
        headers=Headers({"x-acme": "ABC"}),
    )
    assert dedupe_key(again, SIGNED) == dedupe_key(REQUEST, SIGNED)


def test_a_timestamp_that_is_signed_tells_two_equal_bodies_apart() -> None:
    profile = SignatureProfile(name="acme", header="x-acme", scheme="timestamped")

    def sent(proof: str) -> str:
        return dedupe_key(replace(REQUEST, headers=Headers({"x-acme": proof})), profile)

    assert sent("t=1,v1=aa") == sent("v1=bb, t=1") != sent("t=2,v1=aa")


def test_headers_that_change_on_the_way_do_not_matter() -> None:
    later = Headers([*REQUEST.headers.items(), ("x-request-id", "2"), ("date", "today")])
    assert dedupe_key(replace(REQUEST, headers=later), SIGNED) == dedupe_key(REQUEST, SIGNED)


def test_the_providers_own_number_counts_where_there_is_one() -> None:
    first = replace(REQUEST, headers=Headers({"x-acme-delivery": "77", "x-acme": "a"}))
    again = replace(first, body=b"sent again", headers=Headers({"x-acme-delivery": "77"}))
    assert dedupe_key(first, NUMBERED) == dedupe_key(again, NUMBERED) == "id:77"
    assert dedupe_key(REQUEST, NUMBERED).startswith("sha256:")


def test_a_number_in_the_signed_body_counts_too() -> None:
    profile = SignatureProfile(name="acme", header="x-acme", delivery_id_field="id")

    def sent(body: bytes) -> str:
        return dedupe_key(replace(REQUEST, body=body), profile)

    assert sent(b'{"id": "evt_1", "pending": 2}') == sent(b'{"pending": 1, "id": "evt_1"}')
    assert sent(b'{"id": "evt_1"}') == "id:evt_1"
    assert all(sent(body).startswith("sha256:") for body in (b"", b"[1]", b'{"id": 1}'))


def test_a_number_without_end_is_digested() -> None:
    def sent(number: str, body: bytes) -> str:
        headers = Headers({"x-acme-delivery": number})
        return dedupe_key(replace(REQUEST, headers=headers, body=body), NUMBERED)

    assert len(sent("7" * 5000, b"a")) < 100
    assert sent("7" * 5000, b"a") == sent("7" * 5000, b"b") != sent("7" * 5001, b"a")


def test_an_unsigned_request_has_a_name_too() -> None:
    assert dedupe_key(REQUEST, None) == dedupe_key(replace(REQUEST), None)
