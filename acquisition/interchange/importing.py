"""DICOM files into the catalogue: found, checked, grouped, labelled.

Files stay where they are; those out of an archive stay where it was unpacked.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from acquisition.dicom import ImageHeader
from acquisition.dicom.workers import shared_workers
from acquisition.domain import Case, Image, Label, new_id, opening_frame
from acquisition.errors import FileRefused, GazeroomError
from acquisition.interchange.finding import find_files, reason_of
from acquisition.interchange.grouping import RULES, CaseBy, Member, arrange, place_by_table
from acquisition.interchange.tables import ImageNames, Table, read_table, refuse_unknown

Progress = Callable[[int, int, str], None]
"""Told (steps done, steps in all, file name); may raise `ImportCancelled`."""

IDENTIFYING_COLUMNS = frozenset({"image", "case", "folder", "patient"})
"""Columns of a labels table that say what a row is about; never labels themselves."""


class ImportCancelled(GazeroomError):
    """Raised by who is told of progress; what is in the catalogue by then stays, nothing more comes in."""


class CaseShelf(Protocol):
    """Where cases, images and labels are kept: the store's catalogue."""

    def add_case(self, case: Case) -> bool:
        """Keep a case; False where it is there already."""
        ...

    def add_image(self, image: Image) -> bool:
        """Keep an image; False where the same frame of the same content is there already."""
        ...

    def add_labels(self, labels: Sequence[Label]) -> None:
        """Keep truth; the same name from the same origin is replaced."""
        ...

    def cases(self) -> list[Case]:
        """All cases."""
        ...

    def images(self, case_id: str | None = None) -> list[Image]:
        """The images of one case, or all."""
        ...


@dataclass(slots=True)
class ImportReport:
    """What became of the files."""

    imported: int = 0
    already: int = 0
    """Images that the catalogue had before, known by their content."""
    refused: list[tuple[Path, str]] = field(default_factory=list)
    skipped: int = 0
    """Files within folders and archives that are no DICOM."""
    cases: int = 0
    """Cases that are new."""
    labels: int = 0
    is_cancelled: bool = False


@dataclass(frozen=True, slots=True)
class _Film:
    """An acceptable file that the catalogue does not have."""

    path: Path
    header: ImageHeader
    sha256: str
    size_bytes: int
    image_id: str
    is_simulated: bool


def import_paths(
    paths: Iterable[str | Path],
    catalogue: CaseShelf,
    *,
    case_by: CaseBy | Path = "study",
    labels: Path | None = None,
    is_simulated: bool | None = None,
    archives: Path | None = None,
    progress: Progress | None = None,
) -> ImportReport:
    """Import files, folders with all that is below them, zip archives, and what a DICOMDIR lists.

    Images that are there already, by content, are left as they are; new images join the case of their kin.

    Args:
        paths: DICOM files, folders, DICOMDIRs or zip archives.
        catalogue: where cases, images and labels go.
        case_by: what makes a case, and with it the patient key by which folds are grouped; see `grouping`.
            A path names a CSV with columns `image`, `case` and perhaps `patient`.
        labels: a CSV with a column `image`, `case` or `folder`; every other column is a label.
        is_simulated: overrules what the files say of themselves.
        archives: the folder where archives are unpacked and their files stay; None refuses them.
        progress: told of every step; it ends the import by raising `ImportCancelled`.

    Raises:
        UserError: where there is no DICOM at all, or a CSV does not fit; nothing has been stored then.
    """
    tell = progress or (lambda _done, _total, _name: None)
    report = ImportReport()
    grouping = read_table(case_by) if isinstance(case_by, Path) else case_by
    truth = read_table(labels) if labels is not None else None

    try:
        finds = find_files([Path(path).absolute() for path in paths], archives and archives.absolute(), tell)
        files, report.refused, report.skipped = list(finds.files), finds.refused, finds.skipped
        films, other_names = _examine(files, catalogue.images(), is_simulated, report, tell)
    except ImportCancelled:
        report.is_cancelled = True
        return report
    members = _members(films, catalogue)
    names = ImageNames([(m.image_id, m.path, m.sop_instance_uid) for m in members] + other_names)
    rule = place_by_table(grouping, names) if isinstance(grouping, Table) else RULES[grouping]
    case_of = arrange(members, len(catalogue.cases()), rule)
    found = _match_labels(truth, names, members, case_of) if truth is not None else []

    try:
        for step, film in enumerate(films):
            tell(len(files) + step, len(files) + len(films), film.path.name)
            if film.image_id in case_of:
                _take_in(film, case_of[film.image_id], catalogue, report)
            else:
                report.refused.append((film.path, f"is not named in {case_by}."))
    except ImportCancelled:
        report.is_cancelled = True
    report.labels = _keep_labels(found, catalogue)
    return report


# --- looking ---------------------------------------------------------------------------------------------


