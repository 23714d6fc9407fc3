"""Mammogram patches that were never taken, as real DICOM files with the truth beside them.

Every file says of itself that it is simulated: in its manufacturer (which the importer knows), its image
type, its comments and its patient's name.
"""

from __future__ import annotations

import csv
import uuid
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset

from acquisition.dicom import PHANTOM_MANUFACTURER
from acquisition.simulation.patches import BITS, draw_lesion, draw_tissue, render_patch
from acquisition.simulation.reader import Lesion

TRUTH_FILE = "truth.csv"

WINDOW = (2048, 3600)
"""(center, width) of every file: brightness and contrast are shown as they were drawn."""

SPACING_MM = 0.2

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_OID, PHANTOM_MANUFACTURER)

_COLUMNS = ("image", "pathology", "lesion_x_px", "lesion_y_px", "lesion_radius_px", "patient")


@dataclass(frozen=True, slots=True)
class Phantom:
    """One patch and the truth about it."""

    path: Path
    patient: str
    lesion: Lesion

    @property
    def pathology(self) -> str:
        """`benign` or `malignant`."""
        return "malignant" if self.lesion.malignant else "benign"


def make_phantoms(
    out_dir: str | Path,
    n_patients: int,
    per_patient: int = 2,
    *,
    size_px: int = 256,
    seed: int = 0,
    contrast: float = 1.5,
) -> list[Phantom]:
    """Write `n_patients` x `per_patient` patches and `truth.csv` into a folder.

    Half of the patches are malignant. Every patch is a study, so that it is a case to read; the PatientID
    says which belong together. The same arguments give the same files, byte for byte.

    Args:
        out_dir: made if need be; files of the same names are written anew.
        n_patients: how many patients, each with tissue of its own.
        per_patient: patches of each.
        size_px: sides of a patch.
        seed: another seed gives other patients.
        contrast: brightness of a benign lesion in standard deviations of the tissue; less is harder.
    """
    folder = Path(out_dir)
    folder.mkdir(parents=True, exist_ok=True)
    n_patches = n_patients * per_patient
    is_malignant = np.random.default_rng([seed, 0]).permutation(np.arange(n_patches) % 2 == 1)
    phantoms = []
    for patient in range(n_patients):
        tissue = draw_tissue(np.random.default_rng([seed, 1, patient]))
        name = f"PHANTOM-{seed}-{patient + 1:04d}"
        for patch in range(per_patient):
            number = patient * per_patient + patch
            rng = np.random.default_rng([seed, 2, number])
            lesion = draw_lesion(rng, size_px, bool(is_malignant[number]))
            pixels = render_patch(rng, size_px, tissue, lesion, contrast)
            phantom = Phantom(folder / f"{name.lower()}-{patch + 1}.dcm", name, lesion)
            _write_dicom(phantom, pixels, number)
            phantoms.append(phantom)
    _write_truth(folder / TRUTH_FILE, phantoms)
    return phantoms


def _write_truth(path: Path, phantoms: list[Phantom]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(_COLUMNS)
        for phantom in phantoms:
            lesion = phantom.lesion
            place = (f"{value:.2f}" for value in (lesion.x_px, lesion.y_px, lesion.radius_px))
            rows.writerow([phantom.path.name, phantom.pathology, *place, phantom.patient])


def _write_dicom(phantom: Phantom, pixels: NDArray[np.uint16], number: int) -> None:
    """One single-frame mammogram; `number` alternates the sides."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.file_meta.ImplementationClassUID = _uid("gazeroom")
    _identify(dataset, phantom)
    _describe(dataset, is_right=number % 2 == 0)
    _add_pixels(dataset, pixels)
    dataset.save_as(phantom.path, enforce_file_format=True)


def _identify(dataset: Dataset, phantom: Phantom) -> None:
    name = phantom.path.stem
    dataset.SOPClassUID = uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = _uid("image", name)
    dataset.StudyInstanceUID = _uid("study", name)
    dataset.SeriesInstanceUID = _uid("series", name)
    dataset.PatientID = phantom.patient
    dataset.PatientName = f"Simulated^{phantom.patient}"
    dataset.PatientBirthDate = dataset.PatientSex = dataset.AccessionNumber = ""
    dataset.StudyDate = dataset.StudyTime = dataset.ReferringPhysicianName = dataset.StudyID = ""
    dataset.SeriesNumber = dataset.InstanceNumber = 1


def _describe(dataset: Dataset, is_right: bool) -> None:
    dataset.Modality = "MG"
    dataset.Manufacturer = PHANTOM_MANUFACTURER
    dataset.ImageType = ["DERIVED", "SECONDARY", "", "SIMULATED"]
    dataset.ImageComments = "Simulated tissue and lesion; no patient was imaged."
    dataset.DerivationDescription = "Computed by the Gazeroom phantom generator"
    dataset.SeriesDescription = "Simulated mammogram patch"
    dataset.PresentationIntentType = "FOR PRESENTATION"
    dataset.BodyPartExamined = "BREAST"
    dataset.BurnedInAnnotation = "NO"
    dataset.ImageLaterality = "R" if is_right else "L"
    dataset.PatientOrientation = ["P", "L"] if is_right else ["A", "R"]
    dataset.ViewPosition = "CC"
    dataset.PositionerType = "NONE"
    dataset.ImagerPixelSpacing = dataset.PixelSpacing = [SPACING_MM, SPACING_MM]


def _add_pixels(dataset: Dataset, pixels: NDArray[np.uint16]) -> None:
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.Rows, dataset.Columns = pixels.shape
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit = 16, BITS, BITS - 1
    dataset.PixelRepresentation = 0
    dataset.PixelIntensityRelationship, dataset.PixelIntensityRelationshipSign = "LOG", -1
    dataset.RescaleIntercept, dataset.RescaleSlope, dataset.RescaleType = 0, 1, "US"
    dataset.PresentationLUTShape = "IDENTITY"
    dataset.LossyImageCompression = "00"
    dataset.WindowCenter, dataset.WindowWidth = WINDOW
    dataset.add_new("PixelData", "OW", pixels.astype("<u2").tobytes())


def _uid(*names: str) -> uid.UID:
    """The UID that these names always get: a name-based UUID under the root of PS3.5 B.2."""
    return uid.UID(f"2.25.{uuid.uuid5(_NAMESPACE, '/'.join(names)).int}")
