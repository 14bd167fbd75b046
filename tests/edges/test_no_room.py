"""Shops whose folder cannot be written to, and disks that are full: what can be done is done, the rest says why not."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SHOPLENS = shlex.join([sys.executable, "-m", "shoplens"])


def in_own_mounts(folder: Path, script: str) -> subprocess.CompletedProcess[str]:
    """Runs a shell script that may mount, without the machine noticing; skips where that is not allowed."""
    enter = ["unshare", "--mount", "--map-root-user"]
    if shutil.which("unshare") is None or subprocess.run([*enter, "true"], capture_output=True).returncode:
        pytest.skip("this machine allows no mounts of one's own")
    return subprocess.run(
        [*enter, "sh", "-ec", script], cwd=folder, capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shop in it, of two products without pictures, and a judged query."""
    made = tmp_path_factory.mktemp("room")
    (made / "feed.csv").write_text("id,title\n1,red t-shirt\n2,blue jeans\n")
    (made / "queries.jsonl").write_text('{"query_id": "a", "q": "jeans"}\n')
    (made / "qrels").write_text("a 0 2 1\n")
    subprocess.run([*shlex.split(SHOPLENS), "index", "feed.csv", "--shop", "s"], cwd=made, check=True, timeout=120)
    return made


def test_a_folder_that_cannot_be_written_to_is_searched_and_examined(folder: Path) -> None:
    read_only = "mount --bind s s; mount -o remount,ro,bind s; "
    found = in_own_mounts(folder, f"{read_only}{SHOPLENS} search --shop s --semantic-ratio 0 --json jeans")
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert [hit["product"]["id"] for hit in answer["hits"]] == ["2"]
    assert answer["degraded"] == []
    told = in_own_mounts(folder, f"{read_only}{SHOPLENS} doctor --shop s --json")
    assert told.returncode == 0, told.stderr + told.stdout
    assert "read_only" in [finding["code"] for finding in json.loads(told.stdout)["findings"]]
    measured = in_own_mounts(
        folder, f"{read_only}{SHOPLENS} evaluate --shop s --queries queries.jsonl --qrels qrels --json"
    )
    assert measured.returncode == 0, measured.stderr
    refused = in_own_mounts(folder, f"{read_only}{SHOPLENS} index feed.csv --shop s")
    assert refused.returncode == 1
    assert "the right to write" in " ".join(refused.stderr.split())
    rebuilt = in_own_mounts(folder, f"{read_only}{SHOPLENS} index feed.csv --shop s --rebuild")
    assert rebuilt.returncode == 1
    assert "Traceback" not in refused.stderr + rebuilt.stderr


def test_without_copies_of_the_words_the_vectors_answer(folder: Path) -> None:
    found = in_own_mounts(
        folder,
        "cp -r s bare; rm -r bare/copies; mount --bind bare bare; mount -o remount,ro,bind bare; "
        f"{SHOPLENS} search --shop bare --json blue jeans",
    )
    assert found.returncode == 0, found.stderr
    answer = json.loads(found.stdout)
    assert answer["hits"][0]["product"]["id"] == "2"
    assert answer["degraded"] == ["words"]


FULL = (
    "mkdir -p full; mount -t tmpfs -o size=8m none full; cp -r s full/; dd if=/dev/zero of=full/filler 2>&- || true; "
)


def test_a_full_disk_is_searched_and_told(folder: Path) -> None:
    found = in_own_mounts(folder, f"{FULL}{SHOPLENS} search --shop full/s --semantic-ratio 0 --json jeans")
    assert found.returncode == 0, found.stderr
    assert [hit["product"]["id"] for hit in json.loads(found.stdout)["hits"]] == ["2"]
    told = in_own_mounts(folder, f"{FULL}{SHOPLENS} doctor --shop full/s --json")
    assert told.returncode == 0, told.stderr + told.stdout


def test_a_full_disk_stops_an_index_with_the_first_error(folder: Path) -> None:
    rows = "".join(f"{n},thing {n} " + "word " * 200 + "\n" for n in range(9_000))
    (folder / "many.csv").write_text("id,title\n" + rows)
    script = (
        f"mkdir -p full; mount -t tmpfs -o size=3m none full; cp -r s full/; {SHOPLENS} index many.csv --shop full/s"
    )
    stopped = in_own_mounts(folder, f"{script} --keep-missing")
    assert stopped.returncode == 1
    said = " ".join(stopped.stderr.split())
    assert "the disk is full" in said or "the disk refused" in said, said
    assert "word index" not in said
    assert "Traceback" not in said
