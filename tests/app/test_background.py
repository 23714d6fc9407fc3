"""Work off the GUI thread, outcomes on it."""

import threading
from concurrent.futures import Future

import pytest
from pytestqt.qtbot import QtBot

from app.background import Background


def test_the_outcome_comes_back_on_the_thread_that_asked(qtbot: QtBot) -> None:
    background = Background("test", 1)
    seen: list[tuple[int, int, int]] = []

    def then(future: Future[int]) -> None:
        seen.append((future.result(), threading.get_ident(), threading.get_ident()))

    background.run(threading.get_ident, then)
    qtbot.waitUntil(lambda: bool(seen))
    worker, thread, _ = seen[0]
    assert thread == threading.get_ident()
    assert worker != thread
    background.close()


def test_an_error_comes_back_in_its_future(qtbot: QtBot) -> None:
    background = Background("test", 1)
    outcomes: list[Future[float]] = []
    background.run(lambda: 1 / 0, outcomes.append)
    qtbot.waitUntil(lambda: bool(outcomes))
    with pytest.raises(ZeroDivisionError):
        outcomes[0].result()
    background.close()


def test_close_finishes_what_was_asked_for_but_nothing_comes_back(qtbot: QtBot) -> None:
    background = Background("test", 1)
    go_on, begun = threading.Event(), threading.Event()
    done: list[str] = []

    def first() -> None:
        begun.set()
        go_on.wait(10)

    background.run(first, lambda _: done.append("first"))
    background.run(lambda: done.append("second ran"), lambda _: done.append("second"))
    background.run(lambda: done.append("third ran"), lambda _: done.append("third")).cancel()
    assert begun.wait(10)
    threading.Timer(0.01, go_on.set).start()
    background.close()
    qtbot.wait(30)
    assert done == ["second ran"]
