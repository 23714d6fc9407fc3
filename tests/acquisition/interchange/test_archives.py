"""Zip archives: the DICOM files of good ones, nothing at all of hostile ones."""

import io
import stat
import zipfile
from pathlib import Path

import numpy as np
import pytest
from dicom_files import make_dataset
from hypothesis import given
from hypothesis import strategies as st

from acquisition.errors import FileRefused
from acquisition.interchange import archives
from acquisition.interchange.archives import is_inside, unpack
from acquisition.interchange.importing import ImportCancelled, import_paths
from acquisition.store import open_store


def film(seed: int = 0) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 4096, (40, 30)).astype(np.uint16)
    file = io.BytesIO()
    make_dataset(pixels, 12).save_as(file, enforce_file_format=True)
    return file.getvalue()


def info(name: str, mode: int = 0) -> zipfile.ZipInfo:
    """A member of exactly this name, which `ZipInfo` alone would tidy."""
    member = zipfile.ZipInfo("x")
    member.filename, member.external_attr = name, mode << 16
    return member


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(info(name), content, zipfile.ZIP_DEFLATED)
    return path


def silent(*_: object) -> None:
    """Nobody watches."""


def files_below(folder: Path) -> dict[str, bytes]:
    paths = [path for path in folder.rglob("*") if path.is_file()]
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def into(tmp_path: Path) -> Path:
    return tmp_path / "store" / "archives"


def refusal(path: Path, into: Path) -> str:
    """Why it is refused; nothing may be left of it, anywhere."""
    root = into.parents[1]
    before = files_below(root)
    with pytest.raises(FileRefused) as refused:
        unpack(path, into, silent)
    assert files_below(root) == before
    assert not into.exists() or list(into.iterdir()) == []
    assert str(refused.value).startswith(f"{path}: ")
    return str(refused.value)


def test_the_dicom_files_of_an_archive_come_out_under_their_names(tmp_path: Path, into: Path) -> None:
    one, two = film(1), film(2)
    path = zipped(
        tmp_path / "cd.zip",
        {
            "exam/CC.dcm": one,
            "exam\\deep\\IM1": two,
            "exam/": b"",
            "README.txt": b"hello",
            "viewer.exe": b"MZ",
        },
    )
    unpacked = unpack(path, into, silent)
    assert files_below(unpacked.folder) == {"exam/CC.dcm": one, "exam/deep/IM1": two}
    assert (unpacked.folder.name, unpacked.n_files) == ("cd", 4)
    assert list(unpacked.folder.parent.iterdir()) == [unpacked.folder]


@pytest.mark.parametrize(
    "name",
    ["../out.dcm", "a/../../out.dcm", "/etc/out.dcm", "C:/out.dcm", "C:out.dcm", "..\\out.dcm",
     "\\\\host\\s\\o.dcm", "a//b.dcm", "./a.dcm", "a/.. /b.dcm", "film.dcm:stream", ".../x.dcm"],
)  # fmt: skip
def test_a_name_that_leads_elsewhere_refuses_the_whole_archive(tmp_path: Path, into: Path, name: str) -> None:
    path = zipped(tmp_path / "evil.zip", {"good.dcm": film(), name: film(1)})
    assert "leads out of its folder" in refusal(path, into)


def test_a_name_cut_by_a_nul_byte_refuses_the_whole_archive(tmp_path: Path, into: Path) -> None:
    path = zipped(tmp_path / "evil.zip", {"good.dcmXtxt": film()})
    path.write_bytes(path.read_bytes().replace(b"good.dcmXtxt", b"good.dcm\0txt"))
    assert "leads out of its folder" in refusal(path, into)


