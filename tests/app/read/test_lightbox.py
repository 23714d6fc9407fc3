"""The light box: what it paints, what the mouse does, what it tells."""

from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PySide6.QtCore import QEvent, QPoint, QPointF, QRect, Qt
from PySide6.QtGui import QImage, QWheelEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from reading_fakes import FOUR_VIEWS, Film, an_image, ramp

from acquisition.clock import VirtualClock
from acquisition.domain import Annotation, Image, MarkKind, ViewState
from acquisition.geometry import apply
from acquisition.shapes import bounds
from app.read.decoding import LoadedImage
from app.read.lightbox import LightBox
from app.read.pyramid import build_pyramid
from app.read.transform import Anchor
from app.read.wall import Pane
from app.read.windowing import Window

SIZE = (802, 602)
LEFT, RIGHT, MIDDLE = Qt.MouseButton.LeftButton, Qt.MouseButton.RightButton, Qt.MouseButton.MiddleButton
NONE = Qt.KeyboardModifier.NoModifier


class Told:
    """Everything that a light box says."""

    def __init__(self, box: LightBox) -> None:
        self.views: list[ViewState] = []
        self.boxes: list[tuple[str, tuple[float, ...]]] = []
        self.chosen: list[str] = []
        box.painted.connect(self.views.append)
        box.mark_drawn.connect(lambda image_id, _, points: self.boxes.append((image_id, bounds(points))))
        box.mark_chosen.connect(self.chosen.append)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def lightbox(qtbot: QtBot, clock: VirtualClock, dressed: QApplication) -> LightBox:
    box = LightBox(clock)
    qtbot.addWidget(box)
    box.resize(*SIZE)
    box.show()
    qtbot.waitExposed(box)
    return box


@pytest.fixture
def told(lightbox: LightBox) -> Told:
    return Told(lightbox)


def film(image: Image, pixels: NDArray[np.uint16] | None = None) -> LoadedImage:
    decoded = Film(ramp(image.width_px, image.height_px) if pixels is None else pixels)
    return LoadedImage(image.id, build_pyramid(decoded.pixels), Window(*decoded.default_window), decoded)


def hang(box: LightBox, *names: str, **changes: object) -> list[Image]:
    images = [an_image(name, **changes) for name in names]
    box.hang(images)
    for image in images:
        box.show_image(film(image))
    box.grab()
    return images


def the(box: LightBox, image: Image) -> Pane:
    return next(pane for pane in box.panes if pane.image.id == image.id)


def on_screen(pane: Pane, x_image_px: float, y_image_px: float) -> QPoint:
    x, y = pane.pose.placement.to_pane(x_image_px, y_image_px)
    return QPoint(round(pane.pose.box_px[0] + x), round(pane.pose.box_px[1] + y))


