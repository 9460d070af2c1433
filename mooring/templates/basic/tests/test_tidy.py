"""Are the greetings of the day forgotten?"""

from mooring.sdk import storage
from mooring.testing import RunJob

from src.jobs.tidy import Tidy


def test_a_run_says_how_many_greetings_it_forgot(run_job: RunJob) -> None:
    storage.kv_store.increment("greetings", "count", 3)
    ran = run_job(Tidy).completed()
    assert ran.state == {"forgotten": 3}
    assert not storage.kv_store.exists("greetings")
