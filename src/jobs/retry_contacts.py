"""How are contacts written once more that were set aside? With what they should show by now.

One call for each, so that Brevo tells exactly what became of it. Whoever is no longer known, or is
as they should be meanwhile, needs nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

from .push import check_attributes, update_each
from .push_plan import known_by, plans_for
from .stage import Work


def retry_contacts(work: Work, keys: Sequence[str]) -> None:
    """Write these contacts; those that are refused again are set aside again."""
    contacts, heard = known_by(keys)
    plans = plans_for(work, contacts, heard=heard)
    work.count(changed=len(plans), written=0, rejected=0, unchanged=len(keys) - len(plans))
    if plans:
        check_attributes(work)
        update_each(work, plans)
