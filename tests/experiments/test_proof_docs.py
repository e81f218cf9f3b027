"""The page on the proof does what it says."""

from __future__ import annotations

import doctest
from pathlib import Path

from smalti.experiments.proof import LADDER
from smalti.experiments.proof.calibration import PRIOR_SLOPE, PRIOR_SPREAD
from smalti.experiments.proof.cells import PARTS
from smalti.experiments.proof.missing import WIDENING

FILE = Path(__file__).parents[2] / "docs" / "proof.md"
PAGE = " ".join(FILE.read_text(encoding="utf-8").split())


def test_the_python_of_the_page_answers_as_it_says():
    found = doctest.testfile(str(FILE), module_relative=False)
    assert (found.failed, found.attempted >= 8) == (0, True)


def test_the_numbers_that_the_page_names_are_those_of_the_code():
    assert f"each of its {PARTS} parts" in PAGE
    assert f"a prior of {PRIOR_SLOPE:g} give or take {PRIOR_SPREAD:g}" in PAGE
    assert f"The ladder is {', '.join(LADDER)}." in PAGE
    assert WIDENING**2 == 2.0000000000000004
    assert "a factor of 2 in the variance" in PAGE
