"""What becomes of a call into an app's Lifecycle? Its answer, or one error of the host's."""

from __future__ import annotations

import traceback
from typing import Any

from mooring.engine.calling import call
from mooring.errors import CredentialsRejected, LifecycleFailed, MooringError, in_words
from mooring.sdk.context import Invocation

# Hooks that try out what somebody enters at this moment.
ENTERING = frozenset(
    {
        "on_settings_form",
        "on_settings_file",
        "on_authorization_request",
        "on_authorization_grant",
    }
)


def call_hook(
    lifecycle_class: type[Any], hook: str, *arguments: Any, invocation: Invocation
) -> Any:
    """Call a hook and return its answer.

    The host's own errors pass as they are; of anything else the log keeps the traceback. Raises
    LifecycleFailed.
    """
    try:
        return call(getattr(lifecycle_class(), hook), *arguments, invocation=invocation)
    except CredentialsRejected as error:
        # What was just entered has yet to be accepted; of that the settings' desk judges.
        if hook not in ENTERING:
            invocation.on_rejected(error)
        raise
    except MooringError:
        raise
    except (Exception, SystemExit) as error:
        said = in_words(error)
        _log(hook, said, error, invocation)
        raise LifecycleFailed(
            f"{hook} of {invocation.app.app_id} failed: {said.rstrip('.')}.",
            hint="`mooring logs` has the details.",
        ) from error


def wrong_answer(app_id: str, hook: str, answer: object, *, expected: str) -> LifecycleFailed:
    """Say that a hook answered with something else than it has to."""
    return LifecycleFailed(
        f"{hook} of {app_id} returned {type(answer).__name__}, not {expected}.",
        hint="It is the app that needs mending.",
    )


def _log(hook: str, said: str, error: BaseException, invocation: Invocation) -> None:
    fields = {
        **invocation.log_fields,
        "hook": hook,
        "error": said,
        "traceback": "".join(traceback.format_exception(error)),
    }
    invocation.services.log.log("error", "lifecycle.failed", fields)