def _examine(
    files: list[Path], images: list[Image], is_simulated: bool | None, report: ImportReport, tell: Progress
) -> tuple[list[_Film], list[tuple[str, Path, str]]]:
    """New films with their headers and hashes, and (id, path, UID) of all files that are refused or known."""
    ids = {image.sha256: image.id for image in images if image.frame == 0}
    films: list[_Film] = []
    other_names: list[tuple[str, Path, str]] = []
    for step, path in enumerate(files):
        tell(step, 2 * len(files), path.name)
        try:
            header, sha256 = shared_workers().read_header(path), _sha256(path)
        except FileRefused as error:
            report.refused.append((path, reason_of(error, path)))
            other_names.append((new_id("refused"), path, ""))
            continue
        if sha256 in ids:
            report.already += 1
            other_names.append((ids[sha256], path, header.sop_instance_uid))
        else:
            ids[sha256] = new_id("img")
            simulated = header.is_simulated if is_simulated is None else is_simulated
            films.append(_Film(path, header, sha256, path.stat().st_size, ids[sha256], simulated))
    return films, other_names


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


# --- cases and labels -----------------------------------------------------------------------------------


def _members(films: list[_Film], catalogue: CaseShelf) -> list[Member]:
    """All images, those that have a case first."""
    cases = {case.id: case for case in catalogue.cases()}
    settled = [_settled(image, cases[image.case_id]) for image in catalogue.images()]
    return settled + [_newcomer(film) for film in films]


def _settled(image: Image, case: Case) -> Member:
    return Member(
        image_id=image.id,
        path=Path(image.path),
        sop_instance_uid=image.sop_instance_uid,
        study=image.study_instance_uid,
        patient=case.patient_key,
        is_simulated=image.is_simulated,
        case=case,
    )


def _newcomer(film: _Film) -> Member:
    study = film.header.study_instance_uid or str(film.path)
    return Member(
        image_id=film.image_id,
        path=film.path,
        sop_instance_uid=film.header.sop_instance_uid,
        study=study,
        patient=film.header.patient_id or study,
        is_simulated=film.is_simulated,
    )


def _match_labels(
    truth: Table, names: ImageNames, members: list[Member], case_of: dict[str, Case]
) -> list[Label]:
    """The labels of a table with the images or cases that they are about."""
    column = truth.require_one_of(["image", "case", "folder"])
    if column == "image":
        subjects = [names.find(row[column]) for row in truth.rows]
    else:
        case_ids = _case_names(case_of) if column == "case" else _folder_names(members, case_of)
        subjects = [case_ids.get(row[column].rstrip("/\\")) for row in truth.rows]
    pairs = list(zip(subjects, truth.rows, strict=True))
    refuse_unknown(truth, column, [row[column] for subject, row in pairs if subject is None])
    return [
        Label(subject, name, value, origin=truth.path.name)
        for subject, row in pairs
        for name, value in row.items()
        if subject is not None and name and value and name not in IDENTIFYING_COLUMNS
    ]


def _case_names(case_of: dict[str, Case]) -> dict[str, str]:
    """Case ids by title and by id."""
    cases = set(case_of.values())
    return {case.title: case.id for case in cases} | {case.id: case.id for case in cases}


def _folder_names(members: list[Member], case_of: dict[str, Case]) -> dict[str, str]:
    """Case ids by the name and the path of a folder that holds images of one case only."""
    held: dict[str, set[str]] = defaultdict(set)
    for member in members:
        if case := case_of.get(member.image_id):
            held[member.path.parent.name].add(case.id)
            held[str(member.path.parent)].add(case.id)
    return {folder: next(iter(ids)) for folder, ids in held.items() if len(ids) == 1}


def _keep_labels(found: list[Label], catalogue: CaseShelf) -> int:
    """Store the labels of all that was taken in; those of refused images have nobody to belong to."""
    subjects = {image.id for image in catalogue.images()} | {case.id for case in catalogue.cases()}
    kept = [label for label in found if label.subject_id in subjects]
    catalogue.add_labels(kept)
    return len(kept)


# --- taking in ------------------------------------------------------------------------------------------


def _take_in(film: _Film, case: Case, catalogue: CaseShelf, report: ImportReport) -> None:
    """Look at the pixels and store the image, or the reason why not."""
    try:
        image = _image(film, case)
    except FileRefused as error:
        report.refused.append((film.path, reason_of(error, film.path)))
        return
    report.cases += catalogue.add_case(case)
    report.imported += catalogue.add_image(image)


def _image(film: _Film, case: Case) -> Image:
    header = film.header
    decoded = shared_workers().read_image(film.path, opening_frame(header.n_frames))
    return Image(
        id=film.image_id,
        case_id=case.id,
        path=str(film.path),
        sha256=film.sha256,
        size_bytes=film.size_bytes,
        sop_instance_uid=header.sop_instance_uid,
        study_instance_uid=header.study_instance_uid,
        frame=0,
        width_px=header.width_px,
        height_px=header.height_px,
        modality=header.modality,
        laterality=header.laterality.value,
        view=header.view.value,
        flip_to_hang=decoded.flip_to_hang,
        box_px=decoded.exposure.box_px,
        spacing_mm=header.spacing_mm.value,
        is_simulated=film.is_simulated,
        spacing_basis=header.spacing_basis,
        is_upside_down=decoded.is_upside_down,
        n_frames=header.n_frames,
        study_date=header.study_date,
        body_part=header.body_part,
        view_modifiers=header.view_modifiers,
        laterality_from=header.laterality.where,
        view_from=header.view.where,
        pixel_aspect=header.pixel_aspect,
    )
