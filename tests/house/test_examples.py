"""The examples of README.md, of the tutorial and of the how-tos run as they stand: python and console blocks, in order.

All blocks of a page share one temporary folder. A python block is run as a script of its own, as a reader would save
it. In a console block the lines after ``$`` are run by bash with ``shoplens`` and ``python`` of this installation; any
other line is what the page says is printed, and it must be printed, in that order (``...`` stands for anything). Blocks
marked ``sh`` or ``py`` need the net, torch or a shop of the reader's and are not run.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    ROOT / "README.md",
    *(page for folder in ("tutorial", "howto") for page in sorted((ROOT / "docs" / folder).glob("*.md"))),
]
BLOCK = re.compile(r"^```(python|console)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TIMEOUT_S = 120


@dataclass(frozen=True)
class Example:
    """A fenced block: its language, its text, and the line at which it starts."""

    language: str
    text: str
    line: int


def examples(page: Path) -> list[Example]:
    text = page.read_text("utf-8")
    return [Example(m[1], m[2], text.count("\n", 0, m.start()) + 1) for m in BLOCK.finditer(text)]


def run(command: list[str], folder: Path) -> str:
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep),
        "COLUMNS": "160",
    }
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def expect(printed: str, promised: list[str]) -> None:
    """Each promised line is printed, in order; ``...`` matches anything."""
    rest = printed
    for line in promised:
        if line.strip() == "...":
            continue
        pattern = r"[ ]*" + r"\s+".join(".*?".join(map(re.escape, word.split("..."))) for word in line.split())
        found = re.search(pattern, rest)
        assert found, f"{line!r} is not in what is printed:\n{printed}"
        rest = rest[found.end() :]


def run_console(text: str, folder: Path) -> None:
    commands: list[tuple[str, list[str]]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            commands.append((line[2:], []))
        elif commands and commands[-1][0].endswith("\\"):
            commands[-1] = (f"{commands[-1][0]}\n{line}", [])
        elif line.strip():
            assert commands, f"a line before any command: {line!r}"
            commands[-1][1].append(line)
    assert commands
    for command, promised in commands:
        expect(run(["bash", "-euo", "pipefail", "-c", command], folder), promised)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_examples_run(page: Path, tmp_path: Path) -> None:
    for number, example in enumerate(examples(page), 1):
        if example.language == "python":
            script = tmp_path / f"example_{number}.py"
            script.write_text(example.text, "utf-8")
            run([sys.executable, script.name], tmp_path)
        else:
            run_console(example.text, tmp_path)


def test_the_readme_has_examples() -> None:
    assert any(example.language == "python" for example in examples(PAGES[0]))


def test_promises_are_held_to_what_is_printed() -> None:
    expect("a  b\nc 12.5 ms\nd\n", ["a b", "c ... ms", "...", "d"])
    with pytest.raises(AssertionError):
        expect("a\nb\n", ["b", "a"])
