"""The tables of the catalogue. `migrations` builds them; a test holds both equal.

`number` orders rows by arrival; `id` is what everything else refers to. Composite values that are
never searched (a box, a display) are JSON.
"""

from __future__ import annotations

import sqlalchemy as sa

REVISION = "0007"
"""The newest migration, which `metadata` mirrors."""

metadata = sa.MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


def _number() -> sa.Column[int]:
    # SQLite numbers rows by itself only in a column of type INTEGER.
    kind = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
    return sa.Column("number", kind, primary_key=True, autoincrement=True)


def _id() -> sa.Column[str]:
    return sa.Column("id", sa.String, nullable=False, unique=True)


class _Text(sa.TypeDecorator[str]):
    """Text that takes a `StrEnum` by its value; drivers differ on what they make of one."""

    impl = sa.String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: sa.Dialect) -> str | None:  # noqa: ARG002
        """Any `str` as a plain one."""
        return None if value is None else str(value)


def _text(name: str, *, index: bool = False) -> sa.Column[str]:
    return sa.Column(name, _Text, nullable=False, index=index)


def _integer(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger, nullable=False)


def _flag(name: str) -> sa.Column[bool]:
    return sa.Column(name, sa.Boolean, nullable=False)


# What one reading reads, as the import grouped it.
case = sa.Table(
    "reading_case",  # CASE is a word of SQL
    metadata,
    _number(),
    _id(),
    _text("title"),
    _text("patient_key"),
    _integer("order"),
    _flag("is_simulated"),
)

# One shown frame of one SOP instance; the file stays outside.
image = sa.Table(
    "image",
    metadata,
    _number(),
    _id(),
    sa.Column("case_id", sa.ForeignKey("reading_case.id"), nullable=False, index=True),
    _text("path"),
    _text("sha256"),
    _integer("size_bytes"),
    _text("sop_instance_uid"),
    _text("study_instance_uid"),
    _integer("frame"),
    _integer("width_px"),
    _integer("height_px"),
    _text("modality"),
    _text("laterality"),
    _text("view"),
    _flag("flip_to_hang"),
    sa.Column("box_px", sa.JSON, nullable=False),
    sa.Column("spacing_mm", sa.JSON(none_as_null=True)),
    _flag("is_simulated"),
    _text("spacing_basis"),
    _flag("is_upside_down"),
    _integer("n_frames"),
    _text("study_date"),
    _text("body_part"),
    sa.Column("view_modifiers", sa.JSON, nullable=False),
    _text("laterality_from"),
    _text("view_from"),
    sa.Column("pixel_aspect", sa.Float, nullable=False),
    sa.UniqueConstraint("sha256", "frame"),
)

# Imported truth about an image or a case.
label = sa.Table(
    "label",
    metadata,
    sa.Column("subject_id", sa.String, primary_key=True),
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("origin", sa.String, primary_key=True),
    _text("value"),
)

# Pseudonym and name; the name leaves the store never.
reader = sa.Table(
    "reader",
    metadata,
    _number(),
    _id(),
    sa.Column("pseudonym", sa.String, nullable=False, unique=True),
    _text("name"),
    _flag("is_simulated"),
)

# One sitting; its recording is `recordings/<id>.sqlite`.
session = sa.Table(
    "session",
    metadata,
    _number(),
    _id(),
    sa.Column("reader_id", sa.ForeignKey("reader.id"), nullable=False),
    _text("reader_pseudonym"),
    _text("source_name"),
    _flag("is_simulated"),
    sa.Column("display", sa.JSON, nullable=False),
    _text("opened_utc"),
    _integer("opened_host_time_ns"),
    _text("state"),
    _integer("n_samples"),
    _text("sha256"),
)

# One reader reading one case. No foreign key to the case: a recording may be reconciled into a
# catalogue that has lost its images.
reading = sa.Table(
    "reading",
    metadata,
    _number(),
    _id(),
    sa.Column("session_id", sa.ForeignKey("session.id"), nullable=False, index=True),
    sa.Column("reader_id", sa.ForeignKey("reader.id"), nullable=False),
    _text("case_id", index=True),
    _integer("opened_host_time_ns"),
    sa.Column("closed_host_time_ns", sa.BigInteger),
    _text("state"),
    _integer("n_samples"),
    sa.Column("loss", sa.Float),
    _flag("is_simulated"),
    sa.Column("longest_gap_s", sa.Float),
)

