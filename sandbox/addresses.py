"""Where the services are. Knows paths, not what happens there."""

from __future__ import annotations

from dataclasses import dataclass

OPTIMIZELY_API = "/optimizely/v2"
OPTIMIZELY_FLAGS = "/optimizely/flags/v1"
OPTIMIZELY_OAUTH = "/oauth2"
OPTIMIZELY_CDN = "/cdn"
OPTIMIZELY_LOGX = "/logx"
BREVO = "/brevo/v3"
TAJO = "/tajo"
CONTROL = "/control"

# Where faults can be set: everything but the control API.
SERVED = (
    OPTIMIZELY_API,
    OPTIMIZELY_FLAGS,
    OPTIMIZELY_OAUTH,
    OPTIMIZELY_CDN,
    OPTIMIZELY_LOGX,
    BREVO,
    TAJO,
)


@dataclass(frozen=True, slots=True)
class Addresses:
    """The sandbox's own address, without a slash at its end."""

    base: str

    def shown(self) -> dict[str, str]:
        """Return the base addresses under the names that the index page gives them."""
        paths = {
            "optimizely_api": OPTIMIZELY_API,
            "optimizely_flags": OPTIMIZELY_FLAGS,
            "optimizely_oauth": OPTIMIZELY_OAUTH,
            "optimizely_cdn": OPTIMIZELY_CDN,
            "optimizely_logx": OPTIMIZELY_LOGX,
            "brevo": BREVO,
            "tajo": TAJO,
            "control": CONTROL,
        }
        return {name: self.base + path for name, path in paths.items()}

    def datafile(self, sdk_key: str) -> str:
        """Return where the CDN's edge serves a datafile."""
        return f"{self.base}{OPTIMIZELY_CDN}/datafiles/{sdk_key}.json"

    def origin(self, sdk_key: str) -> str:
        """Return where the CDN's origin serves a datafile, always the newest."""
        return f"{self.base}{OPTIMIZELY_CDN}/origin/datafiles/{sdk_key}.json"
