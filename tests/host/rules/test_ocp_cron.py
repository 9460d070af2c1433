from __future__ import annotations

import pytest

from mooring.rules.ocp_cron import refusal


@pytest.mark.parametrize(
    "expression",
    [
        "0 0 12 * * ?",
        "0 0/5 14,18 * * ?",
        "*/5 5-10,20 0/2 ? * MON-FRI",
        "0 0 0 L * ?",
        "0 0 0 LW * ?",
        "0 0 0 L-3 * ?",
        "0 0 0 1W,15W * ?",
        "0 0 0 ? * 2#1",
        "0 0 0 ? * 6L",
        "0 0 0 ? * L",
        "0 0 0 * * L",
        "0 0 0 1 jan,MAR ? 2030",
        "0 0 0 1 1/3 ? 2026-2030",
        "0 0 0 1/5 * ? *",
        "0 0 0 */5 * ?",
    ],
)
def test_what_ocp_takes(expression: str) -> None:
    assert refusal(expression) == ""


@pytest.mark.parametrize(
    "expression",
    [
        "*/15 * * * *",
        "0  0 12 * * ?",
        "0\t0 12 * * ?",
        "60 0 0 * * ?",
        "? 0 0 * * ?",
        "0 0 24 * * ?",
        "0 0 0 0 * ?",
        "0 0 0 32 * ?",
        "0 0 0 W * ?",
        "0 0 0 L-31 * ?",
        "0 0 0 1,L * ?",
        "0 0 0 1 13 ?",
        "0 0 0 1 */3 ?",
        "0 0 0 1 JAN-3 ?",
        "0 0 0 ? * 8",
        "0 0 0 ? * MON#1",
        "0 0 0 ? * FRIL",
        "0 0 0 ? * */2",
        "0 0 0 ? * MONDAY",
        "0 0 0 ? * MON-5",
        "0 0 0 * * *",
        "0 0 0 ? * ?",
        "0 0 0 15 * 1",
        "0 0 0 1 1 ? 1969",
        "0 0 0 1 1 ? */2",
        "@daily",
    ],
)
def test_what_ocp_refuses(expression: str) -> None:
    assert refusal(expression)
