"""Which files are meant by what a person names: files, folders, DICOMDIRs and archives."""

from __future__ import annotations

import functools
import zipfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from acquisition.dicom import looks_like_dicom
from acquisition.dicom.workers import shared_workers
from acquisition.errors import FileRefused, UserError
from acquisition.interchange.archives import Tell, is_inside, unpack

DIRECTORY_NAME = "dicomdir"
"""Of the file that lists a medium, in whatever case the medium was mounted."""


@dataclass(slots=True)
class Finds:
    """Files that may be images, each once, and what was left aside."""

    files: dict[Path, None] = field(default_factory=dict)
    refused: list[tuple[Path, str]] = field(default_factory=list)
    skipped: int = 0
    """Files within folders and archives that are no DICOM."""


def reason_of(error: FileRefused, path: Path) -> str:
    """What a refusal says behind the name of its file."""
    return str(error).removeprefix(f"{path}: ")


def find_files(paths: Sequence[Path], archives: Path | None, tell: Tell) -> Finds:
    """All that may be an image, folders and archives in order of their paths.

    A folder means all DICOM files and archives below it; a DICOMDIR the files of its image records.

    Args:
        paths: absolute, of files and folders.
        archives: where archives are unpacked; None refuses them.
        tell: told of files found and unpacked; may raise to stop.

    Raises:
        UserError: where a path does not exist, or nothing is found and nothing refused.
    """
    search = _Search(Finds(), archives, tell)
    for path in paths:
        if path.is_dir():
            search.folder(path)
        elif path.exists():
            search.file(path)
        else:
            raise UserError(f"{path}: does not exist; check the path.")
    if not search.finds.files and not search.finds.refused:
        where = ", ".join(map(str, paths)) or "Nothing named"
        n_others = search.finds.skipped
        raise UserError(f"{where}: no DICOM file in there ({n_others} other files); name a folder with some.")
    return search.finds


@dataclass(frozen=True, slots=True)
class _Search:
    finds: Finds
    archives: Path | None
    tell: Tell

    def file(self, path: Path) -> None:
        """A file that was named; whether it is DICOM shows when it is read."""
        if path.name.lower() == DIRECTORY_NAME:
            self._directory(path)
        elif path.suffix.lower() == ".zip" or (zipfile.is_zipfile(path) and not looks_like_dicom(path)):
            self._archive(path)
        else:
            self.finds.files[path] = None

    def folder(self, folder: Path) -> None:
        """All below; files that a DICOMDIR there has lost are refused by name."""
        for path in sorted(path for path in folder.rglob("*") if path.is_file()):
            self.tell(0, 1, f"looking at {path.name}")
            try:
                is_dicom = looks_like_dicom(path)
            except OSError as error:
                self._refuse(path, f"cannot be read ({error.strerror}).")
                continue
            if path.name.lower() == DIRECTORY_NAME:
                self._directory(path)
                self.finds.skipped += 1
            elif is_dicom:
                self.finds.files[path] = None
            elif path.suffix.lower() == ".zip":
                self._archive(path)
            else:
                self.finds.skipped += 1

    def _archive(self, path: Path) -> None:
        if self.archives is None:
            self._refuse(path, "is an archive; unpack it and name the folder.")
            return
        try:
            unpacked = unpack(path, self.archives, self.tell)
        except FileRefused as error:
            self._refuse(path, reason_of(error, path))
            return
        self.folder(unpacked.folder)
        n_there = sum(path.is_file() for path in unpacked.folder.rglob("*"))
        self.finds.skipped += unpacked.n_files - n_there - len(unpacked.archives)
        for name in unpacked.archives:
            self._refuse(path / name, "is an archive within an archive; unpack it and name the folder.")

    def _directory(self, path: Path) -> None:
        try:
            records = shared_workers().read_directory(path)
        except FileRefused as error:
            self._refuse(path, reason_of(error, path))
            return
        if not all(map(is_inside, records)):
            self._refuse(path, "names a file outside its own folder; it may be hostile, ask who made it.")
            return
        spelled = functools.cache(_spellings)
        for parts in records:
            self._record(path.parent, parts, spelled)

    def _record(self, root: Path, parts: Sequence[str], spelled: Callable[[Path], dict[str, str]]) -> None:
        path = root
        for part in parts:
            path /= spelled(path).get(part.casefold(), part)
        if not path.is_file():
            self._refuse(path, "is listed in the DICOMDIR but not there; copy the whole medium.")
        elif not path.resolve().is_relative_to(root.resolve()):
            self._refuse(path, "is a link out of the folder of its DICOMDIR; name the file itself.")
        else:
            self.finds.files[path] = None

    def _refuse(self, path: Path, reason: str) -> None:
        self.finds.refused.append((path, reason))


def _spellings(folder: Path) -> dict[str, str]:
    """Names in a folder as they are written there: media are often mounted in lower case."""
    return {path.name.casefold(): path.name for path in folder.iterdir()} if folder.is_dir() else {}
