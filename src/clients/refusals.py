"""What does a refusal mean for the person who set the connector up? One sentence, one remedy."""

from __future__ import annotations

import json

from mooring.sdk import HttpResponse, errors

OPTIMIZELY, BREVO = "optimizely", "brevo"  # the sections where credentials are renewed
TOKENS_PAGE = "app.optimizely.com/v2/accountsettings/tokens"
LONGEST_REASON = 300  # characters of a service's own words


def optimizely_answer(answer: HttpResponse, *, about: str, by_oauth: bool = False) -> HttpResponse:
    """Return a good answer of Optimizely's APIs.

    Raises CredentialsRejected (401: the token; 403: what ``about`` names) and RequestRefused.
    """
    if answer.ok:
        return answer
    if by_oauth and answer.status in (401, 403):
        raise _access_refused(answer, about=about)
    if answer.status == 401:
        raise errors.CredentialsRejected(
            "Optimizely no longer accepts the personal access token: it has expired or is invalid.",
            hint=f"Make a new personal access token ({TOKENS_PAGE}) and save it in the section "
            "Optimizely connection.",
            status=401,
            section=OPTIMIZELY,
        )
    if answer.status == 403:
        raise errors.CredentialsRejected(
            f"The personal access token may not read {about}.",
            hint="Give its owner access in Optimizely, or take it out of the section Projects.",
            status=403,
            section=OPTIMIZELY,
        )
    raise _refused("Optimizely", answer, about=about)


def _access_refused(answer: HttpResponse, *, about: str) -> errors.CredentialsRejected:
    """Say what the access that was allowed by OAuth does not open."""
    said = f"The access that was allowed in Optimizely does not reach {about}."
    hint = "Let whoever allowed it in there, or take it out of the section Projects."
    if answer.status == 401:
        said = "Optimizely no longer accepts the access that was allowed."
        hint = "Press Connect with Optimizely in the section Optimizely connection."
    return errors.CredentialsRejected(said, hint=hint, status=answer.status, section=OPTIMIZELY)


def brevo_answer(answer: HttpResponse, *, about: str) -> HttpResponse:
    """Return a good answer of Brevo. Raises CredentialsRejected (401, 403) and RequestRefused."""
    if answer.ok:
        return answer
    if answer.status == 401:
        raise errors.CredentialsRejected(
            "Brevo does not accept the API key: it is wrong, was deleted or switched off, or this "
            "machine's address is blocked.",
            hint="Make a new API key (app.brevo.com/settings/keys/api) and save it in the section "
            "Brevo connection; if the key is right, allow this machine's IP address in Brevo.",
            status=401,
            section=BREVO,
        )
    if answer.status == 403:
        raise errors.CredentialsRejected(
            f"Brevo does not permit {about}: {reason(answer)}",
            hint="Check what your Brevo plan and the API key include.",
            status=403,
            section=BREVO,
        )
    raise _refused("Brevo", answer, about=about)


def reason(answer: HttpResponse) -> str:
    """Return the service's own words for a refusal, cut short; else its status."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        body = {}
    said = body if isinstance(body, dict) else {}
    words = str(said.get("message") or said.get("detail") or f"status {answer.status}")
    return words[:LONGEST_REASON]


def _refused(service: str, answer: HttpResponse, *, about: str) -> errors.RequestRefused:
    return errors.RequestRefused(
        f"{service} refused {about} with status {answer.status}: {reason(answer)}",
        status=answer.status,
    )
