"""Schemathesis against a real service: no 5xx, no answer outside the OpenAPI document (needs schemathesis).

    pip install schemathesis
    python -m tests.edges.schema_cases               some 5,000 cases over all operations, writes included
    python -m tests.edges.schema_cases --each 10     a short form

Two of 5xx are answers that a caller asks for, and stand in the document: 504 (its own X-Timeout-Ms is over) and 503 (no
room to fetch photos just now). Any other 5xx is a fault.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.edges.hostile import service

EACH = 130
"""Cases of an operation; of some fifty operations that makes more than 5,000."""
ENDING = "DELETE /v1/keys/{key_id}"
CHECKS = ("not_a_server_error", "status_code_conformance", "content_type_conformance", "response_schema_conformance")


def run(each: int, seed: int = 1, paths: str = "", keys: bool = False) -> tuple[int, int, str]:
    """Cases that were made, faults (0: none), and what Schemathesis said.

    ``paths``: only those that this expression finds. ``keys``: the ending of keys alone, which is left out else: it
    learns the ids of keys from answers, and with its own one ended all that follows would be 401.
    """
    which = [("--include" if keys else "--exclude") + "-name", ENDING]
    if paths:
        which += ["--include-path-regex", paths]
    with tempfile.TemporaryDirectory() as made, service(Path(made) / "schema") as (address, key, _):
        config = Path(made) / "schemathesis.toml"
        config.write_text(
            f'headers = {{ Authorization = "Bearer {key}" }}\n'
            "[checks.not_a_server_error]\n"
            'expected-statuses = ["2xx", "3xx", "4xx", "503", "504"]\n'
        )
        command = [
            sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run", f"{address}/v1/openapi.json",
            "--checks", ",".join(CHECKS), "--max-examples", str(each), "--seed", str(seed), "--phases", "fuzzing",
            "--continue-on-failure", "--no-color", "--request-timeout", "60", "--max-response-time", "60", *which,
        ]  # fmt: skip
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=made)
    text = done.stdout + done.stderr
    cases = re.search(r"([\d,]+) generated", text) or re.search(r"Test cases:\s*\n\s*([\d,]+)", text)
    return (int(cases[1].replace(",", "")) if cases else 0), done.returncode, text


def main() -> int:
    """Runs it; 1 where there are faults."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--each", type=int, default=EACH, help="cases of an operation")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--paths", default="", help="only the paths that this regular expression finds")
    args = parser.parse_args()
    if importlib.util.find_spec("schemathesis") is None:
        print("schemathesis is not installed: pip install schemathesis")
        return 2
    cases, code, text = run(args.each, args.seed, args.paths)
    if not args.paths:
        more, failed, told = run(args.each, args.seed, keys=True)
        cases, code, text = cases + more, code or failed, text + told
    print(text)
    print(f"{cases:,} cases, {'no' if code == 0 else 'some'} faults")
    return 1 if code else 0


if __name__ == "__main__":
    sys.exit(main())
