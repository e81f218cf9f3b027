"""A private PostgreSQL: a server of its own in a temporary folder, reached by a socket there and by nothing else."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pyarrow as pa
from missing_engine import MissingEngineError

from smalti.errors import StoreError
from smalti.store import quoted

DATABASE = "smalti"
PATIENCE = 60.0
"""Seconds a server may take to start or to stop."""

_COLUMN = {pa.string(): "text", pa.int64(): "bigint", pa.float64(): "double precision", pa.bool_(): "boolean"}
_ARROW = {
    "text": pa.string(),
    "int8": pa.int64(),
    "int4": pa.int32(),
    "float8": pa.float64(),
    "bool": pa.bool_(),
    "numeric": pa.decimal128(38, 9),
}
_UNSAFE_BUT_FAST = ("fsync=off", "full_page_writes=off", "synchronous_commit=off", "autovacuum=off", "jit=off")


class PostgresqlStore:
    """What a store does, done by PostgreSQL: tables by name, made from queries or Arrow data."""

    dialect = "postgres"

    def __init__(self, driver: ModuleType, address: str) -> None:
        self._driver = driver
        self._connection = driver.connect(address, autocommit=True, prepare_threshold=None)

    def close(self) -> None:
        self._connection.close()

    def put(self, name: str, data: pa.Table) -> None:
        columns = ", ".join(f"{quoted(field.name)} {_COLUMN[field.type]}" for field in data.schema)
        self.drop(name)
        self._do(f"CREATE UNLOGGED TABLE {quoted(name)} ({columns})")
        rows = zip(*(column.to_pylist() for column in data.columns), strict=True)
        with self._connection.cursor() as cursor, cursor.copy(f"COPY {quoted(name)} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def create(self, name: str, query: str) -> None:
        self.drop(name)
        self._do(f"CREATE UNLOGGED TABLE {quoted(name)} AS {query}")

    def read(self, query: str) -> pa.Table:
        with self._connection.cursor() as cursor:
            try:
                rows = cursor.execute(query).fetchall()
            except self._driver.Error as error:
                raise StoreError(f"PostgreSQL refused a query: {error}") from error
            kinds = [self._driver.adapters.types[column.type_code].name for column in cursor.description]
            names = [column.name for column in cursor.description]
        values = zip(*rows, strict=True) if rows else [()] * len(names)
        arrays = [pa.array(list(one), _ARROW[kind]) for one, kind in zip(values, kinds, strict=True)]
        return pa.Table.from_arrays(arrays, names)

    def table(self, name: str) -> pa.Table:
        return self.read(f"SELECT * FROM {quoted(name)}")

    def drop(self, name: str) -> None:
        self._do(f"DROP TABLE IF EXISTS {quoted(name)}")

    def _do(self, statement: str) -> None:
        try:
            self._connection.execute(statement)
        except self._driver.Error as error:
            raise StoreError(f"PostgreSQL refused a query: {error}") from error


@contextmanager
def postgresql_store() -> Iterator[PostgresqlStore]:
    """Start a server, give a store on it, stop the server and remove all it wrote.

    Raises:
        MissingEngineError: There is no server or no driver here, or the server does not start.
    """
    try:
        import psycopg  # noqa: PLC0415
    except ImportError as error:
        raise MissingEngineError(f"no driver of PostgreSQL: {error}") from error
    programs = _programs()
    home = Path(tempfile.mkdtemp(prefix="smalti-pg-", dir="/tmp"))  # the path of a socket must be short
    try:
        with _server(programs, home):
            store = PostgresqlStore(psycopg, f"host={home} user={DATABASE} dbname={DATABASE}")
            try:
                yield store
            finally:
                store.close()
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _programs() -> Path:
    """Find the folder of the newest server's programs."""

    def version(folder: Path) -> float:
        return float(folder.parent.name)

    debian = sorted(Path("/usr/lib/postgresql").glob("[0-9]*/bin"), key=version)
    found = shutil.which("initdb")
    folders = [*reversed(debian), *([Path(found).resolve().parent] if found else [])]
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise MissingEngineError("no PostgreSQL server is installed")


def _as_whom() -> dict[str, object]:
    """Say as whom the server runs: it refuses to run as root, so root lends it another user's name."""
    if os.geteuid() != 0:
        return {}
    names = {one.pw_name: one for one in pwd.getpwall()}
    for name in ("postgres", "nobody"):
        if name in names:
            return {"user": names[name].pw_uid, "group": names[name].pw_gid, "extra_groups": []}
    raise MissingEngineError("PostgreSQL does not run as root, and there is neither a user postgres nor nobody")


@contextmanager
def _server(programs: Path, home: Path) -> Iterator[None]:
    whom = _as_whom()
    if whom:
        os.chown(home, whom["user"], whom["group"])  # type: ignore[arg-type]
    data = home / "data"
    _prepare(programs, data, whom)
    settings = [f"unix_socket_directories={home}", "listen_addresses=", *_UNSAFE_BUT_FAST]
    command = [programs / "postgres", "-D", data, *(part for one in settings for part in ("-c", one))]
    with (home / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log, cwd=home, **whom)  # type: ignore[call-overload]
    try:
        _create_database(process, home)
        yield
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(PATIENCE)


def _prepare(programs: Path, data: Path, whom: dict[str, object]) -> None:
    options = [
        "--encoding=UTF8",
        "--lc-collate=C",
        "--lc-ctype=C.UTF-8",
        "--lc-messages=C",
        "--auth=trust",
        "--no-sync",
    ]
    command = [programs / "initdb", "-D", data, "-U", DATABASE, *options]
    done = subprocess.run(command, capture_output=True, cwd=data.parent, check=False, **whom)  # type: ignore[call-overload]
    if done.returncode != 0:
        raise RuntimeError(f"PostgreSQL cannot be prepared: {done.stderr.decode(errors='replace').strip()}")


def _create_database(process: subprocess.Popen[bytes], home: Path) -> None:
    import psycopg  # noqa: PLC0415

    until = time.monotonic() + PATIENCE
    while True:
        try:
            with psycopg.connect(f"host={home} user={DATABASE} dbname=postgres", autocommit=True) as connection:
                connection.execute(f"CREATE DATABASE {DATABASE}")
                return
        except psycopg.OperationalError as error:
            if process.poll() is not None or time.monotonic() > until:
                log = (home / "log").read_text(errors="replace")
                raise RuntimeError(f"PostgreSQL does not start: {error}\n{log[-2000:]}") from error
            time.sleep(0.1)
