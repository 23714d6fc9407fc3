"""What a result says in words, figures and a picture."""

from dataclasses import replace

import numpy as np
import pytest
from calibration_fakes import FakeEyes, a_sitting
from PySide6.QtCore import QPoint, Qt
from PySide6.QtGui import QColor
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from reading_fakes import DISPLAY, FakeRecorder

from acquisition.calibration import FIVE, VALIDATION_FOUR, VALIDATION_NINE, Procedure, Stage
from acquisition.domain import Validation, ValidationKind, ViewState
from acquisition.sources.base import CalibrationResult, Eyes
from acquisition.validation import Point, judge_target
from app import theme
from app.calibrate.account import validation_of
from app.calibrate.driver import Look
from app.calibrate.history_view import HistoryView
from app.calibrate.luminance import LEAST_GREY, MOST_GREY, ink_on
from app.calibrate.result_picture import MOST_DOTS, ResultPicture, Shown, cloud, nearest_along
from app.calibrate.verdict import figures, history, history_words, verdict

SECOND_NS = 1_000_000_000


def looks_at(
    points: tuple[Point, ...], offset_deg: float = 0.5, unseen: Point | None = None
) -> dict[Point, Look]:
    looks = {}
    for point in points:
        recorder = FakeRecorder()
        at_px = point[0] * DISPLAY.width_px, point[1] * DISPLAY.height_px
        recorder.post(ViewState(0, (), target_px=at_px))
        sides = () if point == unseen else ("left", "right")
        gaze = FakeEyes(recorder, (offset_deg, 0.0), sides).look(0, SECOND_NS)
        looks[point] = Look(gaze, judge_target(gaze, point, 0, SECOND_NS, DISPLAY, 120.0))
    return looks


def validation(looks: dict[Point, Look]) -> Validation:
    judged = [look.quality for look in looks.values()]
    return validation_of(a_sitting(FakeRecorder()), ValidationKind.VALIDATION, judged, 0)


def done(**changes: object) -> Procedure:
    result = CalibrationResult(Eyes.BOTH)
    return replace(Procedure(FIVE, VALIDATION_FOUR, Stage.RESULT, result=result), **changes)  # type: ignore[arg-type]


def test_a_good_result_says_so_and_no_figure_is_marked() -> None:
    found = validation(looks_at(VALIDATION_FOUR))
    said = verdict(found, done())
    assert said.is_good
    assert len(said.sentences) == 1
    assert [figure.words for figure in figures(found.both)] == ["0.50°", "0.00°", "0.00°", "0.00°²", "0 %"]
    assert not any(figure.is_over for figure in figures(found.both))


def test_every_complaint_is_a_sentence_of_its_own() -> None:
    looks = looks_at(VALIDATION_FOUR, offset_deg=2.5, unseen=VALIDATION_FOUR[1])
    said = verdict(validation(looks), done(missed=(FIVE[0], FIVE[3])))
    assert not said.is_good
    assert [sentence[-1] for sentence in said.sentences] == ["."] * len(said.sentences)
    words = " ".join(said.sentences)
    for part in ("° off on average", "No gaze at 1 of 4", "25 % of the samples", "At 2 of 5 calibration"):
        assert part in words
    assert figures(validation(looks).both)[0].is_over


def test_an_eye_that_was_never_seen_has_no_figures() -> None:
    nothing = validation(looks_at(VALIDATION_FOUR[:1], unseen=VALIDATION_FOUR[0]))
    assert [figure.words for figure in figures(nothing.left)] == ["–", "–", "–", "–", "100 %"]


def test_the_history_is_of_validations_before_this_one() -> None:
    now = validation(looks_at(VALIDATION_FOUR))
    before = [validation(looks_at(VALIDATION_FOUR, offset_deg)) for offset_deg in (0.4, 0.8, 0.6)]
    drift = replace(before[0], id="val_drift", kind=ValidationKind.DRIFT)
    blind = validation(looks_at(VALIDATION_FOUR[:1], unseen=VALIDATION_FOUR[0]))
    real = replace(before[1], id="val_real", is_simulated=False)
    errors_deg = history([*before, drift, blind, real, now], now)
    assert errors_deg == pytest.approx([0.4, 0.8, 0.6], abs=0.01)
    assert history_words(errors_deg) == "3 before, median 0.60°"
    assert history_words([]) == "This is the first."


def test_a_history_longer_than_its_room_shows_its_end(qtbot: QtBot, dressed: QApplication) -> None:
    view = HistoryView()
    qtbot.addWidget(view)
    view.resize(200, view.height())

    def pixels_of(tint: str) -> int:
        image, wanted = view.grab().toImage(), QColor(theme.COLOURS[tint])
        columns, rows = range(image.width()), range(image.height())
        return sum(image.pixelColor(x, y) == wanted for x in columns for y in rows)

    view.show_history([0.5] * 100, 0.4)
    assert pixels_of("good") > 10
    assert pixels_of("warning") == 0
    view.show_history([0.5] * 100, 1.4)
    assert pixels_of("warning") > 10


def test_a_target_is_chosen_by_click_and_by_arrow_keys(qtbot: QtBot, dressed: QApplication) -> None:
    looks = looks_at(VALIDATION_NINE)
    judged = tuple(look.quality for look in looks.values())
    picture = ResultPicture()
    qtbot.addWidget(picture)
    picture.resize(960, 568)
    picture.show_result(Shown(DISPLAY, judged, looks, Eyes.BOTH))
    chosen: list[Point] = []
    picture.chosen.connect(chosen.append)
    # 960 x 568 leaves 540 px for a screen of 16:9 above the legend.
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=QPoint(round(0.75 * 960), round(0.8 * 540)))
    for key in (Qt.Key.Key_Left, Qt.Key.Key_Up, Qt.Key.Key_Right, Qt.Key.Key_Right):
        qtbot.keyClick(picture, key)
    assert chosen == [(0.75, 0.8), (0.5, 0.8), (0.5, 0.5), (0.75, 0.5), (0.75, 0.5)]
    qtbot.mouseClick(picture, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert len(chosen) == 5, "a click far from any target chooses none"
    with qtbot.waitSignal(picture.asked):
        qtbot.keyClick(picture, Qt.Key.Key_Return)


def test_arrows_prefer_what_lies_straight_ahead() -> None:
    points = [(0.5, 0.2), (0.2, 0.5), (0.8, 0.5), (0.5, 0.8)]
    assert nearest_along(points, (0.2, 0.5), (1.0, 0.0)) == (0.8, 0.5)
    assert nearest_along(points, (0.5, 0.2), (0.0, 1.0)) == (0.5, 0.8)
    assert nearest_along(points, (0.8, 0.5), (1.0, 0.0)) == (0.8, 0.5)


def test_the_cloud_is_of_one_eye_where_it_was_seen() -> None:
    gaze = looks_at(VALIDATION_FOUR[:1])[VALIDATION_FOUR[0]].gaze
    gaze["left_valid"][:60] = False
    assert len(cloud(gaze, "left")) == len(gaze) - 60
    assert len(cloud(np.repeat(gaze, 50), "right")) <= MOST_DOTS
    assert cloud(gaze[["time_ns"]], "left").shape == (0, 2)


def test_words_and_targets_can_be_read_on_every_ground() -> None:
    def light(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    for grey in range(LEAST_GREY, MOST_GREY + 1):
        ink = QColor(theme.COLOURS[ink_on(grey)]).red()
        dark, bright = sorted([light(grey), light(ink)])
        assert (bright + 0.05) / (dark + 0.05) >= 4.5, grey
