"""Each kind of small hub model, saved once for all tests of this folder."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.encoders.hub.kinds import KINDS, need

Saved = Callable[[str], Path]


@pytest.fixture(scope="session")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Saved:
    """The folder of a model of a kind; skips where its library is missing. Not to be changed: copy it first."""
    base = tmp_path_factory.mktemp("hub")

    def of(kind: str) -> Path:
        need(KINDS[kind].library)
        folder = base / f"small-{kind}"
        return folder if folder.exists() else KINDS[kind].save(folder)

    return of


@pytest.fixture
def hub_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str, Path], None]:
    """Puts a model's folder where the hub's client keeps what it has fetched, a pickle beside it; no net after that."""
    constants = pytest.importorskip("huggingface_hub.constants", reason="names of the hub need the extra `hub`")
    cache = tmp_path / "hub-cache"
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(cache))

    def put(repository: str, folder: Path) -> None:
        commit = "0123456789abcdef0123456789abcdef01234567"
        base = cache / f"models--{repository.replace('/', '--')}"
        shutil.copytree(folder, base / "snapshots" / commit)
        (base / "snapshots" / commit / "pytorch_model.bin").write_bytes(b"a pickle")
        (base / "refs").mkdir()
        (base / "refs" / "main").write_text(commit)

    return put
