"""What a run computes on; and compiling is tried first: where there is no compiler, that is a sentence."""

from typing import Any

import pytest
import torch
from torch import nn

from acquisition.errors import UserError
from learning.device import choose_device, compile_networks

CPU = torch.device("cpu")


def test_a_device_is_equal_to_that_of_a_tensor_on_it(monkeypatch: pytest.MonkeyPatch) -> None:
    assert choose_device("cpu") == torch.ones(1, device="cpu").device
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)
    assert choose_device("auto") == choose_device("cuda") == torch.device("cuda:1")
    assert choose_device("cpu") == torch.device("cpu")


def test_a_device_that_is_not_there_gets_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert choose_device("auto") == torch.device("cpu")
    with pytest.raises(UserError, match="no CUDA device; choose --device cpu"):
        choose_device("cuda")
    with pytest.raises(UserError, match="no device 'tpu'; choose cpu, cuda or auto"):
        choose_device("tpu")


def test_without_a_compiler_there_is_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(_: Any) -> Any:
        raise RuntimeError("no C++ compiler\nand more")

    monkeypatch.setattr(torch, "compile", failing)
    with pytest.raises(UserError, match=r"cannot compile here \(no C\+\+ compiler\); leave out --compile"):
        compile_networks(nn.Linear(2, 2), CPU)


def test_compiled_networks_keep_the_names_of_their_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "compile", lambda function, **_: function)
    networks = nn.Sequential(nn.Linear(2, 3), nn.ReLU())
    before = dict(networks.state_dict())
    compile_networks(networks, CPU)
    assert networks.state_dict().keys() == before.keys()
    assert networks(torch.ones(1, 2)).shape == (1, 3)
