"""The words of Gazeroom as frozen types.

Frames: *image px* are continuous pixel coordinates of one shown frame, (0, 0) the outer corner of
the top left pixel, so that pixel (i, j) covers [j, j + 1) x [i, i + 1). *Display px* are physical
pixels of the display under the tracker, (0, 0) its top left corner. *Host time* is
`time.perf_counter_ns` (or the virtual clock that stands in for it).
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Affine = tuple[float, float, float, float, float, float]
"""(a, b, c, d, e, f): x' = a x + b y + c, y' = d x + e y + f."""

Box = tuple[float, float, float, float]
"""(x, y, width, height)."""

IDENTITY: Affine = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0)


def opening_frame(n_frames: int) -> int:
    """With which a stack is opened: the one in the middle, where there is most to see."""
    return n_frames // 2


def new_id(prefix: str) -> str:
    """A fresh identifier such as `ses_3f…`, unique over all stores."""
    return f"{prefix}_{uuid.uuid4().hex}"


class Laterality(StrEnum):
    """The side of the body that an image shows."""

    RIGHT = "R"
    LEFT = "L"
    BOTH = "B"
    UNKNOWN = ""


class SpacingBasis(StrEnum):
    """What the millimetres of an image are measured by (PS3.3 10.7.1)."""

    DETECTOR = "detector"
    """At the detector or on the film: larger than the body."""
    MAGNIFIED = "magnified"
    """In the body, by the magnification that the file estimates."""
    CALIBRATED = "calibrated"
    """In the body, by an object of known size or by geometry."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Case:
    """What one reading reads: a study, a folder or a patient, as the import grouped it."""

    id: str
    title: str
    patient_key: str
    order: int = 0
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class Image:
    """One shown frame of one SOP instance; the file stays where it is."""

    id: str
    case_id: str
    path: str
    sha256: str
    size_bytes: int
    sop_instance_uid: str
    study_instance_uid: str
    frame: int
    width_px: int
    height_px: int
    modality: str
    laterality: Laterality
    view: str
    """CC, MLO, ML, LM, ... in upper case; empty where unknown."""
    flip_to_hang: bool
    """True where the pixels must be mirrored left-right to hang with the chest wall on the inside."""
    box_px: Box
    """The breast (or exposed) part of the image."""
    spacing_mm: tuple[float, float] | None = None
    """(row, column) spacing; None where the file has none."""
    is_simulated: bool = False
    spacing_basis: SpacingBasis = SpacingBasis.UNKNOWN
    is_upside_down: bool = False
    """True where the pixels must also be mirrored top-bottom to hang."""
    n_frames: int = 1
    """Of the file, of which this is one."""
    study_date: str = ""
    """YYYYMMDD; tells current from prior images of a case."""
    body_part: str = ""
    """BREAST, CHEST, KNEE, ... in upper case; empty where unknown."""
    view_modifiers: tuple[str, ...] = ()
    """M, S, ID, ...: see `acquisition.view_codes`."""
    laterality_from: str = ""
    """The attribute that named the side, or `text`."""
    view_from: str = ""
    """The attribute that named the view, or `text`."""
    pixel_aspect: float = 1.0
    """Height of a pixel over its width, for images whose spacing is unknown."""

    @property
    def pixel_shape(self) -> tuple[float, float]:
        """(height, width) of a pixel, in mm where the spacing is known and in any unit else."""
        return self.spacing_mm or (self.pixel_aspect, 1.0)

    @property
    def opening_frame(self) -> int:
        """The frame of the file that is shown first."""
        return opening_frame(self.n_frames) if self.n_frames > 1 else self.frame


@dataclass(frozen=True, slots=True)
class Label:
    """Imported truth about an image or a case; never a reader's own assessment."""

    subject_id: str
    """Image id or case id."""
    name: str
    value: str
    origin: str
    """Where the label came from, for instance the name of the CSV file."""


@dataclass(frozen=True, slots=True)
class Reader:
    """A pseudonymous radiologist. The name never leaves the store."""

    id: str
    pseudonym: str
    name: str = ""
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class Display:
    """The screen under the tracker and the distance it is read from."""

    width_px: int
    height_px: int
    width_mm: float
    height_mm: float
    distance_mm: float = 650.0
    scale: float = 1.0
    """Physical px a logical px of the desktop."""
    name: str = ""
    """What the desktop calls it: connector or model."""


