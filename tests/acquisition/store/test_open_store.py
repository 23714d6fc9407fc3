"""Where a store may be, and what is said where it may not."""

import os
from pathlib import Path

import pytest

from acquisition.errors import StoreError
from acquisition.store import open_store


def test_a_folder_is_made_with_its_parents(tmp_path: Path) -> None:
    with open_store(tmp_path / "a" / "b with space") as store:
        assert store.sessions() == store.readings() == store.problems() == []
    assert (tmp_path / "a" / "b with space" / "catalogue.sqlite").is_file()
    assert (tmp_path / "a" / "b with space" / "recordings").is_dir()


def test_a_folder_that_holds_other_things_is_fine(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    open_store(tmp_path).close()
    assert (tmp_path / "notes.txt").read_text() == "mine"


def test_recordings_may_be_elsewhere(tmp_path: Path) -> None:
    open_store(tmp_path / "a", tmp_path / "b").close()
    assert (tmp_path / "b").is_dir()
    assert not (tmp_path / "a" / "recordings").exists()


def test_a_url_of_sqlite_is_a_file(tmp_path: Path) -> None:
    open_store(f"sqlite:///{tmp_path}/mine.sqlite").close()
    assert (tmp_path / "mine.sqlite").is_file()
    assert (tmp_path / "recordings").is_dir()


def test_a_server_needs_a_folder_for_recordings() -> None:
    with pytest.raises(StoreError, match="give --recordings DIR"):
        open_store("postgresql://host/gaze")


def test_a_file_is_no_store(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"a\.txt is a file: --store takes a folder"):
        open_store(tmp_path / "a.txt")


def test_a_folder_under_a_file_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("mine")
    with pytest.raises(StoreError, match=r"cannot be made \(Not a directory\): choose another folder"):
        open_store(tmp_path / "a.txt" / "store")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o555)
    with pytest.raises(StoreError, match=str(tmp_path)):
        open_store(tmp_path)
