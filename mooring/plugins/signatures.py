"""Which webhook signatures can the host check by name? Those of well-known services."""

from __future__ import annotations

from collections.abc import Sequence

from mooring.hookspecs import hookimpl
from mooring.model.signature import SignatureProfile

PROFILES = (
    # The vendor's own receiver checks SHA-1; a description of its API speaks of SHA-256.
    SignatureProfile(
        name="optimizely",
        header="x-hub-signature",
        algorithms=("sha1", "sha256"),
        algorithm_in_prefix=True,
    ),
    SignatureProfile(
        name="github",
        header="x-hub-signature-256",
        prefix="sha256=",
        delivery_id_header="x-github-delivery",
    ),
    SignatureProfile(
        name="shopify",
        header="x-shopify-hmac-sha256",
        encoding="base64",
        delivery_id_header="x-shopify-webhook-id",
    ),
    # A repeated event has the id of the first, but another time, signature and even body.
    SignatureProfile(
        name="stripe",
        header="stripe-signature",
        scheme="timestamped",
        delivery_id_field="id",
        tolerance=300.0,
    ),
    # Brevo signs nothing: it sends the bearer token that the webhook was created with.
    SignatureProfile(name="brevo", header="authorization", scheme="bearer"),
)


@hookimpl
def mooring_signature_profiles() -> Sequence[SignatureProfile]:
    """Name the signatures that are built in."""
    return PROFILES
