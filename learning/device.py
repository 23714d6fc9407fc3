"""What a run computes on, and how finely."""

from __future__ import annotations

import torch
from torch import nn

from acquisition.errors import UserError
from learning.config import RunConfig


class CannotCompile(UserError):
    """Torch found no compiler, or none that lived to the end."""


def choose_device(device: str) -> torch.device:
    """The CPU, or the GPU of this process by its number; `auto` is a GPU where there is one.

    Raises `UserError` for one that is not there.
    """
    if device not in ("auto", "cpu", "cuda"):
        raise UserError(f"There is no device '{device}'; choose cpu, cuda or auto.")
    if device == "cuda" and not torch.cuda.is_available():
        raise UserError(
            "There is no CUDA device; choose --device cpu, or install a torch build and driver for it."
        )
    if device == "cpu" or not torch.cuda.is_available():
        return torch.device("cpu")
    # A device without a number is not equal to that of a tensor on it.
    return torch.device("cuda", torch.cuda.current_device())


def uses_bfloat16(config: RunConfig, device: torch.device) -> bool:
    """Whether the networks compute in bfloat16: `auto` does where the device has instructions for it."""
    if config.precision != "auto":
        return config.precision == "bfloat16"
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported())
    able = torch.cpu.get_capabilities()
    return bool(able.get("amx_bf16") or able.get("avx512_bf16"))


def compile_networks(networks: nn.Module, device: torch.device) -> None:
    """Let torch compile what `networks` do when they are called; their weights keep their names.

    Raises `CannotCompile` where it finds no compiler.
    """
    try:
        torch.compile(_tried)(torch.ones(64, device=device))
    except RuntimeError as error:
        raise CannotCompile(
            f"Torch cannot compile here ({str(error).splitlines()[0]}); leave out --compile or install a "
            "C++ compiler."
        ) from error
    networks.compile()


def _tried(numbers: torch.Tensor) -> torch.Tensor:
    return (numbers + 1).relu() * 2
