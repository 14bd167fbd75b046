"""The tracked files: no machine's paths, no registry's hosts, nothing large or of the real data."""

from __future__ import annotations

import ast
import hashlib
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

from tests.support import DATA

ROOT = Path(__file__).resolve().parents[2]
SOURCE = ROOT / "src" / "shoplens"
MEGABYTE = 1_000_000
LARGE = {".onnx"}
"""What may be larger: the encoder's towers."""
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def tracked() -> list[Path]:
    out = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)
    if out.returncode:
        pytest.skip("not a git checkout")
    return [path for name in out.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]


def texts() -> list[tuple[str, str]]:
    """Name and content of tracked text files."""
    out = []
    for path in tracked():
        data = path.read_bytes()
        if b"\0" not in data[:8192]:
            out.append((str(path.relative_to(ROOT)), data.decode("utf-8")))
    return out


def test_no_file_names_a_path_of_a_machine_or_the_host_of_a_registry() -> None:
    forbidden = re.compile(
        "|".join(
            [r"(?<![\w.])/(?:work|root)/\w", r"(?<![\w.])/home/(?!user\b)\w", r"pypi\.(?:org|python)", r"pythonhosted",
             r"registry\.npm", r"npmjs\.(?:org|com)", r"(?:deb|security)\.debian", r"download\.pytorch", r"/opt/wheels"]
        )
    )  # fmt: skip
    own = str(Path(__file__).relative_to(ROOT))
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in texts()
        if name != own
        for number, line in enumerate(text.splitlines(), 1)
        if forbidden.search(line)
    ]
    assert found == []


def test_no_file_is_larger_than_a_megabyte() -> None:
    large = [str(p.relative_to(ROOT)) for p in tracked() if p.stat().st_size > MEGABYTE and p.suffix not in LARGE]
    assert large == []


def test_the_encoder_is_at_most_25_megabytes() -> None:
    sizes = [p.stat().st_size for p in (SOURCE / "encoders").rglob("*") if p.suffix in {".onnx", ".npz", ".json"}]
    assert sum(sizes) <= 25 * MEGABYTE


@pytest.mark.data
def test_nothing_of_the_real_data_is_committed() -> None:
    if not DATA.is_dir():
        pytest.skip("the real data sets are not here: set SHOPLENS_DATA to their folder")
    ours: dict[int, list[Path]] = {}
    for path in tracked():
        if path.stat().st_size > 200 and not path.name.startswith("LICENSE"):
            ours.setdefault(path.stat().st_size, []).append(path)
    found = []
    for theirs in DATA.rglob("*"):
        if theirs.is_file() and not theirs.name.startswith("LICENSE") and theirs.stat().st_size in ours:
            digest = hashlib.sha256(theirs.read_bytes()).digest()
            same = [p for p in ours[theirs.stat().st_size] if hashlib.sha256(p.read_bytes()).digest() == digest]
            found += [f"{p.relative_to(ROOT)} is {theirs.relative_to(DATA)}" for p in same]
    assert found == []


def test_modules_read_in_one_sitting() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in SOURCE.rglob("*.py")
        if (lines := len(path.read_text("utf-8").splitlines())) > 400
    }
    assert long == {}


def test_nothing_is_left_to_do() -> None:
    marks = re.compile(r"\b(?:TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    found = [
        f"{name}:{number}"
        for name, text in texts()
        if name.startswith(("src/", "scripts/", "web/")) and "/ui/assets/" not in name and not name.endswith(".json")
        for number, line in enumerate(text.splitlines(), 1)
        if marks.search(line)
    ]
    assert found == []


def test_public_things_have_docstrings() -> None:
    """Modules, and the public functions, classes and methods in them; not what overrides a method of a base class."""
    found = []
    kinds = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef
    for path in SOURCE.rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        nodes = [node for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_")]
        classes = [node for node in nodes if isinstance(node, ast.ClassDef) and not node.bases]
        nodes += [inner for node in classes for inner in node.body if isinstance(inner, kinds)]
        found += [f"{path.relative_to(ROOT)}"] if not ast.get_docstring(tree) else []
        found += [
            f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
            for node in nodes
            if not node.name.startswith("_") and not ast.get_docstring(node)
        ]
    assert found == []


def pins(name: str) -> dict[str, str]:
    out = {}
    for line in (ROOT / name).read_text("utf-8").splitlines():
        if line and not line.startswith(("#", "-r ")):
            package, _, version = line.partition(" ; ")[0].partition("==")
            out[package] = version
    return out


PIN_FILES = ("requirements.txt", "requirements-dev.txt", "requirements-train.txt", "requirements-build.txt")


PIN = re.compile(r"#.*|-r requirements[a-z-]*\.txt|[a-z0-9-]+==[0-9][0-9a-z.]*( ; sys_platform [!=]= \"[a-z0-9]+\")?")


@pytest.mark.parametrize("name", PIN_FILES)
def test_pins_hold_names_and_versions_and_no_address(name: str) -> None:
    for line in (ROOT / name).read_text("utf-8").splitlines():
        assert PIN.fullmatch(line), line


def test_no_package_is_pinned_twice() -> None:
    names = [package for name in PIN_FILES for package in pins(name)]
    assert sorted(names) == sorted(set(names))


def test_pins_are_within_the_ranges_of_the_project() -> None:
    base, dev, train = (pins(name) for name in PIN_FILES[:3])
    extras = PROJECT["optional-dependencies"]
    for wanted, have in (
        (PROJECT["dependencies"], base),
        ([r for e in ("dev", "evaluation", "parquet", "heic", "postgres") for r in extras[e]], base | dev),
        (extras["train"], base | dev | train),
    ):
        for requirement in map(Requirement, wanted):
            name = requirement.name.lower().replace("_", "-")
            assert name in have, f"{name} is not pinned: run make pin"
            assert Version(have[name]) in requirement.specifier, name


def test_the_base_pins_bring_no_heavy_package() -> None:
    heavy = {
        "torch",
        "transformers",
        "tokenizers",
        "scipy",
        "scikit-learn",
        "pyarrow",
        "pandas",
        "opencv-python",
        "onnx",
    }
    assert heavy & set(pins("requirements.txt")) == set()


def test_every_extra_that_an_error_names_exists() -> None:
    named = {
        match
        for path in SOURCE.rglob("*.py")
        for match in re.findall(r"MissingExtraError\([^()]*extra=\"([a-z]+)\"", path.read_text("utf-8"))
    }
    assert named
    assert named <= set(PROJECT["optional-dependencies"])
