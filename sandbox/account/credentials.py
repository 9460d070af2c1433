"""Who may come in. The first credentials are the same on every start."""

from __future__ import annotations

from dataclasses import dataclass, field

OPTIMIZELY_TOKEN = "2:sandbox-optimizely-token-Qm7d2VxKpR4tLw9s"
BREVO_API_KEY = "xkeysib-sandbox-brevo-key-8f3a61c0d5e94b72-H2jWqTz5"
BREVO_KEYS_BEGIN = "xkeysib-"
OAUTH_CLIENT_ID = "20000000901"
OAUTH_CLIENT_SECRET = "sandbox-oauth-client-secret-Yb6nE3uX"
OAUTH_REDIRECT_URI = "http://127.0.0.1/oauth/optimizely_connector/callback"
WEBHOOK_SECRET = "sandbox-webhook-secret-Kd94mZrA"


@dataclass(slots=True)
class Credentials:
    """The tokens and keys that are accepted at this moment."""

    optimizely_tokens: set[str] = field(default_factory=lambda: {OPTIMIZELY_TOKEN})
    brevo_keys: set[str] = field(default_factory=lambda: {BREVO_API_KEY})

    def shown(self) -> dict[str, str]:
        """Return the first credentials under the names that the index page gives them."""
        return {
            "optimizely_token": OPTIMIZELY_TOKEN,
            "oauth_client_id": OAUTH_CLIENT_ID,
            "oauth_client_secret": OAUTH_CLIENT_SECRET,
            "oauth_redirect_uri": OAUTH_REDIRECT_URI,
            "brevo_api_key": BREVO_API_KEY,
            "webhook_secret": WEBHOOK_SECRET,
        }

    def accept(self, credential: str) -> None:
        """Let a new token in, or a new key of Brevo, which is known by its beginning."""
        is_brevo = credential.startswith(BREVO_KEYS_BEGIN)
        (self.brevo_keys if is_brevo else self.optimizely_tokens).add(credential)

    def revoke(self, credential: str) -> bool:
        """Refuse `credential` from now on; say whether it was known."""
        known = credential in self.optimizely_tokens or credential in self.brevo_keys
        self.optimizely_tokens.discard(credential)
        self.brevo_keys.discard(credential)
        return known
