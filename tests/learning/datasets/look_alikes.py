"""Small folders that look like published data sets."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from dicom_files import make_dataset
from numpy.typing import NDArray
from PIL import Image

SIDE_PX = 40

CONTOUR = """<?xml version="1.0" encoding="UTF-8"?><plist version="1.0"><dict><key>Images</key><array><dict>
<key>NumberOfROIs</key><integer>2</integer><key>ROIs</key><array>
<dict><key>Name</key><string>Mass</string><key>NumberOfPoints</key><integer>3</integer><key>Point_px</key>
<array><string>(5.5, 10.0)</string><string>(20.0, 12)</string><string>(8.0, 30.25)</string></array></dict>
<dict><key>Name</key><string>Calcification</string><key>NumberOfPoints</key><integer>1</integer>
<key>Point_px</key><array><string>(1.0, 1.0)</string></array></dict>
</array></dict></array></dict></plist>"""

VIEWS = (("aa01", "1", "1"), ("aa01", "3", "2"), ("bb02", "4a", ""), ("cc03", "6", "4"))
"""Patient, BI-RADS and density of the views of an INbreast folder."""


def picture(seed: int, side_px: int = SIDE_PX) -> NDArray[np.uint8]:
    """Noise with a bright block that depends on the seed."""
    rng = np.random.default_rng(seed)
    pixels = rng.integers(20, 90, (side_px, side_px)).astype(np.uint8)
    pixels[5 : 15 + seed % 10, 5:20] = 200
    return pixels


def save_picture(path: Path, seed: int, side_px: int = SIDE_PX) -> Path:
    """An 8-bit picture in the format that the name asks for."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(picture(seed, side_px)).save(path)
    return path


def save_dicom(path: Path, seed: int, side_px: int = SIDE_PX, **attributes: Any) -> Path:
    """A 12-bit mammogram."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = picture(seed, side_px).astype(np.uint16) * 16
    make_dataset(pixels, 12, **attributes).save_as(path, enforce_file_format=True)
    return path


def write(path: Path, text: str) -> Path:
    """A text file and its folders."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def inbreast(folder: Path, views: Sequence[tuple[str, str, str]] = VIEWS) -> Path:
    """Views and, but for those of BI-RADS 1, a mass on each."""
    lines = ["Patient ID;Patient age;Laterality;View;Acquisition date;File Name;ACR;Bi-Rads"]
    for number, (patient, birads, density) in enumerate(views):
        name = str(20586908 + number)
        save_dicom(folder / "AllDICOMs" / f"{name}_{patient}_MG_R_CC_ANON.dcm", number)
        lines.append(f"removed;removed;R;CC;201001;{name};{density};{birads}")
        if birads != "1":
            write(folder / "AllXML" / f"{name}.xml", CONTOUR)
    write(folder / "INbreast.csv", "\n".join([*lines, ";;;;;;;"]))
    return folder


def plain(
    folder: Path, n_patients: int = 6, header: str = "image,patient,pathology", extra: str = ""
) -> Path:
    """Two pictures a patient, `0.png` and so on, listed in images.csv."""
    lines = [header]
    for number in range(2 * n_patients):
        save_picture(folder / "png" / f"{number}.png", number)
        label = "malignant" if number % 3 == 0 else "benign"
        lines.append(f"png/{number}.png,patient {number // 2},{label}{extra}")
    write(folder / "images.csv", "\n".join(lines))
    return folder


def scanpath(seed: int, n: int = 120, side_px: float = 800.0) -> list[list[int]]:
    """Whole px, three places one after the other."""
    rng = np.random.default_rng(seed)
    places = rng.uniform(0.2 * side_px, 0.8 * side_px, (3, 2))
    xy = places[np.arange(n) * 3 // n] + rng.normal(0, 0.01 * side_px, (n, 2))
    return [[int(x), int(y)] for x, y in xy]
