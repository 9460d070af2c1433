from __future__ import annotations

import json

import pytest

from mooring.sdk import HttpResponse, errors
from src.clients.refusals import LONGEST_REASON, brevo_answer, optimizely_answer, reason


def answer(status: int, body: object = None) -> HttpResponse:
    return HttpResponse(status, {}, json.dumps(body).encode(), "https://api.example.com/x")


def test_a_good_answer_comes_back() -> None:
    good = answer(200)
    assert optimizely_answer(good, about="x") is good
    assert brevo_answer(good, about="x") is good


@pytest.mark.parametrize(
    ("status", "sentence"),
    [(401, "Make a new personal access token"), (403, "may not read the flags")],
)
def test_refused_credentials_of_optimizely_come_with_the_remedy(status: int, sentence: str) -> None:
    with pytest.raises(errors.CredentialsRejected, match=sentence) as caught:
        optimizely_answer(answer(status), about="the flags")
    assert (caught.value.status, caught.value.section) == (status, "optimizely")


@pytest.mark.parametrize(
    ("status", "sentence"), [(401, "allow this machine's IP"), (403, "Brevo plan")]
)
def test_refused_credentials_of_brevo_come_with_the_remedy(status: int, sentence: str) -> None:
    with pytest.raises(errors.CredentialsRejected, match=sentence) as caught:
        brevo_answer(answer(status), about="the import")
    assert (caught.value.status, caught.value.section) == (status, "brevo")


def test_another_refusal_repeats_the_reason() -> None:
    with pytest.raises(errors.RequestRefused, match="refused the list with status 400: no name"):
        brevo_answer(answer(400, {"message": "no name"}), about="the list")


def test_reasons_are_read_from_every_shape_and_cut_short() -> None:
    assert reason(answer(400, {"detail": "x" * 999})) == "x" * LONGEST_REASON
    assert reason(answer(400, ["?"])) == "status 400"
    assert reason(HttpResponse(502, {}, b"<html>", "https://x")) == "status 502"
