"""What all tests share: how hypothesis runs, and where the real data sets are."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

# Two cores under other load: wall-clock deadlines would make tests fail that are right.
settings.register_profile(
    "shoplens", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("thorough", parent=settings.get_profile("shoplens"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shoplens"))

ROOT = Path(__file__).resolve().parents[1]


def data_root() -> Path | None:
    """The folder of the real data sets (SHOPLENS_DATA, or ../shared/data beside the repository), where there is one."""
    folder = Path(os.environ.get("SHOPLENS_DATA") or ROOT.parent / "shared" / "data")
    return folder if folder.is_dir() else None


@pytest.fixture(scope="session")
def data_folder() -> Path:
    """The folder of the real data sets; tests that need it are skipped where it is missing."""
    folder = data_root()
    if folder is None:
        pytest.skip("the real data sets are not here: set SHOPLENS_DATA to their folder")
    return folder
