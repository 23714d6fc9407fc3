"""What a process that reads foreign files may take: memory, time, no core dump."""

from __future__ import annotations

import sys
from dataclasses import dataclass

CLOCK_SLACK = 1 if sys.platform == "win32" else 3
"""How much longer than its computing time a file may take on the clock of a machine with other things to do.
Windows counts no process's computing time for us: there the clock is all there is."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may cost."""

    memory_bytes: int = 2**30
    time_s: int = 5
    """Seconds of computing."""


if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _PROCESS_MEMORY = 0x100
    _EXTENDED_LIMITS = 9

    class _ExtendedLimits(ctypes.Structure):
        """JOBOBJECT_EXTENDED_LIMIT_INFORMATION of winnt.h."""

        _fields_ = (
            ("per_process_user_time", wintypes.LARGE_INTEGER),
            ("per_job_user_time", wintypes.LARGE_INTEGER),
            ("flags", wintypes.DWORD),
            ("least_working_set", ctypes.c_size_t),
            ("most_working_set", ctypes.c_size_t),
            ("n_processes", wintypes.DWORD),
            ("affinity", ctypes.c_size_t),
            ("priority", wintypes.DWORD),
            ("scheduling", wintypes.DWORD),
            ("io_counters", ctypes.c_ulonglong * 6),
            ("process_memory", ctypes.c_size_t),
            ("job_memory", ctypes.c_size_t),
            ("peak_process_memory", ctypes.c_size_t),
            ("peak_job_memory", ctypes.c_size_t),
        )

    def limit_memory(n_bytes: int) -> None:
        """Let allocations of this process fail beyond `n_bytes`: it joins a job object with that limit."""
        kernel32 = ctypes.WinDLL("kernel32", use_last_error=True)
        kernel32.CreateJobObjectW.restype = wintypes.HANDLE
        kernel32.GetCurrentProcess.restype = wintypes.HANDLE
        job = wintypes.HANDLE(kernel32.CreateJobObjectW(None, None))
        limits = _ExtendedLimits(flags=_PROCESS_MEMORY, process_memory=n_bytes)
        size = ctypes.sizeof(limits)
        kernel32.SetInformationJobObject(job, _EXTENDED_LIMITS, ctypes.byref(limits), size)
        kernel32.AssignProcessToJobObject(job, wintypes.HANDLE(kernel32.GetCurrentProcess()))

    def allow_time(seconds: int) -> None:
        """Nothing to do: whoever waits for the process looks at the clock."""

else:
    import resource

    def limit_memory(n_bytes: int) -> None:
        """Let allocations of this process fail beyond `n_bytes`, and let it leave no core dump."""
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if sys.platform != "darwin":  # macOS refuses
            resource.setrlimit(resource.RLIMIT_AS, (n_bytes, n_bytes))

    def allow_time(seconds: int) -> None:
        """End this process by SIGXCPU when it has computed for so long from now on."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        _, hard = resource.getrlimit(resource.RLIMIT_CPU)
        soft = int(used.ru_utime + used.ru_stime) + seconds
        resource.setrlimit(resource.RLIMIT_CPU, (soft, hard))
