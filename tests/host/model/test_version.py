"""Which version is the later one?"""

from __future__ import annotations

from mooring.model.version import Version

RISING = (
    *("0.9.9", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.10", "1.0.0-dev", "1.0.0-private"),
    *("1.0.0", "1.0.1-dev", "1.0.1", "1.2.0", "1.10.0", "2.0.0"),
)


def test_versions_are_ordered_as_semver_says() -> None:
    mixed = sorted(RISING, key=lambda text: text[::-1])
    assert mixed != list(RISING)
    assert sorted(mixed, key=Version) == list(RISING)


def test_a_pre_release_is_no_release() -> None:
    assert [Version(text).is_release for text in ("1.0.0", "1.0.0-beta.1")] == [True, False]


def test_equal_versions_are_equal() -> None:
    assert Version("1.02.0") == Version("1.2.0")
    assert hash(Version("1.2.0")) == hash(Version("1.2.0"))
    assert Version("1.2.0") != "1.2.0"
