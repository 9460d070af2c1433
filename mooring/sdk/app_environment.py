"""Which ``APP_ENV_*`` values does this app version see? A mapping of them alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from mooring.sdk.context import current


class AppEnvironment(Mapping[str, str]):
    """The values of the present call's app version; ``os.environ`` has no part in it."""

    def __getitem__(self, name: str) -> str:
        return current().services.environment[name]

    def __iter__(self) -> Iterator[str]:
        return iter(current().services.environment)

    def __len__(self) -> int:
        return len(current().services.environment)

    def __repr__(self) -> str:
        # Names only: values are often credentials.
        return f"environment({', '.join(sorted(self))})"


environment = AppEnvironment()
