"""Images of the open case and the next one, decoded ahead of time off the GUI thread."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from concurrent.futures import Future
from functools import partial

from PySide6.QtCore import QObject, Signal

from acquisition.domain import Image
from acquisition.errors import UserError
from app.background import Background
from app.read.decoding import LoadedImage, ReadFile, load_image
from app.read.frame_loading import FrameLoader

log = logging.getLogger(__name__)


class ImageLoader(QObject):
    """Keeps the wanted images decoded, of stacks the frames around the one in view; lets go of all else."""

    loaded = Signal(object)
    """A LoadedImage."""
    refused = Signal(str, str)
    """The image's id and the sentence that says why."""

    def __init__(self, read_file: ReadFile, n_threads: int = 2, parent: QObject | None = None) -> None:
        """Decode with `read_file` in `n_threads` threads."""
        super().__init__(parent)
        self._read_file = read_file
        self._background = Background("decode", n_threads, self)
        self._attic = Background("let go", 1, self)
        self._images: dict[str, LoadedImage] = {}
        self._pending: dict[str, Future[LoadedImage]] = {}
        self._frames = FrameLoader(read_file, parent=self)
        self._frames.loaded.connect(self.loaded)
        self._frames.refused.connect(self.refused)

    def image(self, image_id: str) -> LoadedImage | None:
        """The decoded image, where it is ready: of a stack the frame that it opens with."""
        return self._images.get(image_id)

    def want(self, images: Iterable[Image]) -> None:
        """Decode these, first things first, and forget everything else."""
        wanted = {image.id: image for image in images}
        self._frames.keep(wanted)
        if forgotten := [self._images.pop(known) for known in set(self._images) - set(wanted)]:
            # Giving the memory of a case back takes longer than a picture may.
            self._attic.run(forgotten.clear, lambda _: None)
        for image_id in [begun for begun in self._pending if begun not in wanted]:
            self._pending.pop(image_id).cancel()
        for image_id, image in wanted.items():
            if image_id not in self._images and image_id not in self._pending:
                work = partial(load_image, image, self._read_file)
                self._pending[image_id] = self._background.run(work, partial(self._done, image_id))

    def want_frame(self, image: Image, frame: int) -> None:
        """Have a frame of an image that is ready decoded next, and those around it."""
        opened = self._images.get(image.id)
        if opened is not None:
            self._frames.want(image, frame, opened)

    def close(self) -> None:
        """Stop decoding; nothing is announced afterwards."""
        self.want(())
        self._frames.close()
        self._background.close()
        self._attic.close()

    def _done(self, image_id: str, future: Future[LoadedImage]) -> None:
        if self._pending.get(image_id) is not future:
            return
        del self._pending[image_id]
        error = future.exception()
        if error is None:
            self._images[image_id] = future.result()
            self.loaded.emit(future.result())
        else:
            if not isinstance(error, UserError):
                log.error("image %s could not be decoded", image_id, exc_info=error)
            self.refused.emit(image_id, str(error))
