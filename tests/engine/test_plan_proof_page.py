"""The page about what plans are worth answers as it says."""

import doctest
from pathlib import Path

from smalti.engine.simulating import Simulating
from smalti.samples.campaigns import QUIET_DAYS

FILE = Path(__file__).parents[2] / "docs" / "plan-proof.md"
PAGE = " ".join(FILE.read_text(encoding="utf-8").split())


def test_the_python_of_the_page_answers_as_it_says():
    found = doctest.testfile(str(FILE), module_relative=False)
    assert (found.failed, found.attempted >= 15) == (0, True)


def test_the_numbers_that_the_page_names_are_those_of_the_code():
    asked = Simulating()
    assert f"for {QUIET_DAYS} days" in PAGE
    assert f"after {asked.fresh:g} days" in PAGE
    assert f"at a margin of £{asked.margin:g} and £{asked.cost:.2f} a contact" in PAGE
    assert "within 2 standard errors of 0" in PAGE
