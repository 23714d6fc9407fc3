"""Zip archives from elsewhere: judged by their listing, then unpacked whole or not at all.

A refused archive leaves nothing behind. Of one that is taken only the DICOM files are unpacked, into
`FOLDER/KEY/NAME`: the key comes of the listing, so that the same archive is unpacked once.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from acquisition.dicom.look import N_HEAD_BYTES, starts_as_dicom
from acquisition.errors import FileRefused

Tell = Callable[[int, int, str], None]
"""Told (bytes unpacked, bytes in all, name)."""

MAX_FILES = 100_000
MAX_RATIO = 100
"""Images pack to a third, drawn ones to a thirtieth of their size; a bomb to a thousandth."""
UNSUSPICIOUS_BYTES = 256 * 2**20
"""So much may come out of an archive of any size."""
_BLOCK_BYTES = 2**20
_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""LZMA and bzip2 may ask for gigabytes of memory before the first byte comes out."""
_IS_ENCRYPTED = 0x1
_BROKEN = (zipfile.BadZipFile, zlib.error, struct.error, EOFError, ValueError, NotImplementedError)
"""All that damaged archives make `zipfile` raise, apart from `OSError`."""


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What came out of an archive."""

    folder: Path
    n_files: int
    """In the archive, DICOM or not."""
    archives: tuple[str, ...]
    """Names of archives within, which are not opened."""


@dataclass(frozen=True, slots=True)
class _Member:
    info: zipfile.ZipInfo
    parts: tuple[str, ...]


def unpack(path: Path, into: Path, tell: Tell) -> Unpacked:
    """Unpack the DICOM files of an archive below `into`; again, where they are there already.

    Args:
        path: a zip archive.
        into: the folder of all that comes out of archives; made where it is not there.
        tell: told of every block; may raise to stop, and nothing is left then.

    Raises:
        FileRefused: for an archive that is damaged, encrypted, a bomb, too large for the disk, or that holds
            a link or a name which leads out of its folder. Nothing of it has been unpacked.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = _members(archive.infolist())
            _refuse_bomb(members, path.stat().st_size)
            place = into / _key(members) / (path.stem.strip(". ") or "archive")
            if not place.is_dir():
                _refuse_lack_of_room(members, into)
                _unpack_whole(archive, members, place, tell)
    except _Refusal as reason:
        raise FileRefused(f"{path}: {reason} Nothing of it was unpacked.") from None
    except _BROKEN as error:
        kind = type(error).__name__
        raise FileRefused(f"{path}: is damaged and cannot be unpacked ({kind}); fetch it again.") from error
    except OSError as error:
        raise FileRefused(f"{path}: cannot be unpacked ({error.strerror or error}).") from error
    within = tuple("/".join(m.parts) for m in members if m.parts[-1].lower().endswith(".zip"))
    return Unpacked(place, len(members), within)


class _Refusal(Exception):
    """A reason to take nothing of an archive."""


# --- judging --------------------------------------------------------------------------------------------


def _members(infos: Sequence[zipfile.ZipInfo]) -> list[_Member]:
    """The files of a listing, or `_Refusal` where one of its names is not to be trusted."""
    if len(infos) > MAX_FILES:
        raise _Refusal(f"holds more than {MAX_FILES} files; split it.")
    named = [(info, _safe_parts(info)) for info in infos]
    members = [_Member(info, parts) for info, parts in named if not _is_folder(info)]
    twins = Counter("/".join(member.parts).casefold() for member in members)
    if any(n > 1 for n in twins.values()):
        raise _Refusal("holds two files of one name; pack it anew.")
    return members


def _is_folder(info: zipfile.ZipInfo) -> bool:
    return info.filename.endswith(("/", "\\"))


def _safe_parts(info: zipfile.ZipInfo) -> tuple[str, ...]:
    kind = stat.S_IFMT(info.external_attr >> 16)
    if kind not in (0, stat.S_IFREG, stat.S_IFDIR):
        raise _Refusal("holds a link or a device among its files; pack the files themselves.")
    if info.flag_bits & _IS_ENCRYPTED:
        raise _Refusal("is encrypted; unpack it and name the folder.")
    if info.compress_type not in _METHODS:
        raise _Refusal("is packed by another method than deflate; pack it anew.")
    parts = tuple(info.filename.replace("\\", "/").removesuffix("/").split("/"))
    if not is_inside(parts) or "\0" in info.orig_filename:
        raise _Refusal("holds a name that leads out of its folder; it may be hostile, ask who made it.")
    return parts


def is_inside(parts: Sequence[str]) -> bool:
    """Whether a relative path of these parts stays below its folder, whatever the system.

    A colon is a drive or a hidden stream of a file on Windows; an empty first part is a root.
    """
    return bool(parts) and not any(
        part.strip(" .") == "" or any(sign in part for sign in "/\\:\0") for part in parts
    )


def _refuse_bomb(members: Sequence[_Member], archive_bytes: int) -> None:
    packed = sum(member.info.compress_size for member in members)
    unpacked = sum(member.info.file_size for member in members)
    if packed > archive_bytes:
        raise _Refusal("claims the same bytes for several files; it may be hostile, ask who made it.")
    if unpacked > UNSUSPICIOUS_BYTES and unpacked > MAX_RATIO * archive_bytes:
        size = f"{unpacked / 2**20:,.0f} MiB out of {archive_bytes / 2**20:,.1f}"
        raise _Refusal(f"would swell to {size}; unpack it yourself if you trust it, and name the folder.")


def _refuse_lack_of_room(members: Sequence[_Member], into: Path) -> None:
    into.mkdir(parents=True, exist_ok=True)
    needed, free = sum(member.info.file_size for member in members), shutil.disk_usage(into).free
    if needed > free:
        raise _Refusal(
            f"needs {needed / 2**20:,.0f} MiB in {into}, where {free / 2**20:,.0f} MiB are free; make room."
        )


# --- unpacking ------------------------------------------------------------------------------------------


def _key(members: Sequence[_Member]) -> str:
    """The same for archives that list the same files by name, size and checksum."""
    listing = [(member.parts, member.info.file_size, member.info.CRC) for member in members]
    return hashlib.sha256(repr(listing).encode()).hexdigest()[:16]


def _unpack_whole(archive: zipfile.ZipFile, members: Sequence[_Member], place: Path, tell: Tell) -> None:
    """The folder of that name appears only when all of it is there."""
    n_bytes = sum(member.info.file_size for member in members)

    def tell_of(member: _Member, done: int) -> Callable[[int], None]:
        return lambda n: tell(done + n, n_bytes, f"unpacking {member.parts[-1]}")

    unfinished = place.parent.with_suffix(".part")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        done = n_taken = 0
        for member in members:
            n_taken += _unpack_one(archive, member, unfinished, tell_of(member, done))
            done += member.info.file_size
        if not n_taken:
            raise _Refusal("holds no DICOM file.")
        place.parent.mkdir(exist_ok=True)
        unfinished.rename(place)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _unpack_one(archive: zipfile.ZipFile, member: _Member, folder: Path, tell: Callable[[int], None]) -> bool:
    """Whether the file was DICOM and is in the folder now; `zipfile` gives no byte more than is listed."""
    tell(0)
    with archive.open(member.info) as packed:
        block = packed.read(N_HEAD_BYTES)
        if not starts_as_dicom(block):
            return False
        target = folder.joinpath(*member.parts)
        target.parent.mkdir(parents=True, exist_ok=True)
        with target.open("xb") as file:
            while block:
                file.write(block)
                tell(file.tell())
                block = packed.read(_BLOCK_BYTES)
    return True
