"""Board and alerts name metrics that the service has, with the labels that these have."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from prometheus_client.core import Metric

from shoplens.server.gates import gates_of
from shoplens.server.metrics import Metrics
from tests.conftest import SmallShop

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
NAME = re.compile(r"\b((?:shoplens|process)_[a-z_]+)(?:\{([^}]*)\})?")
ADDED = {"instance", "job", "le"}
"""Labels that Prometheus adds, or that buckets have."""


def named(file: str) -> Iterator[tuple[str, set[str]]]:
    """(metric, labels that it is asked with) of a file."""
    text = (DEPLOY / file).read_text()
    if file.endswith(".json"):
        board = json.loads(text)
        text = "\n".join(target["expr"] for panel in board["panels"] for target in panel["targets"])
    else:
        text = "\n".join(re.findall(r"expr:(.*?)\n +(?:for|labels):", text, re.S))
    for name, inside in NAME.findall(text):
        yield name, set(re.findall(r"([a-z]+)(?:=~|!=|!~|=)\"", inside or ""))


@pytest.fixture
def there(small: SmallShop) -> Mapping[str, set[str]]:
    """Name of each series of the service -> its labels."""
    metrics = Metrics(small.open(), gates_of(8, 0.03))
    out: dict[str, set[str]] = {}
    for family in [*metrics.registry.collect(), *described(metrics)]:
        suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(family.type, [""])
        labels = {label for sample in family.samples for label in sample.labels}
        for suffix in suffixes:
            out.setdefault(family.name + suffix, set()).update(labels)
    return out


def described(metrics: Metrics) -> Iterator[Metric]:
    """Families with a sample of each label: those that nobody has counted yet have none."""
    for counted in vars(metrics).values():
        names = getattr(counted, "_labelnames", None)
        if names:
            counted.labels(*("x" for _ in names))
            yield from counted.collect()


@pytest.mark.parametrize("file", ["grafana.json", "alerts.yml"])
def test_what_is_watched_exists(file: str, there: Mapping[str, set[str]]) -> None:
    found = list(named(file))
    assert len(found) > 8
    for name, labels in found:
        assert name in there, f"{file} names {name}, which the service does not tell"
        assert labels <= there[name] | ADDED, f"{file} asks {name} by {labels - there[name] - ADDED}"


def test_alerts_watch_what_they_must() -> None:
    watched = {name for name, _ in named("alerts.yml")}
    assert {
        "shoplens_found_nothing_total",
        "shoplens_search_seconds_bucket",
        "shoplens_staleness_seconds",
        "shoplens_disk_free_bytes",
        "shoplens_requests_total",
    } <= watched
