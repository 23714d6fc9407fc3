"""What `--help` says of the commands of learning."""

import pytest
import typer

from learning import build, evaluate, graph, pretrain, sense, slurm, worker
from learning.datasets import __main__ as datasets
from learning.similarity import SCHEMES

APPS = {
    "build": build.app,
    "datasets": datasets.app,
    "evaluate": evaluate.app,
    "graph": graph.app,
    "pretrain": pretrain.app,
    "sense": sense.app,
    "slurm": slurm.app,
    "worker": worker.cli,
}


def helps(name: str) -> dict[str, str]:
    """What is said of each option and argument."""
    command = typer.main.get_command(APPS[name])
    return {str(given.name): getattr(given, "help", None) or "" for given in command.params}


@pytest.mark.parametrize("name", APPS)
def test_every_option_says_what_it_is(name: str) -> None:
    assert [option for option, said in helps(name).items() if not said] == []


@pytest.mark.parametrize("name", ["build", "graph"])
def test_every_scheme_is_named(name: str) -> None:
    assert all(scheme in helps(name)["scheme"] for scheme in SCHEMES)
