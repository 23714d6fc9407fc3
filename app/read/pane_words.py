"""What stands in the corners of a pane, and how much room that takes."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QDate, QLocale
from PySide6.QtGui import QFontMetricsF

from acquisition.domain import Image, SpacingBasis
from acquisition.hanging import TEXT
from app import theme
from app.read.hanging import view_name
from app.read.painting import LABEL_PX, MARGIN_PX, NAME_PX
from app.read.transform import Size
from app.read.wall import Pane
from app.texts import Text, say

BASES = {
    SpacingBasis.DETECTOR: Text.MM_DETECTOR,
    SpacingBasis.MAGNIFIED: Text.MM_MAGNIFIED,
    SpacingBasis.CALIBRATED: Text.MM_CALIBRATED,
    SpacingBasis.UNKNOWN: Text.MM_UNKNOWN,
}


def corner_words(pane: Pane, study_dates: Sequence[str]) -> tuple[list[str], list[str]]:
    """What stands in the upper and in the lower corner of a pane; the dates of the case, newest first."""
    image, look = pane.image, pane.look
    name = view_name(image) or image.body_part or image.modality
    top = [name, date_words(image, study_dates), notes(image)]
    if image.is_simulated:
        top.append(say(Text.SIMULATED_IMAGE))
    window = look.window
    grey = (
        say(Text.WINDOW_READOUT, width=window.width, center=window.center)
        if window
        else say(Text.WINDOW_OF_FILE)
    )
    if look.is_inverted:
        grey += "  " + say(Text.INVERTED)
    zoom = say(Text.ZOOM, zoom=pane.pose.placement.zoom)
    return [line for line in top if line], [basis_words(image), zoom, grey]


def date_words(image: Image, study_dates: Sequence[str]) -> str:
    """The date of the study, and whether it is prior; nothing where the case has only one."""
    if len(study_dates) < 2:
        return ""
    date = QDate.fromString(image.study_date, "yyyyMMdd")
    words = QLocale().toString(date, "d MMM yyyy") if date.isValid() else say(Text.NO_DATE)
    return words if image.study_date == study_dates[0] else say(Text.PRIOR, date=words)


def notes(image: Image) -> str:
    """What cannot be seen in the picture: a name that is as sure as some text is, and what was turned."""
    from_text = {
        (True, True): Text.NAME_FROM_TEXT,
        (True, False): Text.SIDE_FROM_TEXT,
        (False, True): Text.VIEW_FROM_TEXT,
    }.get((image.laterality_from == TEXT, image.view_from == TEXT))
    turned = {
        (True, True): Text.TURNED,
        (True, False): Text.MIRRORED,
        (False, True): Text.UPSIDE_DOWN,
    }.get((image.flip_to_hang, image.is_upside_down))
    return "  ".join(say(text) for text in (from_text, turned) if text is not None)


def basis_words(image: Image) -> str:
    """What the size of the image is measured by."""
    return say(Text.NO_MM if image.spacing_mm is None else BASES[image.spacing_basis])


def words_px(scale: float) -> Size:
    """What a corner with usual words takes of a pane, in device px."""
    small, large = (QFontMetricsF(theme.font(round(size * scale))) for size in (LABEL_PX, NAME_PX))
    usual = (*map(say, BASES.values()), say(Text.WINDOW_READOUT, width=65535, center=65535))
    margin = MARGIN_PX * scale
    width = max(map(small.horizontalAdvance, usual)) + 3 * margin
    return width, large.height() + 2 * small.height() + 2 * margin
