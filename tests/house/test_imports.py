"""What a start of ShopLens loads: quick to import, nothing of the extras."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import shoplens

EXTRAS = (
    "torch",
    "transformers",
    "tokenizers",
    "scipy",
    "pyarrow",
    "ir_measures",
    "onnx",
    "sentence_transformers",
    "psycopg",
)


def loaded_by(statement: str) -> set[str]:
    """Top-level packages that a fresh process has loaded after a statement."""
    code = f"import sys\n{statement}\nprint(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import shoplens.server",
        "import shoplens.cli",
        "import shoplens.demo",
        "from shoplens import open_shop",
        "import shoplens.evaluation",
    ],
)
def test_no_extra_is_loaded(statement: str) -> None:
    assert loaded_by(statement) & set(EXTRAS) == set()


def test_core_is_pure() -> None:
    heavy = {
        "faiss",
        "tantivy",
        "onnxruntime",
        "PIL",
        "sqlalchemy",
        "fastapi",
        "pydantic",
        "httpx",
        "typer",
        "rich",
        "orjson",
    }
    modules = [path.stem for path in (Path(shoplens.__file__).parent / "core").glob("*.py")]
    assert loaded_by("; ".join(f"import shoplens.core.{name}" for name in modules)) & heavy == set()


def test_the_package_itself_loads_nothing() -> None:
    assert loaded_by("import shoplens") & {"numpy", "faiss", "onnxruntime", "sqlalchemy"} == set()
