"""Which Python has Tobii's SDK: this one, a configured one, or one that Gazeroom made for it.

The SDK has wheels for CPython 3.10 alone, in 64 bits. `install_tobii` makes an environment of its own from
any such Python on this machine, or lets uv fetch one.
"""

from __future__ import annotations

import logging
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import platformdirs

from acquisition.errors import SourceError

log = logging.getLogger(__name__)

VARIABLE = "GAZEROOM_TOBII_PYTHON"
INSTALL = "gazeroom doctor --install-tobii"
PACKAGE = "tobii-research"
BY_US = "installed by Gazeroom"
WANTED = (3, 10)
LOOK_S = 20.0
INSTALL_S = 600.0

_EXE = "Scripts/python.exe" if sys.platform == "win32" else "bin/python"
_IS_WANTED = "import struct, sys; print(*sys.version_info[:2], struct.calcsize('P') * 8)"
_FOLDERS = {
    "linux": (
        "{PYENV_ROOT}/versions/3.10*/bin/python",
        "~/.pyenv/versions/3.10*/bin/python",
        "~/.asdf/installs/python/3.10*/bin/python",
        "~/.local/share/mise/installs/python/3.10*/bin/python",
        "~/.local/share/uv/python/cpython-3.10*/bin/python3.10",
        "{CONDA_PREFIX}/bin/python",
        "~/*conda3/envs/*/bin/python",
        "~/*forge3/envs/*/bin/python",
        "/usr/local/bin/python3.10",
        "/opt/python*/bin/python3.10",
    ),
    "win32": (
        "{PYENV_ROOT}/versions/3.10*/python.exe",
        "~/.pyenv/pyenv-win/versions/3.10*/python.exe",
        "{LOCALAPPDATA}/Programs/Python/Python310/python.exe",
        "{PROGRAMFILES}/Python310/python.exe",
        "{APPDATA}/uv/python/cpython-3.10*/python.exe",
        "{CONDA_PREFIX}/python.exe",
        "~/*conda3/envs/*/python.exe",
        "~/*forge3/envs/*/python.exe",
    ),
}
"""Where installers and version managers put a Python 3.10."""


@dataclass(frozen=True, slots=True)
class TobiiPython:
    """An interpreter that should have the SDK, and why it is thought of."""

    path: Path
    origin: str


def find_tobii_python() -> TobiiPython:
    """This interpreter, the one that `GAZEROOM_TOBII_PYTHON` names, or the managed one, in this order.

    Raises:
        SourceError: none of them.
    """
    if find_spec("tobii_research") is not None:
        return TobiiPython(Path(sys.executable), "this Python")
    if configured := os.environ.get(VARIABLE):
        if not Path(configured).is_file():
            raise SourceError(f"{VARIABLE} names {configured}, which is no program: correct it or unset it.")
        return TobiiPython(Path(configured), VARIABLE)
    managed = managed_folder() / _EXE
    if managed.is_file():
        return TobiiPython(managed, BY_US)
    raise SourceError(
        f"No Python here has Tobii's SDK: run `{INSTALL}`, or let the tracker's gaze come in through LSL."
    )


def managed_folder() -> Path:
    """Where Gazeroom makes an environment for the SDK."""
    return platformdirs.user_data_path("gazeroom", appauthor=False) / "tobii-python"


def install_tobii(python: Path | None = None) -> TobiiPython:
    """Make the managed environment anew and install the SDK in it; takes a minute and the network.

    python: the Python 3.10 to make it from; without one the first that is found, else uv fetches one.

    Raises:
        SourceError: it is no such Python, there is none and no uv, or the SDK cannot be had.
    """
    if python is not None and not is_wanted(python):
        raise SourceError(f"--python {python} is no 64-bit Python 3.10: Tobii's SDK needs that one.")
    base = python or next(pythons(), None)
    uv = _uv()
    if base is None and uv is None:
        raise SourceError(
            "There is no Python 3.10 here and no uv to fetch one: install uv (python3 -m pip install uv),"
            " or name a Python 3.10 with --python PATH."
        )
    folder = managed_folder()
    before = folder.with_name(folder.name + ".before")
    if folder.exists():
        shutil.rmtree(before, ignore_errors=True)
        folder.rename(before)
    try:
        for command in _steps(folder, base, uv):
            _run(command)
    except SourceError:
        # What is half made would be found and used.
        shutil.rmtree(folder, ignore_errors=True)
        if before.exists():
            before.rename(folder)
        raise
    shutil.rmtree(before, ignore_errors=True)
    return TobiiPython(folder / _EXE, BY_US)


def pythons() -> Iterator[Path]:
    """Every 64-bit Python 3.10 on this machine that can be thought of, each once."""
    seen: set[Path] = set()
    for candidate in _candidates():
        path = candidate.resolve()
        if path not in seen and path.is_file() and is_wanted(candidate):
            yield candidate
        seen.add(path)


def is_wanted(python: Path) -> bool:
    """Whether this is a Python that the SDK has a wheel for."""
    try:
        done = subprocess.run(
            [str(python), "-c", _IS_WANTED], capture_output=True, text=True, timeout=LOOK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.split() == [str(WANTED[0]), str(WANTED[1]), "64"]


def _candidates() -> Iterator[Path]:
    yield Path(sys.executable)
    for name in ("python3.10", "python3", "python"):
        if found := shutil.which(name):
            yield Path(found)
    for pattern in _FOLDERS.get(sys.platform, _FOLDERS["linux"]):
        try:
            path = Path(pattern.format_map(os.environ)).expanduser()
        except KeyError:
            continue
        root = Path(path.anchor)
        yield from sorted(root.glob(str(path.relative_to(root))), reverse=True)
    if launcher := shutil.which("py"):
        done = subprocess.run(
            [launcher, "-3.10", "-c", "import sys; print(sys.executable)"],
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode == 0:
            yield Path(done.stdout.strip())


def _uv() -> list[str] | None:
    """How uv is called here."""
    if found := shutil.which("uv"):
        return [found]
    return [sys.executable, "-m", "uv"] if find_spec("uv") is not None else None


def _steps(folder: Path, base: Path | None, uv: Sequence[str] | None) -> Iterator[list[str]]:
    """The commands that make the environment; uv alone can do without a Python, and without ensurepip."""
    target = str(folder / _EXE)
    if uv is not None:
        yield [*uv, "venv", "--no-project", "--python", str(base or "3.10"), str(folder)]
        yield [*uv, "pip", "install", "--python", target, "--only-binary", ":all:", PACKAGE]
    else:
        yield [str(base), "-m", "venv", str(folder)]
        yield [target, "-m", "pip", "install", "--only-binary", ":all:", PACKAGE]
    yield [target, "-c", "import tobii_research"]


def _run(command: list[str]) -> None:
    log.info("running %s", " ".join(command))
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_S, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise SourceError(f"Tobii's SDK could not be installed: `{' '.join(command)}` {error}.") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        raise SourceError(
            f"Tobii's SDK could not be installed ({said}): check the network and try `{INSTALL}` again."
        )
