"""Makes the modules beside the tests importable by their plain names, and says how hard the properties try.

With ``HYPOTHESIS_PROFILE=nightly`` every property tries twenty times as many examples.
"""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from smalti.store import Store

sys.path.insert(0, str(Path(__file__).parent))

settings.register_profile("nightly", max_examples=20 * settings.default.max_examples, deadline=None)
if os.environ.get("HYPOTHESIS_PROFILE") == "nightly":
    settings.load_profile("nightly")


@pytest.fixture(scope="session")
def store():
    with Store(threads=1) as store:
        yield store
