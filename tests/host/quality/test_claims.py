from __future__ import annotations

from pathlib import Path

import pytest

from mooring.model.problem import Position
from mooring.quality import Level
from mooring.quality.claims import read_claims

RULES = ["host-logger", "app-environment"]


def told(tmp_path: Path, text: str | bytes) -> list[tuple[str, str]]:
    (tmp_path / "quality.yml").write_bytes(text.encode() if isinstance(text, str) else text)
    claims = read_claims(tmp_path, rules=RULES)
    return [(problem.place, problem.rule) for problem in claims.problems]


def test_an_app_need_not_claim_anything(tmp_path: Path) -> None:
    claims = read_claims(tmp_path, rules=RULES)
    assert (claims.level, claims.done, claims.exempt, claims.problems) == (None, {}, {}, ())


def test_levels_claims_and_reasons_are_read_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "quality.yml").write_text(
        "level: silver\n"
        "rules:\n"
        "  host-logger: done\n"
        "  app-environment:\n"
        "    exempt: It is started by hand alone.\n"
    )
    claims = read_claims(tmp_path, rules=RULES)
    assert claims.level is Level.SILVER
    assert claims.done == {"host-logger": Position(3, 3)}
    reason = "It is started by hand alone."
    assert claims.exempt == {"app-environment": (reason, Position(4, 3))}
    assert claims.problems == ()


@pytest.mark.parametrize(
    ("text", "place", "rule"),
    [
        ("- done\n", "1:1", "QLT-1"),
        ("done\n", "1:1", "QLT-1"),
        ("level: gold\ntarget: gold\n", "2:1", "QLT-1"),
        ("rules:\n  - host-logger\n", "2:3", "QLT-1"),
        ("level: platinum\n", "1:8", "QLT-2"),
        ("level: [gold]\n", "1:8", "QLT-2"),
        ("rules:\n  hostlogger: done\n", "2:3", "QLT-3"),
        ("rules:\n  host-logger: todo\n", "2:16", "QLT-4"),
        ("rules:\n  host-logger: exempt\n", "2:16", "QLT-4"),
        ("rules:\n  host-logger: {exempt: yes it is, why: not}\n", "2:16", "QLT-4"),
        ("rules:\n  host-logger:\n    exempt:\n", "3:12", "QLT-4"),
        ('rules:\n  host-logger: {exempt: ""}\n', "2:25", "QLT-4"),
        ("rules:\n  host-logger: {exempt: true}\n", "2:25", "QLT-4"),
        ("rules:\n  host-logger: done\n  host-logger: done\n", "3:3", "YML-8"),
        ("rules: [\n", "2:1", "YML-3"),
        (b"\xff\xfe", "1:1", "YML-1"),
    ],
)
def test_what_cannot_be_claimed_is_told_at_its_place(
    tmp_path: Path, text: str | bytes, place: str, rule: str
) -> None:
    assert told(tmp_path, text) == [(f"quality.yml:{place}", rule)]


def test_the_nearest_rule_is_named(tmp_path: Path) -> None:
    (tmp_path / "quality.yml").write_text("rules:\n  host-loger: done\n")
    [problem] = read_claims(tmp_path, rules=RULES).problems
    assert problem.hint.startswith("Did you mean host-logger?")


def test_what_is_wrong_claims_nothing(tmp_path: Path) -> None:
    (tmp_path / "quality.yml").write_text("level: best\nrules:\n  host-logger: {exempt: ''}\n")
    claims = read_claims(tmp_path, rules=RULES)
    assert (claims.level, claims.done, claims.exempt) == (None, {}, {})
