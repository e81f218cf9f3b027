from __future__ import annotations

import csv
import os
from pathlib import Path

import numpy as np
import pytest


@pytest.fixture(scope="session")
def survey():
    """The 11 answers of 1,453 people on a fast food chain (Dolnicar, Gruen and Leisch 2018), as booleans by name."""
    folder = os.environ.get("SMALTI_DATA")
    path = Path(folder or "", "surveys", "mcdonalds.csv")
    if not folder or not path.exists():
        pytest.skip("SMALTI_DATA is not set to a folder with surveys/mcdonalds.csv")
    with path.open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    return {name: np.array([row[name] == "Yes" for row in rows]) for name in list(rows[0])[:11]}
