"""How learning writes and reads: whole or not at all, and every load checked."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import secrets
import zipfile
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, ValidationError

from acquisition.errors import FileRefused, UserError

FORMAT_VERSION = 1
SOFTWARE = f"gazeroom {version('gazeroom')}"
NO_PLACE = {
    errno.EROFS: "the disk is read-only",
    errno.EACCES: "you may not write there",
    errno.EPERM: "you may not write there",
    errno.ENOENT: "there is no such disk, or it holds no files",
    errno.ENOTDIR: "a part of this path is a file",
    errno.EEXIST: "a part of this path is a file",
}
"""What the system says where nothing can be written, and what that means."""

Model = TypeVar("Model", bound=BaseModel)


class DiskFull(UserError):
    """No space is left; what was there before is as it was."""


class Document(BaseModel):
    """Base of the models below: frozen, and unknown fields are an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def file_hash(path: Path) -> str:
    """SHA-256 of a file."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextlib.contextmanager
def full_disk_told(folder: Path) -> Iterator[None]:
    """A disk without space becomes a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise DiskFull(
            f"The disk of {folder} is full; nothing there was damaged. Free some space and go on."
        ) from error


class WriteRefused(UserError):
    """Nothing can be written at a place; what was there is as it was."""


@contextlib.contextmanager
def refusal_told(folder: Path) -> Iterator[None]:
    """A place where nothing can be written becomes a sentence."""
    try:
        yield
    except OSError as error:
        if error.errno not in NO_PLACE:
            raise
        raise WriteRefused(
            f"Nothing can be written to {folder}: {NO_PLACE[error.errno]}. Choose another folder."
        ) from error


@contextlib.contextmanager
def written_whole(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only once it is complete and on the disk.

    Others may read it as far as the umask lets them: nothing secret is written by this.

    Raises `DiskFull` where there is no space for it, `WriteRefused` where nothing can be written.
    """
    with full_disk_told(path.parent):
        # Not by `tempfile`: its files are for their owner alone, and so would be what they become.
        temporary = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
        with refusal_told(path.parent):
            path.parent.mkdir(parents=True, exist_ok=True)
            file = temporary.open("xb")
        try:
            with file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    with written_whole(path) as file:
        file.write(text.encode())


def save_arrays(path: Path, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write an npz, without pickle."""
    with written_whole(path) as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


def load_arrays(path: Path, kinds: Mapping[str, str]) -> dict[str, NDArray[Any]]:
    """The named arrays of an npz; each must be of the kind (`numpy.dtype.kind`) given."""
    if not path.is_file():
        raise FileRefused(f"{path} does not exist.")
    try:
        with np.load(path, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in kinds}
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
        raise FileRefused(f"{path} is damaged or not what it should be: {error}.") from error
    for name, kind in kinds.items():
        if arrays[name].dtype.kind != kind and arrays[name].size:
            raise FileRefused(f"{path} is not what it should be: '{name}' holds {arrays[name].dtype}.")
    return arrays


def load_json(path: Path, model: type[Model]) -> Model:
    """The document in a JSON file; one of another format or version is refused."""
    try:
        document = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise FileRefused(f"{path} cannot be read: {error}.") from error
    if not isinstance(document, dict):
        raise FileRefused(f"{path} is not what it should be: it holds no JSON object.")
    check_version(path, document, str(model.model_fields["format"].default))
    try:
        return model.model_validate_json(json.dumps(document))
    except ValidationError as error:
        raise FileRefused(f"{path} is not what it should be: {first_problem(error)}.") from error


def check_version(path: Path, document: Mapping[str, Any], expected: str) -> None:
    """Raise `FileRefused` unless a document is of the expected format and of our version."""
    if document.get("format") != expected:
        raise FileRefused(f"{path} is no {expected}; its format is {document.get('format')!r}.")
    if document.get("version") != FORMAT_VERSION:
        raise FileRefused(
            f"{path} has version {document.get('version')!r} and this Gazeroom reads {FORMAT_VERSION}; "
            "use the Gazeroom that wrote it or make it again."
        )


def first_problem(error: ValidationError) -> str:
    """What pydantic found first, in a few words."""
    problem = error.errors()[0]
    return f"{'.'.join(map(str, problem['loc']))}: {problem['msg']}"
