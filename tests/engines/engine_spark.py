"""Spark in local mode: a session of its own on the loopback, its tables in a temporary folder."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pyarrow as pa
from missing_engine import MissingEngineError

from smalti.errors import StoreError

SETTINGS = {
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.log.level": "ERROR",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.ansi.doubleQuotedIdentifiers": "true",
    "spark.sql.shuffle.partitions": "1",
    "spark.default.parallelism": "1",
    "spark.sql.adaptive.enabled": "false",
    "spark.sql.codegen.wholeStage": "false",
}
"""All that differs from Spark's own defaults: where it listens, how much it spends on small tables, and that names may stand in
double quotes, as the house writes them around its queries. ANSI mode stays on."""


class SparkStore:
    """What a store does, done by Spark: tables by name, made from queries or Arrow data."""

    dialect = "databricks"

    def __init__(self, session: Any) -> None:
        self._session = session

    def put(self, name: str, data: pa.Table) -> None:
        self._keep(name, self._session.createDataFrame(data))

    def create(self, name: str, query: str) -> None:
        """Keep an answer: worked out now, so that tables made of it later do not ask for it again."""
        self._keep(name, self._ask(lambda: self._session.sql(query).localCheckpoint()))

    def read(self, query: str) -> pa.Table:
        return self._ask(lambda: self._session.sql(query).toArrow())

    def table(self, name: str) -> pa.Table:
        return self._ask(lambda: self._session.table(f"`{name}`").toArrow())

    def drop(self, name: str) -> None:
        self._session.catalog.dropTempView(name)

    def _keep(self, name: str, frame: Any) -> None:
        frame.createOrReplaceTempView(f"`{name}`")

    def _ask(self, question: Callable[[], Any]) -> Any:
        from pyspark.errors import PySparkException  # noqa: PLC0415

        try:
            return question()
        except PySparkException as error:
            raise StoreError(f"Spark refused a query: {error}") from error


@contextmanager
def spark_store() -> Iterator[SparkStore]:
    """Start a session, give a store on it, stop the session and its process and remove all it wrote.

    Raises:
        MissingEngineError: Spark's library or Java is not here.
    """
    if shutil.which("java") is None and not os.environ.get("JAVA_HOME"):
        raise MissingEngineError("Spark needs Java, and there is none")
    home = tempfile.mkdtemp(prefix="smalti-spark-")
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            session = _session(home)
        try:
            yield SparkStore(session)
        finally:
            _stop(session)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _session(home: str) -> Any:
    try:
        import google.protobuf  # noqa: F401, PLC0415
        from pyspark.sql import SparkSession  # noqa: PLC0415
    except ImportError as error:
        raise MissingEngineError(f"no library of Spark: {error}") from error
    building = SparkSession.builder.master("local[2]").appName("smalti")
    places = {"spark.sql.warehouse.dir": f"{home}/warehouse", "spark.local.dir": home}
    for name, value in (SETTINGS | places).items():
        building = building.config(name, value)
    return building.getOrCreate()


def _stop(session: Any) -> None:
    """Stop the session, then the Java process, which ends when its input does."""
    gateway = session.sparkContext._gateway
    session.stop()
    gateway.shutdown()
    gateway.proc.stdin.close()
    gateway.proc.wait(60)