class SessionState(StrEnum):
    """Where a recording file is in its life."""

    RECORDING = "recording"
    SEALED = "sealed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Session:
    """One sitting: one reader, one tracker, one screen geometry."""

    id: str
    reader_id: str
    reader_pseudonym: str
    source_name: str
    is_simulated: bool
    display: Display
    opened_utc: str
    """ISO 8601 wall clock, for people."""
    opened_host_time_ns: int
    state: SessionState = SessionState.RECORDING
    n_samples: int = 0
    sha256: str = ""
    """Hash of the sealed recording file; empty until sealed."""


class ReadingState(StrEnum):
    """Where a reading is: a draft can be taken up again."""

    OPEN = "open"
    COMMITTED = "committed"
    INTERRUPTED = "interrupted"


@dataclass(frozen=True, slots=True)
class Reading:
    """One reader reading one case, from opening to commit."""

    id: str
    session_id: str
    reader_id: str
    case_id: str
    opened_host_time_ns: int
    closed_host_time_ns: int | None = None
    state: ReadingState = ReadingState.OPEN
    n_samples: int = 0
    loss: float | None = None
    """Fraction of the expected samples without usable gaze, 0 to 1; None until known."""
    is_simulated: bool = False
    longest_gap_s: float | None = None
    """The longest stretch without usable gaze that was no pause; None until known."""


@dataclass(frozen=True, slots=True)
class Panel:
    """One image pane as it was painted."""

    image_id: str
    rect_px: Box
    """The pane on the display, in display px."""
    screen_to_image: Affine
    """Display px to image px."""
    window_center: float | None = None
    window_width: float | None = None
    lut_name: str = ""
    is_inverted: bool = False
    has_overlays: bool = False
    """Whether the bit planes of the file lie over its image."""
    frame: int = 0
    """Which frame of the file was painted, from 0."""


@dataclass(frozen=True, slots=True)
class ViewState:
    """What was on the screen from `host_time_ns` on, stamped when painted."""

    host_time_ns: int
    panels: tuple[Panel, ...]
    layout: str = ""
    reading_id: str = ""
    target_px: tuple[float, float] | None = None
    """Where a fixation target was painted, in display px; None without one."""
    tool: str = ""
    """What the left button draws, a `MarkKind`; empty where it windows."""


class MarkKind(StrEnum):
    """The form of a mark, and with it what its points are."""

    RECTANGLE = "rectangle"
    """Two opposite corners."""
    ELLIPSE = "ellipse"
    """Two opposite corners of the rectangle around it."""
    POLYGON = "polygon"
    """Its corners; the last is joined to the first."""
    FREEHAND = "freehand"
    """Where the hand went; the last is joined to the first."""
    LENGTH = "length"
    """Two ends: a measure, no region."""
    POINT = "point"
    """One place."""


Answers = Mapping[str, tuple[str, ...]]
"""What was chosen, by the name of the question, in the words of the report template."""


@dataclass(frozen=True, slots=True)
class Annotation:
    """A mark of the reader on one image, in image px, and what is said of it."""

    id: str
    reading_id: str
    image_id: str
    kind: MarkKind
    points_px: tuple[tuple[float, float], ...]
    label: str
    """The type of the finding: mass, calcification, ...; empty for a measure."""
    host_time_ns: int
    descriptors: Answers = field(default_factory=dict)
    confidence: int | None = None
    """1, a guess, to 9, certain; None where it was not said."""
    laterality: Laterality = Laterality.UNKNOWN
    """Of the image, as it was when the mark was drawn."""
    partner_id: str = ""
    """The same finding on another view: a mark of this reading, which names this one likewise."""
    frame: int = 0
    """Of the file, from 0: which one it was drawn on."""
    is_gaze_assisted: bool = False
    """Placed by the reader's gaze instead of the hand."""


@dataclass(frozen=True, slots=True)
class Assessment:
    """The reader's conclusion on a case."""

    reading_id: str
    birads: int | None = None
    text: str = ""
    density: str = ""
    """Of the breast, A to D; empty where it was not said."""
    answers: Answers = field(default_factory=dict)
    """To the further questions of the report template."""
    template: str = ""
    """The name of that template; empty before anything was said."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """Something that a reader dictated, as an imported transcript has it."""

    session_id: str
    dictation: int
    """Which one of the session, from 1."""
    start_ns: int
    """On the host clock."""
    end_ns: int
    text: str
    origin: str
    """The name of the transcript's file."""


