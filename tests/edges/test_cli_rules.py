"""``shoplens rule ...``, run as a merchandiser would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import command as run

PIN = {"id": "pins", "when": {"query": "shirt"}, "then": {"pin": ["3"]}, "note": "für Anna"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a shop called ``shop``, of products without pictures, and a rule's file."""
    folder = tmp_path_factory.mktemp("rules")
    lines = ["id,title,brand", "1,red shirt,Luma", "2,green shirt,Fila", "3,blue shirt,Luma"]
    (folder / "feed.csv").write_text("\n".join(lines), "utf-8")
    done = run("index", "feed.csv", "--shop", "shop", cwd=folder)
    assert done.returncode == 0, done.stderr
    (folder / "rule.json").write_text(json.dumps(PIN), "utf-8")
    return folder


def rule(folder: Path, *args: str, code: int = 0) -> tuple[str, str]:
    done = run("rule", *args, "--shop", "shop", cwd=folder)
    assert done.returncode == code, done.stderr
    return done.stdout, done.stderr


def test_from_a_preview_to_the_history(folder: Path) -> None:
    said, _ = rule(folder, "preview", "shirt", "--rule", "rule.json")
    assert said.splitlines()[1].split()[:3] in (["1", "-", "3"], ["1", "1", "3"], ["1", "2", "3"], ["1", "3", "3"])
    assert "no rules yet" in rule(folder, "list")[0]
    assert "stored as version 1 by anna" in rule(folder, "put", "rule.json", "--by", "anna")[0]
    found = run("search", "shirt", "--shop", "shop", "--explain", cwd=folder)
    assert found.stdout.splitlines()[1].split()[0:3:2] == ["1", "3"]
    assert "rules: pins" in found.stderr
    assert "+0.00  rule (pins)" in found.stdout
    shown = json.loads(rule(folder, "show", "pins")[0])
    assert (shown["then"], shown["note"]) == ({"pin": [{"id": "3", "position": 1}]}, "für Anna")
    (folder / "two.json").write_text(json.dumps([{**PIN, "priority": 2}, {"id": "go", "then": {"redirect": "/sale"}}]))
    assert "version 2" in rule(folder, "put", "two.json", "--by", "ben")[0]
    listed, _ = rule(folder, "list")
    assert [line.split()[0] for line in listed.splitlines()] == ["rule", "pins", "go"]
    assert "deleted as version 3" in rule(folder, "delete", "pins", "--by", "ben")[0]
    assert "restored as version 4" in rule(folder, "restore", "pins", "1", "--by", "anna")[0]
    told, _ = rule(folder, "history", "pins")
    assert [line.split()[1:3] + line.split()[4:5] for line in told.splitlines()] == [
        ["1", "put", "anna"],
        ["2", "put", "ben"],
        ["3", "delete", "ben"],
        ["4", "restore", "anna"],
    ]
    everything = json.loads(rule(folder, "history", "--json")[0])
    assert [(one["seq"], one["rule_id"]) for one in everything] == [
        (1, "pins"), (2, "pins"), (3, "go"), (4, "pins"), (5, "pins"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "rule.bad: the file is no JSON"),
        ("[]", "rule.bad: the file holds no rule"),
        ('{"id": "x", "then": {"boost": [{"filter": "bramd=Luma"}]}}', "rule x, then.boost: "),
        ('{"id": "x", "then": {"pins": []}}', "did you mean pin?"),
    ],
)
def test_what_makes_no_sense_is_named(folder: Path, content: str, said: str) -> None:
    (folder / "rule.bad").write_text(content)
    assert said in rule(folder, "put", "rule.bad", code=1)[1]
    assert said in rule(folder, "preview", "shirt", "--rule", "rule.bad", code=1)[1]


def test_of_a_file_with_a_senseless_rule_none_is_stored(folder: Path) -> None:
    good = {"id": "good", "then": {"redirect": "/x"}}
    (folder / "some.json").write_text(json.dumps([good, {"id": "bad", "then": {}}]))
    assert "rule bad, then: " in rule(folder, "put", "some.json", code=1)[1]
    assert "no rule 'good'" in rule(folder, "show", "good", code=1)[1]


def test_files_rules_and_versions_that_are_not_there(folder: Path) -> None:
    assert "cannot be read" in rule(folder, "put", "nowhere.json", code=1)[1]
    assert "no rule 'nobody'" in rule(folder, "show", "nobody", code=1)[1]
    assert "shoplens rule list" in rule(folder, "delete", "nobody", code=1)[1]
    (folder / "new.json").write_text(json.dumps({"id": "new", "then": {"hide": ["nobody"]}}))
    saved, warned = rule(folder, "put", "new.json")
    assert "stored as version 1" in saved
    assert "there is no product 'nobody' in this shop yet" in warned
    (folder / "new.json").write_text(json.dumps({"id": "new", "then": {"hide": ["1"]}}))
    assert "the rule is at version 1, not at 0" in rule(folder, "put", "new.json", "--version", "0", code=1)[1]
    assert "has no say" in rule(folder, "preview", "zzqxw", "--rule", "rule.json")[0]
