"""Makes the modules beside the tests importable by their plain names, and opens one store for all of them."""

import sys
from pathlib import Path

import pytest

from smalti.store import Store

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def store():
    with Store(threads=1) as store:
        yield store
