import json

import pytest

from acquisition.domain import IDENTITY, Display, Event, Gap, GapCause, Panel, Session, ViewState
from acquisition.outlets.markers import event_marker, gap_marker, session_marker, view_marker

OPENED = {
    "reading_id": "rea_1",
    "case_id": "the study's own name",
    "reader_pseudonym": "R7",
    "images": [
        {"id": "img_1", "sha256": "ab", "size_bytes": 3},
        {"id": "img_2", "sha256": "cd", "size_bytes": 4},
    ],
}


def test_a_view_names_images_and_where_they_are():
    panel = Panel("img_1", (0.0, 0.0, 960.0, 1080.0), IDENTITY, 2048.0, 4096.0, "", is_inverted=True)
    said = json.loads(view_marker(ViewState(5, (panel,), "layout", "rea_1", (3.0, 4.0))))
    assert said["marker"] == "view"
    assert said["reading"] == "rea_1"
    assert said["target"] == [3.0, 4.0]
    (shown,) = said["panels"]
    assert shown["image"] == "img_1"
    assert shown["rect"] == [0.0, 0.0, 960.0, 1080.0]
    assert shown["to_image"] == list(IDENTITY)
    assert shown["window"] == [2048.0, 4096.0]
    assert shown["inverted"]


def test_a_case_is_named_by_our_own_ids_alone():
    said = event_marker(Event(1, "reading_opened", OPENED))
    assert json.loads(said) == {"marker": "case_opened", "reading": "rea_1", "images": ["img_1", "img_2"]}
    for secret in ("study", "R7", "ab"):
        assert secret not in said.replace("marker", "")


@pytest.mark.parametrize(("state", "kind"), [("committed", "case_committed"), ("interrupted", "case_left")])
def test_a_case_is_committed_or_left(state, kind):
    event = Event(1, "reading_closed", {"reading_id": "rea_1", "state": state})
    assert json.loads(event_marker(event)) == {"marker": kind, "reading": "rea_1"}


@pytest.mark.parametrize("kind", ["consent", "clock", "validation", "notification", "other_stream"])
def test_what_is_not_listed_is_not_told(kind):
    assert event_marker(Event(1, kind, {"name": "Somebody"})) is None


def test_of_what_is_told_only_the_listed_details_leave():
    detail = {"eyes": "both", "n_targets": 5, "blob_base64": "AAAA"}
    said = json.loads(event_marker(Event(1, "calibration", detail)))
    assert said == {"marker": "calibration", "eyes": "both", "n_targets": 5}
    assert json.loads(event_marker(Event(1, "paused"))) == {"marker": "paused"}


def test_a_gap_and_a_session():
    gap = Gap(1_000_000_000, 3_500_000_000, GapCause.LOST_FACE)
    assert json.loads(gap_marker(gap)) == {"marker": "gap", "cause": "lost face", "seconds": 2.5}
    display = Display(1920, 1080, 527.0, 296.0)
    session = Session("ses_1", "rdr_1", "R7", "lsl", True, display, "2026-01-01T00:00:00", 5)
    assert json.loads(session_marker(session)) == {"marker": "session", "id": "ses_1", "simulated": True}
