"""Does the crash suite find what a crash changes, and say where?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from mooring.sdk import Job, JobStatus, http, jobs, notifications, odp, storage
from mooring.sdk.ports import HttpRequest, HttpResponse
from mooring.testing import FakeClock, MemoryApp, crash_everywhere, in_memory, memory_app

URL = "https://api.example.com/v1/items"


def answering(app: MemoryApp) -> None:
    app.http.answer("POST", URL, status=201)
    storage.settings.put("how", {"far": 3})


class Careful(Job):
    """Every step can be repeated."""

    def prepare(
        self, params: Mapping[str, Any], status: JobStatus | None = None, resuming: bool = False
    ) -> JobStatus:
        if resuming and status is not None:
            return status
        return JobStatus({"n": 0, "far": storage.settings.get("how")["far"]})

    def perform(self, status: JobStatus) -> JobStatus:
        n = status.state["n"] + 1
        self.work(n)
        return JobStatus({**status.state, "n": n}, complete=n == status.state["far"])

    def work(self, n: int) -> None:
        storage.kv_store.put(f"n/{n}", {"n": n})
        odp.upsert_customers([{"attributes": {"email": f"{n}@example.com"}}])
        http.post(URL, json={"n": n})


class Counting(Careful):
    def work(self, n: int) -> None:
        storage.kv_store.increment("sum", "n", n)


class Remembering(Careful):
    """Keeps in the process what a new one does not know."""

    seen = 0

    def work(self, n: int) -> None:
        self.seen += 1
        storage.kv_store.put(f"n/{n}", {"seen": self.seen})


class Stubborn(Careful):
    """Catches what nobody may catch, and goes on."""

    def work(self, n: int) -> None:
        try:
            super().work(n)
        except BaseException:  # noqa: BLE001  # that is what it is about
            storage.kv_store.put("caught", {"n": n})


class Suspicious(Careful):
    """Gives up what it has tried three times."""

    def work(self, n: int) -> None:
        if storage.kv_store.increment(f"tried/{n}", "times") == 3:
            storage.kv_store.put(f"given_up/{n}", {})
        http.post(URL, json={"n": n})
        storage.kv_store.delete(f"tried/{n}")


class Telling(Careful):
    def work(self, n: int) -> None:
        notifications.info("Import", f"Step {n}", "It is done.")
        jobs.trigger("other", {"n": n})
        odp.send_events([{"type": "done", "identifiers": {"email": "a@example.com"}}])


class Failing(Careful):
    def work(self, n: int) -> None:
        if n == 2:
            raise RuntimeError("There is no second one.")


class Waiting(Careful):
    async def perform(self, status: JobStatus) -> JobStatus:  # type: ignore[override]  # may be
        await self.asleep(5)
        await storage.kv_store.aput("n", dict(status.state))
        n = status.state["n"] + 1
        return JobStatus({**status.state, "n": n}, complete=n == status.state["far"])


def test_a_careful_job_is_cut_at_every_place_and_passes() -> None:
    crashes = crash_everywhere(Careful, in_memory(answering))
    assert crashes.places[:6] == (
        "the commit of prepare",
        "kv_store.put n/1",
        "odp.upsert_customers of 1",
        f"POST {URL}",
        "the commit of step 1",
        "kv_store.put n/2",
    )
    assert crashes.places[-1] == "the commit of step 3, the last"
    assert crashes.alone == len(crashes.places) == 13
    # Each step is cut before its four effects and before the commit of prepare, and two after it.
    assert crashes.together == 3 * 5 + 2


def test_what_is_added_twice_is_shown_with_its_place() -> None:
    with pytest.raises(AssertionError) as failed:
        crash_everywhere(Counting, in_memory(answering))
    said = str(failed.value)
    assert said.startswith("Counting does not end as undisturbed when its process dies; 4 of 8:")
    place = "  after kv_store.edit sum, before the commit of step 1\n"
    assert f"{place}    stores.install/1/kv.sum.n is 7, not 6\n" in said
    assert "after the commit of step 1" not in said


def test_what_only_the_process_knew_is_found() -> None:
    with pytest.raises(AssertionError, match=r"kv\.n/3\.seen is 1, not 3"):
        crash_everywhere(Remembering, in_memory(answering))


def test_nothing_gets_through_after_the_cut_whatever_is_caught() -> None:
    assert crash_everywhere(Stubborn, in_memory(answering)).alone == 13


def test_what_takes_several_crashes_is_found_in_the_run_that_has_all() -> None:
    with pytest.raises(AssertionError, match="given_up/1") as failed:
        crash_everywhere(Suspicious, in_memory(answering))
    assert "1 of 14:\n  at every place in one run\n" in str(failed.value)


def test_what_is_told_twice_counts_once_but_an_event_counts_each_time() -> None:
    with pytest.raises(AssertionError) as failed:
        crash_everywhere(Telling, in_memory(answering))
    shown = [line for line in str(failed.value).splitlines() if line.startswith("    ")]
    assert [line[-11:] for line in shown] == ["is 4, not 3"] * 3 + ["is 6, not 3"]
    assert all(line.startswith("    odp.events.") for line in shown)


def test_an_event_that_says_which_one_it_is_counts_once() -> None:
    class Sending(Careful):
        def work(self, n: int) -> None:
            done = {"type": "done", "identifiers": {"email": "a@example.com"}}
            odp.send_events([{**done, "idempotence_id": f"{self.invocation.job_id}/{n}"}])

    crash_everywhere(Sending, in_memory(answering))


def test_a_run_that_fails_has_to_fail_in_the_same_way() -> None:
    crashes = crash_everywhere(Failing, in_memory(answering))
    assert "the postponement of step 2" in crashes.places
    assert crashes.places[-1] == "the end of the run"


def test_an_async_job_is_cut_too() -> None:
    crashes = crash_everywhere(Waiting, in_memory(answering))
    assert "kv_store.put n" in crashes.places


def test_what_a_service_received_can_be_compared_too() -> None:
    received: list[bytes] = []

    def take(request: HttpRequest) -> HttpResponse:
        received.append(request.body)
        return HttpResponse(201, {}, b"", URL)

    def once(app: MemoryApp) -> object:
        return {"answers": len(received)}

    def set_up(app: MemoryApp) -> None:
        received.clear()
        storage.settings.put("how", {"far": 3})
        app.http.answer_with("POST", URL, take)

    with pytest.raises(AssertionError, match=r"outcome\.answers is 4, not 3"):
        crash_everywhere(Careful, in_memory(set_up, outcome=once))


def test_fields_can_be_left_out_and_places_spread() -> None:
    clock = FakeClock()

    class Dated(Careful):
        def work(self, n: int) -> None:
            clock.advance(1)
            storage.kv_store.put("last", {"n": n, "at": clock.now().isoformat()})

    with pytest.raises(AssertionError, match=r"last\.at is"):
        crash_everywhere(Dated, in_memory(answering), most=1)
    crashes = crash_everywhere(Dated, in_memory(answering), most=3, ignoring=["at"])
    assert crashes.alone == 3
    assert len(crashes.places) == 7
    assert crashes.together > 7


def test_every_world_is_made_anew() -> None:
    made: list[MemoryApp] = []

    def make() -> MemoryApp:
        made.append(memory_app(app_id="mine"))
        return made[-1]

    crashes = crash_everywhere(Careful, in_memory(answering, make=make))
    assert len(made) == crashes.alone + 2
