"""The contracts between the floors hold, and each of them bites when it is broken."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("acquisition", "learning", "app")

# contract (its first words) -> a file of the house and the import that breaks it
BREACHES = {
    "The house has one direction": ("learning/metrics.py", "import app"),
    "Qt lives in app alone": ("acquisition/geometry.py", "import PySide6.QtCore"),
    "SQLAlchemy and Alembic live": ("acquisition/quality.py", "import sqlalchemy"),
    "pydicom is known to": ("acquisition/recorder.py", "import pydicom"),
    "Each vendor's SDK": ("acquisition/recorder.py", "import pylsl"),
    "The workstation knows of learning only": ("app/window.py", "import learning.graph"),
    "The workstation opens without torch": ("acquisition/events/ivt.py", "import torch"),
    "The formats of sets, graphs and runs": ("learning/files.py", "import scipy"),
    "Pretraining runs from a set folder alone": ("learning/pairs.py", "import acquisition.store"),
}


def lint(folder: Path) -> str:
    command = [
        sys.executable,
        "-c",
        "from importlinter.cli import lint_imports_command as c; c(['--no-cache'])",
    ]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def copy_of_the_house(folder: Path) -> Path:
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def contract_names() -> list[str]:
    config = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return [contract["name"] for contract in config["tool"]["importlinter"]["contracts"]]


def test_every_contract_is_kept() -> None:
    report = lint(ROOT)
    assert "0 broken" in report, report


def test_every_contract_has_a_breach_here() -> None:
    assert [
        next(name for name in contract_names() if name.startswith(words)) for words in BREACHES
    ] == contract_names()


@pytest.mark.parametrize("words", BREACHES)
def test_a_broken_contract_is_reported(words: str, tmp_path: Path) -> None:
    house = copy_of_the_house(tmp_path)
    file, breach = BREACHES[words]
    with (house / file).open("a", encoding="utf-8") as source:
        source.write(f"\n{breach}\n")
    report = lint(house)
    broken = report.partition("Broken contracts")[2]
    assert words in " ".join(broken.split()), report


def modules_after(statement: str) -> set[str]:
    code = f"import sys; {statement}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_the_workstation_loads_no_learning_library() -> None:
    loaded = modules_after("import app.__main__, app.window, app.read.build, app.learn.room")
    assert not loaded & {"torch", "torchvision", "timm", "numba", "sklearn"}


def test_the_workstation_loads_no_dicom_library_before_the_first_file() -> None:
    loaded = modules_after("import app.__main__, app.window, app.read.build, acquisition.dicom.workers")
    assert not loaded & {"pydicom", "gdcm", "openjpeg", "scipy"}


def test_pretraining_loads_no_qt_database_or_dicom() -> None:
    assert not modules_after("import learning.pretrain") & {"PySide6", "pyqtgraph", "sqlalchemy", "pydicom"}
