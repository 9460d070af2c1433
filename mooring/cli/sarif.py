"""How do problems look to tools that collect findings? As a SARIF 2.1.0 log.

Addresses of files are relative to the app's folder (%SRCROOT%), so that a log names no machine.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from urllib.parse import quote

from mooring import __version__
from mooring.model.problem import Problem, Rule

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
ROOT = "%SRCROOT%"

Json = dict[str, Any]  # Any: JSON


def sarif_log(
    problems: Sequence[Problem],
    *,
    command: str,
    rules: Iterable[Rule],
    helps: Mapping[str, str] | None = None,
    exempt: Mapping[Problem, str] | None = None,
) -> Json:
    """Return the log of one run of ``command``.

    ``helps`` are longer texts on rules by id; ``exempt`` are problems that the app accepts, with
    its reasons.
    """
    known = {rule.id: rule for rule in sorted(rules, key=lambda rule: rule.id)}
    numbers = {rule_id: number for number, rule_id in enumerate(known)}
    accepted = exempt or {}
    results = [_result(problem, numbers) for problem in problems]
    results += [_suppressed(_result(each, numbers), why) for each, why in accepted.items()]
    driver = {
        "name": "mooring",
        "semanticVersion": __version__,
        "rules": [_descriptor(rule, (helps or {}).get(rule.id, "")) for rule in known.values()],
    }
    run = {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"mooring/{command}/"},
        "invocations": [{"executionSuccessful": True}],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }
    return {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}


def _descriptor(rule: Rule, help_text: str) -> Json:
    described: Json = {
        "id": rule.id,
        "shortDescription": {"text": rule.summary},
        "defaultConfiguration": {"level": rule.severity.value},
    }
    if help_text:
        described["help"] = {"text": help_text}
    return described


def _result(problem: Problem, numbers: Mapping[str, int]) -> Json:
    result: Json = {
        "ruleId": problem.rule,
        "level": problem.severity.value,
        "message": {"text": " ".join(filter(None, (problem.message, problem.hint)))},
        "locations": [{"physicalLocation": _place(problem)}],
    }
    if problem.rule in numbers:
        result["ruleIndex"] = numbers[problem.rule]
    return result


def _place(problem: Problem) -> Json:
    return {
        "artifactLocation": {"uri": quote(problem.file), "uriBaseId": ROOT},
        "region": {"startLine": problem.line, "startColumn": problem.column},
    }


def _suppressed(result: Json, reason: str) -> Json:
    return {**result, "suppressions": [{"kind": "external", "justification": reason}]}
