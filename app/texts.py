"""Every text of the workstation, in one catalogue.

`say(Text.NAME, ...)` looks the sentence up in the installed translation (context `gazeroom`) when it
is shown, then fills in the values; without a translation it is the English below.
"""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QCoreApplication

CONTEXT = "gazeroom"


class Text(StrEnum):
    """What the workstation says, in English."""

    LANGUAGE = "en"
    """Of this catalogue: a translation puts its own code in."""
    APPLICATION = "Gazeroom"
    RESEARCH_ONLY = "Research use only"
    SIMULATED_SOURCE = "Simulated source"
    SIMULATED_IMAGE = "Simulated image"
    ROOM_READ = "Read"
    ROOM_LEARN = "Learn"

    WHO_READS = "Who is reading?"
    WHO_READS_HINT = "Pick your pseudonym or type a new one, such as R-07."
    PSEUDONYM = "Pseudonym"
    START = "Start reading"
    CANCEL = "Cancel"
    STARTING = "Opening the gaze source …"
    CONSENT = (
        "While you read, Gazeroom stores where you look (source: {source}), what the screen shows, your "
        "marks and your assessment, under your pseudonym, for research on how experts read images. You can "
        "pause at any time with P. By pressing Start you agree."
    )
    CONSENT_NONE = (
        "No gaze is recorded: Gazeroom runs without a gaze source. What the screen shows, your marks and "
        "your assessment are stored under your pseudonym."
    )
    NO_CASES = "There are no cases in this store yet."
    NO_CASES_NEXT = "Close the window and bring images in:  gazeroom import FOLDER"

    READER = "Reader {pseudonym}"
    DONE_OF = "{done} of {total} read"
    END_SESSION = "End session"
    COLUMN_CASE = "Case"
    COLUMN_IMAGES = "Images"
    COLUMN_BIRADS = "BI-RADS"
    COLUMN_STATE = "State"
    STATE_NEW = "new"
    STATE_DRAFT = "draft"
    STATE_DONE = "done"
    NO_VALUE = "–"
    IS_SIMULATED = "simulated"

    FINDINGS = "Findings"
    FINDING = "{number}  {label}  {view}"
    NO_FINDINGS = "No marks. D, then drag a box around a finding."
    MASS = "mass"
    CALCIFICATION = "calcification"
    ASYMMETRY = "asymmetry"
    DISTORTION = "distortion"
    OTHER = "other"
    BIRADS = "BI-RADS"
    NOTE = "Note"
    COMMIT = "Commit and next"
    CHOOSE_BIRADS = "Choose a BI-RADS category first: Ctrl+0 to Ctrl+6, or click one."
    ALL_READ = "All cases are read."
    ALL_READ_NEXT = "Open one again from the worklist, or end the session."

    STORING = "storing gaze – {quality}"
    NOT_RECORDED = "gaze not recorded"
    PAUSED = "paused – gaze not stored"
    PAUSED_TITLE = "Paused"
    PAUSED_NEXT = "No gaze is stored and the images are covered. Press P to go on."
    RECORDING_FAILED = "gaze not stored: {reason}"
    GOOD = "good"
    FAIR = "fair"
    POOR = "poor"

    LOADING = "Loading image …"
    WINDOW_READOUT = "W {width:.0f}  L {center:.0f}"
    WINDOW_OF_FILE = "default window"
    INVERTED = "inverted"
    ZOOM = "{zoom:.2f}x"

    TOOL_MARK = "Mark findings"
    TOOL_INVERT = "Invert the grey scale"
    TOOL_FIT = "Fit and reset all"
    TOOL_ACTUAL = "One image pixel per screen pixel"
    TOOL_UNDO = "Undo mark"
    TOOL_REDO = "Redo mark"
    TOOL_DELETE = "Delete the selected mark"
    TOOL_PAUSE = "Pause recording"
    TOOL_RESUME = "Resume recording"
    TOOL_PREVIOUS = "Previous case"
    TOOL_NEXT = "Next case"
    TOOL_PANEL = "Side panel"
    TOOL_KEYS = "Keys"
    TOOLTIP = "{name}  ({keys})"

    KEYS_TITLE = "Keys and mouse"
    KEYS_CLOSE = "? or Esc closes this page"
    KEYS_IMAGE = "Image"
    KEYS_FINDINGS = "Findings"
    KEYS_CASE = "Case"
    KEYS_ROOM = "Room"
    MOUSE_DRAG = "Left or right drag"
    MOUSE_WHEEL = "Wheel"
    MOUSE_PAN = "Middle drag, Space + drag"
    MOUSE_DOUBLE = "Double click"
    MOUSE_DRAG_MARKING = "Left drag"
    MOUSE_CLICK = "Click"
    KEYS_BIRADS = "Ctrl+0 … Ctrl+6"
    KEY_WINDOW = "Window: right is wider, up is brighter"
    KEY_ZOOM = "Zoom at the pointer"
    KEY_PAN = "Move the image"
    KEY_ALONE = "One image over the whole room, and back"
    KEY_SELECT = "Select a mark"
    KEY_DRAW = "Draw a box while marking; the right button still windows"
    KEY_BIRADS = "BI-RADS category"
    KEY_COMMIT = "Commit and go on to the next unread case"
    KEY_COMMIT_NOTE = "The same from within the note"
    KEY_LEAVE = "Stop marking; back from the note or from one image"
    KEY_OPERATOR = "Operator panel: gaze quality in numbers"

    LEARN_BUILD = "Build pretraining set"
    LEARN_PRETRAIN = "Pretrain and evaluate"
    LEARN_READINGS = "Readings"
    LEARN_NO_READINGS = "No readings yet. Read a case in the Read room: it appears here."
    LEARN_JOBS = "Jobs"
    LEARN_NO_JOBS = "No jobs yet. The button above queues the first one."
    LEARN_CANCEL = "Cancel job"
    LEARN_REPORT = "Open report"
    COLUMN_READER = "Reader"
    COLUMN_SAMPLES = "Samples"
    COLUMN_LOST = "Gaze lost"
    COLUMN_GAZE = "Gaze"
    COLUMN_JOB = "Job"
    COLUMN_PROGRESS = "Progress"
    COLUMN_DOING = "Doing"

    OPERATOR = "Operator"
    OPERATOR_SOURCE = "Source"
    OPERATOR_STATE = "State"
    OPERATOR_RATE = "Rate"
    OPERATOR_LOSS = "Lost, last 5 s"
    HERTZ = "{value:.0f} Hz"
    PERCENT = "{value:.1f} %"
    MILLISECONDS = "{value:.0f} ms"
    OPERATOR_SAMPLES = "Samples stored"
    OPERATOR_AGE = "Newest sample"
    OPERATOR_MESSAGE = "Message"


LABELS = (Text.MASS, Text.CALCIFICATION, Text.ASYMMETRY, Text.DISTORTION, Text.OTHER)
"""What a mark can be called; the English word is what is stored."""


def say(text: Text, **values: object) -> str:
    """The text in the language of the application, with its values."""
    return QCoreApplication.translate(CONTEXT, text.value).format(**values)
