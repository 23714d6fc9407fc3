"""What every store owes, wherever its catalogue lives."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa

from acquisition.domain import (
    Annotation,
    Assessment,
    Case,
    Display,
    Event,
    GazeQuality,
    Image,
    JobState,
    Label,
    Laterality,
    MarkKind,
    Reading,
    ReadingState,
    Session,
    SessionState,
    SpacingBasis,
    TargetQuality,
    Utterance,
    Validation,
    ValidationKind,
)
from acquisition.errors import StoreError
from acquisition.sources.base import Batch, Channel, SourceInfo, sample_dtype
from acquisition.store import Catalogue, Store, schema
from acquisition.store.jobs import LEASE_S, MAX_ATTEMPTS
from acquisition.validation import NOTHING

IMAGE = Image(
    id="img_1",
    case_id="cas_1",
    path="/films/a.dcm",
    sha256="ab" * 32,
    size_bytes=5_000_000_000,
    sop_instance_uid="1.2.3",
    study_instance_uid="1.2",
    frame=0,
    width_px=3328,
    height_px=4096,
    modality="MG",
    laterality=Laterality.RIGHT,
    view="CC",
    flip_to_hang=True,
    box_px=(0.5, 1.0, 100.0, 200.25),
    spacing_mm=(0.07, 0.07),
    spacing_basis=SpacingBasis.MAGNIFIED,
    is_upside_down=True,
    n_frames=60,
    study_date="20240131",
    body_part="BREAST",
    view_modifiers=("M", "S"),
    laterality_from="ImageLaterality",
    view_from="ViewCodeSequence",
    pixel_aspect=1.25,
)
SESSION = Session(
    id="ses_1",
    reader_id="",
    reader_pseudonym="R1",
    source_name="lsl",
    is_simulated=False,
    display=Display(2048, 2560, 300.0, 400.0, 600.0),
    opened_utc="2026-01-05T09:00:00+00:00",
    opened_host_time_ns=2**62,
)


def add_session(catalogue: Catalogue, **values: Any) -> Session:
    reader = catalogue.ensure_reader(pseudonym="R1")
    session = replace(SESSION, **{"reader_id": reader.id, **values})
    catalogue.add_session(session)
    return session


def open_reading(catalogue: Catalogue) -> Reading:
    session = add_session(catalogue)
    return catalogue.open_reading(session.id, session.reader_id, "cas_1", 1_000)


def mark(reading: Reading, number: int = 1) -> Annotation:
    return Annotation(
        f"ann_{number}", reading.id, "img_1", "rectangle", ((1.5, 2.0), (3.0, 4.25)), "mass", 1_500
    )


# Images


def test_an_image_comes_back_as_it_went_in(store: Store) -> None:
    other = replace(IMAGE, id="img_2", frame=1, spacing_mm=None, laterality=Laterality.UNKNOWN)
    assert store.catalogue.add_case(Case("cas_1", "Exam 1", "P1", 3, True))
    assert store.catalogue.add_image(IMAGE)
    assert store.catalogue.add_image(other)
    assert store.catalogue.images("cas_1") == store.catalogue.images() == [IMAGE, other]
    assert store.catalogue.image("img_2") == other
    assert store.catalogue.case("cas_1") == Case("cas_1", "Exam 1", "P1", 3, True)


def test_the_same_content_is_added_once(store: Store) -> None:
    store.catalogue.add_case(Case("cas_1", "Exam 1", "P1"))
    assert store.catalogue.add_image(IMAGE)
    assert not store.catalogue.add_image(replace(IMAGE, id="img_2", path="/copy/a.dcm"))
    assert store.catalogue.images() == [IMAGE]


def test_a_case_is_added_once(store: Store) -> None:
    assert store.catalogue.add_case(Case("cas_1", "Exam 1", "P1"))
    assert not store.catalogue.add_case(Case("cas_1", "Other", "P1"))
    assert store.catalogue.case("cas_1").title == "Exam 1"


def test_cases_come_in_worklist_order(store: Store) -> None:
    for name, order in (("b", 2), ("a", 1), ("c", 1)):
        store.catalogue.add_case(Case(name, name, "P", order))
    assert [case.id for case in store.catalogue.cases()] == ["a", "c", "b"]


def test_an_image_needs_its_case(store: Store) -> None:
    with pytest.raises(StoreError, match=r"(?i)foreign key"):
        store.catalogue.add_image(IMAGE)


def test_labels_are_replaced_by_origin(store: Store) -> None:
    first = Label("img_1", "pathology", "benign", "a.csv")
    other = Label("img_1", "pathology", "malignant", "b.csv")
    store.catalogue.add_labels([first, other])
    store.catalogue.add_labels([replace(first, value="malignant")])
    store.catalogue.add_labels([])
    assert store.catalogue.labels("img_1") == [replace(first, value="malignant"), other]
    assert store.catalogue.labels("img_2") == []
    assert len(store.catalogue.labels()) == 2


@pytest.mark.parametrize(
    "ask", [lambda c: c.case("x"), lambda c: c.image("x"), lambda c: c.session("x"), lambda c: c.reading("x")]
)
def test_what_is_not_there_is_named(store: Store, ask: Any) -> None:
    with pytest.raises(StoreError, match=r"The store holds no (case|image|session|reading) x"):
        ask(store.catalogue)


# Readers and readings


def test_a_reader_is_found_by_pseudonym_or_name(store: Store) -> None:
    by_name = store.catalogue.ensure_reader("Dr Who")
    assert by_name.pseudonym.startswith("R")
    assert "Who" not in by_name.pseudonym
    assert store.catalogue.ensure_reader("Dr Who") == by_name
    assert store.catalogue.ensure_reader(pseudonym=by_name.pseudonym) == by_name
    assert store.catalogue.ensure_reader() == store.catalogue.ensure_reader() != by_name
    assert len(store.catalogue.readers()) == 2


def test_simulated_and_real_readers_do_not_mix(store: Store) -> None:
    store.catalogue.ensure_reader(pseudonym="S1", is_simulated=True)
    with pytest.raises(StoreError, match="Reader S1 is simulated"):
        store.catalogue.ensure_reader(pseudonym="S1")


def test_a_session_comes_back_as_it_went_in_and_is_closed(store: Store) -> None:
    session = add_session(store.catalogue)
    assert not store.catalogue.add_session(session)
    assert store.sessions() == [session]
    store.catalogue.close_session(session.id, SessionState.SEALED, 10, "cd" * 32)
    closed = replace(session, state=SessionState.SEALED, n_samples=10, sha256="cd" * 32)
    assert store.catalogue.session(session.id) == closed


def test_a_reading_is_committed_once_and_then_stays(store: Store) -> None:
    reading = open_reading(store.catalogue)
    store.catalogue.save_annotation(mark(reading))
    store.catalogue.commit_reading(reading.id, Assessment(reading.id, 4, "look"), 2_000, 99, 0.25)
    expected = replace(
        reading, state=ReadingState.COMMITTED, closed_host_time_ns=2_000, n_samples=99, loss=0.25
    )
    assert store.readings() == [expected]
    assert store.catalogue.assessment(reading.id) == Assessment(reading.id, 4, "look")
    for change in (
        lambda c: c.save_annotation(mark(reading, 2)),
        lambda c: c.delete_annotation("ann_1"),
        lambda c: c.save_assessment(Assessment(reading.id, 1)),
        lambda c: c.interrupt_reading(reading.id),
        lambda c: c.commit_reading(reading.id, Assessment(reading.id, 1), 3_000, 1, None),
    ):
        with pytest.raises(StoreError, match="was committed and stays as it is"):
            change(store.catalogue)
    assert store.readings() == [expected]
    assert store.catalogue.annotations(reading.id) == [mark(reading)]


def test_an_interrupted_reading_may_still_be_committed(store: Store) -> None:
    reading = open_reading(store.catalogue)
    store.catalogue.interrupt_reading(reading.id, 1_800, 80)
    assert store.catalogue.reading(reading.id).state is ReadingState.INTERRUPTED
    store.catalogue.commit_reading(reading.id, Assessment(reading.id, 2), 2_000, 99, None)
    assert store.catalogue.reading(reading.id).state is ReadingState.COMMITTED


def test_validations_come_back_as_they_went_in_once_and_by_reader(store: Store) -> None:
    session = add_session(store.catalogue)
    found = GazeQuality(0.5, 0.3, -0.4, 0.1, 0.1, None, 0.02, 99)
    target = TargetQuality(0.5, 0.2, 10, 20, found, NOTHING, found)
    validation = Validation(
        "val_1",
        session.id,
        session.reader_id,
        ValidationKind.VALIDATION,
        20,
        "2026",
        (target,),
        found,
        NOTHING,
        found,
    )
    drift = replace(validation, id="val_2", kind=ValidationKind.DRIFT, is_simulated=True)
    assert store.catalogue.add_validation(validation)
    assert store.catalogue.add_validation(drift)
    assert not store.catalogue.add_validation(validation)
    assert store.catalogue.validations() == [validation, drift]
    assert store.catalogue.validations(session.reader_id) == [validation, drift]
    assert store.catalogue.validations("rdr_other") == []


def test_marks_are_replaced_and_deleted(store: Store) -> None:
    reading = open_reading(store.catalogue)
    store.catalogue.save_annotation(mark(reading))
    store.catalogue.save_annotation(mark(reading, 2))
    store.catalogue.save_annotation(replace(mark(reading), label="calcification"))
    assert [a.label for a in store.catalogue.annotations(reading.id)] == ["calcification", "mass"]
    store.catalogue.delete_annotation("ann_1")
    assert store.catalogue.annotations(reading.id) == [mark(reading, 2)]
    with pytest.raises(StoreError, match="no annotation ann_1"):
        store.catalogue.delete_annotation("ann_1")


@pytest.mark.parametrize("kind", list(MarkKind))
def test_all_that_is_said_of_a_finding_and_a_case_comes_back(store: Store, kind: MarkKind) -> None:
    reading = open_reading(store.catalogue)
    said = replace(
        mark(reading),
        kind=kind,
        descriptors={"shape": ("oval",), "associated": ("edema", "skin thickening")},
        confidence=7,
        laterality=Laterality.LEFT,
        partner_id="ann_2",
        frame=26,
        is_gaze_assisted=True,
    )
    concluded = Assessment(
        reading.id, None, "words", "C", {"KL right": ("2",), "none": ()}, "Knee, Kellgren and Lawrence"
    )
    store.catalogue.save_annotation(said)
    store.catalogue.save_assessment(concluded)
    [found] = store.catalogue.annotations(reading.id)
    assert found == said
    assert (type(found.kind), type(found.laterality)) == (MarkKind, Laterality)
    assert store.catalogue.assessment(reading.id) == concluded
    assert store.catalogue.drafts(reading.reader_id, "cas_1") == ([said], concluded)


def test_what_changed_in_one_go_is_stored_as_one_or_not_at_all(store: Store) -> None:
    reading = open_reading(store.catalogue)
    pair = [replace(mark(reading), partner_id="ann_2"), replace(mark(reading, 2), partner_id="ann_1")]
    said = Assessment(reading.id, 4)
    store.catalogue.save_report(pair, assessment=said)
    assert store.catalogue.annotations(reading.id) == pair
    alone = replace(pair[1], partner_id="")
    nowhere = replace(said, reading_id="rdg_9")
    with pytest.raises(StoreError, match="no reading rdg_9"):
        store.catalogue.save_report([alone], ["ann_1"], nowhere)
    assert store.catalogue.annotations(reading.id) == pair
    assert store.catalogue.assessment(reading.id) == said
    for _ in range(2):  # a commit in doubt is made again
        store.catalogue.save_report([alone], ["ann_1"])
    assert store.catalogue.annotations(reading.id) == [alone]
    assert store.catalogue.assessment(reading.id) == said


def test_a_transcript_is_found_by_the_reading_in_which_it_was_spoken(store: Store) -> None:
    catalogue = store.catalogue
    reading = open_reading(catalogue)
    session_id = reading.session_id
    before, first, second, after = (
        Utterance(session_id, 1, at_ns, at_ns + 50, f"said at {at_ns}", "a.vtt")
        for at_ns in (900, 1_000, 1_500, 2_000)
    )
    catalogue.set_transcript([before, second, first, after])
    assert catalogue.utterances(reading.id) == [first, second, after]
    catalogue.interrupt_reading(reading.id, 2_000)
    assert catalogue.utterances(reading.id) == [first, second]
    other = Utterance(session_id, 2, 1_700, 1_750, "of another dictation", "b.vtt")
    catalogue.set_transcript([other])
    again = replace(first, text="better heard", origin="c.vtt")
    catalogue.set_transcript([again])
    assert catalogue.utterances(reading.id) == [again, other]


def test_speech_is_drafted_until_a_commit(store: Store) -> None:
    catalogue = store.catalogue
    first = open_reading(catalogue)
    catalogue.interrupt_reading(first.id, 3_000)
    second = catalogue.open_reading(first.session_id, first.reader_id, "cas_1", 5_000)
    said = [
        Utterance(first.session_id, 1, at_ns, at_ns + 50, f"said at {at_ns}", "a.vtt")
        for at_ns in (1_500, 4_000, 5_500)
    ]
    catalogue.set_transcript(said)
    assert catalogue.drafted_speech(first.reader_id, "cas_1") == [said[0], said[2]], "not between readings"
    assert catalogue.drafted_speech(first.reader_id, "cas_2") == []
    catalogue.commit_reading(second.id, Assessment(second.id, 3), 6_000, 1, 0.0)
    assert catalogue.drafted_speech(first.reader_id, "cas_1") == []


def test_a_draft_survives_until_a_commit(store: Store) -> None:
    catalogue = store.catalogue
    first = open_reading(catalogue)
    assert catalogue.drafts(first.reader_id, "cas_1") == ([], None)
    catalogue.save_annotation(mark(first))
    catalogue.save_assessment(Assessment(first.id, None, "unsure"))
    catalogue.interrupt_reading(first.id)
    again = catalogue.open_reading(first.session_id, first.reader_id, "cas_1", 5_000)
    assert catalogue.drafts(first.reader_id, "cas_1") == ([mark(first)], Assessment(first.id, None, "unsure"))
    assert catalogue.drafts(first.reader_id, "cas_2") == ([], None)
    catalogue.commit_reading(again.id, Assessment(again.id, 3), 6_000, 1, 0.0)
    assert catalogue.drafts(first.reader_id, "cas_1") == ([], None)


def test_a_reading_is_simulated_if_its_session_or_reader_is(store: Store) -> None:
    real = open_reading(store.catalogue)
    robot = store.catalogue.ensure_reader(pseudonym="S1", is_simulated=True)
    add_session(store.catalogue, id="ses_2", is_simulated=True)
    simulated = [
        store.catalogue.open_reading("ses_2", real.reader_id, "cas_1", 0),
        store.catalogue.open_reading("ses_1", robot.id, "cas_1", 0),
    ]
    assert not real.is_simulated
    assert [reading.is_simulated for reading in simulated] == [True, True]


# Jobs


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def catalogue(store: Store, clock: Clock) -> Catalogue:
    return Catalogue(store._engine, clock)


def test_jobs_are_claimed_in_order_and_finished(catalogue: Catalogue) -> None:
    first, second = (catalogue.queue_job("build", {"n": n}) for n in (1, 2))
    claimed = catalogue.claim_job("w1")
    assert claimed is not None
    assert claimed == replace(first, state=JobState.RUNNING)
    other = catalogue.claim_job("w2")
    assert other is not None
    assert other.id == second.id
    assert catalogue.claim_job("w3") is None
    assert not catalogue.heartbeat(first.id, "w1", 0.5, "half")
    assert catalogue.job(first.id).progress == 0.5
    assert catalogue.job(first.id).message == "half"
    catalogue.finish_job(first.id, "w1", {"out": "folder"})
    catalogue.fail_job(second.id, "w2", "no gaze")
    done, failed = catalogue.jobs()
    assert (done.state, done.progress, done.result) == (JobState.DONE, 1.0, {"out": "folder"})
    assert (failed.state, failed.message) == (JobState.FAILED, "no gaze")


def test_a_job_whose_worker_died_is_taken_up_again(catalogue: Catalogue, clock: Clock) -> None:
    job = catalogue.queue_job("build", {})
    catalogue.claim_job("w1")
    clock.now_s += LEASE_S - 1
    assert not catalogue.heartbeat(job.id, "w1", 0.1)
    clock.now_s += LEASE_S - 1
    assert catalogue.claim_job("w2") is None
    clock.now_s += 2
    taken = catalogue.claim_job("w2")
    assert taken is not None
    assert taken.id == job.id
    assert catalogue.heartbeat(job.id, "w1", 0.9)  # told to stop
    assert catalogue.job(job.id).progress == 0.1
    with pytest.raises(StoreError, match="not worker w1's any more"):
        catalogue.finish_job(job.id, "w1", {})
    catalogue.finish_job(job.id, "w2", {})


def test_a_job_that_kills_its_workers_is_given_up(catalogue: Catalogue, clock: Clock) -> None:
    job = catalogue.queue_job("build", {})
    for _ in range(MAX_ATTEMPTS):
        assert catalogue.claim_job("w") is not None
        clock.now_s += LEASE_S + 1
    assert catalogue.claim_job("w") is None
    assert catalogue.job(job.id).state is JobState.FAILED
    assert "died 3 times" in catalogue.job(job.id).message


def test_a_waiting_job_is_cancelled_at_once(catalogue: Catalogue) -> None:
    job = catalogue.queue_job("build", {})
    catalogue.cancel_job(job.id)
    assert catalogue.job(job.id).state is JobState.CANCELLED
    assert catalogue.claim_job("w") is None


def test_a_running_job_is_cancelled_by_its_worker(catalogue: Catalogue) -> None:
    job = catalogue.queue_job("build", {})
    catalogue.claim_job("w")
    catalogue.cancel_job(job.id)
    assert catalogue.job(job.id).is_cancel_requested
    assert catalogue.heartbeat(job.id, "w", 0.5)
    catalogue.fail_job(job.id, "w", "cancelled")
    assert catalogue.job(job.id).state is JobState.CANCELLED


def test_a_cancelled_job_without_worker_is_not_taken_up(catalogue: Catalogue, clock: Clock) -> None:
    job = catalogue.queue_job("build", {})
    catalogue.claim_job("w")
    catalogue.cancel_job(job.id)
    clock.now_s += LEASE_S + 1
    assert catalogue.claim_job("w2") is None
    assert catalogue.job(job.id).state is JobState.CANCELLED


def test_a_failed_job_is_restarted(catalogue: Catalogue) -> None:
    job = catalogue.queue_job("build", {})
    with pytest.raises(StoreError, match="nothing to restart"):
        catalogue.restart_job(job.id)
    catalogue.claim_job("w")
    catalogue.fail_job(job.id, "w", "no disk")
    catalogue.restart_job(job.id)
    again = catalogue.claim_job("w")
    assert again is not None
    assert (again.id, again.message) == (job.id, "")


def test_workers_at_once_never_get_the_same_job(catalogue: Catalogue) -> None:
    queued = {catalogue.queue_job("build", {}).id for _ in range(12)}

    def claim_three(worker: str) -> list[str]:
        return [job.id for _ in range(3) if (job := catalogue.claim_job(worker))]

    with ThreadPoolExecutor(4) as pool:
        claimed = [job_id for ids in pool.map(claim_three, "abcd") for job_id in ids]
    assert sorted(claimed) == sorted(queued)


def test_threads_may_write_at_once(store: Store) -> None:
    reading = open_reading(store.catalogue)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda n: store.catalogue.save_annotation(mark(reading, n)), range(40)))
    assert {a.id for a in store.catalogue.annotations(reading.id)} == {f"ann_{n}" for n in range(40)}


# Sets, runs, key, audit


def test_sets_and_runs_are_remembered_by_their_path(store: Store) -> None:
    first = store.catalogue.add_set("/sets/a", {"readings": 3})
    assert store.catalogue.add_set("/sets/a", {"readings": 4}).id == first.id
    assert [(s.path, s.detail) for s in store.catalogue.sets()] == [("/sets/a", {"readings": 4})]
    run = store.catalogue.add_run("/runs/a", "pretrain", {"arm": "plain"})
    assert store.catalogue.runs() == [run]


def test_the_key_of_the_pseudonyms_is_made_once(store: Store, open_again: Any) -> None:
    key = store.catalogue.pseudonym_key()
    with open_again() as again:
        assert again.catalogue.pseudonym_key() == key
    assert len(key) == 32


def test_every_write_leaves_its_row_of_audit(store: Store) -> None:
    reading = open_reading(store.catalogue)
    store.catalogue.save_annotation(mark(reading))
    store.catalogue.save_annotation(replace(mark(reading), label="moved"))
    store.catalogue.delete_annotation("ann_1")
    with store._engine.connect() as connection:
        rows = connection.execute(sa.select(schema.audit).order_by(schema.audit.c.number)).all()
    assert [row.action for row in rows] == [
        "reader added",
        "session opened",
        "reading opened",
        "annotation saved",
        "annotation saved",
        "annotation deleted",
    ]
    assert [row.detail["label"] for row in rows[3:5]] == ["mass", "moved"]
    assert all(row.actor and row.utc for row in rows)


def test_a_write_that_fails_leaves_no_audit(store: Store) -> None:
    with pytest.raises(StoreError):
        store.catalogue.delete_annotation("ann_1")
    with store._engine.connect() as connection:
        assert connection.execute(sa.select(schema.audit)).all() == []


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'me'", "DELETE FROM audit"])
def test_the_audit_refuses_changes(store: Store, statement: str) -> None:
    store.catalogue.ensure_reader(pseudonym="R1")
    with pytest.raises(sa.exc.DBAPIError, match="append-only"), store._engine.begin() as connection:
        connection.exec_driver_sql(statement)


# Recordings


def test_a_recording_is_found_in_every_store(store: Store, open_again: Any) -> None:
    channels = (Channel("x", "<f4", role="both_x"), Channel("y", "<f4", role="both_y"))
    reader = store.catalogue.ensure_reader(pseudonym="R1")
    writer = store.create_recording(
        SourceInfo("lsl", channels, 60.0, False), replace(SESSION, reader_id=reader.id, opened_host_time_ns=0)
    )
    reading = store.catalogue.open_reading("ses_1", reader.id, "cas_1", 5)
    samples = np.array([(0.25, 0.5)] * 10, sample_dtype(channels))
    times_ns = np.arange(10, dtype=np.int64)
    writer.append(Batch(samples, times_ns * 1e-9, times_ns))
    writer.event(Event(5, "reading_opened", {"reading_id": reading.id, "case_id": "cas_1"}))
    writer.commit()
    sha256 = writer.seal()
    with open_again() as again:
        assert again.sessions()[0].sha256 == sha256
        assert again.problems() == []
        assert again.raw("ses_1").samples.tobytes() == samples.tobytes()
        assert again.gaze(reading.id)["time_ns"].tolist() == [5, 6, 7, 8, 9]
