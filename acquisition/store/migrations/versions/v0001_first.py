"""The first catalogue: cases, readings, jobs, sets, runs and their audit."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

APPLICATION_ID = 0x475A5243

number = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _ordered(name: str, *parts: sa.Column[object] | sa.Constraint, unique: tuple[str, ...] = ("id",)) -> None:
    """A table whose rows carry a number and, where unique, an id."""
    op.create_table(
        name,
        sa.Column("number", number, autoincrement=True, nullable=False),
        *parts,
        sa.PrimaryKeyConstraint("number", name=f"pk_{name}"),
        *(sa.UniqueConstraint(column, name=f"uq_{name}_{column}") for column in unique),
    )


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.String(), nullable=False)


def _integer(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.BigInteger(), nullable=False)


def _flag(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Boolean(), nullable=False)


def _json(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.JSON(), nullable=False)


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{target}.id"], name=f"fk_{table}_{column}")


def upgrade() -> None:
    """Build everything."""
    _images()
    _readings()
    _work()
    _audit()
    if op.get_bind().dialect.name == "sqlite":
        op.execute(f"PRAGMA application_id={APPLICATION_ID}")


def _images() -> None:
    _ordered(
        "reading_case",
        _text("id"),
        _text("title"),
        _text("patient_key"),
        _integer("order"),
        _flag("is_simulated"),
    )
    _ordered(
        "image",
        _text("id"),
        _text("case_id"),
        *map(_text, ("path", "sha256")),
        _integer("size_bytes"),
        *map(_text, ("sop_instance_uid", "study_instance_uid")),
        *map(_integer, ("frame", "width_px", "height_px")),
        *map(_text, ("modality", "laterality", "view")),
        _flag("flip_to_hang"),
        _json("box_px"),
        sa.Column("spacing_mm", sa.JSON()),
        _flag("is_simulated"),
        _refers("image", "case_id", "reading_case"),
        sa.UniqueConstraint("sha256", "frame", name="uq_image_sha256_frame"),
    )
    op.create_index("ix_image_case_id", "image", ["case_id"])
    op.create_table(
        "label",
        *map(_text, ("subject_id", "name", "origin", "value")),
        sa.PrimaryKeyConstraint("subject_id", "name", "origin", name="pk_label"),
    )


def _readings() -> None:
    _ordered(
        "reader",
        *map(_text, ("id", "pseudonym", "name")),
        _flag("is_simulated"),
        unique=("id", "pseudonym"),
    )
    _ordered(
        "session",
        *map(_text, ("id", "reader_id", "reader_pseudonym", "source_name")),
        _flag("is_simulated"),
        _json("display"),
        _text("opened_utc"),
        _integer("opened_host_time_ns"),
        _text("state"),
        _integer("n_samples"),
        _text("sha256"),
        _refers("session", "reader_id", "reader"),
    )
    _ordered(
        "reading",
        *map(_text, ("id", "session_id", "reader_id", "case_id")),
        _integer("opened_host_time_ns"),
        sa.Column("closed_host_time_ns", sa.BigInteger()),
        _text("state"),
        _integer("n_samples"),
        sa.Column("loss", sa.Float()),
        _flag("is_simulated"),
        _refers("reading", "session_id", "session"),
        _refers("reading", "reader_id", "reader"),
    )
    op.create_index("ix_reading_session_id", "reading", ["session_id"])
    op.create_index("ix_reading_case_id", "reading", ["case_id"])
    _ordered(
        "annotation",
        *map(_text, ("id", "reading_id", "image_id", "kind")),
        _json("points_px"),
        _text("label"),
        _integer("host_time_ns"),
        _refers("annotation", "reading_id", "reading"),
    )
    op.create_index("ix_annotation_reading_id", "annotation", ["reading_id"])
    op.create_table(
        "assessment",
        _text("reading_id"),
        sa.Column("birads", sa.Integer()),
        _text("text"),
        sa.PrimaryKeyConstraint("reading_id", name="pk_assessment"),
        _refers("assessment", "reading_id", "reading"),
    )


def _work() -> None:
    _ordered(
        "job",
        *map(_text, ("id", "kind")),
        _json("params"),
        _text("state"),
        sa.Column("progress", sa.Float(), nullable=False),
        _text("message"),
        _json("result"),
        _flag("is_cancel_requested"),
        _text("worker"),
        sa.Column("lease_until_s", sa.Float(), nullable=False),
        _integer("attempts"),
        *map(_text, ("created_utc", "updated_utc")),
    )
    op.create_index("ix_job_state", "job", ["state"])
    _ordered(
        "pretraining_set",
        *map(_text, ("id", "path")),
        _json("detail"),
        _text("created_utc"),
        unique=("id", "path"),
    )
    _ordered(
        "run",
        *map(_text, ("id", "path", "kind")),
        _json("detail"),
        _text("created_utc"),
        unique=("id", "path"),
    )
    op.create_table(
        "secret",
        _text("name"),
        sa.Column("value", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_secret"),
    )


def _audit() -> None:
    _ordered("audit", *map(_text, ("utc", "actor", "action", "subject_id")), _json("detail"), unique=())
    op.create_index("ix_audit_subject_id", "audit", ["subject_id"])
    if op.get_bind().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER audit_no_{verb.lower()} BEFORE {verb} ON audit "
                "BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END"
            )
        return
    op.execute(
        "CREATE FUNCTION audit_is_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        "$$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$"
    )
    op.execute(
        "CREATE TRIGGER audit_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON audit "
        "FOR EACH STATEMENT EXECUTE FUNCTION audit_is_append_only()"
    )
