from __future__ import annotations

import pytest

from mooring.porting.packages import BUILT_IN, DISTRIBUTIONS, Counterpart, counterparts


def test_each_package_is_told_once_in_order() -> None:
    found = counterparts(["stripe", "axios", "stripe", "@zaiusinc/app-sdk"])
    assert [one.package for one in found] == ["axios", "stripe"]


@pytest.mark.parametrize("package", ["jsonwebtoken", "@aws-sdk/client-sqs"])
def test_a_known_package_names_a_distribution(package: str) -> None:
    (found,) = counterparts([package])
    assert found.distribution
    assert found.distribution in found.advice


def test_an_unknown_package_is_not_guessed() -> None:
    (found,) = counterparts(["left-pad"])
    assert found == Counterpart("left-pad", "no counterpart is known here; look for one on PyPI.")


def test_what_is_no_name_of_a_package_is_left_out() -> None:
    assert counterparts(['x"\n', "a b", ""]) == []


def test_no_package_has_two_counterparts() -> None:
    assert not BUILT_IN.keys() & DISTRIBUTIONS.keys()
