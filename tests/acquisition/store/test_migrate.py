"""From nothing, from older, not from newer, never from others."""

import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from acquisition.domain import Annotation, Assessment, MarkKind, SpacingBasis
from acquisition.errors import StoreError
from acquisition.reading_plan import ReadingPlan
from acquisition.store import open_store, schema
from acquisition.store.engine import catalogue_engine, sqlite
from acquisition.store.migrate import MIGRATIONS, migrate

NEXT = """
import sqlalchemy as sa
from alembic import op

revision = "9000"
down_revision = "{newest}"


def upgrade():
    op.create_table("later", sa.Column("a", sa.Integer(), primary_key=True))
    {then}
"""


def _engine(folder: Path) -> sa.Engine:
    return catalogue_engine(sa.URL.create("sqlite", database=str(folder / "catalogue.sqlite")))


def _later_migrations(tmp_path: Path, then: str = "") -> Path:
    migrations = tmp_path / "migrations of 100%"
    shutil.copytree(MIGRATIONS, migrations, ignore=shutil.ignore_patterns("__pycache__"))
    later = NEXT.format(newest=schema.REVISION, then=then)
    (migrations / "versions" / "v9000_later.py").write_text(later)
    return migrations


def _older_catalogue(tmp_path: Path, revision: str) -> Path:
    """The folder of an empty catalogue as it was at that revision."""
    older, folder = tmp_path / "older", tmp_path / "s"
    shutil.copytree(MIGRATIONS, older, ignore=shutil.ignore_patterns("__pycache__"))
    for later in (older / "versions").glob("v*.py"):
        if later.name[1:5] > revision:
            later.unlink()
    folder.mkdir()
    opened = _engine(folder)
    migrate(opened, older, revision)
    opened.dispose()
    return folder


def test_migrated_schema_equals_the_metadata(tmp_path: Path) -> None:
    opened = _engine(tmp_path)
    migrate(opened)
    with opened.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, schema.metadata) == []
    opened.dispose()


def test_the_newest_migration_is_the_one_that_the_schema_names() -> None:
    assert max(path.name[1:5] for path in (MIGRATIONS / "versions").glob("v*.py")) == schema.REVISION


def test_migrating_again_changes_nothing(tmp_path: Path) -> None:
    opened = _engine(tmp_path)
    migrate(opened)
    opened.dispose()
    before = (tmp_path / "catalogue.sqlite").read_bytes()
    migrate(opened)
    opened.dispose()
    assert (tmp_path / "catalogue.sqlite").read_bytes() == before


def test_an_older_catalogue_is_copied_aside_and_migrated(tmp_path: Path) -> None:
    with open_store(tmp_path / "s") as store:
        store.catalogue.ensure_reader(pseudonym="R1")
    opened = _engine(tmp_path / "s")
    migrate(opened, _later_migrations(tmp_path), "9000")
    with opened.connect() as connection:
        assert sa.inspect(connection).has_table("later")
        assert connection.scalar(sa.text("SELECT pseudonym FROM reader")) == "R1"
    opened.dispose()
    copy = sqlite.connect(tmp_path / "s" / f"catalogue.before-{schema.REVISION}-was-migrated.sqlite")
    assert copy.execute("SELECT version_num FROM alembic_version").fetchone() == (schema.REVISION,)
    assert copy.execute("SELECT pseudonym FROM reader").fetchone() == ("R1",)
    copy.close()


def test_images_of_an_older_catalogue_are_kept_and_know_nothing_new(tmp_path: Path) -> None:
    folder = _older_catalogue(tmp_path, "0002")
    with sqlite3.connect(folder / "catalogue.sqlite") as connection:
        connection.execute("INSERT INTO reading_case VALUES (1, 'case_1', 'Case 001', 'P', 1, 0)")
        connection.execute(
            "INSERT INTO image VALUES (1, 'img_1', 'case_1', '/a.dcm', 'ab', 5, '1.2.3', '1.2', 0, 60, 80, "
            "'MG', 'R', 'CC', 1, '[0, 0, 60, 80]', '[0.1, 0.1]', 0)"
        )
    connection.close()
    with open_store(folder) as store:
        [image] = store.catalogue.images()
    assert (image.id, image.spacing_mm, image.spacing_basis) == ("img_1", (0.1, 0.1), SpacingBasis.UNKNOWN)
    assert (image.n_frames, image.study_date, image.view_modifiers, image.is_upside_down) == (
        1,
        "",
        (),
        False,
    )
    assert image.pixel_aspect == 1.0


