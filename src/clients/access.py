"""How does Optimizely let us in? With somebody's token, or with what OAuth renews."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from mooring.sdk import Budget, HttpResponse, errors, http, oauth

from ..core.settings import Settings
from .addresses import base_address
from .budgets import optimizely_rest
from .refusals import OPTIMIZELY, optimizely_answer

TOKENS = "optimizely"  # under which the tokens are kept


class Access(Protocol):
    """What opens Optimizely's APIs."""

    @property
    def by_oauth(self) -> bool:
        """Whether it can be renewed, and is told of to people as an access, not as a token."""

    def token(self) -> str:
        """Return a token that is good for a while."""

    def renewed(self, rejected: str) -> str:
        """Return another one in the place of one that was refused; empty if there is none."""


@dataclass(frozen=True, slots=True)
class PersonalToken:
    """A personal access token, which nobody can renew but its owner."""

    value: str = field(repr=False)
    by_oauth: bool = False

    def token(self) -> str:
        """Return it."""
        return self.value

    def renewed(self, rejected: str) -> str:
        """Return nothing: only its owner makes a new one."""
        return ""


@dataclass(frozen=True, slots=True)
class Authorized:
    """The access that somebody allowed at Optimizely."""

    client: oauth.Client
    by_oauth: bool = True

    def token(self) -> str:
        """Return a token, renewed before it expires. Raises CredentialsRejected."""
        return self._asked()

    def renewed(self, rejected: str) -> str:
        """Return another token. Raises CredentialsRejected when the access has ended."""
        return self._asked(rejected)

    def _asked(self, rejected: str = "") -> str:
        try:
            return oauth.access_token(TOKENS, refresh=self.client, rejected=rejected)
        except errors.NotFound as error:
            raise errors.CredentialsRejected(
                "The access to Optimizely is not kept here any more.",
                hint="Press Connect with Optimizely in the section Optimizely connection.",
                section=OPTIMIZELY,
            ) from error


def access_to(settings: Settings) -> Access:
    """Return the access that is set up; only what is connected can be asked for."""
    if settings.access_token or not settings.authorized:
        return PersonalToken(settings.access_token)
    return Authorized(client_of(settings.client_id, settings.client_secret))


def client_of(client_id: str, client_secret: str) -> oauth.Client:
    """Return us, as Optimizely knows us, and where it gives out tokens."""
    token_url = f"{base_address('OPTIMIZELY_OAUTH')}/token"
    return oauth.Client(token_url, client_id, client_secret)


def ask(
    access: Access,
    method: str,
    url: str,
    *,
    budget: Callable[[str], Budget],
    about: str,
    gone: tuple[int, ...] = (),
    **options: Any,
) -> HttpResponse:
    """Call an API; a token that is refused before its time is renewed, once.

    Returns good answers, and those of a status in ``gone``. Raises CredentialsRejected and
    RequestRefused.
    """
    token = access.token()
    answer = _sent(token, method, url, budget=budget, **options)
    if access.by_oauth and answer.status in (401, 403) and not _is_about(answer, token):
        token = access.renewed(token)
        answer = _sent(token, method, url, budget=budget, **options)
    if answer.status in gone:
        return answer
    return optimizely_answer(answer, about=about, by_oauth=access.by_oauth)


def _sent(
    token: str, method: str, url: str, *, budget: Callable[[str], Budget], **options: Any
) -> HttpResponse:
    headers = {"authorization": f"Bearer {token}"}
    return http.request(method, url, headers=headers, budgets=(budget(token),), **options)


def _is_about(answer: HttpResponse, token: str) -> bool:
    """Tell whether a refusal is about what was asked for: the token opens other doors.

    Optimizely says 403 of what a token may not read, and of a token that has ended.
    """
    if answer.status == 401:
        return False
    url = f"{base_address('OPTIMIZELY_API')}/projects?per_page=1"
    return _sent(token, "GET", url, budget=optimizely_rest).ok
