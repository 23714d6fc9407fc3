"""Files are written whole, and for whom the umask lets read them."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from learning.making import made_whole
from learning.storage import WriteRefused, write_text, written_whole


@pytest.fixture
def umask() -> Iterator[Callable[[int], int]]:
    before = os.umask(0)
    yield os.umask
    os.umask(before)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such modes")
@pytest.mark.parametrize(("mask", "mode"), [(0o022, 0o644), (0o027, 0o640), (0o002, 0o664), (0o077, 0o600)])
def test_a_file_is_for_whom_the_umask_lets_read_it(
    tmp_path: Path, umask: Callable[[int], int], mask: int, mode: int
) -> None:
    umask(mask)
    write_text(tmp_path / "x", "first")
    write_text(tmp_path / "x", "second")
    assert stat.S_IMODE((tmp_path / "x").stat().st_mode) == mode


def test_a_place_that_is_a_file_gets_a_sentence(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "first")
    with pytest.raises(
        WriteRefused, match=r"Nothing can be written to .*x.run: a part of this path is a file"
    ):
        write_text(tmp_path / "x" / "run" / "config.toml", "second")
    with (
        pytest.raises(WriteRefused, match="a part of this path is a file"),
        made_whole(tmp_path / "x" / "set"),
    ):
        pass
    assert (tmp_path / "x").read_text() == "first"


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may write anywhere")
def test_a_place_of_somebody_else_gets_a_sentence(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(WriteRefused, match="you may not write there"):
        write_text(tmp_path / "x", "first")


def test_what_fails_leaves_the_file_before_and_nothing_else(tmp_path: Path) -> None:
    write_text(tmp_path / "x", "first")
    with pytest.raises(TypeError, match="bytes-like"), written_whole(tmp_path / "x") as file:
        file.writelines([b"half of it", "no bytes"])  # type: ignore[list-item]
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x", "first")]


def test_two_write_the_same_file_and_neither_is_torn(tmp_path: Path) -> None:
    with written_whole(tmp_path / "x") as one:
        one.write(b"one")
        write_text(tmp_path / "x", "other")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [("x", "one")]
