"""Libraries in C that are loaded before all others (LD_PRELOAD), compiled for this machine."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def compiled(name: str, folder: Path) -> Path:
    """The library of a source in this folder. Skips the test where it cannot be made."""
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None or sys.platform != "linux":
        pytest.skip("needs a library in C for Linux, and there is no C compiler here")
    made = folder / f"{name.removesuffix('.c')}.so"
    source = Path(__file__).with_name(name)
    subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", str(made), str(source), "-ldl"], check=True)
    return made
