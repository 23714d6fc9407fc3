"""The one place that loads Lab Streaming Layer: quiet, and with the laboratory's own settings."""

from __future__ import annotations

import configparser
import contextlib
import os
from functools import cache
from pathlib import Path
from typing import Any

from acquisition.errors import SourceError

ERRORS_ONLY = "\n[log]\nlevel = -2\n"
"""liblsl greets on standard error; what is wrong it still says."""


@cache
def load_lsl() -> Any:
    """The module `pylsl`, with liblsl loaded.

    Raises:
        SourceError: liblsl is not there or does not load.
    """
    try:
        import pylsl
    except (ImportError, RuntimeError, OSError) as error:
        raise SourceError(
            f"LSL cannot be used, its library does not load ({error}): install pylsl anew."
        ) from error
    with contextlib.suppress(NotImplementedError):  # a liblsl before 1.17.7 greets
        pylsl.set_config_content(quiet(_settings_of_the_laboratory()))
    return pylsl


def quiet(settings: str) -> str:
    """The text of an `lsl_api.cfg`, with only errors logged unless it says itself what to log."""
    parsed = configparser.ConfigParser(strict=False, interpolation=None)
    with contextlib.suppress(configparser.Error):
        parsed.read_string(settings)
    return settings if parsed.has_section("log") else settings + ERRORS_ONLY


def _settings_of_the_laboratory() -> str:
    """What liblsl would read by itself: it looks no further once it is given a text."""
    named = os.environ.get("LSLAPICFG", "")
    places = [Path(named)] if named else []
    places += [Path("lsl_api.cfg"), Path.home() / "lsl_api" / "lsl_api.cfg", Path("/etc/lsl_api/lsl_api.cfg")]
    for place in places:
        with contextlib.suppress(OSError):
            return place.read_text(encoding="utf-8", errors="replace")
    return ""
