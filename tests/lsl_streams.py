"""Fixtures: real LSL outlets in processes of their own, on the loopback alone."""

import contextlib
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

LOOPBACK_ONLY = """\
[ports]
IPv6 = disable
[multicast]
ResolveScope = machine
MachineAddresses = {127.0.0.1}
[lab]
KnownPeers = {127.0.0.1}
SessionID = {session_id}
[tuning]
TimeProbeInterval = 0.01
ContinuousResolveInterval = 0.1
[log]
level = -3
"""
OUTLET = Path(__file__).with_name("lsl_outlet.py")


@pytest.fixture(scope="session")
def lsl_on_loopback(tmp_path_factory):
    """LSL that never leaves this machine. liblsl reads its settings once, when it is first used."""
    settings = tmp_path_factory.mktemp("lsl") / "lsl_api.cfg"
    # Of tests that run side by side none sees another's streams.
    settings.write_text(LOOPBACK_ONLY.replace("{session_id}", f"tests-{os.getpid()}"))
    os.environ["LSLAPICFG"] = str(settings)
    try:
        import pylsl
    except (ImportError, RuntimeError) as error:
        pytest.skip(f"liblsl cannot be loaded here: {error}")
    with outlet_process("titta", "--name", "probe", "--source-id", "probe"):
        if not pylsl.resolve_byprop("name", "probe", 1, 10.0):
            pytest.skip("LSL finds no stream on the loopback of this machine")


@pytest.fixture
def lsl_outlet(lsl_on_loopback):
    """Start outlets: `lsl_outlet(dialect, *options)` gives the process; all end with the test."""
    with contextlib.ExitStack() as running:
        yield lambda dialect, *options: running.enter_context(outlet_process(dialect, *options))


@contextlib.contextmanager
def outlet_process(dialect, *options):
    """An outlet that sends; it ends when its standard input closes."""
    command = [sys.executable, str(OUTLET), dialect, *options]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"sending\n"
        try:
            yield process
        finally:
            process.kill()


def wait_until(is_so, patience_s=90.0):
    """Look again and again until it is so; what it then is."""
    moment = threading.Event()
    for _ in range(round(patience_s / 0.02)):
        if found := is_so():
            return found
        moment.wait(0.02)
    raise AssertionError("it did not happen in time")
