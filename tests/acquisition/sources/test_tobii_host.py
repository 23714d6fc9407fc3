"""The host process by itself: what it needs, and that it ends."""

import ast
import inspect
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from acquisition.clock import RealClock
from acquisition.errors import SourceError
from acquisition.sources import tobii_host
from acquisition.sources.tobii_link import HOST, HostLink


def test_it_needs_the_standard_library_and_the_sdk_alone():
    tree = ast.parse(inspect.getsource(tobii_host), feature_version=(3, 8))
    imported = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
    imported |= {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    foreign = {name for name in imported if name.partition(".")[0] not in sys.stdlib_module_names}
    assert foreign == {"tobii_research"}


def python_of(version):
    """An interpreter of this version, such as 3.8."""
    folders = sorted((Path.home() / ".pyenv" / "versions").glob(f"{version}.*/bin/python"))
    for path in (shutil.which(f"python{version}"), *folders):
        if path and subprocess.run([path, "-V"], capture_output=True, check=False).returncode == 0:
            return Path(path)
    pytest.skip(f"there is no Python {version} on this machine")


@pytest.mark.parametrize("version", ["3.8", "3.9", "3.10", "of these tests"])
def test_it_streams_in_pythons_old_and_new(version, fake_tobii):
    python = Path(sys.executable) if version == "of these tests" else python_of(version)
    link = HostLink(python, RealClock())
    try:
        said = link.ask("connect", address=link.ask("find")[0]["address"])
        assert (said["model"], said["has_gaze"]) == ("Fake Pro", True)
        assert sorted(link.ask("start")) == ["G", "O", "P"]
        seen = set()
        while seen < {"G", "O", "P", "J"}:
            arrived = link.take(10.0)
            assert arrived
            seen |= {kind for kind, _ in arrived}
        assert link.offset_ns == 0
    finally:
        link.close()


def test_it_ends_when_its_parent_does(fake_tobii):
    link = HostLink(Path(sys.executable), RealClock())
    link.ask("find")
    link._process.stdin.close()
    assert link._process.wait(10.0) == 0
    link.close()


def test_it_ends_with_a_parent_that_is_killed(fake_tobii):
    # The parent says the host's id and hangs; the host's standard input ends with it.
    parent = (
        "import subprocess, sys, time\n"
        f"host = subprocess.Popen([sys.executable, {str(HOST)!r}], stdin=-1, stdout=-1, stderr=sys.stdout)\n"
        "print(host.pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        process.kill()
        # The host's standard error is this pipe: it closes when the host has ended.
        assert process.stdout.read() == b""


def test_a_host_that_hangs_is_ended(fake_tobii, monkeypatch):
    monkeypatch.setattr("acquisition.sources.tobii_link.END_S", 0.1)
    link = HostLink(Path(sys.executable), RealClock())
    monkeypatch.setattr(link, "_send", lambda _talk: None)
    with pytest.raises(SourceError, match="did not answer \\(find\\): check its cable"):
        link.ask("find", timeout_s=0.01)
    link.close()
    assert link._process.returncode is not None


def test_other_clocks_than_ours_are_measured(fake_tobii):
    class Ahead(RealClock):
        def now_ns(self):
            return super().now_ns() + 5_000_000_000

    link = HostLink(Path(sys.executable), Ahead())
    link.close()
    assert abs(link.offset_ns - 5_000_000_000) < 50_000_000


def test_too_much_that_waits_is_refused_and_said(monkeypatch):
    monkeypatch.setattr(tobii_host, "MAX_WAITING_BYTES", 10)
    monkeypatch.setattr(tobii_host.threading, "Thread", NoThread)
    outbox = tobii_host.Outbox(pipe=-1)
    outbox.samples(b"G", b"x" * 20, 1)
    outbox.samples(b"G", b"y" * 20, 2)
    outbox._waiting_bytes = 0
    outbox.samples(b"G", b"z" * 20, 3)
    sent = b"".join(outbox._frames)
    assert b"x" * 20 in sent
    assert b"y" * 20 not in sent
    assert b'"lost_bytes": 20' in sent
    assert b"z" * 20 in sent


class NoThread:
    def __init__(self, **_options):
        pass

    def start(self):
        pass
