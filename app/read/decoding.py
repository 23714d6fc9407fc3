"""One image from its file to what can be painted: plain functions, run off the GUI thread."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from acquisition.dicom import Overlay
from acquisition.domain import Image
from acquisition.errors import FileRefused
from app.read.pyramid import Pyramid, build_pyramid
from app.read.windowing import Window


class DecodedImage(Protocol):
    """What the workstation needs of a decoded file; `acquisition.dicom.DicomImage` is one."""

    @property
    def pixels(self) -> NDArray[np.uint16] | NDArray[np.int16]:
        """Stored values (H, W)."""
        ...

    @property
    def default_window(self) -> tuple[float, float]:
        """(center, width) in modality units: where dragging starts."""
        ...

    @property
    def voi_names(self) -> tuple[str, ...]:
        """What `lut(voi=…)` can choose from."""
        ...

    @property
    def is_window_measured(self) -> bool:
        """Whether the file offers neither window nor table, so that one was measured on this frame."""
        ...

    @property
    def overlays(self) -> tuple[Overlay, ...]:
        """Bit planes to lay over the image."""
        ...

    @property
    def padding_index(self) -> tuple[int, int] | None:
        """(first, last) index that means *no image here*."""
        ...

    def lut(
        self, voi: int = 0, window: tuple[float, float] | None = None, inverted: bool = False
    ) -> NDArray[np.uint8]:
        """The display table; the file's own VOI where `window` is None."""
        ...

    def lut_index(self, pixels: NDArray[np.uint16] | NDArray[np.int16]) -> NDArray[np.uint16]:
        """Indices into the table, for signed stored values too."""
        ...


ReadFile = Callable[[str, int], DecodedImage]


@dataclass(frozen=True, slots=True)
class LoadedImage:
    """One decoded frame of an image, ready to be painted."""

    image_id: str
    pyramid: Pyramid
    default_window: Window
    decoded: DecodedImage
    frame: int = 0
    is_window_shared: bool = False
    """Whether the default window is that of another frame, because the file offers none."""

    def table(self, window: Window | None, is_inverted: bool, voi: int = 0) -> NDArray[np.uint8]:
        """Index to grey; the file's own LUT or window, the `voi`th it offers, where `window` is None."""
        window = self.default_window if window is None and self.is_window_shared else window
        chosen = None if window is None else (window.center, window.width)
        return self.decoded.lut(voi, chosen, is_inverted)


def load_image(image: Image, read_file: ReadFile) -> LoadedImage:
    """Check, decode and halve the frame that an image opens with.

    Raises:
        FileRefused: with a sentence for the pane.
    """
    path = Path(image.path)
    if not path.is_file():
        raise FileRefused(
            f"{path.name}: the file is not where it was imported from. Bring it back to {path.parent}."
        )
    if _sha256(path) != image.sha256:
        raise FileRefused(
            f"{path.name}: the file was changed after its import. Put the original back; imported again, the "
            "changed one is a second image."
        )
    decoded = read_file(image.path, image.opening_frame)
    return LoadedImage(
        image.id, _pyramid(decoded), Window(*decoded.default_window), decoded, image.opening_frame
    )


def load_frame(image: Image, frame: int, opened: LoadedImage, read_file: ReadFile) -> LoadedImage:
    """Another frame of a file that was checked when it was `opened`.

    Where the file offers no window, the one measured on the frame that it opened with holds for all: measured
    on each, the grey would flicker from frame to frame.

    Raises:
        FileRefused: with a sentence for the pane.
    """
    decoded = read_file(image.path, frame)
    is_shared = decoded.is_window_measured
    window = opened.default_window if is_shared else Window(*decoded.default_window)
    return LoadedImage(image.id, _pyramid(decoded), window, decoded, frame, is_shared)


def _pyramid(decoded: DecodedImage) -> Pyramid:
    return build_pyramid(decoded.lut_index(decoded.pixels), decoded.padding_index)


def _sha256(path: Path) -> str:
    """Hash of the content; raises FileRefused where it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise FileRefused(f"{path.name}: cannot be read ({error.strerror}). Check the disk.") from error