def drag(
    qtbot: QtBot, box: QWidget, button: Qt.MouseButton, start: QPoint, by: tuple[int, int], steps: int = 2
) -> None:
    qtbot.mousePress(box, button, NONE, start)
    for i in range(1, steps + 1):
        qtbot.mouseMove(box, start + QPoint(by[0] * i // steps, by[1] * i // steps))
    qtbot.mouseRelease(box, button, NONE, start + QPoint(*by))


def wheel(box: LightBox, at: QPoint, notches: int) -> None:
    QApplication.sendEvent(
        box,
        QWheelEvent(
            QPointF(at),
            QPointF(box.mapToGlobal(at)),
            QPoint(),
            QPoint(0, 120 * notches),
            Qt.MouseButton.NoButton,
            NONE,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        ),
    )


def grey(box: LightBox) -> NDArray[np.uint8]:
    image = box.grab().toImage().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


def test_nothing_hangs_on_black(lightbox: LightBox) -> None:
    assert (grey(lightbox) == 0).all()
    assert lightbox.is_complete


def test_actual_size_paints_the_stored_pixels_through_the_table(qtbot: QtBot, lightbox: LightBox) -> None:
    rng = np.random.default_rng(1)
    image = an_image("R CC", size_px=(1500, 1400), flip_to_hang=False, box_px=(0, 0, 1500, 1400))
    pixels = rng.integers(0, 4096, (1400, 1500), dtype=np.uint16)
    lightbox.hang([image])
    lightbox.show_image(film(image, pixels))
    qtbot.mouseMove(lightbox, QPoint(400, 300))
    lightbox.actual_size()
    shown = grey(lightbox)
    placement = the(lightbox, image).pose.placement
    column, row = (round(-value) for value in (placement.x_px, placement.y_px))
    expected = Film(pixels).lut()[pixels[row : row + SIZE[1], column : column + SIZE[0]]]
    words_px = 60
    np.testing.assert_array_equal(shown[words_px:-words_px], expected[words_px:-words_px])


def test_chest_walls_meet_in_the_middle(lightbox: LightBox) -> None:
    pixels = np.full((1000, 600), 4095, np.uint16)
    images = [an_image(name) for name in FOUR_VIEWS]
    lightbox.hang(images)
    for image in images:
        lightbox.show_image(film(image, pixels))
    shown = grey(lightbox)
    middle = SIZE[0] // 2
    for row in (150, 450):
        assert (shown[row, middle - 60 : middle - 2] > 250).all()
        assert (shown[row, middle + 2 : middle + 60] > 250).all()


def test_a_mirrored_image_is_painted_mirrored(lightbox: LightBox) -> None:
    [image] = hang(lightbox, "R CC", size_px=(800, 600))
    row = grey(lightbox)[300].astype(int)
    assert row[50] > row[400] > row[750]
    assert the(lightbox, image).pose.placement.is_flipped


def test_an_image_that_is_upside_down_is_painted_the_other_way_up(lightbox: LightBox) -> None:
    lightbox.hang([image := an_image("L CC", box_px=(0, 0, 600, 900), is_upside_down=True)])
    lightbox.show_image(film(image, np.ascontiguousarray(ramp(1000, 600).T)))
    pane, column = the(lightbox, image), grey(lightbox)[:, 100].astype(int)
    assert column[80] > column[300] > column[520]
    _, y = pane.pose.placement.to_pane(300, 1000)
    assert y == pytest.approx(-(100 - 0.02 * 900) * pane.pose.placement.zoom, abs=1)


@pytest.mark.parametrize("flips", [{"flip_to_hang": True}, {"is_upside_down": True}])
def test_pixels_that_are_no_squares_make_a_round_disc_round(
    lightbox: LightBox, told: Told, flips: dict[str, bool]
) -> None:
    """And the view state leads from its middle on the screen to its middle in the image."""
    whole = (0, 0, 500, 900)
    image = an_image("L CC", size_px=whole[2:], box_px=whole, spacing_mm=(0.1, 0.2), modality="CR", **flips)
    rows, columns = np.mgrid[0:900, 0:500]
    disc = ((rows - 420) * 0.1) ** 2 + ((columns - 160) * 0.2) ** 2 < 15**2
    lightbox.hang([image])
    lightbox.show_image(film(image, np.where(disc, 4095, 0).astype(np.uint16)))
    lit_rows, lit_columns = np.nonzero(grey(lightbox) > 250)
    assert np.ptp(lit_rows) == pytest.approx(np.ptp(lit_columns), abs=2)
    corner = lightbox.mapToGlobal(QPoint(0, 0)) - lightbox.screen().geometry().topLeft()
    middle = [[lit_columns.mean() + corner.x() + 0.5, lit_rows.mean() + corner.y() + 0.5]]
    found = apply(told.views[-1].panels[0].screen_to_image, np.array(middle))
    assert found[0] == pytest.approx((160, 420), abs=1.5)


def test_stages_are_stepped_through_and_told(lightbox: LightBox, told: Told) -> None:
    shown: list[tuple[int, int]] = []
    lightbox.stage_shown.connect(lambda *stage: shown.append(stage))
    images = hang(lightbox, *FOUR_VIEWS)
    lightbox.step_stage(1)
    lightbox.grab()
    lightbox.step_stage(-1)
    lightbox.step_stage(-1)
    lightbox.grab()
    assert shown == [(0, 7), (1, 7), (0, 7)]
    assert [(view.layout, len(view.panels)) for view in told.views[-2:]] == [("pair CC", 2), ("four-view", 4)]
    assert [panel.image_id for panel in told.views[-2].panels] == [image.id for image in images[:2]]


def test_the_view_told_of_every_stage_is_where_its_pixels_are(lightbox: LightBox, told: Told) -> None:
    """A bright spot in each image is found on the screen where the view state puts it."""
    images = [an_image(name, spacing_mm=(0.1, 0.1)) for name in FOUR_VIEWS]
    lightbox.hang(images)
    for image in images:
        pixels = np.zeros((1000, 600), np.uint16)
        pixels[480:520, 200:240] = 4095
        lightbox.show_image(film(image, pixels))
    corner = lightbox.mapToGlobal(QPoint(0, 0)) - lightbox.screen().geometry().topLeft()
    for _ in range(7):
        screen, view = grey(lightbox), told.views[-1]
        assert len(view.panels) == len(lightbox.panes)
        for panel in view.panels:
            x, y, width, height = (round(value) for value in panel.rect_px)
            pane = screen[y - corner.y() :, x - corner.x() :][60 : height - 70, :width]
            rows, columns = np.nonzero(pane > 250)
            found = apply(panel.screen_to_image, np.array([[columns.mean() + x, rows.mean() + y + 60]]))
            assert found[0] == pytest.approx((220, 500), abs=4)
        lightbox.step_stage(1)


def test_where_nothing_hangs_is_as_black_as_a_pane(lightbox: LightBox) -> None:
    hang(lightbox, "R CC", "L CC", "R MLO")
    assert (grey(lightbox)[320:590, 420:790] == 0).all()


@pytest.mark.parametrize(("name", "columns"), [("R CC", np.s_[:150]), ("L CC", np.s_[-150:])])
def test_words_stand_away_from_the_chest_wall(lightbox: LightBox, name: str, columns: slice) -> None:
    lightbox.hang([image := an_image(name)])
    lightbox.show_image(film(image, np.zeros((1000, 600), np.uint16)))
    lit = grey(lightbox) > 60
    assert lit[:, columns].any()
    lit[:, columns] = False
    assert not lit.any()


@pytest.mark.parametrize("width", [320, 420])
def test_words_stay_within_narrow_panes(lightbox: LightBox, width: int) -> None:
    lightbox.resize(width, 600)
    images = [
        an_image(name, f"case {date}", study_date=date, is_simulated=True)
        for date in ("20240723", "20210312")
        for name in ("R CC", "L CC")
    ]
    lightbox.hang(images)
    lightbox.step_stage(1)
    for image in images:
        lightbox.show_image(film(image, np.zeros((1000, 600), np.uint16)))
    shown = grey(lightbox)
    for pane in lightbox.panes:
        x, y, pane_width, _ = map(round, pane.pose.box_px)
        edge = x + (pane_width - 3 if pane.words_at is Anchor.LEFT else 0)
        assert (shown[y : y + 100, edge : edge + 3] == 0).all(), "words end before the pane does"


def test_inverting_swaps_black_and_white(lightbox: LightBox) -> None:
    hang(lightbox, "L CC", size_px=(800, 600), box_px=(0, 0, 800, 600), modality="CR")
    before = grey(lightbox)[300].astype(int)
    lightbox.invert()
    after = grey(lightbox)[300].astype(int)
    np.testing.assert_allclose(before[10:-10] + after[10:-10], 255, atol=2)


@pytest.mark.parametrize("button", [LEFT, RIGHT])
def test_a_drag_windows(qtbot: QtBot, lightbox: LightBox, button: Qt.MouseButton) -> None:
    images = hang(lightbox, *FOUR_VIEWS)
    drag(qtbot, lightbox, button, QPoint(200, 150), (64, -32))
    step = 4096 / 1024
    assert the(lightbox, images[0]).look.window == Window(2048 - 32 * step, 4096 + 64 * step)
    assert the(lightbox, images[1]).look.window is None


def test_a_click_does_not_window_and_chooses_the_smallest_mark(
    qtbot: QtBot, lightbox: LightBox, told: Told
) -> None:
    [image] = hang(lightbox, "L CC")
    marks = [
        Annotation("large", "r", image.id, MarkKind.RECTANGLE, ((100, 100), (500, 900)), "mass", 1),
        Annotation("small", "r", image.id, MarkKind.RECTANGLE, ((300, 600), (200, 500)), "mass", 2),
    ]
    lightbox.show_marks(marks, "")
    for x, y in ((250, 550), (450, 150), (50, 50)):
        qtbot.mouseClick(lightbox, LEFT, NONE, on_screen(the(lightbox, image), x, y))
    assert told.chosen == ["small", "large", ""]
    assert the(lightbox, image).look.window is None


def test_the_wheel_zooms_at_the_pointer(lightbox: LightBox) -> None:
    [image] = hang(lightbox, "L CC")
    at = QPoint(350, 200)
    before = the(lightbox, image)
    under = before.pose.placement.to_image(*before.inside(at.x(), at.y()))
    wheel(lightbox, at, 3)
    after = the(lightbox, image)
    assert after.pose.placement.zoom == pytest.approx(before.pose.placement.zoom * 1.2**3)
    assert after.pose.placement.to_image(*after.inside(at.x(), at.y())) == pytest.approx(under)
    wheel(lightbox, at, -3)
    assert the(lightbox, image).pose.placement.zoom == pytest.approx(before.pose.placement.zoom)


def test_the_middle_button_and_space_move_the_image(qtbot: QtBot, lightbox: LightBox) -> None:
    [image] = hang(lightbox, "L CC")
    x, y = the(lightbox, image).pose.placement.x_px, the(lightbox, image).pose.placement.y_px
    drag(qtbot, lightbox, MIDDLE, QPoint(400, 300), (30, 10))
    qtbot.keyPress(lightbox, Qt.Key.Key_Space)
    drag(qtbot, lightbox, LEFT, QPoint(400, 300), (-10, 20))
    qtbot.keyRelease(lightbox, Qt.Key.Key_Space)
    moved = the(lightbox, image)
    assert (moved.pose.placement.x_px, moved.pose.placement.y_px) == (x + 20, y + 30)
    assert moved.look.window is None


def test_a_double_click_gives_one_image_the_room_and_brings_the_case_back(
    qtbot: QtBot, lightbox: LightBox
) -> None:
    images = hang(lightbox, *FOUR_VIEWS)
    qtbot.mouseDClick(lightbox, LEFT, NONE, QPoint(600, 150))
    assert [pane.image.id for pane in lightbox.panes] == [images[1].id]
    qtbot.mouseDClick(lightbox, LEFT, NONE, QPoint(600, 150))
    assert len(lightbox.panes) == 4


def test_marking_draws_a_box_in_image_px_while_the_right_button_windows(
    qtbot: QtBot, lightbox: LightBox, told: Told
) -> None:
    [image] = hang(lightbox, "R CC")
    lightbox.take_tool(MarkKind.RECTANGLE)
    pane = the(lightbox, image)
    start, end = on_screen(pane, 400, 300), on_screen(pane, 300, 500)
    drag(qtbot, lightbox, LEFT, start, (end.x() - start.x(), end.y() - start.y()))
    [(image_id, box)] = told.boxes
    assert image_id == image.id
    assert box == pytest.approx((300, 300, 100, 200), abs=2 / pane.pose.placement.zoom)
    drag(qtbot, lightbox, RIGHT, start, (40, 0))
    assert the(lightbox, image).look.window is not None
    assert len(told.boxes) == 1


def test_a_box_ends_at_the_edge_of_its_image_and_a_click_draws_none(
    qtbot: QtBot, lightbox: LightBox, told: Told
) -> None:
    [image] = hang(lightbox, "L CC")
    lightbox.take_tool(MarkKind.RECTANGLE)
    start = on_screen(the(lightbox, image), 500, 900)
    drag(qtbot, lightbox, LEFT, start, (300, 200))
    qtbot.mouseClick(lightbox, LEFT, NONE, start)
    [(_, (x, y, width, height))] = told.boxes
    assert (x + width, y + height) == (600, 1000)


def test_a_mark_is_painted_on_its_image_alone(lightbox: LightBox) -> None:
    _, left = hang(lightbox, "R CC", "L CC")
    before = grey(lightbox)
    mark = Annotation("m", "r", left.id, MarkKind.RECTANGLE, ((100, 100), (300, 400)), "mass", 1)
    lightbox.show_marks([mark], "m")
    changed = np.argwhere(grey(lightbox) != before)
    box = the(lightbox, left).pose.box_px
    assert len(changed) > 100
    assert changed[:, 1].min() >= box[0]


def test_a_view_is_told_from_paint_and_only_when_it_changed(
    qtbot: QtBot, lightbox: LightBox, told: Told, clock: VirtualClock
) -> None:
    [image] = hang(lightbox, "R CC")
    n_before = len(told.views)
    lightbox.repaint()
    lightbox.repaint()
    assert len(told.views) == n_before
    clock.advance(1.5)
    drag(qtbot, lightbox, LEFT, QPoint(500, 300), (20, 0), steps=8)
    assert len(told.views) == n_before, "a mouse move alone tells nothing"
    lightbox.repaint()
    assert len(told.views) == n_before + 1, "eight moves are one frame"
    view = told.views[-1]
    assert view.host_time_ns == clock.now_ns()
    assert view.layout == "single"
    [panel] = view.panels
    assert panel.image_id == image.id
    assert panel.window_width == 4096 + 20 * 4


def test_a_view_says_what_the_left_button_does(lightbox: LightBox, told: Told) -> None:
    hang(lightbox, "R CC")
    lightbox.take_tool(MarkKind.ELLIPSE)
    lightbox.repaint()
    lightbox.take_tool(None)
    lightbox.repaint()
    assert [view.tool for view in told.views[-3:]] == ["", "ellipse", ""]
    lightbox.hide()
    assert told.views[-1].panels == ()
    assert told.views[-1].tool == ""


def test_the_same_picture_is_told_again_for_another_reading(lightbox: LightBox, told: Told) -> None:
    hang(lightbox, "R CC")
    first = told.views[-1]
    hang(lightbox, "R CC")
    again = told.views[-1]
    assert again is not first
    assert again.panels == first.panels


def test_a_view_says_where_on_the_display_each_image_point_is(lightbox: LightBox, told: Told) -> None:
    images = hang(lightbox, *FOUR_VIEWS)
    corner = lightbox.mapToGlobal(QPoint(0, 0)) - lightbox.screen().geometry().topLeft()
    for panel, image in zip(told.views[-1].panels, images, strict=True):
        seen = on_screen(the(lightbox, image), 200, 300) + corner
        assert apply(panel.screen_to_image, np.array([[seen.x(), seen.y()]]))[0] == pytest.approx(
            (200, 300), abs=1 / the(lightbox, image).pose.placement.zoom
        )


def test_a_moved_window_and_a_hidden_one_are_told(qtbot: QtBot, lightbox: LightBox, told: Told) -> None:
    hang(lightbox, "R CC")
    x = told.views[-1].panels[0].rect_px[0]
    lightbox.move(lightbox.pos() + QPoint(15, 0))
    qtbot.waitUntil(lambda: told.views[-1].panels[0].rect_px[0] == x + 15)
    lightbox.hide()
    assert told.views[-1].panels == ()


def test_an_image_on_its_way_is_announced_after_a_while(qtbot: QtBot, lightbox: LightBox) -> None:
    lightbox.hang([an_image("R CC")])
    at_once = grey(lightbox)
    assert not lightbox.is_complete
    centre = np.s_[250:350, 250:550]
    assert (at_once[centre] == 0).all()
    qtbot.waitUntil(lambda: bool((grey(lightbox)[centre] > 0).any()))


def test_a_refused_image_says_why_in_its_pane(lightbox: LightBox, told: Told) -> None:
    image = an_image("R CC")
    lightbox.hang([image])
    lightbox.show_refusal(image.id, "R CC.dcm: the file was changed after its import.")
    assert (grey(lightbox)[250:350, 250:550] > 100).any()
    assert lightbox.is_complete
    assert told.views[-1].panels == ()


def test_a_fast_mouse_asks_for_no_work_before_the_next_frame(
    qtbot: QtBot, lightbox: LightBox, monkeypatch: pytest.MonkeyPatch
) -> None:
    hang(lightbox, "R CC")
    tables: list[object] = []
    original: Callable[..., NDArray[np.uint8]] = LoadedImage.table

    def counted(self: LoadedImage, *args: object) -> NDArray[np.uint8]:
        tables.append(args)
        return original(self, *args)

    monkeypatch.setattr(LoadedImage, "table", counted)
    drag(qtbot, lightbox, LEFT, QPoint(500, 300), (50, 50), steps=50)
    assert tables == []
    lightbox.repaint()
    assert len(tables) == 1


def on_the_screen(box: LightBox) -> NDArray[np.uint8]:
    """What repaints of parts have left there."""
    QApplication.sendPostedEvents(box, QEvent.Type.UpdateRequest)
    image = box.backingStore().paintDevice().convertToFormat(QImage.Format.Format_Grayscale8)
    rows = np.frombuffer(image.constBits(), np.uint8).reshape(image.height(), image.bytesPerLine())
    return rows[:, : image.width()].copy()


@pytest.mark.parametrize("tool", [None, MarkKind.ELLIPSE, MarkKind.LENGTH, MarkKind.FREEHAND])
def test_repainting_no_more_than_a_mark_leaves_nothing_behind(
    qtbot: QtBot, lightbox: LightBox, tool: MarkKind | None
) -> None:
    [image, _] = hang(lightbox, "R CC", "L CC", spacing_mm=(0.1, 0.1))
    pane = the(lightbox, image)
    marks = [
        Annotation("m", "r", image.id, MarkKind.RECTANGLE, ((300, 300), (500, 600)), "calcification", 1),
        Annotation("n", "r", image.id, MarkKind.ELLIPSE, ((350, 200), (450, 700)), "mass", 1),
    ]
    lightbox.show_marks(marks, "m")
    lightbox.take_tool(tool)
    corner = on_screen(pane, 500, 600)
    painted: list[QRect] = []
    original = lightbox.paintEvent
    lightbox.paintEvent = lambda event: (painted.append(event.rect()), original(event))
    qtbot.mousePress(lightbox, LEFT, NONE, corner)
    for x, y in ((9, 9), (60, 50), (90, -150), (-200, -250), (150, 90), (-20, 10)):
        qtbot.mouseMove(lightbox, corner + QPoint(x, y))
        np.testing.assert_array_equal(on_the_screen(lightbox), grey(lightbox))
    assert any(rect.width() < pane.size_px[0] and rect.height() < pane.size_px[1] for rect in painted)
    qtbot.mouseRelease(lightbox, LEFT, NONE, corner)
    np.testing.assert_array_equal(on_the_screen(lightbox), grey(lightbox))


def test_a_mark_in_the_hand_is_painted_over_the_same_image(qtbot: QtBot, lightbox: LightBox) -> None:
    [image] = hang(lightbox, "L CC")
    mark = Annotation("m", "r", image.id, MarkKind.RECTANGLE, ((100, 300), (300, 600)), "mass", 1)
    lightbox.show_marks([mark], "m")
    still = grey(lightbox)
    corner = on_screen(the(lightbox, image), 300, 600)
    qtbot.mousePress(lightbox, LEFT, NONE, corner)
    np.testing.assert_array_equal(grey(lightbox), still)
    qtbot.mouseMove(lightbox, corner + QPoint(30, 30))
    bent = grey(lightbox)
    changed = np.argwhere(bent != still)
    assert len(changed) > 50
    lightbox.invert()
    inverted = grey(lightbox)
    assert (inverted[550:590, 20:60] != bent[550:590, 20:60]).any(), "what changes below is seen"
    lightbox.invert()
    qtbot.mouseRelease(lightbox, LEFT, NONE, corner + QPoint(30, 30))
    np.testing.assert_array_equal(grey(lightbox), still)
