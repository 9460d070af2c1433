"""Are the greetings of the day forgotten?"""

from datetime import UTC, datetime

from mooring.sdk import storage
from mooring.sdk.job import JobInvocation

from src.jobs.tidy import Tidy


def test_a_run_says_how_many_greetings_it_forgot(invocation: object) -> None:
    storage.kv_store.increment("greetings", "count", 3)
    job = Tidy(JobInvocation("run-1", datetime.now(UTC)))
    status = job.perform(job.prepare({}))
    assert status.complete
    assert status.state == {"forgotten": 3}
    assert not storage.kv_store.exists("greetings")
