"""Is a write of the real run one of the plan's? Compared by digest, blanks filled in.

What stood in the plan for the id of a list that did not exist yet is, in the real run, what the
service answered when it was created. A write that holds it is turned back into the plan's words
before it is compared.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from typing import Any

from mooring.engine.plans.outgoing import Write, digest
from mooring.model.plan import Linked, Plan

_NOTHING = Linked()


class PlannedWrites:
    """The writes of a plan, with what became known since of what it left blank."""

    def __init__(self, plan: Plan, *, run_id: str, known: Mapping[str, Any]) -> None:
        self._plan = plan
        self._known: dict[str, Any] = {plan.plan_id: run_id, **known}
        patterns = {digest(linked.blanks): linked.blanks for linked in plan.linked.values()}
        self._patterns = [blanks for blanks in patterns.values() if blanks]

    def found(self, write: Write) -> str | None:
        """Return the digest under which a write is planned, or None for one that is not."""
        identity = write.identity()
        key = digest(identity)
        if key in self._plan.writes:
            return key
        for blanks in self._patterns:
            planned = self._in_words_of_the_plan(identity, blanks)
            if planned is not None and (key := digest(planned)) in self._plan.writes:
                return key
        return None

    def count(self, key: str) -> int:
        """Return how many times a write is planned."""
        return self._plan.writes[key]

    def learned(self, key: str, answer: Any) -> dict[str, Any]:
        """Return, and know from now on, what the answer to a write tells of the plan's blanks."""
        answers = self._plan.linked.get(key, _NOTHING).answers
        found = {str(blank): _at(answer, path) for path, blank in answers}
        told = {blank: value for blank, value in found.items() if value is not None}
        self._known |= told
        return told

    def _in_words_of_the_plan(
        self, identity: Mapping[str, Any], blanks: Sequence[Sequence[Any]]
    ) -> dict[str, Any] | None:
        planned = copy.deepcopy(dict(identity))
        for path, blank in blanks:
            known = self._known.get(str(blank))
            if known is None or str(_at(planned, path)) != str(known):
                return None
            inner: Any = planned
            for step in path[:-1]:
                inner = inner[step]
            inner[path[-1]] = blank
        return planned


def _at(value: Any, path: Sequence[str | int]) -> Any:
    """Return what stands at a place in a JSON value; None if there is no such place."""
    for step in path:
        try:
            value = value[step]
        except (KeyError, IndexError, TypeError):
            return None
    return value
