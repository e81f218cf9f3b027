"""Engines for the tests of this folder; each is skipped, saying why, where it cannot be had."""

import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
for folder in (HERE, HERE.parent / "rules"):
    if str(folder) not in sys.path:
        sys.path.insert(0, str(folder))

from engine_postgresql import postgresql_store  # noqa: E402
from engine_spark import spark_store  # noqa: E402
from missing_engine import MissingEngineError  # noqa: E402


def _kept(opening):
    """Keep an engine open as long as the fixture lives, or skip with the reason for which it cannot be had."""
    try:
        with opening() as store:
            yield store
    except MissingEngineError as error:
        pytest.skip(str(error))


@pytest.fixture(scope="session")
def postgresql():
    yield from _kept(postgresql_store)


@pytest.fixture(scope="session")
def spark():
    yield from _kept(spark_store)


@pytest.fixture(params=["postgresql", "spark"])
def engine(request):
    """Each engine in turn, as a store."""
    return request.getfixturevalue(request.param)
