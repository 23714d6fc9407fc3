"""What the Learn room offers, by what the store holds."""

from dataclasses import replace

from acquisition.domain import Job, JobKind, JobState, Reading, ReadingState
from app.learn.state import MIN_READINGS, Action, job_row, learn_state, newest_set

INSTALL = "install it so"


def readings(n_committed: int, *, n_open: int = 0, is_simulated: bool = True) -> list[Reading]:
    one = Reading("r", "s", "reader", "case", 0, is_simulated=is_simulated, state=ReadingState.COMMITTED)
    return [replace(one, id=f"r{i}") for i in range(n_committed)] + [
        replace(one, id=f"o{i}", state=ReadingState.OPEN) for i in range(n_open)
    ]


def job(kind: JobKind, state: JobState, created: str = "2026-01-01T00:00:00", **result: object) -> Job:
    return Job(f"{kind}{created}", kind, {}, state, created, created, result=result)


def action(n_committed: int, jobs: list[Job], *, has_learning: bool = True) -> Action:
    state = learn_state(readings(n_committed), {}, {}, jobs, has_learning=has_learning, install=INSTALL)
    return state.action


def test_too_few_readings_wait_and_say_how_many_are_missing() -> None:
    state = learn_state(readings(3, n_open=20), {}, {}, [], has_learning=True, install=INSTALL)
    assert state.action == Action.WAIT
    assert f"3 of at least {MIN_READINGS}" in state.hint


def test_enough_readings_offer_to_build() -> None:
    assert action(MIN_READINGS, []) == Action.BUILD


def test_without_the_learning_extra_the_command_is_named() -> None:
    state = learn_state(readings(50), {}, {}, [], has_learning=False, install=INSTALL)
    assert state.action == Action.INSTALL
    assert INSTALL in state.hint


def test_a_running_job_is_waited_for() -> None:
    assert action(50, [job(JobKind.BUILD_SET, JobState.RUNNING)]) == Action.WAIT


def test_a_built_set_offers_to_pretrain_until_more_is_read() -> None:
    built = job(JobKind.BUILD_SET, JobState.DONE, set="sets/1", readings=50)
    assert action(50, [built]) == Action.PRETRAIN
    assert action(51, [built]) == Action.BUILD
    state = learn_state(readings(50), {}, {}, [built], has_learning=True, install=INSTALL)
    assert "random pairs" in state.hint
    assert "all three" in state.hint


def test_a_job_that_is_done_says_what_it_left() -> None:
    built = job(JobKind.BUILD_SET, JobState.DONE, set="sets/1", readings=50, left_out=2)
    assert job_row(built).message == "50 readings in 1, 2 left out: too much gaze lost"
    trained = job(JobKind.PRETRAIN, JobState.DONE, runs=["none", "gzpt", "random"])
    assert job_row(trained).message == "3 arms trained; the report is ready"


def test_the_newest_set_counts() -> None:
    older = job(JobKind.BUILD_SET, JobState.DONE, "2026-01-01T00:00:00", set="sets/1", readings=50)
    newer = job(JobKind.BUILD_SET, JobState.DONE, "2026-01-02T00:00:00", set="sets/2", readings=50)
    assert newest_set([newer, older], 50) == "sets/2"


def test_a_failed_build_offers_to_build_again() -> None:
    assert action(50, [job(JobKind.BUILD_SET, JobState.FAILED)]) == Action.BUILD


def test_only_a_job_at_work_can_be_cancelled_and_only_a_finished_one_has_a_report() -> None:
    running = job_row(job(JobKind.PRETRAIN, JobState.RUNNING, report="r.html"))
    done = job_row(job(JobKind.PRETRAIN, JobState.DONE, report="r.html"))
    assert (running.can_cancel, running.report) == (True, None)
    assert not done.can_cancel
    assert done.report is not None
    assert done.percent == 100


def test_the_summary_says_what_is_simulated() -> None:
    mixed = readings(2) + readings(1, is_simulated=False)
    state = learn_state(mixed, {"case": "Case 1"}, {"reader": "R-01"}, [], has_learning=True, install=INSTALL)
    assert state.summary == "3 committed readings by 1 reader, 2 simulated"
    assert {row.kind for row in state.readings} == {"simulated", "real"}
    assert state.readings[0].case == "Case 1"


def test_readings_to_be_repeated_do_not_count_and_are_named() -> None:
    poor = [replace(one, loss=0.3) for one in readings(3)]
    every = [*readings(MIN_READINGS - 1), *poor]
    state = learn_state(every, {}, {}, [], has_learning=True, install=INSTALL)
    assert state.action is Action.WAIT
    assert state.summary.endswith("all simulated; 3 to be read again are left out")
    assert [row.state for row in state.readings[:4]] == ["re-read"] * 3 + ["committed"]