@given(st.lists(st.text(alphabet="a./\\: \0", max_size=4), max_size=4))
def test_whatever_counts_as_inside_stays_inside(parts: list[str]) -> None:
    if is_inside(parts):
        joined = Path("/root/of/all").joinpath(*parts)
        assert ".." not in joined.parts
        assert joined.parts == ("/", "root", "of", "all", *parts)


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFIFO, stat.S_IFCHR])
def test_links_and_devices_refuse_the_whole_archive(tmp_path: Path, into: Path, kind: int) -> None:
    path = tmp_path / "evil.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("good.dcm", film())
        archive.writestr(info("link.dcm", kind | 0o777), "/etc/passwd")
    assert "a link or a device" in refusal(path, into)


def test_a_bomb_is_known_by_its_listing(tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "UNSUSPICIOUS_BYTES", 2**20)
    path = zipped(tmp_path / "bomb.zip", {"good.dcm": film(), "b.dcm": bytes(128) + b"DICM" + bytes(2**21)})
    assert "would swell to 2 MiB out of 0.0" in refusal(path, into)
    monkeypatch.setattr(archives, "UNSUSPICIOUS_BYTES", 2**22)
    assert len(files_below(unpack(path, into, silent).folder)) == 2


def overlapping(path: Path) -> Path:
    """Two entries of the listing that share the bytes of one file."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("a.dcm", film())
        twin = info("b.dcm")
        first = archive.getinfo("a.dcm")
        twin.CRC, twin.file_size, twin.compress_size = first.CRC, first.file_size, first.compress_size
        twin.header_offset = first.header_offset
        archive.filelist.append(twin)
    return path


def test_files_that_share_their_bytes_refuse_the_whole_archive(tmp_path: Path, into: Path) -> None:
    assert "the same bytes for several files" in refusal(overlapping(tmp_path / "evil.zip"), into)


def test_more_than_is_listed_never_comes_out(tmp_path: Path, into: Path) -> None:
    """A listing that understates the size of a file: the checksum of what it admits does not fit."""
    content = film()
    path = zipped(tmp_path / "liar.zip", {"a.dcm": content})
    true, said = len(content).to_bytes(4, "little"), (200).to_bytes(4, "little")
    path.write_bytes(path.read_bytes().replace(true, said))
    assert "is damaged" in refusal(path, into)


def test_what_cannot_be_trusted_or_unpacked_is_refused_with_the_way_out(tmp_path: Path, into: Path) -> None:
    with zipfile.ZipFile(tmp_path / "lzma.zip", "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("a.dcm", film())
    assert "pack it anew" in refusal(tmp_path / "lzma.zip", into)
    locked = zipped(tmp_path / "locked.zip", {"a.dcm": film()})
    content = bytearray(locked.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    locked.write_bytes(content)
    assert "is encrypted" in refusal(locked, into)
    assert "two files of one name" in refusal(zipped(tmp_path / "t.zip", {"A": film(), "a": film(1)}), into)
    assert "holds no DICOM file" in refusal(zipped(tmp_path / "n.zip", {"a.txt": b"hello" * 99}), into)
    assert "cannot be unpacked" in refusal(zipped(tmp_path / "f.zip", {"a": film(), "a/b": film(1)}), into)


def test_too_many_files_or_too_little_room_leave_nothing(
    tmp_path: Path, into: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = zipped(tmp_path / "two.zip", {"a.dcm": film(), "b.dcm": film(1)})
    monkeypatch.setattr(archives.shutil, "disk_usage", lambda _: type("Usage", (), {"free": 4000}))
    assert "make room" in refusal(path, into)
    monkeypatch.setattr(archives, "MAX_FILES", 1)
    assert "more than 1 files" in refusal(path, into)


def test_damage_anywhere_gives_the_whole_archive_or_a_sentence(tmp_path: Path) -> None:
    """Bytes changed at random: what comes out is what went in, or nothing."""
    files = {"exam/a.dcm": film(), "exam/b.dcm": film(1)}
    sound = zipped(tmp_path / "a.zip", files).read_bytes()
    random = np.random.default_rng(5)
    n_refused = 0
    for number in range(200):
        content = bytearray(sound)
        for place in random.integers(0, len(content), 3):
            content[place] = random.integers(256)
        if number % 10 == 0:
            content = content[: random.integers(len(content))]
        (tmp_path / "a.zip").write_bytes(content)
        into = tmp_path / str(number)
        try:
            come = files_below(unpack(tmp_path / "a.zip", into, silent).folder)
            assert set(come.values()) <= set(files.values())
        except FileRefused:
            n_refused += 1
            assert not into.exists() or list(into.iterdir()) == []
    assert n_refused > 100


def test_an_unpacking_that_is_stopped_leaves_nothing_and_a_part_of_one_killed_is_replaced(
    tmp_path: Path, into: Path
) -> None:
    path = zipped(tmp_path / "cd.zip", {"a.dcm": film(), "b.dcm": film(1)})

    def stop(done: int, _total: int, _name: str) -> None:
        if done > 2600:
            raise ImportCancelled

    with pytest.raises(ImportCancelled):
        unpack(path, into, stop)
    assert list(into.iterdir()) == []
    folder = unpack(path, into, silent).folder
    (folder.parent.with_suffix(".part")).mkdir()
    (folder.parent.with_suffix(".part") / "b.dcm").write_text("half")
    folder.rename(folder.with_name("elsewhere"))
    assert len(files_below(unpack(path, into, silent).folder)) == 2


# --- through the import ---------------------------------------------------------------------------------


def test_images_of_an_archive_stay_reachable_when_the_archive_is_gone(tmp_path: Path) -> None:
    path = zipped(
        tmp_path / "cd.zip", {"x/1.dcm": film(), "x/2.dcm": film(1), "note.txt": b"text", "in.zip": b"PK"}
    )
    with open_store(tmp_path / "store") as store:
        report = import_paths([path], store.catalogue, case_by="folder", archives=store.archives)
        assert (report.imported, report.cases, report.skipped) == (2, 1, 1)
        [(inner, reason)] = report.refused
        assert inner == path / "in.zip"
        assert "archive within an archive" in reason
        again = import_paths([path], store.catalogue, archives=store.archives)
        assert (again.imported, again.already, again.skipped) == (0, 2, 1)
        path.unlink()
        for image in store.catalogue.images():
            assert Path(image.path).is_relative_to(tmp_path / "store" / "archives")
            assert Path(image.path).is_file()


def test_a_hostile_archive_beside_good_ones_costs_a_line_of_the_report(tmp_path: Path) -> None:
    (tmp_path / "in").mkdir()
    zipped(tmp_path / "in" / "good.zip", {"1.dcm": film()})
    evil = zipped(tmp_path / "in" / "evil.zip", {"1.dcm": film(1), "../../../2.dcm": film(2)})
    (tmp_path / "in" / "cut.zip").write_bytes(evil.read_bytes()[:500])
    with open_store(tmp_path / "store") as store:
        report = import_paths([tmp_path / "in"], store.catalogue, archives=store.archives)
        assert report.imported == 1
        assert [(path.name, reason.split(";")[0]) for path, reason in report.refused] == [
            ("cut.zip", "is damaged and cannot be unpacked (BadZipFile)"),
            ("evil.zip", "holds a name that leads out of its folder"),
        ]
        alone = import_paths([evil], store.catalogue, archives=store.archives)
        assert (alone.imported, len(alone.refused)) == (0, 1)


def test_where_there_is_no_place_for_them_archives_are_refused(tmp_path: Path) -> None:
    path = zipped(tmp_path / "good.zip", {"1.dcm": film()})
    with open_store(tmp_path / "store") as store:
        assert import_paths([path], store.catalogue).refused == [
            (path, "is an archive; unpack it and name the folder.")
        ]


def test_a_store_named_from_here_is_found_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    zipped(tmp_path / "cd.zip", {"1.dcm": film()})
    monkeypatch.chdir(tmp_path)
    with open_store("store", recordings="elsewhere/recordings") as store:
        import_paths(["cd.zip"], store.catalogue, archives=Path("store/archives"))
        [image] = store.catalogue.images()
        assert Path(image.path).is_absolute()
        assert Path(image.path).is_relative_to(store.archives)
