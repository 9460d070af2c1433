import mooring.sdk

DESIGNED = """
AuthorizationGrantResult Budget Channel DeadLetter Destination DestinationSchemaFunction Function
GlobalFunction HttpResponse Job JobStatus Lifecycle LifecycleResult LifecycleSettingsResult
LiquidExtension NumberSet Progress Rate Request Response SourceFunction SourceJob SourceLifecycle
SourceSchemaFunction StringSet
environment errors functions http jobs logger notifications oauth odp storage
"""


def test_an_app_gets_exactly_the_designed_names() -> None:
    assert set(mooring.sdk.__all__) == set(DESIGNED.split())


def test_the_names_are_sorted() -> None:
    assert mooring.sdk.__all__ == sorted(mooring.sdk.__all__)


def test_every_name_is_there() -> None:
    assert [name for name in mooring.sdk.__all__ if not hasattr(mooring.sdk, name)] == []
