"""Which tests does a ported app begin with? One for each method that is still to be written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

from mooring.porting.stubs import Draft

TEMPLATE = '''"""What is still to be written?

A test here fails once its method is written: then take its line out of NOT_WRITTEN, and test what
the method does in a module of its own.
"""

from __future__ import annotations

import inspect

import pytest
from mooring.sdk import errors

{imports}

NOT_WRITTEN = [
{entries}
]


@pytest.mark.parametrize(("part", "method"), NOT_WRITTEN)
def test_a_method_that_is_not_written_says_so(part: type, method: str) -> None:
    stub = getattr(part, method)
    arguments = [None] * len(inspect.signature(stub).parameters)
    with pytest.raises(errors.NotWritten, match=f"{{method}} of "):
        stub(*arguments)
'''


def skeleton(drafts: Sequence[Draft]) -> str:
    """Write the test module."""
    imports, entries = [], []
    for draft in drafts:
        entry = draft.entry_point
        module = ".".join(PurePosixPath(entry.file).with_suffix("").parts)
        local = f"{entry.base}{entry.name}" if _is_shared(entry.name, drafts) else entry.name
        renamed = f" as {local}" if local != entry.name else ""
        imports.append(f"from {module} import {entry.name}{renamed}")
        entries += [f'    ({local}, "{method}"),' for method in draft.methods]
    return TEMPLATE.format(imports="\n".join(sorted(imports)), entries="\n".join(entries))


def _is_shared(name: str, drafts: Sequence[Draft]) -> bool:
    """Whether classes of two kinds have this name, or the test module needs it."""
    return name in {"errors", "inspect", "pytest"} or (
        sum(draft.entry_point.name == name for draft in drafts) > 1
    )