class GapCause(StrEnum):
    """Why a stretch has no usable gaze."""

    BLINK = "blink"
    LOST_FACE = "lost face"
    OFF_SCREEN = "off screen"
    DISCONNECT = "disconnect"
    OVERFLOW = "overflow"
    PAUSE = "pause"
    STALL = "stall"


@dataclass(frozen=True, slots=True)
class Gap:
    """A stretch [start, end) without usable gaze, on the host clock."""

    start_ns: int
    end_ns: int
    cause: GapCause


@dataclass(frozen=True, slots=True)
class Fixation:
    """The eye at rest: [start, end) in host ns, centroid in the frame of the samples given."""

    start_ns: int
    end_ns: int
    x: float
    y: float
    n_samples: int


@dataclass(frozen=True, slots=True)
class Saccade:
    """The eye between two rests: [start, end) in host ns, from and to in the frame of the samples given."""

    start_ns: int
    end_ns: int
    from_x: float
    from_y: float
    to_x: float
    to_y: float
    peak_deg_per_s: float


@dataclass(frozen=True, slots=True)
class GazeQuality:
    """How gaze at a known target was measured, in degrees of visual angle; None where nothing could be."""

    accuracy_deg: float | None
    """Angle from the target to the mean direction of gaze."""
    offset_x_deg: float | None
    """Its horizontal part, to the right."""
    offset_y_deg: float | None
    """Its vertical part, down."""
    rms_s2s_deg: float | None
    std_deg: float | None
    bcea_deg2: float | None
    """Area of the ellipse that holds 68 % of the samples."""
    loss: float
    """Fraction of the samples owed that are not usable, 0 to 1."""
    n_samples: int
    """Usable samples."""


@dataclass(frozen=True, slots=True)
class TargetQuality:
    """One target of a validation: where, when it was looked at, and how each eye was measured there."""

    x: float
    """Fraction of the display, from the left."""
    y: float
    """Fraction of the display, from the top."""
    start_ns: int
    end_ns: int
    left: GazeQuality
    right: GazeQuality
    both: GazeQuality
    """Of the mean of the eyes that were seen."""


class ValidationKind(StrEnum):
    """What the targets were shown for."""

    VALIDATION = "validation"
    DRIFT = "drift check"


@dataclass(frozen=True, slots=True)
class Validation:
    """Gaze measured against targets that calibration did not use, or against one between two cases."""

    id: str
    session_id: str
    reader_id: str
    kind: ValidationKind
    host_time_ns: int
    utc: str
    """ISO 8601 wall clock, for people and for the history over sessions."""
    targets: tuple[TargetQuality, ...]
    left: GazeQuality
    """Over all targets: the mean over the targets that have gaze; samples and loss over all."""
    right: GazeQuality
    both: GazeQuality
    is_simulated: bool = False


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened in a session: reading opened, notification, clock step, ..."""

    host_time_ns: int
    kind: str
    detail: Mapping[str, Any] = field(default_factory=dict)


class JobKind(StrEnum):
    """What `learning.worker` can do; the value is the title of the job."""

    BUILD_SET = "build set"
    PRETRAIN = "pretrain and evaluate"


class JobState(StrEnum):
    """Where a job is: queued and running ones are unfinished."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Job:
    """A queued piece of background work."""

    id: str
    kind: str
    params: Mapping[str, Any]
    state: JobState
    created_utc: str
    updated_utc: str
    progress: float = 0.0
    """0 to 1."""
    message: str = ""
    result: Mapping[str, Any] = field(default_factory=dict)
    is_cancel_requested: bool = False


@dataclass(frozen=True, slots=True)
class PretrainingSet:
    """A set folder that was built from this store."""

    id: str
    path: str
    detail: Mapping[str, Any]
    created_utc: str


@dataclass(frozen=True, slots=True)
class Run:
    """One pretraining or evaluation whose folder this store knows of."""

    id: str
    path: str
    kind: str
    detail: Mapping[str, Any]
    created_utc: str
