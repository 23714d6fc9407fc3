"""Where the icons, fonts and the style sheet lie: inside the wheel or beside the packages."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from acquisition.errors import BugError


@cache
def folder() -> Path:
    """The assets folder: `app/assets` when installed from a wheel, else `assets` of the repository."""
    here = Path(__file__).resolve().parent
    for candidate in (here / "assets", here.parent / "assets"):
        if (candidate / "gazeroom.qss").is_file():
            return candidate
    raise BugError(f"The assets are missing beside {here}: the package was built without them.")


def path(*parts: str) -> Path:
    """One asset, for instance `path("icons", "mark.svg")`."""
    return folder().joinpath(*parts)
