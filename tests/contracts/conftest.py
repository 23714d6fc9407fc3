"""Every place that a store may live in."""

import importlib.util
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from acquisition.store import Store, open_store

OpenStore = Callable[[], Store]


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """A server from GAZEROOM_TEST_POSTGRES, else a throwaway cluster of a local PostgreSQL."""
    if importlib.util.find_spec("psycopg") is None:
        pytest.skip("the driver psycopg is not installed")
    if given := os.environ.get("GAZEROOM_TEST_POSTGRES"):
        yield given
        return
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    if not found:
        pytest.skip("no PostgreSQL under /usr/lib/postgresql and GAZEROOM_TEST_POSTGRES is not set")
    # Not below pytest's own folder, which is root's alone, and short: a socket's path has 100 letters.
    with TemporaryDirectory(prefix="gzr", ignore_cleanup_errors=True) as folder:
        yield from _throwaway_cluster(found[-1].parent, Path(folder))


def _throwaway_cluster(programs: Path, folder: Path) -> Iterator[str]:
    import pwd

    # PostgreSQL refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None
    if user is not None:
        try:
            owner = pwd.getpwnam(user).pw_uid
        except KeyError:
            pytest.skip("running as root and there is no user postgres to run a cluster as")
        os.chown(folder, owner, -1)
    data = folder / "data"

    def control(*arguments: str) -> None:
        subprocess.run([*arguments], user=user, cwd=folder, check=True, capture_output=True)

    control(str(programs / "initdb"), "-D", str(data), "-U", "room", "--auth=trust", "--no-sync")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off"
    log = str(folder / "log")
    control(str(programs / "pg_ctl"), "-D", str(data), "-l", log, "-o", options, "-w", "start")
    try:
        yield f"postgresql://room@/postgres?host={folder}"
    finally:
        control(str(programs / "pg_ctl"), "-D", str(data), "-m", "immediate", "stop")


@pytest.fixture(params=["directory", "postgresql"])
def open_again(request: pytest.FixtureRequest, tmp_path: Path) -> OpenStore:
    """Opens one and the same fresh store, as often as it is called."""
    if request.param == "directory":
        return lambda: open_store(tmp_path / "store")
    url = request.getfixturevalue("postgres_url")
    _empty(url)
    return lambda: open_store(url, tmp_path / "recordings")


def _empty(url: str) -> None:
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")


@pytest.fixture
def store(open_again: OpenStore) -> Iterator[Store]:
    with open_again() as opened:
        yield opened
