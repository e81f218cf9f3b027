"""A working session with the engine: DuckDB, in this process."""

from __future__ import annotations

import tempfile
from types import TracebackType
from typing import Self

import duckdb
import pyarrow as pa

from smalti.errors import StoreError


def quoted(name: str) -> str:
    """Write a name so that the engine takes any character in it as it is.

    >>> quoted("Customer ID")
    '"Customer ID"'
    """
    return '"' + name.replace('"', '""') + '"'


class Store:
    """Tables by name, made from queries or Arrow data, kept until the store is closed.

    Tables larger than `memory` spill to a temporary folder that goes with the store.

    Args:
        memory: The most the engine may hold at once, such as ``4GB``.
        threads: Threads of the engine; None takes one per core.

    >>> with Store() as store:
    ...     store.put("orders", pa.table({"customer_id": ["a", "a", "b"]}))
    ...     store.create("counts", 'SELECT customer_id, count(*) AS n FROM orders GROUP BY 1')
    ...     store.read("SELECT * FROM counts ORDER BY customer_id").to_pydict()
    {'customer_id': ['a', 'b'], 'n': [2, 1]}
    """

    dialect = "duckdb"
    engine = f"DuckDB {duckdb.__version__}"

    def __init__(self, *, memory: str = "4GB", threads: int | None = None) -> None:
        self._spill = tempfile.TemporaryDirectory(prefix="smalti-")
        settings: dict[str, str | int] = {"memory_limit": memory, "temp_directory": self._spill.name}
        if threads is not None:
            settings["threads"] = threads
        try:
            self._connection = duckdb.connect(":memory:", config=settings)
        except duckdb.Error as error:
            self._spill.cleanup()
            raise StoreError(f"the engine cannot start: {error}") from error
        self._connection.execute("SET TimeZone = 'UTC'")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of every table."""
        self._connection.close()
        self._spill.cleanup()

    def create(self, name: str, query: str) -> None:
        """Keep the answer of a query as the table `name`, in place of any that had the name."""
        self._do(f"CREATE OR REPLACE TABLE {quoted(name)} AS {query}")

    def put(self, name: str, data: pa.Table | pa.RecordBatchReader) -> None:
        """Keep Arrow data as the table `name`; a reader is taken batch by batch."""
        self._connection.register("_incoming", data)
        try:
            self.create(name, "SELECT * FROM _incoming")
        finally:
            self._connection.unregister("_incoming")

    def read(self, query: str) -> pa.Table:
        """Give the whole answer of a query."""
        try:
            return self._connection.sql(query).to_arrow_table()
        except duckdb.Error as error:
            raise StoreError(f"the engine refused a query: {error}") from error

    def table(self, name: str) -> pa.Table:
        """Give a whole table."""
        return self.read(f"SELECT * FROM {quoted(name)}")

    def drop(self, name: str) -> None:
        """Let go of a table; one that is not there is let go already."""
        self._do(f"DROP TABLE IF EXISTS {quoted(name)}")

    def columns(self, name: str) -> dict[str, str]:
        """Give the columns of a table with the engine's own names of their types.

        Raises:
            StoreError: There is no such table.
        """
        try:
            rows = self._connection.execute(f"DESCRIBE {quoted(name)}").fetchall()
        except duckdb.Error as error:
            raise StoreError(f"no table '{name}' in the store") from error
        return {row[0]: row[1] for row in rows}

    def _do(self, statement: str) -> None:
        try:
            self._connection.execute(statement).fetchall()
        except duckdb.Error as error:
            raise StoreError(f"the engine refused a statement: {error}") from error
