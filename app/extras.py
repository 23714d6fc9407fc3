"""Whether the optional half of Gazeroom is installed, asked without loading it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

_LEARNING_NEEDS = ("torch", "timm", "sklearn", "safetensors")
_IS_CHECKOUT = (Path(__file__).parent.parent / "pyproject.toml").is_file()

INSTALL_LEARNING = (
    "python3 -m uv sync --extra learning" if _IS_CHECKOUT else "python3 -m pip install 'gazeroom[learning]'"
)
"""The one command that brings what the Learn room needs."""


def has_learning() -> bool:
    """Whether every library of the extra `learning` can be found."""
    return all(find_spec(name) is not None for name in _LEARNING_NEEDS)
