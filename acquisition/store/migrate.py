"""Bring a catalogue to this version's schema, or say why not."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from acquisition.errors import StoreError
from acquisition.store.engine import (
    CATALOGUE_APPLICATION_ID,
    sentence,
    sqlite,
    translated,
    writing,
)
from acquisition.store.schema import REVISION

MIGRATIONS = Path(__file__).parent / "migrations"


def check_file(path: Path) -> None:
    """Refuse a file that is no catalogue of ours, before anything touches it. Raises `StoreError`."""
    if not path.exists() or path.stat().st_size == 0:
        return
    try:
        with closing(sqlite.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            (application_id,) = connection.execute("PRAGMA application_id").fetchone()
            (n_tables,) = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    except sqlite.DatabaseError as error:
        raise StoreError(sentence(error, path)) from error
    if n_tables and application_id != CATALOGUE_APPLICATION_ID:
        raise StoreError(f"{path} belongs to another program: choose another folder for the store")


def migrate(engine: sa.Engine, migrations: Path = MIGRATIONS, newest: str = REVISION) -> None:
    """Build or update the schema; an older SQLite catalogue is copied aside first. Raises `StoreError`."""
    found = _revision(engine)
    if found == newest:
        return
    _check_known(engine, found, migrations)
    if found is not None and engine.dialect.name == "sqlite":
        _copy_aside(engine, found)
    _upgrade(engine, migrations)


def _revision(engine: sa.Engine) -> str | None:
    with translated(engine), engine.connect() as connection:
        if not sa.inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.scalar(sa.text("SELECT version_num FROM alembic_version"))
        return found


def _check_known(engine: sa.Engine, found: str | None, migrations: Path) -> None:
    known = {path.name[1:5] for path in (migrations / "versions").glob("v*.py")}
    if found is not None and found not in known:
        raise StoreError(
            f"The store {engine.url.render_as_string()} was written by a newer Gazeroom "
            f"(schema {found}, this one knows up to {max(known)}): update Gazeroom"
        )


def _copy_aside(engine: sa.Engine, found: str) -> None:
    path = Path(engine.url.database or "")
    copy = path.with_name(f"{path.stem}.before-{found}-was-migrated{path.suffix}")
    if copy.exists():
        return
    unfinished = copy.with_name(copy.name + ".part")
    unfinished.unlink(missing_ok=True)
    with translated(engine), engine.connect() as connection:
        source = connection.connection.driver_connection
        if source is None:
            raise StoreError(f"{path} cannot be copied before its migration")
        with closing(sqlite.connect(unfinished)) as target:
            source.backup(target)
    unfinished.replace(copy)


def _upgrade(engine: sa.Engine, migrations: Path) -> None:
    # Alembic is only loaded by those who migrate: it costs a fifth of a second.
    from alembic import command
    from alembic.config import Config

    config = Config()
    # `%` is special to the parser behind the configuration.
    config.set_main_option("script_location", str(migrations).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    with writing(engine) as connection:
        if connection.dialect.name == "postgresql":
            # SQLite's writers wait for each other anyway.
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(CATALOGUE_APPLICATION_ID)))
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
