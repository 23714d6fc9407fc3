"""Where the SDK is looked for, and how it gets there; nothing is installed."""

import os
import sys
from pathlib import Path

import pytest

from acquisition.errors import SourceError
from acquisition.sources import tobii_python
from acquisition.sources.tobii_python import find_tobii_python, install_tobii, is_wanted, pythons

needs_scripts = pytest.mark.skipif(sys.platform == "win32", reason="a script is no program on Windows")


@pytest.fixture
def machine(tmp_path, monkeypatch):
    """A machine with nothing but an empty home and data folder; its path."""
    for name in list(os.environ):
        if name.startswith(("PYENV", "CONDA", "GAZEROOM", "XDG", "LOCALAPPDATA")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    monkeypatch.setattr(tobii_python, "managed_folder", lambda: tmp_path / "data" / "tobii-python")
    monkeypatch.setattr(tobii_python, "_FOLDERS", {"linux": ("~/.pyenv/versions/3.10*/bin/python",)})
    monkeypatch.setattr(tobii_python, "_uv", lambda: None)
    return tmp_path


def script(path, words):
    """A program that says these words, whatever it is asked."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\necho '{words}'\n")
    path.chmod(0o755)
    return path


@pytest.fixture
def commands(monkeypatch):
    """What would be run, and is not; the environment is made by hand."""
    run = []

    def record(command):
        run.append(command)
        if "venv" in command:
            python = Path(command[-1]) / tobii_python._EXE
            python.parent.mkdir(parents=True)
            python.touch()

    monkeypatch.setattr(tobii_python, "_run", record)
    return run


def test_nothing_there_names_the_command_that_helps(machine):
    with pytest.raises(SourceError, match="run `gazeroom doctor --install-tobii`, or let"):
        find_tobii_python()


def test_this_interpreter_comes_first_then_the_configured_then_the_managed(machine, monkeypatch):
    managed = machine / "data" / "tobii-python" / tobii_python._EXE
    managed.parent.mkdir(parents=True)
    managed.touch()
    assert find_tobii_python() == tobii_python.TobiiPython(managed, "installed by Gazeroom")
    configured = machine / "python"
    configured.touch()
    monkeypatch.setenv("GAZEROOM_TOBII_PYTHON", str(configured))
    assert find_tobii_python().path == configured
    monkeypatch.setattr(tobii_python, "find_spec", lambda name: name)
    assert find_tobii_python() == tobii_python.TobiiPython(Path(sys.executable), "this Python")


def test_a_configured_one_that_is_not_there_is_said(machine, monkeypatch):
    monkeypatch.setenv("GAZEROOM_TOBII_PYTHON", str(machine / "gone"))
    with pytest.raises(SourceError, match=r"GAZEROOM_TOBII_PYTHON names .*gone, which is no program"):
        find_tobii_python()


@needs_scripts
def test_every_python_3_10_is_found_once_and_no_other(machine):
    on_path = script(machine / "bin" / "python3.10", "3 10 64")
    script(machine / "bin" / "python3", "3 12 64")
    script(machine / "bin" / "python", "3 10 32")
    (machine / "bin" / "py").symlink_to(on_path)
    managed = script(machine / "home/.pyenv/versions/3.10.4/bin/python", "3 10 64")
    script(machine / "home/.pyenv/versions/3.9.1/bin/python", "3 9 64")
    assert list(pythons()) == [on_path, managed]


@needs_scripts
def test_a_named_one_must_be_a_64_bit_python_3_10(machine, commands):
    assert not is_wanted(machine / "nothing")
    other = script(machine / "other", "3 11 64")
    with pytest.raises(SourceError, match=r"--python .*other is no 64-bit Python 3\.10"):
        install_tobii(other)
    named = script(machine / "named", "3 10 64")
    found = install_tobii(named)
    assert found == find_tobii_python()
    assert commands == [
        [str(named), "-m", "venv", str(machine / "data" / "tobii-python")],
        [str(found.path), "-m", "pip", "install", "--only-binary", ":all:", "tobii-research"],
        [str(found.path), "-c", "import tobii_research"],
    ]


def test_without_any_uv_fetches_one(machine, commands, monkeypatch):
    monkeypatch.setattr(tobii_python, "_uv", lambda: ["uv"])
    found = install_tobii()
    assert commands[0] == ["uv", "venv", "--no-project", "--python", "3.10", str(found.path.parent.parent)]
    assert commands[1][:5] == ["uv", "pip", "install", "--python", str(found.path)]


def test_without_any_and_without_uv_both_ways_out_are_said(machine):
    with pytest.raises(SourceError, match=r"no Python 3\.10 here and no uv.*pip install uv.*--python PATH"):
        install_tobii()


@needs_scripts
def test_an_installation_that_fails_leaves_the_one_before(machine, commands, monkeypatch):
    named = script(machine / "named", "3 10 64")
    before = install_tobii(named)
    before.path.write_text("before")

    def fail(command):
        (machine / "data" / "tobii-python").mkdir()
        raise SourceError("no network")

    monkeypatch.setattr(tobii_python, "_run", fail)
    with pytest.raises(SourceError, match="no network"):
        install_tobii(named)
    assert find_tobii_python().path.read_text() == "before"


@needs_scripts
def test_what_fails_is_said_in_the_words_of_the_installer(machine):
    broken = machine / "broken"
    broken.write_text("#!/bin/sh\necho one >&2\necho 'No matching distribution' >&2\nexit 1\n")
    broken.chmod(0o755)
    with pytest.raises(SourceError, match=r"could not be installed \(No matching distribution\): check the"):
        tobii_python._run([str(broken)])
    with pytest.raises(SourceError, match="could not be installed"):
        tobii_python._run([str(machine / "nothing")])