# In which order and how often readers read; the newest row holds.
reading_plan = sa.Table(
    "reading_plan",
    metadata,
    _number(),
    sa.Column("seed", sa.BigInteger),
    _integer("n_readings"),
    _integer("washout_days"),
    _text("created_utc"),
    _flag("has_gaze_marks"),
)

# Validations and drift checks: the history of a reader. The recording of the session has them too.
validation = sa.Table(
    "validation",
    metadata,
    _number(),
    _id(),
    sa.Column("session_id", sa.ForeignKey("session.id"), nullable=False, index=True),
    sa.Column("reader_id", sa.ForeignKey("reader.id"), nullable=False, index=True),
    _text("kind"),
    _text("utc"),
    sa.Column("detail", sa.JSON, nullable=False),
)

# A mark on an image; earlier versions stay in the audit.
annotation = sa.Table(
    "annotation",
    metadata,
    _number(),
    _id(),
    sa.Column("reading_id", sa.ForeignKey("reading.id"), nullable=False, index=True),
    _text("image_id"),
    _text("kind"),
    sa.Column("points_px", sa.JSON, nullable=False),
    _text("label"),
    _integer("host_time_ns"),
    sa.Column("descriptors", sa.JSON, nullable=False),
    sa.Column("confidence", sa.Integer),
    _text("laterality"),
    _text("partner_id"),
    _integer("frame"),
    _flag("is_gaze_assisted"),
)

# The conclusion on a case, a draft until the reading is committed.
assessment = sa.Table(
    "assessment",
    metadata,
    sa.Column("reading_id", sa.ForeignKey("reading.id"), primary_key=True),
    sa.Column("birads", sa.Integer),
    _text("text"),
    _text("density"),
    sa.Column("answers", sa.JSON, nullable=False),
    _text("template"),
)

# What a transcript makes of dictations; the sound itself lies beside the recording of the session.
utterance = sa.Table(
    "utterance",
    metadata,
    _number(),
    sa.Column("session_id", sa.ForeignKey("session.id"), nullable=False, index=True),
    _integer("dictation"),
    _integer("start_ns"),
    _integer("end_ns"),
    _text("text"),
    _text("origin"),
)

# Background work; `lease_until_s` is Unix time: a running job past it has lost its worker.
job = sa.Table(
    "job",
    metadata,
    _number(),
    _id(),
    _text("kind"),
    sa.Column("params", sa.JSON, nullable=False),
    _text("state", index=True),
    sa.Column("progress", sa.Float, nullable=False),
    _text("message"),
    sa.Column("result", sa.JSON, nullable=False),
    _flag("is_cancel_requested"),
    _text("worker"),
    sa.Column("lease_until_s", sa.Float, nullable=False),
    _integer("attempts"),
    _text("created_utc"),
    _text("updated_utc"),
)

# Folders of pretraining sets built from this store.
pretraining_set = sa.Table(
    "pretraining_set",
    metadata,
    _number(),
    _id(),
    sa.Column("path", sa.String, nullable=False, unique=True),
    sa.Column("detail", sa.JSON, nullable=False),
    _text("created_utc"),
)

# Folders of pretrainings and evaluations.
run = sa.Table(
    "run",
    metadata,
    _number(),
    _id(),
    sa.Column("path", sa.String, nullable=False, unique=True),
    _text("kind"),
    sa.Column("detail", sa.JSON, nullable=False),
    _text("created_utc"),
)

# Keys that are made once, such as the one of the pseudonyms in sets.
secret = sa.Table(
    "secret",
    metadata,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("value", sa.LargeBinary, nullable=False),
)

# Who did what when, written with the change itself; triggers refuse updates and deletions.
audit = sa.Table(
    "audit",
    metadata,
    _number(),
    _text("utc"),
    _text("actor"),
    _text("action"),
    _text("subject_id", index=True),
    sa.Column("detail", sa.JSON, nullable=False),
)
