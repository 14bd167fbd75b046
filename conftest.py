"""Rules for every test: how hypothesis runs, and that CI does not skip the browser."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

# Two cores under other load: wall-clock deadlines would make tests fail that are right.
settings.register_profile(
    "shoplens", deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.register_profile("thorough", parent=settings.get_profile("shoplens"), max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shoplens"))


def in_ci() -> bool:
    """Whether this is a run whose skips nobody reads."""
    return os.environ.get("CI", "").lower() not in ("", "0", "false", "no")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: Any) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """With CI set a skipped browser test is a failure: CI installs the browser, so it must be there."""
    report = yield
    if report.skipped and in_ci() and item.get_closest_marker("browser"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped, and CI must run it: {reason}"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(
    collector: pytest.Collector,
) -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """The same for a whole file of tests/browser that is left out as playwright is not installed."""
    report = yield
    if report.skipped and in_ci() and "browser" in collector.path.parts:
        report.outcome = "failed"
        report.longrepr = f"{collector.nodeid} was skipped, and CI must run it: {report.longrepr}"
    return report
