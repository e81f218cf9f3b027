"""Makes the modules beside the tests importable by their plain names, and says how hard the properties try.

With ``HYPOTHESIS_PROFILE=nightly`` (``make nightly``) every property tries a thousand times as many examples, a hundred
thousand for the live step; the query, each of whose examples asks some hundred answers of an engine, fifty times as many.
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from smalti.store import Store

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("nightly", max_examples=1_000 * settings.default.max_examples, deadline=None)
if os.environ.get("HYPOTHESIS_PROFILE") == "nightly":
    settings.load_profile("nightly")


@pytest.fixture(scope="session")
def store():
    with Store(threads=1) as store:
        yield store
