"""How figures of training are taken and told: contestants in turn, in one process."""

from __future__ import annotations

import os
import platform
import statistics
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import torch


@dataclass(frozen=True)
class Scale:
    """What is measured on, and how much of it."""

    device: torch.device
    backbone: str = "resnet50"
    side_px: int = 224
    batch_size: int = 32
    n_rounds: int = 3
    is_by_cpu: bool = False
    """Whether a second is one of processor time: others work on the machine as well."""
    n_workers: int = 0
    """Of peers' data loaders."""


def clock_s(scale: Scale) -> float:
    """Seconds, after all that a GPU was given is done."""
    if scale.device.type == "cuda":
        torch.cuda.synchronize()
    if scale.is_by_cpu:
        return time.process_time() / torch.get_num_threads()
    return time.perf_counter()


def in_turn(contestants: Mapping[str, Callable[[], int]], scale: Scale) -> dict[str, list[float]]:
    """Work a second of each contestant, once warm."""
    for work in contestants.values():
        work()
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(scale.n_rounds):
        for name, work in contestants.items():
            start_s = clock_s(scale)
            n_done = work()
            rates[name].append(n_done / (clock_s(scale) - start_s))
    return rates


def median_ms(work: Callable[[], object], n_times: int, scale: Scale) -> float:
    """Milliseconds of a piece of work, once warm."""
    work()
    taken = []
    for _ in range(n_times):
        start_s = clock_s(scale)
        work()
        taken.append((clock_s(scale) - start_s) * 1e3)
    return statistics.median(taken)


def tell(name: str, value: float, unit: str, reach: str = "") -> None:
    print(f"{name} {value:.4g} {unit}{f' ({reach})' if reach else ''}", flush=True)


def machine(scale: Scale) -> str:
    """What is measured on, and how busy it is."""
    listed = Path("/proc/cpuinfo")
    lines = listed.read_text().splitlines() if listed.is_file() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = names[0] if names else platform.processor() or platform.machine()
    if scale.device.type == "cuda":
        name = torch.cuda.get_device_name()
    load = f", load {os.getloadavg()[0]:.1f}" if hasattr(os, "getloadavg") else ""
    by = "processor time" if scale.is_by_cpu else "wall clock"
    n = torch.get_num_threads()
    return f"{name}, {n} threads of {os.cpu_count()} cores{load}, torch {torch.__version__}, {by}"
