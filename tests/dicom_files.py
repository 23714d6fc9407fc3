"""Small DICOM files made to order, for tests that read or show them."""

import itertools
from pathlib import Path
from typing import Any

import gdcm
import imagecodecs
import numpy as np
from numpy.typing import NDArray
from ps33 import Lut, Recipe
from pydicom import uid
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence


def make_dataset(pixels: NDArray[Any], bits: int, **attributes: Any) -> Dataset:
    """A digital mammogram in memory; attributes override what stands here, None removes.

    `overlays` is a list of what `lay_over` takes.
    """
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    dataset.SOPClassUID = uid.DigitalMammographyXRayImageStorageForPresentation
    dataset.SOPInstanceUID = uid.generate_uid()
    dataset.StudyInstanceUID = uid.generate_uid()
    dataset.PatientID = "P1"
    dataset.Modality = "MG"
    dataset.Rows, dataset.Columns = pixels.shape[-2:]
    dataset.SamplesPerPixel = 1
    dataset.PhotometricInterpretation = "MONOCHROME2"
    dataset.BitsAllocated = pixels.dtype.itemsize * 8
    dataset.BitsStored, dataset.HighBit = bits, bits - 1
    dataset.PixelRepresentation = int(pixels.dtype.kind == "i")
    dataset.PixelData = pixels.tobytes()
    dataset["PixelData"].VR = "OB" if dataset.BitsAllocated == 8 else "OW"
    for keyword, value in attributes.items():
        if keyword == "overlays":
            for group, plane in enumerate(value):
                lay_over(dataset, 0x6000 + 2 * group, **plane)
        elif value is None:
            delattr(dataset, keyword)
        else:
            setattr(dataset, keyword, value)
    return dataset


def lay_over(
    dataset: Dataset,
    group: int,
    bits: NDArray[Any],
    origin: tuple[int, int] = (1, 1),
    kind: str = "G",
    label: str = "",
    n_frames: int | None = None,
) -> None:
    """Add a plane of bits (H, W) or (n, H, W); origin is (row, column) and counts from 1."""
    dataset.add_new((group, 0x10), "US", bits.shape[-2])
    dataset.add_new((group, 0x11), "US", bits.shape[-1])
    dataset.add_new((group, 0x40), "CS", kind)
    dataset.add_new((group, 0x50), "SS", list(origin))
    dataset.add_new((group, 0x100), "US", 1)
    dataset.add_new((group, 0x102), "US", 0)
    if label:
        dataset.add_new((group, 0x1500), "LO", label)
    if n_frames is not None:
        dataset.add_new((group, 0x15), "IS", n_frames)
    packed = np.packbits(bits.ravel().astype(bool), bitorder="little").tobytes()
    dataset.add_new((group, 0x3000), "OW", packed + bytes(len(packed) % 2))


def recompressed(source: Path, syntax: str, target: Path) -> Path:
    """The file in what gdcm calls that transfer syntax."""
    reader, change, writer = gdcm.ImageReader(), gdcm.ImageChangeTransferSyntax(), gdcm.ImageWriter()
    reader.SetFileName(str(source))
    assert reader.Read()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, syntax)))
    change.SetInput(reader.GetImage())
    assert change.Change()
    writer.SetFileName(str(target))
    writer.SetFile(reader.GetFile())
    writer.SetImage(change.GetOutput())
    assert writer.Write()
    return target


def write_compressed(path: Path, picture: bytes, syntax: uid.UID, dataset: Dataset) -> Path:
    """The file with its pixels in one compressed picture, whatever that holds."""
    dataset.PixelData = encapsulate([picture])
    dataset["PixelData"].is_undefined_length = True
    dataset.file_meta.TransferSyntaxUID = syntax
    dataset.save_as(path, enforce_file_format=True)
    return path


def write_extended(path: Path, pixels: NDArray[Any], **attributes: Any) -> Path:
    """A film in JPEG Extended of 12 bits, as good as that can be."""
    jpeg = bytes(imagecodecs.jpeg8_encode(pixels, 100, bitspersample=12))
    assert b"\xff\xc1\x00\x0b\x0c" in jpeg  # an extended sequential frame of 12 bits
    return write_compressed(path, jpeg, uid.JPEGExtended12Bit, make_dataset(pixels, 12, **attributes))


def write_crashing(path: Path) -> None:
    """A JPEG lossless file on which gdcm ends its whole process."""
    pixels = (np.arange(60_000) % 3001).astype(np.uint16).reshape(300, 200)
    sound = path.with_suffix(".sound")
    make_dataset(pixels, 12).save_as(sound, enforce_file_format=True)
    content = bytearray(recompressed(sound, "JPEGLosslessProcess14_1", path).read_bytes())
    sound.unlink()
    behind_the_frame_header = content.index(b"\xff\xd8\xff\xc3") + 15
    content[behind_the_frame_header] = 46  # where the next marker should begin
    path.write_bytes(content)


def lut_sequence(*luts: Lut, explanations: tuple[str, ...] = ()) -> Sequence:
    """A modality or VOI LUT sequence."""
    items = []
    for lut, explanation in itertools.zip_longest(luts, explanations, fillvalue=""):
        item = Dataset()
        vr = "SS" if lut.first < 0 else "US"
        item.add_new("LUTDescriptor", vr, [len(lut.entries) & 0xFFFF, lut.first, lut.bits])
        item.add_new("LUTData", "US", list(lut.entries))
        if explanation:
            item.LUTExplanation = explanation
        items.append(item)
    return Sequence(items)


def attributes(recipe: Recipe) -> dict[str, object]:
    """What a header says to ask for this recipe."""
    asked: dict[str, object] = {"PhotometricInterpretation": recipe.photometric}
    if recipe.modality:
        asked["ModalityLUTSequence"] = lut_sequence(recipe.modality)
    else:
        asked |= {"RescaleSlope": recipe.slope, "RescaleIntercept": recipe.intercept}
    if recipe.voi:
        asked["VOILUTSequence"] = lut_sequence(recipe.voi)
    else:
        asked |= {"WindowCenter": recipe.center, "WindowWidth": recipe.width}
        asked["VOILUTFunction"] = recipe.function
    if recipe.shape:
        asked["PresentationLUTShape"] = recipe.shape
    if recipe.padding:
        asked["PixelPaddingValue"], asked["PixelPaddingRangeLimit"] = recipe.padding
    return asked
