"""How does the connector work with the sandbox? As with the real services, at other addresses."""

from __future__ import annotations

from pathlib import Path

from sandbox.running import Running

APP = "optimizely_connector"
SHOP, MOBILE = 20000000001, 20000000002
SETTINGS_FILE = Path(__file__).with_name("demo.yml")
SERVICES = (
    *("optimizely_api", "optimizely_flags", "optimizely_oauth", "optimizely_cdn"),
    *("optimizely_logx", "brevo"),
)


def environment(sandbox: Running) -> dict[str, str]:
    """Return what the host is started with: addresses, and what the settings file refers to."""
    return {
        **addresses(sandbox),
        "OPTIMIZELY_ACCESS_TOKEN": sandbox.credentials["optimizely_token"],
        "BREVO_API_KEY": sandbox.credentials["brevo_api_key"],
        "OPTIMIZELY_WEBHOOK_SECRET": sandbox.credentials["webhook_secret"],
        "SHOP_SDK_KEY": sdk_key(sandbox, SHOP),
        "MOBILE_SDK_KEY": sdk_key(sandbox, MOBILE),
    }


def addresses(sandbox: Running) -> dict[str, str]:
    """Return the variables under which the app looks for its services."""
    return {f"APP_ENV_{name.upper()}_URL": sandbox.info[name] for name in SERVICES}


def sdk_key(sandbox: Running, project_id: int | str, environment: str = "production") -> str:
    """Look up the SDK key of an environment, as a person would in Optimizely's settings."""
    answer = sandbox.http.get(
        f"{sandbox.info['optimizely_api']}/environments",
        params={"project_id": project_id},
        headers={"authorization": f"Bearer {sandbox.credentials['optimizely_token']}"},
    )
    found = {each["key"]: each for each in answer.raise_for_status().json()}
    return str(found[environment]["datafile"]["sdk_key"])
