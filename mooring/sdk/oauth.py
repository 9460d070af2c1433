"""How does an app connect to another service by OAuth 2.0, and keep the connection?

``on_authorization_request`` sends the user to ``authorization_url(…)``; ``on_authorization_grant``
redeems the code that came back and keeps the tokens; from then on ``access_token(name)`` gives one
that is good, renewing it when needed – once, however many processes ask. The host makes and checks
the state and PKCE (S256). Plain calls block; the twin with an ``a`` in front runs in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from urllib.parse import SplitResult, parse_qsl, quote, urlencode, urlsplit, urlunsplit

from mooring.errors import ConfigurationInvalid, RequestRefused
from mooring.sdk.calling import refuse_on_loop
from mooring.sdk.context import services_of_installation
from mooring.sdk.oauth_renewal import Renewal, key_of
from mooring.sdk.oauth_tokens import Tokens, read_record
from mooring.sdk.token_endpoint import Client, ask, is_refusal, named, reason, tokens_of
from mooring.sdk.webhook import Request, only

__all__ = [
    "Client",
    "Tokens",
    "aaccess_token",
    "aauthorization_url",
    "access_token",
    "aforget",
    "akeep",
    "akept",
    "aredeem",
    "authorization_url",
    "forget",
    "keep",
    "kept",
    "redeem",
]

OURS = frozenset(
    {
        *("client_id", "code_challenge", "code_challenge_method", "redirect_uri"),
        *("response_type", "scope", "state"),
    }
)
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


def authorization_url(
    endpoint: str,
    *,
    client_id: str,
    section: str,
    scope: str = "",
    extra: Mapping[str, str] | None = None,
) -> str:
    """Return the address of the provider's consent page, to redirect the user to.

    ``section`` is that of the form whose button was pressed; ``extra`` are parameters of the
    provider's own. Raises ConfigurationInvalid for an endpoint that is neither https nor on this
    machine.
    """
    refuse_on_loop("oauth.authorization_url")
    port = services_of_installation("oauth.authorization_url").oauth
    parts = _checked(endpoint)
    if taken := sorted(OURS & {*(extra or {}), *(name for name, _ in parse_qsl(parts.query))}):
        raise ConfigurationInvalid(f"Only the host sets {', '.join(taken)} of an authorization.")
    start = port.begin(section)
    query = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": start.redirect_uri,
        **({"scope": scope} if scope else {}),
        "state": start.state,
        "code_challenge": start.code_challenge,
        "code_challenge_method": "S256",
        **(extra or {}),
    }
    joined = "&".join(filter(None, [parts.query, urlencode(query, quote_via=quote)]))
    return urlunsplit((parts.scheme, parts.netloc, parts.path, joined, ""))


async def aauthorization_url(
    endpoint: str,
    *,
    client_id: str,
    section: str,
    scope: str = "",
    extra: Mapping[str, str] | None = None,
) -> str:
    """Await ``authorization_url``."""
    return await asyncio.to_thread(
        authorization_url,
        endpoint,
        client_id=client_id,
        section=section,
        scope=scope,
        extra=extra,
    )


def redeem(
    request: Request,
    *,
    token_url: str,
    client_id: str,
    client_secret: str = "",
    basic: bool = False,
) -> Tokens:
    """Exchange the code in the request of ``on_authorization_grant`` for tokens; ``keep`` them.

    Raises RequestRefused when the provider declines, RequestInvalid for a request that is no
    answer to ``authorization_url``, ServiceUnavailable and RateLimited.
    """
    refuse_on_loop("oauth.redeem")
    services = services_of_installation("oauth.redeem")
    proof = services.oauth.prove(only(request.params, "state"))
    code = only(request.params, "code")
    if not code:
        said = named(request.params.get("error"))
        raise RequestRefused(f"The provider sent no code{f': {said}' if said else ''}.")
    client = Client(token_url, client_id, client_secret, basic)
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": proof.redirect_uri,
        "code_verifier": proof.code_verifier,
    }
    services.oauth.conceal(code)
    # Not repeated when it is unclear whether it arrived: a code that is used twice is withdrawn.
    answer = ask(client, form, repeatable=False)
    if is_refusal(answer):
        raise RequestRefused(
            f"{answer.place} does not accept the code: {reason(answer)}.",
            hint="Check client ID and secret, then press the button once more.",
            status=answer.status,
        )
    return tokens_of(answer, services, section=proof.section)


async def aredeem(
    request: Request,
    *,
    token_url: str,
    client_id: str,
    client_secret: str = "",
    basic: bool = False,
) -> Tokens:
    """Await ``redeem``."""
    return await asyncio.to_thread(
        redeem,
        request,
        token_url=token_url,
        client_id=client_id,
        client_secret=client_secret,
        basic=basic,
    )


def keep(name: str, tokens: Tokens) -> None:
    """Keep tokens in the secret store of the installation under a name of the app's own."""
    refuse_on_loop("oauth.keep")
    services = services_of_installation("oauth.keep")
    # Stays as it is while tokens are renewed: whoever holds a plan knows by it whose account it is.
    connected_at = services.clock.now().isoformat()
    services.secrets.put(key_of(name), {**tokens.to_record(), "connected_at": connected_at})


async def akeep(name: str, tokens: Tokens) -> None:
    """Await ``keep``."""
    await asyncio.to_thread(keep, name, tokens)


def kept(name: str) -> Tokens | None:
    """Return the tokens as they are kept, good or not."""
    refuse_on_loop("oauth.kept")
    return read_record(services_of_installation("oauth.kept").secrets.get(key_of(name)))


async def akept(name: str) -> Tokens | None:
    """Await ``kept``."""
    return await asyncio.to_thread(kept, name)


def forget(name: str) -> None:
    """Disconnect: remove the tokens."""
    refuse_on_loop("oauth.forget")
    services_of_installation("oauth.forget").secrets.delete(key_of(name))


async def aforget(name: str) -> None:
    """Await ``forget``."""
    await asyncio.to_thread(forget, name)


def access_token(name: str, *, refresh: Client | None = None, rejected: str = "") -> str:
    """Return an access token that is good for a while, renewed by ``refresh`` if need be.

    Of all processes that ask at once, one renews it and the others take what it got.
    ``rejected`` is a token that the provider refused before its time. Raises NotFound when nothing
    is kept, CredentialsRejected when only a new authorization helps, ServiceUnavailable and
    RateLimited when the provider does not renew it now.
    """
    refuse_on_loop("oauth.access_token")
    services = services_of_installation("oauth.access_token")
    return Renewal(name, refresh, rejected, services).token()


async def aaccess_token(name: str, *, refresh: Client | None = None, rejected: str = "") -> str:
    """Await ``access_token``."""
    return await asyncio.to_thread(access_token, name, refresh=refresh, rejected=rejected)


def _checked(endpoint: str) -> SplitResult:
    """Take an address apart. Raises ConfigurationInvalid unless it is https or on this machine."""
    try:
        parts = urlsplit(endpoint)
    except ValueError:
        parts = urlsplit("")
    nearby = parts.scheme == "http" and parts.hostname in LOOPBACK
    if nearby or (parts.scheme == "https" and parts.hostname):
        return parts
    raise ConfigurationInvalid("The consent page of a provider is at an https address.")
