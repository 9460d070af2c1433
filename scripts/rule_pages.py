"""How do the rules of ``validate`` and ``check`` read as pages? Each has an anchor of its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from mooring.model.problem import Rule
from mooring.quality import CLAIM_RULES, Level, QualityRule
from mooring.quality import RULES as QUALITY_RULES
from mooring.rules import RULES

QUALITY_FILE = """\
```yaml
level: silver
rules:
  host-logger: done
  cleans-up:
    exempt: The service forgets subscriptions by itself after a day.
```"""


def validity_page() -> Iterator[str]:
    """Write what ``mooring validate`` looks at."""
    yield "What `mooring validate` looks at; each problem carries the id of its rule."
    yield ""
    yield from _table(RULES)


def quality_page() -> Iterator[str]:
    """Write what ``mooring check`` looks at on top."""
    yield "What `mooring check` looks at in a valid app. An app reaches a level by keeping to the"
    yield "rules of that level and of those below, or saying in `quality.yml` why one does not fit."
    yield ""
    for level in Level:
        yield f"- **{level}**: {level.meaning}"
    yield from ("", "## quality.yml", "")
    yield "What an app claims about itself; `level` is the level that `mooring check` holds it to."
    yield from ("", QUALITY_FILE, "")
    yield from _table(CLAIM_RULES)
    for level in Level:
        rules = [rule for rule in QUALITY_RULES if rule.level is level]
        yield from ("", f"## {level.capitalize()}", "")
        yield from (f"- [{rule.id}](#{rule.id}): {rule.summary}" for rule in rules)
        for rule in rules:
            yield from _described(rule)


def _described(rule: QualityRule) -> Iterator[str]:
    yield from ("", f'<a id="{rule.id}"></a>', f"### {rule.id}", "")
    yield from (rule.summary, "", rule.reason, "")
    yield from (f"*Looks at:* {rule.looks_at}", "", f"*Remedy:* {rule.remedy}")


def _table(rules: Iterable[Rule]) -> Iterator[str]:
    yield "| rule | severity | what has to hold |"
    yield "|---|---|---|"
    for rule in sorted(rules, key=lambda rule: _sortable(rule.id)):
        summary = rule.summary.replace("|", "\\|")
        yield f'| <a id="{rule.id.lower()}"></a>{rule.id} | {rule.severity.value} | {summary} |'


def _sortable(rule_id: str) -> tuple[str, int]:
    family, _, number = rule_id.rpartition("-")
    return family, int(number) if number.isdigit() else 0
