"""What is in deploy/: units that systemd accepts, an image that is small, not root's, and needs to write nowhere."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from shoplens.config import Config

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions: (name, rest), continued lines joined."""
    text = re.sub(r"\\\n\s*", "", (DEPLOY / "Dockerfile").read_text("utf-8"))
    lines = [line for line in text.splitlines() if line.strip() and not line.startswith("#")]
    return [(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines]


def test_the_image_is_not_roots_and_writes_only_where_a_volume_is() -> None:
    told = instructions()
    last = max(n for n, (name, _) in enumerate(told) if name == "FROM")
    final = told[last:]
    assert [name for name, _ in told].count("FROM") == 2, "what only builds stays out of the image"
    assert [rest for name, rest in final if name == "USER"] == ["shoplens"]
    assert "--uid 10001" in dict(final)["RUN"]
    assert dict(final)["VOLUME"] == "/shops"
    assert "PYTHONDONTWRITEBYTECODE=1" in dict(final)["ENV"], "a read-only root takes no .pyc files"
    assert [name for name, _ in final if name in ("ADD", "ONBUILD")] == []
    after = [name for name, _ in final][[name for name, _ in final].index("USER") :]
    assert "RUN" not in after
    assert all("--no-cache-dir" in rest for name, rest in told if name == "RUN" and "pip install" in rest)


def test_its_settings_are_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in re.findall(r"(SHOPLENS_\w+)=(\S+)", (DEPLOY / "Dockerfile").read_text("utf-8")):
        monkeypatch.setenv(name, value)
    config = Config.load()
    assert (str(config.shop), config.server.host, config.observe.log_format) == ("/shops/shop", "0.0.0.0", "json")


def test_the_units_are_accepted_and_stop_takes_longer_than_the_drain() -> None:
    unit = (DEPLOY / "shoplens.service").read_text("utf-8")
    stop = int(re.findall(r"(?m)^TimeoutStopSec=(\d+)$", unit)[0])
    server = Config().server
    assert stop > server.drain_s + server.stop_s + 10
    for wanted in ("Type=notify", "ExecReload=/bin/kill -HUP $MAINPID", "ProtectSystem=strict", "User=shoplens"):
        assert f"\n{wanted}\n" in unit
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd-analyze is not here: the units were read, not proved")
    names = ["shoplens.service", "shoplens.socket", "shoplens-backup.service", "shoplens-backup.timer"]
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *(str(DEPLOY / name) for name in names)],
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    wrong = [line for line in done.stderr.splitlines() if re.search(r"deploy/|shoplens[\w-]*\.\w+:", line)]
    assert [line for line in wrong if "is not executable" not in line] == []
