"""All that reading a broken file may raise, as one sentence."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pydicom.errors import InvalidDicomError

from acquisition.errors import FileRefused

# pydicom's log quotes values of the file, and those may name a patient.
logging.getLogger("pydicom").propagate = False


class Refusal(Exception):
    """A reason to refuse, found while the file name is not at hand."""


@contextmanager
def refusing(path: Path) -> Iterator[None]:
    """Turn all that reading a file may raise into one sentence."""
    try:
        with _quiet_pydicom:
            yield
    except FileRefused:
        raise
    except Refusal as reason:
        raise FileRefused(f"{path}: {reason}") from None
    except FileNotFoundError:
        raise FileRefused(f"{path}: does not exist; check the path.") from None
    except OSError as error:
        raise FileRefused(f"{path}: cannot be read ({error.strerror or error}).") from error
    except InvalidDicomError:
        raise FileRefused(f"{path}: is no DICOM file.") from None
    except MemoryError as error:
        raise FileRefused(f"{path}: needs more memory than an image may take; it is not opened.") from error
    except Exception as error:
        # Broken files make pydicom and its codecs raise anything from AttributeError to RecursionError.
        kind = type(error).__name__
        raise FileRefused(f"{path}: is damaged and cannot be read ({kind}); fetch it again.") from error


class _QuietPydicom:
    """Silences pydicom's warnings while any thread is inside: `catch_warnings` alone mixes threads up."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._n_inside = 0
        self._caught: warnings.catch_warnings[None] | None = None

    def __enter__(self) -> None:
        with self._lock:
            self._n_inside += 1
            if self._caught is None:
                self._caught = warnings.catch_warnings()
                self._caught.__enter__()
                warnings.filterwarnings("ignore", module=r"pydicom\.")

    def __exit__(self, *exc_info: object) -> None:
        with self._lock:
            self._n_inside -= 1
            if self._n_inside == 0 and self._caught is not None:
                self._caught.__exit__(None, None, None)
                self._caught = None


_quiet_pydicom = _QuietPydicom()
