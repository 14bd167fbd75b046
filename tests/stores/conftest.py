"""Shops to test with: SQLite files, and databases of a PostgreSQL server that the tests start themselves."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

Addresses = Callable[[], str]
"""Each call: the address of a store that does not exist yet."""

# No network; and no fsync, since no test pulls this server's plug.
_QUICK = "-c listen_addresses='' -c fsync=off -c full_page_writes=off"
_DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


def _program(name: str) -> str | None:
    places = [os.environ.get("PATH", ""), *map(str, _DEBIAN)]
    return shutil.which(name, path=os.pathsep.join(places))


def _other_user() -> str | None:
    """PostgreSQL refuses to run as root; then it runs as its own user."""
    if os.geteuid() != 0:
        return None
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name).pw_name
        except KeyError:
            continue
    pytest.skip("PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody'")


@pytest.fixture(scope="session")
def postgres_addresses() -> Iterator[Addresses]:
    psycopg = pytest.importorskip("psycopg", reason="PostgreSQL needs the extra: pip install 'shoplens[postgres]'")
    initdb, server = _program("initdb"), _program("pg_ctl")
    if initdb is None or server is None:
        pytest.skip("no PostgreSQL server here: initdb and pg_ctl are neither on PATH nor in /usr/lib/postgresql")
    user = _other_user()
    folder = Path(tempfile.mkdtemp(prefix="pg"))  # short: a socket's path has 107 characters at most
    if user is not None:
        shutil.chown(folder, user)

    def run(*command: str) -> None:
        done = subprocess.run(command, user=user, cwd=folder, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, f"{command[0]}: {done.stdout}{done.stderr}"

    data = str(folder / "data")
    try:
        run(initdb, "-D", data, "-U", "shop", "-A", "trust", "-E", "UTF8", "--locale=C")
        run(server, "-D", data, "-w", "-l", str(folder / "log"), "-o", f"-k {folder} {_QUICK}", "start")
        try:
            count = itertools.count()

            def fresh() -> str:
                name = f"shop{next(count)}"  # a schema each: a database each would cost 7 MB and a second
                with psycopg.connect(f"host={folder} user=shop dbname=postgres", autocommit=True) as connection:
                    connection.execute(f"CREATE SCHEMA {name}")
                return f"postgresql://shop@/postgres?host={folder}&options=-csearch_path%3D{name}"

            yield fresh
        finally:
            run(server, "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def sqlite_addresses(tmp_path: Path) -> Addresses:
    count = itertools.count()
    return lambda: str(tmp_path / f"shop{next(count)}" / "store.db")


@pytest.fixture(params=["sqlite", "postgres"])
def addresses(request: pytest.FixtureRequest) -> Addresses:
    made: Addresses = request.getfixturevalue(f"{request.param}_addresses")
    return made


@pytest.fixture
def address(addresses: Addresses) -> str:
    """The address of a store that does not exist yet."""
    return addresses()
