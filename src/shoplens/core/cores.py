"""How many cores this process may use: what threads and processes are counted by."""

from __future__ import annotations

import os


def cores() -> int:
    """Cores that this process is allowed to run on (taskset, cpusets), at least one; not those that the machine has."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)
