"""The command ``shoplens`` in a process of its own, without waiting a second each time until Python has loaded it.

A server process has loaded the command and nothing else (no threads, no models); each call is a fork of it. What the
call sees is as from a shell: its arguments, its folder, its environment, its own streams, its exit code.
"""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import cache
from multiprocessing.context import ForkServerContext
from pathlib import Path

LOADED = ("shoplens.cli.app", "shoplens.app", "shoplens.evaluation", "tests.command")
TERMINAL = {"COLUMNS": "160", "NO_COLOR": "1"}


def command(*args: str | Path, cwd: Path, timeout: float = 120, **env: str) -> subprocess.CompletedProcess[str]:
    """Runs ``shoplens`` with these arguments; the real bundled encoder, no mock.

    Raises:
        subprocess.TimeoutExpired: it has not ended after ``timeout`` seconds.
    """
    given = [str(arg) for arg in args]
    with tempfile.TemporaryDirectory(prefix="shoplens-command-") as folder:
        streams = [Path(folder) / name for name in ("out", "err")]
        work = (given, str(cwd), os.environ | TERMINAL | env, [str(path) for path in streams])
        process = _server().Process(target=_run, args=work)
        process.start()
        process.join(timeout)
        if process.is_alive():
            process.kill()
            process.join()
            raise subprocess.TimeoutExpired(given, timeout)
        assert process.exitcode is not None
        out, err = (path.read_text("utf-8") for path in streams)
        return subprocess.CompletedProcess(given, process.exitcode, out, err)


@cache
def _server() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    return context


def _run(args: Sequence[str], cwd: str, env: dict[str, str], streams: Sequence[str]) -> None:
    for number, path in enumerate(streams, 1):
        os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND), number)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    sys.argv = ["shoplens", *args]
    from shoplens.cli import main, output

    # Made when the server loaded them, of its environment then.
    width = int(env["COLUMNS"])
    output.console.width = output.stderr.width = width
    main()