def test_a_plan_of_an_older_catalogue_allows_no_marks_by_gaze(tmp_path: Path) -> None:
    folder = _older_catalogue(tmp_path, "0005")
    with sqlite3.connect(folder / "catalogue.sqlite") as connection:
        connection.execute("INSERT INTO reading_plan VALUES (1, 7, 2, 28, '2026')")
    connection.close()
    with open_store(folder) as store:
        assert store.catalogue.reading_plan() == ReadingPlan(7, 2, 28, has_gaze_marks=False)


def test_marks_of_an_older_catalogue_are_kept_and_say_nothing_new(tmp_path: Path) -> None:
    folder = _older_catalogue(tmp_path, "0003")
    with sqlite3.connect(folder / "catalogue.sqlite") as connection:
        connection.execute(
            "INSERT INTO annotation VALUES (1, 'a', 'r', 'i', 'rectangle', '[[1, 2], [3, 4]]', 'mass', 7)"
        )
        connection.execute("INSERT INTO assessment VALUES ('r', 4, 'words')")
    connection.close()
    with open_store(folder) as store:
        [mark] = store.catalogue.annotations("r")
        concluded = store.catalogue.assessment("r")
    assert mark == Annotation("a", "r", "i", MarkKind.RECTANGLE, ((1, 2), (3, 4)), "mass", 7)
    assert concluded == Assessment("r", 4, "words")


def test_a_migration_that_fails_leaves_the_older_catalogue(tmp_path: Path) -> None:
    open_store(tmp_path / "s").close()
    opened = _engine(tmp_path / "s")
    with pytest.raises(StoreError, match="no such table"):
        migrate(opened, _later_migrations(tmp_path, 'op.execute("INSERT INTO nowhere VALUES (1)")'), "9000")
    with opened.connect() as connection:
        assert not sa.inspect(connection).has_table("later")
        assert connection.scalar(sa.text("SELECT version_num FROM alembic_version")) == schema.REVISION
    opened.dispose()


def test_a_newer_catalogue_is_refused_and_untouched(tmp_path: Path) -> None:
    open_store(tmp_path / "s").close()
    path = tmp_path / "s" / "catalogue.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0999'")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match=r"written by a newer Gazeroom \(schema 0999.*update Gazeroom"):
        open_store(tmp_path / "s")
    assert path.read_bytes() == before


def test_somebody_elses_sqlite_file_is_refused_and_untouched(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.sqlite"
    with sqlite3.connect(path) as connection:
        connection.execute("CREATE TABLE theirs (a)")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(StoreError, match="belongs to another program"):
        open_store(tmp_path)
    assert path.read_bytes() == before


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "catalogue.sqlite").write_text("not a database, though long enough to be read as one" * 20)
    with pytest.raises(StoreError, match="is no SQLite file"):
        open_store(tmp_path)


@pytest.mark.parametrize("statement", ["UPDATE audit SET actor = 'me'", "DELETE FROM audit"])
def test_the_audit_is_append_only(tmp_path: Path, statement: str) -> None:
    with open_store(tmp_path) as store:
        store.catalogue.ensure_reader(pseudonym="R1")
    with sqlite3.connect(tmp_path / "catalogue.sqlite") as connection:
        with pytest.raises(sqlite3.DatabaseError, match="append-only"):
            connection.execute(statement)
        assert connection.execute("SELECT action FROM audit").fetchall() == [("reader added",)]
    connection.close()


def test_two_programs_may_make_the_same_store_at_once(tmp_path: Path) -> None:
    code = "import sys; from acquisition.store import open_store; open_store(sys.argv[1]).close()"
    started = [
        subprocess.Popen([sys.executable, "-c", code, str(tmp_path / "s")], stderr=subprocess.PIPE)
        for _ in range(2)
    ]
    assert [(one.communicate()[1], one.returncode) for one in started] == [(b"", 0), (b"", 0)]
