"""Which SQLite, and errors as sentences."""

import sys
from pathlib import Path

import pytest
import sqlalchemy as sa

from acquisition.errors import StoreError
from acquisition.store import engine
from acquisition.store.engine import catalogue_engine, is_sound, parse_url, sqlite, writing


@pytest.mark.parametrize(
    ("version", "sound"),
    [
        ((3, 40, 1), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((3, 53, 4), True),
        ((4, 0, 0), True),
    ],
)
def test_soundness_of_versions(version: tuple[int, ...], sound: bool) -> None:
    assert is_sound(version) is sound


def _pragma(opened: sa.Engine, name: str) -> object:
    with opened.connect() as connection:
        return connection.exec_driver_sql(f"PRAGMA {name}").scalar()


@pytest.mark.parametrize(("version", "mode"), [((3, 53, 0), "wal"), ((3, 40, 1), "truncate")])
def test_an_unsound_engine_keeps_a_rollback_journal(
    version: tuple[int, ...], mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "sqlite_version_info", version)
    opened = catalogue_engine(sa.URL.create("sqlite", database=str(tmp_path / "a.sqlite")))
    assert _pragma(opened, "journal_mode") == mode
    opened.dispose()


def test_connections_are_durable_and_distrustful(tmp_path: Path) -> None:
    opened = catalogue_engine(sa.URL.create("sqlite", database=str(tmp_path / "a.sqlite")))
    found = {
        name: _pragma(opened, name)
        for name in ("synchronous", "foreign_keys", "trusted_schema", "busy_timeout")
    }
    assert found == {"synchronous": 2, "foreign_keys": 1, "trusted_schema": 0, "busy_timeout": 5000}
    opened.dispose()


def test_writers_hold_the_lock_from_the_start_and_others_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "BUSY_TIMEOUT_MS", 1)
    path = tmp_path / "a.sqlite"
    one, other = (catalogue_engine(sa.URL.create("sqlite", database=str(path))) for _ in range(2))
    with (
        writing(one),
        pytest.raises(StoreError, match=r"a\.sqlite is busy: another program is writing"),
        writing(other),
    ):
        pass
    one.dispose()
    other.dispose()


def _make_a_table_and_fail(opened: sa.Engine) -> None:
    with writing(opened) as connection:
        connection.exec_driver_sql("CREATE TABLE t (a)")
        connection.exec_driver_sql("INSERT INTO nowhere VALUES (1)")


def test_a_failed_transaction_leaves_nothing_not_even_tables(tmp_path: Path) -> None:
    opened = catalogue_engine(sa.URL.create("sqlite", database=str(tmp_path / "a.sqlite")))
    with pytest.raises(StoreError, match="no such table"):
        _make_a_table_and_fail(opened)
    with opened.connect() as connection:
        assert sa.inspect(connection).get_table_names() == []
    opened.dispose()


def test_postgresql_without_its_driver_is_one_helpful_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "psycopg", None)
    with pytest.raises(StoreError, match=r'run `python -m pip install "psycopg\[binary\]"`'):
        catalogue_engine(parse_url("postgresql://room:secret@host/gaze"))


def test_other_databases_are_refused() -> None:
    with pytest.raises(StoreError, match="not in mysql"):
        parse_url("mysql://host/gaze")


def test_nonsense_is_refused() -> None:
    with pytest.raises(StoreError, match="neither a folder nor a database URL"):
        parse_url("://")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("database or disk is full", "The disk with s is full"),
        ("attempt to write a readonly database", "s cannot be written"),
        ("database disk image is malformed", "s is damaged"),
        ("file is not a database", "s is no SQLite file"),
        ("something else\nDETAIL: names", "The store s refused an operation: something else"),
    ],
)
def test_sentences(reason: str, words: str) -> None:
    assert engine.sentence(RuntimeError(reason), "s").startswith(words)
    assert "\n" not in engine.sentence(RuntimeError(reason), "s")
