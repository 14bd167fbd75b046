"""Models by a hub's name, from a hub on this machine, asked by the hub's real client in a process of its own."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("huggingface_hub", reason="asks a hub with its client (extra `hub`)")

COMMIT = "0123456789abcdef0123456789abcdef01234567"
WHOLE = {
    "config.json": b"{}",
    "tokenizer.json": b"{}",
    "README.md": b"no need of it",
    "modeling_own.py": b"raise SystemExit",
    "model.safetensors": b"weights",
    "pytorch_model.bin": b"a pickle",
    "flax_model.msgpack": b"another",
}


class Hub:
    """A hub with models, and what it was asked for."""

    def __init__(self, models: Mapping[str, Mapping[str, bytes]]) -> None:
        hub = self
        self.asked: list[str] = []

        class Handler(BaseHTTPRequestHandler):
            def answer(self, data: bytes | None, **headers: str) -> None:
                self.send_response(404 if data is None else 200)
                for name, value in headers.items():
                    self.send_header(name.replace("_", "-"), value)
                self.send_header("Content-Length", str(len(data or b"")))
                self.end_headers()
                if self.command == "GET" and data is not None:
                    self.wfile.write(data)

            def do_GET(self) -> None:
                path = self.path.partition("?")[0]
                if file := re.fullmatch(r"/(\w+/[\w-]+)/resolve/[^/]+/(.+)", path):
                    hub.asked.append(file[2])
                    data = models.get(file[1], {}).get(file[2])
                    tag = hashlib.sha256(data or b"").hexdigest()
                    self.answer(data, X_Repo_Commit=COMMIT, ETag=f'"{tag}"')
                elif model := re.match(r"/api/models/(\w+/[\w-]+)(/tree)?", path):
                    files = models.get(model[1])
                    rows = [
                        {"type": "file", "path": n, "size": len(d), "oid": "0" * 40} for n, d in (files or {}).items()
                    ]
                    about = {"id": model[1], "sha": COMMIT, "siblings": [{"rfilename": n} for n in files or ()]}
                    said = json.dumps(rows if model[2] else about).encode()
                    self.answer(said if files is not None else None, Content_Type="application/json")
                else:
                    self.answer(None)

            do_HEAD = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                """Keeps still."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def close(self) -> None:
        """Goes off the net."""
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def hub() -> Iterator[Hub]:
    pickled = {name: data for name, data in WHOLE.items() if name != "model.safetensors"}
    made = Hub({"owner/whole": WHOLE, "owner/only-pickles": pickled, "owner/nothing": {"config.json": b"{}"}})
    yield made
    made.close()


def opened(name: str, hub: Hub, home: Path) -> dict[str, Any]:
    """What ``open_source`` finds or says, in a process that knows our hub alone."""
    script = """
import json, sys
from shoplens.encoders.hub_sources import open_source
from shoplens.errors import EncoderError
try:
    found = open_source("transformers:" + sys.argv[1], sys.argv[1], config="config.json", prefer=("model.safetensors",))
    there = sorted(p.name for p in found.folder.iterdir())
    print(json.dumps({"name": found.name, "files": dict(found.files), "there": there}))
except EncoderError as error:
    print(json.dumps({"error": error.message, "hint": error.hint}))
"""
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("HF_") and "proxy" not in k.lower()}
    environment |= {"HF_ENDPOINT": hub.address, "HF_HOME": str(home), "PYTHONPATH": paths}
    done = subprocess.run(
        [sys.executable, "-c", script, name], env=environment, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_safetensors_and_what_tells_how_to_read_them_are_fetched_and_nothing_else(hub: Hub, tmp_path: Path) -> None:
    found = opened("owner/whole@main", hub, tmp_path)
    assert found["there"] == ["config.json", "model.safetensors", "tokenizer.json"]
    assert set(hub.asked) == set(found["there"]), "no pickle, no code"
    assert found["files"] == {name: hashlib.sha256(WHOLE[name]).hexdigest() for name in found["there"]}
    assert found["name"] == "whole"
    hub.close()
    assert opened("owner/whole@main", hub, tmp_path) == found, "what was fetched once needs no net"


def test_a_model_of_pickles_alone_is_refused_by_their_names_and_none_is_fetched(hub: Hub, tmp_path: Path) -> None:
    found = opened("owner/only-pickles", hub, tmp_path)
    assert "flax_model.msgpack, pytorch_model.bin" in found["error"]
    assert "can run code" in found["error"]
    assert "safetensors" in found["hint"]
    assert not {"pytorch_model.bin", "flax_model.msgpack"} & set(hub.asked)


def test_a_model_without_weights_and_one_that_is_not_there_are_told_apart(hub: Hub, tmp_path: Path) -> None:
    assert "no weights here" in opened("owner/nothing", hub, tmp_path)["error"]
    missing = opened("owner/ghost", hub, tmp_path)
    assert "could not be fetched" in missing["error"]
    assert "check the name" in missing["hint"]
