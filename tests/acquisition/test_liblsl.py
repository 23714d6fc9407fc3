import builtins
import os
import subprocess
import sys

import pytest

from acquisition.errors import SourceError
from acquisition.liblsl import ERRORS_ONLY, load_lsl, quiet

LOAD = "from acquisition.liblsl import load_lsl; load_lsl().local_clock(); load_lsl().StreamInfo('a')"


def test_what_a_laboratory_configured_stays_and_only_errors_are_logged():
    configured = "[lab]\nKnownPeers = {tracker-room}\n"
    assert quiet(configured) == configured + ERRORS_ONLY
    assert quiet("") == ERRORS_ONLY
    assert quiet("[log]\nlevel = 3\n") == "[log]\nlevel = 3\n"
    assert quiet("no settings at all") == "no settings at all" + ERRORS_ONLY


@pytest.mark.parametrize(
    ("settings", "is_quiet"), [("[lab]\nSessionID = x\n", True), ("[log]\nlevel = 0\n", False)]
)
def test_liblsl_is_quiet_unless_it_was_told_to_speak(settings, is_quiet, tmp_path):
    (tmp_path / "lsl.cfg").write_text(settings)
    environment = {**os.environ, "LSLAPICFG": str(tmp_path / "lsl.cfg")}
    done = subprocess.run(
        [sys.executable, "-c", LOAD], capture_output=True, text=True, check=True, env=environment
    )
    assert (done.stderr == "") == is_quiet


def test_a_library_that_does_not_load_is_a_sentence(monkeypatch):
    load = builtins.__import__

    def refuse(name, *rest):
        if name == "pylsl":
            raise RuntimeError("LSL binary library file was not found.")
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", refuse)
    with pytest.raises(SourceError, match=r"LSL cannot be used.*was not found.*install pylsl anew"):
        load_lsl.__wrapped__()
