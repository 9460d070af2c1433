"""Code that its caller may leave."""

import threading

import pytest

from mooring.adapters.running_apart import Left, run_apart


def test_what_it_returns_comes_back() -> None:
    def work() -> str:
        return threading.current_thread().name

    assert run_apart(work, name="apart", over=threading.Event()) == "apart"


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_what_it_raises_is_raised(kind: type[BaseException]) -> None:
    def work() -> None:
        raise kind("no")

    with pytest.raises(kind):
        run_apart(work, name="apart", over=threading.Event())


def test_a_caller_that_leaves_waits_no_longer() -> None:
    go_on, over = threading.Event(), threading.Event()
    over.set()
    with pytest.raises(Left):
        run_apart(lambda: go_on.wait(20), name="apart", over=over)
    go_on.set()
